package login

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/fault"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Logins checks passwords and opens sessions.
type Logins struct {
	Store    *store.Store
	Clock    clock.Clock
	Hashes   *password.Gate
	Sessions *session.Sessions
	Throttle *throttle.Throttle
}

// Attempt is what came with the form.
type Attempt struct {
	Username  string // as typed
	Password  aikagi.Secret
	Device    string // secret of the known-device cookie; may be empty
	UserAgent string
}

// Opened is a successful login.
type Opened struct {
	User    aikagi.User
	Session aikagi.Session
	Token   aikagi.Secret // for the session cookie
	Device  aikagi.Secret // for the known-device cookie
}

// seen is what the first transaction found out.
type seen struct {
	user    aikagi.User // zero for an unknown name
	counted throttle.Counted
	device  string // digest of a device that knows this very name
}

// Attempt lets a person in, or answers Unauthenticated, the same for every
// reason, or Throttled.
func (l *Logins) Attempt(ctx context.Context, i aikagi.Instance, a Attempt) (Opened, error) {
	name := aikagi.FoldUsername(a.Username)
	if name == "" {
		return Opened{}, aikagi.Because(aikagi.Invalid, "username", "required")
	}
	// What is no user name is nobody's: nothing to look up, and nothing that
	// PostgreSQL would refuse as text.
	if _, err := aikagi.ParseUsername(name, aikagi.MaxUsernameOnWire); err != nil || a.Password.Empty() {
		return Opened{}, aikagi.Because(aikagi.Unauthenticated, "login", "wrong")
	}
	s, err := l.count(ctx, i, name, a)
	if err != nil {
		return Opened{}, err
	}
	right, err := l.Hashes.Verify(ctx, usable(i, s.user), a.Password)
	if err != nil {
		return Opened{}, err
	}
	if !right {
		return Opened{}, aikagi.Because(aikagi.Unauthenticated, "login", "wrong")
	}
	return l.open(ctx, i, a, s)
}

// usable is the hash to check against; the empty one, which costs the same and
// is never right, for whoever cannot log in with a password.
func usable(i aikagi.Instance, u aikagi.User) string {
	if !u.Enabled || i.IdentityType != aikagi.ConnectManaged {
		return ""
	}
	return u.PasswordHash
}

func (l *Logins) count(ctx context.Context, i aikagi.Instance, name string, a Attempt) (seen, error) {
	now := l.Clock.Now()
	var s seen
	err := l.Store.Update(ctx, func(tx *store.Tx) error {
		s = seen{}
		u, err := tx.FindUserByName(ctx, i.ID, aikagi.Username(name))
		if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
			return err
		}
		owner, err := tx.FindDevice(ctx, i.ID, secret.Digest(a.Device), now.Add(-aikagi.KnownDeviceTTL))
		if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
			return err
		}
		s.user = u
		if owner != "" && owner == u.ID {
			s.device = a.Device
		}
		s.counted, err = l.Throttle.Count(ctx, tx, now, throttle.Try{
			Instance: i.ID, Username: name, Source: aikagi.ActorFrom(ctx).Address, Device: s.device,
		})
		return err
	})
	return s, err
}

func (l *Logins) open(ctx context.Context, i aikagi.Instance, a Attempt, s seen) (Opened, error) {
	now := l.Clock.Now()
	rehashed, err := l.rehash(ctx, s.user, a.Password)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{User: s.user, Device: aikagi.NewSecret(s.device)}
	if s.device == "" {
		o.Device = secret.NewToken()
	}
	err = l.Store.Update(ctx, func(tx *store.Tx) error {
		if err := l.still(ctx, tx, s.user); err != nil {
			return err
		}
		if rehashed != "" {
			if err := tx.RehashPassword(ctx, s.user, rehashed); err != nil {
				return err
			}
		}
		o.Token, o.Session, err = l.Sessions.Open(ctx, tx, now, aikagi.Session{
			InstanceID: i.ID, UserID: s.user.ID, Address: aikagi.ActorFrom(ctx).Address, UserAgent: a.UserAgent,
		})
		if err != nil {
			return err
		}
		return l.settle(ctx, tx, s, o, now)
	})
	if err == nil {
		fault.Point("login.opened")
	}
	return o, err
}

// still refuses a login whose user was disabled, deleted or given another
// password while the hash was computed.
func (l *Logins) still(ctx context.Context, tx *store.Tx, then aikagi.User) error {
	u, err := tx.FindUserByName(ctx, then.InstanceID, then.Username)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return err
	}
	if u.ID != then.ID || !u.Enabled || u.PasswordHash != then.PasswordHash {
		return aikagi.Because(aikagi.Unauthenticated, "login", "wrong")
	}
	return nil
}

func (l *Logins) settle(ctx context.Context, tx *store.Tx, s seen, o Opened, now time.Time) error {
	u := s.user
	device := aikagi.KnownDevice{InstanceID: u.InstanceID, Digest: secret.Digest(o.Device.Reveal()), UserID: u.ID}
	if err := tx.KeepDevice(ctx, device, now); err != nil {
		return err
	}
	if err := l.Throttle.Succeeded(ctx, tx, s.counted); err != nil {
		return err
	}
	if err := tx.RecordLogin(ctx, u.InstanceID, u.ID, now); err != nil {
		return err
	}
	actor := aikagi.ActorFrom(ctx)
	actor.Kind, actor.UserID, actor.Name = aikagi.ActorUser, u.ID, string(u.Username)
	return audit.Record(aikagi.WithActor(ctx, actor), tx, now, audit.Event{
		Instance: u.InstanceID, Action: "session.login", TargetKind: "user",
		TargetID: string(u.ID), TargetName: string(u.Username),
	})
}

// rehash brings a hash with yesterday's parameters up to date (D07).
func (l *Logins) rehash(ctx context.Context, u aikagi.User, right aikagi.Secret) (string, error) {
	if !password.Outdated(u.PasswordHash) {
		return "", nil
	}
	return l.Hashes.Hash(ctx, right)
}
