package unreachable

import (
	"context"
	"time"
)

// Quota is how often an account may ask for one operation in a Region: Burst at once,
// then Rate a second, shared by all who ask. Amazon gives 2 and 5.
type Quota struct {
	Rate  float64
	Burst int
}

// AmazonsQuota is what an account has as long as nobody had it raised.
var AmazonsQuota = Quota{Rate: 2, Burst: 5} //nolint:gochecknoglobals // a constant

// ticker is the time as pace needs it.
type ticker interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// pace keeps requests to a share of a quota. When it is told that there were too many
// it goes at half the speed, and comes back slowly: others ask as well.
type pace struct {
	clock  ticker
	full   float64 // requests a second
	rate   float64 // now
	burst  float64
	tokens float64
	last   time.Time
}

// slowest is the part of its speed below which pace never goes.
const slowest = 1.0 / 16

func newPace(clock ticker, q Quota, share float64) *pace {
	burst := max(1, float64(q.Burst)*share)
	// What others asked for just before is not known, so nothing is asked at once.
	return &pace{clock: clock, full: q.Rate * share, rate: q.Rate * share, burst: burst, tokens: 1, last: clock.Now()}
}

// wait returns when the next request may be sent.
func (p *pace) wait(ctx context.Context) error {
	for {
		now := p.clock.Now()
		p.tokens = min(p.burst, p.tokens+now.Sub(p.last).Seconds()*p.rate)
		p.last = now
		if p.tokens >= 1 {
			p.tokens--
			return ctx.Err()
		}
		missing := time.Duration((1 - p.tokens) / p.rate * float64(time.Second))
		if err := p.clock.Sleep(ctx, missing+time.Millisecond); err != nil {
			return err
		}
	}
}

// throttled notes that a request was one too many.
func (p *pace) throttled() {
	p.rate = max(p.full*slowest, p.rate/2)
	p.tokens = 0
	p.last = p.clock.Now()
}

// took notes that a request was answered.
func (p *pace) took() { p.rate = min(p.full, p.rate+p.full/20) }

// left is how long so many requests take at least.
func (p *pace) left(requests int) time.Duration {
	return time.Duration(max(0, float64(requests)-p.tokens) / p.rate * float64(time.Second))
}
