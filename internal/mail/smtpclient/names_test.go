package smtpclient

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/aikagi/aikagi/internal/mail/dnstest"
)

// TestK02NamesThatCannotBeLookedUpAreTriedAgain: whatever the DNS does, the
// message is neither sent elsewhere nor given up.
func TestK02NamesThatCannotBeLookedUpAreTriedAgain(t *testing.T) {
	t.Parallel()
	server := dnstest.Start(t)
	server.Fail("broken.example.jp", dnsmessage.RCodeServerFailure)
	server.Fail("refused.example.jp", dnsmessage.RCodeRefused)
	server.Silent("silent.example.jp")
	for _, host := range []string{"broken.example.jp", "refused.example.jp", "silent.example.jp", "unknown.example.jp"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			s := Settings{Host: host, Port: 587, Security: StartTLS, Timeouts: Timeouts{Dial: time.Second}, names: server.Resolver()}
			err := deliver(t, s)
			var f *Failure
			if !errors.As(err, &f) || f.Stage != AtDial || !f.Temporary {
				t.Errorf("got %+v", err)
			}
			if server.Asked(host) == 0 {
				t.Error("the test's server was not asked")
			}
		})
	}
}
