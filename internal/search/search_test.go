package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/store/walk"
)

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// world is an instance with people, and everything that conditions may ask of them.
type world struct {
	*Users
	t   *testing.T
	id  aikagi.InstanceID
	all []candidate
}

func onEachEngine(t *testing.T, people int, run func(*testing.T, *world)) {
	t.Helper()
	for engine, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + t.TempDir() + "/aikagi.db" },
		"postgres": func() string { return storetest.Postgres(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(t, newWorld(t, url(), people))
		})
	}
}

func newWorld(t *testing.T, url string, people int) *world {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := &world{Users: &Users{Store: s, Clock: clock.NewSet(start)}, t: t, id: aikagi.InstanceID(aikagi.NewID())}
	must(t, s.Update(t.Context(), func(tx *store.Tx) error { return w.fill(t.Context(), tx, people) }))
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) host() context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
}

func pick[T any](n int, of ...T) T { return of[n%len(of)] }

// fill makes people of whom many share something.
func (w *world) fill(ctx context.Context, tx *store.Tx, people int) error {
	err := tx.InsertInstance(ctx, aikagi.Instance{ID: w.id, Alias: "sakura", IdentityType: aikagi.ConnectManaged, CreatedAt: start, Settings: aikagi.DefaultInstanceSettings()})
	for _, id := range []string{"p1", "p2", "p3"} {
		if err == nil {
			err = tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{InstanceID: w.id, ID: aikagi.SecurityProfileID(id), Name: id})
		}
	}
	for _, g := range []struct{ id, parent string }{{"g1", ""}, {"g2", "g1"}, {"g3", "g2"}, {"g4", ""}} {
		if err == nil {
			err = tx.InsertHierarchyGroup(ctx, aikagi.HierarchyGroup{
				InstanceID: w.id, ID: aikagi.HierarchyGroupID(g.id), ParentID: aikagi.HierarchyGroupID(g.parent), Name: g.id, Level: 1,
			})
		}
	}
	for n := 0; n < people && err == nil; n++ {
		err = w.insert(ctx, tx, n)
	}
	return err
}

func (w *world) insert(ctx context.Context, tx *store.Tx, n int) error {
	u := aikagi.User{
		InstanceID: w.id, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(fmt.Sprintf("%s%03d", pick(n, "tanaka", "Ta_k", "sato.", "x"), n)),
		FirstName: pick(n/3, "花子", "Taro", "ＴＡＲＯ", "Anna Maria"), LastName: pick(n/5, "田中", "Tanaka", "O'Neil", "100%"),
		Email: aikagi.Email(fmt.Sprintf("%s%d@example.jp", pick(n, "zzz", "taro", ""), n)), Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone},
		RoutingProfileID: pick[aikagi.RoutingProfileID](n/7, "r1", "r2"), HierarchyGroupID: pick[aikagi.HierarchyGroupID](n/2, "", "g1", "g2", "g3", "g4"),
		SecurityProfileIDs: pick(n/4, []aikagi.SecurityProfileID{"p1"}, []aikagi.SecurityProfileID{"p1", "p2"}, []aikagi.SecurityProfileID{"p3"}),
		Enabled:            true, Version: 1, SecretEpoch: 1, CreatedAt: start, PasswordHash: "$argon2id$",
	}
	tags := pick(n, nil, []aikagi.Tag{{Key: "Team", Value: "A"}}, []aikagi.Tag{{Key: "Site", Value: "x y"}, {Key: "Team", Value: "B"}}, []aikagi.Tag{{Key: "Team", Value: ""}})
	good := pick(n, nil, []aikagi.Proficiency{{Attribute: "Language", Value: "Japanese", Level: 1 + n%5}, {Attribute: "Language", Value: "English", Level: 5 - n%5}})
	w.all = append(w.all, candidate{
		Person: walk.Person{
			ID: u.ID, Username: string(u.Username), FirstName: u.FirstName, LastName: u.LastName,
			RoutingProfileID: string(u.RoutingProfileID), HierarchyGroupID: string(u.HierarchyGroupID),
		},
		profiles: u.SecurityProfileIDs, tags: tags, proficiencies: good,
	})
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	if err := tx.ReplaceTags(ctx, w.id, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}, tags); err != nil {
		return err
	}
	return tx.ReplaceProficiencies(ctx, w.id, u.ID, good)
}

