package attack

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// TestF02F03F04NobodyTakesOverAnAdministrator: the takeovers that Amazon Connect
// documents, by the pages, as somebody with Users: View and Edit and as one who
// lacks a single power. TestS26F03F27EveryDoorToSomebodyStronger has every door.
func TestF02F03F04NobodyTakesOverAnAdministrator(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	admin := p.user["admin"]
	page := "/i/ume/admin/users/" + string(admin.ID)
	var attempts []attempt
	for _, who := range []string{"editor", "almost"} {
		v := s.as(who, p.user[who])
		own := "/i/ume/admin/users/" + string(p.user[who].ID)
		friend := "/i/ume/admin/users/" + string(p.user["agent"].ID)
		give := url.Values{"security_profiles": {string(p.profile["admin"])}, "version": {"1"}}
		newcomer := userForm(p.user["agent"], "username", "newcomer", "email", "new@evil.example", "start", "temporary")
		newcomer.Set("security_profiles", string(p.profile["admin"]))
		for name, a := range map[string]step{
			"F02 another address":     {page, userForm(admin, "email", "mallory@evil.example")},
			"F02 no address":          {page, userForm(admin, "email", "")},
			"F03 a link by mail":      {page + "/send", nil},
			"F03 a card":              {page + "/card", nil},
			"F03 a password":          {page + "/temporary", nil},
			"F04 power for himself":   {own + "/profiles", give},
			"F04 power for a friend":  {friend + "/profiles", give},
			"F04 a powerful newcomer": {"/i/ume/admin/users/new", newcomer},
			"F11 shutting out":        {page + "/disable", nil},
			"F11 removing":            {page + "/delete", url.Values{"confirm": {string(admin.Username)}}},
		} {
			attempts = append(attempts, attempt{who + ": " + name, func() {
				if w := v.post(a.path, a.form); w.Code != http.StatusForbidden {
					t.Errorf("%s: %s: status %d, want 403", who, name, w.Code)
				}
			}})
		}
	}
	s.untouched(attempts)
}

// TestF13FieldsThatTheFormDoesNotHaveAreIgnored, whatever they are called: what a
// page does not offer cannot be set through it.
func TestF13FieldsThatTheFormDoesNotHaveAreIgnored(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	v, before := s.as("editor", p.user["editor"]), p.user["agent"]
	form := userForm(before, "first_name", "Changed")
	for _, field := range []string{
		"id", "user_id", "instance_id", "InstanceID", "username", "Username", "security_profiles", "SecurityProfileIDs", "profiles[]",
		"password", "password_hash", "PasswordHash", "hash", "enabled", "Enabled", "must_change", "verified", "email_set_by", "EmailSetBy",
		"secret_epoch", "version2", "created_at", "last_login_at", "is_admin", "role", "__proto__", "user[enabled]", "first_name[]", "tags", "proficiencies",
	} {
		form.Set(field, string(p.profile["admin"]))
	}
	if w := v.post("/i/ume/admin/users/"+string(before.ID), form); w.Code != http.StatusSeeOther {
		t.Fatalf("status %d", w.Code)
	}
	var after aikagi.User
	s.must(s.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		after, err = tx.FindUser(t.Context(), before.InstanceID, before.ID)
		return err
	}))
	want := before
	want.FirstName, want.Version, want.UpdatedAt = "Changed", after.Version, after.UpdatedAt
	if fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", want) {
		t.Errorf("became\n%+v, want\n%+v", after, want)
	}
}

// TestF17S19OnesOwnAddressIsNotChangedInPassing: neither on the administrators'
// page, nor anywhere else, by whoever sits at an unlocked screen.
func TestF17S19OnesOwnAddressIsNotChangedInPassing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	var attempts []attempt
	for _, who := range []string{"admin", "editor"} {
		me, v := p.user[who], s.as(who, p.user[who])
		for name, form := range map[string]url.Values{
			"another": userForm(me, "email", "mallory@evil.example"), "none": userForm(me, "email", ""),
			"a second one": userForm(me, "secondary_email", "mallory@evil.example"),
		} {
			attempts = append(attempts, attempt{who + ": " + name, func() {
				w := v.post("/i/ume/admin/users/"+string(me.ID), form)
				if w.Code != http.StatusForbidden && w.Code != http.StatusBadRequest {
					t.Errorf("%s: %s: status %d", who, name, w.Code)
				}
			}})
		}
		attempts = append(attempts, attempt{who + ": /me", func() {
			for _, path := range []string{"/i/ume/me", "/i/ume/me/email", "/i/ume/me/address"} {
				if w := v.post(path, url.Values{"email": {"mallory@evil.example"}}); w.Code < http.StatusBadRequest {
					t.Errorf("%s: %s: status %d", who, path, w.Code)
				}
			}
		}})
	}
	s.untouched(attempts)
}

