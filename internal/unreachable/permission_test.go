package unreachable_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// hasty is a clock that waits for nobody.
type hasty struct{ clock.Clock }

func (hasty) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// documented are the policies that the page for operators shows: the whole one, and the
// statement that may be added.
func documented(t *testing.T, page string) (policy, addition string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operate", page))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%s shows %d policies", page, len(blocks))
	}
	return blocks[0][1], blocks[1][1]
}

func asks(c *apitest.Client) (unreachable.Wire, *unreachable.Finder) {
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Key, nil })
	w := unreachable.Wire{Client: &client.Client{Endpoint: c.URLs.Base(), Region: apitest.Region, Credentials: keys, Clock: c.Clock}, Title: "wire"}
	return w, &unreachable.Finder{Source: w, Clock: hasty{clock.System{}}, Quota: unreachable.Quota{Rate: 1e9, Burst: 1 << 20}, Share: 1}
}

// TestTheDocumentedPolicyIsEnough to look, as it stands on the page and limited to the
// instance as the page says; and not to write, which takes one action more.
func TestTheDocumentedPolicyIsEnough(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	policy, addition := documented(t, "unreachable.md")
	if other, more := documented(t, "unreachable.ja.md"); other != policy || more != addition {
		t.Error("the pages show different policies")
	}
	var statement map[string]any
	if err := json.Unmarshal([]byte(addition), &statement); err != nil {
		t.Errorf("the statement to add: %v", err)
	}
	instance := string(c.Centre.Instance.ID)
	arn := "arn:aws:connect:" + apitest.Region + ":" + string(c.Centre.Account.ID) + ":instance/" + instance
	limited := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:ListInstances", "Resource": "*"}, ` +
		strings.Replace(policy[strings.Index(policy, `[{`)+1:], `"Resource": "*"`, `"Resource": ["`+arn+`", "`+arn+`/agent/*", "`+arn+`/security-profile/*"]`, 1)
	whole := strings.Replace(policy, "[{", "["+addition+",{", 1)
	for name, p := range map[string]string{"as it stands": policy, "limited": limited, "with the addition": whole} {
		wire, finder := asks(c.As(p))
		report, err := finder.Find(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		one := report.Instances[0]
		if report.Denied() || report.Unchecked() > 0 || one.Users != (unreachable.Count{Total: 128, Checked: 128}) || !one.Readiness.Known {
			t.Errorf("%s: %+v, %d not looked at, readiness %+v", name, one.Users, report.Unchecked(), one.Readiness)
		}
		here := unreachable.Instance{ID: instance}
		if err := wire.WriteIdentity(t.Context(), here, string(c.User("agent").ID), unreachable.Identity{}); aikagi.CodeOf(err) != aikagi.Forbidden {
			t.Errorf("%s: it can write: %v", name, err)
		}
	}
	wire, _ := asks(c.As(strings.Replace(policy, `"connect:DescribeUser"`, `"connect:DescribeUser", "connect:UpdateUserIdentityInfo"`, 1)))
	here, user := unreachable.Instance{ID: instance}, string(c.User("agent").ID)
	was, err := wire.ReadIdentity(t.Context(), here, user)
	if err == nil {
		err = wire.WriteIdentity(t.Context(), here, user, was)
	}
	if err != nil {
		t.Errorf("with connect:UpdateUserIdentityInfo: %v", err)
	}
}