// every walks all pages and fails the test if somebody comes twice.
func (w *world) every(c Condition, size int) (names []string, about int64) {
	w.t.Helper()
	for next, pages := "", 0; ; pages++ {
		found, err := w.Find(w.host(), w.id, c, next, size)
		must(w.t, err)
		if len(found.Users) > size || pages > len(w.all)+5 {
			w.t.Fatalf("page %d has %d users", pages, len(found.Users))
		}
		for _, u := range found.Users {
			if u.PasswordHash != "" {
				w.t.Errorf("%s is handed out with a hash", u.Username)
			}
			names = append(names, string(u.Username))
		}
		if about = found.About; found.Next == "" {
			break
		}
		next = found.Next
	}
	slices.Sort(names)
	if compact := slices.Compact(slices.Clone(names)); len(compact) != len(names) {
		w.t.Errorf("somebody is found twice: %v", names)
	}
	return names, about
}

// those who are meant, by the condition alone.
func (w *world) those(c Condition) (names []string) {
	w.t.Helper()
	n := 0
	c, err := c.checked(&n)
	must(w.t, err)
	must(w.t, w.Store.View(w.t.Context(), func(tx *store.Tx) error {
		var below tree
		return c.settle(w.t.Context(), tx, w.id, &below)
	}))
	for _, u := range w.all {
		if c.holds(u) {
			names = append(names, u.Username)
		}
	}
	slices.Sort(names)
	return names
}

func text(field, comparison, value string) Condition {
	return Condition{Text: &TextCondition{Field: field, Comparison: comparison, Value: value}}
}

func group(id, match string) Condition {
	return Condition{Group: &GroupCondition{ID: aikagi.HierarchyGroupID(id), Match: match}}
}

func tag(key string, value ...string) Condition {
	t := &TagCondition{Key: key}
	if len(value) > 0 {
		t.Value = &value[0]
	}
	return Condition{Tag: t}
}

func good(all ...SkillCondition) Condition { return Condition{Good: all} }

func number(comparison string, bounds ...float64) SkillCondition {
	n := &NumberCondition{Field: "limit", Comparison: comparison, Min: &bounds[0], Max: &bounds[len(bounds)-1]}
	return SkillCondition{Number: n}
}

func is(field, value string) SkillCondition {
	return SkillCondition{Text: &TextCondition{Field: field, Comparison: exact, Value: value}}
}

func (w *world) leaves() []Condition {
	return []Condition{
		text("Username", startsWith, "TANAKA"), text("Username", startsWith, "ta_"), text("Username", exact, w.all[3].Username), text("Username", contains, "a_k"),
		text("Username", exact, "nobody"), text("FirstName", startsWith, "taro"), text("FirstName", exact, "Taro"), text("FirstName", startsWith, "annam"),
		text("LastName", startsWith, "田"), text("LastName", exact, "100%"), text("LastName", startsWith, "100%"), text("LastName", startsWith, "10%"),
		text("RoutingProfileId", exact, "r2"), text("SecurityProfileId", exact, "p1"), text("SecurityProfileId", startsWith, "p"),
		text("resourceId", exact, string(w.all[1].ID)), text("resourceId", startsWith, string(w.all[1].ID)[:2]),
		group("g1", exact), group("g1", "WITH_CHILD_GROUPS"), group("g9", "WITH_CHILD_GROUPS"), tag("Team"), tag("Team", "A"), tag("Team", ""), tag("Site", "x y"), tag("team", "A"),
		good(is("name", "Language"), is("value", "Japanese"), number("GREATER_OR_EQUAL", 3)), good(number("RANGE", 2, 3)), good(number("NOT_EQUAL", 5), is("value", "English")),
		good(is("name", "Language")), good(number("LESSER", 3), is("name", "Language")), good(is("name", "language")),
	}
}

