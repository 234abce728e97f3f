package unreachable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
)

// still is a clock on which time passes only while somebody sleeps; meanwhile another
// may do something every so often.
type still struct {
	now     time.Time
	every   time.Duration
	next    time.Time
	another func()
}

func (s *still) Now() time.Time { return s.now }

func (s *still) Sleep(ctx context.Context, d time.Duration) error {
	until := s.now.Add(d)
	for s.another != nil && !s.next.After(until) {
		s.now = s.next
		s.another()
		s.next = s.next.Add(s.every)
	}
	s.now = until
	return ctx.Err()
}

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// server is a source with a quota: a bucket for all who ask, as Amazon has one.
type server struct {
	clock     *still
	quota     Quota
	tokens    float64
	last      time.Time
	people    []Person
	kind      aikagi.IdentityType
	asked     map[string]int // how often for whom
	requests  int
	throttled int
	fail      func(request int, id string) error // before the answer
}

func newServer(people ...Person) *server {
	c := &still{now: start, next: start}
	return &server{clock: c, quota: AmazonsQuota, tokens: 5, last: start, people: people, kind: aikagi.ConnectManaged, asked: map[string]int{}}
}

func (s *server) take() error {
	s.tokens = min(float64(s.quota.Burst), s.tokens+s.clock.now.Sub(s.last).Seconds()*s.quota.Rate)
	s.last = s.clock.now
	if s.tokens < 1 {
		s.throttled++
		return aikagi.E(aikagi.Throttled, "answer", nil)
	}
	s.tokens--
	return nil
}

func (s *server) answer(id string) error {
	s.requests++
	if err := s.take(); err != nil {
		return err
	}
	if s.fail != nil {
		return s.fail(s.requests, id)
	}
	return nil
}

func (s *server) Name() string { return "https://connect.example" }

func (s *server) Instances(context.Context, string) ([]Instance, string, error) {
	return []Instance{{ID: "i", Alias: "sakura", IdentityType: string(s.kind)}}, "", s.answer("")
}

func (s *server) Users(_ context.Context, _ Instance, token string) (page []Person, next string, err error) {
	at := 0
	if token != "" {
		_, _ = fmt.Sscan(token, &at)
	}
	end := min(at+usersPage, len(s.people))
	for _, p := range s.people[at:end] {
		page = append(page, Person{ID: p.ID, Username: p.Username})
	}
	if end < len(s.people) {
		next = fmt.Sprint(end)
	}
	return page, next, s.answer("list")
}

func (s *server) Look(_ context.Context, _ Instance, id string) (Person, error) {
	if err := s.answer(id); err != nil {
		return Person{}, err
	}
	s.asked[id]++
	for _, p := range s.people {
		if p.ID == id {
			return p, nil
		}
	}
	return Person{}, aikagi.E(aikagi.NotFound, "user", nil)
}

func (s *server) Guards() bool { return false }

func (s *server) Emergency(context.Context, Instance) (Emergency, error) {
	return notKnown("", "", notTold), nil
}

func (s *server) Profiles(context.Context, Instance, string) ([]Profile, string, error) {
	return []Profile{{ID: "admin", Name: "Admin"}, {ID: "desk", Name: "Desk"}, {ID: "agent", Name: "Agent"}}, "", s.answer("profiles")
}

func (s *server) Permissions(_ context.Context, _ Instance, profile, token string) ([]string, string, error) {
	held := map[string][]string{
		"admin": {"Users.View", "Users.Edit", "Users.EditPermission"}, "desk": {"Users.View", "Users.Edit"}, "agent": {"BasicAgentAccess"},
	}[profile]
	if token == "" && len(held) > 1 {
		return held[:1], "more", s.answer("permissions")
	}
	if token != "" {
		held = held[1:]
	}
	return held, "", s.answer("permissions")
}

func (s *server) finder(share float64) *Finder {
	return &Finder{Source: s, Clock: s.clock, Quota: s.quota, Share: share}
}

func crowd(n int) (all []Person) {
	for k := range n {
		p := Person{ID: fmt.Sprintf("u%05d", k), Username: fmt.Sprintf("user%05d", k), Email: fmt.Sprintf("user%05d@example.jp", k)}
		if k%50 == 7 {
			p.Email = ""
		}
		all = append(all, p)
	}
	return all
}

