package account

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// maxAccessKeys is IAM's limit for one user: one in use, one to change over to.
const maxAccessKeys = 2

const accessKeyPurpose = "access-key"

// CreateAccessKey makes an access key. Its secret is in the answer and nowhere
// else in a usable form.
func (a *Accounts) CreateAccessKey(ctx context.Context, owner aikagi.PrincipalID) (aikagi.AccessKey, aikagi.Secret, error) {
	id, secret := newAccessKey()
	key := aikagi.AccessKey{
		ID: id, PrincipalID: owner, Enabled: true, CreatedAt: a.Clock.Now(),
		Sealed: a.Ring.Seal(accessKeyPurpose, []byte(id), []byte(secret.Reveal())),
	}
	err := a.changeExisting(ctx, owner, "iam:CreateAccessKey", keyEvent("access_key.create", id),
		func(tx *store.Tx, _ aikagi.Principal) error {
			keys, err := tx.ListAccessKeys(ctx, owner)
			if err != nil {
				return err
			}
			if len(keys) >= maxAccessKeys {
				return aikagi.Because(aikagi.Conflict, "access_key", "too_many")
			}
			return tx.InsertAccessKey(ctx, key)
		})
	return key, secret, err
}

// newAccessKey makes an id as IAM makes them (AKIA and 16 of A–Z, 2–7) and a
// secret of 40 characters, 240 random bits.
func newAccessKey() (aikagi.AccessKeyID, aikagi.Secret) {
	var id [10]byte
	var secret [30]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	_, _ = rand.Read(secret[:])
	return aikagi.AccessKeyID("AKIA" + base32.StdEncoding.EncodeToString(id[:])),
		aikagi.NewSecret(base64.StdEncoding.EncodeToString(secret[:]))
}

// keyEvent records a key in the row of its principal.
func keyEvent(action string, id aikagi.AccessKeyID) audit.Event {
	return audit.Event{Action: action, Changes: audit.Changed([3]string{"access_key", "", string(id)})}
}

// SetAccessKeyEnabled switches a key of owner on or off. Switched off it is dead
// at the next request (G07), and so are the sessions of its principal, one of
// which it may have opened.
func (a *Accounts) SetAccessKeyEnabled(ctx context.Context, owner aikagi.PrincipalID, id aikagi.AccessKeyID, enabled bool) error {
	action := "access_key.disable"
	if enabled {
		action = "access_key.enable"
	}
	return a.changeExisting(ctx, owner, "iam:UpdateAccessKey", keyEvent(action, id),
		func(tx *store.Tx, _ aikagi.Principal) error {
			if err := owns(ctx, tx, owner, id); err != nil {
				return err
			}
			if err := tx.SetAccessKeyEnabled(ctx, id, enabled); err != nil || enabled {
				return err
			}
			return a.endSessionsOfKey(ctx, tx, owner)
		})
}

// DeleteAccessKey removes a key of owner.
func (a *Accounts) DeleteAccessKey(ctx context.Context, owner aikagi.PrincipalID, id aikagi.AccessKeyID) error {
	return a.changeExisting(ctx, owner, "iam:DeleteAccessKey", keyEvent("access_key.delete", id),
		func(tx *store.Tx, _ aikagi.Principal) error {
			if err := owns(ctx, tx, owner, id); err != nil {
				return err
			}
			if err := tx.DeleteAccessKey(ctx, id); err != nil {
				return err
			}
			return a.endSessionsOfKey(ctx, tx, owner)
		})
}

// owns says NotFound of a key of somebody else: the right was asked about owner.
func owns(ctx context.Context, tx *store.Tx, owner aikagi.PrincipalID, id aikagi.AccessKeyID) error {
	key, err := tx.FindAccessKey(ctx, id)
	if err == nil && key.PrincipalID != owner {
		return aikagi.E(aikagi.NotFound, "access_key", nil)
	}
	return err
}

func (a *Accounts) endSessionsOfKey(ctx context.Context, tx *store.Tx, owner aikagi.PrincipalID) error {
	if err := tx.EndConsoleLinksOf(ctx, owner, a.Clock.Now()); err != nil {
		return err
	}
	return tx.EndConsoleSessionsOf(ctx, owner, string(aikagi.ActorFrom(ctx).SessionID))
}

// FindAccessKey reads a key of owner, for the page that asks before it is
// removed.
func (a *Accounts) FindAccessKey(ctx context.Context, owner aikagi.PrincipalID, id aikagi.AccessKeyID) (aikagi.AccessKey, error) {
	details, err := a.FindPrincipal(ctx, owner)
	if err != nil {
		return aikagi.AccessKey{}, err
	}
	for _, key := range details.Keys {
		if key.ID == id {
			return key, nil
		}
	}
	return aikagi.AccessKey{}, aikagi.E(aikagi.NotFound, "access_key", nil)
}
