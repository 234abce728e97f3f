package outbox

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/store"
)

// Pauses between tries while the server takes nothing. A login that was refused
// is tried seldom: servers shut out whoever tries often (K05).
const (
	firstWait      = 2 * time.Second
	longestWait    = 40 * time.Second // mail leaves within a minute after an outage (K01)
	firstLoginWait = 30 * time.Second
	longLoginWait  = 15 * time.Minute
)

// claim takes the message that is most useful to work on: what is too late, to
// be said so; then, unless sending pauses, the newest link, whose owner still
// waits; then what has been due for longest (K16). During a pause one message at
// a time finds out whether it is over.
func (s *Sender) claim(ctx context.Context) (m aikagi.Message, seen aikagi.MailPause, err error) {
	now := s.Clock.Now()
	until := now.Add(lease)
	first := s.tried.CompareAndSwap(false, true)
	err = s.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		seen = aikagi.MailPause{}
		if m, err = tx.ClaimExpired(ctx, now, until); aikagi.CodeOf(err) != aikagi.NotFound {
			return err
		}
		if seen, err = s.mayTry(ctx, tx, now, until, first); err != nil {
			return err
		}
		if m, err = tx.ClaimLink(ctx, now, until); aikagi.CodeOf(err) == aikagi.NotFound {
			m, err = tx.ClaimMessage(ctx, now, until)
		}
		return err
	})
	if first && (err != nil || !now.Before(m.ExpiresAt)) {
		s.tried.Store(false) // nothing was tried
	}
	return m, seen, err
}

// mayTry is NotFound while sending pauses. A process that has just started tries
// at once, because its settings may be the remedy.
func (s *Sender) mayTry(ctx context.Context, tx *store.Tx, now, until time.Time, first bool) (aikagi.MailPause, error) {
	p, err := tx.FindMailPause(ctx)
	if err != nil || p.Failures == 0 {
		return p, err
	}
	// A clock that was wrong must not stop the mail for longer than a pause lasts (R9).
	due := !now.Before(p.RetryAt) || p.RetryAt.After(now.Add(longLoginWait+lease))
	if !due && !first {
		return p, aikagi.E(aikagi.NotFound, "message", nil)
	}
	ours, err := tx.ProbeMailServer(ctx, p, until)
	if err == nil && !ours {
		err = aikagi.E(aikagi.NotFound, "message", nil)
	}
	return p, err
}

// pauseFor is the pause that follows a failure of the server; none if the
// failure is the message's own, or ours, who are stopping.
func pauseFor(ctx context.Context, f *smtpclient.Failure, seen aikagi.MailPause, now time.Time) (aikagi.MailPause, bool) {
	if !f.OfServer() || ctx.Err() != nil {
		return aikagi.MailPause{}, false
	}
	shortest, longest := firstWait, longestWait
	if f.Auth {
		shortest, longest = firstLoginWait, longLoginWait
	}
	p := aikagi.MailPause{Failures: seen.Failures + 1, Since: seen.Since, Stage: string(f.Stage), Reply: f.Error()}
	if f.Auth {
		p.Stage = string(smtpclient.AtAuth)
	}
	if p.Since.IsZero() {
		p.Since = now
	}
	p.RetryAt = now.Add(jittered(doubled(shortest, seen.Failures, longest)))
	return p, true
}

// retryPause is how long a message waits for its next try: doubling from 2 s,
// with jitter, so that a server that comes back is not met by everything at once.
func retryPause(m aikagi.Message, now time.Time) time.Duration {
	longest := steadyRetry
	if now.Sub(m.CreatedAt) > urgentFor {
		longest = slowRetry
	}
	return jittered(doubled(firstWait, m.Attempt-1, longest))
}

func doubled(d time.Duration, times int, longest time.Duration) time.Duration {
	return min(d<<min(max(times, 0), 10), longest)
}

func jittered(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/4) //nolint:gosec // G404: jitter, not a secret
}
