package account

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// administratorActions are what somebody needs to bring the account back in
// order: make principals, give them policies and a way in. Whoever can do that
// can also give himself emergency access, so that no instance is ever without
// help (S28).
func administratorActions() []string {
	return []string{"iam:CreateUser", "iam:AttachUserPolicy", "iam:UpdateLoginProfile"}
}

const principalsPage = 100

// hasAdministrator reports whether some enabled principal that can sign in
// administers the account. Conditions count as not met, because nobody knows
// when and from where it will be needed.
func hasAdministrator(ctx context.Context, tx *store.Tx) (bool, error) {
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return false, err
	}
	after := ""
	for {
		page, err := tx.ListPrincipals(ctx, after, principalsPage)
		if err != nil {
			return false, err
		}
		for _, p := range page {
			is, err := administers(ctx, tx, account.ID, p)
			if err != nil || is {
				return is, err
			}
			after = p.Name
		}
		if len(page) < principalsPage {
			return false, nil
		}
	}
}

func administers(ctx context.Context, tx *store.Tx, account aikagi.AccountID, p aikagi.Principal) (bool, error) {
	if !p.Enabled || p.PasswordHash == "" {
		return false, nil
	}
	documents, err := iam.Documents(ctx, tx, p.ID)
	if err != nil {
		return false, err
	}
	for _, action := range administratorActions() {
		d := iam.Evaluate(documents, iam.Request{
			Principal: iam.UserARN(account, p.Name), Action: action, Resource: iam.UserARN(account, "anybody"),
		})
		if !d.Allowed {
			return false, nil
		}
	}
	return true, nil
}

// keepAdministrator runs a change and refuses it if the account had an
// administrator before and has none after (G10). Commands on the host go
// further.
func keepAdministrator(ctx context.Context, tx *store.Tx, change func() error) error {
	before, err := hasAdministrator(ctx, tx)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	if !before || aikagi.ActorFrom(ctx).Kind == aikagi.ActorHost {
		return nil
	}
	after, err := hasAdministrator(ctx, tx)
	if err == nil && !after {
		return aikagi.Because(aikagi.Conflict, "principal", "last_administrator")
	}
	return err
}

// endGrants ends those open emergency grants of a principal that are to end,
// with their sessions.
func endGrants(ctx context.Context, tx *store.Tx, now time.Time, id aikagi.PrincipalID,
	ends func(aikagi.EmergencyGrant) (bool, error),
) error {
	open, err := tx.ListOpenGrants(ctx, id, now.Add(-aikagi.GrantStartTTL-aikagi.GrantSessionTTL))
	if err != nil {
		return err
	}
	for _, g := range open {
		end, err := ends(g)
		if err != nil {
			return err
		}
		if !end {
			continue
		}
		if err := tx.EndGrant(ctx, g.ID, now); err != nil {
			return err
		}
		if err := tx.EndSessionsOfGrant(ctx, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// recall ends the emergency access of principals whose policies no longer allow
// it: lost rights take effect at once (S15).
func (a *Accounts) recall(ctx context.Context, tx *store.Tx, now time.Time, principals ...aikagi.PrincipalID) error {
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return err
	}
	for _, id := range principals {
		err := endGrants(ctx, tx, now, id, func(g aikagi.EmergencyGrant) (bool, error) {
			scope := aikagi.Scope{Region: a.Region, Account: account.ID, Instance: g.InstanceID}
			d, err := iam.Judge(ctx, tx, now, id, iam.Request{
				Action: iam.EmergencyAccess, Resource: string(scope.InstanceARN()),
			})
			if aikagi.CodeOf(err) == aikagi.Unauthenticated && err != nil {
				return true, nil
			}
			return !d.Allowed, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
