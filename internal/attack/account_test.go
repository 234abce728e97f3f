package attack

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

const why = "the administrators are all on holiday"

// principal is what a principal of the account acts in.
func (s *siege) principal(p aikagi.Principal) context.Context {
	return aikagi.WithActor(s.t.Context(), aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: p.ID, Name: p.Name, Source: "page", Address: "192.0.2.1"})
}

// appoint makes a principal who may do what the statements of a policy say, and
// signs in.
func (s *siege) appoint(name, statements string) (aikagi.Principal, visitor) {
	s.t.Helper()
	p, link, err := s.Accounts.CreatePrincipal(s.asHost(), name)
	s.must(err)
	if statements != "" {
		document := `{"Version":"2012-10-17","Statement":[` + statements + `]}`
		policy, err := s.Accounts.CreatePolicy(s.asHost(), name, document)
		s.must(err)
		s.must(s.Accounts.AttachPolicy(s.asHost(), p.ID, policy.ID))
	}
	opened, err := s.Accounts.Claim(s.t.Context(), link.Token, account.Claim{Password: aikagi.NewSecret(chosen)})
	s.must(err)
	return p, visitor{s, name, []*http.Cookie{{Name: plain + "account", Value: opened.Token.Reveal()}}}
}

const mayEnter = `{"Effect":"Allow","Action":"connect:AdminGetEmergencyAccessToken","Resource":"*"}`

// twoNodes is the product twice on one PostgreSQL database.
func twoNodes(t *testing.T) (s *siege, other *app.App) {
	t.Helper()
	database := storetest.URL(t, store.Postgres)
	s = &siege{t: t, Site: apptest.Start(t, apptest.Options{Database: database})}
	return s, s.secondNode(database)
}

