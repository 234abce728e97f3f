package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/fault"
	"github.com/aikagi/aikagi/internal/jobs"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/store"
)

// Sender takes messages from the outbox to the mail server.
type Sender struct {
	Store    *store.Store
	Post     *Post
	Clock    clock.Clock
	Log      *slog.Logger
	Settings smtpclient.Settings
	Keys     []dkim.Key // each adds a signature; none in trials
	// Connections is how many connections are kept; it equals the workers of
	// the loop that calls Work.
	Connections chan *smtpclient.Client

	tried atomic.Bool // since the process started
}

// NewConnections makes room for as many connections as there are workers.
func NewConnections(workers int) chan *smtpclient.Client {
	pool := make(chan *smtpclient.Client, workers)
	for range workers {
		pool <- nil
	}
	return pool
}

const (
	lease      = 60 * time.Second
	leaseRenew = 15 * time.Second
	// steadyRetry makes mail leave within a minute after an
	// outage (R2, K01); what is no longer urgent is tried less often.
	urgentFor   = time.Hour
	steadyRetry = 45 * time.Second
	slowRetry   = 10 * time.Minute
)

// Work sends the message that is most useful to send. It is the work of a job
// loop.
func (s *Sender) Work(ctx context.Context) (found bool, err error) {
	m, seen, err := s.claim(ctx)
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	fault.Point("outbox.claimed")
	err = s.deliver(ctx, m, seen)
	if aikagi.CodeOf(err) == aikagi.Expired {
		return true, nil // another worker has it
	}
	return true, err
}

func (s *Sender) deliver(ctx context.Context, m aikagi.Message, seen aikagi.MailPause) error {
	unwanted, err := s.unwanted(ctx, m)
	if err != nil {
		return err
	}
	switch {
	case unwanted == late && m.Attempt > 1: // it was tried; the last words of the server stay
		return s.record(ctx, m, end{state: aikagi.MessageFailed, outcome: "failed", reply: m.LastReply, seen: seen})
	case unwanted != "":
		return s.record(ctx, m, end{state: aikagi.MessageDropped, outcome: "dropped", late: unwanted == late, seen: seen})
	}
	started := s.Clock.Now()
	tried := end{seen: seen}
	if err = s.send(ctx, m); err == nil {
		fault.Point("outbox.accepted")
	}
	s.log(ctx, m, err, s.Clock.Now().Sub(started))
	if err == nil {
		tried.state, tried.outcome, tried.reached = aikagi.MessageSent, "sent", true
		err = s.record(ctx, m, tried)
		fault.Point("outbox.recorded")
		return err
	}
	tried.state, tried.outcome, tried.reply = aikagi.MessageWaiting, "retry", err.Error()
	var f *smtpclient.Failure
	if errors.As(err, &f) {
		tried.reached = !f.OfServer() && f.Stage != smtpclient.AtMessage
		tried.pause, tried.ofServer = pauseFor(ctx, f, seen, s.Clock.Now())
		if !f.Temporary {
			tried.state, tried.outcome = aikagi.MessageFailed, "failed"
		}
	}
	return s.record(ctx, m, tried)
}

// Why a message is not sent.
const (
	late  = "expired"
	ended = "ended" // its secret, by whatever came first
)

// unwanted looks at the conditions again just before sending (R3): a secret that
// ended, or an address that is no longer the user's, gets no mail. It returns why
// not, empty for a message that is wanted.
func (s *Sender) unwanted(ctx context.Context, m aikagi.Message) (why string, err error) {
	now := s.Clock.Now()
	if m.TokenID == "" {
		if !now.Before(m.ExpiresAt) {
			why = late
		}
		return why, nil
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		why = ended
		t, err := tx.FindTokenByID(ctx, m.InstanceID, m.TokenID)
		if err != nil {
			return err
		}
		u, err := tx.FindUser(ctx, m.InstanceID, t.UserID)
		switch {
		case err != nil || !u.Enabled || u.Email != m.To || t.Epoch != u.SecretEpoch:
		case t.Ended(u, now) == late, t.Open(u, now) && !now.Before(m.ExpiresAt):
			why = late
		case t.Open(u, now):
			why = ""
		}
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return ended, nil
	}
	return why, err
}

