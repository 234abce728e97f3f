package unreachable

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
)

// played answers as the service model and what others saw of Amazon Connect say. The
// real service was never asked.
func played(t *testing.T, answers map[string]func(w http.ResponseWriter, r *http.Request)) Wire {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIA") {
			t.Errorf("%s is not signed", r.URL)
		}
		key := r.URL.Path
		if token := r.URL.Query().Get("nextToken"); token != "" {
			key += "?" + token
		}
		if answer, ok := answers[key]; ok {
			answer(w, r)
			return
		}
		w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException:http://internal.amazon.com/coral/")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"Message":"not found"}`))
	}))
	t.Cleanup(s.Close)
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
	})
	return Wire{Client: &client.Client{Endpoint: s.URL, Region: "ap-northeast-1", Credentials: keys, Clock: &still{now: start}}, Title: "aws:ap-northeast-1:1"}
}

func says(body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func refuses(status int, header, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		if header != "" {
			w.Header().Set("X-Amzn-Errortype", header)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// once answers a question in one way first, and in another from then on.
func once(first, then func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	asked := false
	return func(w http.ResponseWriter, r *http.Request) {
		if !asked {
			asked = true
			first(w, r)
			return
		}
		then(w, r)
	}
}

// TestAnswersOfTheServiceModel: pages, all kinds of identity, members that are left out
// or that nobody knew, throttling, and what the caller may not see.
func TestAnswersOfTheServiceModel(t *testing.T) {
	t.Parallel()
	throttled := refuses(http.StatusTooManyRequests, "", `{"__type":"com.amazonaws.connect#ThrottlingException","message":"Rate exceeded"}`)
	w := played(t, map[string]func(http.ResponseWriter, *http.Request){
		"/instance": says(`{"InstanceSummaryList":[{"Id":"i1","Arn":"arn","IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":"one","CreatedTime":1.7e9,` +
			`"InstanceStatus":"ACTIVE","NewMember":{"a":[]}}],"NextToken":"t/+="}`),
		"/instance?t/+=": says(`{"InstanceSummaryList":[{"Id":"i2","IdentityManagementType":"SAML","InstanceAlias":"two"},` +
			`{"Id":"i3","IdentityManagementType":"EXISTING_DIRECTORY"},{"Id":"i4","IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":"four"}]}`),
		"/users-summary/i1":   says(`{"UserSummaryList":[{"Id":"u1","Username":"full"},{"Id":"u2","Username":"bare"}],"NextToken":"p"}`),
		"/users-summary/i1?p": once(throttled, says(`{"UserSummaryList":[{"Id":"u3","Username":"null"},{"Id":"u4","Username":"gone"},{"Id":"u5","Username":"denied"},{"Id":"u6","Username":"slow"}]}`)),
		"/users-summary/i2":   says(`{"UserSummaryList":[{"Id":"s1","Username":"saml"}]}`),
		"/users-summary/i3":   says(`{"UserSummaryList":[]}`),
		"/users-summary/i4":   refuses(http.StatusForbidden, "AccessDeniedException:", `{"Message":"User: arn is not authorized"}`),
		"/users/i1/u1": says(`{"User":{"Id":"u1","Username":"full","IdentityInfo":{"FirstName":"花子","LastName":"佐藤","Email":"h@example.jp","Mobile":"+81","SecondaryEmail":"x@y.jp"},` +
			`"SecurityProfileIds":["p1"],"Tags":{}}}`),
		"/users/i1/u2":                         says(`{"User":{"Id":"u2","Username":"bare"}}`),
		"/users/i1/u3":                         says(`{"User":{"Id":"u3","Username":"null","IdentityInfo":null,"SecurityProfileIds":null}}`),
		"/users/i1/u5":                         refuses(http.StatusForbidden, "AccessDeniedException", `{}`),
		"/users/i1/u6":                         once(refuses(http.StatusInternalServerError, "InternalServiceException", `{"Message":null}`), once(throttled, says(`{"User":{"Id":"u6","Username":"slow","IdentityInfo":{"Email":"s@example.jp"}}}`))),
		"/security-profiles-summary/i1":        says(`{"SecurityProfileSummaryList":[{"Id":"p1","Name":"Admin"}]}`),
		"/security-profiles-permissions/i1/p1": says(`{"Permissions":["Users.View","Users.Edit","Users.EditPermission"]}`),
	})
	r := find(t, &Finder{Source: w, Clock: &still{now: start}, Quota: AmazonsQuota, Share: 1})
	one := r.Instances[0]
	if len(r.Instances) != 4 || r.Found() != 2 || one.Users != (Count{5, 4}) || r.Unchecked() != 1 {
		t.Errorf("%+v", r)
	}
	if got := one.Readiness; !got.Known || len(got.Ready) != 1 || got.Ready[0] != "full" || len(got.Takeovers) != 0 {
		t.Errorf("%+v", got)
	}
	if two := r.Instances[1]; len(two.Findings) != 1 || two.Findings[0].Reason != NotApplicable || two.Readiness != nil {
		t.Errorf("%+v", two)
	}
	if !r.Denied() || r.Instances[3].Error != accessDenied {
		t.Errorf("%+v", r.Instances[3])
	}
}

// TestAnswersThatOthersHaveSeen are built after what people have written down of the
// real service: an instance that could not be made and is listed for ever
// (aws/aws-sdk-js issue 3557), a refusal whose body is a sentence and no object, as the
// service answered until 2023 (aws/aws-sdk-js-v3 issue 4256), a fault of the service in
// between, with nothing in its body (hashicorp/terraform-provider-aws issue 44418), the
// text of a refusal by policy (aws-samples/amazon-transcribe-live-call-analytics issue
// 93), and a list of users with its three members (the example of AWS CLI's list-users).
func TestAnswersThatOthersHaveSeen(t *testing.T) {
	t.Parallel()
	const id = "40c83b68-ea62-414c-97bb-d018e39e158e"
	arn := "arn:aws:connect:us-west-2:123456789012:instance/" + id
	user := func(n, email string) func(http.ResponseWriter, *http.Request) {
		return says(`{"User":{"Arn":"` + arn + `/agent/` + n + `","DirectoryUserId":"` + n + `","Id":"` + n + `","IdentityInfo":{"Email":"` + email + `",` +
			`"FirstName":"F","LastName":"L"},"PhoneConfig":{"AfterContactWorkTimeLimit":0,"AutoAccept":false,"PhoneType":"SOFT_PHONE"},` +
			`"RoutingProfileId":"r","SecurityProfileIds":["p1"],"Tags":{},"LastModifiedTime":1.695476385362E9,"LastModifiedRegion":"us-west-2"}}`)
	}
	w := played(t, map[string]func(http.ResponseWriter, *http.Request){
		"/instance": says(`{"InstanceSummaryList":[{"Id":"broken","Arn":"arn:broken","IdentityManagementType":"CONNECT_MANAGED","CreatedTime":1.606e9,` +
			`"InstanceStatus":"CREATION_FAILED","InboundCallsEnabled":true,"OutboundCallsEnabled":true},` +
			`{"Id":"` + id + `","Arn":"` + arn + `","IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":"desk","InstanceStatus":"ACTIVE"}]}`),
		"/users-summary/" + id: says(`{"UserSummaryList":[{"Id":"jane","Arn":"` + arn + `/agent/jane","Username":"Jane"},` +
			`{"Id":"paulo","Arn":"` + arn + `/agent/paulo","Username":"Paulo"},{"Id":"flaky","Arn":"` + arn + `/agent/flaky","Username":"Flaky"},` +
			`{"Id":"secret","Arn":"` + arn + `/agent/secret","Username":"Secret"}]}`),
		"/users/" + id + "/jane":  user("jane", "jane@example.com"),
		"/users/" + id + "/paulo": user("paulo", ""),
		"/users/" + id + "/flaky": once(refuses(http.StatusInternalServerError, "InternalServiceException:http://internal.amazon.com/coral/com.amazonaws.connect/", ``),
			user("flaky", "flaky@example.com")),
		"/users/" + id + "/secret": refuses(http.StatusForbidden, "AccessDeniedException", `{"Message":"User: arn:aws:sts::123456789012:assumed-role/look/s `+
			`is not authorized to perform: connect:DescribeUser on resource: `+arn+`/agent/secret"}`),
		"/security-profiles-summary/" + id: refuses(http.StatusForbidden, "AccessDeniedException:", `"not allowed to list the profiles"`),
	})
	r := find(t, &Finder{Source: w, Clock: &still{now: start}, Quota: AmazonsQuota, Share: 1})
	if broken := r.Instances[0]; broken.Error != notActive || broken.Users.Total != 0 || r.Denied() {
		t.Errorf("an instance that could not be made: %+v, denied %v", broken, r.Denied())
	}
	desk := r.Instances[1]
	want := []Finding{
		{"paulo", "Paulo", NoEmail, ""}, {"secret", "Secret", Unchecked, accessDenied},
	}
	if diff := cmp.Diff(want, desk.Findings); diff != "" || desk.Users != (Count{4, 3}) {
		t.Errorf("%+v\n%s", desk.Users, diff)
	}
	if desk.Readiness.Known || desk.Readiness.Error != accessDenied {
		t.Errorf("%+v", desk.Readiness)
	}
}

// TestAnswersThatEndARun say what to do about it.
func TestAnswersThatEndARun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		code   aikagi.Code
		reason string
	}{
		"expired credentials": {refuses(http.StatusForbidden, "ExpiredTokenException", `{"message":"The security token included in the request is expired"}`), aikagi.Unauthenticated, "expired"},
		"unknown key":         {refuses(http.StatusForbidden, "UnrecognizedClientException", `{}`), aikagi.Unauthenticated, ""},
		"wrong region":        {refuses(http.StatusForbidden, "InvalidSignatureException", `{}`), aikagi.Unauthenticated, ""},
		"a page of a proxy":   {refuses(http.StatusBadGateway, "", `<html>502</html>`), aikagi.Unavailable, "unreachable"},
		"no JSON":             {says(`<html>log in</html>`), aikagi.Unavailable, "unreachable"},
		"cut off":             {says(`{"InstanceSummaryList":[{"Id":"i1"`), aikagi.Unavailable, "unreachable"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		}, aikagi.Unavailable, "unreachable"},
		"no such operation": {refuses(http.StatusNotFound, "UnknownOperationException", `{}`), aikagi.NotFound, "unknown_operation"},
	} {
		w := played(t, map[string]func(http.ResponseWriter, *http.Request){"/instance": tt.answer})
		_, err := (&Finder{Source: w, Clock: &still{now: start}, Quota: AmazonsQuota, Share: 1}).Find(t.Context())
		if aikagi.CodeOf(err) != tt.code || aikagi.ReasonOf(err) != tt.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAServerOfThisProductTellsEverythingAtOnce: nobody is looked at, and those whom the
// wire API of Amazon knows nothing of are found too.
func TestAServerOfThisProductTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	const addresses = "/aikagi/instances/i1/user-addresses"
	answers := map[string]func(http.ResponseWriter, *http.Request){
		"/instance": says(`{"InstanceSummaryList":[{"Id":"i1","IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":"one"}]}`),
		addresses: says(`{"Users":[{"Id":"u1","Username":"boss","Email":"boss@example.jp","Enabled":true,"Bounced":false,"SecurityProfileIds":["p1"]},` +
			`{"Id":"u2","Username":"none","Enabled":true,"Bounced":false,"SecurityProfileIds":[]}],"NextToken":"t/+="}`),
		addresses + "?t/+=": once(refuses(http.StatusTooManyRequests, "ThrottlingException", `{}`),
			says(`{"Users":[{"Id":"u3","Username":"off","Enabled":false},{"Id":"u4","Username":"back","Email":"back@example.jp","Enabled":true,"Bounced":true}]}`)),
		"/users-summary/i1":                    says(`{"UserSummaryList":[{"Id":"u1","Username":"boss"}]}`),
		"/users/i1/u1":                         says(`{"User":{"Id":"u1","Username":"boss","SecurityProfileIds":["p1"]}}`),
		"/security-profiles-summary/i1":        says(`{"SecurityProfileSummaryList":[{"Id":"p1","Name":"Admin"}]}`),
		"/security-profiles-permissions/i1/p1": says(`{"Permissions":["Users.View","Users.Edit","Users.EditPermission"]}`),
	}
	own := func() InstanceReport {
		w := played(t, answers)
		w.Own = true
		return find(t, &Finder{Source: w, Clock: &still{now: start}, Quota: AmazonsQuota, Share: 1}).Instances[0]
	}
	one := own()
	want := []Finding{{"u4", "back", Bounced, ""}, {"u2", "none", NoEmail, ""}, {"u3", "off", Disabled, ""}}
	if diff := cmp.Diff(want, one.Findings); diff != "" || one.Users != (Count{4, 4}) || len(one.Readiness.Ready) != 1 {
		t.Errorf("%+v: %s", one, diff)
	}
	// Where the access key may not, or the server is older, each is looked at as on Amazon.
	for _, no := range []func(http.ResponseWriter, *http.Request){
		refuses(http.StatusForbidden, "AccessDeniedException", `{}`), refuses(http.StatusNotFound, "UnknownOperationException", `{}`),
	} {
		answers[addresses] = no
		if one := own(); one.Users != (Count{1, 1}) || len(one.Findings) != 1 || one.Findings[0].Username != "boss" {
			t.Errorf("one by one: %+v", one)
		}
	}
	// A refusal in the middle is none of these: half a list would be read as all of it.
	answers[addresses] = says(`{"Users":[],"NextToken":"t/+="}`)
	answers[addresses+"?t/+="] = refuses(http.StatusForbidden, "AccessDeniedException", `{}`)
	if one := own(); one.Error != accessDenied {
		t.Errorf("cut off by a refusal: %+v", one)
	}
	// Amazon Connect is never asked for what it does not have.
	answers[addresses] = func(http.ResponseWriter, *http.Request) { t.Error("Amazon is asked for an operation of ours") }
	find(t, &Finder{Source: played(t, answers), Clock: &still{now: start}, Quota: AmazonsQuota, Share: 1})
}
