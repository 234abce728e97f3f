package search

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/walk"
)

// Users finds users. (Other things of an instance are few enough to be listed.)
type Users struct {
	Store *store.Store
	Clock clock.Clock
}

// Found is a page of users who were searched for, in the order of the index that
// they were found by.
type Found struct {
	Users []aikagi.User
	Tags  map[aikagi.UserID][]aikagi.Tag
	// Next is where the search goes on; empty at its end. A page may be short, or
	// empty, and not the last: a search looks at so many users and no more at once.
	Next string
	// About is how many there are: exact if they were all looked at for the first
	// page; otherwise as many as the index has, up to a thousand, and of these as
	// large a part as was wanted of those looked at.
	About int64
}

// Limits of what one page of a search looks at: so many users, and so many ways to
// them. Whoever is looked for by none of the indexes is found page by page.
const (
	mostExamined = 10_000
	mostTracks   = 1_000
	walkPage     = 500
)

// Find finds users, up to a number at once, behind the Next of the page before.
// A condition that an index knows is entered by it, whatever the number of users
// (P16).
func (f *Users) Find(ctx context.Context, instance aikagi.InstanceID, c Condition, next string, size int) (Found, error) {
	leaves := 0
	c, err := c.checked(&leaves)
	if err != nil {
		return Found{}, err
	}
	var found Found
	err = f.Store.View(ctx, func(tx *store.Tx) error {
		i, rights, err := securityprofile.Enter(ctx, tx, instance, f.Clock.Now())
		if err != nil {
			return err
		}
		if err := rights.Require(aikagi.UsersView); err != nil {
			return err
		}
		var below tree
		if err := c.settle(ctx, tx, i.ID, &below); err != nil {
			return err
		}
		w := newStroll(tx, i, c, size)
		w.resume(next)
		if err := w.run(ctx); err != nil {
			return err
		}
		found, err = w.page(ctx)
		return err
	})
	return found, err
}

// track is a way to users and the condition that it is taken for. A user who meets
// the conditions of several is found on the first of them, and on no other.
type track struct {
	walk.Track
	meant Condition
}

// stroll is a search on its way. It keeps nothing but the page that it fills.
type stroll struct {
	tx       *store.Tx
	instance aikagi.Instance
	wanted   Condition
	asks     questions
	tracks   []track
	whole    bool // everybody on the tracks is wanted
	size     int
	examined int64

	at    int    // the track
	place string // on it
	known bool   // about was told with an earlier page
	about int64
	met   int64 // those who are wanted among the examined
	found []aikagi.UserID
	next  string // behind the last of the page; "" while it is not full
	more  bool
}

func newStroll(tx *store.Tx, i aikagi.Instance, c Condition, size int) *stroll {
	w := &stroll{tx: tx, instance: i, wanted: c, asks: c.asks(), tracks: c.tracks(), size: size}
	switch {
	case w.tracks == nil || len(w.tracks) > mostTracks:
		w.tracks = []track{{walk.Track{By: walk.Everybody}, Condition{}}}
	case len(c.Any) == 0 && len(c.All) == 0 && !asksMore(w.tracks[0].By):
		w.whole, w.asks = true, questions{}
	}
	return w
}

// asksMore reports whether some on the track may not be wanted: keys are of other
// words too, and a proficiency has a level.
func asksMore(by walk.By) bool {
	return by == walk.ByKey || by == walk.BySkill || by == walk.BySkilled
}

// resume goes to where the page before ended.
func (w *stroll) resume(next string) {
	about, rest, found := strings.Cut(next, " ")
	at, place, _ := strings.Cut(rest, " ")
	if !found {
		return
	}
	w.known = true
	w.about, _ = strconv.ParseInt(about, 10, 64) // written by us, and sealed
	w.at, _ = strconv.Atoi(at)
	w.place = place
}

// mark is what resume reads.
func (w *stroll) mark(at int, place string) string { return strconv.Itoa(at) + " " + place }

