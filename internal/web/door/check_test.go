package door_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web/door"
)

// browser logs somebody of the sample in.
func browser(t *testing.T, s *apptest.Site, role string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &http.Client{Jar: jar}
	who := s.Login(role)
	form := url.Values{"username": {who.Username}, "password": {who.Password}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL("/login"), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return b
}

func check(t *testing.T, s *apptest.Site, b *http.Client) (int, door.Checked) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/auth/authorize"), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var checked door.Checked
	if answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, &checked); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return answer.StatusCode, checked
}

func TestP6ASessionCheckTellsWhoIsLoggedIn(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	status, checked := check(t, s, browser(t, s, "agent"))
	if status != http.StatusOK || string(checked.Username) != s.Login("agent").Username || checked.ExpiresAt.IsZero() {
		t.Errorf("got %d %+v", status, checked)
	}
	if status, _ := check(t, s, &http.Client{}); status != http.StatusUnauthorized {
		t.Errorf("without a session: got %d, want 401", status)
	}
}

func TestP7ASessionCheckIsRefusedAtTheNextRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(ctx context.Context, tx *store.Tx, u aikagi.User) error
	}{
		{"logged out", func(ctx context.Context, tx *store.Tx, u aikagi.User) error {
			_, err := tx.EndSessionsOfUser(ctx, u.InstanceID, u.ID, "")
			return err
		}},
		{"disabled", func(ctx context.Context, tx *store.Tx, u aikagi.User) error {
			before := u
			u.Enabled = false
			return tx.UpdateUser(ctx, before, u)
		}},
		{"must choose another password", func(ctx context.Context, tx *store.Tx, u aikagi.User) error {
			return tx.SetPassword(ctx, u.InstanceID, u.ID, u.PasswordHash, true, u.CreatedAt)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := apptest.Start(t, apptest.Options{})
			b := browser(t, s, "agent")
			u := s.User("agent")
			err := s.Store.Update(t.Context(), func(tx *store.Tx) error { return c.end(t.Context(), tx, u) })
			if err != nil {
				t.Fatal(err)
			}
			if status, _ := check(t, s, b); status != http.StatusUnauthorized {
				t.Errorf("got %d, want 401", status)
			}
		})
	}
}

func TestASessionCheckIsNoUse(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	b := browser(t, s, "agent")
	for range 3 {
		s.Clock.Move(aikagi.SessionIdleTTL / 4)
		if status, _ := check(t, s, b); status != http.StatusOK {
			t.Fatalf("got %d before the session is idle for too long", status)
		}
		if _, err := s.Sessions.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.Clock.Move(aikagi.SessionIdleTTL/4 + time.Second)
	if status, _ := check(t, s, b); status != http.StatusUnauthorized {
		t.Errorf("a session that only programs asked about lives on: %d", status)
	}
}

// A cookie of another instance says nothing about this one.
func TestASessionCheckLooksAtItsOwnInstance(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	b := browser(t, s, "agent")
	u, err := url.Parse(s.URL("/login"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if strings.Contains(c.Name, "session-") {
			other := *c
			other.Name = strings.Replace(c.Name, string(s.Centre.Instance.ID), aikagi.NewID(), 1)
			other.Path = "/"
			gone := *c
			gone.MaxAge, gone.Path = -1, "/"
			b.Jar.SetCookies(u, []*http.Cookie{&other, &gone})
		}
	}
	if status, _ := check(t, s, b); status != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", status)
	}
}
