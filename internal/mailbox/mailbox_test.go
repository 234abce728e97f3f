package mailbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
)

var noon = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// TestComposedSignedSentReceived is the whole ground: what mail writes, dkim
// signs and smtpclient sends arrives as it was meant, in both languages.
func TestComposedSignedSentReceived(t *testing.T) {
	t.Parallel()
	box, settings := start(t)
	composer, err := mail.NewComposer()
	if err != nil {
		t.Fatal(err)
	}
	key := signingKey(t)
	client := dial(t, settings)
	for i, l := range aikagi.Locales {
		to := aikagi.Email(".tanaka..ichiro.@example.co.jp")
		envelope, err := composer.Compose(mail.Frame{
			Locale: l, Instance: "さくらコールセンター", From: "noreply@sakura.example.jp", To: to,
			MessageID: fmt.Sprintf("<%d@sakura.example.jp>", i), Date: noon, Zone: time.UTC,
		}, mail.PasswordReset{
			User: "tanaka", AskedAt: noon, Matching: "47", ValidUntil: noon.Add(time.Hour),
			URL: aikagi.NewSecret("https://sakura.example.jp/i/sakura/reset/abc"), Code: aikagi.NewSecret("KQ7M-X3WP"),
		})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := dkim.Sign(envelope.Raw, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Send(t.Context(), envelope.From, envelope.To, signed); err != nil {
			t.Fatal(err)
		}
		got, err := box.Wait(t.Context(), string(to), i+1)
		if err != nil {
			t.Fatal(err)
		}
		m := got[0]
		if string(m.Raw) != string(signed) || m.ID != strconv.Itoa(i+1) || !m.Date.Equal(noon) {
			t.Errorf("%s: id %s, date %v, raw\n%s", l, m.ID, m.Date, m.Raw)
		}
		if m.From != "さくらコールセンター <noreply@sakura.example.jp>" || !strings.Contains(m.Subject, "さくらコールセンター") {
			t.Errorf("%s: from %q, subject %q", l, m.From, m.Subject)
		}
		for _, want := range []string{"https://sakura.example.jp/i/sakura/reset/abc", "KQ7M-X3WP"} {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("%s: %s is missing in\n%s\n%s", l, want, m.Text, m.HTML)
			}
		}
	}
}

