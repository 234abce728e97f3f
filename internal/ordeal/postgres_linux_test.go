package ordeal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store"
)

// TestL01ADyingDatabaseLosesNothing kills what serves the server on PostgreSQL's
// side while the story goes on: single backends, which takes all others down, and
// the whole cluster (R1, R7). People try again; what they were told holds.
func TestL01ADyingDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	if !apart(t) {
		return
	}
	for name, kills := range map[string]func(*story) error{
		"backend": killsABackend, "cluster": restartsTheCluster,
	} {
		t.Run(name, func(t *testing.T) { // one after the other: there is one cluster
			rounds := 1
			if full() {
				rounds = 10
			}
			for range rounds {
				s := newStory(newServer(t, newPlace(t, store.Postgres)))
				if err := s.start(nil); err != nil {
					t.Fatal(err)
				}
				s.interrupted(t, kills)
				s.kill()
				s.recovers(t)
				s.goesOn(t, now())
			}
		})
	}
}

// interrupted plays the story; somewhere in each step, or in some of them, something happens.
func (s *story) interrupted(t *testing.T, happens func(*story) error) {
	t.Helper()
	each := 4
	if full() {
		each = 1
	}
	for s.until = 1; s.until <= len(steps); s.until++ {
		if s.until%each != 0 {
			s.outlasts(t)
			continue
		}
		happened := make(chan error, 1)
		time.AfterFunc(rand.N(100*time.Millisecond), func() { happened <- happens(s) })
		s.outlasts(t)
		if err := <-happened; err != nil {
			t.Fatal(err)
		}
	}
	s.until = len(steps)
}

// recovers waits until the database takes connections again; the last fault may be
// a moment old.
func (s *story) recovers(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		_, err := s.number("SELECT 1")
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// apart runs a test once more in a process of its own, whose cluster is nobody
// else's. It returns true there.
func apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv(namespaceEnv) != "" {
		return true
	}
	if testing.Short() {
		t.Skip("starts the server")
	}
	newPlace(t, store.Postgres) // skips, or fails, where there is no PostgreSQL
	if os.Getenv("AIKAGI_TEST_POSTGRES") != "" {
		t.Skip("a server of somebody else's is not ours to kill")
	}
	binary, err := theBinary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=30m")
	// Without it the cluster tells of commits that a crash takes back.
	c.Env = append(os.Environ(), namespaceEnv+"="+binary, "AIKAGI_TEST_POSTGRES_FSYNC=1")
	said, err := c.CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, said)
	}
	return false
}

// killsABackend ends one of the server's backends with kill -9. The postmaster
// takes it for a crash, ends all others and recovers.
func killsABackend(s *story) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if err != nil {
		return nil //nolint:nilerr // it is still recovering from the last time
	}
	defer rows.Close()
	var pids []int
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return err
		}
		pids = append(pids, pid)
	}
	if len(pids) > 0 {
		_ = syscall.Kill(pids[rand.IntN(len(pids))], syscall.SIGKILL) // it may have ended by itself
	}
	return nil
}

// restartsTheCluster stops it at once, without a checkpoint, and starts it again.
func restartsTheCluster(s *story) error {
	u, err := url.Parse(s.database)
	if err != nil {
		return err
	}
	dir := u.Query().Get("host") + "/data"
	started, err := os.ReadFile(dir + "/postmaster.opts")
	if err != nil {
		return err
	}
	lock, err := os.ReadFile(dir + "/postmaster.pid")
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.Fields(string(lock))[0])
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil { // pg_ctl stop -m immediate
		return err
	}
	for end := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		if _, err := os.Stat(dir + "/postmaster.pid"); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(end) {
			return errors.New("the cluster does not stop")
		}
	}
	return startPostmaster(dir, string(started))
}

// startPostmaster starts the cluster in a directory as the owner of its files.
func startPostmaster(dir, command string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(dir+"/../log", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	c := exec.Command("/bin/sh", "-c", "exec "+command)
	c.Dir, c.Stdout, c.Stderr = filepath.Dir(dir), log, log // it was told where its data are from there
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }() // the watcher of the cluster stops it
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if lock, err := os.ReadFile(dir + "/postmaster.pid"); err == nil && bytes.Contains(lock, []byte("ready")) {
			return nil
		}
	}
	return errors.New("the cluster does not start")
}
