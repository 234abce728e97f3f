package admin_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/sheet"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/admin"
	"github.com/aikagi/aikagi/internal/web/door"
)

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// office is an instance with its pages and people, on a real database.
type office struct {
	store    *store.Store
	rules    *directory.Directory
	sheets   *sheet.Sheets
	whole    *instance.Instances
	sessions *session.Sessions
	door     *door.Door
	handler  http.Handler
	here     aikagi.Instance
	profile  map[string]aikagi.SecurityProfileID
	routing  aikagi.RoutingProfileID

	admin, editor, viewer, agent aikagi.User
}

func open(t *testing.T) *office {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/aikagi.db")
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	composer, err := mail.NewComposer()
	must(t, err)
	ring, now := secret.NewRing([secret.KeyBytes]byte{1, 2, 3}), clock.NewSet(start)
	urls, err := web.ParseURLs("http://127.0.0.1:8080", "")
	must(t, err)
	engine, err := web.NewEngine(web.Options{
		URLs: urls, Clock: now, Ring: ring, Log: slog.New(slog.DiscardHandler), Locale: aikagi.Japanese,
	})
	must(t, err)
	hashes, waits := password.NewGate(1, 100), &throttle.Throttle{Ring: ring}
	post := &outbox.Post{
		Composer: composer, Ring: ring, From: "noreply@sakura.example.jp", Wake: func() {},
		ResetURL: func(alias string, token aikagi.Secret) aikagi.Secret {
			return aikagi.NewSecret(urls.Instance(alias, "/reset/"+token.Reveal()))
		},
	}
	o := &office{store: s, profile: map[string]aikagi.SecurityProfileID{}}
	o.whole = &instance.Instances{Store: s, Clock: now}
	o.rules = &directory.Directory{Store: s, Clock: now, Hashes: hashes, Throttle: waits, Post: post}
	o.sheets = &sheet.Sheets{Store: s, Clock: now, Directory: o.rules}
	o.sessions = &session.Sessions{Store: s, Clock: now}
	o.door = &door.Door{Web: engine, Store: s, Sessions: o.sessions, Clock: now}
	pages, err := admin.New(admin.Options{
		Web: engine, Door: o.door, Directory: o.rules, Sheets: o.sheets, Instances: o.whole,
		Profiles: &securityprofile.Profiles{Store: s, Clock: now},
		Resets:   &reset.Resets{Store: s, Clock: now, Ring: ring, Throttle: waits, Post: post, Hashes: hashes, Wake: func() {}},
	})
	must(t, err)
	mux := http.NewServeMux()
	pages.Routes(mux)
	o.handler = engine.Wrap(mux)
	o.furnish(t)
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) furnish(t *testing.T) {
	t.Helper()
	host := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Source: "cli"})
	var err error
	o.here, err = o.whole.Create(host, instance.New{
		Alias: "sakura", Identity: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings(),
	})
	must(t, err)
	profiles := &securityprofile.Profiles{Store: o.store, Clock: o.rules.Clock}
	_, err = profiles.Create(host, aikagi.SecurityProfile{InstanceID: o.here.ID, Name: "Editor", Permissions: []aikagi.Permission{aikagi.UsersView, aikagi.UsersEdit}})
	must(t, err)
	_, err = profiles.Create(host, aikagi.SecurityProfile{InstanceID: o.here.ID, Name: "Viewer", Permissions: []aikagi.Permission{aikagi.UsersView}})
	must(t, err)
	c, err := o.rules.Choices(host, o.here.ID)
	must(t, err)
	o.routing = c.Routing[0].ID
	for _, p := range c.Profiles {
		o.profile[p.Name] = p.ID
	}
	o.admin = o.has(t, "sato", "花子", "佐藤", "sato@example.jp", "Admin")
	o.editor = o.has(t, "suzuki", "次郎", "鈴木", "suzuki@example.jp", "Editor")
	o.viewer = o.has(t, "ito", "三郎", "伊藤", "ito@example.jp", "Viewer")
	o.agent = o.has(t, "tanaka", "一郎", "田中", "", "Agent")
}

func (o *office) has(t *testing.T, name, first, last, email, profile string) aikagi.User {
	t.Helper()
	u := aikagi.User{
		InstanceID: o.here.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(name),
		FirstName: first, LastName: last, Email: aikagi.Email(email), Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone},
		RoutingProfileID: o.routing, SecurityProfileIDs: []aikagi.SecurityProfileID{o.profile[profile]},
		Enabled: true, PasswordHash: "$argon2id$", CreatedAt: start, Version: 1, SecretEpoch: 1,
	}
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertUser(t.Context(), u) }))
	return u
}

// waits leaves an open reset request of a user.
func (o *office) waits(t *testing.T, u aikagi.User, reason aikagi.RequestReason) aikagi.ResetRequestID {
	t.Helper()
	q := aikagi.ResetRequest{
		InstanceID: o.here.ID, ID: aikagi.ResetRequestID(aikagi.NewID()), Username: string(u.Username),
		Address: "192.0.2.7", Locale: aikagi.Japanese, CreatedAt: start,
	}
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertRequest(t.Context(), q); err != nil {
			return err
		}
		q.State, q.Reason, q.UserID, q.Count, q.AnsweredAt = aikagi.RequestWaiting, reason, u.ID, 2, start
		return tx.AnswerRequest(t.Context(), q)
	}))
	return q.ID
}

func (o *office) read(t *testing.T, id aikagi.UserID) aikagi.User {
	t.Helper()
	var u aikagi.User
	must(t, o.store.View(t.Context(), func(tx *store.Tx) (err error) {
		u, err = tx.FindUser(t.Context(), o.here.ID, id)
		return err
	}))
	return u
}

// browser is somebody who is logged in.
type browser struct {
	*office
	t       *testing.T
	cookies []*http.Cookie
}

func (o *office) as(t *testing.T, u aikagi.User) *browser {
	t.Helper()
	recorder := httptest.NewRecorder()
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		token, opened, err := o.sessions.Open(t.Context(), tx, start, aikagi.Session{
			InstanceID: o.here.ID, UserID: u.ID, Address: "192.0.2.1", UserAgent: "Mozilla/5.0 <b>",
		})
		if err != nil {
			return err
		}
		o.door.SetCookie(recorder, opened, token, start)
		return nil
	}))
	return &browser{office: o, t: t, cookies: recorder.Result().Cookies()}
}

func (b *browser) gets(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://127.0.0.1:8080/i/sakura"+path, nil))
}

func (b *browser) posts(path string, fields ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "http://127.0.0.1:8080/i/sakura"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// sees checks the status of an answer and what must appear on the page.
func (b *browser) sees(w *httptest.ResponseRecorder, status int, wanted ...string) string {
	b.t.Helper()
	page := strings.ReplaceAll(w.Body.String(), "\u00a0", " ")
	if w.Code != status {
		b.t.Fatalf("status %d, want %d: %s", w.Code, status, page)
	}
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			b.t.Errorf("page lacks %q: %s", want, page)
		}
	}
	return page
}

// led checks that the answer leads to a page.
func (b *browser) led(w *httptest.ResponseRecorder, path string) {
	b.t.Helper()
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != "/i/sakura"+path {
		b.t.Fatalf("status %d to %q, want 303 to %q: %s", w.Code, got, path, w.Body)
	}
}
