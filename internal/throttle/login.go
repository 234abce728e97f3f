package throttle

import (
	"context"
	"math"
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
	skew       = time.Minute // between the clocks of two nodes
	// A row is kept so long after its last failure: long once it makes somebody
	// wait. Rows go in the order of their ends when there are too many, so that
	// names tried once go before those that are under attack (C29).
	fewTTL  = 7 * 24 * time.Hour
	manyTTL = 30 * 24 * time.Hour
)

// Failures over all names, from devices that nobody knows; a success takes those of
// its own lane back. 500 people who start their shift behind one address and of
// whom every fifth mistypes stay far below the first (C05).
var (
	sourceLimit = Limit{Name: "login_source", Every: 12 * time.Second, Burst: 300} //nolint:gochecknoglobals // a constant
	// instanceCount refuses nobody: strangers would keep everybody out with it.
	instanceCount = Limit{Name: "login_instance", Every: 6 * time.Second, Burst: 1000} //nolint:gochecknoglobals // a constant
)

// How many failures of a source or of an instance are worth telling somebody.
const (
	manyOfSource   = 100
	manyOfInstance = 200
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
	Lanes store.Lanes
	// The limits that it counts against if it fails; nil for a known device.
	source, instance []byte
}

func (t *Throttle) lane(kind string, parts ...string) []byte {
	all := make([][]byte, 0, len(parts)+1)
	all = append(all, []byte(kind))
	for _, p := range parts {
		all = append(all, []byte(p))
	}
	return t.Ring.MAC("throttle", all...)
}

func network(address string) string { return aikagi.Actor{Address: address}.Network() }

func (t *Throttle) sourceLane(username, source string) []byte {
	return t.lane("source", username, network(source))
}

func (t *Throttle) nameLane(username string) []byte { return t.lane("name", username) }

func (t *Throttle) deviceLane(username, device string) []byte {
	return t.lane("device", username, device)
}

func (t *Throttle) sourceLimit(try Try) []byte {
	return t.limitLane(sourceLimit, []string{string(try.Instance), network(try.Source)})
}

// Knock fills in the rows that may refuse a try; its device need not be known yet.
func (t *Throttle) Knock(try Try) store.Knock {
	return store.Knock{
		Instance: try.Instance, Username: aikagi.Username(try.Username),
		SourceLane: t.sourceLane(try.Username, try.Source), NameLane: t.nameLane(try.Username),
		DeviceLane: t.deviceLane(try.Username, try.Device), Limit: t.sourceLimit(try),
	}
}

// Refuse says no to a try that nothing more needs to be done for: Throttled with
// the time to wait and the reason "wait" for the lane or "network" for the source,
// or with the reason "other_ways" if the name takes only other ways in. It does not
// count; Count says no to what comes between.
func Refuse(now time.Time, seen store.Knocked) error {
	if seen.KnownDevice {
		return refuse(now, seen.OfDevice, seen.OfDevice.Count)
	}
	if err := refuse(now, seen.OfSource, seen.OfName.Count); err != nil {
		return err
	}
	return sourceFull(now, seen.LimitEmptyAt)
}

// sourceFull refuses a try from a network from which too many failed, over all names.
func sourceFull(now, emptyAt time.Time) error {
	if wait := sourceLimit.full(emptyAt, now); wait > 0 {
		return waiting("network", wait)
	}
	return nil
}

func refuse(now time.Time, lane store.Failures, inARow int) error {
	// A longer wait than there is was set by a clock that was wrong (R9).
	if wait := lane.WaitUntil.Sub(now); wait > 0 && wait <= longestWait+skew {
		return waiting("wait", wait)
	}
	if Locked(inARow) {
		return aikagi.Because(aikagi.Throttled, "login", "other_ways")
	}
	return nil
}

func waiting(reason string, d time.Duration) error {
	return &aikagi.Error{Code: aikagi.Throttled, Subject: "login", Reason: reason, RetryAfter: d}
}

// RefuseSource says no as Refuse does because of the source alone, for a plane that
// knows no devices.
func (t *Throttle) RefuseSource(ctx context.Context, tx *store.Tx, now time.Time, try Try) error {
	emptyAt, err := tx.FindTAT(ctx, t.sourceLimit(try))
	if err != nil {
		return err
	}
	return sourceFull(now, emptyAt)
}

