package account

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// CreatePrincipal makes a principal without rights and gives the link with
// which it chooses its password.
func (a *Accounts) CreatePrincipal(ctx context.Context, name string) (aikagi.Principal, Link, error) {
	name, err := ParseName(name)
	if err != nil {
		return aikagi.Principal{}, Link{}, err
	}
	p := aikagi.Principal{
		ID: aikagi.PrincipalID(aikagi.NewID()), Name: name, Enabled: true, CreatedAt: a.Clock.Now(),
	}
	link := a.newLink(linkInvite, p.ID, InviteTTL)
	err = a.change(ctx, p, "iam:CreateUser", audit.Event{Action: "principal.create"}, func(tx *store.Tx) error {
		if err := tx.InsertPrincipal(ctx, p); err != nil {
			return err
		}
		return tx.InsertConsoleLink(ctx, link.row)
	})
	return p, link, err
}

// change is one change of a principal: the right, what is done, the record.
func (a *Accounts) change(ctx context.Context, p aikagi.Principal, action string, e audit.Event, do func(tx *store.Tx) error) error {
	now := a.Clock.Now()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := requireOn(ctx, tx, now, p, iam.Request{Action: action}); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		e.TargetKind, e.TargetID, e.TargetName = "principal", string(p.ID), p.Name
		return audit.Record(ctx, tx, now, e)
	})
}

// requireOn asks for a right about a principal.
func requireOn(ctx context.Context, tx *store.Tx, now time.Time, p aikagi.Principal, r iam.Request) error {
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return err
	}
	r.Resource = iam.UserARN(account.ID, p.Name)
	return iam.Require(ctx, tx, now, r)
}

// changeExisting is change for a principal that is read first.
func (a *Accounts) changeExisting(ctx context.Context, id aikagi.PrincipalID, action string, e audit.Event,
	do func(tx *store.Tx, p aikagi.Principal) error,
) error {
	p, err := a.read(ctx, id)
	if err != nil {
		return err
	}
	return a.change(ctx, p, action, e, func(tx *store.Tx) error {
		if p, err = tx.FindPrincipal(ctx, id); err != nil {
			return err
		}
		return do(tx, p)
	})
}

func (a *Accounts) read(ctx context.Context, id aikagi.PrincipalID) (aikagi.Principal, error) {
	var p aikagi.Principal
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.FindPrincipal(ctx, id)
		return err
	})
	return p, err
}

// InvitePrincipal gives a principal that lost its way in a link to a new
// password. Links from before are good for nothing then. Nobody invites himself:
// the link would stand in for the current password and take the second factor
// away (S19).
func (a *Accounts) InvitePrincipal(ctx context.Context, id aikagi.PrincipalID) (Link, error) {
	if actor := aikagi.ActorFrom(ctx); actor.Kind == aikagi.ActorPrincipal && actor.PrincipalID == id {
		return Link{}, aikagi.Because(aikagi.Forbidden, "principal", "self")
	}
	link := a.newLink(linkInvite, id, InviteTTL)
	err := a.changeExisting(ctx, id, "iam:UpdateLoginProfile", audit.Event{Action: "principal.invite"},
		func(tx *store.Tx, p aikagi.Principal) error {
			if !p.Enabled {
				return aikagi.Because(aikagi.Conflict, "principal", "disabled")
			}
			return a.replaceLinks(ctx, tx, link)
		})
	return link, err
}

func (a *Accounts) replaceLinks(ctx context.Context, tx *store.Tx, link Link) error {
	if err := tx.EndConsoleLinksOf(ctx, link.row.PrincipalID, link.row.CreatedAt); err != nil {
		return err
	}
	return tx.InsertConsoleLink(ctx, link.row)
}

// DisablePrincipal stops a principal: sessions, links and emergency access end
// at once, its access keys are refused (C13).
func (a *Accounts) DisablePrincipal(ctx context.Context, id aikagi.PrincipalID) error {
	return a.changeExisting(ctx, id, "iam:UpdateUser", audit.Event{Action: "principal.disable"},
		func(tx *store.Tx, p aikagi.Principal) error {
			return keepAdministrator(ctx, tx, func() error {
				if err := tx.SetPrincipalEnabled(ctx, id, false); err != nil {
					return err
				}
				return a.cutOff(ctx, tx, p)
			})
		})
}

// cutOff ends everything a principal has begun.
func (a *Accounts) cutOff(ctx context.Context, tx *store.Tx, p aikagi.Principal) error {
	now := a.Clock.Now()
	if err := tx.EndConsoleSessionsOf(ctx, p.ID, ""); err != nil {
		return err
	}
	if err := tx.EndConsoleLinksOf(ctx, p.ID, now); err != nil {
		return err
	}
	return endGrants(ctx, tx, now, p.ID, func(aikagi.EmergencyGrant) (bool, error) { return true, nil })
}

