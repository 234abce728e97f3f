package mail

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aikagi/aikagi"
)

// TestI02MarkupIsTextInMails: what a mail program builds of a mail is the same,
// whatever people are called, in every mail and both languages.
func TestI02MarkupIsTextInMails(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		f := sampleFrame(l)
		f.Instance, f.Contact = hostile+`"><img src=x onerror=a()><style>*{}</style></td></table><script>a()</script>`, hostile
		for name, m := range hostileMails() {
			got, usual := built(t, read(t, compose(t, f, m).Raw).html), built(t, read(t, compose(t, sampleFrame(l), m).Raw).html)
			if !slices.Equal(got, usual) {
				t.Errorf("%s.%s: built of %v, with a usual instance of %v", name, l, got, usual)
			}
			for _, element := range got {
				if slices.Contains([]string{"script", "img", "iframe", "form", "object", "link", "base"}, element) {
					t.Errorf("%s.%s: <%s>", name, l, element)
				}
			}
		}
	}
}

func built(t *testing.T, page string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n.Data)
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s>", n.Data, a.Key)
				}
			}
		}
	}
	return all
}
