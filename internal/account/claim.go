package account

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Claim is what the page of a set-up link or invitation asks for. Name and
// Contact count for the first principal only.
type Claim struct {
	Name     string
	Contact  aikagi.Email
	Password aikagi.Secret
}

// PasswordPolicy is what the console asks of a password: a principal may do
// everything that guarded powers are about, and a second factor comes later.
func PasswordPolicy() password.Policy { return password.Policy{MinLength: password.GuardedLength} }

// Claim spends a set-up link or an invitation: it makes the first principal, or
// gives an invited one its password, and signs in. Of several that arrive
// together exactly one succeeds (F23).
func (a *Accounts) Claim(ctx context.Context, token aikagi.Secret, c Claim) (Opened, error) {
	welcome, err := a.LookAtSetup(ctx, token)
	if err != nil {
		return Opened{}, err
	}
	if welcome.First {
		if c.Name, err = ParseName(c.Name); err != nil {
			return Opened{}, err
		}
	} else {
		c.Name = welcome.Name
	}
	if err := PasswordPolicy().Check(c.Password, c.Name, "aikagi"); err != nil {
		return Opened{}, err
	}
	hash, err := a.Hashes.Hash(ctx, c.Password)
	if err != nil {
		return Opened{}, err
	}
	now, opened := a.Clock.Now(), Opened{}
	err = a.Store.Update(ctx, func(tx *store.Tx) error {
		link, invited, err := a.openLink(ctx, tx, token, []string{linkSetup, linkInvite})
		if err != nil {
			return err
		}
		if err := tx.SpendConsoleLink(ctx, secret.Digest(token.Reveal()), now); err != nil {
			return err
		}
		if link.Kind == linkSetup {
			opened, err = a.claimFirst(ctx, tx, c, hash, now)
			return err
		}
		opened, err = a.claimInvited(ctx, tx, invited, hash, now)
		return err
	})
	return opened, err
}

func (a *Accounts) claimFirst(ctx context.Context, tx *store.Tx, c Claim, hash string, now time.Time) (Opened, error) {
	if err := tx.MarkClaimed(ctx, now); err != nil {
		if aikagi.CodeOf(err) == aikagi.Conflict {
			err = aikagi.Because(aikagi.Expired, "console_link", "spent")
		}
		return Opened{}, err
	}
	first := aikagi.Principal{
		ID: aikagi.PrincipalID(aikagi.NewID()), Name: c.Name, PasswordHash: hash, Enabled: true, CreatedAt: now,
	}
	if err := tx.InsertPrincipal(ctx, first); err != nil {
		return Opened{}, err
	}
	if err := tx.AttachPolicy(ctx, first.ID, administratorAccess); err != nil {
		return Opened{}, err
	}
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return Opened{}, err
	}
	if err := tx.SetAccountContact(ctx, account.ID, c.Contact); err != nil {
		return Opened{}, err
	}
	return a.open(ctx, tx, first, now, audit.Event{
		Action: "account.claim", Changes: audit.Changed([3]string{"contact", "", string(c.Contact)}),
	})
}

// claimInvited gives a password by a link. Whoever got the link may have got
// the old second factor too, or nobody has it any more; so it goes.
func (a *Accounts) claimInvited(ctx context.Context, tx *store.Tx, p aikagi.Principal, hash string, now time.Time) (Opened, error) {
	if err := tx.SetPrincipalPassword(ctx, p.ID, hash); err != nil {
		return Opened{}, err
	}
	if err := tx.SetPrincipalTOTP(ctx, p.ID, nil, 0); err != nil {
		return Opened{}, err
	}
	if err := tx.EndConsoleLinksOf(ctx, p.ID, now); err != nil {
		return Opened{}, err
	}
	if err := tx.EndConsoleSessionsOf(ctx, p.ID, ""); err != nil {
		return Opened{}, err
	}
	return a.open(ctx, tx, p, now, audit.Event{Action: "principal.claim"})
}
