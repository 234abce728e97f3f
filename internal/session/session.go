package session

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Sessions opens and finds sessions.
type Sessions struct {
	Store *store.Store
	Clock clock.Clock

	mu      sync.Mutex
	touched map[string]aikagi.Session // digest → session used since the last flush
}

// skew is by how much the clocks of two nodes may differ. A session from further
// ahead was opened by a clock that was wrong, and would live too long (R9).
const skew = time.Minute

// maxTouched bounds the uses that wait for a flush; more are written by the
// next request of their session.
const maxTouched = 10_000

// New makes a session and the secret for its cookie, which is kept nowhere else.
// ExpiresAt, if unset, is SessionTTL from now.
func New(now time.Time, open aikagi.Session) (aikagi.Secret, aikagi.Session) {
	token := secret.NewToken()
	open.ID = aikagi.SessionID(aikagi.NewID())
	open.Digest = secret.Digest(token.Reveal())
	open.CreatedAt, open.LastUsedAt = now, now
	open.UserAgent = clip(open.UserAgent, maxUserAgent)
	if open.ExpiresAt.IsZero() {
		open.ExpiresAt = now.Add(aikagi.SessionTTL)
	}
	return token, open
}

// Open starts a session, made by New, in the caller's transaction.
func (s *Sessions) Open(ctx context.Context, tx *store.Tx, now time.Time, open aikagi.Session) (aikagi.Secret, aikagi.Session, error) {
	token, open := New(now, open)
	return token, open, tx.InsertSession(ctx, open)
}

// maxUserAgent is how much of a browser's name is kept for the session list.
const maxUserAgent = 200

// clip cuts what a browser says about itself. A header may hold any bytes, and
// PostgreSQL refuses text that is not UTF-8.
func clip(s string, limit int) string {
	return strings.ToValidUTF8(s[:min(len(s), limit)], "")
}

// Entrance is where a session is shown: at which instance, and from which address.
type Entrance struct {
	Instance aikagi.InstanceID
	Access   aikagi.AuthenticationProfile // of the instance
	From     netip.Addr                   // the zero Addr: nobody knows
}

// Find returns the session of a cookie's secret, or Unauthenticated: unknown,
// ended, idle for too long, too old, or shown from where the instance lets nobody
// in. Ids the server did not make are never adopted.
func (s *Sessions) Find(ctx context.Context, at Entrance, token string) (aikagi.Session, error) {
	if token == "" {
		return aikagi.Session{}, aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	var found aikagi.Session
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.FindSession(ctx, at.Instance, secret.Digest(token))
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return aikagi.Session{}, aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	if err != nil {
		return aikagi.Session{}, err
	}
	now := s.Clock.Now()
	if err := admit(at, found, now); err != nil {
		return aikagi.Session{}, err
	}
	s.touch(found, now)
	return found, nil
}

// admit judges a session by its times and by the authentication profile of the
// instance. That one says nothing about emergency access, which must get in when
// the profile shuts everybody out (S31); as with Amazon, policies of IAM limit it.
func admit(at Entrance, found aikagi.Session, now time.Time) error {
	idle := aikagi.SessionIdleTTL
	if found.GrantID == "" {
		idle = at.Access.IdleTTL()
	}
	switch {
	case !now.Before(found.ExpiresAt), now.Sub(found.LastUsedAt) > idle, found.CreatedAt.After(now.Add(skew)):
		return aikagi.Because(aikagi.Unauthenticated, "session", "timed_out")
	case found.GrantID == "" && !at.Access.Admits(at.From):
		return aikagi.Because(aikagi.Unauthenticated, "session", "network")
	}
	return nil
}

// Check is Find for a program that asks whether somebody is logged in, with one
// statement and no write. Asking is no use: a page that asks by itself must not
// keep a session alive that nobody uses (S15). Whoever must first choose another
// password is not in yet.
func (s *Sessions) Check(ctx context.Context, alias string, instance aikagi.InstanceID, from netip.Addr, token string) (aikagi.Session, aikagi.Username, error) {
	var found store.SessionHolder
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.FindSessionHolder(ctx, alias, instance, secret.Digest(token))
		return err
	})
	switch {
	case err != nil && aikagi.CodeOf(err) != aikagi.NotFound:
		return aikagi.Session{}, "", err
	case err != nil, !found.Enabled, found.MustChange:
		return aikagi.Session{}, "", aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	if err := admit(Entrance{instance, found.Access, from}, found.Session, s.Clock.Now()); err != nil {
		return aikagi.Session{}, "", err
	}
	return found.Session, found.Username, nil
}

func (s *Sessions) touch(used aikagi.Session, now time.Time) {
	if now.Sub(used.LastUsedAt) < aikagi.SessionTouchEvery {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.touched == nil {
		s.touched = make(map[string]aikagi.Session)
	}
	if len(s.touched) < maxTouched {
		s.touched[string(used.Digest)] = used
	}
}

// Flush writes the last uses that have gathered. It is the work of a job.
func (s *Sessions) Flush(ctx context.Context) (found bool, err error) {
	s.mu.Lock()
	batch := s.touched
	s.touched = nil
	s.mu.Unlock()
	if len(batch) == 0 {
		return false, nil
	}
	now := s.Clock.Now()
	return false, s.Store.Update(ctx, func(tx *store.Tx) error {
		for _, used := range batch {
			if err := tx.TouchSession(ctx, used, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// End logs a session out.
func (s *Sessions) End(ctx context.Context, open aikagi.Session) error {
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.EndSession(ctx, open.InstanceID, open.ID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.Clock.Now(), audit.Event{
			Instance: open.InstanceID, Action: "session.logout", TargetKind: "user", TargetID: string(open.UserID),
			TargetName: aikagi.ActorFrom(ctx).Name,
		})
	})
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return nil // gone already, which is what was wanted
	}
	return err
}

// List returns the sessions of a user, newest first.
func (s *Sessions) List(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) (open []aikagi.Session, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		open, err = tx.ListSessions(ctx, instance, user)
		return err
	})
	return open, err
}

// EndOwn logs out another browser of the person who holds session own: the one
// with the id, or all others if it is empty. It tells how many.
func (s *Sessions) EndOwn(ctx context.Context, own aikagi.Session, id aikagi.SessionID) (n int, err error) {
	if own.UserID == "" { // emergency access is nobody's, and so are the sessions of others who have it (S31)
		return 0, aikagi.E(aikagi.Forbidden, "session", nil)
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		n = 0
		open, err := tx.ListSessions(ctx, own.InstanceID, own.UserID)
		if err != nil {
			return err
		}
		for _, other := range open {
			if other.ID == own.ID || id != "" && other.ID != id {
				continue
			}
			if err := tx.EndSession(ctx, other.InstanceID, other.ID); err != nil {
				return err
			}
			n++
		}
		return audit.Record(ctx, tx, s.Clock.Now(), audit.Event{
			Instance: own.InstanceID, Action: "session.end", TargetKind: "user", TargetID: string(own.UserID),
			TargetName: aikagi.ActorFrom(ctx).Name, Note: strconv.Itoa(n),
		})
	})
	return n, err
}
