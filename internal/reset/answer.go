package reset

import (
	"context"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/fault"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// answerLease is how long a worker has for one answer before another may try.
const answerLease = 30 * time.Second

// mailboxLimit bounds what one mailbox gets, however many users share it.
var mailboxLimit = throttle.Limit{Name: "mailbox", Every: 3 * time.Minute, Burst: 20} //nolint:gochecknoglobals // a constant

// Answer answers the oldest new request. It is the work of a job loop.
func (r *Resets) Answer(ctx context.Context) (found bool, err error) {
	now := r.Clock.Now()
	var q aikagi.ResetRequest
	err = r.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		q, err = tx.ClaimRequest(ctx, now, now.Add(answerLease))
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	fault.Point("reset.claimed")
	q.Username = r.openTyped(q)
	err = r.answer(ctx, q)
	switch aikagi.CodeOf(err) {
	case aikagi.Expired, aikagi.Conflict:
		return true, nil // another worker, or the user changed: its lease brings it back
	}
	return true, err
}

func (r *Resets) answer(ctx context.Context, q aikagi.ResetRequest) error {
	now := r.Clock.Now()
	i, u, err := r.asked(ctx, q)
	if err != nil {
		return err
	}
	q.AnsweredAt, q.UserID = now, u.ID
	if u.ID == "" {
		q.State, q.Username = aikagi.RequestUnknown, "" // a typed password must not stay
		return r.Store.Update(ctx, func(tx *store.Tx) error { return tx.AnswerRequest(ctx, q) })
	}
	if reason := unserved(i, u); reason != aikagi.ReasonNone {
		return r.Store.Update(ctx, func(tx *store.Tx) error { return leave(ctx, tx, q, reason) })
	}
	token, row := newToken(u, aikagi.KindMailLink, u.SecretEpoch, now, linkTTL(i))
	row.RequestID = q.ID
	m, err := r.Post.PasswordReset(i, u, outbox.Reset{
		Token: row, Secret: token, Code: r.code(row),
		Matching: Matching(r.Ring, i.ID, q.ID), AskedAt: q.CreatedAt,
	})
	if err != nil {
		return err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error { return r.serve(ctx, tx, q, u, row, m) })
	if err == nil {
		fault.Point("reset.answered")
		r.Post.Wake()
	}
	return err
}

// asked reads who is meant; an unknown name is a user without an id.
func (r *Resets) asked(ctx context.Context, q aikagi.ResetRequest) (i aikagi.Instance, u aikagi.User, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		if i, err = tx.FindInstance(ctx, q.InstanceID); err != nil {
			return err
		}
		u, err = tx.FindUserByName(ctx, q.InstanceID, aikagi.Username(q.Username))
		if aikagi.CodeOf(err) == aikagi.NotFound {
			err = nil
		}
		return err
	})
	return i, u, err
}

// unserved says why no mail can be sent to a user.
func unserved(i aikagi.Instance, u aikagi.User) aikagi.RequestReason {
	switch {
	case i.IdentityType != aikagi.ConnectManaged:
		return aikagi.ReasonExternal
	case !u.Enabled:
		return aikagi.ReasonDisabled
	case u.Email == "":
		return aikagi.ReasonNoEmail
	}
	return aikagi.ReasonNone
}

// serve stores link and mail, unless enough links are open already or the
// mailbox had enough. A request never ends an earlier link (decision 4).
func (r *Resets) serve(ctx context.Context, tx *store.Tx, q aikagi.ResetRequest, seen aikagi.User, row aikagi.ResetToken, m aikagi.Message) error {
	u, err := tx.FindUser(ctx, q.InstanceID, seen.ID)
	if err != nil {
		return err
	}
	if u.Version != seen.Version || u.SecretEpoch != seen.SecretEpoch {
		return aikagi.Because(aikagi.Conflict, "user", "changed")
	}
	open, err := tx.ListOpenLinks(ctx, u, row.CreatedAt)
	if err != nil {
		return err
	}
	if len(open) >= aikagi.MaxAnonymousLinks {
		q.State, q.Reason = aikagi.RequestSent, aikagi.ReasonTooMany // the open ones still work
		return tx.AnswerRequest(ctx, q)
	}
	allowed, err := r.Throttle.Allows(ctx, tx, row.CreatedAt, mailboxLimit, strings.ToLower(string(u.Email)))
	if err != nil {
		return err
	}
	if !allowed {
		return leave(ctx, tx, q, aikagi.ReasonTooMany)
	}
	q.State = aikagi.RequestSent
	if err := tx.AnswerRequest(ctx, q); err != nil {
		return err
	}
	if err := tx.InsertToken(ctx, row); err != nil {
		return err
	}
	if err := tx.InsertMessage(ctx, m); err != nil {
		return err
	}
	return audit.Record(ctx, tx, q.AnsweredAt, audit.Event{
		Instance: q.InstanceID, Action: "reset.send", TargetKind: "user", TargetID: string(u.ID),
		TargetName: string(u.Username), Note: "asked from " + q.Address,
	})
}

// leave hands a request to the administrators. There is one open request a
// user: it takes over the count of the one before (S12a).
func leave(ctx context.Context, tx *store.Tx, q aikagi.ResetRequest, reason aikagi.RequestReason) error {
	before, err := tx.ListWaitingOfUser(ctx, q.InstanceID, q.UserID)
	if err != nil {
		return err
	}
	for _, old := range before {
		q.Count += old.Count
		old.ClosedAt, old.ClosedBy = q.AnsweredAt, "newer"
		if err := tx.CloseRequest(ctx, old); err != nil {
			return err
		}
	}
	q.State, q.Reason = aikagi.RequestWaiting, reason
	if err := tx.AnswerRequest(ctx, q); err != nil {
		return err
	}
	return audit.Record(ctx, tx, q.AnsweredAt, audit.Event{
		Instance: q.InstanceID, Action: "reset.wait", TargetKind: "user", TargetID: string(q.UserID),
		TargetName: q.Username, Note: string(reason),
	})
}
