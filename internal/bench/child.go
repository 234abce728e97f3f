package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
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

// spawn starts a program and waits for the first line it prints.
func spawn(ctx context.Context, env []string, log io.Writer, name string, args ...string) (*child, error) {
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
	go c.listen(stdout, lines)
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

// listen passes on the first line and waits for the end.
func (c *child) listen(stdout io.Reader, lines chan<- string) {
	said := bufio.NewReader(stdout)
	if line, err := said.ReadString('\n'); err == nil {
		lines <- strings.TrimSpace(line)
	}
	close(lines)
	_, _ = io.Copy(io.Discard, said) // until it closes
	_ = c.cmd.Wait()                 // how it ended is no figure
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
