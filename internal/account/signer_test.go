package account_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/sigv4"
)

// request is one that the key signed.
func (w *world) request(id aikagi.AccessKeyID, secret aikagi.Secret) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://h/", http.NoBody)
	w.must(err)
	empty := sha256.Sum256(nil)
	w.must(v4.NewSigner().SignHTTP(context.WithoutCancel(w.t.Context()),
		aws.Credentials{AccessKeyID: string(id), SecretAccessKey: secret.Reveal()},
		r, hex.EncodeToString(empty[:]), "connect", "eu-west-2", w.clock.Now()))
	return r
}

// verify checks a request as a door does.
func (w *world) verify(lookup sigv4.Lookup, r *http.Request) (sigv4.Identity, error) {
	return sigv4.Verify(r, nil, lookup, w.clock.Now(), sigv4.Scope{Service: "connect", Regions: []string{"eu-west-2"}})
}

// TestS34WhoSignedIsToldForACheckedSignatureOnly: what Lookup read stays inside
// until there is an Identity of the same key.
func TestS34WhoSignedIsToldForACheckedSignatureOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		p := w.principal("robot", fullAccess)
		key, secret, err := w.CreateAccessKey(w.as(w.root), p.ID)
		w.must(err)
		other, otherSecret, err := w.CreateAccessKey(w.as(w.root), p.ID)
		w.must(err)

		signer := w.Signer()
		nobody := func(why string, who sigv4.Identity) {
			t.Helper()
			if got, err := signer.Proved(t.Context(), who); aikagi.CodeOf(err) != aikagi.Unauthenticated || got.Account != "" || got.Principal.ID != "" {
				t.Errorf("%s: %+v, %v", why, got, err)
			}
		}
		nobody("nothing was looked up", sigv4.Identity{})
		_, ok, err := signer.Lookup(t.Context(), string(key.ID))
		w.must(err)
		if !ok {
			t.Fatal("the key does not work")
		}
		nobody("nothing was checked", sigv4.Identity{})
		if who, err := w.verify(signer.Lookup, w.request(key.ID, otherSecret)); err == nil {
			t.Error("a wrong secret verifies")
		} else {
			nobody("the signature is wrong", who)
		}
		who, err := w.verify(signer.Lookup, w.request(key.ID, secret))
		w.must(err)
		got, err := signer.Proved(t.Context(), who)
		w.must(err)
		account, err := w.Account(t.Context())
		w.must(err)
		if got.Account != account.ID || got.Principal.ID != p.ID || got.Principal.Name != "robot" {
			t.Errorf("signed by %+v of %s", got.Principal, got.Account)
		}
		others, err := w.verify(w.Signer().Lookup, w.request(other.ID, otherSecret))
		w.must(err)
		nobody("somebody else's signature", others)
		_, _, err = signer.Lookup(t.Context(), "AKIANOBODY")
		w.must(err)
		nobody("another key was looked up since", who)
		w.must(w.SetAccessKeyEnabled(w.as(w.root), p.ID, key.ID, false))
		_, _, err = signer.Lookup(t.Context(), string(key.ID))
		w.must(err)
		nobody("the key was switched off since", who)
	})
}

// TestS34ASignerIsReadOnce: after the look-up nothing is read, and written at most
// every SessionTouchEvery.
func TestS34ASignerIsReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/a.db")
	w.claimed()
	p := w.principal("robot", fullAccess)
	key, secret, err := w.CreateAccessKey(w.as(w.root), p.ID)
	w.must(err)
	used := func() (stored aikagi.AccessKey) {
		t.Helper()
		stored, err := w.FindAccessKey(w.as(w.root), p.ID, key.ID)
		w.must(err)
		return stored
	}
	ask := func() error {
		signer := w.Signer()
		who, err := w.verify(signer.Lookup, w.request(key.ID, secret))
		w.must(err)
		_, err = signer.Proved(t.Context(), who)
		return err
	}
	if !used().LastUsedAt.IsZero() {
		t.Error("a new key was used")
	}
	first := w.clock.Now()
	w.must(ask())
	for range 3 {
		w.clock.Move(aikagi.SessionTouchEvery / 4)
		w.must(ask())
		if got := used().LastUsedAt; !got.Equal(first) {
			t.Errorf("used at %v, noted %v", first, got)
		}
	}
	w.clock.Move(aikagi.SessionTouchEvery / 4)
	w.must(ask())
	if got := used().LastUsedAt; !got.Equal(w.clock.Now()) {
		t.Errorf("used at %v, noted %v", w.clock.Now(), got)
	}
	signer := w.Signer()
	who, err := w.verify(signer.Lookup, w.request(key.ID, secret))
	w.must(err)
	w.must(w.Store.Close())
	if _, err := signer.Proved(t.Context(), who); err != nil {
		t.Errorf("the database was asked again: %v", err)
	}
}

// TestH28AnUnknownKeyCostsWhatAKnownOneDoes: the same statement with one row, one
// secret unsealed. Memory is the measure that does not depend on the machine.
func TestH28AnUnknownKeyCostsWhatAKnownOneDoes(t *testing.T) { //nolint:paralleltest // allocations count for the process
	w := newWorld(t, "sqlite:"+t.TempDir()+"/a.db")
	w.claimed()
	p := w.principal("robot", fullAccess)
	known, _, err := w.CreateAccessKey(w.as(w.root), p.ID)
	w.must(err)
	off, _, err := w.CreateAccessKey(w.as(w.root), p.ID)
	w.must(err)
	w.must(w.SetAccessKeyEnabled(w.as(w.root), p.ID, off.ID, false))
	cost := func(id string, want bool) float64 {
		return testing.AllocsPerRun(200, func() {
			if _, ok, err := w.Signer().Lookup(t.Context(), id); ok != want || err != nil {
				t.Fatalf("%s: %t, %v", id, ok, err)
			}
		})
	}
	right, unknown, disabled := cost(string(known.ID), true), cost("AKIA2222222222222222", false), cost(string(off.ID), false)
	// The texts of a row that is not there are not allocated; without the row or the
	// secret it would be a half.
	if least := right * 3 / 4; unknown < least || disabled < least || unknown > right || disabled > right {
		t.Errorf("allocations: %v for a known key, %v for an unknown one, %v for one that is off", right, unknown, disabled)
	}
}
