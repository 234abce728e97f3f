package account

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// Preset is an account that is known before it is made.
type Preset struct {
	Account aikagi.AccountID
	Owner   string
	Key     aikagi.AccessKeyID
	Secret  aikagi.Secret
}

// MakePreset makes an account in an empty database. Its owner may do everything,
// has a key that may be known to everybody, and no password. Only dev makes one,
// whose data nobody keeps (S33; TestS41OnlyDevReachesItsTools).
func (a *Accounts) MakePreset(ctx context.Context, p Preset) error {
	if aikagi.ActorFrom(ctx).Kind != aikagi.ActorSystem {
		return aikagi.E(aikagi.Forbidden, "account", nil)
	}
	now := a.Clock.Now()
	owner := aikagi.Principal{ID: aikagi.PrincipalID(aikagi.NewID()), Name: p.Owner, Enabled: true, CreatedAt: now}
	key := aikagi.AccessKey{
		ID: p.Key, PrincipalID: owner.ID, Enabled: true, CreatedAt: now,
		Sealed: a.Ring.Seal(accessKeyPurpose, []byte(p.Key), []byte(p.Secret.Reveal())),
	}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.ensureAccount(ctx, tx, aikagi.Account{ID: p.Account, CreatedAt: now}); err != nil {
			return err
		}
		if err := ensureManaged(ctx, tx, now); err != nil {
			return err
		}
		if err := tx.MarkClaimed(ctx, now); err != nil { // once: whoever has an account keeps it
			return err
		}
		if err := tx.InsertPrincipal(ctx, owner); err != nil {
			return err
		}
		if err := tx.AttachPolicy(ctx, owner.ID, administratorAccess); err != nil {
			return err
		}
		if err := tx.InsertAccessKey(ctx, key); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: "account.claim", TargetKind: "principal", TargetID: string(owner.ID), TargetName: owner.Name,
		})
	})
}
