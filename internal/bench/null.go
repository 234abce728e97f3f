package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// The parts that bench plays as child processes, so that their processor time
// is not that of the load.
const (
	nullRole = "null-server"
	sinkRole = "smtp-sink"
)

// serveNull answers every request with 300 bytes of JSON: what net/http costs
// on this machine without anything behind it.
func serveNull(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	body := []byte(`{"padding":"` + strings.Repeat("x", 300-len(`{"padding":""}`)) + `"}`)
	s := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body) // the load may be over
		}),
	}
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
	fmt.Println("http://" + l.Addr().String())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serveSink takes every message (RFC 5321), keeps none, and prints for each when
// it accepted it, whom it was for and its Message-ID. Each line on standard input is a time to wait
// before a message is accepted.
func serveSink(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var delay atomic.Int64
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			if d, err := time.ParseDuration(lines.Text()); err == nil {
				delay.Store(int64(d))
			}
		}
	}()
	go func() {
		<-ctx.Done()
		_ = l.Close()
	}()
	fmt.Println(l.Addr().String())
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil //nolint:nilerr // closed: the bench is over
		}
		go swallow(conn, &delay)
	}
}

func swallow(conn net.Conn, delay *atomic.Int64) {
	defer func() { _ = conn.Close() }()
	said := bufio.NewReader(conn)
	reply := func(text string) { _, _ = conn.Write([]byte(text + "\r\n")) } // the next read tells
	reply("220 sink")
	data, to, id := false, "", ""
	for {
		line, err := said.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		switch {
		case data && line == ".\r\n":
			data = false
			time.Sleep(time.Duration(delay.Load()))
			_, _ = fmt.Printf("%d %s %s\n", time.Now().UnixNano(), to, id) //nolint:forbidigo // as bench.now
			reply("250 taken")
		case data:
			if name, value, found := strings.Cut(line, ":"); found && id == "" && strings.EqualFold(name, "Message-ID") {
				id = strings.TrimSpace(value)
			}
		case verb == "RCPT":
			_, to, _ = strings.Cut(strings.TrimSpace(line), "<")
			to, _, _ = strings.Cut(to, ">")
			reply("250 ok")
		case verb == "DATA":
			data, id = true, ""
			reply("354 go on")
		case verb == "QUIT":
			reply("221 bye")
			return
		default:
			reply("250 ok")
		}
	}
}
