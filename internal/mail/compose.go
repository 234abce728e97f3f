package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/aikagi/aikagi"
)

//go:embed templates/*
var templateFiles embed.FS

// Composer holds the templates of every language.
type Composer struct {
	languages map[aikagi.Locale]language
}

type language struct {
	text *template.Template     // <stem>.subject, <stem>.txt, layout.txt
	html *htmltemplate.Template // <stem>.html, layout.html
}

// NewComposer reads the templates and texts that are part of the binary.
func NewComposer() (*Composer, error) {
	c := &Composer{languages: make(map[aikagi.Locale]language, len(aikagi.Locales))}
	for _, l := range aikagi.Locales {
		words, err := loadCatalogue(l)
		if err != nil {
			return nil, err
		}
		funcs := map[string]any{"t": words.text}
		text, err := template.New("").Option("missingkey=error").Funcs(funcs).
			ParseFS(templateFiles, "templates/*.subject", "templates/*.txt")
		if err != nil {
			return nil, fmt.Errorf("parse mail templates: %w", err)
		}
		html, err := htmltemplate.New("").Option("missingkey=error").Funcs(funcs).
			ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse mail templates: %w", err)
		}
		c.languages[l] = language{text: text, html: html}
	}
	return c, nil
}

// view is what templates see.
type view struct {
	Frame
	Mail    Mail
	Subject string
	Link    string
}

// At shows a time in the instance's zone.
func (v view) At(t time.Time) string { return t.In(v.Zone).Format("2006-01-02 15:04") }

// Compose writes one message.
func (c *Composer) Compose(f Frame, m Mail) (Envelope, error) {
	f.Locale = f.Locale.Or()
	lang, ok := c.languages[f.Locale]
	if !ok {
		return Envelope{}, aikagi.Because(aikagi.Invalid, "message", "locale")
	}
	if err := f.check(); err != nil {
		return Envelope{}, err
	}
	if err := checkLink(m); err != nil {
		return Envelope{}, err
	}
	v := view{Frame: f, Mail: m, Link: m.link().Reveal()}
	parts, err := lang.render(m.template(), v)
	if err != nil {
		return Envelope{}, err
	}
	raw, err := assemble(f, parts)
	if err != nil {
		return Envelope{}, err
	}
	return Envelope{From: f.From, To: f.To, MessageID: f.MessageID, Raw: raw}, nil
}

// rendered is a mail in words, before it is MIME.
type rendered struct {
	sender, subject, text, html string
}

func (l language) render(stem string, v view) (rendered, error) {
	var subject, text, html strings.Builder
	if err := l.text.ExecuteTemplate(&subject, stem+".subject", v); err != nil {
		return rendered{}, fmt.Errorf("render subject of %s: %w", stem, err)
	}
	v.Subject = strings.TrimSpace(subject.String())
	if err := l.text.ExecuteTemplate(&text, stem+".txt", v); err != nil {
		return rendered{}, fmt.Errorf("render text of %s: %w", stem, err)
	}
	if err := l.html.ExecuteTemplate(&html, stem+".html", v); err != nil {
		return rendered{}, fmt.Errorf("render HTML of %s: %w", stem, err)
	}
	return rendered{sender: safe(v.Instance), subject: v.Subject, text: text.String(), html: html.String()}, nil
}

// messageID is RFC 5322 §3.6.4 without its obsolete and quoted forms.
var messageID = regexp.MustCompile(`^<[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@([A-Za-z0-9.-]+)>$`)

// check refuses what must not get into a header, although it was checked when
// it was stored (S21).
func (f Frame) check() error {
	if _, err := aikagi.ParseEmail(string(f.From)); err != nil {
		return fmt.Errorf("compose message: sender: %w", err)
	}
	if _, err := aikagi.ParseEmail(string(f.To)); err != nil {
		return fmt.Errorf("compose message: recipient: %w", err)
	}
	id := messageID.FindStringSubmatch(f.MessageID)
	if id == nil || len(f.MessageID) > 250 || !strings.EqualFold(id[1], f.From.Domain()) {
		return aikagi.Because(aikagi.Invalid, "message", "message_id")
	}
	if f.Zone == nil || f.Date.IsZero() || strings.TrimSpace(f.Instance) == "" {
		return aikagi.Because(aikagi.Invalid, "message", "frame")
	}
	return nil
}

// checkLink lets only an https address of plain characters into a mail, or an
// http one of this machine (demo). A mail that is about its link has one.
func checkLink(m Mail) error {
	raw := m.link().Reveal()
	switch m.(type) {
	case PasswordReset, Invite:
	default:
		return nil
	}
	u, err := url.Parse(raw)
	// The characters are those of RFC 3986 that no mail program reads as the
	// end of an address.
	if err != nil || len(raw) > 900 || !plainURL.MatchString(raw) || u.User != nil || u.Hostname() == "" {
		return aikagi.Because(aikagi.Invalid, "message", "link")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return aikagi.Because(aikagi.Invalid, "message", "link")
}

var plainURL = regexp.MustCompile(`^https?://[A-Za-z0-9.\[\]:-]+/[A-Za-z0-9._~/?&=-]*$`)

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}
