package awsapi_test

import (
	"net/http"
	"strings"
	"testing"

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
