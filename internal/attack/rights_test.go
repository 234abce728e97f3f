package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web/door"
)

// TestF10ForeignThingsAreUnknown asks for everything of a neighbour, by pages
// and by fields, as an administrator who has the same things.
func TestF10ForeignThingsAreUnknown(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	ours, theirs := s.place("ume", itself), s.place("momo", itself)
	admin := s.as("admin", ours.user["admin"])
	mixed := *ours
	mixed.ids, mixed.target = theirs.ids, theirs.target
	var attempts []attempt
	for _, r := range routes(t) {
		if !r.admin() || !strings.Contains(r.path, "{id}") || strings.Contains(r.comment, "leads") {
			continue
		}
		foreign := mixed.address(t, r)
		attempts = append(attempts, attempt{r.String(), func() {
			for _, path := range []string{foreign, unknown(foreign)} {
				w := admin.do(admin.request(r.method, path, filled(&mixed)))
				if w.Code != http.StatusNotFound {
					t.Errorf("%s: status %d, want 404", r, w.Code)
				}
			}
		}})
	}
	for field, value := range map[string]string{
		"routing_profile": string(theirs.routing), "hierarchy_group": theirs.ids["/admin/hierarchy/"],
		"security_profiles": string(theirs.profile["agent"]),
	} {
		form := filled(ours)
		form.Set("security_profiles", string(ours.profile["agent"]))
		form.Set(field, value)
		attempts = append(attempts, attempt{"foreign " + field, func() {
			if w := admin.post("/i/ume/admin/users/new", form); w.Code != http.StatusBadRequest {
				t.Errorf("foreign %s: status %d, want 400", field, w.Code)
			}
		}})
	}
	attempts = append(attempts, attempt{"foreign parent", func() {
		form := url.Values{"group_name": {"new"}, "parent": {theirs.ids["/admin/hierarchy/"]}}
		if w := admin.post("/i/ume/admin/hierarchy", form); w.Code != http.StatusNotFound {
			t.Errorf("foreign parent: status %d, want 404", w.Code)
		}
	}})
	s.untouched(attempts)
}

// unknown is an address with an id that nobody has.
func unknown(path string) string {
	parts := strings.Split(path, "/")
	parts[5] = "00000000-0000-4000-8000-000000000000"
	return strings.Join(parts, "/")
}

// TestS26F03F27EveryDoorToSomebodyStronger posts everything that changes a way in of
// an administrator, with the whole form, as editors who lack one power or most.
func TestS26F03F27EveryDoorToSomebodyStronger(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"editor", "almost"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			p := s.place("ume", itself)
			s.as("the administrator's own", p.user["admin"])
			request := s.waits(p, p.user["admin"])
			v := s.as(who, p.user[who])
			admin := "/i/ume/admin/users/" + string(p.user["admin"].ID)
			var attempts []attempt
			for _, a := range strongerDoors(p, admin, request) {
				attempts = append(attempts, attempt{a.path, func() {
					if w := v.post(a.path, a.form); w.Code != http.StatusForbidden {
						t.Errorf("%s as %s with %v: status %d, want 403", a.path, who, a.form, w.Code)
					}
				}})
			}
			s.untouched(attempts)
		})
	}
}

type step struct {
	path string
	form url.Values
}

