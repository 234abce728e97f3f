package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aikagi/aikagi"
)

var someMaster = [KeyBytes]byte{0: 7, 5: 99, 31: 200}

func TestSealedOpensOnlyForItsPurposeAndData(t *testing.T) {
	t.Parallel()
	r := NewRing(someMaster)
	rapid.Check(t, func(t *rapid.T) {
		purpose := rapid.String().Draw(t, "purpose")
		other := rapid.String().Filter(func(s string) bool { return s != purpose }).Draw(t, "other")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed := r.Seal(purpose, aad, plain)
		got, err := r.Open(purpose, aad, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open(Seal(%x)) = %x, %v", plain, got, err)
		}
		if _, err := r.Open(other, aad, sealed); aikagi.CodeOf(err) != aikagi.Invalid {
			t.Fatalf("opened for another purpose: %v", err)
		}
		if _, err := r.Open(purpose, append(aad[:len(aad):len(aad)], 0), sealed); err == nil {
			t.Fatal("opened with other data")
		}
		bent := bytes.Clone(sealed)
		bent[rapid.IntRange(0, len(bent)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := r.Open(purpose, aad, bent); aikagi.CodeOf(err) != aikagi.Invalid {
			t.Fatalf("opened altered bytes: %v", err)
		}
		cut := sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")]
		if _, err := r.Open(purpose, aad, cut); aikagi.CodeOf(err) != aikagi.Invalid {
			t.Fatalf("opened cut bytes: %v", err)
		}
	})
}

func TestMACTellsWhereOnePartEnds(t *testing.T) {
	t.Parallel()
	r := NewRing(someMaster)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 4), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = bytes.Equal(a[i], b[i])
		}
		if got := bytes.Equal(r.MAC("p", a...), r.MAC("p", b...)); got != same {
			t.Fatalf("MAC equal = %v for %x and %x", got, a, b)
		}
		if !r.Matches(r.MAC("p", a...), "p", a...) || r.Matches(r.MAC("q", a...), "p", a...) {
			t.Fatal("Matches disagrees with MAC")
		}
	})
}

func TestDerivationIsHKDF(t *testing.T) {
	t.Parallel()
	want, err := hkdf.Key(sha256.New, someMaster[:], []byte("aikagi-key-v1"), "seal outbox", 32)
	if err != nil {
		t.Fatal(err)
	}
	if got := newKey(someMaster).expand("seal outbox"); !bytes.Equal(got[:], want) {
		t.Errorf("expand = %x, want %x", got, want)
	}
}

func TestAllKeysOpenAndTheFirstSeals(t *testing.T) {
	t.Parallel()
	before := NewRing(someMaster)
	next := newKey([KeyBytes]byte{1: 1, 2: 2})
	after := &Ring{keys: []*key{next, before.keys[0]}}

	if got, err := after.Open("p", nil, before.Seal("p", nil, []byte("x"))); err != nil || string(got) != "x" {
		t.Errorf("old seal: %q, %v", got, err)
	}
	if _, err := before.Open("p", nil, after.Seal("p", nil, nil)); err == nil {
		t.Error("the old key opened what the new one sealed")
	}
	if !after.Matches(before.MAC("p", nil), "p", nil) {
		t.Error("an old MAC no longer matches")
	}
	if !after.Made(before.Check()) || before.Made(after.Check()) {
		t.Error("Made knows exactly the keys of the ring")
	}
}

func TestS39NothingPrintsKeyBytes(t *testing.T) {
	t.Parallel()
	var master [KeyBytes]byte
	copy(master[:], "0123456789abcdefghijklmnopqrstuv")
	r := NewRing(master)
	var out strings.Builder
	holder := struct {
		r *Ring
		R Ring
	}{r, *r}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%p"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", r, *r, holder)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "ring", r, "value", *r, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "ring", r, "value", *r, "holder", holder)
	if err := json.NewEncoder(&out).Encode([]any{r, *r, holder}); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range [][]byte{master[:], r.keys[0].prk[:]} {
		for _, form := range []string{
			string(hidden[:8]), hex.EncodeToString(hidden[:8]), strings.ToUpper(hex.EncodeToString(hidden[:8])),
			base64.StdEncoding.EncodeToString(hidden[:6]), strings.Trim(fmt.Sprint(hidden[:4]), "[]"),
		} {
			if strings.Contains(out.String(), form) {
				t.Errorf("output holds %q:\n%s", form, out.String())
			}
		}
	}
}

func TestS6TokensAre256RandomBits(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		token := NewToken().Reveal()
		b, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(b) != 32 || len(token) != 43 || seen[token] {
			t.Fatalf("token of %d characters, %d bytes, %v", len(token), len(b), err)
		}
		seen[token] = true
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4, "abc"
	if got := hex.EncodeToString(Digest("abc")); got != want {
		t.Errorf("Digest = %s, want %s", got, want)
	}
}
