package awsapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

const (
	notSigned    = "MissingAuthenticationTokenException"
	incomplete   = "IncompleteSignatureException"
	unrecognized = "UnrecognizedClientException"
	invalid      = "InvalidSignatureException"
)

// signing is a request whose signer did something of his own.
type signing struct {
	method, path, body string
	service, region    string
	hash               string        // of the body; empty: the right one
	late               time.Duration // of the signer's clock
	expires            string        // presigns
	header             http.Header
}

// signedSo signs with the SDK's signer.
func signedSo(t *testing.T, c *apitest.Client, s signing) *http.Request {
	t.Helper()
	if s.method == "" {
		s.method = http.MethodGet
	}
	if s.service == "" {
		s.service = "connect"
	}
	if s.region == "" {
		s.region = apitest.Region
	}
	if s.hash == "" {
		digest := sha256.Sum256([]byte(s.body))
		s.hash = hex.EncodeToString(digest[:])
	}
	request := func(address string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), s.method, address, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range s.header {
			r.Header[name] = values
		}
		return r
	}
	r, at := request(c.URLs.Base()+s.path), c.Clock.Now().Add(s.late)
	ctx := context.WithoutCancel(t.Context())
	if s.expires == "" {
		if err := v4.NewSigner().SignHTTP(ctx, c.Key, r, s.hash, s.service, s.region, at); err != nil {
			t.Fatal(err)
		}
		return r
	}
	query := r.URL.Query()
	query.Set("X-Amz-Expires", s.expires)
	r.URL.RawQuery = query.Encode()
	address, _, err := v4.NewSigner().PresignHTTP(ctx, c.Key, r, s.hash, s.service, s.region, at)
	if err != nil {
		t.Fatal(err)
	}
	return request(address)
}

// TestH02WhoCannotProveHimselfIsNobody: 403 and a name of AWS, whatever was asked
// for, and nothing that tells one unusable key from another.
func TestH02WhoCannotProveHimselfIsNobody(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	there := "/users-summary/" + c.Instance
	with := func(authorization ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = authorization }
	}
	changed := func(old, to string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, to, 1))
		}
	}
	key := c.Key.AccessKeyID
	for name, tt := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"none":              {with(), notSigned},
		"empty":             {with(""), notSigned},
		"basic":             {with("Basic YTpi"), notSigned},
		"bearer":            {with("Bearer x"), notSigned},
		"garbled":           {with("AWS4-HMAC-SHA256 garbled"), incomplete},
		"half":              {with("AWS4-HMAC-SHA256 Credential=" + key), incomplete},
		"two":               {with("Basic YTpi", "Bearer x"), incomplete},
		"an odd key":        {changed(key, "../../x"), incomplete},
		"an unknown key":    {changed(key, "AKIA2222222222222222"), unrecognized},
		"a key in lower":    {changed(key, strings.ToLower(key)), unrecognized},
		"another signature": {changed("Signature=", "Signature=00"), incomplete},
	} {
		for _, path := range []string{there, "/users-summary/nowhere", "/users/x/y/z/no-such-thing"} {
			r := c.Request(http.MethodGet, path, "")
			tt.change(r)
			got := c.Send(r)
			if len(r.Header["Authorization"]) == 0 && path != there && got.Fault() == "" {
				continue // not signed, and none of Amazon's paths: a page that is not there
			}
			if got.Status != http.StatusForbidden || got.Fault() != tt.want {
				t.Errorf("%s, %s: %d %s, want %s", name, path, got.Status, got.Fault(), tt.want)
			}
		}
	}
	stranger := *c
	stranger.Key = aws.Credentials{AccessKeyID: "AKIA2222222222222222", SecretAccessKey: c.Key.SecretAccessKey}
	unknown := stranger.Do(http.MethodGet, there, "")
	other := c.As(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:*", "Resource": "*"}]}`)
	other.Do(http.MethodGet, there, "").Must(http.StatusOK)
	disable(t, other)
	disabled := other.Do(http.MethodGet, there, "")
	disabled.Must(http.StatusForbidden).Refuses(unrecognized)
	if string(unknown.Body) != string(disabled.Body) {
		t.Errorf("told apart: %s and %s", unknown.Body, disabled.Body)
	}
	stranger.Key = aws.Credentials{AccessKeyID: key, SecretAccessKey: "wrong"}
	stranger.Do(http.MethodGet, there, "").Must(http.StatusForbidden).Refuses(invalid)
}