// TestF22WhoOnlyLooksChangesNothing and is told what he would need; the refusal
// is an answer of its own, not a page of the form.
func TestF22WhoOnlyLooksChangesNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	v := s.as("viewer", p.user["viewer"])
	var attempts []attempt
	for _, r := range routes(t) {
		if !r.admin() || r.method != http.MethodPost {
			continue
		}
		path := p.address(t, r)
		attempts = append(attempts, attempt{r.String(), func() {
			w := v.post(path, filled(p))
			if r.own() && w.Code == http.StatusNotFound {
				return
			}
			if w.Code != http.StatusForbidden && !(strings.HasSuffix(r.path, "/import") && w.Code == http.StatusUnsupportedMediaType) { // wants a file first
				t.Errorf("%s: status %d, want 403", r, w.Code)
			}
			named := len(r.needs()) == 0 || w.Code != http.StatusForbidden
			for _, needed := range r.needs() {
				named = named || strings.Contains(w.Body.String(), needed.Resource()+".") // the first that is missing
			}
			if !named {
				t.Errorf("%s: the refusal names none of %v", r, r.needs())
			}
		}})
	}
	s.untouched(attempts)
}

// TestF24NobodyLocksTheDoorBehindHimself: the last administrator can take none of
// his own ways in away.
func TestF24NobodyLocksTheDoorBehindHimself(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	for _, other := range []string{"almost"} { // could repair too
		s.must(s.Directory.Delete(s.asHost(), p.instance.ID, p.user[other].ID))
	}
	me, v := p.user["admin"], s.as("admin", p.user["admin"])
	own := "/i/ume/admin/users/" + string(me.ID)
	var attempts []attempt
	for name, a := range map[string]step{
		"disabling himself": {own + "/disable", nil},
		"deleting himself":  {own + "/delete", url.Values{"confirm": {string(me.Username)}}},
		"stepping down":     {own + "/profiles", url.Values{"security_profiles": {string(p.profile["agent"])}, "version": {"1"}}},
		"no address":        {own, userForm(me, "email", "")},
		"an empty profile": {"/i/ume/admin/profiles/" + string(p.profile["admin"]), url.Values{
			"version": {"1"}, "permission": {"Users.View"}, "save": {"yes"},
		}},
		"no profile": {"/i/ume/admin/profiles/" + string(p.profile["admin"]) + "/delete", nil},
	} {
		attempts = append(attempts, attempt{name, func() {
			if w := v.post(a.path, a.form); w.Code < http.StatusBadRequest || w.Code >= http.StatusInternalServerError {
				t.Errorf("%s: status %d", name, w.Code)
			}
		}})
	}
	s.untouched(attempts)
}

// TestF27ACardOpensOnceForWhomItWasMade, and is dead after a change of address,
// after a newer one, and after a day.
func TestF27ACardOpensOnceForWhomItWasMade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(s *siege)
		opens     bool
	}{
		"at once":        {func(*siege) {}, true},
		"23 hours later": {func(s *siege) { s.Clock.Move(23 * time.Hour) }, true},
		"24 hours later": {func(s *siege) { s.Clock.Move(24 * time.Hour) }, false},
		"a newer one":    {func(s *siege) { s.card("agent") }, false},
		"another address": {func(s *siege) {
			u := s.User("agent")
			admin := s.as("", s.User("administrator"))
			if w := admin.post("/i/sakura/admin/users/"+string(u.ID), userForm(u, "email", "other@sakura.example")); w.Code != http.StatusSeeOther {
				s.t.Fatalf("changing the address: %d", w.Code)
			}
		}, false},
		"disabled": {func(s *siege) {
			s.must(s.Directory.SetEnabled(s.asHost(), s.Centre.Instance.ID, s.User("agent").ID, false))
		}, false},
		"made an administrator": {func(s *siege) {
			u := s.User("agent")
			s.must(s.Directory.ReplaceProfiles(s.asHost(), u.InstanceID, u.ID, u.Version, s.User("administrator").SecurityProfileIDs))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			link := s.card("agent")
			c.meanwhile(s)
			g := s.guest("192.0.2.1")
			form := g.follows(link)
			if (form.StatusCode == http.StatusOK) != c.opens || !c.opens && form.StatusCode != http.StatusGone {
				t.Fatalf("the card: %s", form.Status)
			}
			if !c.opens {
				return
			}
			if p := g.sets(form, chosen); !p.accepted() {
				t.Errorf("a new password: %s", p.Status)
			}
			if p := s.guest("192.0.2.2").follows(link); p.StatusCode != http.StatusGone {
				t.Errorf("a second time: %s", p.Status)
			}
			if !s.opensWith("agent", chosen) || s.opensWith("administrator", chosen) {
				t.Error("the password opens for the wrong one")
			}
		})
	}
}
