package session_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, code aikagi.Code, reason string) {
	t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		t.Errorf("%s: got %v, want %s (%s)", what, err, code, reason)
	}
}

// room is an instance with a user, seen by two nodes that share a database.
type room struct {
	clock *clock.Set
	nodes [2]*session.Sessions
	user  aikagi.User
}

func each(t *testing.T, run func(t *testing.T, r room)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, engine)
			r := room{clock: clock.NewSet(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))}
			for n := range r.nodes {
				r.nodes[n] = &session.Sessions{Store: storetest.Connect(t, url), Clock: r.clock}
			}
			r.user = storetest.User(t, r.nodes[0].Store, storetest.Instance(t, r.nodes[0].Store, "sakura"), "sato")
			run(t, r)
		})
	}
}

func (r room) open(t *testing.T) (token string, opened aikagi.Session) {
	t.Helper()
	storetest.Update(t, r.nodes[0].Store, func(tx *store.Tx) error {
		secret, s, err := r.nodes[0].Open(t.Context(), tx, r.clock.Now(), aikagi.Session{InstanceID: r.user.InstanceID, UserID: r.user.ID})
		token, opened = secret.Reveal(), s
		return err
	})
	return token, opened
}

func (r room) find(t *testing.T, node int, token string) error {
	t.Helper()
	_, err := r.nodes[node].Find(t.Context(), session.Entrance{Instance: r.user.InstanceID}, token)
	return err
}

func TestS15OnlyIdsTheServerMadeAreSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		token, opened := r.open(t)
		second, _ := r.open(t)
		if len(token) != 43 || token == second || bytes.Contains(opened.Digest, []byte(token)) || len(opened.Digest) != 32 {
			t.Errorf("tokens %d characters, digest %d bytes", len(token), len(opened.Digest))
		}
		must(t, r.find(t, 1, token))
		for _, never := range []string{"", "x", string(opened.ID), string(opened.Digest), token + "x", token[1:], "attacker-chosen-attacker-chosen-attacker-ch"} {
			wants(t, never, r.find(t, 0, never), aikagi.Unauthenticated, "")
		}
		_, err := r.nodes[0].Find(t.Context(), session.Entrance{Instance: "another instance"}, token)
		wants(t, "at another instance", err, aikagi.Unauthenticated, "")
	})
}

// TestS15IdleAndAbsoluteLimits holds the server's clock to both (C12).
func TestS15IdleAndAbsoluteLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		token, _ := r.open(t)
		r.clock.Move(aikagi.SessionIdleTTL)
		must(t, r.find(t, 0, token))
		r.clock.Move(time.Second)
		wants(t, "idle", r.find(t, 0, token), aikagi.Unauthenticated, "timed_out")

		token, opened := r.open(t)
		for r.clock.Now().Add(30 * time.Minute).Before(opened.ExpiresAt) {
			r.clock.Move(30 * time.Minute)
			must(t, r.find(t, 0, token))
			_, err := r.nodes[0].Flush(t.Context())
			must(t, err)
			must(t, r.find(t, 1, token))
		}
		r.clock.Move(30 * time.Minute)
		wants(t, "in use for twelve hours", r.find(t, 0, token), aikagi.Unauthenticated, "timed_out")
		if life := r.clock.Now().Sub(opened.CreatedAt); life != aikagi.SessionTTL {
			t.Errorf("it lived %s, want %s", life, aikagi.SessionTTL)
		}
	})
}

// TestS15EndingHoldsOnEveryNodeAtOnce (C10, P7).
func TestS15EndingHoldsOnEveryNodeAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		ctx := resettest.As(t, r.user)
		one, own := r.open(t)
		two, second := r.open(t)
		three, _ := r.open(t)
		must(t, r.find(t, 1, one))
		n, err := r.nodes[1].EndOwn(ctx, own, second.ID)
		must(t, err)
		wants(t, "another browser", r.find(t, 0, two), aikagi.Unauthenticated, "")
		must(t, r.find(t, 0, three))
		m, err := r.nodes[1].EndOwn(ctx, own, "")
		must(t, err)
		wants(t, "all others", r.find(t, 0, three), aikagi.Unauthenticated, "")
		if n != 1 || m != 1 {
			t.Errorf("told %d and %d ended, want 1 and 1", n, m)
		}
		must(t, r.find(t, 0, one))
		must(t, r.nodes[0].End(ctx, own))
		wants(t, "log out", r.find(t, 1, one), aikagi.Unauthenticated, "")
		must(t, r.nodes[1].End(ctx, own)) // again is no error
	})
}

func TestS15NobodyEndsSomebodyElsesSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		token, opened := r.open(t)
		other := aikagi.Session{InstanceID: r.user.InstanceID, UserID: "somebody else", ID: "own"}
		_, err := r.nodes[0].EndOwn(resettest.As(t, r.user), other, opened.ID)
		must(t, err)
		must(t, r.find(t, 0, token))
	})
}

// TestP6AFindWritesNothing; what it notes is written by Flush, at most every
// five minutes (decision 18).
func TestP6AFindWritesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		token, opened := r.open(t)
		used := func() time.Time {
			found, err := r.nodes[1].Find(t.Context(), session.Entrance{Instance: r.user.InstanceID}, token)
			must(t, err)
			return found.LastUsedAt
		}
		r.clock.Move(aikagi.SessionTouchEvery - time.Second)
		must(t, r.find(t, 0, token))
		_, err := r.nodes[0].Flush(t.Context())
		must(t, err)
		if got := used(); !got.Equal(opened.CreatedAt) {
			t.Errorf("written after %s", got.Sub(opened.CreatedAt))
		}
		r.clock.Move(time.Second)
		must(t, r.find(t, 0, token))
		if got := used(); !got.Equal(opened.CreatedAt) {
			t.Error("a find wrote")
		}
		_, err = r.nodes[0].Flush(t.Context())
		must(t, err)
		if got := used(); !got.Equal(r.clock.Now()) {
			t.Errorf("last use %s, want %s", got, r.clock.Now())
		}
	})
}

// TestR9ASessionFromAWrongClockIsNone (L20).
func TestR9ASessionFromAWrongClockIsNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		r.clock.Move(24 * time.Hour)
		token, _ := r.open(t)
		r.clock.Move(-24 * time.Hour)
		wants(t, "after the clock was put right", r.find(t, 0, token), aikagi.Unauthenticated, "timed_out")
	})
}