func (s *Sender) send(ctx context.Context, m aikagi.Message) error {
	raw, err := s.Post.Open(m)
	if err != nil {
		return err
	}
	for _, key := range s.Keys {
		if raw, err = dkim.Sign(raw, key); err != nil {
			return err
		}
	}
	stop := jobs.Every(ctx, leaseRenew, func(ctx context.Context) {
		err := s.Store.Claim(ctx, func(tx *store.Tx) error {
			return tx.RenewMessage(ctx, m, s.Clock.Now().Add(lease))
		})
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "lease not renewed", "op", "outbox.send", "message_id", m.ID, "error", err)
		}
	})
	defer stop()
	return s.hand(ctx, m, raw)
}

// hand passes a message to the mail server over a kept connection.
func (s *Sender) hand(ctx context.Context, m aikagi.Message, raw []byte) error {
	client := <-s.Connections
	defer func() { s.Connections <- client }()
	if client == nil {
		var err error
		if client, err = smtpclient.Dial(ctx, s.Settings); err != nil {
			client = nil
			return err
		}
	}
	return client.Send(ctx, s.Post.ReturnPath().Of(m.ID), m.To, raw)
}

// Close ends the kept connections.
func (s *Sender) Close() {
	for range cap(s.Connections) {
		if client := <-s.Connections; client != nil {
			_ = client.Close() // a courtesy to the server
		}
	}
}

// end is how a try ended.
type end struct {
	state          aikagi.MessageState
	outcome, reply string
	late           bool             // its time ended before it could be sent
	reached        bool             // the server was ready to take a message
	seen           aikagi.MailPause // when the message was claimed
	pause          aikagi.MailPause // that follows,
	ofServer       bool             // if it was the server's failure
}

// record stores how a try ended, in one transaction with what follows from it.
func (s *Sender) record(ctx context.Context, m aikagi.Message, e end) error {
	now := s.Clock.Now()
	m.State, m.LastReply = e.state, e.reply
	if m.State == aikagi.MessageWaiting {
		m.RunAt = now // as soon as the pause is over
		if !e.ofServer {
			m.RunAt = now.Add(retryPause(m, now))
		}
		if !m.RunAt.Before(m.ExpiresAt) {
			m.State, e.outcome = aikagi.MessageFailed, "failed"
		}
	}
	if m.State != aikagi.MessageWaiting {
		m.DoneAt, m.Sealed = now, nil // wiped: no one needs the link any more
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		a := aikagi.Attempt{MessageID: m.ID, Number: m.Attempt, At: now, Outcome: e.outcome, Reply: e.reply}
		if err := tx.RecordAttempt(ctx, m, a); err != nil {
			return err
		}
		if err := keepPause(ctx, tx, e); err != nil {
			return err
		}
		if m.State != aikagi.MessageFailed && !e.late {
			return nil
		}
		return s.giveUp(ctx, tx, m, now)
	})
}

// keepPause begins or ends the pause of all sending. A message that did not get
// as far as the server says nothing about it, and the next one may try.
func keepPause(ctx context.Context, tx *store.Tx, e end) error {
	switch {
	case e.ofServer:
		return tx.KeepMailPause(ctx, e.pause, e.seen.Failures)
	case e.seen.Failures > 0 && e.reached:
		return tx.EndMailPause(ctx)
	case e.seen.Failures > 0:
		return tx.KeepMailPause(ctx, e.seen, e.seen.Failures)
	}
	return nil
}

// giveUp tells the administrators: the record says so, and a reset request that
// could not be served waits for them.
func (s *Sender) giveUp(ctx context.Context, tx *store.Tx, m aikagi.Message, now time.Time) error {
	note := m.LastReply
	if note == "" {
		note = late
	}
	err := audit.Record(ctx, tx, now, audit.Event{
		Instance: m.InstanceID, Action: "message.fail", TargetKind: "message", TargetID: string(m.ID),
		TargetName: m.To.Masked(), Note: note,
	})
	if err != nil || m.RequestID == "" {
		return err
	}
	return tx.ReopenRequest(ctx, m.InstanceID, m.RequestID, aikagi.ReasonUndelivered)
}

func (s *Sender) log(ctx context.Context, m aikagi.Message, err error, took time.Duration) {
	level, text := slog.LevelInfo, "mail handed over"
	attrs := []any{
		"op", "outbox.send", "instance_id", m.InstanceID, "user_id", m.UserID,
		"message_id", m.ID, "kind", m.Kind, "attempt", m.Attempt, "dur_ms", took.Milliseconds(),
	}
	if err != nil {
		level, text = slog.LevelWarn, "mail not handed over"
		attrs = append(attrs, "error", err)
	}
	s.Log.Log(ctx, level, text, attrs...)
}
