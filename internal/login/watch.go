package login

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Flood is what there is much of.
type Flood string

// The floods, by the action of the record.
const (
	ManyLogins Flood = "login.flood" // failed logins of a source or an instance
	ManyAsking Flood = "reset.flood" // requests for a link; a limit refuses some
)

// Watch tells the administrators of an instance of a flood: a mail to each and a
// row of the record, once in a while, never one for each failure (C05, A07).
type Watch struct {
	Store    *store.Store
	Clock    clock.Clock
	Throttle *throttle.Throttle
	Post     *outbox.Post
	Wake     func() // tells the loop of Work

	mu      sync.Mutex
	seen    map[aikagi.InstanceID]sighting // not told yet
	quiet   map[aikagi.InstanceID]time.Time
	noticed atomic.Int64
}

type sighting struct {
	what   Flood
	source string
}

const (
	// maxTold bounds the mails of one flood.
	maxTold = 100
	// lookAgain is how long a node that knows that an instance was told does not
	// ask the database for it.
	lookAgain = time.Minute
)

// told bounds how often an instance is told, on all nodes together. Six hours:
// whoever is on shift knows, and a week of attack is no week of mails.
var told = throttle.Limit{Name: "flood_told", Every: 6 * time.Hour, Burst: 1} //nolint:gochecknoglobals // a constant

// Report notes a flood for Work; it is called for each failure of one, and cheap.
// What it notes is in memory only: as long as the flood goes on it is seen again.
func (w *Watch) Report(i aikagi.InstanceID, what Flood, source string) {
	now := w.Clock.Now()
	w.mu.Lock()
	_, known := w.seen[i]
	if known || now.Before(w.quiet[i]) {
		w.mu.Unlock()
		return
	}
	if w.seen == nil {
		w.seen, w.quiet = make(map[aikagi.InstanceID]sighting), make(map[aikagi.InstanceID]time.Time)
	}
	w.seen[i] = sighting{what, source}
	w.mu.Unlock()
	w.Wake()
}

// Noticed tells how many floods this node told somebody of.
func (w *Watch) Noticed() int64 { return w.noticed.Load() }

// Work tells of one flood. It is the work of a job.
func (w *Watch) Work(ctx context.Context) (found bool, err error) {
	i, s, found := w.take()
	if !found {
		return false, nil
	}
	return true, w.tell(ctx, i, s)
}

func (w *Watch) take() (aikagi.InstanceID, sighting, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.seen {
		delete(w.seen, i)
		w.quiet[i] = w.Clock.Now().Add(lookAgain)
		return i, s, true
	}
	return "", sighting{}, false
}

// tell writes the mails and stores them together with the row of the record,
// unless the instance was told already, by whichever node.
func (w *Watch) tell(ctx context.Context, id aikagi.InstanceID, s sighting) error {
	now := w.Clock.Now()
	var i aikagi.Instance
	var people []aikagi.User
	err := w.Store.View(ctx, func(tx *store.Tx) (err error) {
		if i, err = tx.FindInstance(ctx, id); err != nil {
			return err
		}
		people, err = securityprofile.ListRepairers(ctx, tx, id, maxTold)
		return err
	})
	if err != nil {
		return err
	}
	mails, err := w.write(i, people, s, now)
	if err != nil {
		return err
	}
	var first bool
	err = w.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		if first, err = w.Throttle.Allows(ctx, tx, now, told, string(id)); err != nil || !first {
			return err
		}
		for _, m := range mails {
			if err := tx.InsertMessage(ctx, m); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Instance: id, Action: string(s.what), TargetKind: "instance", TargetID: string(id), TargetName: i.Alias,
			Note: "seen last from " + s.source,
		})
	})
	if err == nil && first {
		w.noticed.Add(1)
		w.Post.Wake()
	}
	return err
}

func (w *Watch) write(i aikagi.Instance, people []aikagi.User, s sighting, now time.Time) ([]aikagi.Message, error) {
	var mails []aikagi.Message
	for _, u := range people {
		if u.Email == "" {
			continue
		}
		m, err := w.Post.Flood(i, u, s.what == ManyAsking, now)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}
