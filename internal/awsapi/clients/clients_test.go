package clients_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

// patience is how long a story may take on a busy machine; a few seconds are usual,
// and the CLI starts an interpreter for each of its forty calls.
const patience = 10 * time.Minute

func TestH01AWSCLI(t *testing.T) {
	t.Parallel()
	aws := find(t, "/usr/bin/aws", "aws")
	tells(t, []string{"AIKAGI_AWS=" + aws}, find(t, "bash"), "testdata/awscli_story.sh")
}

func TestH01Boto3(t *testing.T) {
	t.Parallel()
	python := find(t, "/usr/bin/python3", "python3")
	if err := exec.CommandContext(t.Context(), python, "-c", "import boto3").Run(); err != nil {
		missing(t, "boto3")
	}
	tells(t, nil, python, "testdata/boto3_story.py")
}

func TestH01JavaScript(t *testing.T) {
	t.Parallel()
	node, modules := find(t, "node"), os.Getenv("AIKAGI_JAVASCRIPT")
	if modules == "" {
		missing(t, "the SDK for JavaScript")
	}
	story, err := os.ReadFile("testdata/javascript/story.mjs")
	if err != nil {
		t.Fatal(err)
	}
	// A module finds others beside itself, wherever it was started.
	copied := filepath.Join(modules, "story-"+filepath.Base(t.TempDir())+".mjs")
	if err := os.WriteFile(copied, story, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(copied) })
	tells(t, nil, node, copied)
}

// tells runs a story against a product of its own.
func tells(t *testing.T, environment []string, command ...string) {
	t.Helper()
	c := apitest.Start(t, apptest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	told := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // G204: our own scripts
	told.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1", "LANG=C.UTF-8",
		"AWS_ACCESS_KEY_ID=" + c.Key.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.Key.SecretAccessKey, "AWS_REGION=" + apitest.Region,
		"AWS_DEFAULT_REGION=" + apitest.Region, "AWS_EC2_METADATA_DISABLED=true",
		"AIKAGI_ENDPOINT=" + c.URLs.Base(), "AIKAGI_INSTANCE=" + c.Instance,
	}, environment...)
	said, err := told.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Logf("%s", said)
}

// find returns the first command that there is.
func find(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[len(names)-1])
	return ""
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("AIKAGI_REQUIRE_CLIENTS") != "" {
		t.Fatalf("%s is missing, and make test-needs should have installed it", what)
	}
	t.Skipf("%s is not installed", what)
}
