package emergency

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
)

// Action is the right that emergency access takes, on the ARN of the instance.
const Action = iam.EmergencyAccess

// Emergency holds the rules of emergency access.
type Emergency struct {
	Store    *store.Store
	Clock    clock.Clock
	Sessions *session.Sessions
	Post     *outbox.Post
	Region   string // of the ARNs of instances
}

// Handover is what leads from the console into the instance. The token is kept
// nowhere.
type Handover struct {
	Token    aikagi.Secret // of /emergency/{token} at the instance
	Instance aikagi.Instance
	Grant    aikagi.EmergencyGrant
}

// maxReason bounds the reason, which stands in the record and in mails.
const maxReason = 500

// Begin grants the principal of ctx one entry into an instance. A refusal is
// recorded too: somebody tried.
func (e *Emergency) Begin(ctx context.Context, instance aikagi.InstanceID, reason string) (Handover, error) {
	actor := aikagi.ActorFrom(ctx)
	if actor.Kind != aikagi.ActorPrincipal {
		return Handover{}, aikagi.E(aikagi.Unauthenticated, "principal", nil)
	}
	return e.begin(ctx, instance, reason)
}

// BeginAsHost is Begin for a command on the host, which needs no policy: whoever
// can read the data files needs no door.
func (e *Emergency) BeginAsHost(ctx context.Context, instance aikagi.InstanceID, reason string) (Handover, error) {
	if aikagi.ActorFrom(ctx).Kind != aikagi.ActorHost {
		return Handover{}, aikagi.E(aikagi.Forbidden, "principal", nil)
	}
	return e.begin(ctx, instance, reason)
}

func (e *Emergency) begin(ctx context.Context, instance aikagi.InstanceID, reason string) (Handover, error) {
	reason, err := parseReason(reason)
	if err != nil {
		return Handover{}, err
	}
	actor, now, token := aikagi.ActorFrom(ctx), e.Clock.Now(), secret.NewToken()
	h := Handover{Token: token, Grant: aikagi.EmergencyGrant{
		ID: aikagi.GrantID(aikagi.NewID()), InstanceID: instance,
		PrincipalID: actor.PrincipalID, PrincipalName: actor.Name, Reason: reason,
		Digest: secret.Digest(token.Reveal()), Address: actor.Address,
		CreatedAt: now, StartBefore: now.Add(aikagi.GrantStartTTL),
	}}
	var refused error
	err = e.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if refused = e.require(ctx, tx, instance, now); refused != nil && aikagi.CodeOf(refused) != aikagi.Forbidden {
			return refused
		}
		if h.Instance, err = tx.FindInstance(ctx, instance); err != nil {
			return err
		}
		event := audit.Event{Action: "emergency.begin", Refused: refused != nil, Note: reason}
		if refused == nil {
			if err := tx.InsertGrant(ctx, h.Grant); err != nil {
				return err
			}
		}
		return e.record(ctx, tx, now, h.Instance, event)
	})
	if refused != nil { // also where the instance is unknown: not told apart (S29)
		err = refused
	}
	if err != nil {
		return Handover{}, err
	}
	return h, nil
}

func (e *Emergency) require(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, now time.Time) error {
	arn, err := e.arn(ctx, tx, instance)
	if err != nil {
		return err
	}
	return iam.Require(ctx, tx, now, iam.Request{Action: Action, Resource: arn})
}

func (e *Emergency) arn(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (string, error) {
	account, err := tx.FindAccount(ctx)
	scope := aikagi.Scope{Region: e.Region, Account: account.ID, Instance: instance}
	return string(scope.InstanceARN()), err
}

func (e *Emergency) record(ctx context.Context, tx *store.Tx, now time.Time, i aikagi.Instance, event audit.Event) error {
	event.Instance, event.TargetKind, event.TargetID, event.TargetName = i.ID, "instance", string(i.ID), i.Alias
	return audit.Record(ctx, tx, now, event)
}

// parseReason wants a line that says something.
func parseReason(s string) (string, error) {
	if len(s) > 4*maxReason {
		return "", aikagi.Because(aikagi.Invalid, "reason", "too_long")
	}
	s = strings.Join(strings.Fields(s), " ")
	switch {
	case s == "":
		return "", aikagi.Because(aikagi.Invalid, "reason", "required")
	case utf8.RuneCountInString(s) < aikagi.MinGrantReason:
		return "", aikagi.Because(aikagi.Invalid, "reason", "too_short")
	case utf8.RuneCountInString(s) > maxReason:
		return "", aikagi.Because(aikagi.Invalid, "reason", "too_long")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", aikagi.Because(aikagi.Invalid, "reason", "characters")
	}
	return s, nil
}

// Look reads what a hand-over secret is for. It spends nothing (S7).
func (e *Emergency) Look(ctx context.Context, instance aikagi.InstanceID, token aikagi.Secret) (aikagi.EmergencyGrant, error) {
	var g aikagi.EmergencyGrant
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		g, err = e.open(ctx, tx, instance, token)
		return err
	})
	return g, err
}

// open finds a grant that could still be started. Unknown, used, late and of
// another instance are alike.
func (e *Emergency) open(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, token aikagi.Secret) (aikagi.EmergencyGrant, error) {
	g, err := tx.FindGrantByDigest(ctx, secret.Digest(token.Reveal()))
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return g, err
	}
	now := e.Clock.Now()
	if err != nil || g.InstanceID != instance || !g.UsedAt.IsZero() || !g.EndedAt.IsZero() || !now.Before(g.StartBefore) {
		return aikagi.EmergencyGrant{}, aikagi.Because(aikagi.Expired, "emergency_grant", "spent")
	}
	return g, nil
}

