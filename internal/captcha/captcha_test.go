package captcha

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
)

const (
	sakura aikagi.InstanceID = "11111111-2222-4333-8444-555555555555"
	kaede  aikagi.InstanceID = "99999999-2222-4333-8444-555555555555"
)

var all = Ways{Image: true, Sound: true}

type desk struct {
	*Challenges
	clock *clock.Set
}

func open(t testing.TB) desk {
	t.Helper()
	clk := clock.NewSet(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	c, err := New(secret.NewRing([secret.KeyBytes]byte{1, 2, 3}), clk, Options{Bits: 10})
	if err != nil {
		t.Fatal(err)
	}
	return desk{c, clk}
}

func (d desk) look(t testing.TB, token string) challenge {
	t.Helper()
	ch, err := d.open(token)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func typed(s string) Answer { return Answer{Typed: aikagi.NewSecret(s)} }

func solve(salt string, bits int) string {
	ch := challenge{bits: uint8(bits)}
	id, _ := base64.RawURLEncoding.DecodeString(salt)
	copy(ch.id[:], id)
	for n := 0; ; n++ {
		if proves(strconv.Itoa(n), ch) {
			return strconv.Itoa(n)
		}
	}
}

func TestEachWayMeetsTheChallenge(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, all)
	ch := d.look(t, token)
	salt, bits, err := d.PoW(token)
	if err != nil {
		t.Fatal(err)
	}
	wide := strings.Map(func(r rune) rune { return r - '!' + '！' }, ch.image)
	tests := []struct {
		name   string
		answer Answer
		want   string
	}{
		{"image", typed(ch.image), ""},
		{"small letters", typed(strings.ToLower(ch.image)), ""},
		{"full width", typed(wide), ""},
		{"spaces", typed(" " + strings.Join(strings.Split(wide, ""), "　") + " "), ""},
		{"sound", typed(ch.sound), ""},
		{"proof of work", Answer{Proof: solve(salt, bits)}, ""},
		{"wrong picture, right proof", Answer{Typed: aikagi.NewSecret("x"), Proof: solve(salt, bits)}, ""},
		{"nothing", Answer{}, "required"},
		{"spaces only", typed(" 　"), "required"},
		{"wrong", typed("ZZZZZZ"), "wrong"},
		{"cut", typed(ch.image[:5]), "wrong"},
		{"longer", typed(ch.image + "A"), "wrong"},
		{"long", typed(strings.Repeat(ch.image, 100000)), "wrong"},
		{"proof with sign", Answer{Proof: "+" + solve(salt, bits)}, "wrong"},
		{"proof of nothing", Answer{Proof: strings.Repeat("9", 17)}, "wrong"},
	}
	for _, test := range tests {
		id, expires, err := d.Check(token, test.answer, Forgot, sakura)
		if got := aikagi.ReasonOf(err); got != test.want || (err == nil) != (test.want == "") {
			t.Errorf("%s: Check = %v, want %q", test.name, err, test.want)
		}
		// A08: the id to spend is the same each time, after a wrong answer too.
		if id != salt || !expires.Equal(d.clock.Now().Add(DefaultTTL)) {
			t.Errorf("%s: id %q until %v", test.name, id, expires)
		}
	}
}

func TestS4WaysCanBeAddedAndProofOfWorkStays(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, ways := range []Ways{{}, {Image: true}, {Sound: true}, all} {
		token := d.Issue(Login, sakura, ways)
		ch := d.look(t, token)
		_, errImage := d.Image(token)
		_, errSound := d.Sound(token, aikagi.Japanese)
		if (errImage == nil) != ways.Image || (errSound == nil) != ways.Sound {
			t.Errorf("%+v: image %v, sound %v", ways, errImage, errSound)
		}
		_, _, errSeen := d.Check(token, typed(ch.image), Login, sakura)
		_, _, errHeard := d.Check(token, typed(ch.sound), Login, sakura)
		if (errSeen == nil) != ways.Image || (errHeard == nil) != ways.Sound {
			t.Errorf("%+v: seen %v, heard %v", ways, errSeen, errHeard)
		}
		salt, bits, _ := d.PoW(token)
		if _, _, err := d.Check(token, Answer{Proof: solve(salt, bits)}, Login, sakura); err != nil {
			t.Errorf("%+v: proof %v", ways, err)
		}
	}
}

func TestA11UnknownAndExpiredTokens(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, all)
	ch := d.look(t, token)
	other := open(t)
	other.Challenges.ring = secret.NewRing([secret.KeyBytes]byte{9})
	tests := map[string]string{
		"empty":            "",
		"text":             "hello",
		"cut":              token[:len(token)-1],
		"longer":           token + "A",
		"padded":           token + "=",
		"huge":             strings.Repeat("A", 1<<20),
		"another key":      other.Issue(Forgot, sakura, all),
		"sealed otherwise": base64.RawURLEncoding.EncodeToString(d.ring.Seal("outbox", nil, nil)),
		"sealed nothing":   base64.RawURLEncoding.EncodeToString(d.ring.Seal(sealPurpose, nil, nil)),
		"long purpose":     d.Issue(Purpose(strings.Repeat("x", 300)), sakura, all),
	}
	for name, bad := range tests {
		for _, answer := range []Answer{{}, typed(ch.image)} {
			if id, _, err := d.Check(bad, answer, Forgot, sakura); aikagi.ReasonOf(err) != "unknown" || id != "" {
				t.Errorf("%s: %q, %v", name, id, err)
			}
		}
		if _, err := d.Image(bad); aikagi.CodeOf(err) != aikagi.Invalid {
			t.Errorf("%s: image %v", name, err)
		}
	}

	d.clock.Move(DefaultTTL - time.Millisecond)
	if _, _, err := d.Check(token, typed(ch.image), Forgot, sakura); err != nil {
		t.Errorf("in time: %v", err)
	}
	d.clock.Move(time.Millisecond)
	if _, _, err := d.Check(token, typed(ch.image), Forgot, sakura); aikagi.CodeOf(err) != aikagi.Expired {
		t.Errorf("too late: %v", err)
	}
	for _, show := range []func() error{
		func() error { _, err := d.Image(token); return err },
		func() error { _, err := d.Sound(token, aikagi.English); return err },
		func() error { _, _, err := d.PoW(token); return err },
	} {
		if err := show(); aikagi.CodeOf(err) != aikagi.Expired {
			t.Errorf("shown too late: %v", err)
		}
	}
	// R9: the clock was an hour ahead when the token was made.
	d.clock.Move(-time.Hour)
	if _, _, err := d.Check(token, typed(ch.image), Forgot, sakura); aikagi.CodeOf(err) != aikagi.Expired {
		t.Errorf("from the future: %v", err)
	}
}