// owner finds the principal of a client's key.
func owner(t *testing.T, c *apitest.Client) aikagi.PrincipalID {
	t.Helper()
	ctx := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
	all, err := c.Accounts.ListPrincipals(ctx, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if _, err := c.Accounts.FindAccessKey(ctx, p.ID, aikagi.AccessKeyID(c.Key.AccessKeyID)); err == nil {
			return p.ID
		}
	}
	t.Fatal("the key is nobody's")
	return ""
}

func disable(t *testing.T, c *apitest.Client) {
	t.Helper()
	ctx := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
	if err := c.Accounts.SetAccessKeyEnabled(ctx, owner(t, c), aikagi.AccessKeyID(c.Key.AccessKeyID), false); err != nil {
		t.Fatal(err)
	}
}

// TestH30NothingOfAKeyOutlivesIt: the old key of a rotation is dead at the next
// request, the new one works at once, and so does one that is switched on again.
func TestH30NothingOfAKeyOutlivesIt(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	ctx := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
	ask := func(c *apitest.Client) apitest.Answer { return c.Do(http.MethodGet, "/instance", "") }
	ask(c).Must(http.StatusOK)
	next, secret, err := c.Accounts.CreateAccessKey(ctx, owner(t, c))
	if err != nil {
		t.Fatal(err)
	}
	rotated := *c
	rotated.Key = aws.Credentials{AccessKeyID: string(next.ID), SecretAccessKey: secret.Reveal()}
	ask(&rotated).Must(http.StatusOK)
	if err := c.Accounts.DeleteAccessKey(ctx, owner(t, c), aikagi.AccessKeyID(c.Key.AccessKeyID)); err != nil {
		t.Fatal(err)
	}
	ask(c).Must(http.StatusForbidden).Refuses(unrecognized)
	ask(&rotated).Must(http.StatusOK)
	disable(t, &rotated)
	ask(&rotated).Must(http.StatusForbidden).Refuses(unrecognized)
	if err := c.Accounts.SetAccessKeyEnabled(ctx, owner(t, &rotated), next.ID, true); err != nil {
		t.Fatal(err)
	}
	ask(&rotated).Must(http.StatusOK)
}

