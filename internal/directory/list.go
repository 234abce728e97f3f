package directory

import (
	"context"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Filter is a set of users that a list can show. There is none of locked users:
// failures are counted per typed name under a MAC, so that the table tells
// nobody's name, and cannot be joined with users. A user's own page shows them.
type Filter string

// The filters.
const (
	FilterAll       Filter = "all"
	FilterNoEmail   Filter = "no_email"
	FilterDisabled  Filter = "disabled"
	FilterTemporary Filter = "temporary"
	FilterGroup     Filter = "group"
	FilterProfile   Filter = "profile"
)

// Query says which page of which users. Search words are looked for among all
// users; filters are for the list without search.
type Query struct {
	Search string
	Filter Filter
	Of     string // id of the group or profile, for the filters that need one
	Cursor string // Page.Next or Page.Prev of the page before; empty is the start
	Size   int    // 25, 50 or 100; anything else is 25
}

// Page is a page of users, in order of user name; found ones in the order of
// what was found.
type Page struct {
	Users []aikagi.User
	// Shared are their addresses that somebody else has too.
	Shared map[aikagi.Email]bool
	Prev   string // cursor of the page before; empty at the start
	Next   string // cursor of the next page; empty at the end
}

// PageSize is the number of rows that a page really has for a wish.
func PageSize(wish int) int {
	switch wish {
	case 50, 100:
		return wish
	}
	return 25
}

// List reads a page of users.
func (d *Directory) List(ctx context.Context, instance aikagi.InstanceID, q Query) (Page, error) {
	return viewSome(ctx, d, instance, aikagi.UsersView, func(s scene) (Page, error) { return s.page(ctx, q) })
}

func (s scene) page(ctx context.Context, q Query) (Page, error) {
	q.Size = PageSize(q.Size)
	read := s.list
	if s.someOnly() {
		read = s.listSome
	}
	if strings.TrimSpace(q.Search) != "" {
		read = s.search
	}
	p, err := read(ctx, q)
	if err != nil {
		return p, err
	}
	for i := range p.Users {
		p.Users[i].PasswordHash = known(p.Users[i].PasswordHash)
	}
	p.Shared, err = s.shared(ctx, p.Users...)
	return p, err
}

// shared tells which addresses of users another enabled user has too, however the
// letters are written: their mail lands where others read. Of whom the actor does not
// see it tells nothing, or he could try addresses on somebody whom he sees.
func (s scene) shared(ctx context.Context, users ...aikagi.User) (map[aikagi.Email]bool, error) {
	var emails []aikagi.Email
	for _, u := range users {
		if u.Email != "" {
			emails = append(emails, u.Email)
		}
	}
	sharers, err := s.tx.ListSharers(ctx, s.instance.ID, emails)
	if err != nil {
		return nil, err
	}
	if sharers, err = s.rights.Seen(ctx, s.tx, sharers); err != nil {
		return nil, err
	}
	having := map[string]int{}
	for _, u := range sharers {
		if u.Enabled {
			having[strings.ToLower(string(u.Email))]++
		}
	}
	shared := map[aikagi.Email]bool{}
	for _, e := range emails {
		if having[strings.ToLower(string(e))] > 1 {
			shared[e] = true
		}
	}
	return shared, nil
}

// Cursors are "a" or "b" (after, before) and a user name, or "s", a search key
// and an id. They say where to go on and give no right to anything.
func cursor(kind string, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + strings.Join(parts, "\x00")))
}

func readCursor(s string) (kind, rest string) {
	plain, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(plain) < 2 || len(plain) > 1024 || !utf8.Valid(plain) {
		return "", "" // PostgreSQL refuses what is no text
	}
	kind, rest = string(plain[:1]), string(plain[1:])
	parts, known := map[string]int{"a": 1, "b": 1, "s": 2}[kind]
	if !known || strings.Count(rest, "\x00") != parts-1 {
		return "", ""
	}
	return kind, rest
}