func find(t *testing.T, f *Finder) Report {
	t.Helper()
	r, err := f.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAShareOfTheQuotaIsUsedAndNoMore: 500 users take the time that the share allows,
// nobody is throttled, and another client that keeps to the rest is not either.
func TestAShareOfTheQuotaIsUsedAndNoMore(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{1, 0.5, 0.2} {
		s := newServer(crowd(500)...)
		others, refused := 0, 0
		if rest := s.quota.Rate * (1 - share); rest > 0 {
			s.clock.every = time.Duration(float64(time.Second) / rest)
			s.clock.another = func() {
				others++
				if s.take() != nil {
					refused++
				}
			}
		}
		r := find(t, s.finder(share))
		requests := float64(502)
		least := time.Duration((requests - max(1, 5*share)) / (2 * share) * float64(time.Second))
		if took := s.clock.now.Sub(start); took > least*105/100 || r.Found() != 10 {
			t.Errorf("share %v: found %d in %v, at least %v", share, r.Found(), took, least)
		}
		if s.throttled > 0 || refused > 0 || share < 1 && others < 100 {
			t.Errorf("share %v: %d of ours and %d of %d of another are throttled", share, s.throttled, refused, others)
		}
	}
}

// TestItStepsBackWhenOthersAsk: what is throttled is asked again, and seldom is.
func TestItStepsBackWhenOthersAsk(t *testing.T) {
	t.Parallel()
	s := newServer(crowd(200)...)
	s.quota, s.tokens = Quota{Rate: 0.5, Burst: 1}, 1 // others use the rest
	f := s.finder(1)
	f.Quota = AmazonsQuota
	r := find(t, f)
	if r.Instances[0].Users != (Count{200, 200}) || r.Found() != 4 {
		t.Errorf("%+v", r.Instances[0].Users)
	}
	for id, n := range s.asked {
		if n != 1 {
			t.Errorf("%s was looked at %d times", id, n)
		}
	}
	if s.throttled > s.requests/2 {
		t.Errorf("%d of %d requests were throttled", s.throttled, s.requests)
	}
}

var errKilled = errors.New("killed")

// TestAnInterruptedRunGoesOn: nothing that was known is asked for again, wherever the
// run was cut off, and a line that was half written is no answer.
func TestAnInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "below", "saved.jsonl")
	s := newServer(crowd(60)...)
	for cut := range 6 {
		saved, err := OpenSaved(path, s.Name())
		if err != nil {
			t.Fatal(err)
		}
		s.requests = 0
		s.fail = func(n int, _ string) error {
			if n > 10 {
				return errKilled
			}
			return nil
		}
		f := s.finder(1)
		f.Saved = saved
		if _, err := f.Find(t.Context()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if saved.Known() < (cut+1)*7 { // of ten requests, with the two lists and one that came too early
			t.Errorf("%d are known after run %d", saved.Known(), cut)
		}
		half, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = half.WriteString(`{"i":"i","u":"u00059","r":"no_em`)
		_ = half.Close()
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "@") {
		t.Errorf("what is kept names mailboxes: %v %s", err, text)
	}
	saved, err := OpenSaved(path, s.Name())
	if err != nil {
		t.Fatal(err)
	}
	s.fail = nil
	f := s.finder(1)
	f.Saved = saved
	if r := find(t, f); r.Found() != 2 || r.Instances[0].Users != (Count{60, 60}) {
		t.Errorf("%+v", r)
	}
	for id, n := range s.asked {
		if n != 1 {
			t.Errorf("%s was asked for %d times", id, n)
		}
	}
	if err := saved.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run that ended leaves %v", err)
	}
}

// TestARunOfAnotherSourceIsNotGoneOnWith.
func TestARunOfAnotherSourceIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "saved.jsonl")
	one, err := OpenSaved(path, "one")
	if err != nil || one.keep(line{Instance: "i", User: "u"}) != nil || one.Close() != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]int{"one": 1, "other": 0} {
		copied := filepath.Join(t.TempDir(), "copy")
		text, _ := os.ReadFile(path)
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenSaved(copied, source)
		if err != nil || s.Known() != want {
			t.Errorf("%s: %d, %v", source, s.Known(), err)
		}
		_ = s.Close()
	}
}

// TestWhatCannotBeLookedAtIsSaid, and the rest is looked at.
func TestWhatCannotBeLookedAtIsSaid(t *testing.T) {
	t.Parallel()
	s := newServer(crowd(20)...)
	gone, broken := 0, 0
	s.fail = func(_ int, id string) error {
		switch id {
		case "u00003":
			return aikagi.E(aikagi.Forbidden, "answer", nil)
		case "u00004":
			gone++
			return aikagi.E(aikagi.NotFound, "answer", nil)
		case "u00005":
			if broken++; broken < 3 {
				return aikagi.E(aikagi.Unavailable, "server", nil)
			}
		}
		return nil
	}
	r := find(t, s.finder(1))
	if i := r.Instances[0]; i.Users != (Count{19, 18}) || r.Found() != 1 || r.Unchecked() != 1 || gone != 1 || broken != 3 {
		t.Errorf("%+v", i)
	}
	s.fail = func(_ int, id string) error {
		if id == "list" {
			return aikagi.E(aikagi.Forbidden, "answer", nil)
		}
		return nil
	}
	if r := find(t, s.finder(1)); !r.Denied() || r.Instances[0].Users.Total != 0 {
		t.Errorf("%+v", r)
	}
	s.fail = func(n int, _ string) error {
		if n > s.requests-1 && n%7 == 0 {
			return aikagi.E(aikagi.Unauthenticated, "answer", nil)
		}
		return nil
	}
	if _, err := s.finder(1).Find(t.Context()); aikagi.CodeOf(err) != aikagi.Unauthenticated {
		t.Errorf("expired credentials: %v", err)
	}
}

