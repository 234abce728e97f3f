package password

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/aikagi/aikagi"
)

// costs are the checks, by kind and in their order, that a wrong password costs
// somebody: what one leaves in memory is what the next one finds.
func costs(t *testing.T, k *kinds, phc string) []string {
	t.Helper()
	own, err := parse(phc)
	if err != nil {
		t.Fatalf("%s: %v", phc, err)
	}
	k.meet(own)
	checks, at := k.checks(own)
	all := make([]string, len(checks))
	for i, c := range checks {
		all[i], _ = c.kind()
		if i != at && c.matches([]byte("anything")) {
			t.Errorf("a stranger of the kind %q is right", all[i])
		}
	}
	if name, _ := own.kind(); all[at] != name {
		t.Errorf("%.30s is checked as %q", phc, all[at])
	}
	return all
}

// TestC02AWrongPasswordCostsTheSameWhateverTheHash, once the kinds have been met.
func TestC02AWrongPasswordCostsTheSameWhateverTheHash(t *testing.T) {
	t.Parallel()
	hash := func(c cost) string {
		return argonHash{cost: c, salt: []byte("0123456789abcdef"), sum: make([]byte, sumBytes)}.String()
	}
	imported, err := bcrypt.GenerateFromPassword([]byte("imported"), 4)
	if err != nil {
		t.Fatal(err)
	}
	old := []string{hash(cost{8192, 1, 1}), hash(cost{12288, 3, 1}), string(imported)}
	var k kinds
	for _, phc := range append([]string{"", hash(ours)}, old...) {
		costs(t, &k, phc) // the first of each kind
	}
	want := costs(t, &k, "")
	if len(want) != 1+len(old) {
		t.Errorf("nobody costs %q, want one of each of %d kinds", want, 1+len(old))
	}
	for _, phc := range append([]string{hash(ours)}, old...) {
		if got := costs(t, &k, phc); !slices.Equal(got, want) {
			t.Errorf("%.30s costs %q, nobody costs %q", phc, got, want)
		}
	}
}

// TestS18OldKindsAreNoBurden: what is too dear or one too many is checked for its
// owner alone.
func TestS18OldKindsAreNoBurden(t *testing.T) {
	t.Parallel()
	var k kinds
	for _, dear := range []string{
		argonHash{cost: cost{maxMemory, maxPasses, 1}, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}.String(),
		"$2b$12$" + strings.Repeat(".", 53),
	} {
		own, err := parse(dear)
		if err != nil {
			t.Fatal(err)
		}
		k.meet(own)
	}
	if got := costs(t, &k, ""); len(got) != 1 {
		t.Errorf("after the dear ones nobody costs %q", got)
	}
	for n := range uint32(10) {
		own, err := parse(argonHash{cost: cost{1024 + n, 1, 1}, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}.String())
		if err != nil {
			t.Fatal(err)
		}
		k.meet(own)
	}
	if got := costs(t, &k, ""); len(got) != 1+mostKinds {
		t.Errorf("after ten kinds nobody costs %q", got)
	}
}

// TestTheGateMeetsOldKinds through Verify; a right password lets it meet none.
func TestTheGateMeetsOldKinds(t *testing.T) {
	t.Parallel()
	g := NewGate(1, 9)
	imported, err := bcrypt.GenerateFromPassword([]byte("imported"), 4)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{"imported": "map[]", "another": "map[$2a$04$]"} {
		g := NewGate(1, 9)
		right, err := g.Verify(t.Context(), string(imported), aikagi.NewSecret(typed))
		if err != nil || right != (typed == "imported") {
			t.Errorf("Verify(%q) = %v, %v", typed, right, err)
		}
		met := map[string]bool{}
		for name := range g.kinds.met {
			met[name] = true
		}
		if got := strings.ReplaceAll(fmt.Sprint(met), ":true", ""); got != want {
			t.Errorf("after %q the gate has met %s, want %s", typed, got, want)
		}
	}
	if right, err := g.Verify(t.Context(), "", aikagi.NewSecret("another")); right || err != nil || len(g.kinds.met) != 0 {
		t.Errorf("nobody is a kind of his own: %v, %v, %v", right, err, g.kinds.met)
	}
}
