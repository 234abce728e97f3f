package reset

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Own is a person's change of his own password.
type Own struct {
	User    aikagi.User
	Held    aikagi.Permissions
	Session aikagi.SessionID // that stays
	Current aikagi.Secret
	Chosen  aikagi.Secret
}

// ChangeOwn sets a person's own password, with the current one as fresh proof
// (S19). All other sessions and all reset secrets end.
func (r *Resets) ChangeOwn(ctx context.Context, i aikagi.Instance, o Own) error {
	if err := r.prove(ctx, i, o); err != nil {
		return alsoUnfit(err, check(PolicyOf(i, o.Held), i, o.User, o.Chosen))
	}
	if o.Current.Reveal() == o.Chosen.Reveal() {
		return aikagi.Because(aikagi.Invalid, "password", "same")
	}
	if err := check(PolicyOf(i, o.Held), i, o.User, o.Chosen); err != nil {
		return err
	}
	hash, err := r.Hashes.Hash(ctx, o.Chosen)
	if err != nil {
		return err
	}
	now := r.Clock.Now()
	notice, err := r.notice(i, o.User, now)
	if err != nil {
		return err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		u, err := tx.FindUser(ctx, i.ID, o.User.ID)
		if err != nil {
			return err
		}
		if !u.Enabled || u.PasswordHash != o.User.PasswordHash {
			return aikagi.Because(aikagi.Conflict, "user", "changed")
		}
		if err := tx.SetPassword(ctx, i.ID, u.ID, hash, false, now); err != nil {
			return err
		}
		if _, err := tx.EndSessionsOfUser(ctx, i.ID, u.ID, o.Session); err != nil {
			return err
		}
		if err := tx.EndTokens(ctx, i.ID, u.ID, "password", now); err != nil {
			return err
		}
		if notice != nil {
			if err := tx.InsertMessage(ctx, *notice); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Instance: i.ID, Action: "password.change", TargetKind: "user",
			TargetID: string(u.ID), TargetName: string(u.Username),
		})
	})
	if err == nil {
		r.Post.Wake()
	}
	return err
}

// alsoUnfit tells both if the proof and the new password are wrong. The second
// says nothing that the page's rules do not.
func alsoUnfit(proof, unfit error) error {
	if aikagi.CodeOf(proof) != aikagi.Invalid || aikagi.CodeOf(unfit) != aikagi.Invalid {
		return proof
	}
	var broken aikagi.Invalids
	broken.AddErr("current", proof)
	broken.AddErr("password", unfit)
	return broken
}

// prove checks the current password under the same counting as a login. The lane
// is the session's own, so that a thief's tries do not keep the owner waiting.
func (r *Resets) prove(ctx context.Context, i aikagi.Instance, o Own) error {
	var counted throttle.Counted
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		counted, err = r.Throttle.Count(ctx, tx, r.Clock.Now(), throttle.Try{
			Instance: i.ID, Username: string(o.User.Username),
			Source: aikagi.ActorFrom(ctx).Address, Device: "own:" + string(o.Session),
		})
		return err
	})
	if err != nil {
		return err
	}
	right, err := r.Hashes.Verify(ctx, o.User.PasswordHash, o.Current)
	if err != nil {
		return err
	}
	if !right {
		return aikagi.Because(aikagi.Invalid, "current", "wrong")
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error { return r.Throttle.Succeeded(ctx, tx, counted) })
}
