package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/rogpeppe/go-internal/testscript"
)

func hires(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	c, ctx, instance := emulated(ts), context.Background(), aws.String(ts.Getenv("INSTANCE"))
	profiles, err := c.ListSecurityProfiles(ctx, &connect.ListSecurityProfilesInput{InstanceId: instance})
	ts.Check(err)
	routing, err := c.ListRoutingProfiles(ctx, &connect.ListRoutingProfilesInput{InstanceId: instance})
	ts.Check(err)
	for k := range n {
		in := &connect.CreateUserInput{
			InstanceId: instance, Username: aws.String(fmt.Sprintf("user%03d", k)), Password: aws.String("Correct1horse"),
			SecurityProfileIds: []string{*profiles.SecurityProfileSummaryList[0].Id}, RoutingProfileId: routing.RoutingProfileSummaryList[0].Id,
			PhoneConfig:  &types.UserPhoneConfig{PhoneType: types.PhoneTypeSoftPhone},
			IdentityInfo: &types.UserIdentityInfo{FirstName: aws.String("花子"), LastName: aws.String("佐藤"), Email: aws.String(fmt.Sprintf("user%03d@example.jp", k))},
		}
		if k%10 == 0 {
			in.IdentityInfo.Email = nil
		}
		_, err := c.CreateUser(ctx, in)
		ts.Check(err)
	}
}

// interrupts kills as a power cut would: nothing that runs at the end of a process does.
func interrupts(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	process := exec.Command("aikagi", args[1:]...)
	for _, name := range []string{"PATH", "HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "LANG"} {
		process.Env = append(process.Env, name+"="+ts.Getenv(name))
	}
	var said bytes.Buffer
	process.Stderr = &said
	ts.Check(process.Start())
	defer func() { _ = process.Process.Kill(); _ = process.Wait() }()
	for range 3000 {
		for _, path := range matches(filepath.Join(ts.Getenv("XDG_STATE_HOME"), "aikagi", "*.jsonl")) {
			if text, err := os.ReadFile(path); err == nil && bytes.Count(text, []byte("\n")) > n {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("nothing was saved: %s", said.String())
}

func matches(pattern string) []string {
	all, _ := filepath.Glob(pattern) // the pattern is ours
	return all
}
