package reset

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/fault"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Confirmed is what a new password brought about.
type Confirmed struct {
	User   aikagi.User
	Ended  int64 // sessions that were logged out
	Notice bool  // a mail tells the owner
	// Device makes the browser a known one: whoever just proved to own the
	// mailbox or the card logs in from it while others guess (S14).
	Device aikagi.Secret
}

// Confirm sets the new password for whom the proof lets in. id is the public id
// that the form carries, so that two open links cannot be mixed up. Only here is
// a secret spent, in the transaction that stores the hash, and at most once
// (S7, B04).
func (r *Resets) Confirm(ctx context.Context, i aikagi.Instance, p Proof, id aikagi.ResetTokenID, chosen aikagi.Secret) (Confirmed, error) {
	l, err := r.Look(ctx, i, p)
	if err != nil {
		return Confirmed{User: l.User}, err
	}
	if l.Token.ID != id {
		return Confirmed{}, aikagi.Because(aikagi.Conflict, "reset_token", "mixed_up")
	}
	if err := check(l.Policy, i, l.User, chosen); err != nil {
		return Confirmed{}, err
	}
	hash, err := r.Hashes.Hash(ctx, chosen)
	if err != nil {
		return Confirmed{}, err
	}
	now := r.Clock.Now()
	notice, err := r.notice(i, l.User, now)
	if err != nil {
		return Confirmed{}, err
	}
	done := Confirmed{User: l.User, Notice: notice != nil, Device: secret.NewToken()}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SpendToken(ctx, l.Token, now); err != nil {
			return err
		}
		fault.Point("reset.spent")
		if err := tx.SetPassword(ctx, i.ID, l.User.ID, hash, false, now); err != nil {
			return err
		}
		if done.Ended, err = r.settle(ctx, tx, l, notice, now); err != nil {
			return err
		}
		return tx.KeepDevice(ctx, aikagi.KnownDevice{
			InstanceID: i.ID, UserID: l.User.ID, Digest: secret.Digest(done.Device.Reveal()),
		}, now)
	})
	if err == nil {
		fault.Point("reset.confirmed")
		r.Post.Wake()
	}
	return done, err
}

// check checks a chosen password by the rule for its owner, against the blocklist
// and the owner's own words (decision 11).
func check(p password.Policy, i aikagi.Instance, u aikagi.User, chosen aikagi.Secret) error {
	return p.Check(chosen,
		string(u.Username), u.FirstName, u.LastName, string(u.Email), i.Alias, i.Settings.DisplayName)
}

// PolicyOf is the password rule for somebody with these permissions.
func PolicyOf(i aikagi.Instance, held aikagi.Permissions) password.Policy {
	return password.PolicyFor(i.Settings, securityprofile.Guards(i, held))
}

func (r *Resets) notice(i aikagi.Instance, u aikagi.User, now time.Time) (*aikagi.Message, error) {
	if u.Email == "" {
		return nil, nil //nolint:nilnil // nobody to tell
	}
	m, err := r.Post.PasswordChanged(i, u, now)
	return &m, err
}

// settle is what follows from a new password: everything that let somebody in
// before ends, waits are lifted, open requests close, the owner is told (S11).
func (r *Resets) settle(ctx context.Context, tx *store.Tx, l Looked, notice *aikagi.Message, now time.Time) (ended int64, err error) {
	u := l.User
	if ended, err = tx.EndSessionsOfUser(ctx, u.InstanceID, u.ID, ""); err != nil {
		return 0, err
	}
	if err := tx.ForgetDevices(ctx, u.InstanceID, u.ID); err != nil {
		return 0, err
	}
	if err := tx.EndTokens(ctx, u.InstanceID, u.ID, "password", now); err != nil {
		return 0, err
	}
	if err := r.closeRequests(ctx, tx, u, now); err != nil {
		return 0, err
	}
	if err := r.Throttle.Lift(ctx, tx, u.InstanceID, u.Username); err != nil {
		return 0, err
	}
	source := aikagi.ActorFrom(ctx).Address
	if err := r.Throttle.LiftSource(ctx, tx, u.InstanceID, u.Username, source); err != nil {
		return 0, err
	}
	if arrived(l.Token.Kind) {
		if err := tx.ClearBounced(ctx, u.InstanceID, u.ID); err != nil {
			return 0, err
		}
	}
	if notice != nil {
		if err := tx.InsertMessage(ctx, *notice); err != nil {
			return 0, err
		}
	}
	return ended, audit.Record(ctx, tx, now, audit.Event{
		Instance: u.InstanceID, Action: "password.reset", TargetKind: "user", TargetID: string(u.ID),
		TargetName: string(u.Username), Note: "by " + string(l.Token.Kind),
	})
}

// arrived reports whether a used secret proves that mail reaches the user: it came
// by mail to an address that has not changed since.
func arrived(k aikagi.SecretKind) bool {
	return k == aikagi.KindMailLink || k == aikagi.KindAdminLink || k == aikagi.KindInvite
}

func (r *Resets) closeRequests(ctx context.Context, tx *store.Tx, u aikagi.User, now time.Time) error {
	open, err := tx.ListWaitingOfUser(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
	for _, q := range open {
		q.ClosedAt, q.ClosedBy = now, "password"
		if err := tx.CloseRequest(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
