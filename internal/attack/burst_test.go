package attack

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/reset/resettest"
)

// burst is how many requests come at once.
const burst = 30

// TestB04OneOfABurstWins sends thirty new passwords for one link over one HTTP/2
// connection. Each request waits for its last byte until all are there, so that
// they are answered side by side and not in the order of a network.
func TestB04OneOfABurstWins(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{TLS: true})
	s := &siege{Site: site, t: t, host: strings.TrimPrefix(site.URLs.Base(), "https://")}
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			ForceAttemptHTTP2: true, MaxConnsPerHost: 1,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // G402: nobody signed it
		},
	}
	t.Cleanup(client.CloseIdleConnections)
	rounds := full(20, 1000)
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		won := s.race(client, round)
		agent := s.User("agent")
		right, err := s.Hashes.Verify(t.Context(), agent.PasswordHash, aikagi.NewSecret(raced(round, won)))
		if err != nil || !right {
			t.Fatalf("round %d: the accepted password %d is not the one that counts: %v", round, won, err)
		}
		if round > 0 {
			continue
		}
		g := s.guest("192.0.2.1")
		if p := g.logsIn(string(agent.Username), raced(round, won)); p.StatusCode != http.StatusSeeOther {
			t.Errorf("logging in with it: %s", p.Status)
		}
		if p := g.logsIn(string(agent.Username), raced(round, (won+1)%burst)); p.StatusCode != http.StatusUnauthorized {
			t.Errorf("logging in with another: %s", p.Status)
		}
	}
}

func raced(round, n int) string { return fmt.Sprintf("%s %d %d", chosen, round, n) }

// race sends one burst and returns which request was accepted.
func (s *siege) race(client *http.Client, round int) int {
	s.t.Helper()
	agent := s.User("agent")
	card, err := s.Resets.IssueCard(s.As(s.t.Context(), "editor"), agent.InstanceID, agent.ID)
	s.must(err)
	g := s.guest("192.0.2.1")
	id := formToken(s.t, g.follows(s.URL("/reset/"+resettest.TokenIn(s.t, card.Link.Reveal()).Reveal())))
	proof := g.cookie("reset-")
	g2, err := client.Get(s.URL("/login")) //nolint:noctx // opens the one connection
	s.must(err)
	_, _ = io.Copy(io.Discard, g2.Body) // the connection is all that is wanted
	_ = g2.Body.Close()                 // likewise
	if g2.ProtoMajor != 2 {
		s.t.Fatalf("the server speaks %s", g2.Proto)
	}
	statuses := make([]string, burst)
	ready, fire := make(chan struct{}, burst), make(chan struct{})
	var all sync.WaitGroup
	for n := range burst {
		body := url.Values{"token": {id}, "password": {raced(round, n)}}.Encode()
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL("/reset"), &held{text: body, ready: ready, fire: fire})
		s.must(err)
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Type", formType)
		r.AddCookie(proof)
		all.Go(func() {
			answer, err := client.Do(r)
			if err != nil {
				statuses[n] = err.Error()
				return
			}
			_ = answer.Body.Close() // the status is all
			statuses[n] = answer.Status + " " + answer.Header.Get("Location")
		})
	}
	for range burst {
		<-ready
	}
	close(fire)
	all.Wait()
	won := -1
	for n, status := range statuses {
		switch {
		case strings.HasSuffix(status, "/reset/done") && won < 0:
			won = n
		case !strings.HasPrefix(status, "410"):
			s.t.Errorf("round %d: request %d answers %q beside the winner %d", round, n, status, won)
		}
	}
	if won < 0 {
		s.t.Fatalf("round %d: none was accepted: %q", round, statuses)
	}
	return won
}

// held is a body whose last byte waits for the signal.
type held struct {
	text        string
	sent        int
	ready, fire chan struct{}
}

// Read gives all but the last byte, and that when everybody is there.
func (h *held) Read(p []byte) (int, error) {
	switch left := len(h.text) - h.sent; {
	case left == 0:
		return 0, io.EOF
	case left > 1:
		n := copy(p, h.text[h.sent:len(h.text)-1])
		h.sent += n
		return n, nil
	}
	h.ready <- struct{}{}
	<-h.fire
	h.sent++
	p[0] = h.text[len(h.text)-1]
	return 1, nil
}
