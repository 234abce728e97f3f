package password

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aikagi/aikagi"
)

func TestD07HashIsArgon2idWithItsOwnSalt(t *testing.T) {
	t.Parallel()
	g := NewGate(1, 9)
	password := aikagi.NewSecret("correct horse battery")
	a, errA := g.Hash(t.Context(), password)
	b, errB := g.Hash(t.Context(), password)
	if errA != nil || errB != nil || a == b {
		t.Fatalf("two hashes: %q %v, %q %v", a, errA, b, errB)
	}
	if !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") || Outdated(a) {
		t.Errorf("hash is %q", a)
	}
	for typed, want := range map[string]bool{
		"correct horse battery": true, "correct horse batterY": false, "": false, "correct horse battery ": false,
	} {
		got, err := g.Verify(t.Context(), a, aikagi.NewSecret(typed))
		if err != nil || got != want {
			t.Errorf("Verify(%q) = %v, %v", typed, got, err)
		}
	}
}

func TestD04OneNormalForm(t *testing.T) {
	t.Parallel()
	g := NewGate(1, 9)
	const composed, decomposed = "\u30d1\u30b9 caf\u00e9", "\u30cf\u309a\u30b9 cafe\u0301" // パス café
	phc, err := g.Hash(t.Context(), aikagi.NewSecret(decomposed))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, typed string
		want        bool
	}{
		{"composed", composed, true},
		{"decomposed", decomposed, true},
		{"other case", strings.ToUpper(composed), false},
		{"full width", strings.Replace(composed, "c", "\uff43", 1), false},
		{"half-width kana", strings.Replace(composed, "\u30b9", "\uff7d", 1), false},
		{"ideographic space", strings.Replace(composed, " ", "\u3000", 1), false},
		{"without accent", "\u30d1\u30b9 cafe", false},
	}
	for _, test := range tests {
		if got, err := g.Verify(t.Context(), phc, aikagi.NewSecret(test.typed)); err != nil || got != test.want {
			t.Errorf("%s: Verify = %v, %v", test.name, got, err)
		}
	}
}

func TestS13NobodyCostsTheSameAndIsNeverRight(t *testing.T) { //nolint:paralleltest // MemStats counts for the process
	g := NewGate(1, 9)
	for _, typed := range []string{"", "anything"} {
		if right, err := g.Verify(t.Context(), "", aikagi.NewSecret(typed)); right || err != nil {
			t.Errorf("Verify of nobody = %v, %v", right, err)
		}
	}
	// The memory that a check fills is the measure that does not depend on the
	// machine; the count of allocations varies by one or two of the runtime's own.
	text := []byte("anything")
	somebody := argonHash{cost: ours, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}
	known := allocated(func() { somebody.matches(text) })
	unknown := allocated(func() { nobody{}.matches(text) })
	if known < uint64(ours.memory)<<10 || unknown < known-known/100 || unknown > known+known/100 {
		t.Errorf("bytes allocated: %d for somebody, %d for nobody", known, unknown)
	}
}

// allocated is how many bytes do allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestS18StoredParametersAreBounded(t *testing.T) {
	t.Parallel()
	good := argonHash{cost: ours, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}.String()
	g := NewGate(1, 9)
	tests := map[string]string{
		"4 GiB":            strings.Replace(good, "m=19456", "m=4194304", 1),
		"no memory":        strings.Replace(good, "m=19456", "m=0", 1),
		"many passes":      strings.Replace(good, "t=2", "t=4000000000", 1),
		"no pass":          strings.Replace(good, "t=2", "t=0", 1),
		"many lanes":       strings.Replace(good, "p=1", "p=255", 1),
		"no lane":          strings.Replace(good, "p=1", "p=0", 1),
		"overflow":         strings.Replace(good, "m=19456", "m=99999999999999999999", 1),
		"other spelling":   strings.Replace(good, "m=19456", "m=019456", 1),
		"sign":             strings.Replace(good, "m=19456", "m=+19456", 1),
		"other version":    strings.Replace(good, "v=19", "v=16", 1),
		"other kind":       strings.Replace(good, "argon2id", "argon2i", 1),
		"empty sum":        good[:strings.LastIndex(good, "$")+1],
		"padded":           good + "=",
		"long":             good + strings.Repeat("A", 1000),
		"bcrypt cost 31":   "$2a$31$" + strings.Repeat("a", 53),
		"bcrypt cut":       "$2a$10$" + strings.Repeat("a", 20),
		"plain text":       "hunter2hunter2",
		"dollars":          "$$$$$",
		"bytes of a table": "\x00\xff",
	}
	for name, phc := range tests {
		check, err := parse(phc)
		if err == nil || check != (nobody{}) {
			t.Errorf("%s: parse = %T, %v", name, check, err)
		}
		if !Outdated(phc) {
			t.Errorf("%s: not outdated", name)
		}
	}
	right, err := g.Verify(t.Context(), tests["4 GiB"], aikagi.NewSecret("x"))
	if right || aikagi.CodeOf(err) != aikagi.Internal || strings.Contains(err.Error(), "$") {
		t.Errorf("Verify = %v, %v", right, err)
	}
}