// TestG02TwoNodesStartAHandoverOnce, however many ask at the same moment, and not
// at another instance, nor late, nor after it was started elsewhere.
func TestG02TwoNodesStartAHandoverOnce(t *testing.T) {
	t.Parallel()
	s, other := twoNodes(t)
	saki, _ := s.appoint("saki", mayEnter)
	ume := s.place("ume", itself).instance.ID
	here := s.Centre.Instance.ID
	for range 5 {
		h, err := s.Emergency.Begin(s.principal(saki), here, why)
		s.must(err)
		var won atomic.Int64
		var all sync.WaitGroup
		for n := range 12 {
			node := []*app.App{s.App, other}[n%2]
			all.Go(func() {
				if _, err := node.Emergency.Start(t.Context(), here, h.Token, "Mozilla/5.0"); err == nil {
					won.Add(1)
				} else if aikagi.CodeOf(err) != aikagi.Expired {
					t.Errorf("a loser is told %v", err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("one hand-over started %d sessions", won.Load())
		}
	}
	h, err := s.Emergency.Begin(s.principal(saki), here, why)
	s.must(err)
	if _, err := other.Emergency.Start(t.Context(), ume, h.Token, ""); aikagi.CodeOf(err) != aikagi.Expired || err == nil {
		t.Errorf("at another instance: %v", err)
	}
	s.Clock.Move(aikagi.GrantStartTTL)
	if _, err := other.Emergency.Start(t.Context(), here, h.Token, ""); aikagi.CodeOf(err) != aikagi.Expired || err == nil {
		t.Errorf("a minute later: %v", err)
	}
}

// TestG07H30ADisabledKeyIsDeadOnEveryNode at the next request; so is that of a
// principal who was disabled or deleted, one that was deleted itself, and the old
// one of two when the new one has taken over.
func TestG07H30ADisabledKeyIsDeadOnEveryNode(t *testing.T) {
	t.Parallel()
	s, other := twoNodes(t)
	works := func(id aikagi.AccessKeyID) bool {
		t.Helper()
		_, first, err := s.Accounts.Signer().Lookup(t.Context(), string(id))
		s.must(err)
		_, second, err := other.Accounts.Signer().Lookup(t.Context(), string(id))
		s.must(err)
		if first != second {
			t.Errorf("the nodes disagree: %t, %t", first, second)
		}
		return second
	}
	for name, kill := range map[string]func(aikagi.PrincipalID, aikagi.AccessKeyID) error{
		"key disabled": func(p aikagi.PrincipalID, k aikagi.AccessKeyID) error {
			return s.Accounts.SetAccessKeyEnabled(s.asHost(), p, k, false)
		},
		"key deleted": func(p aikagi.PrincipalID, k aikagi.AccessKeyID) error {
			return s.Accounts.DeleteAccessKey(s.asHost(), p, k)
		},
		"key rotated": func(p aikagi.PrincipalID, k aikagi.AccessKeyID) error {
			next, _, err := s.Accounts.CreateAccessKey(s.asHost(), p)
			s.must(err)
			s.must(s.Accounts.DeleteAccessKey(s.asHost(), p, k))
			if !works(next.ID) {
				t.Error("the next key does not work")
			}
			return nil
		},
		"principal disabled": func(p aikagi.PrincipalID, _ aikagi.AccessKeyID) error {
			return s.Accounts.DisablePrincipal(s.asHost(), p)
		},
		"principal deleted": func(p aikagi.PrincipalID, _ aikagi.AccessKeyID) error {
			return s.Accounts.DeletePrincipal(s.asHost(), p)
		},
	} {
		p, _, err := s.Accounts.CreatePrincipal(s.asHost(), strings.ReplaceAll(name, " ", "-"))
		s.must(err)
		key, _, err := s.Accounts.CreateAccessKey(s.asHost(), p.ID)
		s.must(err)
		if !works(key.ID) {
			t.Fatalf("%s: a new key does not work", name)
		}
		s.must(kill(p.ID, key.ID))
		if works(key.ID) {
			t.Errorf("%s: the key still works", name)
		}
	}
}

// TestG03NobodyIsAnnoyedByALink: opening the hand-over, as scanners do, and
// asking without the right tell nobody and start nothing.
func TestG03NobodyIsAnnoyedByALink(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	h, err := s.Emergency.BeginAsHost(s.asHost(), p.instance.ID, why)
	s.must(err)
	path := "/i/ume/emergency/" + h.Token.Reveal()
	stranger := s.anonymous()
	with := visitor{s, "who followed the link", []*http.Cookie{{Name: plain + "emergency-" + string(p.instance.ID), Value: h.Token.Reveal()}}}
	s.untouched([]attempt{
		{"the link", func() { stranger.get(path) }},
		{"the link by HEAD", func() { stranger.do(stranger.request(http.MethodHead, path, nil)) }},
		{"the page", func() { with.get("/i/ume/emergency") }},
		{"the form without its secret", func() { stranger.post("/i/ume/emergency", url.Values{"grant": {string(h.Grant.ID)}}) }},
		{"the form of another grant", func() { with.post("/i/ume/emergency", url.Values{"grant": {"x"}}) }},
		{"the form without a grant", func() { with.post("/i/ume/emergency", nil) }},
		{"the console's form", func() {
			if w := stranger.post("/account/instances/"+string(p.instance.ID)+"/emergency", url.Values{"reason": {why}}); class(w) != "led to log in" {
				t.Errorf("a stranger begins: %s", class(w))
			}
		}},
	})
}

// TestS31ANewEmergencyEndsTheOneThatIsLeft in the same browser, with its grant.
func TestS31ANewEmergencyEndsTheOneThatIsLeft(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	first := s.inEmergency(p)
	h, err := s.Emergency.BeginAsHost(s.asHost(), p.instance.ID, why)
	s.must(err)
	both := first.both(visitor{cookies: []*http.Cookie{{Name: plain + "emergency-" + string(p.instance.ID), Value: h.Token.Reveal()}}})
	if w := both.post("/i/ume/emergency", url.Values{"grant": {string(h.Grant.ID)}}); w.Header().Get("Location") != "/i/ume/repair" {
		t.Fatalf("the second: %d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := first.get("/i/ume/admin/users"); class(w) != "led to log in" {
		t.Errorf("the first session is %s", class(w))
	}
	open := 0
	s.must(s.Store.View(t.Context(), func(tx *store.Tx) error {
		grants, err := tx.ListGrants(t.Context(), p.instance.ID, 10)
		for _, g := range grants {
			if !g.UsedAt.IsZero() && g.EndedAt.IsZero() {
				open++
			}
		}
		return err
	}))
	if open != 1 {
		t.Errorf("%d grants are in use", open)
	}
}

// TestG14RightsOnAnotherAccountAreNone here: account, region and instance of an
// ARN are compared, and what is refused looks like what does not exist.
func TestG14RightsOnAnotherAccountAreNone(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	ours := string(aikagi.Scope{Region: "ap-northeast-1", Account: s.Centre.Account.ID, Instance: p.instance.ID}.InstanceARN())
	allow := func(arn string) string {
		return `{"Effect":"Allow","Action":"connect:*","Resource":"` + arn + `"}`
	}
	for name, c := range map[string]struct {
		arn string
		may bool
	}{
		"ours":             {ours, true},
		"another-account":  {strings.Replace(ours, string(s.Centre.Account.ID), "999999999999", 1), false},
		"another-region":   {strings.Replace(ours, "ap-northeast-1", "eu-west-2", 1), false},
		"another-instance": {strings.Replace(ours, string(p.instance.ID), string(s.Centre.Instance.ID), 1), false},
		"another-service":  {strings.Replace(ours, ":connect:", ":iam:", 1), false},
		"no-account":       {strings.Replace(ours, string(s.Centre.Account.ID), "", 1), false},
	} {
		principal, v := s.appoint(name, allow(c.arn))
		_, err := s.Emergency.Begin(s.principal(principal), p.instance.ID, why)
		if (err == nil) != c.may || err != nil && aikagi.CodeOf(err) != aikagi.Forbidden {
			t.Errorf("%s: emergency access: %v", name, err)
		}
		known, unknown := "/account/instances/"+string(p.instance.ID), "/account/instances/00000000-0000-4000-8000-000000000000"
		if a, b := v.get(known), v.get(unknown); !c.may && a.Code != b.Code {
			t.Errorf("%s: a known instance is %d, an unknown one %d", name, a.Code, b.Code)
		}
	}
}

// TestS25TheConsoleShowsWhatPoliciesAllow: a principal without policies sees
// himself, and nothing else of the account.
func TestS25TheConsoleShowsWhatPoliciesAllow(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	const contact = "somebody-private@owner.example"
	s.must(s.Accounts.SetContact(s.asHost(), contact))
	_, none := s.appoint("none", "")
	_, reader := s.appoint("reader", `{"Effect":"Allow","Action":"account:GetAlternateContact","Resource":"*"}`)
	own := map[string]bool{
		"/account/me": true, "/account/me/totp": true, "/account/policies/new": true, "/account/simulator": true, // empty forms
	}
	for _, r := range routes(t) {
		if !r.console() || r.method != http.MethodGet || strings.Contains(r.path, "/setup") || strings.Contains(r.path, "/link") || r.path == "/account/login" {
			continue
		}
		w := none.get(p.address(t, r))
		if w.Code == http.StatusOK && !own[r.path] {
			t.Errorf("%s is shown to a principal without policies", r)
		}
		if strings.Contains(w.Body.String(), contact) {
			t.Errorf("%s shows the address of the contact", r)
		}
	}
	if w := reader.get("/account/contact"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), contact) {
		t.Errorf("who may read the contact: %d", w.Code)
	}
	if w := reader.post("/account/contact", url.Values{"email": {"mallory@evil.example"}}); w.Code != http.StatusForbidden {
		t.Errorf("who may only read the contact changes it: %d", w.Code)
	}
}

// TestG12NoPageRestores: a backup comes back by a command on the host alone.
func TestG12NoPageRestores(t *testing.T) {
	t.Parallel()
	for _, r := range routes(t) {
		if strings.Contains(r.path, "restore") || strings.Contains(r.path, "backup") {
			t.Errorf("%s: who may fill the database from the web?", r)
		}
	}
}

// TestG15NobodyTypesASecretAccessKey into a page: no form asks for one, and one
// that is sent all the same is ignored and shown nowhere.
func TestG15NobodyTypesASecretAccessKey(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	asks := regexp.MustCompile(`<(?:input|textarea)[^>]*name="[^"]*(?:secret|access_key|private)[^"]*"`)
	v := s.owner().both(s.as("admin", p.user["admin"]))
	for _, r := range routes(t) {
		if r.method != http.MethodGet {
			continue
		}
		for _, who := range []visitor{v, s.anonymous()} {
			if found := asks.FindString(who.get(p.address(t, r)).Body.String()); found != "" {
				t.Errorf("%s asks for %s", r, found)
			}
		}
	}
	const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"
	w := s.anonymous().post("/account/login", url.Values{
		"access_key_id": {"AKIAUME"}, "secret_access_key": {secret}, "principal_name": {""}, "password": {""},
	})
	if w.Code < http.StatusBadRequest || strings.Contains(w.Body.String(), secret) || len(w.Result().Cookies()) > 0 {
		t.Errorf("signing in with a key: status %d, cookies %v, or the secret is shown", w.Code, w.Result().Cookies())
	}
}
