package login

import (
	"context"

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
	Watch    *Watch
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
	User    aikagi.UserID
	Session aikagi.Session
	Token   aikagi.Secret // for the session cookie
	Device  aikagi.Secret // for the known-device cookie
	// MustChange says that another password is to be chosen first.
	MustChange bool
}

// seen is a try and what stands behind the door.
type seen struct {
	store.Knocked
	instance aikagi.Instance
	try      throttle.Try // its device is one that knows this very name
	counted  throttle.Counted
}

// Attempt lets a person in, or answers Unauthenticated, the same for every
// reason, or Throttled.
func (l *Logins) Attempt(ctx context.Context, i aikagi.Instance, a Attempt) (Opened, error) {
	name := aikagi.FoldUsername(a.Username)
	if err := a.complete(name); err != nil {
		return Opened{}, err
	}
	// What is no user name is nobody's: nothing to look up, and nothing that
	// PostgreSQL would refuse as text.
	if _, err := aikagi.ParseUsername(name, aikagi.MaxUsernameOnWire); err != nil {
		return Opened{}, wrong()
	}
	s, err := l.look(ctx, i, name, a)
	if err != nil {
		return Opened{}, err
	}
	place, err := l.Hashes.Enter(s.party())
	if err != nil {
		return Opened{}, err
	}
	defer place.Leave()
	if s.counted, err = l.count(ctx, s.try); err != nil {
		return Opened{}, err
	}
	right, err := place.Verify(ctx, usable(i, s.Knocked), a.Password)
	if err != nil {
		return Opened{}, l.notChecked(ctx, s, err)
	}
	if !right {
		return Opened{}, l.failed(ctx, s)
	}
	return l.open(ctx, a, s)
}

// complete wants something in every field, and names all that are empty. It says
// the same for every name.
func (a Attempt) complete(name string) error {
	var empty aikagi.Invalids
	if name == "" {
		empty.Add("username", "required")
	}
	if a.Password.Empty() {
		empty.Add("password", "required")
	}
	return empty.Err()
}

// look reads whom the name belongs to and whether the try is refused anyway: one
// statement, which writes nothing, so that a flood that is refused costs little.
func (l *Logins) look(ctx context.Context, i aikagi.Instance, name string, a Attempt) (seen, error) {
	now := l.Clock.Now()
	s := seen{instance: i, try: throttle.Try{
		Instance: i.ID, Username: name, Source: aikagi.ActorFrom(ctx).Address, Device: a.Device,
	}}
	knock := l.Throttle.Knock(s.try)
	knock.Device, knock.Since, knock.Now = secret.Digest(a.Device), now.Add(-aikagi.KnownDeviceTTL), now
	err := l.Store.View(ctx, func(tx *store.Tx) (err error) {
		s.Knocked, err = tx.FindKnocked(ctx, knock)
		return err
	})
	if err != nil {
		return s, err
	}
	if !s.KnownDevice {
		s.try.Device = ""
	}
	return s, throttle.Refuse(now, s.Knocked)
}

// party is in whose line the try waits for its hash. A known device waits in one
// of its own, also while its network is flooded (S14, R11).
func (s seen) party() string {
	if s.KnownDevice {
		return "device " + s.try.Device
	}
	return aikagi.Actor{Address: s.try.Source}.Network()
}

// count counts the try as failed. Each statement decides by itself, and those who
// share a source meet on one row: hence Claim.
func (l *Logins) count(ctx context.Context, try throttle.Try) (c throttle.Counted, err error) {
	err = l.Store.Claim(ctx, func(tx *store.Tx) error {
		c, err = l.Throttle.Count(ctx, tx, l.Clock.Now(), try)
		return err
	})
	return c, err
}

// notChecked takes back a try that found no turn: nothing was guessed.
func (l *Logins) notChecked(ctx context.Context, s seen, why error) error {
	if aikagi.CodeOf(why) != aikagi.Unavailable {
		return why
	}
	ctx = context.WithoutCancel(ctx) // the person may have left, the row stays
	err := l.Store.Claim(ctx, func(tx *store.Tx) error { return l.Throttle.Uncount(ctx, tx, s.counted) })
	if err != nil {
		return err
	}
	return why
}

// failed charges the source with a wrong password.
func (l *Logins) failed(ctx context.Context, s seen) error {
	var many bool
	ctx = context.WithoutCancel(ctx) // who leaves before the answer is charged too
	err := l.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		many, err = l.Throttle.Failed(ctx, tx, l.Clock.Now(), s.counted)
		return err
	})
	if err != nil {
		return err
	}
	if many {
		l.Watch.Report(s.instance.ID, ManyLogins, s.try.Source)
	}
	return wrong()
}

func wrong() error { return aikagi.Because(aikagi.Unauthenticated, "login", "wrong") }

// usable is the hash to check against; the empty one, which costs the same and
// is never right, for whoever cannot log in with a password.
func usable(i aikagi.Instance, k store.Knocked) string {
	if !k.Enabled || i.IdentityType != aikagi.ConnectManaged {
		return ""
	}
	return k.PasswordHash
}

// open stores the login, unless the user was disabled, deleted or given another
// password while the hash was computed.
func (l *Logins) open(ctx context.Context, a Attempt, s seen) (Opened, error) {
	now, actor := l.Clock.Now(), aikagi.ActorFrom(ctx)
	hash, err := l.rehash(ctx, s.PasswordHash, a.Password)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{User: s.ID, Device: aikagi.NewSecret(s.try.Device), MustChange: s.MustChange}
	if !s.KnownDevice {
		o.Device = secret.NewToken()
	}
	o.Token, o.Session = session.New(now, aikagi.Session{
		InstanceID: s.instance.ID, UserID: s.ID, Address: actor.Address, UserAgent: a.UserAgent,
	})
	actor.Kind, actor.UserID, actor.Name = aikagi.ActorUser, s.ID, s.try.Username
	err = l.Store.Claim(ctx, func(tx *store.Tx) error {
		charged, err := tx.Admit(ctx, store.Admission{
			Session: o.Session, Device: secret.Digest(o.Device.Reveal()),
			Checked: s.PasswordHash, Hash: hash, Lanes: s.counted.Lanes,
		})
		if err != nil {
			return err
		}
		if err := l.Throttle.GiveBack(ctx, tx, s.counted, charged); err != nil {
			return err
		}
		return audit.Record(aikagi.WithActor(ctx, actor), tx, now, audit.Event{
			Instance: s.instance.ID, Action: "session.login", TargetKind: "user",
			TargetID: string(s.ID), TargetName: s.try.Username,
		})
	})
	if err != nil && aikagi.CodeOf(err) == aikagi.NotFound {
		return Opened{}, wrong()
	}
	if err == nil {
		fault.Point("login.opened")
	}
	return o, err
}

// rehash brings a hash with yesterday's parameters up to date (D07), if there is
// room for that now.
func (l *Logins) rehash(ctx context.Context, kept string, right aikagi.Secret) (string, error) {
	if !password.Outdated(kept) {
		return kept, nil
	}
	hash, err := l.Hashes.Hash(ctx, right)
	if err != nil && aikagi.CodeOf(err) == aikagi.Unavailable {
		return kept, nil
	}
	return hash, err
}
