package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestTypedTextSurvivesAConflict: who runs into somebody else's change, or into
// a rule, finds his text again (ux.md, "nothing typed is lost").
func TestTypedTextSurvivesAConflict(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	const document = `{"Version":"2012-10-17","Statement":[{"Sid":"Typed","Effect":"Allow","Action":"connect:ListUsers","Resource":"*"}]}`
	owner, admin := s.owner(), s.as("admin", p.user["admin"])
	for _, c := range []struct {
		name, path string
		who        visitor
		form       url.Values
		status     int
		want       []string
	}{
		{
			"policy that somebody else changed", "/account/policies/" + p.ids["/account/policies/"], owner,
			url.Values{"document": {document}, "version": {"7"}},
			http.StatusConflict,
			[]string{"Typed", `value="7"`},
		},
		{
			"group below another", "/i/ume/admin/hierarchy", admin,
			url.Values{"group_name": {strings.Repeat("長", 101)}, "parent": {p.ids["/admin/hierarchy/"]}},
			http.StatusBadRequest,
			[]string{"長長長", `name="parent" value="` + p.ids["/admin/hierarchy/"] + `"`},
		},
		{
			"settings", "/i/ume/admin/settings", admin,
			url.Values{"display_name": {"typed"}, "contact": {"typed too"}, "reset_ttl": {"soon"}, "time_zone": {"Mars"}, "version": {"1"}},
			http.StatusBadRequest,
			[]string{`value="typed"`, `value="typed too"`, `value="soon"`, `value="Mars"`},
		},
		{
			"user that somebody else changed", "/i/ume/admin/users/" + string(p.target.ID), admin,
			url.Values{"first_name": {"typed"}, "last_name": {"too"}, "email": {"typed@example.jp"}, "version": {"7"}},
			http.StatusConflict,
			[]string{`value="typed"`, `value="typed@example.jp"`},
		},
		{
			"request with a broken address", "/i/ume/admin/requests/" + p.ids["/admin/requests/"], admin,
			url.Values{"remedy": {"email"}, "recognised": {"leader"}, "email": {"no address"}},
			http.StatusBadRequest,
			[]string{`value="no address"`, `value="leader" checked`},
		},
		{
			"emergency without much of a reason", "/account/instances/" + string(p.instance.ID) + "/emergency", owner,
			url.Values{"reason": {"short"}},
			http.StatusBadRequest,
			[]string{"short"},
		},
		{
			"instance with a bad alias", "/account/instances/new", owner,
			url.Values{"alias": {"-x-"}, "display_name": {"typed"}, "contact": {"typed too"}, "time_zone": {"Asia/Tokyo"}, "identity_type": {"SAML"}},
			http.StatusBadRequest,
			[]string{`value="-x-"`, `value="typed"`, `value="typed too"`, `value="SAML" checked`},
		},
	} {
		w := c.who.post(c.path, c.form)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, c.status)
		}
		for _, want := range c.want {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: the page lacks %q", c.name, want)
			}
		}
	}
}
