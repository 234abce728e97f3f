package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Accounts are the rules of the account plane.
type Accounts struct {
	Store    *store.Store
	Clock    clock.Clock
	Ring     *secret.Ring
	Hashes   *password.Gate
	Throttle *throttle.Throttle
	Region   string // of the ARNs of instances

	standInOnce sync.Once
	standInKey  aikagi.AccessKey
}

// administratorAccess is what the first principal gets.
const administratorAccess = aikagi.PolicyID("arn:aws:iam::aws:policy/AdministratorAccess")

// Bootstrap makes the account at the first start, brings the managed policies
// up to date, and as long as nobody has claimed the account gives a set-up link
// (S33). A database with instances and without an account is no new one: it is
// refused. Nodes that start together agree on one account.
func (a *Accounts) Bootstrap(ctx context.Context) (Link, error) {
	id, err := newAccountID()
	if err != nil {
		return Link{}, err
	}
	now, link := a.Clock.Now(), a.newLink(linkSetup, "", SetupTTL)
	claimed := false
	err = a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.ensureAccount(ctx, tx, aikagi.Account{ID: id, CreatedAt: now}); err != nil {
			return err
		}
		if err := ensureManaged(ctx, tx, now); err != nil {
			return err
		}
		if claimed, err = tx.Claimed(ctx); err != nil || claimed {
			return err
		}
		return tx.InsertConsoleLink(ctx, link.row)
	})
	if err != nil {
		return Link{}, fmt.Errorf("set account up: %w", err)
	}
	if claimed {
		return Link{}, nil
	}
	return link, nil
}

func (a *Accounts) ensureAccount(ctx context.Context, tx *store.Tx, fresh aikagi.Account) error {
	_, err := tx.FindAccount(ctx)
	if err == nil || aikagi.CodeOf(err) != aikagi.NotFound {
		return err
	}
	claimed, err := tx.Claimed(ctx)
	if err != nil {
		return err
	}
	instances, err := tx.ListInstances(ctx, "", 1)
	if err != nil {
		return err
	}
	if claimed || len(instances) > 0 {
		return &aikagi.Error{
			Code: aikagi.Unavailable, Subject: "account", Reason: "lost",
			Err: errors.New("the database has data and no account; restore a backup"),
		}
	}
	if err := tx.InsertAccount(ctx, fresh); err != nil {
		return err
	}
	return audit.Record(ctx, tx, fresh.CreatedAt, audit.Event{
		Action: "account.create", TargetKind: "account", TargetID: string(fresh.ID),
	})
}

// ensureManaged stores the managed policies and replaces the documents of an
// older version of the product.
func ensureManaged(ctx context.Context, tx *store.Tx, now time.Time) error {
	for _, p := range iam.ManagedPolicies() {
		stored, err := tx.FindPolicy(ctx, p.ID)
		switch {
		case err != nil && aikagi.CodeOf(err) == aikagi.NotFound:
			p.CreatedAt = now
			err = tx.InsertPolicy(ctx, p)
		case err == nil && stored.Document != p.Document:
			stored.Document = p.Document
			err = tx.UpdatePolicy(ctx, stored)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newAccountID makes a random account number of 12 digits that does not begin
// with 0, because programs that take it for a number would drop it.
func newAccountID() (aikagi.AccountID, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		return "", fmt.Errorf("make account id: %w", err)
	}
	return aikagi.AccountID(n.Add(n, big.NewInt(100_000_000_000)).String()), nil
}

// Account reads the account.
func (a *Accounts) Account(ctx context.Context) (aikagi.Account, error) {
	var found aikagi.Account
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.FindAccount(ctx)
		return err
	})
	return found, err
}

// Contact reads the address that is told about emergency access. It belongs to
// a person, so it takes the right that the account service of AWS has for it.
func (a *Accounts) Contact(ctx context.Context) (aikagi.Email, error) {
	var contact aikagi.Email
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		err := iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "account:GetAlternateContact", Resource: "*"})
		if err != nil {
			return err
		}
		account, err := tx.FindAccount(ctx)
		contact = account.Contact
		return err
	})
	return contact, err
}

// SetContact stores the address that is told about emergency access.
func (a *Accounts) SetContact(ctx context.Context, contact aikagi.Email) error {
	now := a.Clock.Now()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		account, err := tx.FindAccount(ctx)
		if err != nil {
			return err
		}
		if err := iam.Require(ctx, tx, now, iam.Request{Action: "account:PutAlternateContact", Resource: "*"}); err != nil {
			return err
		}
		if err := tx.SetAccountContact(ctx, account.ID, contact); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: "account.contact", TargetKind: "account", TargetID: string(account.ID),
			Changes: audit.Changed([3]string{"contact", string(account.Contact), string(contact)}),
		})
	})
}

// Record reads a page of the account's record, newest first; "~" is the start.
func (a *Accounts) Record(ctx context.Context, before aikagi.AuditEventID, limit int) ([]aikagi.AuditEvent, error) {
	var events []aikagi.AuditEvent
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if err = iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "cloudtrail:LookupEvents", Resource: "*"}); err != nil {
			return err
		}
		events, err = tx.ListAuditEvents(ctx, "", before, limit)
		return err
	})
	return events, err
}

// maxName and maxPolicyName are IAM's limits.
const (
	maxName       = 64
	maxPolicyName = 128
)

// ParseName checks the name of a principal by IAM's pattern [\w+=,.@-]{1,64},
// after full-width typing is folded.
func ParseName(s string) (string, error) { return parseName("principal_name", s, maxName) }

func parseName(field, s string, limit int) (string, error) {
	if len(s) > 4*limit {
		return "", aikagi.Because(aikagi.Invalid, field, "too_long")
	}
	s = strings.TrimSpace(norm.NFKC.String(s))
	if s == "" {
		return "", aikagi.Because(aikagi.Invalid, field, "required")
	}
	if utf8.RuneCountInString(s) > limit {
		return "", aikagi.Because(aikagi.Invalid, field, "too_long")
	}
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !bytes.ContainsRune([]byte("_+=,.@-"), rune(c)) {
			return "", aikagi.Because(aikagi.Invalid, field, "characters")
		}
	}
	return s, nil
}
