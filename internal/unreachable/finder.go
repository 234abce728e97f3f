package unreachable

import (
	"context"
	"slices"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
)

// Instance is one of a source. Its status is Amazon's, "ACTIVE"; empty is that too.
type Instance struct{ ID, Alias, IdentityType, ARN, Status string }

// active is false of one that is being made, or could not be: it has no users yet.
func (i Instance) active() bool { return i.Status == "" || i.Status == "ACTIVE" }

// Source is where the people are.
type Source interface {
	// Name is how a report calls it.
	Name() string
	// Instances reads a page of the source's instances behind a token; "" is the start,
	// and the end.
	Instances(ctx context.Context, token string) (page []Instance, next string, err error)
	// Users reads a page of an instance's users: ids, names, and what comes with them.
	Users(ctx context.Context, instance Instance, token string) (page []Person, next string, err error)
	// Look tells all of one user of whom Users told no more than his name.
	Look(ctx context.Context, instance Instance, id string) (Person, error)
	// Profiles reads a page of security profiles; Permissions what one of them permits, if
	// Profiles did not tell.
	Profiles(ctx context.Context, instance Instance, token string) (page []Profile, next string, err error)
	Permissions(ctx context.Context, instance Instance, profile, token string) (page []string, next string, err error)
	// Guards reports whether nobody can take an administrator over by changing his address.
	Guards() bool
	// Emergency tells who could enter an instance without being one of its users. What it
	// cannot find out is part of the answer; an error ends the run.
	Emergency(ctx context.Context, instance Instance) (Emergency, error)
}

// Finder looks at everybody of a source.
type Finder struct {
	Source Source
	Saved  *Saved   // nil keeps nothing
	Only   []string // aliases or ids of instances; none is all
	Quota  Quota
	Share  float64 // of the quota, above 0 to 1
	Clock  ticker
	// Domains looks up whether mail is taken for a domain; nil looks up none.
	Domains func(ctx context.Context, domain string) (bool, error)
	// Progress is told after each user how many are done of how many, and how long the
	// rest takes at least.
	Progress func(done, total int, left time.Duration)
}

// SystemTime is the machine's time.
type SystemTime struct{ clock.Clock }

// Sleep waits, or until ctx ends.
func (SystemTime) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// What a report says of what the caller may not look at, and of an instance in which
// there is nobody to look at.
const (
	accessDenied = "access_denied"
	notActive    = "not_active"
)

// tries is how often one question is asked that the server could not answer.
const tries = 4

// Find looks at everybody. What it could not look at because the caller may not is in
// the report; any other error ends it, and what is known stays saved.
func (f *Finder) Find(ctx context.Context) (Report, error) {
	r := &run{Finder: f, pace: newPace(f.Clock, f.Quota, f.Share), domains: map[string]bool{}}
	report := Report{Source: f.Source.Name(), Instances: []InstanceReport{}}
	chosen, err := r.chosen(ctx)
	if err != nil {
		return report, err
	}
	people := make([][]Person, len(chosen))
	why := make([]string, len(chosen)) // they are not looked at
	for n, i := range chosen {
		if !i.active() {
			why[n] = notActive
			continue
		}
		people[n], err = r.users(ctx, i)
		switch {
		case err == nil:
		case aikagi.CodeOf(err) == aikagi.Forbidden:
			why[n] = accessDenied
		default:
			return report, err
		}
		r.total += len(people[n])
	}
	for n, i := range chosen {
		if why[n] != "" {
			report.Instances = append(report.Instances, InstanceReport{
				ID: i.ID, Alias: i.Alias, IdentityType: i.IdentityType, Findings: []Finding{}, Error: why[n],
			})
			continue
		}
		one, err := r.instance(ctx, i, people[n])
		if err != nil {
			return report, err
		}
		report.Instances = append(report.Instances, one)
	}
	report.FinishedAt = f.Clock.Now().UTC()
	return report, nil
}

// One is the one instance that is meant; a Conflict if there are several and none is
// named.
func (f *Finder) One(ctx context.Context) (Instance, error) {
	r := &run{Finder: f, pace: newPace(f.Clock, f.Quota, f.Share)}
	chosen, err := r.chosen(ctx)
	switch {
	case err != nil:
		return Instance{}, err
	case len(chosen) == 0:
		return Instance{}, aikagi.Because(aikagi.NotFound, "instance", "none")
	case len(chosen) > 1:
		return Instance{}, aikagi.Because(aikagi.Conflict, "instance", "several")
	}
	return chosen[0], nil
}

// run is one run of a finder.
type run struct {
	*Finder
	pace        *pace // of all operations: documents differ on whether they share a quota
	domains     map[string]bool
	total, done int
}

func (r *run) chosen(ctx context.Context) ([]Instance, error) {
	all, err := pages(ctx, r, r.Source.Instances)
	if err != nil || len(r.Only) == 0 {
		return all, err
	}
	var chosen []Instance
	for _, name := range r.Only {
		found := false
		for _, i := range all {
			if i.Alias == name || i.ID == name {
				chosen, found = append(chosen, i), true
			}
		}
		if !found {
			return nil, &aikagi.Error{Code: aikagi.NotFound, Subject: "instance", Reason: "unknown"}
		}
	}
	return chosen, nil
}

func (r *run) users(ctx context.Context, i Instance) ([]Person, error) {
	return pages(ctx, r, func(ctx context.Context, token string) ([]Person, string, error) {
		return r.Source.Users(ctx, i, token)
	})
}

