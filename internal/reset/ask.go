package reset

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/fault"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Ask is what a person at the closed door sends.
type Ask struct {
	Username  string // as typed
	Challenge string
	Answer    captcha.Answer
}

// Ticket is what the asker's browser keeps: which request it made. It proves
// nothing but that.
type Ticket struct {
	Request  aikagi.ResetRequestID
	Username string
	AskedAt  time.Time
	Again    int // how often this person has sent the request again
	// Told is why no mail will come, for instances that say so (decision 2);
	// empty everywhere else.
	Told aikagi.RequestReason
}

// Limits of asking (S3). They count the source and the name as typed, whether
// or not anybody has it, and a name only together with its source, so that
// nobody uses up somebody else's. What all share is counted in turn on several
// rows: on PostgreSQL whoever counts on a row waits until the one before him is
// flushed to disk.
func (r *Resets) limits(i aikagi.Instance, source, name, shared string) [3]throttle.Keyed {
	id, row := string(i.ID), strconv.Itoa(int(r.turn.Add(1)%allRows))
	return [3]throttle.Keyed{
		{Limit: sourceLimit, Key: []string{source, id}},
		{Limit: throttle.Limit{Name: "forgot_name", Every: 3 * time.Minute, Burst: 5}, Key: []string{source, name, id}},
		{Limit: throttle.Limit{Name: shared, Every: allRows * 10 * time.Millisecond, Burst: 2000 / allRows}, Key: []string{row, id}},
	}
}

const allRows = 8

// TicketTTL is how long a ticket is good for sending a request again. Its use is
// remembered for as long, so that it is used once.
const TicketTTL = 24 * time.Hour

// MaxAgain is how often a request may be sent again without a new challenge, and
// againAfter how long one waits before each.
const (
	againAfter = 60 * time.Second
	MaxAgain   = 3
)

// The answering job starts a little later, and how much later nobody can tell.
// Its work depends on the user: beside the page it was felt in it, by a twentieth
// in medians, and at a fixed distance it would be felt in the next one (S1, P12).
const (
	answerAfter = 4 * time.Millisecond
	answerStray = 12 * time.Millisecond
)

func (r *Resets) wakeLater() {
	// Wake never blocks, and a lost one costs the loop's interval.
	time.AfterFunc(answerAfter+rand.N(answerStray), r.Wake) //nolint:gosec // G404: jitter, not a secret
}

// Ask writes down that somebody asked for a reset. It does the same for every
// name (S1): check the challenge, count against the limits, write one row.
func (r *Resets) Ask(ctx context.Context, i aikagi.Instance, ask Ask) (Ticket, error) {
	name, err := parseName(ask.Username)
	if err != nil {
		return Ticket{}, alsoUnanswered(err, ask.Answer)
	}
	if err := r.hasRoom(ctx); err != nil {
		return Ticket{}, err
	}
	spent, expires, err := r.Challenges.Check(ask.Challenge, ask.Answer, captcha.Forgot, i.ID)
	if err != nil {
		return Ticket{}, r.misspent(ctx, spent, expires, err)
	}
	return r.write(ctx, i, Ticket{Username: name}, spent, expires)
}

// alsoUnanswered adds to what is wrong with the name that the challenge has no
// answer, so that a form that came empty is told both.
func alsoUnanswered(name error, a captcha.Answer) error {
	var broken aikagi.Invalids
	broken.AddErr("username", name)
	if a.Proof == "" && a.Typed.Empty() {
		broken.Add("challenge", "required")
	}
	return broken.Err()
}

// misspent uses a wrongly answered challenge up too, so that nobody guesses at
// one twice (S4).
func (r *Resets) misspent(ctx context.Context, id string, expires time.Time, wrong error) error {
	if id == "" {
		return wrong
	}
	err := r.Store.Update(ctx, func(tx *store.Tx) error { return tx.SpendChallenge(ctx, id, expires) })
	if err != nil && aikagi.CodeOf(err) != aikagi.Expired {
		return err
	}
	return wrong
}

// Again sends a request once more: after a minute, at most three times, each
// ticket once. The challenge of the first request stands for all.
func (r *Resets) Again(ctx context.Context, i aikagi.Instance, t Ticket) (Ticket, error) {
	now := r.Clock.Now()
	if t.Again >= MaxAgain || now.Sub(t.AskedAt) > TicketTTL {
		return Ticket{}, aikagi.Because(aikagi.Expired, "challenge", "again")
	}
	if wait := t.AskedAt.Add(againAfter).Sub(now); wait > 0 {
		return Ticket{}, &aikagi.Error{Code: aikagi.Throttled, Subject: "forgot", Reason: "wait", RetryAfter: wait}
	}
	if err := r.hasRoom(ctx); err != nil {
		return Ticket{}, err
	}
	next := Ticket{Username: t.Username, Again: t.Again + 1}
	return r.write(ctx, i, next, "again-"+string(t.Request), now.Add(TicketTTL))
}

// parseName folds and checks a typed name by what is in it alone: too long or
// impossible names are refused in words, whoever has them.
func parseName(typed string) (string, error) {
	name, err := aikagi.ParseUsername(aikagi.FoldUsername(typed), aikagi.MaxUsernameOnWire)
	return string(name), err
}

func (r *Resets) write(ctx context.Context, i aikagi.Instance, t Ticket, spent string, expires time.Time) (Ticket, error) {
	actor := aikagi.ActorFrom(ctx)
	t.Request, t.AskedAt = aikagi.ResetRequestID(aikagi.NewOrderedID()), r.Clock.Now()
	request := aikagi.ResetRequest{
		InstanceID: i.ID, ID: t.Request, Username: r.sealTyped(i.ID, t.Request, t.Username),
		Address: actor.Address, Locale: actor.Locale, CreatedAt: t.AskedAt,
	}
	// Everybody counts on the rows of forgot_all: serializable, many at a time
	// would start again until they give up.
	keep := func(shared string) error {
		return r.Store.Claim(ctx, func(tx *store.Tx) error {
			if err := tx.SpendChallenge(ctx, spent, expires); err != nil {
				return err
			}
			if err := r.Throttle.TakeAll(ctx, tx, t.AskedAt, r.limits(i, actor.Network(), t.Username, shared)); err != nil {
				return err
			}
			return tx.InsertRequest(ctx, request)
		})
	}
	if err := r.keepWithin(ctx, i, t.AskedAt, keep); err != nil {
		return Ticket{}, err
	}
	fault.Point("reset.asked")
	r.wakeLater()
	return r.tell(ctx, i, t)
}

// tell adds the reason for instances that chose to tell it. The default tells
// nothing and looks nobody up.
func (r *Resets) tell(ctx context.Context, i aikagi.Instance, t Ticket) (Ticket, error) {
	if i.Settings.NoEmail != aikagi.AnswerExplain && i.Settings.NoEmail != aikagi.AnswerConnect {
		return t, nil
	}
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		u, err := tx.FindUserByName(ctx, i.ID, aikagi.Username(t.Username))
		if err == nil && u.Email == "" {
			t.Told = aikagi.ReasonNoEmail
		}
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return t, nil
	}
	return t, err
}