func strongerDoors(p *place, admin, request string) []step {
	user := func(change ...string) url.Values {
		u := p.user["admin"]
		form := url.Values{
			"first_name": {u.FirstName}, "last_name": {u.LastName}, "email": {string(u.Email)}, "phone_type": {"SOFT_PHONE"},
			"after_contact_work": {"0"}, "routing_profile": {string(p.routing)}, "version": {"1"},
		}
		form.Set(change[0], change[1])
		return form
	}
	profiles := func(id aikagi.SecurityProfileID) url.Values {
		return url.Values{"security_profiles": {string(id)}, "version": {"1"}}
	}
	mend := func(remedy string) url.Values {
		return url.Values{"remedy": {remedy}, "recognised": {"in_person"}, "email": {"x@example.jp"}}
	}
	powers := url.Values{
		"profile_name": {"x"}, "version": {"1"}, "save": {"yes"},
		"permission": {"Users.View", "Users.Edit", "SecurityProfiles.View", "SecurityProfiles.Delete"},
	}
	newcomer := user("email", "new@example.jp")
	newcomer.Set("username", "newcomer")
	newcomer.Set("start", "temporary")
	newcomer.Set("security_profiles", string(p.profile["admin"]))
	settings := filled(p)
	profile := "/i/ume/admin/profiles/"
	return []step{
		{admin, user("email", "mallory@example.jp")},
		{admin, user("email", "")},
		{admin, user("secondary_email", "mallory@example.jp")},
		{admin + "/profiles", profiles(p.profile["agent"])},
		{admin + "/send", nil},
		{admin + "/card", nil},
		{admin + "/temporary", nil},
		{admin + "/enable", nil},
		{admin + "/disable", nil},
		{admin + "/delete", url.Values{"confirm": {"admin"}}},
		{admin + "/sessions", nil},
		{admin + "/waits", nil},
		{request, mend("email")},
		{request, mend("send")},
		{request, mend("card")},
		{request, mend("dismiss")},
		{"/i/ume/admin/users/" + string(p.user["agent"].ID) + "/profiles", profiles(p.profile["admin"])},
		{"/i/ume/admin/users/" + string(p.user["almost"].ID) + "/profiles", profiles(p.profile["admin"])},
		{"/i/ume/admin/users/new", newcomer},
		{profile + "new", powers},
		{profile + string(p.profile["admin"]), powers},
		{profile + string(p.profile["almost"]), powers},
		{profile + string(p.profile["agent"]), powers},
		{profile + string(p.profile["admin"]) + "/delete", nil},
		{"/i/ume/admin/settings", settings},
	}
}

// waits leaves an open reset request of a user and returns its page.
func (s *siege) waits(p *place, u aikagi.User) string {
	s.t.Helper()
	q := aikagi.ResetRequest{
		InstanceID: p.instance.ID, ID: aikagi.ResetRequestID(aikagi.NewID()), Username: string(u.Username),
		Address: "192.0.2.7", Locale: aikagi.Japanese, CreatedAt: s.Clock.Now(),
	}
	s.update(func(tx *store.Tx) error {
		if err := tx.InsertRequest(s.t.Context(), q); err != nil {
			return err
		}
		q.State, q.Reason, q.UserID, q.Count, q.AnsweredAt = aikagi.RequestWaiting, aikagi.ReasonNoEmail, u.ID, 1, s.Clock.Now()
		return tx.AnswerRequest(s.t.Context(), q)
	})
	return "/i/" + p.instance.Alias + "/admin/requests/" + string(q.ID)
}

// TestS19NobodyHandsHimselfAWayIn: somebody at the unlocked screen of an editor
// must not own the account afterwards (C26).
func TestS19NobodyHandsHimselfAWayIn(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	me := p.user["admin"]
	own := "/i/ume/admin/users/" + string(me.ID)
	v, request := s.as("admin", me), s.waits(p, me)
	var attempts []attempt
	for _, a := range []step{
		{own + "/card", nil},
		{own + "/temporary", nil},
		{request, url.Values{"remedy": {"card"}, "recognised": {"in_person"}}},
		{request, url.Values{"remedy": {"email"}, "recognised": {"in_person"}, "email": {"mallory@example.jp"}}},
	} {
		attempts = append(attempts, attempt{a.path, func() {
			if w := v.post(a.path, a.form); w.Code != http.StatusForbidden {
				t.Errorf("%s with %v: status %d, want 403", a.path, a.form, w.Code)
			}
		}})
	}
	s.untouched(attempts)
}

// TestS19NoPrincipalInvitesItself: the link would take the second factor away.
func TestS19NoPrincipalInvitesItself(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	v := s.owner()
	_, id, _ := strings.Cut(v.get("/account/me").Body.String(), "/account/principals/")
	own := "/account/principals/" + id[:36]
	if w := v.get(own); class(w) != "shown" || strings.Contains(w.Body.String(), own+"/invite") {
		t.Errorf("the own page is %s, or offers an invitation", class(w))
	}
	s.untouched([]attempt{{"invite", func() {
		if w := v.post(own+"/invite", nil); w.Code != http.StatusForbidden {
			t.Errorf("status %d, want 403", w.Code)
		}
	}}})
}