// TestH04H06H10WhatIsNotSignedOrSignedForElsewhereIsRefused by the door, too.
func TestH04H06H10WhatIsNotSignedOrSignedForElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	there := "/users-summary/" + c.Instance
	for name, tt := range map[string]struct {
		signing
		after func(*http.Request)
		want  string
	}{
		"as it should be":                 {signing{path: there}, nil, ""},
		"H04 an x-amz header came after":  {signing{path: there}, func(r *http.Request) { r.Header.Set("X-Amz-Target", "x") }, incomplete},
		"H04 the date was struck":         {signing{path: there}, strike("host;x-amz-date", "host"), incomplete},
		"H04 the host was struck":         {signing{path: there}, strike("host;x-amz-date", "x-amz-date"), incomplete},
		"H06 unsigned payload":            {signing{path: there, hash: "UNSIGNED-PAYLOAD", header: sha("UNSIGNED-PAYLOAD")}, nil, invalid},
		"H06 unsigned payload, not said":  {signing{path: there, hash: "UNSIGNED-PAYLOAD"}, nil, invalid},
		"H06 streaming":                   {signing{path: there, hash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", header: sha("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")}, nil, invalid},
		"H06 another hash":                {signing{path: there, hash: strings.Repeat("0", 64), header: sha(strings.Repeat("0", 64))}, nil, invalid},
		"H06 unsigned payload, presigned": {signing{path: there, hash: "UNSIGNED-PAYLOAD", expires: "60"}, nil, invalid},
		"H10 another region":              {signing{path: there, region: "eu-west-2"}, nil, invalid},
		"H10 the region of STS":           {signing{path: there, region: "us-east-1"}, nil, invalid},
		"H10 another service":             {signing{path: there, service: "iam"}, nil, invalid},
		"H10 STS's service":               {signing{path: there, service: "sts"}, nil, invalid},
		"H10 the service of `aikagi`":     {signing{path: there, service: "aikagi"}, nil, invalid},
		"H10 the service in capitals":     {signing{path: there, service: "Connect"}, nil, invalid},
		"H10 an extra slash":              {signing{path: there, region: apitest.Region + "/"}, nil, incomplete},
		"H10 a slash in the service":      {signing{path: there, service: "connect/connect"}, nil, incomplete},
		"H10 no region":                   {signing{path: there, region: "/"}, nil, incomplete},
		"H09 presigned":                   {signing{path: there, expires: "60"}, nil, ""},
		"S34 presigned, to change something": {
			signing{method: http.MethodDelete, path: "/users/" + c.Instance + "/" + string(c.User("agent").ID), expires: "60"},
			nil,
			"MissingAuthenticationTokenException",
		},
		"H09 presigned for a week":    {signing{path: there, expires: "604800"}, nil, ""},
		"H09 for a second more":       {signing{path: there, expires: "604801"}, nil, incomplete},
		"H09 for nothing":             {signing{path: there, expires: "0"}, nil, incomplete},
		"H09 negative":                {signing{path: there, expires: "-60"}, nil, incomplete},
		"H09 huge":                    {signing{path: there, expires: "99999999999999999999"}, nil, incomplete},
		"H09 garbled":                 {signing{path: there, expires: "a minute"}, nil, incomplete},
		"H09 run out":                 {signing{path: there, expires: "60", late: -2 * time.Minute}, nil, invalid},
		"H09 too early":               {signing{path: there, expires: "60", late: 6 * time.Minute}, nil, invalid},
		"H09 no expires":              {signing{path: there, expires: "60"}, unquery("X-Amz-Expires"), incomplete},
		"H09 a header beside the URL": {signing{path: there, expires: "60"}, func(r *http.Request) { r.Header.Set("Authorization", "Basic YTpi") }, incomplete},
		"H09 a URL that somebody stretched": {signing{path: there, expires: "60"}, func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=600", 1)
		}, invalid},
	} {
		r := signedSo(t, c, tt.signing)
		if tt.after != nil {
			tt.after(r)
		}
		got := c.Send(r)
		if got.Fault() != tt.want || tt.want != "" && got.Status != http.StatusForbidden || tt.want == "" && got.Status != http.StatusOK {
			t.Errorf("%s: %d %s, want %q", name, got.Status, got.Body, tt.want)
		}
	}
}

func sha(value string) http.Header { return http.Header{"X-Amz-Content-Sha256": {value}} }

func strike(old, left string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders="+old, "SignedHeaders="+left, 1))
	}
}

func unquery(name string) func(*http.Request) {
	return func(r *http.Request) {
		query := r.URL.Query()
		query.Del(name)
		r.URL.RawQuery = query.Encode()
	}
}

// TestH11H13ThePathAndTheQueryAreOneView: what was signed is routed and read.
func TestH11H13ThePathAndTheQueryAreOneView(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	editor := string(c.User("editor").ID)
	for _, expires := range []string{"", "60"} {
		one := c.Send(signedSo(t, c, signing{path: "/users/" + c.Instance + "/" + escape(editor), expires: expires}))
		if one.Status != http.StatusOK || !strings.Contains(string(one.Body), editor) {
			t.Errorf("an escaped id: %d %s", one.Status, one.Body)
		}
		var page struct {
			UserSummaryList []struct{ ID string }
			NextToken       string
		}
		c.Send(signedSo(t, c, signing{path: "/users-summary/" + c.Instance + "?&maxResults=%33&", expires: expires})).Into(&page)
		if len(page.UserSummaryList) != 3 {
			t.Errorf("%d users, asked for 3", len(page.UserSummaryList))
		}
		next := "/users-summary/" + c.Instance + "?nextToken=" + url.QueryEscape(page.NextToken) + "&maxResults=3"
		c.Send(signedSo(t, c, signing{path: next, expires: expires})).Must(http.StatusOK)
		twice := c.Send(signedSo(t, c, signing{path: next + "&maxResults=4", expires: expires}))
		twice.Must(http.StatusBadRequest).Refuses("InvalidRequestException")
	}
	arn := "arn:aws:connect:" + apitest.Region + ":" + string(c.Centre.Account.ID) + ":instance/" + c.Instance + "/agent/" + editor
	tags := "/tags/" + url.PathEscape(arn)
	if got := c.Do(http.MethodGet, tags, ""); got.Status == http.StatusForbidden {
		t.Errorf("an escaped ARN: %d %s", got.Status, got.Body)
	}
	for name, change := range map[string]func(*http.Request){
		"the slash of the ARN undone": func(r *http.Request) { r.URL.RawPath = strings.Replace(r.URL.RawPath, "%2F", "/", 1) },
		"an empty segment":            func(r *http.Request) { r.URL.RawPath, r.URL.Path = "/"+tags, "/"+r.URL.Path },
		"a semicolon":                 func(r *http.Request) { r.URL.RawQuery = "a=1;b=2" },
		"a pair more":                 func(r *http.Request) { r.URL.RawQuery = "tagKeys=kept" },
	} {
		r := c.Request(http.MethodGet, tags, "")
		change(r)
		if got := c.Send(r); got.Status != http.StatusForbidden || got.Fault() != invalid {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
}

// escape writes every byte as %XX.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{s[i]})))
	}
	return b.String()
}

