package account

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Lives of the one-time links.
const (
	SetupTTL       = 15 * time.Minute
	InviteTTL      = 24 * time.Hour
	ConsoleLinkTTL = 60 * time.Second
)

// The kinds of links. A set-up link makes the first principal, an invitation
// lets one choose its password, a console link signs in.
const (
	linkSetup   = "setup"
	linkInvite  = "invite"
	linkConsole = "console"
)

// Link is a one-time way into the console. Its secret is shown once and kept
// nowhere.
type Link struct {
	Token     aikagi.Secret // of /account/setup/… or /account/link/…
	ExpiresAt time.Time
	row       store.ConsoleLink
}

func (a *Accounts) newLink(kind string, principal aikagi.PrincipalID, ttl time.Duration) Link {
	token, now := secret.NewToken(), a.Clock.Now()
	return Link{token, now.Add(ttl), store.ConsoleLink{
		Digest: secret.Digest(token.Reveal()), Kind: kind, PrincipalID: principal,
		CreatedAt: now, ExpiresAt: now.Add(ttl),
	}}
}

// ConsoleLink gives the principal of ctx, which the door knows by a checked
// signature, a link that signs it in (decision 15).
func (a *Accounts) ConsoleLink(ctx context.Context) (Link, error) {
	actor := aikagi.ActorFrom(ctx)
	if actor.Kind != aikagi.ActorPrincipal {
		return Link{}, aikagi.E(aikagi.Unauthenticated, "principal", nil)
	}
	link := a.newLink(linkConsole, actor.PrincipalID, ConsoleLinkTTL)
	err := a.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := enabledPrincipal(ctx, tx, actor.PrincipalID); err != nil {
			return err
		}
		if err := tx.InsertConsoleLink(ctx, link.row); err != nil {
			return err
		}
		return audit.Record(ctx, tx, link.row.CreatedAt, audit.Event{
			Action: "console.link", TargetKind: "principal", TargetID: string(actor.PrincipalID), TargetName: actor.Name,
		})
	})
	return link, err
}

// Welcome is what the page of a link may say before anything is spent.
type Welcome struct {
	ID        string // public; the form carries it, so that two open links are not mixed up
	First     bool   // of a new server: the name is still to be chosen
	Name      string // of the principal; empty if First
	ExpiresAt time.Time
}

// LookAtSetup reads what a set-up link or invitation is for. It spends nothing
// (S7).
func (a *Accounts) LookAtSetup(ctx context.Context, token aikagi.Secret) (Welcome, error) {
	return a.look(ctx, token, linkSetup, linkInvite)
}

// LookAtLink reads whom a console link signs in. It spends nothing.
func (a *Accounts) LookAtLink(ctx context.Context, token aikagi.Secret) (Welcome, error) {
	return a.look(ctx, token, linkConsole)
}

func (a *Accounts) look(ctx context.Context, token aikagi.Secret, kinds ...string) (Welcome, error) {
	var w Welcome
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		link, principal, err := a.openLink(ctx, tx, token, kinds)
		w = Welcome{ID: publicID(link), First: link.Kind == linkSetup, Name: principal.Name, ExpiresAt: link.ExpiresAt}
		return err
	})
	return w, err
}

func publicID(link store.ConsoleLink) string {
	if len(link.Digest) < 8 {
		return ""
	}
	return hex.EncodeToString(secret.Digest(string(link.Digest))[:8])
}

// openLink finds a link that could still be spent, and whose it is.
func (a *Accounts) openLink(ctx context.Context, tx *store.Tx, token aikagi.Secret, kinds []string) (store.ConsoleLink, aikagi.Principal, error) {
	spent := aikagi.Because(aikagi.Expired, "console_link", "spent")
	link, err := tx.FindConsoleLink(ctx, secret.Digest(token.Reveal()))
	if err != nil {
		if aikagi.CodeOf(err) == aikagi.NotFound {
			err = spent
		}
		return link, aikagi.Principal{}, err
	}
	wanted := false
	for _, kind := range kinds {
		wanted = wanted || link.Kind == kind
	}
	if !wanted || !link.UsedAt.IsZero() || !a.Clock.Now().Before(link.ExpiresAt) {
		return link, aikagi.Principal{}, spent
	}
	if link.Kind == linkSetup {
		claimed, err := tx.Claimed(ctx)
		if err == nil && claimed {
			err = spent
		}
		return link, aikagi.Principal{}, err
	}
	principal, err := tx.FindPrincipal(ctx, link.PrincipalID)
	if err == nil && !principal.Enabled || aikagi.CodeOf(err) == aikagi.NotFound {
		err = spent
	}
	return link, principal, err
}

func enabledPrincipal(ctx context.Context, tx *store.Tx, id aikagi.PrincipalID) (aikagi.Principal, error) {
	p, err := tx.FindPrincipal(ctx, id)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return p, err
	}
	if err != nil || !p.Enabled {
		return aikagi.Principal{}, aikagi.E(aikagi.Unauthenticated, "principal", nil)
	}
	return p, nil
}
