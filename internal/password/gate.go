package password

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
)

// Gate lets a fixed number of hashes run at a time and a fixed number wait.
// Without it a shift start runs one hash a login: measured, 64 at once took
// 713 MiB and every other request stood still (S18, P4, P5). The 19 MiB of a hash
// are garbage afterwards, so expect up to 60 MiB a worker before the collector runs.
type Gate struct {
	running chan struct{} // one element for each hash that runs
	present chan struct{} // one element for each hash that runs or waits
}

// What a refused caller is told to wait: by then a queue of the usual size is gone.
const retryAfter = 2 * time.Second

// NewGate makes a gate for so many hashes at a time, and so many waiting; one
// worker a core, with GOMAXPROCS one above, keeps other requests quick.
func NewGate(workers, queue int) *Gate {
	workers, queue = max(workers, 1), max(queue, 0)
	return &Gate{running: make(chan struct{}, workers), present: make(chan struct{}, workers+queue)}
}

// Hash returns the PHC string to keep for password. It does not ask the policy.
// The error is Unavailable when the queue is full or ctx ends first.
func (g *Gate) Hash(ctx context.Context, password aikagi.Secret) (phc string, err error) {
	text, err := normal(password)
	if err != nil {
		return "", err
	}
	err = g.do(ctx, func() { phc = newHash(text) })
	return phc, err
}

// Verify reports whether phc, as it was kept, is of password. An empty phc is
// that of an unknown user or of one without a password: it costs as much as a
// wrong password and is never right (S13). A password that no policy allows,
// because it is too long or no text, is wrong at once, whoever it is for.
func (g *Gate) Verify(ctx context.Context, phc string, password aikagi.Secret) (right bool, err error) {
	text, err := normal(password)
	if err != nil {
		return false, nil //nolint:nilerr // not a password, so not the right one
	}
	check, broken := parse(phc)
	if err := g.do(ctx, func() { right = check.matches(text) }); err != nil {
		return false, err
	}
	return right && broken == nil, broken
}

// do runs work, which nobody interrupts once it has begun.
func (g *Gate) do(ctx context.Context, work func()) error {
	select {
	case g.present <- struct{}{}:
		defer func() { <-g.present }()
	default:
		return busy(nil)
	}
	select {
	case g.running <- struct{}{}:
		defer func() { <-g.running }()
	case <-ctx.Done():
		return busy(context.Cause(ctx))
	}
	// Both cases of the select may have been ready: nobody waits for this any more.
	if ctx.Err() != nil {
		return busy(context.Cause(ctx))
	}
	work()
	return nil
}

func busy(cause error) error {
	return &aikagi.Error{
		Code: aikagi.Unavailable, Subject: "password", Reason: "busy", RetryAfter: retryAfter, Err: cause,
	}
}
