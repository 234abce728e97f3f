package desk_test

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

func TestWhoCannotResetIsListedPageByPage(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	var names []string
	path := "/aikagi/instances/" + c.Instance + "/unreachable-users?maxResults=3"
	for token := ""; ; {
		var page struct {
			Users     []struct{ Username, Reason string }
			Total     int
			NextToken string
		}
		c.Do(http.MethodGet, path+"&nextToken="+token, "").Into(&page)
		for _, u := range page.Users {
			names = append(names, u.Username)
			if u.Reason != "no_email" {
				t.Errorf("%s: reason %q", u.Username, u.Reason)
			}
		}
		if token = page.NextToken; token == "" {
			if page.Total != len(names) {
				t.Errorf("%d of %d listed", len(names), page.Total)
			}
			break
		}
	}
	if want := c.Login("agent-without-email").Username; len(names) != 7 || !strings.Contains(strings.Join(names, " "), want) {
		t.Errorf("listed %v, want seven with %s", names, want)
	}
}

// TestEverybodysAddressIsListedPageByPage, with what Amazon's DescribeUser does not tell.
func TestEverybodysAddressIsListedPageByPage(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	type user struct {
		Id, Username, Email string
		Enabled, Bounced    bool
		SecurityProfileIds  []string
	}
	all := map[string]user{}
	path := "/aikagi/instances/" + c.Instance + "/user-addresses?maxResults=50"
	pages := 0
	for token := ""; pages == 0 || token != ""; pages++ {
		var page struct {
			Users     []user
			NextToken string
		}
		c.Do(http.MethodGet, path+"&nextToken="+token, "").Into(&page)
		for _, u := range page.Users {
			all[u.Username] = u
		}
		token = page.NextToken
	}
	agent, without := c.Login("agent"), c.Login("agent-without-email")
	if got := all[agent.Username]; len(all) != 128 || pages != 3 || got.Email != agent.Email || !got.Enabled || got.Bounced || len(got.SecurityProfileIds) != 1 {
		t.Errorf("%d users on %d pages, the agent is %+v", len(all), pages, got)
	}
	if got := all[without.Username]; got.Email != "" || got.Id != string(c.User("agent-without-email").ID) {
		t.Errorf("without an address: %+v", got)
	}
	c.Do(http.MethodGet, path+"&nextToken=x", "").Refuses("InvalidParameterException")
	c.Do(http.MethodGet, strings.Replace(path, "50", "1001", 1), "").Refuses("InvalidParameterException")
	// The token of another operation opens nothing here.
	var other struct{ NextToken string }
	c.Do(http.MethodGet, "/aikagi/instances/"+c.Instance+"/unreachable-users?maxResults=3", "").Into(&other)
	c.Do(http.MethodGet, path+"&nextToken="+other.NextToken, "").Refuses("InvalidParameterException")
	// Who may look at those who cannot reset does not get everybody's address by it.
	less := c.As(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "aikagi:ListUnreachableUsers", "Resource": "*"}]}`)
	less.Do(http.MethodGet, path, "").Refuses("AccessDeniedException")
}

func TestTheWayBackIn(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	of := func(role, what string) string {
		return "/aikagi/instances/" + c.Instance + "/users/" + string(c.User(role).ID) + "/" + what
	}
	c.Do(http.MethodPost, of("agent", "reset-mail"), "{}").Must(http.StatusOK)
	if _, err := c.Mailbox.Wait(t.Context(), c.Login("agent").Email, 1); err != nil {
		t.Fatal(err)
	}
	var timeline struct {
		Messages []struct{ Kind, To, State string }
	}
	c.Do(http.MethodGet, of("agent", "mail"), "").Into(&timeline)
	if len(timeline.Messages) != 1 || timeline.Messages[0].Kind != "password_reset" || timeline.Messages[0].To != c.Login("agent").Email {
		t.Errorf("timeline %+v", timeline)
	}
	c.Do(http.MethodPost, of("agent-without-email", "reset-mail"), "{}").Refuses("ResourceConflictException")

	var card struct {
		Link      string
		ExpiresAt float64
	}
	c.Do(http.MethodPost, of("agent-without-email", "reset-card"), "{}").Into(&card)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	page, err := browser.Get(card.Link) //nolint:noctx // of the product under test
	if err != nil {
		t.Fatal(err)
	}
	_ = page.Body.Close()
	if page.StatusCode != http.StatusOK || !strings.HasSuffix(page.Request.URL.Path, "/reset") {
		t.Errorf("the card leads to %d %s", page.StatusCode, page.Request.URL)
	}
	if until := time.Unix(int64(card.ExpiresAt), 0); !until.After(c.Clock.Now()) {
		t.Errorf("the card ended %s", until)
	}
	var ended struct{ Ended int }
	c.Do(http.MethodPost, of("agent", "end-sessions"), "{}").Into(&ended)
}

// TestAmazonsRightsOpenNoWayIn: policies made for Amazon Connect say nothing about
// these actions.
func TestAmazonsRightsOpenNoWayIn(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	other := c.As(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:*", "Resource": "*"}]}`)
	base := "/aikagi/instances/" + c.Instance
	user := base + "/users/" + string(c.User("agent").ID)
	for _, ask := range []struct{ method, path string }{
		{http.MethodGet, base + "/unreachable-users"},
		{http.MethodGet, base + "/user-addresses"},
		{http.MethodPost, user + "/reset-mail"},
		{http.MethodPost, user + "/reset-card"},
		{http.MethodPost, user + "/end-sessions"},
		{http.MethodGet, user + "/mail"},
	} {
		other.Do(ask.method, ask.path, "").Refuses("AccessDeniedException")
	}
}