// TestFindIsWhatTheConditionSays compares every way through the indexes with a look
// at everybody, for single conditions and for trees of them, in pages of all sizes.
func TestFindIsWhatTheConditionSays(t *testing.T) {
	t.Parallel()
	onEachEngine(t, 60, func(t *testing.T, w *world) {
		cases := append([]Condition{{}, {All: []Condition{{}, {}}}, {Any: []Condition{{}}}}, w.leaves()...)
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // G404: the same cases every time
		for range 150 {
			cases = append(cases, w.grow(random, 3))
		}
		some := 0
		for i, c := range cases {
			want := w.those(c)
			got, about := w.every(c, 1+i%23)
			if !slices.Equal(got, want) || about < int64(min(len(want), 1+i%23)) || about > int64(len(w.all)) {
				t.Errorf("case %d %s: found %v (about %d), want %v", i, describe(c), got, about, want)
			}
			if _, about := w.every(c, 100); about != int64(len(want)) {
				t.Errorf("case %d %s: about %d on one page, want %d", i, describe(c), about, len(want))
			}
			if len(want) > 0 && len(want) < len(w.all) {
				some++
			}
		}
		if some < len(cases)/2 {
			t.Errorf("only %d of %d cases find some and not all", some, len(cases))
		}
	})
}

func (w *world) grow(random *rand.Rand, depth int) Condition {
	if depth == 0 || random.IntN(3) == 0 {
		return pick(random.Int(), w.leaves()...)
	}
	var children []Condition
	for range 1 + random.IntN(3) {
		children = append(children, w.grow(random, depth-1))
	}
	if random.IntN(2) == 0 {
		return Condition{All: children}
	}
	return Condition{Any: children}
}

func describe(c Condition) string {
	var parts []string
	for _, child := range append(slices.Clone(c.Any), c.All...) {
		parts = append(parts, describe(child))
	}
	switch {
	case len(c.Any) > 0:
		return "(" + strings.Join(parts, " or ") + ")"
	case len(c.All) > 0:
		return "(" + strings.Join(parts, " and ") + ")"
	case c.Text != nil:
		return fmt.Sprint(*c.Text)
	case c.Group != nil:
		return fmt.Sprint(*c.Group)
	case c.Tag != nil:
		return "tag " + c.Tag.Key
	}
	return fmt.Sprint(len(c.Good), " of a proficiency")
}

// TestP16SingleConditionsEnterByAnIndex: what is asked every day walks nobody else.
func TestP16SingleConditionsEnterByAnIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/aikagi.db", 5)
	walks := map[string]bool{}
	for _, c := range []Condition{
		text("Username", contains, "a_k"), text("SecurityProfileId", startsWith, "p"),
	} {
		walks[describe(c)] = true
	}
	for _, c := range w.leaves() {
		if c.Group != nil {
			c.Group.in = map[string]bool{string(c.Group.ID): true}
		}
		named := slices.ContainsFunc(c.Good, func(s SkillCondition) bool { return s.Text != nil && s.Text.Field == "name" })
		expected := !walks[describe(c)] && (len(c.Good) == 0 || named) && !(c.Text != nil && c.Text.Comparison != exact && c.Text.Field == "resourceId")
		if entered := c.tracks() != nil; entered != expected {
			t.Errorf("%s: entered by an index: %v", describe(c), entered)
		}
	}
	narrow := Condition{All: []Condition{text("SecurityProfileId", exact, "p1"), text("Username", exact, "x"), text("Username", contains, "xx")}}
	if tracks := narrow.tracks(); len(tracks) != 1 || tracks[0].By != walk.ByUsername {
		t.Errorf("of three conditions the search enters by %v", tracks)
	}
}

