package account

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Credentials are what the sign-in form asks for. The code counts for
// principals with a second factor.
type Credentials struct {
	Name     string
	Password aikagi.Secret
	Code     string
}

// Opened is a session that has just begun. The secret goes into the cookie and
// is kept nowhere else.
type Opened struct {
	Token     aikagi.Secret
	Session   aikagi.ConsoleSession
	Principal aikagi.Principal
}

// SignIn proves a principal by password and, where it has one, by second
// factor. Unknown name, wrong password, disabled principal and wrong code fail
// alike and cost the same (S13); only to somebody who has the password it says
// that the code is missing. Each try counts before it is checked (S14), and a wrong
// one against its network.
func (a *Accounts) SignIn(ctx context.Context, c Credentials) (Opened, error) {
	counted, err := a.count(ctx, c.Name)
	if err != nil {
		return Opened{}, err
	}
	principal, err := a.claimant(ctx, c.Name)
	if err != nil {
		return Opened{}, err
	}
	right, err := a.Hashes.Verify(ctx, principal.PasswordHash, c.Password)
	if err != nil {
		return Opened{}, err
	}
	if !right || !principal.Enabled {
		return Opened{}, a.failed(ctx, counted)
	}
	now := a.Clock.Now()
	step, err := a.checkCode(principal, c.Code, now)
	if aikagi.ReasonOf(err) == wrongReason {
		return Opened{}, a.failed(ctx, counted)
	}
	if err != nil {
		return Opened{}, err
	}
	var opened Opened
	err = a.Store.Update(ctx, func(tx *store.Tx) (err error) {
		opened, err = a.admit(ctx, tx, principal, step, now)
		if err != nil {
			return err
		}
		return a.Throttle.Succeeded(ctx, tx, counted)
	})
	return opened, err
}

const wrongReason = "wrong"

func wrong() error { return aikagi.Because(aikagi.Unauthenticated, "sign_in", wrongReason) }

// failed charges the network, over all names, with a try that was checked and wrong
// (C05).
func (a *Accounts) failed(ctx context.Context, counted throttle.Counted) error {
	ctx = context.WithoutCancel(ctx) // who leaves before the answer is charged too
	err := a.Store.Claim(ctx, func(tx *store.Tx) error {
		_, err := a.Throttle.Failed(ctx, tx, a.Clock.Now(), counted)
		return err
	})
	if err != nil {
		return err
	}
	return wrong()
}

// count books a try as failed, unless too many failed from its network. Lanes of the
// account plane have no instance.
func (a *Accounts) count(ctx context.Context, name string) (throttle.Counted, error) {
	// Names that no principal can have share a lane: there is nothing to guess.
	name, err := ParseName(name)
	if err != nil {
		name = ""
	}
	try := throttle.Try{Username: name, Source: aikagi.ActorFrom(ctx).Address}
	var counted throttle.Counted
	err = a.Store.Update(ctx, func(tx *store.Tx) (err error) {
		now := a.Clock.Now()
		if err = a.Throttle.RefuseSource(ctx, tx, now, try); err != nil {
			return err
		}
		counted, err = a.Throttle.Count(ctx, tx, now, try)
		return err
	})
	return counted, err
}

// claimant reads who a name belongs to; the zero Principal if to nobody.
func (a *Accounts) claimant(ctx context.Context, name string) (aikagi.Principal, error) {
	name, err := ParseName(name)
	if err != nil {
		return aikagi.Principal{}, nil //nolint:nilerr // no such principal can exist
	}
	var p aikagi.Principal
	err = a.Store.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.FindPrincipalByName(ctx, name)
		return err
	})
	if err != nil && aikagi.CodeOf(err) == aikagi.NotFound {
		return aikagi.Principal{}, nil
	}
	return p, err
}

