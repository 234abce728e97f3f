package devfault_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/smithy-go"

	"github.com/aikagi/aikagi/internal/app"
)

// emulator is a running `aikagi dev` and a client of it that repeats nothing.
type emulator struct {
	*connect.Client
	app.Dev
	t *testing.T
}

func start(t *testing.T) *emulator {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan app.Dev, 1), make(chan error, 1)
	go func() {
		ended <- app.RunDev(ctx, app.DevOptions{
			Listen: "127.0.0.1:0", Region: "us-west-2", Account: "210987654321", Seed: "1",
			Log: slog.New(slog.DiscardHandler), Ready: func(d app.Dev) { ready <- d },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	select {
	case d := <-ready:
		return &emulator{client(d, d.Secret), d, t}
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return nil
	}
}

func client(d app.Dev, secret string) *connect.Client {
	return connect.New(connect.Options{
		Region: d.Region, BaseEndpoint: aws.String(d.Endpoint), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: d.KeyID, SecretAccessKey: secret}, nil
		}),
	})
}

// steers makes a control call and returns status and body.
func (e *emulator) steers(method, path, body string, header ...string) (int, string) {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.Endpoint+"/aikagi/dev/"+path, strings.NewReader(body))
	e.must(err)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" { // which is no header to net/http
			r.Host = header[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	e.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	e.must(err)
	return response.StatusCode, strings.TrimSpace(string(text))
}

func (e *emulator) faults(plan string) {
	e.t.Helper()
	if status, text := e.steers(http.MethodPut, "faults", plan); status != http.StatusOK {
		e.t.Fatalf("PUT faults %s: %d %s", plan, status, text)
	}
}

func (e *emulator) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *emulator) refused(err error, name, message string) {
	e.t.Helper()
	var f smithy.APIError
	if !errors.As(err, &f) || f.ErrorCode() != name || !strings.Contains(f.ErrorMessage(), message) {
		e.t.Errorf("got %v, want %s %q", err, name, message)
	}
}

func (e *emulator) profiles(size *int32) (ids []string, more *string, err error) {
	out, err := e.ListSecurityProfiles(e.t.Context(), &connect.ListSecurityProfilesInput{InstanceId: &e.Instance.ID, MaxResults: size})
	if err != nil {
		return nil, nil, err
	}
	for _, p := range out.SecurityProfileSummaryList {
		ids = append(ids, *p.Id)
	}
	return ids, out.NextToken, nil
}

func (e *emulator) group(name string) error {
	_, err := e.CreateUserHierarchyGroup(e.t.Context(), &connect.CreateUserHierarchyGroupInput{InstanceId: &e.Instance.ID, Name: &name})
	return err
}

func TestTheEmulatorChecksSignaturesByTheRealTime(t *testing.T) {
	t.Parallel()
	e := start(t)
	if ids, _, err := e.profiles(nil); err != nil || len(ids) != 4 {
		t.Errorf("a new instance has %d profiles, %v", len(ids), err)
	}
	// The SDK signs with the machine's time; the emulator's own is another one.
	if status, text := e.steers(http.MethodPut, "clock", `{"now":"2031-05-01T12:00:00Z","moving":false}`); status != http.StatusOK ||
		text != `{"now":"2031-05-01T12:00:00Z","moving":false}` {
		t.Fatalf("PUT clock: %d %s", status, text)
	}
	out, err := e.CreateInstance(t.Context(), &connect.CreateInstanceInput{
		IdentityManagementType: types.DirectoryTypeConnectManaged, InstanceAlias: aws.String("later"),
		InboundCallsEnabled: aws.Bool(true), OutboundCallsEnabled: aws.Bool(true),
	})
	e.must(err)
	made, err := e.DescribeInstance(t.Context(), &connect.DescribeInstanceInput{InstanceId: out.Id})
	e.must(err)
	if at := made.Instance.CreatedTime.UTC().Format("2006-01-02T15:04:05"); at != "2031-05-01T12:00:00" {
		t.Errorf("created at %s, by which clock?", at)
	}
	_, err = client(e.Dev, "another secret").ListInstances(t.Context(), &connect.ListInstancesInput{})
	e.refused(err, "InvalidSignatureException", "")
}

