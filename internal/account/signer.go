package account

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/sigv4"
	"github.com/aikagi/aikagi/internal/store"
)

// Signer finds out who signed one request. The database is read once, by Lookup;
// what was read is handed out by Proved alone, to whoever has the Identity that
// only a checked signature gives (S34). Nothing is kept for the next request, so a
// key that is switched off is dead at once on every node (G07, H30).
type Signer struct {
	accounts *Accounts
	claimed  Signed // by a request that may turn out not to be signed
}

// Signed is who signed a request. Of the principal, id, name and status are there.
type Signed struct {
	Account   aikagi.AccountID
	Principal aikagi.Principal
	key       aikagi.AccessKey
}

// Signer returns a Signer for one request.
func (a *Accounts) Signer() *Signer { return &Signer{accounts: a} }

// Lookup returns the secret of an access key that may be used; it is what
// sigv4.Verify asks. An unknown key, one that is switched off and one of a
// disabled principal are alike, also in the work that they cost: one statement
// with one row, one secret unsealed (S35, H28).
func (s *Signer) Lookup(ctx context.Context, accessKeyID string) (secret aikagi.Secret, ok bool, err error) {
	a, id := s.accounts, aikagi.AccessKeyID(accessKeyID)
	s.claimed = Signed{}
	var found Signed
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		row, err := tx.FindSigner(ctx, id)
		found = Signed{Account: row.Account, Principal: row.Principal, key: row.Key}
		return err
	})
	if err != nil {
		return aikagi.Secret{}, false, err
	}
	key := found.key
	if key.ID != id {
		key = a.standIn()
	}
	plain, err := a.Ring.Open(accessKeyPurpose, []byte(key.ID), key.Sealed)
	if !key.Enabled || !found.Principal.Enabled {
		return aikagi.Secret{}, false, nil
	}
	if err != nil {
		return aikagi.Secret{}, false, aikagi.E(aikagi.Internal, "access_key", err)
	}
	s.claimed = found
	return aikagi.NewSecret(string(plain)), true, nil
}

// standIn is the key that is unsealed in place of one that does not exist. It is
// switched off.
func (a *Accounts) standIn() aikagi.AccessKey {
	a.standInOnce.Do(func() {
		id, secret := newAccessKey()
		a.standInKey = aikagi.AccessKey{ID: id, Sealed: a.Ring.Seal(accessKeyPurpose, []byte(id), []byte(secret.Reveal()))}
	})
	return a.standInKey
}

// Proved returns who signed, and notes that the key was used. An Identity of
// another request is nobody's here.
func (s *Signer) Proved(ctx context.Context, who sigv4.Identity) (Signed, error) {
	a, id := s.accounts, s.claimed.key.ID
	if id == "" || id != who.AccessKeyID() {
		return Signed{}, aikagi.E(aikagi.Unauthenticated, "access_key", nil)
	}
	now := a.Clock.Now()
	if now.Sub(s.claimed.key.LastUsedAt) < aikagi.SessionTouchEvery {
		return s.claimed, nil
	}
	return s.claimed, a.Store.Update(ctx, func(tx *store.Tx) error { return tx.TouchAccessKey(ctx, id, now) })
}
