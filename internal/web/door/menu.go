package door

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web"
)

// entry is a page of the menu and what one needs to see it.
type entry struct {
	label i18n.Key
	path  string
	needs aikagi.Permission
	also  string // pages that belong to it but lie elsewhere
	whole bool   // it is about everybody
}

// menu makes the menu of whoever is logged in. It is the same on all pages, so
// that nothing moves while one goes from page to page.
func menu(visit *web.Visit, here Here) *web.Menu {
	m := &web.Menu{
		Home: visit.Path("/me"), LogOut: visit.Path(LogoutPath),
		Account: []web.MenuItem{{Label: "menu.me", Path: visit.Path("/me")}},
	}
	if here.Emergency {
		m.Home, m.LogOut, m.Account = visit.Path("/repair"), visit.Path("/emergency/end"), nil
		m.Groups = append(m.Groups, web.MenuGroup{
			Label: "menu.emergency",
			Items: []web.MenuItem{{Label: "menu.repair", Path: visit.Path("/repair")}},
		})
	}
	people := group(visit, here, "menu.people",
		entry{label: "menu.users", path: "/admin/users", needs: aikagi.UsersView, also: "/admin/import"},
		entry{label: "menu.requests", path: "/admin/requests", needs: aikagi.UsersEdit},
		entry{label: "menu.profiles", path: "/admin/profiles", needs: aikagi.SecurityProfilesView},
		entry{label: "menu.hierarchy", path: "/admin/hierarchy", needs: aikagi.AgentGroupingView},
	)
	operation := group(visit, here, "menu.operation",
		entry{label: "menu.mail", path: "/admin/mail", needs: aikagi.UsersEdit, whole: true},
		entry{label: "menu.audit", path: "/admin/audit", needs: aikagi.HistoricalChangesView, whole: true},
		entry{label: "menu.settings", path: "/admin/settings", needs: aikagi.SecurityProfilesEdit, whole: true},
	)
	for _, g := range []web.MenuGroup{people, operation} {
		if len(g.Items) > 0 {
			m.Groups = append(m.Groups, g)
		}
	}
	return m
}

func group(visit *web.Visit, here Here, label i18n.Key, entries ...entry) web.MenuGroup {
	g := web.MenuGroup{Label: label}
	for _, e := range entries {
		if !here.May(e.needs) || e.whole && !here.MayEverywhere(e.needs) {
			continue
		}
		item := web.MenuItem{Label: e.label, Path: visit.Path(e.path)}
		if e.also != "" {
			item.Also = visit.Path(e.also)
		}
		g.Items = append(g.Items, item)
	}
	return g
}
