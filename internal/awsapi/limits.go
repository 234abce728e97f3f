package awsapi

import (
	"sync"
	"time"

	"github.com/aikagi/aikagi"
)

// Rate is how often a principal may ask for one operation (S37): Burst at once,
// then one every Every. The zero Rate is 100 a second, 200 at once. Each node
// counts by itself.
type Rate struct {
	Every time.Duration
	Burst int
}

func (r Rate) or() Rate {
	if r.Every == 0 {
		return Rate{Every: 10 * time.Millisecond, Burst: 200}
	}
	return r
}

// limits count by the generic cell rate algorithm: of each principal and
// operation, when its burst will be whole again. There are as many as principals
// times operations at most, because only who signed is counted.
type limits struct {
	rate  Rate
	mu    sync.Mutex
	whole map[lane]time.Time
}

type lane struct {
	principal aikagi.PrincipalID
	operation string
}

func newLimits(r Rate) *limits { return &limits{rate: r.or(), whole: map[lane]time.Time{}} }

func (l *limits) take(principal aikagi.PrincipalID, operation string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := lane{principal, operation}
	next := l.whole[key]
	if next.Before(now) {
		next = now
	}
	wait := next.Sub(now) - time.Duration(l.rate.Burst-1)*l.rate.Every
	if wait > 0 {
		return &Fault{Name: Throttling, Message: "Rate exceeded", Retry: wait}
	}
	l.whole[key] = next.Add(l.rate.Every)
	return nil
}
