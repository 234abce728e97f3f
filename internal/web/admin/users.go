package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// usersPage is what users.html shows.
type usersPage struct {
	web.Page
	Me       door.Here
	Counts   directory.Counts
	Chips    []chip
	Rows     []userRow
	Pager    web.Pager
	Search   string
	Filtered bool // not simply everybody
	NoEmail  bool // the good-news filter
	Sizes    []chip
	Profiles []web.Choice
	Groups   []web.Choice
	Last     bool // one administrator is left
	Export   string
}

type chip struct {
	Text, Path string
	Current    bool
}

type userRow struct {
	User     aikagi.User
	Name     string
	Profiles string
	Group    string
	Badges   []badge
}

func (a *Admin) showHome(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if here.May(aikagi.UsersView) {
		return back(w, r, "/admin/users")
	}
	return back(w, r, "/me")
}

// listFields are the fields of the list's address.
var listFields = []string{"q", "filter", "of", "profile", "group", "page", "n", "size", "lang"}

func (a *Admin) showUsers(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseQuery(r, listFields...)
	if err != nil {
		return err
	}
	q := queryOf(form)
	found, err := a.Directory.Overview(r.Context(), here.Instance.ID, q)
	if err != nil {
		return err
	}
	choices := found.Choices
	page := usersPage{Page: a.Web.Page(r, "admin.users.title"), Me: here, Search: q.Search, Counts: found.Counts, Last: found.Few()}
	page.Rows = userRows(page.Page, found.Users, found.Shared, choices)
	page.Filtered = q.Search != "" || q.Filter != directory.FilterAll
	page.NoEmail = q.Filter == directory.FilterNoEmail && q.Search == ""
	page.Chips, page.Sizes = filterChips(page.Page, q, page.Counts), sizeChips(page.Page, q)
	page.Profiles = append([]web.Choice{{Text: page.T("admin.any")}}, profileChoices(choices, q)...)
	page.Groups = append([]web.Choice{{Text: page.T("admin.any")}}, groupChoices(choices.Groups, aikagi.HierarchyGroupID(ofFilter(q, directory.FilterGroup)))...)
	part := max(number(form.Get("n")), 1)
	page.Pager = pagerOf(page.Page, q, found.Page, part)
	if page.Pager.Prev != "" || page.Pager.Next != "" {
		page.Part = partOf(part, q, page.Counts)
	}
	q.Cursor, q.Size = "", directory.PageSize(0) // all pages
	page.Export = queryPath(page.Path("/admin/users/export"), q)
	return a.pages.Render(w, r, http.StatusOK, "users.html", page)
}

// queryOf reads the list's address. The selects for profile and group come as
// fields of their own and win over the chips.
func queryOf(form web.Form) directory.Query {
	q := directory.Query{
		Search: strings.TrimSpace(form.Get("q")), Filter: directory.Filter(form.Get("filter")), Of: form.Get("of"),
		Cursor: form.Get("page"), Size: directory.PageSize(number(form.Get("size"))),
	}
	switch q.Filter {
	case directory.FilterNoEmail, directory.FilterDisabled, directory.FilterTemporary,
		directory.FilterGroup, directory.FilterProfile:
	default:
		q.Filter = directory.FilterAll
	}
	if id := form.Get("profile"); id != "" {
		q.Filter, q.Of = directory.FilterProfile, id
	}
	if id := form.Get("group"); id != "" {
		q.Filter, q.Of = directory.FilterGroup, id
	}
	return q
}

// number reads a number of the address; nonsense is 0.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func ofFilter(q directory.Query, f directory.Filter) string {
	if q.Filter == f {
		return q.Of
	}
	return ""
}

// address is the list's address for a query.
func listPath(p web.Page, q directory.Query) string { return queryPath(p.Path("/admin/users"), q) }