// Count counts a try as failed before anything is checked, so that many at once
// cannot slip through, or refuses it as Refuse does.
func (t *Throttle) Count(ctx context.Context, tx *store.Tx, now time.Time, try Try) (Counted, error) {
	c := Counted{Lanes: store.Lanes{Instance: try.Instance}}
	rule := store.CountRule{
		Now: now, Impossible: now.Add(longestWait + skew), Few: freeTries, ForFew: fewTTL, ForMany: manyTTL,
		Most: mostInARow, MostOfALane: mostInARow,
	}
	if try.Device != "" {
		c.Lanes.Lane = t.deviceLane(try.Username, try.Device)
	} else {
		c.Lanes.Lane, c.Lanes.Name = t.sourceLane(try.Username, try.Source), t.nameLane(try.Username)
		c.source = t.sourceLimit(try)
		c.instance = t.limitLane(instanceCount, []string{string(try.Instance)})
		rule.MostOfALane = math.MaxInt32 // it waits; the name says when it is enough
	}
	failures, ok, err := tx.CountFailure(ctx, c.Lanes, rule)
	if err != nil {
		return c, err
	}
	if !ok {
		return c, t.why(ctx, tx, now, c.Lanes)
	}
	if wait := waitAfter(failures); wait > 0 {
		return c, tx.SetWait(ctx, try.Instance, c.Lanes.Lane, now.Add(wait))
	}
	return c, nil
}

// why reads what refused a try that Count did not count.
func (t *Throttle) why(ctx context.Context, tx *store.Tx, now time.Time, l store.Lanes) error {
	lane, err := tx.FindFailures(ctx, l.Instance, l.Lane, now)
	if err != nil {
		return err
	}
	name := lane
	if l.Name != nil {
		if name, err = tx.FindFailures(ctx, l.Instance, l.Name, now); err != nil {
			return err
		}
	}
	if err := refuse(now, lane, name.Count); err != nil {
		return err
	}
	return waiting("wait", time.Second) // it ended just now
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

// Uncount takes back a try that was counted, and then not checked.
func (t *Throttle) Uncount(ctx context.Context, tx *store.Tx, c Counted) error {
	return tx.UncountFailure(ctx, c.Lanes)
}

// Failed charges the source, over all names, with a try that was checked and
// wrong. It reports whether that is worth telling somebody.
func (t *Throttle) Failed(ctx context.Context, tx *store.Tx, now time.Time, c Counted) (many bool, err error) {
	if c.source == nil {
		return false, nil
	}
	// Lane, source, instance: in the order of Admit and GiveBack, so that neither waits
	// for the other for ever.
	if err := tx.ChargeLane(ctx, c.Lanes); err != nil {
		return false, err
	}
	ofSource, err := charge(ctx, tx, now, sourceLimit, c.source)
	if err != nil {
		return false, err
	}
	ofInstance, err := charge(ctx, tx, now, instanceCount, c.instance)
	return ofSource >= manyOfSource || ofInstance >= manyOfInstance, err
}

func charge(ctx context.Context, tx *store.Tx, now time.Time, l Limit, lane []byte) (used int, err error) {
	emptyAt, err := tx.TakeToken(ctx, lane, now, l.Every, l.ahead())
	if emptyAt.IsZero() {
		return l.Burst, err
	}
	return l.used(emptyAt, now), err
}

// Succeeded takes back what Count counted: this lane's failures and, from an
// unknown device, the name's row of failures. Other lanes keep theirs.
func (t *Throttle) Succeeded(ctx context.Context, tx *store.Tx, c Counted) error {
	charged, err := tx.ClearLanes(ctx, c.Lanes)
	if err != nil {
		return err
	}
	return t.GiveBack(ctx, tx, c, charged)
}

// GiveBack returns to the source what it was charged with for a lane whose person
// got in: so much, and no more, that own successes do not help against others.
func (t *Throttle) GiveBack(ctx context.Context, tx *store.Tx, c Counted, charged int) error {
	if charged == 0 || c.source == nil {
		return nil
	}
	if err := tx.ReturnTokens(ctx, c.source, time.Duration(charged)*sourceLimit.Every); err != nil {
		return err
	}
	return tx.ReturnTokens(ctx, c.instance, time.Duration(charged)*instanceCount.Every)
}

// Lift forgets the failures of a name, after a reset or by an administrator.
// Lanes of single sources stay: they run out by themselves, and the name's own
// devices and a reset lead in meanwhile.
func (t *Throttle) Lift(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, username aikagi.Username) error {
	return tx.ClearFailures(ctx, instance, t.nameLane(string(username)))
}

// Failures tells, for a user's page, how often in a row unknown devices failed.
func (t *Throttle) Failures(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, username aikagi.Username, now time.Time) (int, error) {
	f, err := tx.FindFailures(ctx, instance, t.nameLane(string(username)), now)
	return f.Count, err
}

// LiftSource forgets the failures of a name from one source: after a reset, the
// person who set the new password logs in from there.
func (t *Throttle) LiftSource(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, username aikagi.Username, source string) error {
	return tx.ClearFailures(ctx, instance, t.sourceLane(string(username), source))
}