// TestS26TheOwnMailboxIsRefusedHoweverSpelled at both doors that register an
// address for somebody (decision 8).
func TestS26TheOwnMailboxIsRefusedHoweverSpelled(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	v, request := s.as("editor", p.user["editor"]), p.address(t, route{path: "/i/{alias}/admin/requests/{id}"})
	var attempts []attempt
	for _, email := range []string{
		"editor@ume.example", "EDITOR@ume.example", "editor+agent@ume.example", "Editor@UME.example", "ｅｄｉｔｏｒ@ume.example",
	} {
		attempts = append(attempts, attempt{email, func() {
			form := url.Values{"remedy": {"email"}, "recognised": {"in_person"}, "email": {email}}
			if w := v.post(request, form); w.Code != http.StatusBadRequest {
				t.Errorf("a request with %s: status %d, want 400", email, w.Code)
			}
			form = filled(p)
			form.Set("email", email)
			if w := v.post("/i/ume/admin/users/"+string(p.user["agent"].ID), form); w.Code != http.StatusBadRequest {
				t.Errorf("a user with %s: status %d, want 400", email, w.Code)
			}
		}})
	}
	s.untouched(attempts)
}

// TestS12aRecognisedIsAskedOfWhoSkipsThePage posts remedies that the form would
// not let through.
func TestS12aRecognisedIsAskedOfWhoSkipsThePage(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	v, request := s.as("editor", p.user["editor"]), p.address(t, route{path: "/i/{alias}/admin/requests/{id}"})
	var attempts []attempt
	for _, form := range []url.Values{
		{"remedy": {"card"}},
		{"remedy": {"card"}, "recognised": {""}},
		{"remedy": {"card"}, "recognised": {"receipt"}},
		{"remedy": {"card"}, "recognised": {"in_person", "leader"}},
		{"remedy": {"send"}},
		{"remedy": {"email"}, "email": {"new@example.jp"}},
		{"remedy": {"email"}, "email": {"new@example.jp"}, "recognised": {"no"}},
		{"remedy": {"email"}, "recognised": {"in_person"}},
		{"remedy": {""}, "recognised": {"in_person"}},
		{"recognised": {"in_person"}},
	} {
		attempts = append(attempts, attempt{form.Encode(), func() {
			if w := v.post(request, form); w.Code != http.StatusBadRequest {
				t.Errorf("%s: status %d, want 400", form.Encode(), w.Code)
			}
		}})
	}
	s.untouched(attempts)
}

// TestG08G11NoCookieOpensAnotherPlane puts every secret into every cookie.
func TestG08G11NoCookieOpensAnotherPlane(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p, other := s.place("ume", itself), s.place("momo", itself)
	secrets := []visitor{s.as("user", p.user["admin"]), s.as("neighbour", other.user["admin"]), s.inEmergency(p), s.owner()}
	doors := map[string]string{
		plain + door.CookieName(p.instance.ID): "/i/ume/me", plain + door.CookieName(other.instance.ID): "/i/momo/me", plain + "account": "/account",
		plain + "reset-" + string(p.instance.ID): "/i/ume/me", plain + "device-" + string(p.instance.ID): "/i/ume/me",
		plain + "emergency-" + string(p.instance.ID): "/i/ume/me", plain + "account-link": "/account", "__Host-" + plain + "account": "/account",
		"session": "/i/ume/me",
	}
	for _, v := range secrets {
		for name, path := range doors {
			if name == v.cookies[0].Name {
				continue
			}
			thief := visitor{s, v.name, []*http.Cookie{{Name: name, Value: v.cookies[0].Value}}}
			if w := thief.get(path); class(w) != "led to log in" {
				t.Errorf("the secret of %s as %s: %s at %s", v.name, name, class(w), path)
			}
		}
	}
	user := secrets[0].cookies[0]
	for _, value := range []string{"", "x", user.Value + "x", user.Value[1:], strings.ToUpper(user.Value), strings.Repeat("a", 4000)} {
		thief := visitor{s, "thief", []*http.Cookie{{Name: user.Name, Value: value}}}
		if w := thief.get("/i/ume/me"); class(w) != "led to log in" {
			t.Errorf("cookie %q: %s", value, class(w))
		}
	}
}

// TestC09ALoginTakesUpNoSessionThatWasThere logs in over a planted cookie and
// over a session of one's own.
func TestC09ALoginTakesUpNoSessionThatWasThere(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	l := s.Login("editor")
	form := url.Values{"username": {l.Username}, "password": {l.Password}}
	name := plain + door.CookieName(s.Centre.Instance.ID)
	planted := visitor{s, "planted", []*http.Cookie{{Name: name, Value: "planted"}}}
	w := planted.post("/i/sakura/login", form)
	session := cookieOf(w.Result().Cookies(), name)
	if w.Code != http.StatusSeeOther || session == "" || session == "planted" {
		t.Fatalf("status %d, session %q", w.Code, session)
	}
	if w := planted.get("/i/sakura/me"); class(w) != "led to log in" {
		t.Errorf("the planted session is %s", class(w))
	}
	first := visitor{s, "first", []*http.Cookie{{Name: name, Value: session}}}
	w = first.post("/i/sakura/login", form)
	if again := cookieOf(w.Result().Cookies(), name); again == "" || again == session {
		t.Errorf("the second login kept session %q", again)
	}
	if w := first.get("/i/sakura/me"); class(w) != "led to log in" {
		t.Errorf("the first session is %s after the second login", class(w))
	}
}