func queryPath(path string, q directory.Query) string {
	v := url.Values{}
	set := func(name, value, usual string) {
		if value != usual {
			v.Set(name, value)
		}
	}
	set("q", q.Search, "")
	set("filter", string(q.Filter), string(directory.FilterAll))
	set("of", q.Of, "")
	set("page", q.Cursor, "")
	set("size", strconv.Itoa(q.Size), "25")
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func filterChips(p web.Page, q directory.Query, c directory.Counts) []chip {
	var chips []chip
	add := func(f directory.Filter, text i18n.Key, count string) {
		if c.Withheld {
			count = ""
		}
		chips = append(chips, chip{
			Text: strings.TrimSpace(p.T(text) + " " + count), Current: q.Search == "" && q.Filter == f,
			Path: listPath(p, directory.Query{Filter: f, Size: q.Size}),
		})
	}
	add(directory.FilterAll, "admin.users.all", i18n.Number(c.All))
	add(directory.FilterNoEmail, "admin.state.no_email", i18n.Number(c.NoEmail))
	add(directory.FilterTemporary, "admin.state.temporary", capped(c.Temporary))
	add(directory.FilterDisabled, "admin.state.disabled", capped(c.Disabled))
	return chips
}

func sizeChips(p web.Page, q directory.Query) []chip {
	var chips []chip
	for _, n := range []int{25, 50, 100} {
		other := q
		other.Size, other.Cursor = n, ""
		chips = append(chips, chip{Text: strconv.Itoa(n), Path: listPath(p, other), Current: q.Size == n})
	}
	return chips
}

func userRows(p web.Page, users []aikagi.User, shared map[aikagi.Email]bool, c directory.Choices) []userRow {
	profiles := map[aikagi.SecurityProfileID]string{}
	for _, x := range c.Profiles {
		profiles[x.ID] = x.Name
	}
	groups := directory.GroupPaths(c.Groups)
	rows := make([]userRow, len(users))
	for i, u := range users {
		names := make([]string, len(u.SecurityProfileIDs))
		for j, id := range u.SecurityProfileIDs {
			names[j] = profiles[id]
		}
		rows[i] = userRow{
			User: u, Name: u.FullName(p.Locale()), Profiles: strings.Join(names, ", "),
			Group: groups[u.HierarchyGroupID], Badges: badges(p, u, shared[u.Email]),
		}
	}
	return rows
}

func profileChoices(c directory.Choices, q directory.Query) []web.Choice {
	choices := make([]web.Choice, len(c.Profiles))
	for i, x := range c.Profiles {
		choices[i] = web.Choice{
			Value: string(x.ID), Text: x.Name, Chosen: ofFilter(q, directory.FilterProfile) == string(x.ID),
		}
	}
	return choices
}

func groupChoices(groups []aikagi.HierarchyGroup, chosen aikagi.HierarchyGroupID) []web.Choice {
	paths := directory.GroupPaths(groups)
	choices := make([]web.Choice, len(groups))
	for i, g := range groups {
		choices[i] = web.Choice{Value: string(g.ID), Text: paths[g.ID], Chosen: g.ID == chosen}
	}
	return choices
}

func pagerOf(p web.Page, q directory.Query, found directory.Page, part int) web.Pager {
	pager := web.Pager{Text: p.T("admin.users.shown", "n", len(found.Users))}
	if found.Prev != "" {
		q.Cursor = found.Prev
		pager.Prev = listPath(p, q) + "&n=" + strconv.Itoa(part-1)
	}
	if found.Next != "" {
		q.Cursor = found.Next
		pager.Next = listPath(p, q) + "&n=" + strconv.Itoa(part+1)
	}
	return pager
}

// partOf says which part of the list a page is, for its title: "2/6", or "2"
// where nobody has counted how many there are. The number in the address only
// counts along; where a page begins is what the cursor says.
func partOf(part int, q directory.Query, c directory.Counts) string {
	all := 0
	switch {
	case q.Search != "":
	case q.Filter == directory.FilterAll:
		all = int(c.All)
	case q.Filter == directory.FilterNoEmail:
		all = int(c.NoEmail)
	}
	if parts := (all + q.Size - 1) / q.Size; parts >= part {
		return strconv.Itoa(part) + "/" + strconv.Itoa(parts)
	}
	return strconv.Itoa(part)
}