// run walks until the page is full and somebody is beyond it, or until it has
// looked at enough.
func (w *stroll) run(ctx context.Context) error {
	for looked := 0; w.at < len(w.tracks) && !w.more; {
		n := walkPage
		if looked == 0 {
			n = min(2*w.size+1, walkPage)
		}
		steps, goesOn, err := w.tx.WalkUsers(ctx, w.instance.ID, w.tracks[w.at].Track, w.place, n)
		if err != nil {
			return err
		}
		if err := w.examine(ctx, steps); err != nil {
			return err
		}
		if !goesOn {
			w.at, w.place = w.at+1, ""
		}
		if looked += max(len(steps), 10); looked >= mostExamined && w.at < len(w.tracks) {
			w.more = true
		}
	}
	if w.more && w.next == "" {
		w.next = w.mark(w.at, w.place)
	}
	return nil
}

// examine takes those of a stretch who are wanted.
func (w *stroll) examine(ctx context.Context, steps []walk.Step) error {
	all, err := w.candidates(ctx, steps)
	if err != nil {
		return err
	}
	w.examined += int64(len(all))
	for i, u := range all {
		w.place = steps[i].Place
		if !w.meets(u) {
			continue
		}
		w.met++
		if len(w.found) == w.size {
			w.more = true
		} else if w.found = append(w.found, u.ID); len(w.found) == w.size {
			w.next = w.mark(w.at, w.place)
		}
	}
	return nil
}

func (w *stroll) meets(u candidate) bool {
	if w.whole {
		return true
	}
	for _, earlier := range w.tracks[:w.at] {
		if earlier.meant.holds(u) {
			return false
		}
	}
	return w.tracks[w.at].meant.holds(u) && w.wanted.holds(u)
}

func (w *stroll) candidates(ctx context.Context, steps []walk.Step) ([]candidate, error) {
	all, ids := make([]candidate, len(steps)), make([]aikagi.UserID, len(steps))
	for i, s := range steps {
		all[i].Person, ids[i] = s.Person, s.ID
	}
	if w.asks.profiles {
		held, err := w.tx.ProfilesOf(ctx, w.instance.ID, ids)
		if err != nil {
			return nil, err
		}
		for i := range all {
			all[i].profiles = held[all[i].ID]
		}
	}
	if w.asks.tags {
		tags, err := w.tx.TagsOf(ctx, w.instance.ID, ids)
		if err != nil {
			return nil, err
		}
		for i := range all {
			all[i].tags = tags[all[i].ID]
		}
	}
	if w.asks.proficiencies {
		good, err := w.tx.ProficienciesOf(ctx, w.instance.ID, ids)
		if err != nil {
			return nil, err
		}
		for i := range all {
			all[i].proficiencies = good[all[i].ID]
		}
	}
	return all, nil
}

// count tells how many there are about.
func (w *stroll) count(ctx context.Context) (int64, error) {
	switch {
	case w.known:
		return w.about, nil
	case w.at == len(w.tracks) || w.examined == 0:
		return w.met, nil
	}
	var all int64
	for _, t := range w.tracks {
		n, err := w.tx.CountTrack(ctx, w.instance.ID, t.Track, store.CountCap)
		if err != nil {
			return 0, err
		}
		if t.By == walk.Everybody {
			n = w.instance.UserCount
		}
		if all += n; t.By != walk.Everybody && all >= store.CountCap {
			all = store.CountCap
			break
		}
	}
	return max(w.met, min(all*w.met/w.examined, w.instance.UserCount)), nil
}

// page reads those who were found.
func (w *stroll) page(ctx context.Context) (Found, error) {
	var f Found
	var err error
	if f.About, err = w.count(ctx); err != nil {
		return f, err
	}
	if w.more {
		f.Next = strconv.FormatInt(f.About, 10) + " " + w.next
	}
	if f.Users, err = w.tx.ListUsersByID(ctx, w.instance.ID, w.found); err != nil {
		return f, err
	}
	for i := range f.Users {
		f.Users[i].PasswordHash = "" // nobody who searches needs it (F15)
	}
	f.Tags, err = w.tx.TagsOf(ctx, w.instance.ID, w.found)
	return f, err
}

// questions are what a condition asks that a walk does not tell.
type questions struct{ profiles, tags, proficiencies bool }

func (c Condition) asks() questions {
	q := questions{
		profiles: c.Text != nil && c.Text.Field == "SecurityProfileId", tags: c.Tag != nil, proficiencies: len(c.Good) > 0,
	}
	for _, child := range slices.Concat(c.Any, c.All) {
		a := child.asks()
		q = questions{q.profiles || a.profiles, q.tags || a.tags, q.proficiencies || a.proficiencies}
	}
	return q
}