// pages reads a list to its end.
func pages[T any](ctx context.Context, r *run, read func(context.Context, string) ([]T, string, error)) (all []T, err error) {
	for token := ""; ; {
		var page []T
		var next string // apart from token, with which a page that failed is asked for again
		err := r.ask(ctx, func(ctx context.Context) (err error) {
			page, next, err = read(ctx, token)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if token = next; token == "" {
			return all, nil
		}
	}
}

// ask asks at the pace. Too many requests slow it down, and a server that fails is
// asked again a few times; neither loses the question.
func (r *run) ask(ctx context.Context, question func(context.Context) error) error {
	for failed := 0; ; {
		if err := r.pace.wait(ctx); err != nil {
			return err
		}
		err := question(ctx)
		switch {
		case err == nil:
			r.pace.took()
			return nil
		case aikagi.CodeOf(err) == aikagi.Throttled:
			r.pace.throttled()
		case aikagi.CodeOf(err) == aikagi.Unavailable && failed < tries-1:
			failed++
			if err := r.Clock.Sleep(ctx, time.Second<<failed); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// instance looks at everybody of one instance.
func (r *run) instance(ctx context.Context, i Instance, people []Person) (InstanceReport, error) {
	report := InstanceReport{ID: i.ID, Alias: i.Alias, IdentityType: i.IdentityType, Findings: []Finding{}}
	all := make([]line, 0, len(people))
	for _, p := range people {
		l, exists, err := r.person(ctx, i, p)
		if err != nil {
			return report, err
		}
		r.done++
		if r.Progress != nil {
			r.Progress(r.done, r.total, r.pace.left(r.total-r.done))
		}
		if exists {
			all = append(all, l)
		}
	}
	shared(all)
	for n, l := range all {
		if l.Reason == "" && l.Domain != "" && !r.takesMail(ctx, l.Domain) {
			l.Reason, l.Detail = NoMailDomain, l.Domain
			all[n] = l
		}
		report.Users.Total++
		if l.Reason != Unchecked {
			report.Users.Checked++
		}
		if l.Reason != "" {
			report.Findings = append(report.Findings, Finding{l.User, l.Username, l.Reason, l.Detail})
		}
	}
	inOrder(report.Findings)
	if err := r.keepLook(i, people, all); err != nil {
		return report, err
	}
	var err error
	report.Readiness, err = r.readiness(ctx, i, all)
	return report, err
}

// keepLook keeps who has which address where that took a request a user, and everybody
// was looked at.
func (r *run) keepLook(i Instance, people []Person, all []line) error {
	told := slices.ContainsFunc(people, func(p Person) bool { return p.Whole })
	missing := slices.ContainsFunc(all, func(l line) bool { return l.Reason == Unchecked || l.Reason == NotApplicable })
	if r.Saved == nil || told || missing {
		return nil
	}
	return r.Saved.keepLook(newLook(r.Source.Name(), i.ID, r.Clock.Now().UTC(), all))
}

// person is what is known of one user, or is found out now. One who is gone meanwhile
// does not exist.
func (r *run) person(ctx context.Context, i Instance, p Person) (l line, exists bool, err error) {
	l = line{Instance: i.ID, User: p.ID, Username: p.Username}
	if i.IdentityType != string(aikagi.ConnectManaged) {
		l.Reason, l.Detail = NotApplicable, i.IdentityType
		return l, true, nil
	}
	if p.Whole {
		return judged(l, p), true, nil
	}
	if r.Saved != nil {
		if known, ok := r.Saved.find(i.ID, p.ID); ok {
			return known, true, nil
		}
	}
	err = r.ask(ctx, func(ctx context.Context) (err error) {
		p, err = r.Source.Look(ctx, i, l.User)
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return l, false, nil // deleted since the list
	}
	if aikagi.CodeOf(err) == aikagi.Forbidden {
		l.Reason, l.Detail = Unchecked, accessDenied
		return l, true, nil // not saved: the next run may have the right
	}
	if err != nil {
		return l, true, err
	}
	l = judged(l, p)
	if r.Saved != nil {
		err = r.Saved.keep(l)
	}
	return l, true, err
}

func judged(l line, p Person) line {
	l.Reason, l.Detail = Judge(p)
	l.Mark, l.Domain, l.Profiles = mark(p.Email), domain(p.Email), p.Profiles
	return l
}

// shared finds those who have an address together.
func shared(all []line) {
	first := map[string]int{}
	for n, l := range all {
		if l.Mark == "" || l.Reason != "" && l.Reason != SharedMailbox {
			continue
		}
		other, twice := first[l.Mark]
		if !twice {
			first[l.Mark] = n
			continue
		}
		all[n].Reason, all[n].Detail = SharedMailbox, all[other].Username
		if all[other].Reason == "" {
			all[other].Reason, all[other].Detail = SharedMailbox, l.Username
		}
	}
}

// takesMail looks a domain up once. Where the DNS does not answer nobody is accused.
func (r *run) takesMail(ctx context.Context, domain string) bool {
	if r.Domains == nil {
		return true
	}
	takes, known := r.domains[domain]
	if !known {
		var err error
		if takes, err = r.Domains(ctx, domain); err != nil {
			takes = true
		}
		r.domains[domain] = takes
	}
	return takes
}
