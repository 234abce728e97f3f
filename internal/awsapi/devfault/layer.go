package devfault

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/clock"
)

// Layer stands before the operations and does what its plan says.
type Layer struct {
	wall clock.Clock

	mu      sync.Mutex
	plan    Plan
	changed chan struct{} // closed when another plan comes, for those who wait
	buckets map[string]bucket
	making  map[string]time.Time // instances, and until when they are being made
}

// bucket is what is left of an operation's quota.
type bucket struct {
	tokens float64
	at     time.Time
}

// New returns a layer that does nothing yet. wall is the machine's clock: rates
// and waits are real.
func New(wall clock.Clock) *Layer {
	l := &Layer{wall: wall}
	l.Set(Plan{})
	return l
}

// Set replaces the plan. Counts start anew, and whoever waits goes on at once.
func (l *Layer) Set(p Plan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
	}
	l.plan, l.changed = p, make(chan struct{})
	l.buckets, l.making = map[string]bucket{}, map[string]time.Time{}
}

// Plan is what is left to do: failures that were used up are gone.
func (l *Layer) Plan() Plan {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.plan
	p.Fail = slices.Clone(p.Fail)
	return p
}

// Around runs an operation, or answers in its place. It is an awsapi.Around.
func (l *Layer) Around(ctx context.Context, op awsapi.Operation, do func(context.Context) (any, error)) (any, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	page, err := l.enter(op.Name)
	if err != nil {
		return nil, err
	}
	out, err := do(ctx)
	if err == nil && page > 0 && op.Paged() {
		// The list was asked for as it came, so that a size out of range is refused.
		out, err = do(awsapi.WithShortPages(ctx, page))
	}
	if err != nil {
		return nil, err
	}
	return l.slow(op.Name, out)
}

// wait takes the time that the plan adds.
func (l *Layer) wait(ctx context.Context) error {
	l.mu.Lock()
	latency, changed := time.Duration(l.plan.LatencyMS)*time.Millisecond, l.changed
	l.mu.Unlock()
	if latency == 0 {
		return nil
	}
	select {
	case <-time.After(latency):
	case <-changed:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// enter counts a call of an operation. Its error is the answer; otherwise page is
// the most that a list may answer at once, 0 for as it is.
func (l *Layer) enter(operation string) (page int32, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.take(operation) {
		// AWS tells nobody how long to wait.
		return 0, refusal(awsapi.Throttling)
	}
	for i, f := range l.plan.Fail {
		if f.Operation != operation {
			continue
		}
		if f.Times == 1 {
			l.plan.Fail = slices.Delete(slices.Clone(l.plan.Fail), i, i+1)
		} else if f.Times > 1 {
			l.plan.Fail = slices.Clone(l.plan.Fail)
			l.plan.Fail[i].Times--
		}
		return 0, refusal(f.Error)
	}
	if slices.Contains(l.plan.Conflict, operation) {
		return 0, refusal(awsapi.ResourceConflict)
	}
	return l.plan.MaxPageSize, nil
}

func refusal(name awsapi.FaultName) error {
	if name == awsapi.Throttling {
		return &awsapi.Fault{Name: name, Message: "Rate exceeded"} // AWS's words
	}
	return &awsapi.Fault{Name: name, Message: "aikagi dev was asked for this error."}
}

// take spends one token of the operation's bucket, which fills while nobody asks.
func (l *Layer) take(operation string) bool {
	t := l.plan.Throttle
	if t == nil {
		return true
	}
	now, most := l.wall.Now(), float64(t.Burst)
	b, known := l.buckets[operation]
	if !known {
		b.tokens = most
	} else {
		b.tokens = min(most, b.tokens+max(0, now.Sub(b.at).Seconds())*t.Rate)
	}
	b.at = now
	enough := b.tokens >= 1
	if enough {
		b.tokens--
	}
	l.buckets[operation] = b
	return enough
}
