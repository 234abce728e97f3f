package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cluster is a throw-away PostgreSQL on loopback that waits for its disk, as
// one in use does.
type cluster struct {
	url string
	pid int // of the postmaster
	bin string
	dir string
}

// startCluster makes a cluster from the installed binaries.
func startCluster(ctx context.Context, under, name string) (*cluster, error) {
	c := &cluster{dir: filepath.Join(under, name)}
	var err error
	if c.bin, err = binaries(); err != nil {
		return nil, err
	}
	if err := os.Chmod(under, 0o711); err != nil { //nolint:gosec // G302: the user postgres must get through
		return nil, err
	}
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		return nil, err
	}
	if err := c.giveAway(); err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if err := c.command("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C").Run(); err != nil {
		return nil, fmt.Errorf("make PostgreSQL cluster: %w", err)
	}
	settings := "-c listen_addresses=127.0.0.1 -c port=" + port + " -c unix_socket_directories=" + c.dir +
		" -c shared_buffers=256MB -c max_connections=100"
	if err := c.command("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", settings, "start").Run(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(c.dir, "data", "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if c.pid, err = strconv.Atoi(strings.TrimSpace(first)); err != nil {
		return nil, fmt.Errorf("read postmaster.pid: %w", err)
	}
	c.url = "postgres://postgres@127.0.0.1:" + port + "/postgres"
	return c, nil
}

func (c *cluster) stop() {
	_ = c.command("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop").Run() // its files go next
}

// command runs as the user postgres where bench is root: PostgreSQL refuses
// root.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	words := append([]string{filepath.Join(c.bin, name)}, args...)
	if os.Geteuid() == 0 {
		words = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}, words...)
	}
	cmd := exec.Command(words[0], words[1:]...) //nolint:gosec // G204: our own words
	cmd.Dir = c.dir
	return cmd
}

func (c *cluster) giveAway() error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return os.Chown(c.dir, uid, gid)
}

// binaries is the directory of the newest installed PostgreSQL.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL is installed: %w", err)
	}
	path, err = filepath.EvalSymlinks(path)
	return filepath.Dir(path), err
}