func TestAResetBringsTheStartBack(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.must(e.group("team"))
	e.faults(`{"latency_ms":600000}`)
	waiting := make(chan error, 1)
	go func() { waiting <- e.group("held up") }()
	if status, text := e.steers(http.MethodPost, "reset", ""); status != http.StatusOK || !strings.Contains(text, `"account_id":"210987654321"`) {
		t.Fatalf("reset: %d %s", status, text)
	}
	<-waiting // its instance is gone, or it was quicker
	if status, text := e.steers(http.MethodGet, "faults", ""); status != http.StatusOK || text != "{}" {
		t.Errorf("faults after a reset: %d %s", status, text)
	}
	all, err := e.ListInstances(t.Context(), &connect.ListInstancesInput{})
	e.must(err)
	if len(all.InstanceSummaryList) != 1 {
		t.Fatalf("%d instances after a reset", len(all.InstanceSummaryList))
	}
	e.Instance.ID = *all.InstanceSummaryList[0].Id // without a seed for ids, as here, it is another one
	if at := all.InstanceSummaryList[0].CreatedTime.UTC(); !at.Equal(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("what is there from the start was made at %v", at)
	}
	groups, err := e.ListUserHierarchyGroups(t.Context(), &connect.ListUserHierarchyGroupsInput{InstanceId: &e.Instance.ID})
	e.must(err)
	for _, g := range groups.UserHierarchyGroupSummaryList {
		if *g.Name == "team" {
			t.Error("a group of before is still there")
		}
	}
}

func TestFaultsLookAsOnAWS(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.faults(`{"throttle":{"rate":0.001,"burst":1}}`)
	_, _, err := e.profiles(nil)
	e.must(err)
	_, _, err = e.profiles(nil)
	e.refused(err, "ThrottlingException", "Rate exceeded")
	var throttled *types.ThrottlingException
	if !errors.As(err, &throttled) {
		t.Errorf("the SDK does not know %v", err)
	}
	e.must(e.group("one")) // another operation has a bucket of its own
	e.faults(`{"conflict":["CreateUserHierarchyGroup"]}`)
	e.refused(e.group("two"), "ResourceConflictException", "")
	e.faults(`{"fail":[{"operation":"CreateUserHierarchyGroup","error":"InternalServiceException","times":1}]}`)
	e.refused(e.group("two"), "InternalServiceException", "")
	e.must(e.group("two"))
}

