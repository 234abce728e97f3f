package throttle

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// The numbers of S14.
const (
	freeTries   = 10
	firstWait   = 30 * time.Second
	longestWait = time.Hour
	// mostInARow is after how many failures a name takes only other ways in
	// from devices it does not know.
	mostInARow = 100
	laneTTL    = 30 * 24 * time.Hour
	skew       = time.Minute // between the clocks of two nodes
)

// Throttle counts.
type Throttle struct {
	Ring *secret.Ring
}

// Try is one attempt to log in, before it is checked.
type Try struct {
	Instance aikagi.InstanceID
	Username string // as typed
	Source   string // client address, canonical
	Device   string // known device of this very name; "" for an unknown one
}

// Counted is an attempt that was counted as failed in advance.
type Counted struct {
	try  Try
	lane []byte
	name []byte
}

func (t *Throttle) lane(kind string, parts ...string) []byte {
	all := make([][]byte, 0, len(parts)+1)
	all = append(all, []byte(kind))
	for _, p := range parts {
		all = append(all, []byte(p))
	}
	return t.Ring.MAC("throttle", all...)
}

func (t *Throttle) lanes(try Try) Counted {
	c := Counted{try: try}
	if try.Device != "" {
		c.lane = t.lane("device", try.Username, try.Device)
		return c
	}
	c.lane = t.lane("source", try.Username, Source(try.Source))
	c.name = t.lane("name", try.Username)
	return c
}

// Count counts a try as failed before anything is checked, so that many at once
// cannot slip through, or refuses it: Throttled with the time to wait, or with
// the reason "other_ways" if the name takes only other ways in.
func (t *Throttle) Count(ctx context.Context, tx *store.Tx, now time.Time, try Try) (Counted, error) {
	c := t.lanes(try)
	if err := t.refuse(ctx, tx, now, c); err != nil {
		return c, err
	}
	f, err := tx.CountFailure(ctx, try.Instance, c.lane, now, now.Add(laneTTL))
	if err != nil {
		return c, err
	}
	if wait := waitAfter(f.Count); wait > 0 {
		if err := tx.SetWait(ctx, try.Instance, c.lane, now.Add(wait)); err != nil {
			return c, err
		}
	}
	if c.name != nil {
		_, err = tx.CountFailure(ctx, try.Instance, c.name, now, now.Add(laneTTL))
	}
	return c, err
}

func (t *Throttle) refuse(ctx context.Context, tx *store.Tx, now time.Time, c Counted) error {
	f, err := tx.FindFailures(ctx, c.try.Instance, c.lane, now)
	if err != nil {
		return err
	}
	// A longer wait than there is was set by a clock that was wrong (R9).
	if wait := f.WaitUntil.Sub(now); wait > 0 && wait <= longestWait+skew {
		return &aikagi.Error{Code: aikagi.Throttled, Subject: "login", Reason: "wait", RetryAfter: wait}
	}
	if c.name != nil {
		if f, err = tx.FindFailures(ctx, c.try.Instance, c.name, now); err != nil {
			return err
		}
	}
	if Locked(f.Count) {
		return aikagi.Because(aikagi.Throttled, "login", "other_ways")
	}
	return nil
}

// Locked reports whether after so many failures in a row a name takes only other
// ways in from devices it does not know.
func Locked(failures int) bool { return failures >= mostInARow }

// waitAfter is how long a lane waits after so many failures.
func waitAfter(failures int) time.Duration {
	if failures < freeTries {
		return 0
	}
	wait := firstWait << min(failures-freeTries, 7)
	return min(wait, longestWait)
}

// Succeeded takes back what Count counted: this lane's failures and, from an
// unknown device, the name's row of failures. Other sources keep theirs.
func (t *Throttle) Succeeded(ctx context.Context, tx *store.Tx, c Counted) error {
	if err := tx.ClearFailures(ctx, c.try.Instance, c.lane); err != nil || c.name == nil {
		return err
	}
	return tx.ClearFailures(ctx, c.try.Instance, c.name)
}

// Lift forgets the failures of a name, after a reset or by an administrator.
// Lanes of single sources stay: they run out by themselves, and the name's own
// devices and a reset lead in meanwhile.
func (t *Throttle) Lift(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, username aikagi.Username) error {
	return tx.ClearFailures(ctx, instance, t.lane("name", string(username)))
}

// Failures tells, for a user's page, how often in a row unknown devices failed.
func (t *Throttle) Failures(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, username aikagi.Username, now time.Time) (int, error) {
	f, err := tx.FindFailures(ctx, instance, t.lane("name", string(username)), now)
	return f.Count, err
}

// LiftSource forgets the failures of a name from one source: after a reset, the
// person who set the new password logs in from there.
func (t *Throttle) LiftSource(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, username aikagi.Username, source string) error {
	return tx.ClearFailures(ctx, instance, t.lane("source", string(username), Source(source)))
}
