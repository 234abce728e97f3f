package attack

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// request is what a route of the console asks the policies for, and a form that
// does it. "" is for whoever is signed in.
type consoleDeed struct {
	action string
	form   func(c *victim) url.Values
}

func filledWith(pairs ...string) func(*victim) url.Values {
	return func(*victim) url.Values {
		f := url.Values{}
		for n := 0; n < len(pairs); n += 2 {
			f.Add(pairs[n], pairs[n+1])
		}
		return f
	}
}

const readPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:List*","Resource":"*"}]}`

// consoleDeeds are all routes behind the sign-in. One that is missing fails
// TestF01S25EveryConsoleRouteByEveryPrincipal.
func consoleDeeds() map[string]consoleDeed {
	attached := func(c *victim) url.Values { return url.Values{"policy": {string(c.policy)}} }
	fresh := func(name string) func(*victim) url.Values {
		return func(*victim) url.Values {
			return url.Values{name: {"x-" + aikagi.NewID()[:8]}, "time_zone": {"Asia/Tokyo"}, "locale": {"ja"}, "identity_type": {"SAML"}, "document": {readPolicy}}
		}
	}
	none := filledWith()
	const principal, policy, instance = "/account/principals/{id}", "/account/policies/{id}", "/account/instances/{id}"
	return map[string]consoleDeed{
		"POST /account/logout":                     {"", none},
		"GET /account":                             {"connect:ListInstances", none},
		"GET /account/instances/new":               {"connect:CreateInstance", none},
		"POST /account/instances/new":              {"connect:CreateInstance", fresh("alias")},
		"GET " + instance:                          {"connect:DescribeInstance", none},
		"GET " + instance + "/emergency":           {"connect:DescribeInstance", none},
		"POST " + instance + "/emergency":          {"connect:AdminGetEmergencyAccessToken", filledWith("reason", why)},
		"GET /account/me":                          {"", none},
		"POST /account/me/password":                {"", filledWith("current", chosen, "password", chosen+"!")},
		"GET /account/me/totp":                     {"", none},
		"POST /account/me/totp":                    {"", none},
		"GET /account/principals":                  {"iam:ListUsers", none},
		"POST /account/principals":                 {"iam:CreateUser", fresh("principal_name")},
		"GET " + principal:                         {"iam:GetUser", none},
		"POST " + principal + "/invite":            {"iam:UpdateLoginProfile", none},
		"GET " + principal + "/disable":            {"iam:GetUser", none},
		"POST " + principal + "/disable":           {"iam:UpdateUser", none},
		"POST " + principal + "/enable":            {"iam:UpdateUser", none},
		"GET " + principal + "/delete":             {"iam:GetUser", none},
		"POST " + principal + "/delete":            {"iam:DeleteUser", none},
		"POST " + principal + "/attach":            {"iam:AttachUserPolicy", filledWith("policy", "arn:aws:iam::aws:policy/AdministratorAccess")},
		"POST " + principal + "/detach":            {"iam:DetachUserPolicy", attached},
		"POST " + principal + "/keys":              {"iam:CreateAccessKey", none},
		"POST " + principal + "/keys/{key}/status": {"iam:UpdateAccessKey", filledWith("status", "off")},
		"GET " + principal + "/keys/{key}/delete":  {"iam:GetUser", none},
		"POST " + principal + "/keys/{key}/delete": {"iam:DeleteAccessKey", none},
		"GET /account/policies":                    {"iam:ListPolicies", none},
		"GET /account/policies/new":                {"", none},
		"POST /account/policies/new":               {"iam:CreatePolicy", fresh("policy_name")},
		"GET /account/managed-policies/{name}":     {"iam:GetPolicy", none},
		"GET " + policy:                            {"iam:GetPolicy", none},
		"POST " + policy:                           {"iam:CreatePolicyVersion", filledWith("version", "1", "document", readPolicy+" ")},
		"GET " + policy + "/delete":                {"iam:GetPolicy", none},
		"POST " + policy + "/delete":               {"iam:DeletePolicy", none},
		"GET /account/simulator":                   {"", none},
		"POST /account/simulator":                  {"iam:SimulateCustomPolicy", filledWith("action", "connect:ListUsers", "resource", "*", "document", readPolicy)},
		"GET /account/audit":                       {"cloudtrail:LookupEvents", none},
		"GET /account/contact":                     {"account:GetAlternateContact", none},
		"POST /account/contact":                    {"account:PutAlternateContact", filledWith("email", "new@example.jp")},
	}
}