func cookieOf(all []*http.Cookie, name string) string {
	for _, c := range all {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// TestC13LostRightsCountAtTheNextRequest takes away what a session lives by
// (C14, S15, S31).
func TestC13LostRightsCountAtTheNextRequest(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	host := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "root", Source: "cli"})
	i, u := p.instance.ID, p.user
	for _, c := range []struct {
		name, path, want string
		who              visitor
		takes            func() error
	}{
		{"disabled", "/i/ume/admin/users", "led to log in", s.as("", u["viewer"]), func() error {
			return s.Directory.SetEnabled(host, i, u["viewer"].ID, false)
		}},
		{"other profile", "/i/ume/admin/users", "led to log in", s.as("", u["editor"]), func() error {
			return s.Directory.ReplaceProfiles(host, i, u["editor"].ID, 1, []aikagi.SecurityProfileID{p.profile["agent"]})
		}},
		{"narrower profile", "/i/ume/admin/profiles", "refused", s.as("", u["almost"]), func() error {
			return s.Profiles.Amend(host, i, p.profile["almost"], securityprofile.Change{Permissions: &[]aikagi.Permission{aikagi.UsersView}})
		}},
		{"deleted", "/i/ume/me", "led to log in", s.as("", u["agent"]), func() error { return s.Directory.Delete(host, i, u["agent"].ID) }},
		{"emergency access 31 minutes later", "/i/ume/admin/users", "led to log in", s.inEmergency(p), func() error {
			s.Clock.Move(31 * time.Minute)
			return nil
		}},
	} {
		if w := c.who.get(c.path); class(w) != "shown" {
			t.Fatalf("%s: %s before", c.name, class(w))
		}
		s.must(c.takes())
		if w := c.who.get(c.path); class(w) != c.want {
			t.Errorf("%s: %s, want %s", c.name, class(w), c.want)
		}
	}
	almost := s.as("", u["almost"])
	if w := almost.post("/i/ume/admin/settings", filled(p)); w.Code != http.StatusForbidden {
		t.Errorf("a narrower profile still changes settings: %d", w.Code)
	}
}

// TestF16EmergencyAccessIsNobody uses the pages that belong to a person.
func TestF16EmergencyAccessIsNobody(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	first, second := s.inEmergency(p), s.inEmergency(p)
	s.untouched([]attempt{
		{"password", func() {
			w := first.post("/i/ume/me/password", url.Values{"current": {"x"}, "password": {"a long enough password"}})
			if w.Code != http.StatusForbidden {
				t.Errorf("a password: status %d", w.Code)
			}
		}},
		{"sessions", func() {
			if w := first.post("/i/ume/me/sessions", nil); w.Code != http.StatusForbidden {
				t.Errorf("sessions: status %d", w.Code)
			}
		}},
	})
	if w := second.get("/i/ume/admin/users"); class(w) != "shown" {
		t.Errorf("another emergency session was ended: %s", class(w))
	}
}

// TestF25MendingTellsTheOtherAdministrators as changing the address does.
func TestF25MendingTellsTheOtherAdministrators(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	u := p.user["almost"]
	s.update(func(tx *store.Tx) error {
		after := u
		after.Email = ""
		return tx.UpdateUser(t.Context(), u, after)
	})
	host := aikagi.Actor{Kind: aikagi.ActorHost, Name: "root", Source: "cli"}
	request := s.waits(p, u)
	w := s.inEmergency(p).post(request, url.Values{"remedy": {"email"}, "recognised": {"in_person"}, "email": {"new@example.jp"}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("status %d", w.Code)
	}
	mails, err := s.Directory.MailOf(aikagi.WithActor(t.Context(), host), p.instance.ID, p.user["admin"].ID, 10)
	s.must(err)
	for _, m := range mails {
		if m.Message.Kind == aikagi.MailAdministratorAddress {
			return
		}
	}
	t.Errorf("the other administrator got %d mails, and none about it", len(mails))
}