func TestImportedBcryptIsCheckedAndOutdated(t *testing.T) {
	t.Parallel()
	// Of "U*U" and "U*U*", published test vectors of crypt_blowfish 1.3.
	const phc = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	const other = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"
	g := NewGate(1, 9)
	tests := []struct {
		phc, typed string
		want       bool
	}{{phc, "U*U", true}, {phc, "U*U*", false}, {other, "U*U*", true}}
	for _, test := range tests {
		if got, err := g.Verify(t.Context(), test.phc, aikagi.NewSecret(test.typed)); got != test.want || err != nil {
			t.Errorf("Verify(%q) = %v, %v", test.typed, got, err)
		}
	}
	if !Outdated(phc) {
		t.Error("bcrypt is not outdated")
	}
	// Equal in the first 72 bytes, published in the same list.
	const long = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
	typed := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 2)[:72]
	right, _ := g.Verify(t.Context(), long, aikagi.NewSecret(typed))
	cut, _ := g.Verify(t.Context(), long, aikagi.NewSecret(typed+"chars after 72"))
	if !right || cut {
		t.Errorf("72 bytes: %v, more: %v", right, cut)
	}
}

func TestD05HugePasswordsCostNothing(t *testing.T) { //nolint:paralleltest // MemStats counts for the process
	g := NewGate(1, 9)
	huge := aikagi.NewSecret(strings.Repeat("é", 5<<20))
	spent := allocated(func() {
		if _, err := g.Hash(t.Context(), huge); aikagi.ReasonOf(err) != "too_long" {
			t.Errorf("Hash: %v", err)
		}
		if right, err := g.Verify(t.Context(), "", huge); right || err != nil {
			t.Errorf("Verify = %v, %v", right, err)
		}
		if err := (Policy{}).Check(huge); aikagi.ReasonOf(err) != "too_long" {
			t.Errorf("Check: %v", err)
		}
	})
	// A hash fills 19 MiB, a normal form of this text 10: neither was made.
	if spent > 1<<20 {
		t.Errorf("bytes allocated: %d", spent)
	}
}

func TestD08GateBoundsWhatRunsAndWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const workers, queue = 2, 5
		g := NewGate(workers, queue)
		var now, most, refused atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				err := g.do(t.Context(), func() {
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(time.Second)
					now.Add(-1)
				})
				if aikagi.CodeOf(err) == aikagi.Unavailable {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if most.Load() > workers || refused.Load() != 20-workers-queue {
			t.Errorf("%d at once, %d refused", most.Load(), refused.Load())
		}
		if err := g.do(t.Context(), func() {}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 1)
		held, let := make(chan struct{}), make(chan struct{})
		go func() { _ = g.do(context.Background(), func() { close(held); <-let }) }()
		<-held
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := g.Verify(ctx, "", aikagi.NewSecret("x"))
		if aikagi.CodeOf(err) != aikagi.Unavailable {
			t.Errorf("Verify: %v", err)
		}
		close(let)
		synctest.Wait()
		ran := false
		if err := g.do(ctx, func() { ran = true }); aikagi.CodeOf(err) != aikagi.Unavailable || ran {
			t.Errorf("a dead context ran: %v, %v", ran, err)
		}
		if g.waiting != 0 || g.running != 0 || len(g.lines) != 0 || len(g.turns) != 0 {
			t.Error("the gate keeps places of those who left")
		}
	})
}