// victim is a principal, a policy and a key that things are done to.
type victim struct {
	principal aikagi.PrincipalID
	policy    aikagi.PolicyID
	key       aikagi.AccessKeyID
}

// victim makes one; a policy that is to be deleted is attached to nobody.
func (s *siege) victim(r route) *victim {
	s.t.Helper()
	p, _, err := s.Accounts.CreatePrincipal(s.asHost(), "v-"+aikagi.NewID()[:8])
	s.must(err)
	policy, err := s.Accounts.CreatePolicy(s.asHost(), "v-"+aikagi.NewID()[:8], readPolicy)
	s.must(err)
	key, _, err := s.Accounts.CreateAccessKey(s.asHost(), p.ID)
	s.must(err)
	if strings.HasSuffix(r.path, "/detach") {
		s.must(s.Accounts.AttachPolicy(s.asHost(), p.ID, policy.ID))
	}
	return &victim{p.ID, policy.ID, key.ID}
}

func (s *siege) aimed(r route, v *victim, p *place) string {
	id := string(v.principal)
	switch {
	case strings.HasPrefix(r.path, "/account/policies/"):
		id = string(v.policy)
	case strings.HasPrefix(r.path, "/account/instances/"):
		id = string(p.instance.ID)
	}
	return strings.NewReplacer("{id}", id, "{key}", string(v.key), "{name}", "AdministratorAccess").Replace(r.path)
}

var principals = []string{"none", "reader", "full", "owner", "denied"}

// mayDo is what Amazon's policies of these names say, written down apart from
// the engine that evaluates them.
func mayDo(who, action string) bool {
	service, name, _ := strings.Cut(action, ":")
	reads := strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "Get")
	switch {
	case action == "", who == "owner":
		return true
	case who == "full":
		return service == "connect"
	case who == "reader":
		return service == "connect" && reads
	}
	return false // none, and who is denied
}

// TestF01S25EveryConsoleRouteByEveryPrincipal opens every page and posts every
// form of the console as principals of every kind, and as those who are nobody
// there (G01, G09, G11).
func TestF01S25EveryConsoleRouteByEveryPrincipal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("walks the whole console as everybody")
	}
	s := besiege(t)
	p := s.place("ume", itself)
	signedIn := map[string]visitor{}
	for who, statements := range map[string]string{
		"none": "", "reader": "AmazonConnectReadOnlyAccess", "full": "AmazonConnect_FullAccess", "owner": "AdministratorAccess",
		"denied": "AdministratorAccess", "disabled": "AdministratorAccess",
	} {
		deny := ""
		if who == "denied" {
			deny = `{"Effect":"Deny","Action":"*","Resource":"*"}`
		}
		made, v := s.appoint("the-"+who, deny)
		if statements != "" {
			s.must(s.Accounts.AttachPolicy(s.asHost(), made.ID, aikagi.PolicyID("arn:aws:iam::aws:policy/"+statements)))
		}
		if who == "disabled" {
			s.must(s.Accounts.DisablePrincipal(s.asHost(), made.ID))
		}
		signedIn[who] = v
	}
	nobody := []visitor{s.anonymous(), s.as("a user", p.user["admin"]), s.inEmergency(p), signedIn["disabled"]}
	known := consoleDeeds()
	var table [][]string
	for _, r := range routes(t) {
		if !r.console() || open()[r.String()] != "" {
			continue
		}
		d, listed := known[r.String()]
		delete(known, r.String())
		if !listed {
			t.Errorf("%s: nobody has written down what it asks for; add it to consoleDeeds", r)
			continue
		}
		for _, who := range nobody {
			v := s.victim(r)
			if got := class(who.do(who.request(r.method, s.aimed(r, v, p), d.form(v)))); got != "led to log in" {
				t.Errorf("%s by %s: %s", r, who.name, got)
			}
		}
		row := []string{r.String(), cmp.Or(d.action, "whoever is signed in")}
		for _, who := range principals {
			row = append(row, s.tries(r, d, p, who, signedIn[who]))
		}
		table = append(table, row)
	}
	for left := range known {
		t.Errorf("%s is in consoleDeeds and is no route", left)
	}
	holds(t, "console", append([]string{"page", "asks for"}, principals...), table)
}

