package unreachable

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aikagi/aikagi"
)

// Identity is the IdentityInfo of a user, member by member as the server tells it, those
// that we do not know included.
type Identity map[string]any

func (i Identity) email() string {
	text, _ := i["Email"].(string)
	return text
}

// with is the whole identity with another address: what a server does with members that
// are left out is documented nowhere, so none is.
func (i Identity) with(email string) Identity {
	other := maps.Clone(i)
	if other == nil {
		other = Identity{}
	}
	other["Email"] = email
	return other
}

// is reports whether two identities say the same: a member that is empty is as one that
// is not there.
func (i Identity) is(other Identity) bool {
	said := func(i Identity) Identity {
		all := maps.Clone(i)
		maps.DeleteFunc(all, func(_ string, v any) bool { return v == "" || v == nil })
		return all
	}
	a, b := said(i), said(other)
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// over is the identity as it is written over another: what it lacks is emptied, because
// what is left out may stay.
func (i Identity) over(now Identity) Identity {
	whole := maps.Clone(i)
	for member := range now {
		if _, has := whole[member]; !has {
			whole[member] = ""
		}
	}
	return whole
}

// Registry is a source whose addresses can be changed.
type Registry interface {
	Source
	ReadIdentity(ctx context.Context, instance Instance, id string) (Identity, error)
	WriteIdentity(ctx context.Context, instance Instance, id string, whole Identity) error
}

// Step is one user whose address changes.
type Step struct {
	Instance string   `json:"instance"`
	UserID   string   `json:"user_id"`
	Username string   `json:"username"`
	Before   Identity `json:"before"`
	After    Identity `json:"after"`
}

// How a step ended.
const (
	Mended     = "mended"
	Same       = "same"       // it was so already
	Raced      = "raced"      // somebody changed the user meanwhile; nothing was written
	Overridden = "overridden" // written, and read back as something else
	Failed     = "failed"
)

// Result is how a step ended.
type Result struct {
	Step
	Outcome string `json:"outcome"`
	Error   string `json:"error,omitempty"`
}

// Mender changes addresses at the pace of the quota.
type Mender struct {
	Registry Registry
	Finder   *Finder // its quota, share, clock and progress
	Replace  bool    // an address that is there may be replaced
	// AllowShared lets somebody get an address that is not his alone.
	AllowShared bool
	State       string // where the last look is kept; "" is nowhere
	// LookedAt is, after Plan, when it was last looked who else has which address; zero if
	// that is not known.
	LookedAt time.Time
	run      *run
}

// asking is the run whose pace all requests of the mender keep to.
func (m *Mender) asking() *run {
	if m.run == nil {
		m.run = &run{Finder: m.Finder, pace: newPace(m.Finder.Clock, m.Finder.Quota, m.Finder.Share), domains: map[string]bool{}}
	}
	return m.run
}

func (m *Mender) read(ctx context.Context, i Instance, id string) (Identity, error) {
	var found Identity
	err := m.asking().ask(ctx, func(ctx context.Context) (err error) {
		found, err = m.Registry.ReadIdentity(ctx, i, id)
		return err
	})
	return found, err
}

// Plan looks at everybody who is meant and tells what would be written, and all mistakes,
// those that were found before among them. With a mistake there is nothing to do.
func (m *Mender) Plan(ctx context.Context, i Instance, wishes []Wish, wrong []Mistake) ([]Step, []Mistake, error) {
	if i.IdentityType != string(aikagi.ConnectManaged) {
		return nil, []Mistake{{Reason: wrongElsewhere, Detail: i.IdentityType}}, nil
	}
	if m.AllowShared {
		wrong = slices.DeleteFunc(wrong, func(w Mistake) bool { return w.Reason == wrongRole || w.Reason == wrongShared })
	}
	isWrong := map[string]bool{}
	for _, w := range wrong {
		isWrong[fmt.Sprint(w.Line, " ", w.Username)] = true
	}
	people, err := m.asking().users(ctx, i)
	if err != nil {
		return nil, nil, err
	}
	ids := map[string]string{}
	for _, p := range people {
		ids[p.Username] = p.ID
	}
	others := m.others(i, people, wishes)
	var steps []Step
	for n, w := range wishes {
		if isWrong[fmt.Sprint(w.Line, " ", w.Username)] {
			continue
		}
		id, known := ids[w.Username]
		if !known {
			wrong = append(wrong, Mistake{w.Line, w.Username, wrongUnknown, ""})
			continue
		}
		step, mistake, err := m.step(ctx, i, id, w, others)
		if err != nil {
			return nil, nil, err
		}
		if m.Finder.Progress != nil {
			m.Finder.Progress(n+1, len(wishes), m.asking().pace.left(len(wishes)-n-1))
		}
		if mistake.Reason != "" {
			wrong = append(wrong, mistake)
			continue
		}
		steps = append(steps, step)
	}
	slices.SortStableFunc(wrong, func(a, b Mistake) int { return a.Line - b.Line })
	return steps, wrong, nil
}

// step is what a wish leads to: what would be written, or why not.
func (m *Mender) step(ctx context.Context, i Instance, id string, w Wish, others others) (Step, Mistake, error) {
	before, err := m.read(ctx, i, id)
	if err != nil {
		return Step{}, Mistake{}, err
	}
	step := Step{i.ID, id, w.Username, before, before.with(w.address())}
	has := before.email()
	if mark(has) == mark(w.Email) { // he has it already
		return step, Mistake{}, nil
	}
	if has != "" && !m.Replace {
		return step, Mistake{w.Line, w.Username, wrongHas, has}, nil
	}
	who, err := others.having(ctx, w.Email)
	if err != nil || who == "" {
		return step, Mistake{}, err
	}
	return step, Mistake{w.Line, w.Username, wrongTaken, who}, nil
}

// Mend takes a step, noted for undoing just before it is written. It reads just before
// and just after, and says so if somebody else was there, instead of hiding it.
func (m *Mender) Mend(ctx context.Context, i Instance, s Step, undo *Undo) (Result, error) {
	r := Result{Step: s, Outcome: Failed}
	if s.Instance != i.ID { // of an undo file
		return m.failed(r, aikagi.E(aikagi.NotFound, "user", nil))
	}
	now, err := m.read(ctx, i, s.UserID)
	switch {
	case err != nil:
		return m.failed(r, err)
	case now.is(s.After):
		r.Outcome = Same
		return r, nil
	case !now.is(s.Before):
		r.Outcome = Raced
		return r, nil
	}
	if err := undo.Keep(s); err != nil {
		return r, err
	}
	err = m.asking().ask(ctx, func(ctx context.Context) error { return m.Registry.WriteIdentity(ctx, i, s.UserID, s.After.over(now)) })
	if err != nil {
		return m.failed(r, err)
	}
	if now, err = m.read(ctx, i, s.UserID); err != nil {
		return m.failed(r, err)
	}
	r.Outcome = Mended
	if !now.is(s.After) {
		r.Outcome = Overridden
	}
	return r, nil
}

// failed is the result of a step that the server refused; what would stop all steps, no
// answer or no credentials, is an error.
func (m *Mender) failed(r Result, err error) (Result, error) {
	switch aikagi.CodeOf(err) {
	case aikagi.Forbidden, aikagi.NotFound, aikagi.Conflict, aikagi.Invalid:
		r.Error = err.Error()
		return r, nil
	case aikagi.Throttled, aikagi.Unauthenticated, aikagi.Unavailable, aikagi.Expired, aikagi.Internal:
	}
	return r, err
}

// MendAll takes steps one after the other, and tells of each how it ended. It stops at an
// error that would stop all.
func (m *Mender) MendAll(ctx context.Context, i Instance, steps []Step, undo *Undo, each func(Result)) error {
	look := readLook(m.State, m.Registry.Name(), i.ID)
	if look != nil {
		// What is missing there is missed the next time, and wrong is nothing: an address
		// that the look tells of is asked for again.
		defer func() { _ = look.write(m.State) }()
	}
	for _, s := range steps {
		r, err := m.Mend(ctx, i, s, undo)
		if err != nil {
			return err
		}
		if look != nil && r.Outcome == Mended {
			look.Marks[s.UserID] = look.salted(mark(s.After.email()))
		}
		each(r)
	}
	return nil
}
