package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// child is a process that bench started and will end.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	first string // what it said when it was ready
	ended chan struct{}
}

// childPatience bounds how long a child may take to start or to end.
const childPatience = 60 * time.Second

// spawn starts a program and waits for the first line it prints; later ones go to
// heard, unless it is nil.
func spawn(ctx context.Context, env []string, log io.Writer, heard func(line string), name string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = log
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	lines := make(chan string, 1)
	go c.listen(stdout, lines, heard)
	select {
	case line, ok := <-lines:
		if !ok {
			return nil, fmt.Errorf("start %s: it ended at once", name)
		}
		c.first = line
		return c, nil
	case <-ctx.Done():
		c.stop()
		return nil, ctx.Err()
	case <-time.After(childPatience):
		c.stop()
		return nil, fmt.Errorf("start %s: it said nothing", name)
	}
}

// listen passes on what it says and waits for the end.
func (c *child) listen(stdout io.Reader, lines chan<- string, heard func(line string)) {
	said := bufio.NewScanner(stdout)
	if said.Scan() {
		lines <- said.Text()
	}
	close(lines)
	for said.Scan() {
		if heard != nil {
			heard(said.Text())
		}
	}
	_, _ = io.Copy(io.Discard, stdout) // a line that was too long
	_ = c.cmd.Wait()                   // how it ended is no figure
	close(c.ended)
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop ends the process, kindly at first.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-c.ended:
	case <-time.After(childPatience):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// kill ends the process as a power cut would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	<-c.ended
}
