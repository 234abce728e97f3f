package connect_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

func accessOf(t *testing.T, c *apitest.Client, instance string) (id, path string) {
	t.Helper()
	all := list(t, c, "/authentication-profiles-summary/"+instance, "AuthenticationProfileSummaryList")
	if len(all) != 1 || all[0].at("IsDefault") != "true" || all[0].at("Name") != "Default Authentication Profile" ||
		!strings.HasSuffix(all[0].at("Arn"), "/authentication-profile/"+all[0].at("Id")) {
		t.Fatalf("authentication profiles: %v", all)
	}
	return all[0].at("Id"), "/authentication-profiles/" + instance + "/" + all[0].at("Id")
}

func TestAnInstanceHasOneAuthenticationProfile(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	id, path := accessOf(t, c, c.Instance)
	p := get(c, path)
	for member, want := range map[string]string{
		"Id": id, "Name": "Default Authentication Profile", "Description": "A basic default Authentication Profile",
		"AllowedIps": "[]", "BlockedIps": "[]", "IsDefault": "true", "PeriodicSessionDuration": "60", "MaxSessionDuration": "720",
		"SessionInactivityDuration": "60", "SessionInactivityHandlingEnabled": "false", "LastModifiedRegion": apitest.Region,
	} {
		if got := p.at("AuthenticationProfile", member); got != want {
			t.Errorf("%s: %q, want %q", member, got, want)
		}
	}
	for _, body := range []string{
		`{"Name":"Desk"}`, `{"AllowedIps":["192.0.2.0/24","2001:db8::/32","127.0.0.1","::1"],"PeriodicSessionDuration":10}`,
		`{"SessionInactivityDuration":720,"SessionInactivityHandlingEnabled":true}`, `{"AllowedIps":null}`, `{}`,
	} {
		if answer := c.Do(http.MethodPost, path, body).Must(http.StatusOK); string(answer.Body) != "{}" {
			t.Errorf("%s answers %s", body, answer.Body)
		}
	}
	p = get(c, path)
	for member, want := range map[string]string{
		"Name": "Desk", "Description": "A basic default Authentication Profile", "PeriodicSessionDuration": "10",
		"AllowedIps": `["192.0.2.0/24","2001:db8::/32","127.0.0.1","::1"]`, "BlockedIps": "[]",
		"SessionInactivityDuration": "720", "SessionInactivityHandlingEnabled": "true", "MaxSessionDuration": "720",
	} {
		if got := p.at("AuthenticationProfile", member); got != want {
			t.Errorf("after updates, %s: %q, want %q", member, got, want)
		}
	}
	for _, body := range []string{
		`{"AllowedIps":["everywhere"]}`, `{"BlockedIps":["192.0.2.0/33"]}`, `{"PeriodicSessionDuration":9}`, `{"PeriodicSessionDuration":61}`,
		`{"SessionInactivityDuration":14}`, `{"SessionInactivityDuration":721}`, `{"SessionInactivityDuration":-1}`,
		`{"Name":"` + strings.Repeat("n", 129) + `"}`, `{"Description":"` + strings.Repeat("n", 251) + `"}`,
	} {
		c.Do(http.MethodPost, path, body).Refuses("InvalidParameterException")
	}
	c.Do(http.MethodPost, path, `{"BlockedIps":[null]}`).Refuses("SerializationException")
	c.Do(http.MethodPost, path, `{"SessionInactivityDuration":"60"}`).Refuses("SerializationException")
	other := create(c, "momiji", "")
	theirs, _ := accessOf(t, c, other)
	for _, unknown := range []string{nowhere, theirs} {
		c.Do(http.MethodGet, "/authentication-profiles/"+c.Instance+"/"+unknown, "").Refuses("ResourceNotFoundException")
		c.Do(http.MethodPost, "/authentication-profiles/"+c.Instance+"/"+unknown, `{"Name":"x"}`).Refuses("ResourceNotFoundException")
	}
	c.Do(http.MethodGet, "/authentication-profiles-summary/"+nowhere, "").Refuses("ResourceNotFoundException")
	arn := get(c, path).at("AuthenticationProfile", "Arn")
	c.As(policy(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"`+arn+`"}`)).
		Do(http.MethodPost, path, `{"Name":"x"}`).Refuses("AccessDeniedException")
}

// TestS15WhatTheAPIBlocksIsOutsideAtOnce, on the page and for the session check.
func TestS15WhatTheAPIBlocksIsOutsideAtOnce(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	_, path := accessOf(t, c, c.Instance)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	who := c.Login("agent")
	ask := func(method, page string, form url.Values) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, c.URL(page), strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer
	}
	ask(http.MethodPost, "/login", url.Values{"username": {who.Username}, "password": {who.Password}})
	sees := func() (check int, page string) {
		return ask(http.MethodGet, "/auth/authorize", nil).StatusCode, ask(http.MethodGet, "/me", nil).Request.URL.RawQuery
	}
	if check, page := sees(); check != http.StatusOK || page != "" {
		t.Fatalf("before: %d, %s", check, page)
	}
	c.Do(http.MethodPost, path, `{"BlockedIps":["127.0.0.0/8"]}`).Must(http.StatusOK)
	if check, page := sees(); check != http.StatusUnauthorized || !strings.Contains(page, "why=network") {
		t.Errorf("blocked: %d, %s", check, page)
	}
	c.Do(http.MethodPost, path, `{"AllowedIps":["127.0.0.1"],"BlockedIps":[]}`).Must(http.StatusOK)
	if check, page := sees(); check != http.StatusOK || page != "" {
		t.Errorf("allowed: %d, %s", check, page)
	}
}
