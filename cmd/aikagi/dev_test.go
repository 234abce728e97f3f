package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aikagi/aikagi/internal/app"
)

// emulations are commands of scripts for what runs while they go on:
//
//	emulate ARGS…      starts aikagi dev --json, prints its line, sets ENDPOINT and INSTANCE
//	creates NAME [VAR] makes a hierarchy group, prints its id and keeps it in VAR
//	lists              lists the groups, as who only reads
//	demonstrate        starts aikagi demo, sets ENDPOINT, OPS, the access key and AGENT
//	hires N            makes N users there, every tenth without an address
//	interrupts N ARGS… starts aikagi and kills it when it has saved N users
//	call METHOD URL    makes a control call and prints the answer
func emulations() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"emulate": emulate, "creates": creates, "lists": lists, "demonstrate": demonstrate, "call": call,
		"hires": hires, "interrupts": interrupts,
	}
}

func emulate(ts *testscript.TestScript, _ bool, args []string) {
	line := begins(ts, append([]string{"dev", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	var d app.Dev
	ts.Check(json.Unmarshal([]byte(line), &d))
	ts.Setenv("ENDPOINT", d.Endpoint)
	ts.Setenv("INSTANCE", d.Instance.ID)
	_, _ = fmt.Fprint(ts.Stdout(), line)
}

// demonstrate starts aikagi demo, and sets ENDPOINT and the access key.
func demonstrate(ts *testscript.TestScript, _ bool, _ []string) {
	var d app.Demo
	ts.Check(json.Unmarshal([]byte(begins(ts, "demo", "--json", "--listen", "127.0.0.1:0", "--data", ts.MkAbs("demo"))), &d))
	ts.Setenv("ENDPOINT", d.API.Endpoint)
	ts.Setenv("OPS", d.OpsURL)
	ts.Setenv("AWS_ACCESS_KEY_ID", d.API.KeyID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", d.API.Secret)
	for _, l := range d.Logins {
		if l.Role == "agent" {
			ts.Setenv("AGENT", l.Username)
		}
	}
}

// begins starts aikagi for as long as the script runs, and returns its first line.
func begins(ts *testscript.TestScript, args ...string) string {
	process := exec.Command("aikagi", args...)
	process.Env = []string{"PATH=/nowhere", "HOME=/nowhere"} // it needs no file of anybody's
	out, err := process.StdoutPipe()
	ts.Check(err)
	began := time.Now()
	ts.Check(process.Start())
	ts.Defer(func() { _ = process.Process.Kill(); _ = process.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Logf("ready after %v", time.Since(began))
	return line
}

func creates(ts *testscript.TestScript, _ bool, args []string) {
	made, err := emulated(ts).CreateUserHierarchyGroup(context.Background(), &connect.CreateUserHierarchyGroupInput{
		InstanceId: aws.String(ts.Getenv("INSTANCE")), Name: &args[0],
	})
	ts.Check(err)
	if len(args) > 1 {
		ts.Setenv(args[1], *made.HierarchyGroupId)
	}
	_, _ = fmt.Fprintln(ts.Stdout(), *made.HierarchyGroupId)
}

func lists(ts *testscript.TestScript, _ bool, _ []string) {
	all, err := emulated(ts).ListUserHierarchyGroups(context.Background(), &connect.ListUserHierarchyGroupsInput{
		InstanceId: aws.String(ts.Getenv("INSTANCE")),
	})
	ts.Check(err)
	for _, g := range all.UserHierarchyGroupSummaryList {
		_, _ = fmt.Fprintln(ts.Stdout(), *g.Name)
	}
}

func emulated(ts *testscript.TestScript) *connect.Client {
	return connect.New(connect.Options{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(ts.Getenv("ENDPOINT")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, nil
		}),
	})
}

func call(ts *testscript.TestScript, neg bool, args []string) {
	body := strings.Join(args[2:], " ")
	r, err := http.NewRequestWithContext(context.Background(), args[0], args[1], strings.NewReader(body))
	ts.Check(err)
	response, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	ts.Check(err)
	_, _ = ts.Stdout().Write(text)
	if failed := response.StatusCode >= http.StatusBadRequest; failed != neg {
		ts.Fatalf("%s %s: %d %s", args[0], args[1], response.StatusCode, text)
	}
}