func TestAddressesForceFailures(t *testing.T) {
	t.Parallel()
	box, settings := start(t)
	client := dial(t, settings)
	for _, c := range []struct {
		to        aikagi.Email
		code      int
		enhanced  string
		temporary bool
	}{
		{"temperror@x.jp", 451, "4.3.0", true},
		{"temperror@x.jp", 451, "4.3.0", true},
		{"permerror@x.jp", 550, "5.1.1", false},
		{"temperror-once@x.jp", 451, "4.3.0", true},
		{"temperror-once@x.jp", 0, "", false},
		{"temperror-once@y.jp", 451, "4.3.0", true},
		{"tanaka@x.jp", 0, "", false},
	} {
		err := send(t, client, c.to)
		if c.code == 0 {
			if err != nil {
				t.Errorf("%s: %v", c.to, err)
			}
			continue
		}
		var f *smtpclient.Failure
		if !errors.As(err, &f) || f.Code != c.code || f.Enhanced != c.enhanced || f.Temporary != c.temporary {
			t.Errorf("%s: %v", c.to, err)
		}
	}
	if got := box.Messages(""); len(got) != 2 || got[0].To != "tanaka@x.jp" || got[1].To != "temperror-once@x.jp" {
		t.Errorf("got %v", got)
	}
	if got := box.Messages("nobody@x.jp"); got == nil || len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestKeepsTheLastThousand(t *testing.T) {
	t.Parallel()
	box, _ := start(t)
	for range keep + 5 {
		box.keepFor([]string{"a@x.jp"}, "b@x.jp", []byte("Subject: x\r\n\r\n"))
	}
	if got := box.Messages(""); len(got) != keep || got[0].ID != strconv.Itoa(keep+5) || got[keep-1].ID != "6" {
		t.Errorf("%d messages, first %s", len(got), got[0].ID)
	}
}

func TestPauseNeverGreetsAndResumeDoes(t *testing.T) {
	t.Parallel()
	box, settings := start(t)
	box.Pause()
	settings.Timeouts.Greeting = 100 * time.Millisecond
	_, err := smtpclient.Dial(t.Context(), settings)
	var f *smtpclient.Failure
	if !errors.As(err, &f) || f.Stage != smtpclient.AtGreeting || !f.Temporary {
		t.Fatalf("got %v", err)
	}
	box.Resume()
	if err := send(t, dial(t, settings), "tanaka@x.jp"); err != nil {
		t.Error(err)
	}
}

func TestDownRefusesAndUpComesBack(t *testing.T) {
	t.Parallel()
	box, settings := start(t)
	client := dial(t, settings)
	if err := send(t, client, "a@x.jp"); err != nil {
		t.Fatal(err)
	}
	addr := box.Addr()
	box.Down()
	var f *smtpclient.Failure
	if err := send(t, client, "b@x.jp"); !errors.As(err, &f) || f.Stage != smtpclient.AtDial || !f.Temporary {
		t.Errorf("got %v", err)
	}
	if err := box.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := send(t, client, "b@x.jp"); err != nil {
		t.Error(err)
	}
	if got := box.Messages(""); len(got) != 2 || box.Addr() != addr {
		t.Errorf("%d messages at %s", len(got), box.Addr())
	}
}

func TestListenTLSOffersSTARTTLS(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	box, err := ListenTLS(t.Context(), "127.0.0.1:0", clock.NewSet(noon), cert)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	settings := settingsFor(t, box)
	settings.Security, settings.RootCAs = smtpclient.StartTLS, roots
	if err := send(t, dial(t, settings), "tanaka@x.jp"); err != nil {
		t.Error(err)
	}
	if len(box.Messages("tanaka@x.jp")) != 1 {
		t.Error("nothing came")
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "mx.example:25", "localhost:0", "nonsense"} {
		box, err := Listen(t.Context(), addr, clock.NewSet(noon))
		if aikagi.CodeOf(err) != aikagi.Invalid {
			t.Errorf("%s: %v, %v", addr, box, err)
		}
	}
}

func TestCloseTwiceAndWhilePaused(t *testing.T) {
	t.Parallel()
	box, settings := start(t)
	box.Pause()
	settings.Timeouts.Greeting = 50 * time.Millisecond
	if _, err := smtpclient.Dial(t.Context(), settings); err == nil {
		t.Error("greeted while paused")
	}
	for range 2 {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := box.Up(t.Context()); err == nil {
		t.Error("came up after Close")
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	box, _ := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := box.Wait(ctx, "a@x.jp", 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?B?44GC?=\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n"))
	f.Add([]byte("Content-Transfer-Encoding: base64\r\n\r\n!!!"))
	f.Add([]byte("Subject: \xff\xfe\r\nFrom: =?x-unknown?Q?=FF?=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FF=\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n" + strings.Repeat("--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n", 50)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := parse(raw)
		for _, s := range []string{p.from, p.subject, p.text, p.html} {
			if !utf8.ValidString(s) || len(s) > 4*len(raw)+len("\ufffd") {
				t.Errorf("%d bytes were read as %d, of text: %v", len(raw), len(s), utf8.ValidString(s))
			}
		}
	})
}

func start(t *testing.T) (*Mailbox, smtpclient.Settings) {
	t.Helper()
	box, err := Listen(t.Context(), "127.0.0.1:0", clock.NewSet(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box, settingsFor(t, box)
}

func settingsFor(t *testing.T, box *Mailbox) smtpclient.Settings {
	t.Helper()
	settings, err := smtpclient.ParseURL("smtp://" + box.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func dial(t *testing.T, settings smtpclient.Settings) *smtpclient.Client {
	t.Helper()
	c, err := smtpclient.Dial(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func send(t *testing.T, c *smtpclient.Client, to aikagi.Email) error {
	t.Helper()
	raw := "From: a@sakura.example.jp\r\nTo: " + string(to) + "\r\nSubject: x\r\nDate: Sun, 22 Nov 2026 09:02:11 +0900\r\n" +
		"Message-ID: <1@sakura.example.jp>\r\n\r\nhello\r\n"
	return c.Send(t.Context(), "a@sakura.example.jp", to, []byte(raw))
}

func signingKey(t *testing.T) dkim.Key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	key, err := dkim.ParseKey(text, "sakura.example.jp", "a1")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