// admit signs a proven principal in, unless what it was proved with has changed
// meanwhile or its code was used by somebody quicker.
func (a *Accounts) admit(ctx context.Context, tx *store.Tx, proved aikagi.Principal, step int64, now time.Time) (Opened, error) {
	p, err := tx.FindPrincipal(ctx, proved.ID)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return Opened{}, err
	}
	if err != nil || !p.Enabled || p.PasswordHash != proved.PasswordHash || string(p.TOTPSealed) != string(proved.TOTPSealed) {
		return Opened{}, wrong()
	}
	if len(p.TOTPSealed) > 0 {
		if err := tx.SpendTOTPStep(ctx, p.ID, step); err != nil {
			if aikagi.CodeOf(err) == aikagi.Expired {
				return Opened{}, wrong()
			}
			return Opened{}, err
		}
	}
	return a.open(ctx, tx, p, now, audit.Event{Action: "console.sign_in"})
}

// open begins a session and records it as the principal's own doing.
func (a *Accounts) open(ctx context.Context, tx *store.Tx, p aikagi.Principal, now time.Time, e audit.Event) (Opened, error) {
	actor := aikagi.ActorFrom(ctx)
	token := secret.NewToken()
	session := aikagi.ConsoleSession{
		ID: aikagi.NewID(), Digest: secret.Digest(token.Reveal()), PrincipalID: p.ID,
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(aikagi.SessionTTL), Address: actor.Address,
	}
	if err := tx.InsertConsoleSession(ctx, session); err != nil {
		return Opened{}, err
	}
	if err := tx.RecordPrincipalLogin(ctx, p.ID, now); err != nil {
		return Opened{}, err
	}
	actor.Kind, actor.PrincipalID, actor.Name = aikagi.ActorPrincipal, p.ID, p.Name
	e.TargetKind, e.TargetID, e.TargetName = "principal", string(p.ID), p.Name
	return Opened{token, session, p}, audit.Record(aikagi.WithActor(ctx, actor), tx, now, e)
}

// SignInByLink spends a link of ConsoleLink.
func (a *Accounts) SignInByLink(ctx context.Context, token aikagi.Secret) (Opened, error) {
	now := a.Clock.Now()
	var opened Opened
	err := a.Store.Update(ctx, func(tx *store.Tx) error {
		_, principal, err := a.openLink(ctx, tx, token, []string{linkConsole})
		if err != nil {
			return err
		}
		if err := tx.SpendConsoleLink(ctx, secret.Digest(token.Reveal()), now); err != nil {
			return err
		}
		opened, err = a.open(ctx, tx, principal, now, audit.Event{Action: "console.sign_in", Note: "link"})
		return err
	})
	return opened, err
}

// Find returns the session of a cookie's secret and its principal, or
// Unauthenticated: unknown, signed out, idle for an hour, older than twelve, or
// of a principal that was disabled.
func (a *Accounts) Find(ctx context.Context, token string) (aikagi.ConsoleSession, aikagi.Principal, error) {
	none := aikagi.E(aikagi.Unauthenticated, "session", nil)
	if token == "" {
		return aikagi.ConsoleSession{}, aikagi.Principal{}, none
	}
	var session aikagi.ConsoleSession
	var principal aikagi.Principal
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if session, err = tx.FindConsoleSession(ctx, secret.Digest(token)); err != nil {
			return err
		}
		principal, err = tx.FindPrincipal(ctx, session.PrincipalID)
		return err
	})
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return aikagi.ConsoleSession{}, aikagi.Principal{}, err
	}
	if err != nil || !principal.Enabled {
		return aikagi.ConsoleSession{}, aikagi.Principal{}, none
	}
	now := a.Clock.Now()
	if !now.Before(session.ExpiresAt) || now.Sub(session.LastUsedAt) > aikagi.SessionIdleTTL {
		return aikagi.ConsoleSession{}, aikagi.Principal{}, aikagi.Because(aikagi.Unauthenticated, "session", "timed_out")
	}
	if now.Sub(session.LastUsedAt) < aikagi.SessionTouchEvery {
		return session, principal, nil
	}
	return session, principal, a.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.TouchConsoleSession(ctx, session.ID, now)
	})
}

// SignOut ends the session that ctx acts in.
func (a *Accounts) SignOut(ctx context.Context) error {
	actor, now := aikagi.ActorFrom(ctx), a.Clock.Now()
	if actor.Kind != aikagi.ActorPrincipal {
		return nil
	}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.EndConsoleSession(ctx, string(actor.SessionID)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: "console.sign_out", TargetKind: "principal", TargetID: string(actor.PrincipalID), TargetName: actor.Name,
		})
	})
}