// TestReasons of everybody at once.
func TestReasons(t *testing.T) {
	t.Parallel()
	people := []Person{
		{ID: "1", Username: "ok", Email: "tanaka@example.jp"},
		{ID: "2", Username: "none"},
		{ID: "3", Username: "blank", Email: "  "},
		{ID: "4", Username: "broken", Email: "tanaka@"},
		{ID: "5", Username: "broken2", Email: "tanaka example.jp"},
		{ID: "6", Username: "role", Email: "HelpDesk+night@example.jp"},
		{ID: "7", Username: "twin a", Email: "sato@example.jp"},
		{ID: "8", Username: "twin b", Email: "Sato@Example.JP"},
		{ID: "9", Username: "back", Email: "back@example.jp", Bounced: true},
		{ID: "10", Username: "off", Disabled: true},
		{ID: "11", Username: "off twin", Email: "tanaka@example.jp", Disabled: true},
		{ID: "12", Username: "nowhere", Email: "a@no-mail.example"},
		{ID: "13", Username: "unknown", Email: "a@slow.example"},
	}
	s := newServer(people...)
	f := s.finder(1)
	looked := map[string]int{}
	f.Domains = func(_ context.Context, domain string) (bool, error) {
		looked[domain]++
		switch domain {
		case "no-mail.example":
			return false, nil
		case "slow.example":
			return false, errors.New("no answer")
		}
		return true, nil
	}
	r := find(t, f)
	var got []string
	for _, x := range r.Instances[0].Findings {
		got = append(got, strings.TrimSuffix(fmt.Sprintf("%s: %s %s", x.Username, x.Reason, x.Detail), " "))
	}
	want := []string{
		"back: bounced", "blank: no_email", "broken: malformed_email shape", "broken2: malformed_email shape", "none: no_email",
		"nowhere: no_mail_domain no-mail.example", "role: shared_mailbox role", "twin a: shared_mailbox twin b", "twin b: shared_mailbox twin a",
		"off: disabled", "off twin: disabled",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.Found() != 9 || looked["example.jp"] != 1 {
		t.Errorf("found %d, looked up %v", r.Found(), looked)
	}
	s.kind = aikagi.SAML
	s.requests = 0
	s.clock.now = s.clock.now.Add(time.Minute)
	if r = find(t, s.finder(1)); r.Found() != 0 || len(r.Instances[0].Findings) != len(people) || s.requests != 2 {
		t.Errorf("of a SAML instance: %d found, %d findings, %d requests", r.Found(), len(r.Instances[0].Findings), s.requests)
	}
}

// TestTenThousandUsersNeedLittleMemory: below 50 MB.
func TestTenThousandUsersNeedLittleMemory(t *testing.T) {
	t.Parallel()
	s := newServer(crowd(10_000)...)
	saved, err := OpenSaved(filepath.Join(t.TempDir(), "saved"), s.Name())
	if err != nil {
		t.Fatal(err)
	}
	f := s.finder(1)
	f.Saved = saved
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := find(t, f)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 50<<20 || r.Found() != 200 { //nolint:gosec // G115: memory of this machine
		t.Errorf("%d bytes, found %d", used, r.Found())
	}
	runtime.KeepAlive(f)
}

// TestReadinessIsWhoCouldHelp: administrators who can get in by themselves, helpers, and
// those who could take an administrator over.
func TestReadinessIsWhoCouldHelp(t *testing.T) {
	t.Parallel()
	s := newServer(
		Person{ID: "1", Username: "boss", Email: "boss@example.jp", Profiles: []string{"admin"}},
		Person{ID: "2", Username: "locked", Profiles: []string{"agent", "admin"}},
		Person{ID: "3", Username: "desk", Email: "desk1@example.jp", Profiles: []string{"desk"}},
		Person{ID: "4", Username: "agent", Email: "agent1@example.jp", Profiles: []string{"agent"}},
		Person{ID: "5", Username: "left", Profiles: []string{"admin"}, Disabled: true},
		Person{ID: "6", Username: "gone", Email: "gone@example.jp", Profiles: []string{"no such profile"}},
	)
	got := find(t, s.finder(1)).Instances[0].Readiness
	want := &Readiness{
		Known: true, Administrators: []string{"boss", "locked"}, Ready: []string{"boss"}, Helpers: []string{"boss", "locked", "desk"}, Takeovers: []string{"desk"},
		Emergency: notKnown("", "", notTold),
	}
	if diff := cmp.Diff(want, got); diff != "" || got.OK() {
		t.Errorf("OK %v: %s", got.OK(), diff)
	}
	s.people[1].Email = "locked@example.jp"
	if got = find(t, s.finder(1)).Instances[0].Readiness; !got.OK() {
		t.Errorf("two can get in: %+v", got)
	}
	s.fail = func(_ int, id string) error {
		if id == "permissions" {
			return aikagi.E(aikagi.Forbidden, "answer", nil)
		}
		return nil
	}
	if got = find(t, s.finder(1)).Instances[0].Readiness; got.Known || got.Error != accessDenied || got.OK() {
		t.Errorf("%+v", got)
	}
	s.kind = aikagi.SAML
	if got = find(t, s.finder(1)).Instances[0].Readiness; got != nil {
		t.Errorf("of SAML: %+v", got)
	}
}
