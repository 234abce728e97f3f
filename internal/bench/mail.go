package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mailbox is what the sink took: when, for whom, and which messages how often.
type mailbox struct {
	mu     sync.Mutex
	times  map[string][]time.Time
	copies map[string]map[string]int // address → Message-ID → how often it came
}

func (m *mailbox) took(line string) {
	nanos, rest, _ := strings.Cut(line, " ")
	to, id, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(nanos, 10, 64)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.times == nil {
		m.times, m.copies = make(map[string][]time.Time), make(map[string]map[string]int)
	}
	m.times[to] = append(m.times[to], time.Unix(0, n))
	if m.copies[to] == nil {
		m.copies[to] = make(map[string]int)
	}
	m.copies[to][id]++
}

// empty forgets what came.
func (m *mailbox) empty() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times, m.copies = nil, nil
}

// mostCopies is how often the one message came for somebody that came most often.
func (m *mailbox) mostCopies(to string) (most int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, copies := range m.copies[to] {
		most = max(most, copies)
	}
	return most
}

// of is when messages came for somebody.
func (m *mailbox) of(to string) []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.times[to])
}

// all is when messages came, in order.
func (m *mailbox) all() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []time.Time
	for times := range maps.Values(m.times) {
		all = append(all, times...)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

func address(username string) string { return username + "@bench.example" }

const (
	mailsIdle   = 60
	mailsAtOnce = 600
	mailWithin  = 30 * time.Second
	// The instances whose users get this mail; no other goal asks there.
	mailInstance  = 4
	crashInstance = 5
)

// mailFor measures P10: how soon a signed mail is with the mail server, and how
// many a second leave when many wait.
func (b *bench) mailFor(ctx context.Context) error {
	b.stopServer()
	key, err := b.dkimKey()
	if err != nil {
		return err
	}
	if err := b.startServer(ctx, "AIKAGI_DKIM_KEY="+key); err != nil {
		return err
	}
	defer b.stopServer() // the others run as the product comes: without a key
	if err := b.mailWhenIdle(ctx); err != nil {
		return err
	}
	return b.mailAtOnce(ctx)
}

// dkimKey is a key of the usual kind: RSA with 2,048 bits.
func (b *bench) dkimKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	path := filepath.Join(b.home, "dkim.pem")
	return path, os.WriteFile(path, text, 0o600)
}

func (b *bench) mailWhenIdle(ctx context.Context) error {
	if err := b.delayMail(0); err != nil {
		return err
	}
	tokens, err := b.challenges(ctx, mailInstance, mailsIdle)
	if err != nil {
		return err
	}
	b.mail.empty()
	var times []time.Duration
	for n, token := range tokens {
		name := username(served(n))
		began := b.now()
		if err := b.forgot(ctx, mailInstance, name, token); err != nil {
			return err
		}
		if err := b.until(ctx, mailWithin, func() bool { return len(b.mail.of(address(name))) > 0 }); err != nil {
			return fmt.Errorf("mail to %s: %w", name, err)
		}
		times = append(times, b.mail.of(address(name))[0].Sub(began))
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	b.add(row{
		"P10", "request → signed mail accepted, p50 when idle ÷ 25 ms",
		fmt.Sprintf("%.1f ms, p99 %.1f ms", millis(median(times)), millis(percentile(times, 99))),
		millis(median(times)) / 25, atMost(1),
	})
	return nil
}

// mailAtOnce lets messages gather behind a mail server that takes its time, and
// then takes what comes.
func (b *bench) mailAtOnce(ctx context.Context) error {
	if err := b.delayMail(sickDelay); err != nil {
		return err
	}
	defer func() { _ = b.delayMail(0) }() // the sink may have ended
	tokens, err := b.challenges(ctx, mailInstance, mailsAtOnce)
	if err != nil {
		return err
	}
	b.mail.empty()
	_, err = b.run(ctx, forgotWorkers, mailsAtOnce, forgotWithin, func(ctx context.Context, n int) error {
		return b.forgot(ctx, mailInstance, username(served(mailsIdle+n)), tokens[n])
	})
	if err != nil {
		return err
	}
	if err := b.drain(ctx); err != nil { // all are answered and wait to be sent
		return err
	}
	if err := b.delayMail(0); err != nil {
		return err
	}
	if err := b.until(ctx, drainWithin, func() bool { return len(b.mail.all()) >= mailsAtOnce*9/10 }); err != nil {
		return fmt.Errorf("%d of %d mails: %w", len(b.mail.all()), mailsAtOnce, err)
	}
	all := b.mail.all()
	first := len(all) / 3 // those before came while the mail server was slow
	rate := over(float64(len(all)-first), all[len(all)-1].Sub(all[first]).Seconds())
	b.add(row{
		"P10", "signed mails/s when many wait ÷ 300/s",
		fmt.Sprintf("%.0f/s, %d after another", rate, len(all)-first), rate / 300, atLeast(1),
	})
	return nil
}

// until waits for something to become true.
func (b *bench) until(ctx context.Context, within time.Duration, is func() bool) error {
	deadline := b.now().Add(within)
	for !is() {
		if b.now().After(deadline) {
			return errTooFew
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