// Started is an emergency session that has just begun; its token goes into the
// cookie and is kept nowhere else.
type Started struct {
	Token   aikagi.Secret
	Session aikagi.Session
}

// Start spends a hand-over secret and opens the session. The mails are written
// before and stored with it.
func (e *Emergency) Start(ctx context.Context, instance aikagi.InstanceID, token aikagi.Secret, userAgent string) (Started, error) {
	now := e.Clock.Now()
	var i aikagi.Instance
	var g aikagi.EmergencyGrant
	var tell []recipient
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if g, err = e.open(ctx, tx, instance, token); err != nil {
			return err
		}
		if i, err = tx.FindInstance(ctx, instance); err != nil {
			return err
		}
		tell, err = recipients(ctx, tx, i)
		return err
	})
	if err != nil {
		return Started{}, err
	}
	mails, err := e.write(i, g, tell, now)
	if err != nil {
		return Started{}, err
	}
	actor := aikagi.ActorFrom(ctx)
	actor.Kind, actor.InstanceID, actor.GrantID = aikagi.ActorEmergency, i.ID, g.ID
	actor.PrincipalID, actor.Name = g.PrincipalID, g.PrincipalName
	ctx = aikagi.WithActor(ctx, actor)
	var started Started
	err = e.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if started, err = e.start(ctx, tx, i, g, userAgent); err != nil {
			return err
		}
		for _, m := range mails {
			if err := tx.InsertMessage(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(mails) > 0 && e.Post.Wake != nil {
		e.Post.Wake()
	}
	return started, err
}

func (e *Emergency) start(ctx context.Context, tx *store.Tx, i aikagi.Instance, g aikagi.EmergencyGrant, userAgent string) (Started, error) {
	now := e.Clock.Now()
	if err := e.stillAllowed(ctx, tx, g, now); err != nil {
		return Started{}, err
	}
	if err := tx.SpendGrant(ctx, g, now); err != nil {
		return Started{}, err
	}
	token, opened, err := e.Sessions.Open(ctx, tx, now, aikagi.Session{
		InstanceID: i.ID, GrantID: g.ID, Address: aikagi.ActorFrom(ctx).Address, UserAgent: userAgent,
		ExpiresAt: now.Add(aikagi.GrantSessionTTL),
	})
	if err != nil {
		return Started{}, err
	}
	return Started{token, opened}, e.record(ctx, tx, now, i, audit.Event{Action: "emergency.start", Note: g.Reason})
}

// stillAllowed judges the principal again: a minute is long enough to lose a
// right (S30). A grant made on the host has no principal.
func (e *Emergency) stillAllowed(ctx context.Context, tx *store.Tx, g aikagi.EmergencyGrant, now time.Time) error {
	if g.PrincipalID == "" {
		return nil
	}
	arn, err := e.arn(ctx, tx, g.InstanceID)
	if err != nil {
		return err
	}
	d, err := iam.Judge(ctx, tx, now, g.PrincipalID, iam.Request{Action: Action, Resource: arn})
	if err == nil && !d.Allowed {
		return aikagi.Because(aikagi.Forbidden, "action", d.Missing)
	}
	return err
}

// End closes the emergency access that ctx acts in.
func (e *Emergency) End(ctx context.Context) error {
	actor, now := aikagi.ActorFrom(ctx), e.Clock.Now()
	if actor.Kind != aikagi.ActorEmergency {
		return aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		i, err := tx.FindInstance(ctx, actor.InstanceID)
		if err != nil {
			return err
		}
		grant, err := tx.FindGrant(ctx, actor.GrantID)
		switch {
		case err != nil && aikagi.CodeOf(err) != aikagi.NotFound:
			return err
		case err != nil || grant.InstanceID != i.ID:
			return aikagi.E(aikagi.Unauthenticated, "session", nil)
		case !grant.EndedAt.IsZero():
			return nil // it has been, on the record
		}
		if err := tx.EndGrant(ctx, actor.GrantID, now); err != nil {
			return err
		}
		if err := tx.EndSessionsOfGrant(ctx, actor.GrantID); err != nil {
			return err
		}
		return e.record(ctx, tx, now, i, audit.Event{Action: "emergency.end"})
	})
}

// recipient is somebody to tell.
type recipient struct {
	to     aikagi.Email
	locale aikagi.Locale
}

// maxTold bounds the mails of one emergency access.
const maxTold = 1000

// recipients are the administrators who have an address, and the contact of
// the account (S31).
func recipients(ctx context.Context, tx *store.Tx, i aikagi.Instance) ([]recipient, error) {
	repairers, err := securityprofile.ListRepairers(ctx, tx, i.ID, maxTold)
	if err != nil {
		return nil, err
	}
	var all []recipient
	seen := map[aikagi.Email]bool{"": true}
	add := func(to aikagi.Email, l aikagi.Locale) {
		if !seen[to] {
			seen[to] = true
			all = append(all, recipient{to, l})
		}
	}
	for _, u := range repairers {
		add(u.Email, u.Locale)
	}
	account, err := tx.FindAccount(ctx)
	add(account.Contact, "")
	return all, err
}

func (e *Emergency) write(i aikagi.Instance, g aikagi.EmergencyGrant, tell []recipient, now time.Time) ([]aikagi.Message, error) {
	var mails []aikagi.Message
	for _, r := range tell {
		m, err := e.Post.EmergencyUsed(i, r.to, r.locale, g, now)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}