func TestA13AnswersAreNotInTheTokenAndIDsAreRandom(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids, first := map[string]bool{}, map[byte]int{}
	seen, heard := map[byte]int{}, map[byte]int{}
	const n = 10000
	for range n {
		token := d.Issue(Forgot, sakura, all)
		ch := d.look(t, token)
		raw, _ := base64.RawURLEncoding.DecodeString(token)
		for _, answer := range []string{ch.image, ch.sound} {
			if strings.Contains(strings.ToUpper(token), answer) || bytes.Contains(raw, []byte(answer)) {
				t.Fatalf("token %q holds %q", token, answer)
			}
		}
		if strings.Contains(string(raw), string(sakura)) || ids[ch.salt()] || len(token) > 255 {
			t.Fatalf("token of %d characters, id %q", len(token), ch.salt())
		}
		ids[ch.salt()] = true
		first[ch.id[0]]++
		for i := range answerLength {
			seen[ch.image[i]]++
			heard[ch.sound[i]]++
		}
	}
	if len(first) != 256 {
		t.Errorf("%d different first bytes of ids", len(first))
	}
	for alphabet, counts := range map[string]map[byte]int{letters: seen, digits: heard} {
		for i := range len(alphabet) {
			// Seven standard deviations of a count of a few thousand.
			got, want := counts[alphabet[i]], n*answerLength/len(alphabet)
			if got < want*88/100 || got > want*112/100 {
				t.Errorf("%q occurs %d times, want about %d", alphabet[i], got, want)
			}
		}
	}
	if strings.ContainsAny(letters, "0O1lI") {
		t.Error("the alphabet has characters that look alike")
	}
}

func TestA14A22OtherPurposeOrInstance(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Login, sakura, all)
	answer := typed(d.look(t, token).image)
	tests := []struct {
		purpose  Purpose
		instance aikagi.InstanceID
		want     string
	}{{Login, sakura, ""}, {Forgot, sakura, "unknown"}, {Login, kaede, "unknown"}, {"", "", "unknown"}}
	for _, test := range tests {
		id, _, err := d.Check(token, answer, test.purpose, test.instance)
		if aikagi.ReasonOf(err) != test.want || (id == "") != (test.want != "") {
			t.Errorf("%s at %s: %q, %v", test.purpose, test.instance, id, err)
		}
	}
}

func TestA16DrawingIsBounded(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, all)
	for range cap(d.drawing) {
		d.drawing <- struct{}{}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[aikagi.Code]int{}
	more := cap(d.present) + 50
	for range more {
		wg.Go(func() {
			_, err := d.Image(token)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				codes[aikagi.CodeOf(err)]++
			}
			if codes[aikagi.Unavailable] == 50 {
				for range len(d.drawing) {
					<-d.drawing
				}
				codes[aikagi.Unavailable]++
			}
		})
	}
	wg.Wait()
	if codes[aikagi.Unavailable] != 51 || len(d.present) != 0 || len(d.drawing) != 0 {
		t.Errorf("codes %v, %d present, %d drawing", codes, len(d.present), len(d.drawing))
	}
}

