package web

import "testing"

// TestNoFieldHidesAPartOfPage: a page struct whose field had the name of a
// method of Page was once printed whole into the shell's form.
func TestNoFieldHidesAPartOfPage(t *testing.T) {
	t.Parallel()
	if got := shadow(struct {
		Page
		Here string
	}{}); got != "Here" {
		t.Errorf("a field over the method Here: got %q", got)
	}
	if got := shadow(&struct {
		Page
		Problems []string
	}{}); got != "Problems" {
		t.Errorf("a field over the field Problems: got %q", got)
	}
	if got := shadow(struct {
		Page
		Username string
	}{}); got != "" {
		t.Errorf("a field of its own: got %q", got)
	}
}
