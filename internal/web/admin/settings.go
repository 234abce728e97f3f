package admin

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// settingsPage is what settings.html shows. Numbers stay text, so that what was
// typed stands there again.
type settingsPage struct {
	web.Page
	Typed    settingsForm
	Version  int64
	MayEdit  bool
	Locales  []web.Choice
	NoEmail  []web.Choice
	Password []web.Choice
	Ways     []web.Choice
	Other    *otherVersion
}

type settingsForm struct {
	DisplayName, Contact, Locale, TimeZone, NoEmail string
	Minutes, PasswordMin, ExtraGuarded              string
	Connect, Image, Sound                           bool
}

func typedOf(s aikagi.InstanceSettings) settingsForm {
	extra := make([]string, len(s.ExtraGuarded))
	for i, p := range s.ExtraGuarded {
		extra[i] = string(p)
	}
	return settingsForm{
		DisplayName: s.DisplayName, Contact: s.Contact, Locale: string(s.Locale), TimeZone: s.TimeZone,
		NoEmail: string(s.NoEmail), Minutes: strconv.Itoa(int(s.ResetTTL / time.Minute)),
		PasswordMin: strconv.Itoa(s.PasswordMin), ExtraGuarded: strings.Join(extra, "\n"),
		Connect: s.ConnectPassword, Image: s.ImageChallenge, Sound: s.SoundChallenge,
	}
}

// settings turns what was typed into settings; a number that is none is 0, which
// the rule refuses beside its field.
func (f settingsForm) settings() aikagi.InstanceSettings {
	s := aikagi.InstanceSettings{
		DisplayName: f.DisplayName, Contact: f.Contact, Locale: aikagi.Locale(f.Locale), TimeZone: f.TimeZone,
		NoEmail: aikagi.NoEmailAnswer(f.NoEmail), ConnectPassword: f.Connect, ImageChallenge: f.Image, SoundChallenge: f.Sound,
	}
	if minutes, err := strconv.Atoi(f.Minutes); err == nil && minutes > 0 && minutes <= 24*60 {
		s.ResetTTL = time.Duration(minutes) * time.Minute
	}
	if n, err := strconv.Atoi(f.PasswordMin); err == nil {
		s.PasswordMin = n
	}
	for _, name := range strings.Fields(f.ExtraGuarded) {
		s.ExtraGuarded = append(s.ExtraGuarded, aikagi.Permission(name))
	}
	return s
}

func (a *Admin) settingsPage(r *http.Request, here door.Here, f settingsForm) settingsPage {
	page := settingsPage{
		Page: a.Web.Page(r, "admin.settings.title"), Typed: f, Version: here.Instance.Version,
		MayEdit: here.May(aikagi.GuardedPermissions(here.Instance.Settings.ExtraGuarded...).Sorted()...),
	}
	page.Locales = localeChoices(page.Page, aikagi.Locale(f.Locale))
	for _, n := range []aikagi.NoEmailAnswer{aikagi.AnswerRequest, aikagi.AnswerExplain, aikagi.AnswerConnect} {
		page.NoEmail = append(page.NoEmail, web.Choice{
			Value: string(n), Text: word(page.Page, "admin.no_email", string(n)),
			Hint: word(page.Page, "admin.no_email_hint", string(n)), Chosen: string(n) == f.NoEmail,
		})
	}
	page.Password = []web.Choice{{Value: "yes", Text: page.T("admin.settings.connect"), Chosen: f.Connect}}
	page.Ways = []web.Choice{
		{Value: "image", Text: page.T("admin.settings.image"), Chosen: f.Image},
		{Value: "sound", Text: page.T("admin.settings.sound"), Chosen: f.Sound},
	}
	return page
}

func (a *Admin) showSettings(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if err := a.Instances.MayReadSettings(r.Context(), here.Instance.ID); err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "settings.html", a.settingsPage(r, here, typedOf(here.Instance.Settings)))
}

func (a *Admin) handleSettings(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "display_name", "contact", "locale", "time_zone", "no_email",
		"reset_ttl", "password_min", "connect_password", "way*", "extra_guarded", "version")
	if err != nil {
		return err
	}
	f := settingsForm{
		DisplayName: foldName(form.Get("display_name")), Contact: foldName(form.Get("contact")), Locale: form.Get("locale"),
		TimeZone: fold(form.Get("time_zone")), NoEmail: form.Get("no_email"), Minutes: fold(form.Get("reset_ttl")),
		PasswordMin: fold(form.Get("password_min")), ExtraGuarded: form.Get("extra_guarded"), Connect: form.Has("connect_password"),
	}
	for _, way := range form.All("way") {
		f.Image, f.Sound = f.Image || way == "image", f.Sound || way == "sound"
	}
	err = a.Instances.UpdateSettings(r.Context(), here.Instance.ID, version(form), f.settings())
	if err != nil {
		page := a.settingsPage(r, here, f)
		if reasonOf(err, aikagi.Conflict, "changed") {
			page.Other = otherThan(page.Path("/admin/settings"), compareSettings(page.Page, typedOf(here.Instance.Settings), f))
		} else {
			page.Version = version(form) // what somebody else stored meanwhile has not been shown
		}
		status := explain(&page.Page, err)
		if status == 0 {
			return err
		}
		return a.pages.Render(w, r, status, "settings.html", page)
	}
	a.Web.Flash(w, "ok", "admin.saved")
	return back(w, r, "/admin/settings")
}
