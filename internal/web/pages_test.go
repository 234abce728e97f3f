package web

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTemplatesCanBeRead reads each page of each package in each language, because
// a server reads a page when somebody first looks at it.
func TestTemplatesCanBeRead(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	places, err := filepath.Glob("*/templates")
	if err != nil || len(places) < 4 {
		t.Fatalf("templates are in %v, %v", places, err)
	}
	for _, place := range append(places, "templates") {
		pages, err := engine.Pages(os.DirFS(filepath.Dir(place)))
		if err != nil {
			t.Fatalf("%s: %v", place, err)
		}
		for locale, byName := range pages.byName {
			for name, read := range byName {
				if page, err := read(); err != nil || page == nil {
					t.Errorf("%s/%s in %s: %v", place, name, locale, err)
				}
			}
		}
	}
}
