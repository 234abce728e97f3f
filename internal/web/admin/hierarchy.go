package admin

import (
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// treePage is what hierarchy.html shows.
type treePage struct {
	web.Page
	Levels    []string
	Top       []node
	Name      string // typed
	Parent    aikagi.HierarchyGroupID
	Where     string // the parent's path; empty on the first level
	MayCreate bool
}

// node is a group with those below it.
type node struct {
	Group aikagi.HierarchyGroup
	Path  string
	Below []node
}

func nodes(p web.Page, groups []aikagi.HierarchyGroup, parent aikagi.HierarchyGroupID, depth int) []node {
	var found []node
	for _, g := range groups {
		if g.ParentID != parent || depth >= directory.MaxLevels {
			continue
		}
		found = append(found, node{
			Group: g, Path: p.Path("/admin/hierarchy/" + string(g.ID)), Below: nodes(p, groups, g.ID, depth+1),
		})
	}
	return found
}

func (a *Admin) treePage(r *http.Request, here door.Here, parent aikagi.HierarchyGroupID) (treePage, error) {
	page := treePage{
		Page: a.Web.Page(r, "admin.hierarchy.title"), Parent: parent, MayCreate: here.May(aikagi.AgentGroupingCreate),
	}
	tree, err := a.Directory.Tree(r.Context(), here.Instance.ID)
	page.Levels, page.Top = tree.LevelNames(), nodes(page.Page, tree.Groups, "", 0)
	page.MayCreate = page.MayCreate && len(tree.Levels) > 0
	page.Where = directory.GroupPaths(tree.Groups)[parent]
	return page, err
}

func (a *Admin) showTree(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.treePage(r, here, "")
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "hierarchy.html", page)
}

// handleNewGroup makes a group; the form stands on the tree's page and on that
// of the group above.
func (a *Admin) handleNewGroup(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "group_name", "parent")
	if err != nil {
		return err
	}
	name, parent := foldName(form.Get("group_name")), aikagi.HierarchyGroupID(form.Get("parent"))
	made, err := a.Directory.CreateGroup(r.Context(), here.Instance.ID, parent, name)
	if err != nil {
		page, perr := a.treePage(r, here, parent)
		if perr != nil {
			return perr
		}
		page.Name = name
		if status := explain(&page.Page, err); status != 0 {
			return a.pages.Render(w, r, status, "hierarchy.html", page)
		}
		return err
	}
	a.Web.Flash(w, "ok", "admin.saved")
	if made.ParentID != "" {
		return back(w, r, "/admin/hierarchy/"+string(made.ParentID))
	}
	return back(w, r, "/admin/hierarchy")
}

// groupPage is what group.html shows.
type groupPage struct {
	web.Page
	Group   aikagi.HierarchyGroup
	Level   string
	Where   string
	Name    string // typed
	Below   []node
	Deepest bool

	MayEdit, MayCreate, MayDelete bool
}

func (a *Admin) groupPage(r *http.Request, here door.Here) (groupPage, error) {
	page := groupPage{
		Page:    a.Web.Page(r, "admin.hierarchy.title"),
		MayEdit: here.May(aikagi.AgentGroupingEdit), MayCreate: here.May(aikagi.AgentGroupingCreate),
		MayDelete: here.May(aikagi.AgentGroupingEnableAndDisable),
	}
	tree, err := a.Directory.Tree(r.Context(), here.Instance.ID)
	if err != nil {
		return page, err
	}
	for _, g := range tree.Groups {
		if string(g.ID) != r.PathValue("id") {
			continue
		}
		page.Group, page.Name, page.Title = g, g.Name, g.Name
		page.Where = directory.GroupPaths(tree.Groups)[g.ID]
		page.Below = nodes(page.Page, tree.Groups, g.ID, g.Level)
		page.Deepest = g.Level >= len(tree.Levels)
		if g.Level <= len(tree.Levels) {
			page.Level = tree.Levels[g.Level-1].Name
		}
		return page, nil
	}
	return page, aikagi.E(aikagi.NotFound, "hierarchy_group", nil)
}

func (a *Admin) showGroup(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.groupPage(r, here)
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "group.html", page)
}

func (a *Admin) handleGroup(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "group_name")
	if err != nil {
		return err
	}
	page, err := a.groupPage(r, here)
	if err != nil {
		return err
	}
	page.Name = foldName(form.Get("group_name"))
	if err := a.Directory.RenameGroup(r.Context(), here.Instance.ID, page.Group.ID, page.Name); err != nil {
		return a.groupAgain(w, r, page, err)
	}
	a.Web.Flash(w, "ok", "admin.saved")
	return back(w, r, "/admin/hierarchy/"+string(page.Group.ID))
}

func (a *Admin) groupAgain(w http.ResponseWriter, r *http.Request, page groupPage, why error) error {
	status := explain(&page.Page, why)
	if status == 0 {
		return why
	}
	return a.pages.Render(w, r, status, "group.html", page)
}

func (a *Admin) handleDeleteGroup(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.groupPage(r, here)
	if err != nil {
		return err
	}
	if err := a.Directory.DeleteGroup(r.Context(), here.Instance.ID, page.Group.ID); err != nil {
		return a.groupAgain(w, r, page, err)
	}
	a.Web.Flash(w, "ok", "admin.delete.done")
	return back(w, r, "/admin/hierarchy")
}
