package attack

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aikagi/aikagi"
)

// payloads are texts that are code in some place of a page: ways out of the
// place × what to do outside.
func payloads() []string {
	outs := []string{"", `">`, `'>`, `</title>`, `</textarea>`, `</script>`, `--><`, `]]>`, `\"`, "`>"}
	deeds := []string{
		`<script>pwn()</script>`, `<img src=x onerror=pwn()>`, `<svg onload=pwn()>`, `<svg/onload=pwn()//`,
		`<iframe src="javascript:pwn()"></iframe>`, `<a href="javascript:pwn()">x</a>`, `<details open ontoggle=pwn()>`,
		`<math><mi xlink:href="data:x,pwn()">`, `<form action=javascript:pwn()><button>x`, `<base href=//evil.example/>`,
		`<meta http-equiv=refresh content="0;url=//evil.example">`, `<link rel=stylesheet href=//evil.example/x.css>`,
		`<style>@import "//evil.example"</style>`, `<noscript><p title="</noscript><img src=x onerror=pwn()>">`,
		`<object data=//evil.example></object>`, ` autofocus onfocus=pwn() x=`, ` onmouseover="pwn()" style="x:expression(pwn())`,
		`javascript:pwn()//`, `data:text/html,<script>pwn()</script>`, `{{constructor.constructor('pwn()')()}}`,
		`{{.Path "/pwn"}}${pwn()}<%= pwn() %>`, "＜script＞pwn()＜/script＞ &lt;script&gt;pwn()&lt;/script&gt; &#60;b&#62; %3Cscript%3E",
	}
	var all []string
	for _, out := range outs {
		for _, deed := range deeds {
			all = append(all, out+deed)
		}
	}
	return all
}

// acting are characters that change what stands around them (E11).
const acting = "a\u202Eb\u2066c\u200Bd\u00ADe\uFEFFf"

// hostile is every payload at once, in a field, behind its name: lists are in
// the order of names.
func hostile(name string) string { return name + strings.Join(payloads(), " ") + acting }

// TestI01E11TextsAreTextOnEveryPage shows every page, in both languages, of two
// sites that differ in nothing but their texts. What a browser builds of them
// has to be the same.
func TestI01E11TextsAreTextOnEveryPage(t *testing.T) {
	t.Parallel()
	if n := len(payloads()); n < 200 {
		t.Fatalf("%d payloads", n)
	}
	plainSite, hostileSite := besiege(t), besiege(t)
	usual, odd := plainSite.place("ume", itself), hostileSite.place("ume", hostile)
	for _, r := range routes(t) {
		// Mails have a corpus of their own; tables are no markup (TestI06…).
		if r.method != http.MethodGet || strings.HasPrefix(r.path, "/dev/mail") || isTable(r) {
			continue
		}
		for _, l := range aikagi.Locales {
			for _, who := range []string{"admin", "emergency"} {
				want := looks(t, plainSite, usual, who, r, l)
				got := looks(t, hostileSite, odd, who, r, l)
				same(t, fmt.Sprintf("%s as %s in %s", r, who, l), got, want)
			}
		}
	}
}

// isTable reports whether a route answers with a table for spreadsheets.
func isTable(r route) bool {
	return strings.HasSuffix(r.path, "/export") || strings.HasSuffix(r.path, "/template") || strings.HasSuffix(r.path, "/failed")
}

func looks(t *testing.T, s *siege, p *place, who string, r route, l aikagi.Locale) string {
	t.Helper()
	v := s.person(p, who)
	return v.get(p.address(t, r) + "?lang=" + string(l)).Body.String()
}

// person is somebody of the place together with the owner, for the console.
func (s *siege) person(p *place, who string) visitor {
	s.t.Helper()
	if s.known == nil {
		s.known = map[string]visitor{}
	}
	if v, ok := s.known[who]; ok {
		return v
	}
	v := s.owner()
	if who == "emergency" {
		v = v.both(s.inEmergency(p))
	} else {
		v = v.both(s.as(who, p.user[who]))
	}
	s.known[who] = v
	return v
}