func (s *siege) tries(r route, d consoleDeed, p *place, who string, v visitor) string {
	s.t.Helper()
	if r.path == "/account/logout" {
		return "yes" // and would end the visit
	}
	on := s.victim(r)
	w := v.do(v.request(r.method, s.aimed(r, on, p), d.form(on)))
	done := w.Code == http.StatusOK || w.Code == http.StatusSeeOther && !strings.Contains(w.Header().Get("Location"), "/login")
	own := strings.HasPrefix(r.path, "/account/me") // judged by what was typed
	if refused := w.Code == http.StatusForbidden; refused == mayDo(who, d.action) || !refused && !done && !own {
		s.t.Errorf("%s by %s: status %d", r, who, w.Code)
	}
	if mayDo(who, d.action) {
		return "yes"
	}
	return "–"
}

// open are the routes that need no session, with what they ask for instead.
func open() map[string]string {
	const secret, anybody = "a secret that was handed out", "nothing: what everybody may see"
	return map[string]string{
		"POST /theme":                      anybody,
		"GET /i/{alias}/{$}":               anybody,
		"GET /i/{alias}/login":             anybody,
		"POST /i/{alias}/login":            "user name and password",
		"POST /i/{alias}/logout":           "the session that ends, if any",
		"GET /i/{alias}/forgot":            anybody,
		"POST /i/{alias}/forgot":           "an answer to the challenge",
		"GET /i/{alias}/forgot/sent":       "the note of one's own request",
		"POST /i/{alias}/forgot/again":     "the note of one's own request",
		"GET /i/{alias}/forgot/code":       "the note of one's own request",
		"POST /i/{alias}/forgot/code":      "the note of one's own request, and the code of its mail",
		"GET /i/{alias}/challenge/{file}":  "a challenge that was given out",
		"GET /i/{alias}/reset/{token}":     "nothing: moves what was sent into a cookie",
		"GET /i/{alias}/reset":             secret,
		"POST /i/{alias}/reset":            secret,
		"GET /i/{alias}/reset/done":        "the note of one's own reset",
		"GET /i/{alias}/auth/authorize":    "the session that is asked about",
		"GET /i/{alias}/emergency/{token}": "nothing: moves what was sent into a cookie",
		"GET /i/{alias}/emergency":         secret,
		"POST /i/{alias}/emergency":        secret,
		"GET /account/setup/{token}":       "nothing: moves what was sent into a cookie",
		"GET /account/setup":               secret,
		"POST /account/setup":              secret,
		"GET /account/login":               anybody,
		"POST /account/login":              "name, password and second factor",
		"GET /account/link/{token}":        "nothing: moves what was sent into a cookie",
		"GET /account/link":                secret,
		"POST /account/link":               secret,
		"POST /account/api/console-link":   "a signature by an access key",
		"GET /i/{alias}/me":                "one's own session",
		"POST /i/{alias}/me/sessions":      "one's own session",
		"GET /i/{alias}/me/password":       "one's own session",
		"POST /i/{alias}/me/password":      "one's own session and password",
		"POST /i/{alias}/emergency/end":    "emergency access",
		"GET /i/{alias}/repair":            "emergency access",
		"POST /i/{alias}/repair/profile":   "emergency access",
	}
}

// TestF01S25WhatIsOpenIsWrittenDown: every route that neither the administration
// nor the console has is here with what it asks for, and those that ask for a
// session lead everybody else to log in.
func TestF01S25WhatIsOpenIsWrittenDown(t *testing.T) {
	t.Parallel()
	s := &siege{t: t, Site: apptest.Start(t, apptest.Options{})}
	p := s.place("ume", itself)
	known, behind := open(), consoleDeeds()
	var table [][]string
	for _, r := range routes(t) {
		asks, listed := known[r.String()]
		delete(known, r.String())
		_, console := behind[r.String()]
		switch {
		case r.admin(), console, strings.HasPrefix(r.path, "/dev/mail"): // of demo alone
			continue
		case !listed:
			t.Errorf("%s: nobody has written down who may; add it to open", r)
			continue
		}
		table = append(table, []string{r.String(), asks})
		if strings.HasPrefix(asks, "one's own session") || asks == "emergency access" {
			for _, who := range []visitor{s.anonymous(), s.owner()} {
				if got := class(who.do(who.request(r.method, p.address(t, r), nil))); got != "led to log in" {
					t.Errorf("%s by %s: %s", r, who.name, got)
				}
			}
		}
		if asks == "emergency access" {
			v := s.as("admin", p.user["admin"])
			if w := v.do(v.request(r.method, p.address(t, r), nil)); !slices.Contains([]int{http.StatusForbidden, http.StatusUnauthorized}, w.Code) && class(w) != "led to log in" {
				t.Errorf("%s by an administrator: %d", r, w.Code)
			}
		}
	}
	for left := range known {
		t.Errorf("%s is in open and is no route", left)
	}
	holds(t, "open", []string{"page", "asks for"}, table)
}
