package ordeal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/aikagi/aikagi/internal/sample"
)

// browser is one person's.
type browser struct{ client *http.Client }

func newBrowser() *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{&http.Client{
		Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer, read to its end.
type page struct {
	status int
	to     string
	body   string
	header http.Header
}

func (b *browser) do(base, method, path string, form url.Values) (page, error) {
	if !strings.HasPrefix(path, "/account") {
		path = "/i/" + sample.Alias + path
	}
	r, err := http.NewRequest(method, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := b.client.Do(r)
	if err != nil {
		return page{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return page{got.StatusCode, got.Header.Get("Location"), string(body), got.Header}, err
}

// wants does something and reports any answer but the wanted one.
func (b *browser) wants(status int, base, method, path string, form url.Values) (page, error) {
	p, err := b.do(base, method, path, form)
	if err == nil && p.status != status {
		err = unexpected{path, p}
	}
	return p, err
}

// unexpected is an answer that nobody asked for.
type unexpected struct {
	path string
	page page
}

func (u unexpected) Error() string {
	return fmt.Sprintf("%s: %d %s\n%s", u.path, u.page.status, u.page.to, text(u.page.body))
}

var tags = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>|\s+`)

func text(html string) string {
	plain := tags.ReplaceAllString(html, " ")
	return strings.Join(strings.Fields(plain[:min(len(plain), 1500)]), " ")
}

func (b *browser) get(base, path string) (page, error) { return b.do(base, http.MethodGet, path, nil) }

// logsIn tells whether a password is right.
func (b *browser) logsIn(base, username, password string) (bool, error) {
	p, err := b.do(base, http.MethodPost, "/login", url.Values{"username": {username}, "password": {password}})
	switch {
	case err != nil:
		return false, err
	case p.status == http.StatusSeeOther:
		return true, nil
	case p.status == http.StatusUnauthorized:
		return false, nil
	}
	return false, unexpected{"/login", p}
}

var (
	formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)
	powSalt   = regexp.MustCompile(`data-salt="([^"]+)" data-bits="(\d+)"`)
	resetLink = regexp.MustCompile(`http://[^\s<]+/i/` + sample.Alias + `(/reset/[A-Za-z0-9_-]+)`)
)

var errNoForm = errors.New("no form")

// asks fills in the form for a forgotten password, with a proof of work.
func (b *browser) asks(base, username string) (page, error) {
	p, err := b.wants(http.StatusOK, base, http.MethodGet, "/forgot", nil)
	if err != nil {
		return p, err
	}
	token, pow := formToken.FindStringSubmatch(p.body), powSalt.FindStringSubmatch(p.body)
	if token == nil || pow == nil {
		return p, errNoForm
	}
	zeros, err := strconv.Atoi(pow[2])
	if err != nil {
		return p, err
	}
	return b.do(base, http.MethodPost, "/forgot",
		url.Values{"username": {username}, "token": {token[1]}, "pow": {work(pow[1], zeros)}})
}

// work looks for the number that the page's script looks for.
func work(salt string, zeros int) string {
	prefix := []byte(salt)
	for n := 0; ; n++ {
		guess := strconv.AppendInt(prefix, int64(n), 10)
		sum := sha256.Sum256(guess)
		found := 0
		for _, b := range sum {
			found += bits.LeadingZeros8(b)
			if b != 0 {
				break
			}
		}
		if found >= zeros {
			return strconv.Itoa(n)
		}
	}
}

// opens follows a link and says what the page behind it answers: 200 with a form,
// or 410 once the link is spent.
func (b *browser) opens(base, link string) (page, error) {
	if _, err := b.wants(http.StatusSeeOther, base, http.MethodGet, link, nil); err != nil {
		return page{}, err
	}
	return b.get(base, "/reset")
}

// sets chooses a password on the page behind a link.
func (b *browser) sets(base, link, password string) error {
	p, err := b.opens(base, link)
	if err != nil {
		return err
	}
	token := formToken.FindStringSubmatch(p.body)
	if p.status != http.StatusOK || token == nil {
		return unexpected{link, p}
	}
	_, err = b.wants(http.StatusSeeOther, base, http.MethodPost, "/reset", url.Values{"token": {token[1]}, "password": {password}})
	return err
}

// filled reads what a browser would send for the form with an id, if a person
// pressed its button at once.
func filled(body, id string) (url.Values, error) {
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	inside := false
	for n := range root.Descendants() {
		switch {
		case n.Data == "form":
			inside = attribute(n, "id") == id
		case !inside || n.Type != html.ElementNode || attribute(n, "name") == "" && n.Data != "option":
		case n.Data == "input" && (attribute(n, "type") == "checkbox" || attribute(n, "type") == "radio"):
			if has(n, "checked") {
				form.Add(attribute(n, "name"), attribute(n, "value"))
			}
		case n.Data == "input":
			form.Set(attribute(n, "name"), attribute(n, "value"))
		case n.Data == "option" && (has(n, "selected") || n.PrevSibling == nil):
			form.Set(attribute(n.Parent, "name"), attribute(n, "value"))
		}
	}
	if len(form) == 0 {
		return nil, errNoForm
	}
	return form, nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
