package admin

import (
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/web"
)

// otherVersion is what a form shows when somebody else was first: both versions
// side by side, to replace the stored one knowingly or to keep it. The form then
// carries the version that it shows, so a third change is noticed again.
type otherVersion struct {
	Rows []changeRow
	Back string // the page with what is stored
	Form string // id of the form that would replace it
}

// otherThan is nil where both versions say the same: there is nothing to choose.
func otherThan(back string, rows []changeRow) *otherVersion {
	if len(rows) == 0 {
		return nil
	}
	return &otherVersion{Rows: rows, Back: back, Form: "edit"}
}

func compareSettings(p web.Page, stored, typed settingsForm) []changeRow {
	var rows []changeRow
	add := func(field, before, after string) {
		if before != after {
			rows = append(rows, changeRow{word(p, "admin.field", field), before, after})
		}
	}
	used := func(yes bool) string {
		if yes {
			return p.T("admin.other.used")
		}
		return p.T("admin.other.unused")
	}
	list := func(lines string) string {
		names := strings.Fields(lines)
		slices.Sort(names)
		return strings.Join(names, ", ")
	}
	add("display_name", stored.DisplayName, typed.DisplayName)
	add("contact", stored.Contact, typed.Contact)
	add("locale", word(p, "admin.locale", stored.Locale), word(p, "admin.locale", typed.Locale))
	add("time_zone", stored.TimeZone, typed.TimeZone)
	add("no_email", word(p, "admin.no_email", stored.NoEmail), word(p, "admin.no_email", typed.NoEmail))
	add("reset_ttl", stored.Minutes, typed.Minutes)
	add("image_challenge", used(stored.Image), used(typed.Image))
	add("sound_challenge", used(stored.Sound), used(typed.Sound))
	add("password_min", stored.PasswordMin, typed.PasswordMin)
	add("connect_password", used(stored.Connect), used(typed.Connect))
	add("extra_guarded", list(stored.ExtraGuarded), list(typed.ExtraGuarded))
	return rows
}

// compareProfiles has a row for each permission that saving would add or take.
func compareProfiles(p web.Page, stored, typed aikagi.SecurityProfile, b branches) []changeRow {
	var rows []changeRow
	if stored.Description != typed.Description {
		rows = append(rows, changeRow{word(p, "admin.field", "description"), stored.Description, typed.Description})
	}
	before, after := aikagi.NewPermissions(stored.Permissions...), aikagi.NewPermissions(typed.Permissions...)
	name := func(x aikagi.Permission) string { return permissionName(p, x) + " (" + string(x) + ")" }
	for _, x := range before.Missing(after) {
		rows = append(rows, changeRow{name(x), p.T("admin.other.without"), p.T("admin.other.adds")})
	}
	for _, x := range after.Missing(before) {
		rows = append(rows, changeRow{name(x), p.T("admin.other.with"), p.T("admin.other.takes")})
	}
	if before, after := scopeText(p, stored, b), scopeText(p, typed, b); before != after {
		rows = append(rows, changeRow{word(p, "admin.field", "scope"), before, after})
	}
	return rows
}

// otherProfiles compares which profiles a user holds with which were chosen.
func otherProfiles(page userPage, c directory.Choices, chosen []aikagi.SecurityProfileID) *otherVersion {
	names := func(ids []aikagi.SecurityProfileID) string {
		var all []string
		for _, p := range c.Profiles {
			if slices.Contains(ids, p.ID) {
				all = append(all, p.Name)
			}
		}
		return strings.Join(all, ", ")
	}
	stored, typed := names(page.Person.User.SecurityProfileIDs), names(chosen)
	if stored == typed {
		return nil
	}
	row := changeRow{word(page.Page, "admin.field", "security_profiles"), stored, typed}
	return &otherVersion{Rows: []changeRow{row}, Back: page.Base, Form: "profiles"}
}
