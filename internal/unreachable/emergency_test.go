package unreachable

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

const (
	instanceARN = "arn:aws:connect:ap-northeast-1:123456789012:instance/i"
	iamSpace    = ` xmlns="https://iam.amazonaws.com/doc/2010-05-08/"`
)

// playedIAM answers as the model of IAM says; the real service was never asked.
func playedIAM(t *testing.T, caller string, answer func(form url.Values) (status int, xml string)) *authority {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); r.Method != http.MethodPost || r.URL.Path != "/" || !strings.Contains(a, "/us-east-1/iam/aws4_request") {
			t.Errorf("%s %s, signed %q", r.Method, r.URL, a)
		}
		if err := r.ParseForm(); err != nil || r.PostForm.Get("Version") != "2010-05-08" {
			t.Errorf("form %v: %v", r.PostForm, err)
		}
		status, text := answer(r.PostForm)
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
	})
	return &authority{iam: client.IAM{Endpoint: s.URL, Region: "us-east-1", Credentials: keys, Clock: &still{now: start}}, caller: caller}
}

// decides is an answer about both names of the action, the present one first.
func decides(present, former string, missing ...string) string {
	var keys strings.Builder
	for _, key := range missing {
		keys.WriteString("<member>" + key + "</member>")
	}
	one := func(name, kind string) string {
		return "<member><EvalActionName>" + name + "</EvalActionName><EvalDecision>" + kind + "</EvalDecision><EvalResourceName>" + instanceARN +
			"</EvalResourceName><MatchedStatements/><MissingContextValues>" + keys.String() + "</MissingContextValues></member>"
	}
	return "<SimulatePrincipalPolicyResponse" + iamSpace + "><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>" +
		one(iam.EmergencyAccess, present) + one(formerName, former) +
		"</EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>"
}

func refusal(code string) string {
	return "<ErrorResponse" + iamSpace + "><Error><Type>Sender</Type><Code>" + code + "</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>"
}

func answered(possible bool, asked, missing string, who ...string) Emergency {
	return Emergency{Possible: &possible, For: append([]string{}, who...), Asked: asked, Missing: missing}
}