func TestPagesAreAsShortAsAsked(t *testing.T) {
	t.Parallel()
	e := start(t)
	whole, _, err := e.profiles(nil)
	e.must(err)
	e.faults(`{"max_page_size":1}`)
	var ids []string
	pages := connect.NewListSecurityProfilesPaginator(e, &connect.ListSecurityProfilesInput{InstanceId: &e.Instance.ID, MaxResults: aws.Int32(3)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		e.must(err)
		for _, p := range page.SecurityProfileSummaryList {
			ids = append(ids, *p.Id)
		}
	}
	if n != len(whole) || strings.Join(ids, " ") != strings.Join(whole, " ") {
		t.Errorf("%d pages with %v, want a page for each of %v", n, ids, whole)
	}
	found, err := e.SearchSecurityProfiles(t.Context(), &connect.SearchSecurityProfilesInput{InstanceId: &e.Instance.ID})
	e.must(err)
	if len(found.SecurityProfiles) != 1 || found.NextToken == nil {
		t.Errorf("a search finds %d at once", len(found.SecurityProfiles))
	}
	e.faults(`{"max_page_size":3}`)
	if two, _, err := e.profiles(aws.Int32(2)); err != nil || len(two) != 2 {
		t.Errorf("a smaller page: %d, %v", len(two), err)
	}
	_, _, err = e.profiles(aws.Int32(1001)) // what Amazon refuses stays refused
	e.refused(err, "InvalidParameterException", "MaxResults")
}

func TestANewInstanceIsSlowWhenAsked(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.faults(`{"slow_creation_ms":600000}`)
	out, err := e.CreateInstance(t.Context(), &connect.CreateInstanceInput{
		IdentityManagementType: types.DirectoryTypeConnectManaged, InstanceAlias: aws.String("slow"),
		InboundCallsEnabled: aws.Bool(true), OutboundCallsEnabled: aws.Bool(true),
	})
	e.must(err)
	status := func(id *string) types.InstanceStatus {
		t.Helper()
		d, err := e.DescribeInstance(t.Context(), &connect.DescribeInstanceInput{InstanceId: id})
		e.must(err)
		if d.Instance.CreatedTime == nil || *d.Instance.Id != *id {
			t.Errorf("the rest of the answer is lost: %+v", d.Instance)
		}
		return d.Instance.InstanceStatus
	}
	if s := status(out.Id); s != types.InstanceStatusCreationInProgress {
		t.Errorf("the new one is %s", s)
	}
	if s := status(&e.Instance.ID); s != types.InstanceStatusActive {
		t.Errorf("the other one is %s", s)
	}
	all, err := e.ListInstances(t.Context(), &connect.ListInstancesInput{})
	e.must(err)
	for _, i := range all.InstanceSummaryList {
		if slow := i.InstanceStatus == types.InstanceStatusCreationInProgress; slow != (*i.Id == *out.Id) {
			t.Errorf("%s is listed as %s", *i.InstanceAlias, i.InstanceStatus)
		}
	}
	e.faults(`{}`)
	if s := status(out.Id); s != types.InstanceStatusActive {
		t.Errorf("in the end it is %s", s)
	}
}

func TestAPlanThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.faults(`{"max_page_size":7}`)
	for plan, says := range map[string]string{
		``:                                "",
		`[]`:                              "",
		`{"throttel":{}}`:                 "throttel",
		`{"throttle":{"burst":5}}`:        "throttle.rate",
		`{"throttle":{"rate":2}}`:         "throttle.burst",
		`{"conflict":["MakeUser"]}`:       `MakeUser`,
		`{"max_page_size":-1}`:            "max_page_size",
		`{"max_page_size":1001}`:          "max_page_size",
		`{"latency_ms":600001}`:           "latency_ms",
		`{"latency_ms":"1"}`:              "latency_ms",
		`{"slow_creation_ms":-5}`:         "slow_creation_ms",
		`{"max_page_size":1} {}`:          "",
		`{"latency_ms":1,"latency_ms":2}`: "latency_ms",
		`{"fail":[{"operation":"ListUsers","error":"NoSuchException"}]}`:                                   "InternalServiceException",
		`{"fail":[{"operation":"ListUsers","error":"AccessDeniedException","times":-1}]}`:                  "times",
		`{"fail":[{"error":"AccessDeniedException"}], "conflict": ["` + strings.Repeat("x", 70000) + `"]}`: "too large",
	} {
		status, text := e.steers(http.MethodPut, "faults", plan)
		if status != http.StatusBadRequest || !strings.Contains(text, `{"message":"`) || !strings.Contains(text, says) {
			t.Errorf("%.60s: %d %.200s, want 400 and %q", plan, status, text, says)
		}
	}
	for _, body := range []string{`{"now":"yesterday"}`, `{"now":"0001-01-01T00:00:00Z"}`, `{"then":1}`, `no`} {
		if status, text := e.steers(http.MethodPut, "clock", body); status != http.StatusBadRequest {
			t.Errorf("clock %s: %d %s", body, status, text)
		}
	}
	if _, text := e.steers(http.MethodGet, "faults", ""); text != `{"max_page_size":7}` {
		t.Errorf("a refused plan has changed something: %s", text)
	}
}

func TestControlCallsAreNotForPagesOfABrowser(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if status, _ := e.steers(http.MethodPost, "reset", "", header...); status != http.StatusForbidden {
			t.Errorf("%v: %d", header, status)
		}
	}
	for host, want := range map[string]int{
		"evil.example": http.StatusForbidden, "evil.example:8480": http.StatusForbidden, "192.0.2.1": http.StatusForbidden, "127.0.0.1.evil.example": http.StatusForbidden,
		"localhost:8480": http.StatusOK, "[::1]:8480": http.StatusOK, "127.0.0.1": http.StatusOK,
	} {
		if status, text := e.steers(http.MethodGet, "clock", "", "Host", host); status != want {
			t.Errorf("by the name %s: %d %s, want %d", host, status, text, want)
		}
	}
	if status, _ := e.steers(http.MethodGet, "reset", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("GET reset: %d", status)
	}
	if status, _ := e.steers(http.MethodGet, "secrets", ""); status != http.StatusNotFound {
		t.Errorf("an unknown call: %d", status)
	}
}