func TestA17ServerFixesTheDifficulty(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, Ways{})
	salt, bits, err := d.PoW(token)
	if err != nil || bits != 10 {
		t.Fatalf("PoW: %d, %v", bits, err)
	}
	easy := ""
	for n := 0; easy == ""; n++ {
		ch := d.look(t, token)
		ch.bits = 4
		if s := strconv.Itoa(n); proves(s, ch) && !proves(s, d.look(t, token)) {
			easy = s
		}
	}
	if _, _, err := d.Check(token, Answer{Proof: easy}, Forgot, sakura); aikagi.ReasonOf(err) != "wrong" {
		t.Errorf("easier proof: %v", err)
	}
	next := d.Issue(Forgot, sakura, Ways{})
	proof := solve(salt, bits)
	for proves(proof, d.look(t, next)) { // once in a thousand
		next = d.Issue(Forgot, sakura, Ways{})
	}
	if _, _, err := d.Check(next, Answer{Proof: proof}, Forgot, sakura); aikagi.ReasonOf(err) != "wrong" {
		t.Errorf("proof of another token: %v", err)
	}
}

func TestPictureIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	d, again := open(t), open(t)
	token := d.Issue(Forgot, sakura, all)
	a, errA := d.Image(token)
	b, errB := again.Image(token)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Fatalf("two nodes draw differently: %v, %v", errA, errB)
	}
	picture, err := png.Decode(bytes.NewReader(a))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 200, 64) || len(a) > 8<<10 {
		t.Errorf("picture of %d bytes, %v", len(a), err)
	}
	other, _ := d.Image(d.Issue(Forgot, sakura, all))
	if bytes.Equal(a, other) {
		t.Error("two challenges look the same")
	}
	if dir := os.Getenv("AIKAGI_CAPTCHA_SAMPLES"); dir != "" {
		writeSamples(t, d, dir)
	}
}

func writeSamples(t *testing.T, d desk, dir string) {
	t.Helper()
	for i := range 6 {
		token := d.Issue(Forgot, sakura, all)
		ch := d.look(t, token)
		picture, _ := d.Image(token)
		ja, _ := d.Sound(token, aikagi.Japanese)
		en, _ := d.Sound(token, aikagi.English)
		for name, b := range map[string][]byte{ch.image + ".png": picture, ch.sound + ".ja.wav": ja, ch.sound + ".en.wav": en} {
			if err := os.WriteFile(dir+"/"+strconv.Itoa(i)+"-"+name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSoundIsAPlayableWAV(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, all)
	ja, err := d.Sound(token, aikagi.Japanese)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := d.Sound(token, aikagi.Japanese)
	en, _ := d.Sound(token, aikagi.English)
	unknown, _ := d.Sound(token, "fr")
	if !bytes.Equal(ja, again) || bytes.Equal(ja, en) || !bytes.Equal(ja, unknown) {
		t.Error("a language has one sound for a token, and an unknown language is Japanese")
	}
	for _, wav := range [][]byte{ja, en} {
		pcm, err := samples(wav)
		if err != nil || string(wav[:4]) != "RIFF" || len(wav)%2 != 0 || int(wav[4])|int(wav[5])<<8|int(wav[6])<<16 != len(wav)-8 {
			t.Fatalf("no WAV: %v", err)
		}
		if seconds := len(pcm) / sampleRate; seconds < 5 || seconds > 11 {
			t.Errorf("%d seconds", seconds)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	ring, clk := secret.NewRing([secret.KeyBytes]byte{}), clock.System{}
	for _, test := range []struct {
		opts Options
		ttl  time.Duration
		bits uint8
	}{{Options{}, DefaultTTL, DefaultBits}, {Options{TTL: time.Minute, Bits: 300}, time.Minute, maxBits}} {
		c, err := New(ring, clk, test.opts)
		if err != nil || c.ttl != test.ttl || c.bits != test.bits {
			t.Errorf("New(%+v) = %v %v, %v", test.opts, c.ttl, c.bits, err)
		}
	}
}

func FuzzToken(f *testing.F) {
	d := open(f)
	// Workers are processes of their own: none may open what another one issued.
	d.ring = secret.NewRing([secret.KeyBytes]byte(secret.Digest(secret.NewToken().Reveal())))
	token := d.Issue(Forgot, sakura, all)
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	plain, err := d.ring.Open(sealPurpose, nil, raw)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token, plain)
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, text string, plain []byte) {
		if _, err := d.open(text); err == nil && text != token {
			t.Errorf("opened %q", text)
		}
		// What the seal keeps away from strangers is parsed with the same care.
		if ch, ok := parse(plain); ok {
			if got := d.seal(ch); len(ch.image) != answerLength || got == "" {
				t.Errorf("parsed %x", plain)
			}
			_ = Answer{Typed: aikagi.NewSecret(text), Proof: text}.meets(ch)
		}
	})
}