// TestJ09ASearchLooksAtSoManyAtOnce: a search without an index comes in short pages,
// and finds everybody in the end.
func TestJ09ASearchLooksAtSoManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/aikagi.db", 0)
	const people = 2*mostExamined + 100
	for first := 0; first < people; first += 1000 {
		must(t, w.Store.Update(t.Context(), func(tx *store.Tx) error {
			for n := first; n < min(first+1000, people); n++ {
				err := tx.InsertUser(t.Context(), aikagi.User{
					InstanceID: w.id, ID: aikagi.UserID(fmt.Sprintf("id%06d", n)), Username: aikagi.Username(fmt.Sprintf("u%06d", n)),
					FirstName: "f", LastName: "l", Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, CreatedAt: start,
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	c := text("Username", contains, fmt.Sprintf("%06d", people-1))
	first, err := w.Find(w.host(), w.id, c, "", 10)
	must(t, err)
	if len(first.Users) != 0 || first.Next == "" {
		t.Fatalf("the first page has %d users and goes on at %q", len(first.Users), first.Next)
	}
	next, pages := first.Next, 1
	var found []aikagi.User
	for ; next != ""; pages++ {
		page, err := w.Find(w.host(), w.id, c, next, 10)
		must(t, err)
		next, found = page.Next, append(found, page.Users...)
	}
	if len(found) != 1 || pages != 3 {
		t.Errorf("found %d users on %d pages", len(found), pages)
	}
	all, err := w.Find(w.host(), w.id, Condition{}, "", 100)
	must(t, err)
	if all.About != people || len(all.Users) != 100 {
		t.Errorf("without conditions there are about %d", all.About)
	}
	many, err := w.Find(w.host(), w.id, text("Username", startsWith, "u"), "", 100)
	must(t, err)
	if many.About != store.CountCap || len(many.Users) != 100 || many.Next == "" {
		t.Errorf("beyond a thousand there are about %d", many.About)
	}
}

func TestSearchRefusesWhatItCannotMean(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/aikagi.db", 1)
	many := Condition{}
	for range maxConditions + 1 {
		many.Any = append(many.Any, tag("Team"))
	}
	half := 2.0
	for reason, all := range map[string][]Condition{
		"required": {
			text("Username", exact, ""), text("Username", startsWith, " "), group("", exact), tag(""),
			{Good: []SkillCondition{}},
			good(SkillCondition{}),
			good(SkillCondition{Number: &NumberCondition{Field: "limit", Comparison: "RANGE", Min: &half}}),
			good(SkillCondition{Number: &NumberCondition{Field: "limit", Comparison: "LESSER", Min: &half}}),
		},
		"field":      {text("Email", startsWith, "x"), text("username", exact, "x"), text("", exact, "x"), good(is("level", "3")), good(SkillCondition{Number: &NumberCondition{Field: "level", Comparison: "EQUAL", Min: &half}})},
		"comparison": {text("Username", "LIKE", "x"), text("Username", "", "x"), group("g1", ""), good(SkillCondition{Number: &NumberCondition{Field: "limit", Min: &half}})},
		"contained":  {text("Username", contains, "x"), text("Username", contains, strings.Repeat("x", 26))},
		"too_many":   {many},
	} {
		for _, c := range all {
			_, err := w.Find(w.host(), w.id, Condition{All: []Condition{{Any: []Condition{c}}}}, "", 10)
			if err == nil || aikagi.ReasonOf(err) != reason || aikagi.CodeOf(err) != aikagi.Invalid {
				t.Errorf("%s: got %v, want %s", describe(c), err, reason)
			}
		}
	}
}

// TestS25SearchIsForWhoSeesUsers: nobody else learns who is there.
func TestS25SearchIsForWhoSeesUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/aikagi.db", 3)
	as := func(a aikagi.Actor) error {
		_, err := w.Find(aikagi.WithActor(t.Context(), a), w.id, Condition{}, "", 10)
		return err
	}
	for who, c := range map[string]struct {
		actor aikagi.Actor
		want  aikagi.Code
	}{
		"nobody":              {aikagi.Actor{Kind: aikagi.ActorAnonymous}, aikagi.Unauthenticated},
		"a principal":         {aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: "p"}, aikagi.Unauthenticated},
		"a user without View": {aikagi.Actor{Kind: aikagi.ActorUser, InstanceID: w.id, UserID: w.all[0].ID}, aikagi.Forbidden},
		"somebody else's":     {aikagi.Actor{Kind: aikagi.ActorUser, InstanceID: "x", UserID: w.all[0].ID}, aikagi.NotFound},
	} {
		if err := as(c.actor); err == nil || aikagi.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", who, err, c.want)
		}
	}
}
