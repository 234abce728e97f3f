package console

import (
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// emergencyCookie carries the hand-over secret for a minute; the instance is in
// its name.
func emergencyCookie(id aikagi.InstanceID) string { return "emergency-" + string(id) }

// openHandover is where the link of the console leads. It spends nothing.
func (c *Console) openHandover(w http.ResponseWriter, r *http.Request, at door.Here) error {
	return c.carry(w, r, emergencyCookie(at.Instance.ID), web.Path(r, "/emergency"), aikagi.GrantStartTTL)
}

// startPage is what start.html shows.
type startPage struct {
	web.Page
	Instance aikagi.Instance
	Grant    aikagi.EmergencyGrant
	Minutes  int
}

func (c *Console) showHandover(w http.ResponseWriter, r *http.Request, at door.Here) error {
	token, err := c.carried(r, emergencyCookie(at.Instance.ID))
	if err != nil {
		return err
	}
	grant, err := c.Emergency.Look(r.Context(), at.Instance.ID, token)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "start.html", startPage{
		Page: c.Web.Page(r, "console.start.title"), Instance: at.Instance, Grant: grant,
		Minutes: int(aikagi.GrantSessionTTL.Minutes()),
	})
}

// handleHandover spends the secret. A session that the browser had here, of
// whomever, is replaced and not joined.
func (c *Console) handleHandover(w http.ResponseWriter, r *http.Request, at door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "grant")
	if err != nil {
		return err
	}
	token, err := c.carried(r, emergencyCookie(at.Instance.ID))
	if err != nil {
		return err
	}
	grant, err := c.Emergency.Look(r.Context(), at.Instance.ID, token)
	if err != nil {
		return err
	}
	if form.Get("grant") != string(grant.ID) {
		return mixedUp("emergency_grant")
	}
	started, err := c.Emergency.Start(r.Context(), at.Instance.ID, token, r.UserAgent())
	if err != nil {
		return err
	}
	if err := c.leave(r, at); err != nil {
		return err
	}
	http.SetCookie(w, c.Web.DropCookie(emergencyCookie(at.Instance.ID)))
	c.Door.SetCookie(w, started.Session, started.Token, c.Clock.Now())
	return web.SeeOther(w, r, web.Path(r, "/repair"))
}

// leave ends what the browser had open here before. An emergency access that is
// left behind ends with its grant, or it would go on for half an hour.
func (c *Console) leave(r *http.Request, at door.Here) error {
	switch {
	case at.Emergency:
		return c.Emergency.End(r.Context())
	case at.LoggedIn():
		return c.Door.Sessions.End(r.Context(), at.Session)
	}
	return nil
}

func (c *Console) handleEnd(w http.ResponseWriter, r *http.Request, at door.Here) error {
	if err := c.Emergency.End(r.Context()); err != nil {
		return err
	}
	c.Door.DropCookie(w, at.Instance.ID)
	c.Web.Flash(w, "ok", "console.repair.ended")
	return web.SeeOther(w, r, web.Path(r, "/login"))
}

// repairPage is what repair.html shows.
type repairPage struct {
	web.Page
	Findings emergency.Findings
}

// showRepair says what is broken and leads to where it is mended. It is for
// emergency access: others have no use for it.
func (c *Console) showRepair(w http.ResponseWriter, r *http.Request, at door.Here) error {
	if !at.Emergency {
		return aikagi.Because(aikagi.Forbidden, "emergency_grant", "only")
	}
	found, err := c.Emergency.Findings(r.Context(), at.Instance.ID)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "repair.html",
		repairPage{Page: c.Web.Page(r, "console.repair.title"), Findings: found})
}

func (c *Console) handleProfile(w http.ResponseWriter, r *http.Request, at door.Here) error {
	if !at.Emergency {
		return aikagi.Because(aikagi.Forbidden, "emergency_grant", "only")
	}
	if err := c.Emergency.RecreateAdminProfile(r.Context(), at.Instance.ID); err != nil {
		return err
	}
	c.Web.Flash(w, "ok", "console.repair.profile_done")
	return web.SeeOther(w, r, web.Path(r, "/repair"))
}