// same compares what a browser builds of two pages, and looks for what must be
// on none.
func same(t *testing.T, where, got, want string) {
	t.Helper()
	built, expected := skeleton(t, where, got), skeleton(t, where, want)
	for i := range min(len(built), len(expected)) {
		if built[i] != expected[i] {
			t.Errorf("%s: element %d is <%s>, with usual texts it is <%s>", where, i, built[i], expected[i])
			return
		}
	}
	if len(built) != len(expected) {
		t.Errorf("%s: %d elements, with usual texts there are %d", where, len(built), len(expected))
	}
}

// skeleton is a page without its texts: each element with the names of its
// attributes.
func skeleton(t *testing.T, where, page string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	var all []string
	for n := range doc.Descendants() {
		switch n.Type {
		case html.ElementNode:
			if n.Data != "wbr" { // where a long address may break depends on the address
				all = append(all, element(t, where, n))
			}
		case html.TextNode:
			if n.Parent.Data != "textarea" && strings.ContainsAny(n.Data, "\u202E\u2066\u200B\u00AD\uFEFF") {
				at := strings.IndexAny(n.Data, "\u202E\u2066\u200B\u00AD\uFEFF")
				t.Errorf("%s: a character acts instead of being seen (E11), in <%s>: …%q", where, n.Parent.Data, n.Data[max(0, at-20):])
			}
		case html.CommentNode:
			t.Errorf("%s: a comment: %q", where, n.Data)
		}
	}
	return all
}

func element(t *testing.T, where string, n *html.Node) string {
	t.Helper()
	names := []string{n.Data}
	for _, a := range n.Attr {
		names = append(names, a.Key)
		value := strings.ToLower(strings.TrimSpace(a.Val))
		leads := slices.Contains([]string{"href", "src", "action", "formaction", "data", "xlink:href"}, a.Key)
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
			t.Errorf("%s: <%s %s>", where, n.Data, a.Key)
		case leads && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "?") &&
			!strings.HasPrefix(value, "http://127.0.0.1") && !strings.HasPrefix(value, "data:image/png;base64,"):
			t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
		case leads && strings.HasPrefix(value, "//"):
			t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
		}
	}
	return strings.Join(names, " ")
}

// TestI01WhatIsTypedIsText fills every field of every form that any page shows
// with the payloads, one form after the other, and looks at the answers. None
// may be an error of the server either (I04).
func TestI01WhatIsTypedIsText(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", hostile)
	tried := map[string]bool{}
	for _, who := range []string{"admin", "emergency"} {
		for _, r := range routes(t) {
			if r.method != http.MethodGet || strings.HasPrefix(r.path, "/dev/mail") {
				continue
			}
			for _, f := range forms(t, looks(t, s, p, who, r, aikagi.English)) {
				if tried[f.action] || strings.HasSuffix(f.action, "/end") || strings.HasSuffix(f.action, "logout") {
					continue
				}
				tried[f.action] = true
				w := s.person(p, who).post(f.action, f.values)
				if strings.Contains(w.Header().Get("Location"), "/login") { // an earlier form ended the session
					s.known = nil
					w = s.person(p, who).post(f.action, f.values)
				}
				if w.Code >= http.StatusInternalServerError {
					t.Errorf("POST %s: status %d", f.action, w.Code)
				}
				for _, e := range skeleton(t, "POST "+f.action, w.Body.String()) {
					if name, _, _ := strings.Cut(e, " "); slices.Contains([]string{"iframe", "object", "base", "style", "math", "img src onerror"}, name) {
						t.Errorf("POST %s: <%s>", f.action, e)
					}
				}
			}
		}
	}
	if len(tried) < 35 {
		t.Errorf("tried %d forms only: %v", len(tried), tried)
	}
}

type form struct {
	action string
	values url.Values
}

// forms reads the forms of a page and fills in what can be typed.
func forms(t *testing.T, page string) []form {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []form
	for n := range doc.Descendants() {
		if n.Data != "form" || !strings.EqualFold(attribute(n, "method"), "post") {
			continue
		}
		f := form{attribute(n, "action"), url.Values{}}
		for field := range n.Descendants() {
			name := attribute(field, "name")
			switch {
			case name == "":
			case field.Data == "textarea", field.Data == "input" && !slices.Contains([]string{"hidden", "radio", "checkbox"}, attribute(field, "type")):
				f.values.Set(name, hostile(""))
			case attribute(field, "type") == "checkbox":
				f.values.Add(name, attribute(field, "value"))
			default:
				f.values.Set(name, attribute(field, "value"))
			}
		}
		all = append(all, f)
	}
	return all
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
