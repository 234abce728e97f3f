package outbox

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
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

// Work sends the message that has been due for longest. It is the work of a
// job loop.
func (s *Sender) Work(ctx context.Context) (found bool, err error) {
	now := s.Clock.Now()
	var m aikagi.Message
	err = s.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.ClaimMessage(ctx, now, now.Add(lease))
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	fault.Point("outbox.claimed")
	err = s.deliver(ctx, m)
	if aikagi.CodeOf(err) == aikagi.Expired {
		return true, nil // another worker has it
	}
	return true, err
}

func (s *Sender) deliver(ctx context.Context, m aikagi.Message) error {
	wanted, err := s.wanted(ctx, m)
	if err != nil {
		return err
	}
	if !wanted {
		return s.record(ctx, m, aikagi.MessageDropped, "dropped", "")
	}
	started := s.Clock.Now()
	if err = s.send(ctx, m); err == nil {
		fault.Point("outbox.accepted")
	}
	s.log(ctx, m, err, s.Clock.Now().Sub(started))
	var f *smtpclient.Failure
	switch {
	case err == nil:
		err = s.record(ctx, m, aikagi.MessageSent, "sent", "")
		fault.Point("outbox.recorded")
		return err
	case errors.As(err, &f) && !f.Temporary:
		return s.record(ctx, m, aikagi.MessageFailed, "failed", f.Error())
	}
	return s.record(ctx, m, aikagi.MessageWaiting, "retry", err.Error())
}

// wanted looks at the conditions again just before sending (R3): a secret that
// ended, or an address that is no longer the user's, gets no mail.
func (s *Sender) wanted(ctx context.Context, m aikagi.Message) (bool, error) {
	now := s.Clock.Now()
	if !now.Before(m.ExpiresAt) {
		return false, nil
	}
	if m.TokenID == "" {
		return true, nil
	}
	wanted := false
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		t, err := tx.FindTokenByID(ctx, m.InstanceID, m.TokenID)
		if err != nil {
			return err
		}
		u, err := tx.FindUser(ctx, m.InstanceID, t.UserID)
		wanted = err == nil && u.Enabled && u.Email == m.To && t.Open(u, now)
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return false, nil
	}
	return wanted, err
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
	return client.Send(ctx, s.Post.From, m.To, raw)
}

// Close ends the kept connections.
func (s *Sender) Close() {
	for range cap(s.Connections) {
		if client := <-s.Connections; client != nil {
			_ = client.Close() // a courtesy to the server
		}
	}
}

// record stores how a try ended, in one transaction with what follows from it.
func (s *Sender) record(ctx context.Context, m aikagi.Message, state aikagi.MessageState, outcome, reply string) error {
	now := s.Clock.Now()
	m.State, m.LastReply = state, reply
	if state == aikagi.MessageWaiting {
		m.RunAt = now.Add(pause(m, now))
		if !m.RunAt.Before(m.ExpiresAt) {
			m.State, outcome = aikagi.MessageFailed, "failed"
		}
	}
	if m.State != aikagi.MessageWaiting {
		m.DoneAt, m.Sealed = now, nil // wiped: no one needs the link any more
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		a := aikagi.Attempt{MessageID: m.ID, Number: m.Attempt, At: now, Outcome: outcome, Reply: reply}
		if err := tx.RecordAttempt(ctx, m, a); err != nil {
			return err
		}
		if m.State != aikagi.MessageFailed {
			return nil
		}
		return s.giveUp(ctx, tx, m, now)
	})
}

// giveUp tells the administrators: the record says so, and a reset request that
// could not be served waits for them.
func (s *Sender) giveUp(ctx context.Context, tx *store.Tx, m aikagi.Message, now time.Time) error {
	err := audit.Record(ctx, tx, now, audit.Event{
		Instance: m.InstanceID, Action: "message.fail", TargetKind: "message", TargetID: string(m.ID),
		TargetName: m.To.Masked(), Note: m.LastReply,
	})
	if err != nil || m.RequestID == "" {
		return err
	}
	open, err := tx.ListWaitingOfUser(ctx, m.InstanceID, m.UserID)
	if err != nil || len(open) > 0 {
		return err // one open request a user
	}
	return tx.ReopenRequest(ctx, m.InstanceID, m.RequestID, aikagi.ReasonUndelivered)
}

// pause is how long a message waits for its next try: doubling from 2 s, with
// jitter, so that a server that comes back is not met by everything at once.
func pause(m aikagi.Message, now time.Time) time.Duration {
	longest := steadyRetry
	if now.Sub(m.CreatedAt) > urgentFor {
		longest = slowRetry
	}
	wait := min(2*time.Second<<min(m.Attempt-1, 10), longest)
	return wait*3/4 + rand.N(wait/4) //nolint:gosec // G404: jitter, not a secret
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
