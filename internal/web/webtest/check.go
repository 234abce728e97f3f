package webtest

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aikagi/aikagi"
)

// Check fails the test for whatever is wrong with a page: its language, title,
// headings and landmarks, names of controls, references between elements,
// anything inline that the Content-Security-Policy would block, and addresses
// of other hosts. It returns the page's visible text.
func Check(t testing.TB, l aikagi.Locale, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse page: %v", err)
	}
	p := &survey{TB: t, ids: map[string]int{}, labelled: map[string]bool{}}
	p.walk(doc)
	p.once("h1")
	p.once("main")
	p.once("title")
	if p.lang != string(l) {
		t.Errorf("page says lang=%q, want %q", p.lang, l)
	}
	for id, n := range p.ids {
		if n > 1 {
			t.Errorf("id %q is there %d times", id, n)
		}
	}
	for _, ref := range p.refs {
		if p.ids[ref] == 0 {
			t.Errorf("an attribute points to id %q, which is not there", ref)
		}
	}
	for _, c := range p.controls {
		if !p.labelled[c] {
			t.Errorf("control %q has no label", c)
		}
	}
	return strings.Join(strings.Fields(p.text.String()), " ")
}

// survey is what one walk over a page finds.
type survey struct {
	testing.TB
	lang     string
	ids      map[string]int
	refs     []string
	labelled map[string]bool // ids of controls with a label
	controls []string        // ids of controls that need one
	counts   []string        // names of all elements
	text     strings.Builder
}

func (p *survey) walk(n *html.Node) {
	if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
		p.text.WriteString(n.Data + " ")
	}
	if n.Type == html.ElementNode {
		p.counts = append(p.counts, n.Data)
		p.attributes(n)
		p.element(n)
	}
	for c := range n.ChildNodes() {
		p.walk(c)
	}
}

func (p *survey) once(name string) {
	p.Helper()
	n := 0
	for _, c := range p.counts {
		if c == name {
			n++
		}
	}
	if n != 1 {
		p.Errorf("page has %d <%s>, want 1", n, name)
	}
}

func (p *survey) attributes(n *html.Node) {
	p.Helper()
	for _, a := range n.Attr {
		switch {
		case strings.HasPrefix(a.Key, "on") || a.Key == "style":
			p.Errorf("<%s> has %s=, which the policy blocks", n.Data, a.Key)
		case a.Key == "id":
			p.ids[a.Val]++
		case slices.Contains([]string{"aria-describedby", "aria-controls", "aria-labelledby", "for"}, a.Key):
			p.refs = append(p.refs, strings.Fields(a.Val)...)
		case slices.Contains([]string{"href", "src", "action"}, a.Key):
			p.address(n, a.Val)
		}
	}
}

func (p *survey) address(n *html.Node, address string) {
	p.Helper()
	lower := strings.ToLower(strings.TrimSpace(address))
	if strings.HasPrefix(lower, "javascript:") || strings.Contains(address, "ZgotmplZ") {
		p.Errorf("<%s> leads to %q", n.Data, address)
	}
	outside := strings.Contains(lower, "://") || strings.HasPrefix(lower, "//")
	if outside && n.Data != "a" {
		p.Errorf("<%s> loads %q from elsewhere", n.Data, address)
	}
}

func (p *survey) element(n *html.Node) {
	p.Helper()
	switch n.Data {
	case "html":
		p.lang = attr(n, "lang")
	case "script":
		if attr(n, "src") == "" {
			p.Errorf("an inline script: the policy blocks it")
		}
	case "style":
		p.Errorf("an inline style: the policy blocks it")
	case "img":
		if !has(n, "alt") {
			p.Errorf("an image without alt: %s", attr(n, "src"))
		}
	case "label":
		p.labelled[attr(n, "for")] = true
	case "button", "a", "summary", "th":
		if strings.TrimSpace(textOf(n)) == "" && attr(n, "aria-label") == "" {
			p.Errorf("<%s> without words", n.Data)
		}
	case "form":
		if m := strings.ToLower(attr(n, "method")); m == "post" && attr(n, "action") == "" {
			p.Errorf("a form that posts to nowhere in particular")
		}
	case "input", "select", "textarea":
		p.control(n)
	}
}

func (p *survey) control(n *html.Node) {
	kind := attr(n, "type")
	if kind == "hidden" || kind == "submit" || attr(n, "aria-label") != "" || inside(n, "label") {
		return
	}
	id := attr(n, "id")
	if id == "" {
		id = "(no id) " + attr(n, "name")
	}
	p.controls = append(p.controls, id)
}

func inside(n *html.Node, name string) bool {
	for a := n.Parent; a != nil; a = a.Parent {
		if a.Data == name {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(textOf(c))
	}
	return b.String()
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