// EnablePrincipal lets a principal act again; what ended stays ended.
func (a *Accounts) EnablePrincipal(ctx context.Context, id aikagi.PrincipalID) error {
	return a.changeExisting(ctx, id, "iam:UpdateUser", audit.Event{Action: "principal.enable"},
		func(tx *store.Tx, _ aikagi.Principal) error { return tx.SetPrincipalEnabled(ctx, id, true) })
}

// DeletePrincipal removes a principal with its keys and attachments.
func (a *Accounts) DeletePrincipal(ctx context.Context, id aikagi.PrincipalID) error {
	return a.changeExisting(ctx, id, "iam:DeleteUser", audit.Event{Action: "principal.delete"},
		func(tx *store.Tx, p aikagi.Principal) error {
			return keepAdministrator(ctx, tx, func() error {
				if err := a.cutOff(ctx, tx, p); err != nil {
					return err
				}
				return tx.DeletePrincipal(ctx, id)
			})
		})
}

// ListPrincipals reads a page of principals after a name.
func (a *Accounts) ListPrincipals(ctx context.Context, after string, limit int) ([]aikagi.Principal, error) {
	var all []aikagi.Principal
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if err = iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "iam:ListUsers", Resource: "*"}); err != nil {
			return err
		}
		all, err = tx.ListPrincipals(ctx, after, limit)
		return err
	})
	return all, err
}

// Details are a principal with what belongs to it.
type Details struct {
	Principal aikagi.Principal
	Policies  []aikagi.Policy
	Keys      []aikagi.AccessKey
}

// FindPrincipal reads a principal with its policies and keys. Everybody may
// look at himself.
func (a *Accounts) FindPrincipal(ctx context.Context, id aikagi.PrincipalID) (Details, error) {
	var d Details
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if d.Principal, err = tx.FindPrincipal(ctx, id); err != nil {
			return err
		}
		if actor := aikagi.ActorFrom(ctx); actor.Kind != aikagi.ActorPrincipal || actor.PrincipalID != id {
			if err = requireOn(ctx, tx, a.Clock.Now(), d.Principal, iam.Request{Action: "iam:GetUser"}); err != nil {
				return err
			}
		}
		if d.Policies, err = tx.ListPoliciesOf(ctx, id); err != nil {
			return err
		}
		d.Keys, err = tx.ListAccessKeys(ctx, id)
		return err
	})
	return d, err
}

// ResetPrincipal brings an account administrator back when none is left (G10):
// the principal exists, is enabled, has AdministratorAccess, and whoever holds
// the link chooses the password. Only commands on the host may call it.
func (a *Accounts) ResetPrincipal(ctx context.Context, name string) (Link, error) {
	if aikagi.ActorFrom(ctx).Kind != aikagi.ActorHost {
		return Link{}, aikagi.E(aikagi.Forbidden, "principal", nil)
	}
	name, err := ParseName(name)
	if err != nil {
		return Link{}, err
	}
	fresh := aikagi.Principal{
		ID: aikagi.PrincipalID(aikagi.NewID()), Name: name, Enabled: true, CreatedAt: a.Clock.Now(),
	}
	base := a.newLink(linkInvite, "", SetupTTL)
	err = a.Store.Update(ctx, func(tx *store.Tx) error {
		p, err := a.revive(ctx, tx, fresh)
		if err != nil {
			return err
		}
		link := base
		link.row.PrincipalID = p.ID
		if err := a.replaceLinks(ctx, tx, link); err != nil {
			return err
		}
		return audit.Record(ctx, tx, fresh.CreatedAt, audit.Event{
			Action: "principal.reset", TargetKind: "principal", TargetID: string(p.ID), TargetName: p.Name,
		})
	})
	return base, err
}

func (a *Accounts) revive(ctx context.Context, tx *store.Tx, fresh aikagi.Principal) (aikagi.Principal, error) {
	p, err := tx.FindPrincipalByName(ctx, fresh.Name)
	switch {
	case err != nil && aikagi.CodeOf(err) == aikagi.NotFound:
		p, err = fresh, tx.InsertPrincipal(ctx, fresh)
	case err == nil && !p.Enabled:
		err = tx.SetPrincipalEnabled(ctx, p.ID, true)
	}
	if err != nil {
		return p, err
	}
	if p, err = tx.FindPrincipal(ctx, p.ID); err != nil {
		return p, err
	}
	for _, id := range p.Policies {
		if id == administratorAccess {
			return p, a.markClaimed(ctx, tx)
		}
	}
	if err := tx.AttachPolicy(ctx, p.ID, administratorAccess); err != nil {
		return p, err
	}
	return p, a.markClaimed(ctx, tx)
}

// markClaimed ends the set-up of a server whose first principal was made by a
// command.
func (a *Accounts) markClaimed(ctx context.Context, tx *store.Tx) error {
	claimed, err := tx.Claimed(ctx)
	if err != nil || claimed {
		return err
	}
	return tx.MarkClaimed(ctx, a.Clock.Now())
}
