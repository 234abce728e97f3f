package sigv4

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
)

// TestS35H28AnUnknownKeyCostsTheSameWork as a wrong secret: the look-up, the whole
// derivation and the comparison, allocation for allocation. A measure in
// microseconds would be the machine's.
func TestS35H28AnUnknownKeyCostsTheSameWork(t *testing.T) { //nolint:paralleltest // allocations count for the process
	for form, send := range map[string]func(sample) (*http.Request, []byte){
		"header":    func(s sample) (*http.Request, []byte) { return s.send(t) },
		"presigned": func(s sample) (*http.Request, []byte) { return s.presign(t, "60") },
	} {
		cost := func(key, secret, want string) (allocations float64) {
			s := plainSample()
			s.key, s.secret = key, secret
			r, body := send(s)
			asked := 0
			lookup := func(ctx context.Context, id string) (aikagi.Secret, bool, error) {
				asked++
				return testLookup(ctx, id)
			}
			runs := 0
			allocations = testing.AllocsPerRun(100, func() {
				runs++
				if _, err := Verify(r, body, lookup, testNow(), testScope()); aikagi.ReasonOf(err) != want {
					t.Fatalf("%s, %s: %v, want %q", form, key, err, want)
				}
			})
			if asked != runs {
				t.Errorf("%s, %s: %d look-ups in %d runs", form, key, asked, runs)
			}
			return allocations
		}
		wrong := cost(testKey, "wrong", InvalidSignature)
		unknown := cost("AKIA2222222222222222", "wrong", UnrecognizedClient)
		right := cost(testKey, testSecret, "")
		// The look-up of a known key hands its secret out, which is one allocation.
		if unknown < wrong-1 || unknown > wrong || right > wrong || right < wrong-2 {
			t.Errorf("%s, allocations: %v for a right secret, %v for a wrong one, %v for an unknown key", form, right, wrong, unknown)
		}
	}
}

// TestH30NoSecretIsRemembered: who looks up another secret of the same key at the
// next request is asked for that one.
func TestH30NoSecretIsRemembered(t *testing.T) {
	t.Parallel()
	r, body := plainSample().send(t)
	current, there := testSecret, true
	lookup := func(context.Context, string) (aikagi.Secret, bool, error) {
		return aikagi.NewSecret(current), there, nil
	}
	for _, step := range []struct {
		secret string
		there  bool
		want   string
	}{
		{testSecret, true, ""}, {"rotated", true, InvalidSignature}, {testSecret, true, ""}, {testSecret, false, UnrecognizedClient}, {testSecret, true, ""},
	} {
		current, there = step.secret, step.there
		if _, err := Verify(r, body, lookup, testNow(), testScope()); aikagi.ReasonOf(err) != step.want {
			t.Errorf("%+v: %v", step, err)
		}
	}
}

// TestH02TheSignatureIsLookedAtLast: what can be refused without the key is, so
// that nobody makes us read the database by sending nonsense.
func TestH02TheSignatureIsLookedAtLast(t *testing.T) {
	t.Parallel()
	for _, m := range mutations {
		r, body := plainSample().send(t)
		m.mutate(r, &body)
		asked := false
		_, err := Verify(r, body, func(ctx context.Context, id string) (aikagi.Secret, bool, error) {
			asked = true
			return testLookup(ctx, id)
		}, testNow(), testScope())
		if reason := aikagi.ReasonOf(err); asked && reason != InvalidSignature && reason != UnrecognizedClient {
			t.Errorf("%s: %s, and the key was looked up", m.name, reason)
		}
	}
}

// The goal is 100 µs without the database.
func BenchmarkVerify(b *testing.B) {
	for name, r := range map[string]*http.Request{
		"header":    first(plainSample().send(b)),
		"presigned": first(plainSample().presign(b, "60")),
	} {
		body, now, scope := []byte(plainSample().body), testNow().Add(time.Second), testScope()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(r, body, testLookup, now, scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func first(r *http.Request, _ []byte) *http.Request { return r }
