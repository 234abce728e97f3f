package bounce

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/store"
)

// Bounces takes in reports.
type Bounces struct {
	Store      *store.Store
	Clock      clock.Clock
	ReturnPath mail.ReturnPath
}

// Outcome is what became of a mail.
type Outcome string

// The outcomes.
const (
	Bounced    Outcome = "bounced"    // a message has come back
	Noted      Outcome = "noted"      // it is delayed
	Repeated   Outcome = "repeated"   // known already
	Ignored    Outcome = "ignored"    // no report of a delivery, or no news
	Unknown    Outcome = "unknown"    // about no message of ours
	Forged     Outcome = "forged"     // claims to be about one, and is not
	Unreadable Outcome = "unreadable" // no mail
)

// Take reads one mail and does what follows from it, in one transaction.
func (b *Bounces) Take(ctx context.Context, raw []byte) (Outcome, error) {
	r, err := Parse(raw)
	if err != nil {
		return Unreadable, nil //nolint:nilerr // the outcome says so; the next mail may be one
	}
	if r.Kind == Other {
		return Ignored, nil
	}
	now := b.Clock.Now()
	var out Outcome
	err = b.Store.Update(ctx, func(tx *store.Tx) error {
		var m aikagi.Message
		if m, out, err = b.find(ctx, tx, r); err != nil || out != "" {
			return err
		}
		if r.Kind == Delayed {
			out, err = note(ctx, tx, m, r, now)
			return err
		}
		out, err = take(ctx, tx, m, r, now)
		return err
	})
	return out, err
}

// find finds the message: by the envelope sender that was made for it, which
// proves the report, or by its Message-ID together with its recipient, which only
// they know who had it. Where the envelope sender is forged nothing else counts.
func (b *Bounces) find(ctx context.Context, tx *store.Tx, r Report) (aikagi.Message, Outcome, error) {
	for _, to := range r.To {
		id, found, err := b.ReturnPath.Read(to)
		if err != nil {
			return aikagi.Message{}, Forged, nil //nolint:nilerr // the outcome says so
		}
		if found {
			return known(tx.FindAnyMessage(ctx, id))
		}
	}
	id, _, _ := strings.Cut(r.MessageID, "@")
	if _, err := aikagi.ParseID("message", id); err != nil {
		return aikagi.Message{}, Unknown, nil //nolint:nilerr // ours are of another form
	}
	m, out, err := known(tx.FindAnyMessage(ctx, aikagi.MessageID(id)))
	if err != nil || out != "" {
		return m, out, err
	}
	forHim := slices.ContainsFunc(r.Recipients, func(a string) bool { return strings.EqualFold(a, string(m.To)) })
	if !forHim || m.HeaderID != r.MessageID {
		return m, Forged, nil
	}
	return m, "", nil
}

func known(m aikagi.Message, err error) (aikagi.Message, Outcome, error) {
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return m, Unknown, nil
	}
	return m, "", err
}

// note keeps that a message is delayed. One that was never handed over is none.
func note(ctx context.Context, tx *store.Tx, m aikagi.Message, r Report, now time.Time) (Outcome, error) {
	if m.State != aikagi.MessageSent {
		return Repeated, nil
	}
	fresh, err := tx.NoteReport(ctx, aikagi.Attempt{MessageID: m.ID, At: now, Outcome: "delayed", Reply: r.reply()})
	return either(fresh, Noted), err
}

// take does what follows from a message that has come back.
func take(ctx context.Context, tx *store.Tx, m aikagi.Message, r Report, now time.Time) (Outcome, error) {
	fresh, err := tx.BounceMessage(ctx, m.ID, r.reply(), now)
	if err != nil || !fresh {
		return Repeated, err
	}
	if _, err := tx.NoteReport(ctx, aikagi.Attempt{MessageID: m.ID, At: now, Outcome: "bounced", Reply: r.reply()}); err != nil {
		return "", err
	}
	// A class of 4 means that a server gave up on another one; the address may be
	// good (RFC 3463 §3.1).
	if !strings.HasPrefix(r.Status, "4") && m.UserID != "" {
		if err := tx.MarkBounced(ctx, m, now); err != nil {
			return "", err
		}
	}
	if err := helpless(ctx, tx, m, now); err != nil {
		return "", err
	}
	return Bounced, audit.Record(ctx, tx, now, audit.Event{
		Instance: m.InstanceID, Action: "message.bounce", TargetKind: "message", TargetID: string(m.ID),
		TargetName: m.To.Masked(), Note: r.reply(),
	})
}

// helpless brings the request to the administrators, unless its owner has come in
// by another way since, and ends the link: the report holds the whole message,
// and is read by others than the owner.
func helpless(ctx context.Context, tx *store.Tx, m aikagi.Message, now time.Time) error {
	if m.TokenID == "" {
		return nil
	}
	t, err := tx.FindTokenByID(ctx, m.InstanceID, m.TokenID)
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := tx.FindUser(ctx, m.InstanceID, t.UserID)
	if err != nil {
		return err
	}
	if ended := t.Ended(u, now); ended != "" && ended != "expired" {
		return nil
	}
	if err := tx.EndToken(ctx, m.InstanceID, t.ID, "bounced", now); err != nil || m.RequestID == "" {
		return err
	}
	return tx.ReopenRequest(ctx, m.InstanceID, m.RequestID, aikagi.ReasonUndelivered)
}

func either(fresh bool, yes Outcome) Outcome {
	if fresh {
		return yes
	}
	return Repeated
}

// reply is what the report says, for people: "5.1.1 no such user".
func (r Report) reply() string {
	if r.Status == "" || strings.Contains(r.Words, r.Status) {
		return r.Words
	}
	return strings.TrimSpace(r.Status + " " + r.Words)
}