// TestH07ClientsCorrectTheirClocks: the Date header is right, and from it the SDK
// learns how wrong its own time is.
func TestH07ClientsCorrectTheirClocks(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	client := connect.New(connect.Options{
		Region: apitest.Region, BaseEndpoint: aws.String(c.URLs.Base()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Key, nil }),
	})
	c.Clock.Move(40 * time.Minute) // against the machine, whose time the SDK takes
	late := signedSo(t, c, signing{path: "/instance", late: -6 * time.Minute})
	got := c.Send(late)
	got.Must(http.StatusForbidden).Refuses(invalid)
	date, err := http.ParseTime(got.Header.Get("Date"))
	if err != nil || c.Clock.Now().Sub(date).Abs() > 5*time.Second {
		t.Errorf("the Date is %v, and it is %v: %v", date, c.Clock.Now(), err)
	}
	for _, late := range []time.Duration{-5*time.Minute + time.Second, 4 * time.Minute} {
		c.Send(signedSo(t, c, signing{path: "/instance", late: late})).Must(http.StatusOK)
	}
	if _, err := client.ListInstances(t.Context(), &connect.ListInstancesInput{}); err != nil {
		t.Errorf("a client whose clock is %v late: %v", 40*time.Minute, err)
	}
}

// TestH10STSIsSignedForItself, here or where clients without a region find it, in
// the header and in a presigned URL.
func TestH10STSIsSignedForItself(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	const ask = "Action=GetCallerIdentity&Version=2011-06-15"
	for name, tt := range map[string]struct {
		signing
		status int
	}{
		"here":               {signing{method: http.MethodPost, path: "/", body: ask, service: "sts"}, http.StatusOK},
		"us-east-1":          {signing{method: http.MethodPost, path: "/", body: ask, service: "sts", region: "us-east-1"}, http.StatusOK},
		"elsewhere":          {signing{method: http.MethodPost, path: "/", body: ask, service: "sts", region: "eu-west-2"}, http.StatusForbidden},
		"as connect":         {signing{method: http.MethodPost, path: "/", body: ask}, http.StatusForbidden},
		"presigned":          {signing{path: "/?" + ask, service: "sts", expires: "60"}, http.StatusOK},
		"presigned as POST":  {signing{method: http.MethodPost, path: "/", body: ask, service: "sts", expires: "60"}, http.StatusOK},
		"presigned by boto3": {signing{method: http.MethodPost, path: "/?" + ask, service: "sts", expires: "60"}, http.StatusOK},
		"presigned, run out": {signing{path: "/?" + ask, service: "sts", expires: "60", late: -time.Hour}, http.StatusForbidden},
		"presigned elsewhere": {
			signing{path: "/?" + ask, service: "sts", region: "eu-west-2", expires: "60"}, http.StatusForbidden,
		},
	} {
		tt.header = form
		got := c.Send(signedSo(t, c, tt.signing))
		if got.Status != tt.status || strings.Contains(string(got.Body), ":user/owner</Arn>") != (tt.status == http.StatusOK) {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	if got := c.Do(http.MethodGet, "/instance?maxResults="+strconv.Itoa(1), ""); got.Status != http.StatusOK {
		t.Errorf("connect: %d %s", got.Status, got.Body)
	}
}
