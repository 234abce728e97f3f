package devfault_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/devfault"
	"github.com/aikagi/aikagi/internal/clock"
)

// calls an operation that answers nothing, and returns the name of the error.
func calls(t *testing.T, l *devfault.Layer, operation string) awsapi.FaultName {
	t.Helper()
	reached := false
	_, err := l.Around(t.Context(), awsapi.Operation{Name: operation}, func(context.Context) (any, error) {
		reached = true
		return struct{}{}, nil
	})
	var f *awsapi.Fault
	if !errors.As(err, &f) {
		if err != nil || !reached {
			t.Fatalf("%s: reached %v, %v", operation, reached, err)
		}
		return ""
	}
	if reached {
		t.Errorf("%s was done although it failed", operation)
	}
	return f.Name
}

func TestThrottlingIsABucketOfEachOperation(t *testing.T) {
	t.Parallel()
	wall := clock.NewSet(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC))
	l := devfault.New(wall)
	l.Set(devfault.Plan{Throttle: &devfault.Throttle{Rate: 2, Burst: 5}})
	wants := func(operation string, want ...awsapi.FaultName) {
		t.Helper()
		for i, name := range want {
			if got := calls(t, l, operation); got != name {
				t.Errorf("%s, call %d: %q, want %q", operation, i+1, got, name)
			}
		}
	}
	const no = awsapi.Throttling
	wants("ListUsers", "", "", "", "", "", no, no)
	wants("DescribeUser", "") // has a bucket of its own
	wall.Move(499 * time.Millisecond)
	wants("ListUsers", no)
	wall.Move(time.Millisecond)
	wants("ListUsers", "", no)
	wall.Move(time.Hour) // it holds no more than the burst
	wants("ListUsers", "", "", "", "", "", no)
	wall.Move(-time.Hour)
	wants("ListUsers", no)
	l.Set(devfault.Plan{})
	wants("ListUsers", "", "")
}

func TestFailuresComeInOrderAndAsOftenAsAsked(t *testing.T) {
	t.Parallel()
	l := devfault.New(clock.System{})
	l.Set(devfault.Plan{
		Conflict: []string{"CreateUser"},
		Fail: []devfault.Failure{
			{Operation: "DescribeUser", Error: awsapi.InternalService, Times: 2},
			{Operation: "DescribeUser", Error: awsapi.Throttling, Times: 1},
			{Operation: "DeleteUser", Error: awsapi.AccessDenied},
		},
	})
	for i, want := range []awsapi.FaultName{awsapi.InternalService, awsapi.InternalService, awsapi.Throttling, "", ""} {
		if got := calls(t, l, "DescribeUser"); got != want {
			t.Errorf("call %d: %q, want %q", i+1, got, want)
		}
	}
	for range 3 {
		if got := calls(t, l, "DeleteUser"); got != awsapi.AccessDenied {
			t.Errorf("without times: %q, want always", got)
		}
		if got := calls(t, l, "CreateUser"); got != awsapi.ResourceConflict {
			t.Errorf("conflict: %q", got)
		}
	}
	if left := l.Plan().Fail; len(left) != 1 || left[0].Operation != "DeleteUser" {
		t.Errorf("left of the plan: %+v", left)
	}
}

func TestAnotherPlanEndsTheWait(t *testing.T) {
	t.Parallel()
	l := devfault.New(clock.System{})
	l.Set(devfault.Plan{LatencyMS: 10 * 60 * 1000})
	answered := make(chan error, 1)
	go func() {
		_, err := l.Around(context.WithoutCancel(t.Context()), awsapi.Operation{Name: "ListUsers"}, func(context.Context) (any, error) { return struct{}{}, nil })
		answered <- err
	}()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Around(gone, awsapi.Operation{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that hangs up: %v", err)
	}
	for { // whether it waits already is not to be seen
		l.Set(devfault.Plan{})
		select {
		case err := <-answered:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}