// TestWhetherEmergencyAccessIsPossibleIsAskedOfIAM: what each answer says about the
// caller, and what he is told to do.
func TestWhetherEmergencyAccessIsPossibleIsAskedOfIAM(t *testing.T) {
	t.Parallel()
	const user = "arn:aws:iam::123456789012:user/ops/tanaka"
	depends := notKnown(user, "", "")
	depends.Conditions = []string{"aws:MultiFactorAuthPresent"}
	specific := strings.Replace(decides("implicitDeny", "implicitDeny"), "<MissingContextValues></MissingContextValues>",
		"<ResourceSpecificResults><member><EvalResourceDecision>implicitDeny</EvalResourceDecision><MissingContextValues>"+
			"<member>aws:MultiFactorAuthPresent</member></MissingContextValues></member></ResourceSpecificResults>", 1)
	organized := func(kind, allowed string) string {
		return strings.ReplaceAll(decides(kind, kind), "<MatchedStatements/>",
			"<OrganizationsDecisionDetail><AllowedByOrganizations>"+allowed+"</AllowedByOrganizations></OrganizationsDecisionDetail>")
	}
	for name, tt := range map[string]struct {
		status int
		answer string
		want   Emergency
		says   string
	}{
		"allowed":             {200, decides("allowed", "allowed"), answered(true, user, "", user), "may use emergency access. Try now"},
		"by its former name":  {200, decides("implicitDeny", "allowed"), answered(true, user, "", user), "may use emergency access. Try now"},
		"not allowed":         {200, decides("implicitDeny", "implicitDeny"), answered(false, user, iam.EmergencyAccess), "may not use emergency access"},
		"denied":              {200, decides("explicitDeny", "allowed"), answered(false, user, iam.EmergencyAccess), "may not use emergency access"},
		"depends":             {200, decides("implicitDeny", "implicitDeny", "aws:MultiFactorAuthPresent"), depends, "depends on aws:MultiFactorAuthPresent"},
		"depends, there":      {200, specific, depends, "depends on aws:MultiFactorAuthPresent"},
		"by the organization": {200, organized("explicitDeny", "false"), notKnown(user, "", organization), "policy of the organization"},
		"not by it":           {200, organized("explicitDeny", "true"), answered(false, user, iam.EmergencyAccess), "may not use emergency access"},
		"may not be asked":    {403, refusal("AccessDenied"), notKnown(user, simulate, ""), "the credentials lack iam:SimulatePrincipalPolicy"},
		"unknown key":         {403, refusal("InvalidClientTokenId"), notKnown(user, "", "unauthenticated"), "could not be asked"},
		"throttled":           {400, refusal("Throttling"), notKnown(user, "", "throttled"), "could not be asked"},
		"expired":             {403, refusal("ExpiredToken"), notKnown(user, "", "unauthenticated"), "could not be asked"},
		"no such operation":   {404, refusal("UnknownOperation"), notKnown(user, "", notTold), "on the server itself"},
		"no such user":        {404, refusal("NoSuchEntity"), notKnown(user, "", unknownRole), "could not be asked"},
		"a page of a proxy":   {502, "<html>502</html>", notKnown(user, "", "unavailable"), "could not be asked"},
		"another answer":      {200, "<html></html>", notKnown(user, "", "unavailable"), "could not be asked"},
		"an answer of nobody": {200, "<SimulatePrincipalPolicyResponse/>", notKnown(user, "", "unavailable"), "could not be asked"},
	} {
		a := playedIAM(t, user, func(form url.Values) (int, string) {
			asked := form.Get("PolicySourceArn") == user && form.Get("ResourceArns.member.1") == instanceARN &&
				form.Get("ActionNames.member.1") == iam.EmergencyAccess && form.Get("ActionNames.member.2") == formerName &&
				form.Get("ContextEntries.member.1.ContextKeyName") == "aws:RequestedRegion" && form.Get("ContextEntries.member.1.ContextKeyType") == "string" &&
				form.Get("ContextEntries.member.1.ContextKeyValues.member.1") == "ap-northeast-1"
			if form.Get("Action") != "SimulatePrincipalPolicy" || !asked {
				t.Errorf("%s: asked %v", name, form)
			}
			return tt.status, tt.answer
		})
		got, err := Wire{authority: a}.Emergency(t.Context(), Instance{ARN: instanceARN})
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if text := got.advice("en"); !strings.Contains(text, tt.says) {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// TestASessionIsAskedForByItsRole, also by one whose path the session does not tell.
func TestASessionIsAskedForByItsRole(t *testing.T) {
	t.Parallel()
	const session = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Ops_0/tanaka"
	const short, whole = "arn:aws:iam::123456789012:role/AWSReservedSSO_Ops_0", "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0"
	role := "<GetRoleResponse" + iamSpace + "><GetRoleResult><Role><Path>/aws-reserved/sso.amazonaws.com/</Path><Arn>" + whole + "</Arn></Role></GetRoleResult></GetRoleResponse>"
	for name, tt := range map[string]struct {
		known     string // the ARN that IAM knows
		getStatus int
		getRole   string
		want      Emergency
	}{
		"without a path":          {short, 500, "", answered(true, session, "", session)},
		"of single sign-on":       {whole, 200, role, answered(true, session, "", session)},
		"which may not be looked": {whole, 403, refusal("AccessDenied"), notKnown(session, getRole, "")},
		"which is gone":           {whole, 404, refusal("NoSuchEntity"), notKnown(session, "", unknownRole)},
	} {
		a := playedIAM(t, session, func(form url.Values) (int, string) {
			switch {
			case form.Get("Action") == "GetRole" && form.Get("RoleName") == "AWSReservedSSO_Ops_0":
				return tt.getStatus, tt.getRole
			case form.Get("PolicySourceArn") == tt.known:
				return 200, decides("allowed", "implicitDeny")
			}
			return 404, refusal("NoSuchEntity")
		})
		if diff := cmp.Diff(tt.want, a.judge(t.Context(), instanceARN)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for caller, want := range map[string]Emergency{
		"arn:aws:iam::123456789012:root":              answered(true, "arn:aws:iam::123456789012:root", "", "arn:aws:iam::123456789012:root"),
		"arn:aws:sts::123456789012:federated-user/me": notKnown("arn:aws:sts::123456789012:federated-user/me", "", notAskable),
		"me": notKnown("me", "", notAskable),
	} {
		a := playedIAM(t, caller, func(form url.Values) (int, string) {
			t.Errorf("%s: asked %v", caller, form)
			return 500, ""
		})
		if diff := cmp.Diff(want, a.judge(t.Context(), instanceARN)); diff != "" {
			t.Errorf("%s: %s", caller, diff)
		}
	}
}

// TestAnIAMWithoutTheFormerNameIsAskedForThePresentOne.
func TestAnIAMWithoutTheFormerNameIsAskedForThePresentOne(t *testing.T) {
	t.Parallel()
	const user = "arn:aws:iam::123456789012:user/tanaka"
	a := playedIAM(t, user, func(form url.Values) (int, string) {
		if form.Has("ActionNames.member.2") {
			return 400, refusal("InvalidInput")
		}
		return 200, decides("allowed", "allowed")
	})
	if got := a.judge(t.Context(), instanceARN); got.Possible == nil || !*got.Possible {
		t.Errorf("%+v", got)
	}
}

// TestAnIAMThatDoesNotAnswerIsAskedOnce, and not with every instance again.
func TestAnIAMThatDoesNotAnswerIsAskedOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	a := playedIAM(t, "arn:aws:iam::123456789012:user/tanaka", func(url.Values) (int, string) {
		asked++
		return 503, ""
	})
	for range 3 {
		if got := a.judge(t.Context(), instanceARN); got.Error != string(aikagi.Unavailable) {
			t.Errorf("%+v", got)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// TestTheDatabaseKnowsEverybodyWhoMayUseEmergencyAccess: enabled, with a way to sign in,
// and allowed without a condition.
func TestTheDatabaseKnowsEverybodyWhoMayUseEmergencyAccess(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.SQLite)
	i := storetest.Instance(t, s, "sakura")
	d := Database{Store: s, Region: "ap-northeast-1"}
	here := Instance{ID: string(i.ID), Alias: "sakura", IdentityType: string(i.IdentityType)}
	storetest.Update(t, s, func(tx *store.Tx) error {
		return tx.InsertAccount(t.Context(), aikagi.Account{ID: "123456789012", CreatedAt: start})
	})
	if got, err := d.Emergency(t.Context(), here); err != nil || *got.Possible || len(got.For) != 0 || !strings.Contains(got.advice("en"), "nobody may") {
		t.Errorf("with nobody: %+v, %v", got, err)
	}
	allow := `{"Effect": "Allow", "Action": "connect:AdminGetEmergencyAccessToken", "Resource": "*"}`
	here1 := strings.Replace(allow, `"*"`, `"arn:aws:connect:ap-northeast-1:123456789012:instance/`+string(i.ID)+`"`, 1)
	for n, p := range []struct {
		name, statement, password string
		enabled                   bool
	}{
		{"a-owner", allow, "hash", true},
		{"b-here", here1, "hash", true},
		{"c-elsewhere", strings.Replace(here1, string(i.ID), "other", 1), "hash", true},
		{"d-denied", allow + "," + strings.Replace(allow, "Allow", "Deny", 1), "hash", true},
		{"e-gone", allow, "hash", false},
		{"f-no-way-in", allow, "", true},
		{"g-conditions", strings.Replace(allow, "}", `, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}`, 1), "hash", true},
	} {
		id, policy := aikagi.PrincipalID(aikagi.NewID()), aikagi.PolicyID(fmt.Sprint("p", n))
		storetest.Update(t, s, func(tx *store.Tx) error {
			made := aikagi.Principal{ID: id, Name: p.name, PasswordHash: p.password, Enabled: p.enabled, CreatedAt: start}
			document := `{"Version": "2012-10-17", "Statement": [` + p.statement + `]}`
			if err := tx.InsertPrincipal(t.Context(), made); err != nil {
				return err
			}
			if err := tx.InsertPolicy(t.Context(), aikagi.Policy{ID: policy, Name: p.name, Document: document, CreatedAt: start}); err != nil {
				return err
			}
			return tx.AttachPolicy(t.Context(), id, policy)
		})
	}
	got, err := d.Emergency(t.Context(), here)
	want := answered(true, "", "", "arn:aws:iam::123456789012:user/a-owner", "arn:aws:iam::123456789012:user/b-here")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// TestEmergencyAccessIsInEveryFormOfTheReport: JSON, and the page in both languages; also
// where the profiles could not be looked at.
func TestEmergencyAccessIsInEveryFormOfTheReport(t *testing.T) {
	t.Parallel()
	r := someReport()
	r.Instances[0].Readiness = &Readiness{Error: accessDenied, Emergency: notKnown("me", simulate, "")}
	text, err := json.Marshal(r)
	if want := `"emergency":{"possible":null,"for":[],"asked":"me","missing":"iam:SimulatePrincipalPolicy"}`; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("%s lacks %s: %v", text, want, err)
	}
	for _, l := range []aikagi.Locale{aikagi.Japanese, aikagi.English} {
		page, err := r.HTML(l)
		if want := html.EscapeString(r.Instances[0].Readiness.Emergency.advice(l)); err != nil || !strings.Contains(string(page), want) {
			t.Errorf("%s: the page lacks %q: %v", l, want, err)
		}
	}
}