func FuzzPHC(f *testing.F) {
	f.Add(argonHash{cost: ours, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}.String())
	f.Add("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, phc string) {
		check, err := parse(phc)
		h, isArgon := check.(argonHash)
		switch {
		case check == nil:
			t.Fatal("nothing to check with")
		case isArgon && (err != nil || h.String() != phc || h.memory > maxMemory || h.passes > maxPasses || h.lanes > maxLanes):
			t.Errorf("parse(%q) = %+v, %v", phc, h.cost, err)
		}
	})
}

// TestR11LinesTakeTurns: whoever comes from elsewhere waits for one hash of each
// line, not for a whole flood.
func TestR11LinesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 100)
		var done atomic.Int32
		var wg sync.WaitGroup
		hash := func(party string, then func()) {
			p, err := g.Enter(party)
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				defer p.Leave()
				if err := p.run(t.Context(), func() { time.Sleep(time.Second); done.Add(1) }); err != nil {
					t.Error(err)
				}
				then()
			})
		}
		for n := range 60 {
			hash([]string{"a flood", "another", "a third"}[n%3], func() {})
		}
		synctest.Wait()
		hash("one person", func() {
			if before := done.Load(); before > 6 {
				t.Errorf("%d others were served before", before-1)
			}
		})
		wg.Wait()
		if done.Load() != 61 || g.waiting != 0 || len(g.lines) != 0 || g.Refused() != 0 {
			t.Errorf("%d were served, %d wait in %d lines", done.Load(), g.waiting, len(g.lines))
		}
	})
}

// TestR11ANewcomerGetsAPlaceInTheLongestLine when all are taken; a flood does not
// get one of his.
func TestR11ANewcomerGetsAPlaceInTheLongestLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 9)
		errs := make([]error, 10)
		var wg sync.WaitGroup
		for n := range errs {
			p, err := g.Enter("a flood")
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				defer p.Leave()
				errs[n] = p.run(t.Context(), func() { time.Sleep(time.Second) })
			})
			synctest.Wait()
		}
		if _, err := g.Enter("a flood"); aikagi.CodeOf(err) != aikagi.Unavailable {
			t.Errorf("the flood got another place: %v", err)
		}
		var mine []*Place
		for range 10 {
			if p, err := g.Enter("one network"); err == nil {
				mine = append(mine, p)
			}
		}
		if len(mine) != 4 { // of nine: one runs, five wait, four are new
			t.Errorf("the newcomers got %d places", len(mine))
		}
		if _, err := g.Enter("a flood"); aikagi.CodeOf(err) != aikagi.Unavailable {
			t.Errorf("the flood took a place of theirs: %v", err)
		}
		for _, p := range mine {
			wg.Go(func() {
				if err := p.run(t.Context(), func() {}); err != nil {
					t.Errorf("a newcomer: %v", err)
				}
			})
		}
		wg.Wait()
		for n, err := range errs {
			if lost := aikagi.CodeOf(err) == aikagi.Unavailable && err != nil; lost != (n >= 6) {
				t.Errorf("place %d of the flood: %v", n, err)
			}
		}
		if g.waiting != 0 || g.running != 0 || len(g.lines) != 0 || g.Refused() != int64(2+6+4) {
			t.Errorf("%d wait, %d run, %d were refused", g.waiting, g.running, g.Refused())
		}
	})
}

// TestWhoIsKnownWaitsInALineOfHisOwn, and everybody else with the network.
func TestWhoIsKnownWaitsInALineOfHisOwn(t *testing.T) {
	t.Parallel()
	as := func(a aikagi.Actor) string { return party(aikagi.WithActor(t.Context(), a)) }
	anonymous := as(aikagi.Actor{Kind: aikagi.ActorAnonymous, Address: "2001:db8::1"})
	if other := as(aikagi.Actor{Kind: aikagi.ActorAnonymous, Address: "2001:db8::ffff"}); other != anonymous {
		t.Errorf("one network has two lines: %q, %q", anonymous, other)
	}
	user := as(aikagi.Actor{Kind: aikagi.ActorUser, UserID: "u", Address: "2001:db8::1"})
	if second := as(aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: "u", Address: "2001:db8::1"}); user == anonymous || second == user {
		t.Errorf("lines %q, %q, %q", anonymous, user, second)
	}
}
