package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aikagi/aikagi/internal/config"
)

// product is a server under measurement, with all that it needs.
type product struct {
	dir    string // removed at the end
	env    []string
	binary string
	url    string
	cmd    *exec.Cmd
	log    *os.File
	relay  net.Listener
}

const patience = time.Minute

// prepare builds the product and says where its data are.
func prepare(ctx context.Context, o options) (*product, error) {
	p := &product{binary: o.binary}
	var err error
	if p.dir, err = os.MkdirTemp("", "aikagi-timing-"); err != nil {
		return nil, err
	}
	if p.binary == "" {
		p.binary = filepath.Join(p.dir, "aikagi")
		say("building the product with the tag bench")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "bench", "-ldflags", "-s -w", //nolint:gosec // G204: our own arguments
			"-o", p.binary, "github.com/aikagi/aikagi/cmd/aikagi")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	database := o.database
	if database == "sqlite" {
		database = "sqlite:" + filepath.Join(p.dir, "aikagi.db")
	}
	pages, err := freeAddress(ctx)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	var config net.ListenConfig
	if p.relay, err = config.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, p.close())
	}
	go swallowAll(p.relay)
	p.url = "http://" + pages
	p.env = []string{
		"AIKAGI_DATABASE=" + database, "AIKAGI_DATA=" + p.dir, "AIKAGI_KEY_FILE=" + filepath.Join(p.dir, "key"),
		"AIKAGI_TRUSTED_PROXIES=127.0.0.1/32", "AIKAGI_MAIL_FROM=noreply@timing.example",
		"AIKAGI_LISTEN=" + pages, "AIKAGI_OPS_LISTEN=127.0.0.1:0", "AIKAGI_SMTP=smtp://" + p.relay.Addr().String(),
	}
	return p, nil
}

// settings reads the environment as the server will.
func (p *product) settings() (config.Settings, error) {
	return config.Load(config.Sources{Environ: p.env})
}

// start runs the server until close, and returns when it answers.
func (p *product) start(ctx context.Context, page string) error {
	var err error
	if p.log, err = os.Create(filepath.Join(p.dir, "server.log")); err != nil {
		return err
	}
	p.cmd = exec.Command(p.binary, "serve") //nolint:gosec,noctx // G204: our own binary; close ends it
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, p.log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for began := now(); now().Sub(began) < patience && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+page, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = answer.Body.Close() // the status is all
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	text, _ := os.ReadFile(p.log.Name()) // what could be read is all there is to report
	return fmt.Errorf("the server does not answer: %.2000s", text)
}

func (p *product) close() error {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = p.cmd.Wait()                          // how it ended is no figure
	}
	if p.relay != nil {
		_ = p.relay.Close() // the run is over
	}
	if p.log != nil {
		_ = p.log.Close() // written by the server
	}
	return os.RemoveAll(p.dir)
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// swallowAll is a mail server that takes everything and keeps nothing (RFC 5321).
func swallowAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go swallow(conn)
	}
}

func swallow(conn net.Conn) {
	defer func() { _ = conn.Close() }() // nothing is kept
	said := bufio.NewScanner(conn)
	reply := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") } // the next read tells
	reply("220 timing")
	for data := false; said.Scan(); {
		line := said.Text()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case data && line == ".":
			data = false
			reply("250 taken")
		case data:
		case verb == "DATA":
			data = true
			reply("354 go on")
		case verb == "QUIT":
			reply("221 bye")
			return
		default:
			reply("250 ok")
		}
	}
}
