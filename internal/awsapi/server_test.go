package awsapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

func TestS34NothingForWhoDidNotSign(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	r := c.Request(http.MethodGet, "/users-summary/"+c.Instance, "")
	r.Header.Del("Authorization")
	c.Send(r).Must(http.StatusForbidden).Refuses("MissingAuthenticationTokenException")
}

func TestH27DescribeUserTellsNoHash(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	u := c.User("editor")
	got := c.Do(http.MethodGet, "/users/"+c.Instance+"/"+string(u.ID), "").Must(http.StatusOK)
	for _, secret := range []string{u.PasswordHash, "argon2", "assword"} {
		if strings.Contains(string(got.Body), secret) {
			t.Errorf("the answer holds %q: %s", secret, got.Body)
		}
	}
	if !strings.Contains(string(got.Body), `"Username":"`+string(u.Username)+`"`) {
		t.Errorf("not the user: %s", got.Body)
	}
}

func TestS35WhoMayNotKnowGetsOneAnswer(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	weak := c.As(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:ListInstances", "Resource": "*"}]}`)
	there := weak.Do(http.MethodGet, "/users/"+c.Instance+"/"+string(c.User("editor").ID), "")
	nobody := weak.Do(http.MethodGet, "/users/"+c.Instance+"/00000000-0000-4000-8000-000000000000", "")
	nowhere := weak.Do(http.MethodGet, "/users/00000000-0000-4000-8000-000000000000/00000000-0000-4000-8000-000000000000", "")
	there.Refuses("AccessDeniedException")
	if string(there.Body) != string(nobody.Body) || string(there.Body) != string(nowhere.Body) {
		t.Errorf("told apart:\n%s\n%s\n%s", there.Body, nobody.Body, nowhere.Body)
	}
}

func TestH25CookiesMeanNothing(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	r := c.Request(http.MethodGet, "/instance", "")
	r.Header.Del("Authorization")
	for _, name := range []string{"aikagi", "aikagi_account", "session"} {
		r.AddCookie(&http.Cookie{Name: name, Value: "anything"})
	}
	got := c.Send(r)
	got.Refuses("MissingAuthenticationTokenException")
	if len(got.Header.Values("Set-Cookie")) > 0 {
		t.Error("the wire sets a cookie")
	}
}

func TestH24PageSizesOutOfRange(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	for size, want := range map[string]string{
		"0": "InvalidParameterException", "-1": "InvalidParameterException", "1001": "InvalidParameterException",
		"2147483648": "SerializationException", "": "SerializationException", "1": "", "1000": "",
	} {
		got := c.Do(http.MethodGet, "/users-summary/"+c.Instance+"?maxResults="+size, "")
		if got.Fault() != want {
			t.Errorf("maxResults=%s: %s %s, want %q", size, got.Fault(), got.Body, want)
		}
	}
}

func TestS36TokensAreBound(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	var page struct{ NextToken string }
	c.Do(http.MethodGet, "/users-summary/"+c.Instance+"?maxResults=5", "").Into(&page)
	if page.NextToken == "" || strings.Contains(page.NextToken, "sakura") {
		t.Fatalf("token %q", page.NextToken)
	}
	next := func(c *apitest.Client, path, token string) apitest.Answer {
		return c.Do(http.MethodGet, path+"?maxResults=5&nextToken="+token, "")
	}
	users := "/users-summary/" + c.Instance
	next(c, users, page.NextToken).Must(http.StatusOK)
	next(c, "/instance", page.NextToken).Refuses("InvalidParameterException")
	next(c, users, page.NextToken[:len(page.NextToken)-2]+"AA").Refuses("InvalidParameterException")
	next(c, users, "AAAA").Refuses("InvalidParameterException")
	other := c.As(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:*", "Resource": "*"}]}`)
	next(other, users, page.NextToken).Refuses("InvalidParameterException")
	c.Clock.Move(25 * time.Hour)
	next(c, users, page.NextToken).Refuses("InvalidParameterException")
}

func TestH20EachKeyHasItsOwnRate(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	c.Clock.Move(0)
	list := func(c *apitest.Client) apitest.Answer { return c.Do(http.MethodGet, "/instance?maxResults=1", "") }
	var last apitest.Answer
	for range 201 { // the clock stands: nothing comes back
		if last = list(c); last.Status != http.StatusOK {
			break
		}
	}
	last.Must(http.StatusTooManyRequests).Refuses("ThrottlingException")
	if last.Header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	c.Do(http.MethodGet, "/instance/"+c.Instance, "").Must(http.StatusOK) // another operation
	list(c.As(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:*", "Resource": "*"}]}`)).Must(http.StatusOK)
	c.Clock.Move(time.Second)
	list(c).Must(http.StatusOK)
}

func TestH21H26ErrorsTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	for _, path := range []string{
		"/users/" + c.Instance + "/" + "%0d%0aSet-Cookie:%20a=b", "/users/" + c.Instance + "/%00", "/users/" + c.Instance + "/%ff",
		"/users/'%20OR%201=1--/x", "/no-such-thing", "/users/" + strings.Repeat("a", 5000) + "/b", "/users/%25s/%25d",
	} {
		got := c.Do(http.MethodGet, path, "")
		if got.Status < 400 || got.Status > 404 || got.Fault() == "" || got.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%.40s: %d %s", path, got.Status, got.Body)
		}
		for _, inside := range []string{"SELECT", "sqlite", ".go:", "goroutine", "/internal/", "panic"} {
			if strings.Contains(string(got.Body), inside) {
				t.Errorf("%.40s: tells %q: %s", path, inside, got.Body)
			}
		}
		if got.Header.Get("Set-Cookie") != "" {
			t.Errorf("%.40s: a header was put in", path)
		}
	}
}
