package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// server is the product in a process of its own.
type server struct {
	child *child
	url   string // of its pages
	ops   string
	log   *os.File
}

// instance is the address of a page of one of the filled instances.
func (s *server) instance(n int, path string) string { return s.url + "/i/" + alias(n) + path }

// startServer runs the product as an operator does, with log lines to a file, and
// with more settings if there are any.
func (b *bench) startServer(ctx context.Context, more ...string) error {
	s, err := b.launch(ctx, more)
	if err != nil {
		return err
	}
	b.server = s
	return b.waitForPage(ctx, s.instance(0, "/login"))
}

func (b *bench) launch(ctx context.Context, more []string) (*server, error) {
	log, err := os.OpenFile(filepath.Join(b.home, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	pages, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	ops, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + pages, ops: "http://" + ops, log: log}
	env := slices.Concat([]string{
		"AIKAGI_LISTEN=" + pages, "AIKAGI_OPS_LISTEN=" + ops, "AIKAGI_SMTP=smtp://" + b.sink.first,
	}, b.env, more)
	s.child, err = spawn(ctx, env, log, nil, b.binary, "serve")
	if err != nil {
		text, _ := os.ReadFile(log.Name()) // what could be read is all there is to report
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return s, nil
}

// complaints are the last lines of the server's log that are more than facts.
func (b *bench) complaints() string {
	text, err := os.ReadFile(filepath.Join(b.home, "server.log"))
	if err != nil {
		return err.Error()
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"level":"INFO"`) {
			found = append(found, line)
		}
	}
	return strings.Join(found[max(0, len(found)-5):], "")
}

func (b *bench) stopServer() { b.endServer((*child).stop) }

func (b *bench) endServer(end func(*child)) {
	if b.server == nil {
		return
	}
	end(b.server.child)
	_ = b.server.log.Close() // written by the child
	b.server = nil
	b.web.forget()
}

// ensureServer starts the product if the goal before did not leave it running.
func (b *bench) ensureServer(ctx context.Context) error {
	if b.server != nil {
		return nil
	}
	return b.startServer(ctx)
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// waitForPage asks each millisecond until the page is there.
func (b *bench) waitForPage(ctx context.Context, page string) error {
	deadline := b.now().Add(childPatience)
	for b.now().Before(deadline) && ctx.Err() == nil {
		if a, err := b.web.get(ctx, page, ""); err == nil && a.status == http.StatusOK {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s: %w", page, errTooFew)
}

// profiled runs work while a CPU profile of the server is taken, if asked for.
func (b *bench) profiled(ctx context.Context, name string, work func() error) error {
	if b.profile == "" {
		return work()
	}
	if err := os.MkdirAll(b.profile, 0o750); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		a, err := newClient().get(ctx, b.server.ops+"/debug/pprof/profile?seconds=3", "")
		if err == nil {
			err = os.WriteFile(filepath.Join(b.profile, strings.ToLower(name)+".pprof"), a.body, 0o600)
		}
		done <- err
	}()
	if err := work(); err != nil {
		return err
	}
	return <-done
}