func (s scene) list(ctx context.Context, q Query) (Page, error) {
	r := store.UserRange{Instance: s.instance.ID, Set: q.Filter.set(), Of: q.Of, Limit: q.Size + 1}
	kind, name := readCursor(q.Cursor)
	if kind == "a" || kind == "b" {
		r.From, r.Back = aikagi.Username(name), kind == "b"
	}
	users, err := s.tx.ListUsers(ctx, r)
	if err != nil {
		return Page{}, err
	}
	more := len(users) > q.Size
	if more && r.Back {
		users = users[1:]
	} else if more {
		users = users[:q.Size]
	}
	p := Page{Users: users}
	if len(users) == 0 {
		return p, nil
	}
	if r.Back || more {
		p.Next = cursor("a", string(users[len(users)-1].Username))
	}
	if r.From != "" && (!r.Back || more) {
		p.Prev = cursor("b", string(users[0].Username))
	}
	return p, nil
}

func (f Filter) set() store.UserSet {
	switch f {
	case FilterNoEmail:
		return store.UsersWithoutEmail
	case FilterDisabled:
		return store.DisabledUsers
	case FilterTemporary:
		return store.UsersMustChange
	case FilterGroup:
		return store.UsersOfGroup
	case FilterProfile:
		return store.UsersOfProfile
	case FilterAll:
	}
	return store.EveryUser
}

func (s scene) search(ctx context.Context, q Query) (Page, error) {
	if id, err := aikagi.ParseID("user", strings.TrimSpace(q.Search)); err == nil {
		u, err := s.find(ctx, aikagi.UserID(id), aikagi.UsersView)
		if err == nil {
			return Page{Users: []aikagi.User{u}}, nil
		}
		if aikagi.CodeOf(err) != aikagi.NotFound {
			return Page{}, err
		}
	}
	var after store.SearchHit
	if kind, rest := readCursor(q.Cursor); kind == "s" {
		key, id, _ := strings.Cut(rest, "\x00")
		if strings.HasPrefix(key, store.SearchKey(q.Search)) { // one of another search would show whom this one does not find
			after = store.SearchHit{Key: key, User: aikagi.UserID(id)}
		}
	}
	if s.someOnly() {
		return s.searchSome(ctx, q, after)
	}
	users, hits, err := s.tx.SearchUsers(ctx, s.instance.ID, q.Search, after, q.Size)
	if err != nil {
		return Page{}, err
	}
	p := Page{Users: users}
	if len(hits) < q.Size {
		return p, nil
	}
	last := hits[len(hits)-1]
	more, _, err := s.tx.SearchUsers(ctx, s.instance.ID, q.Search, last, 1)
	if err == nil && len(more) > 0 {
		p.Next = cursor("s", last.Key, string(last.User))
	}
	return p, err
}

// Counts are what stands beside the filters. All and NoEmail are exact; the
// others stop at 1,001, which a page shows as "1,000+".
type Counts struct {
	All, NoEmail        int64
	Disabled, Temporary int
	Withheld            bool // from whoever sees some users only: nothing was counted
}

// CountCap is where counting stops.
const CountCap = store.CountCap

func (s scene) counts(ctx context.Context) (Counts, error) {
	if s.someOnly() {
		return Counts{Withheld: true}, nil
	}
	c := Counts{All: s.instance.UserCount, NoEmail: s.instance.NoEmailCount}
	var err error
	c.Disabled, err = s.tx.CountUsers(ctx, store.UserRange{Instance: s.instance.ID, Set: store.DisabledUsers}, CountCap)
	if err != nil {
		return c, err
	}
	c.Temporary, err = s.tx.CountUsers(ctx, store.UserRange{Instance: s.instance.ID, Set: store.UsersMustChange}, CountCap)
	return c, err
}

// Overview is all that the page with the list of users shows.
type Overview struct {
	Page
	Counts    Counts
	Choices   Choices
	Repairers int // who could bring the instance back in order, up to a limit
}

// enoughRepairers is how many there have to be so that no page warns.
const enoughRepairers = 2

// Overview reads the page with the list of users: at one moment, and judged once.
func (d *Directory) Overview(ctx context.Context, instance aikagi.InstanceID, q Query) (Overview, error) {
	return viewSome(ctx, d, instance, aikagi.UsersView, func(s scene) (o Overview, err error) {
		if o.Page, err = s.page(ctx, q); err != nil {
			return o, err
		}
		if o.Counts, err = s.counts(ctx); err != nil {
			return o, err
		}
		if o.Choices, err = s.choices(ctx); err != nil {
			return o, err
		}
		o.Repairers, err = securityprofile.CountRepairers(ctx, s.tx, instance, enoughRepairers)
		return o, err
	})
}

// Few reports whether so few could repair the instance that a page warns.
func (o Overview) Few() bool { return o.Repairers < enoughRepairers }
