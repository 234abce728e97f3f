package sigv4

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// mutant is a signed request that somebody alters on its way.
type mutant struct {
	*rand.Rand
	r     *http.Request
	body  []byte
	other *http.Request // another request of the same key, for parts to borrow
}

// kind is one way to alter a request. It reports false if it could not, or if the
// request is what it was.
type kind struct {
	name  string
	where where
	alter func(*mutant) bool
}

// where says on which requests a kind can be tried.
type where int

const (
	anywhere where = iota
	inHeader
	presigned
)

// TestH03NoMutantIsTaken alters random signed requests, each in one of many kinds
// of ways, and each kind many times: 1,000 with AIKAGI_FAULTS=full. Every original
// verifies, and no mutant does.
func TestH03NoMutantIsTaken(t *testing.T) {
	t.Parallel()
	each := 15
	if os.Getenv("AIKAGI_FAULTS") == "full" {
		each = 1000
	}
	tried, taken := 0, 0
	for k, kind := range kinds {
		for n := range each {
			m := newMutant(t, rand.New(rand.NewPCG(uint64(k), uint64(n))), kind.where) //nolint:gosec // to be repeatable
			for try := 0; !kind.alter(m); try++ {
				if try > 50 {
					t.Fatalf("%s: nothing is altered", kind.name)
				}
				m = newMutant(t, m.Rand, kind.where)
			}
			tried++
			id, err := verify(m.r, m.body)
			if err == nil || id != (Identity{}) {
				taken++
				t.Errorf("%s, %d: taken: %s %s, %v", kind.name, n, m.r.Method, m.r.RequestURI, m.r.Header)
			}
			if err != nil && (aikagi.CodeOf(err) != aikagi.Unauthenticated || aikagi.ReasonOf(err) == "") {
				t.Errorf("%s, %d: %v", kind.name, n, err)
			}
		}
	}
	if len(kinds) < 60 || tried != each*len(kinds) {
		t.Errorf("%d kinds, %d mutants", len(kinds), tried)
	}
	t.Logf("%d kinds of mutation, %d mutants, %d taken", len(kinds), tried, taken)
}

// newMutant signs a random request that verifies.
func newMutant(t *testing.T, random *rand.Rand, at where) *mutant {
	t.Helper()
	query := at == presigned || at == anywhere && random.IntN(2) == 0
	m := &mutant{Rand: random}
	for _, r := range []**http.Request{&m.r, &m.other} {
		s := randomSample(random)
		var body []byte
		if query {
			*r, body = s.presign(t, fmt.Sprint(1+random.IntN(604800)))
		} else {
			*r, body = s.send(t)
		}
		if r == &m.r {
			m.body = body
		}
	}
	if _, err := verify(m.r, m.body); err != nil {
		t.Fatalf("the original is refused: %v: %s %s", err, m.r.Method, m.r.RequestURI)
	}
	return m
}

func randomSample(random *rand.Rand) sample {
	s := plainSample()
	word := func(alphabet string, least, most int) string {
		letters := []rune(alphabet)
		b := make([]rune, least+random.IntN(most-least+1))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHJKLM0123456789"
	text := func() string { return word(plain+"-_~/:+= あé&%;", 4, 12) }
	s.method = []string{"POST", "PUT", "DELETE", "GET"}[random.IntN(4)]
	s.target = "/users/" + word(plain, 8, 12) + "/arn%3Aaws%2F" + word(plain, 4, 8) + "/" + word(plain, 3, 9) +
		"?a=1" + url.QueryEscape(text()) + "&b=2%2B" + url.QueryEscape(text()) + "&c%20d=3%20" + word(plain, 3, 6)
	s.body = `{"x":"` + word(plain, 4, 30) + `","y":1}`
	s.header.Set("X-Amz-Meta-Word", word(plain, 1, 8)+" "+word(plain, 2, 8))
	s.sendHash = random.IntN(2) == 0
	return s
}

// pick returns a random place of a byte that ok likes, or -1.
func (m *mutant) pick(s string, ok func(byte) bool) int {
	var all []int
	for i := range len(s) {
		if ok(s[i]) {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		return -1
	}
	return all[m.IntN(len(all))]
}

func isLetter(b byte) bool  { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }
func isDigit(b byte) bool   { return '0' <= b && b <= '9' }
func isLower(b byte) bool   { return 'a' <= b && b <= 'z' }
func anyPlain(b byte) bool  { return isLetter(b) || isDigit(b) }
func isHexByte(b byte) bool { return isDigit(b) || 'a' <= b && b <= 'f' }

// swapped returns s with another letter or digit at one place.
func (m *mutant) swapped(s string) string {
	i := m.pick(s, anyPlain)
	if i < 0 {
		return s
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return s[:i] + string(letters[m.IntN(len(letters))]) + s[i+1:]
}

// recased returns s with one letter in the other case.
func (m *mutant) recased(s string) string {
	i := m.pick(s, isLetter)
	if i < 0 {
		return s
	}
	return s[:i] + string(s[i]^0x20) + s[i+1:]
}

// at returns a random place of s.
func (m *mutant) at(s string) int { return m.IntN(len(s) + 1) }

// target alters the path or the query of the request line. What is no request line
// any more cannot arrive.
func (m *mutant) target(alter func(path, query string) (string, string)) bool {
	path, query, _ := strings.Cut(m.r.RequestURI, "?")
	newPath, newQuery := alter(path, query)
	target := newPath
	if newQuery != "" {
		target += "?" + newQuery
	}
	u, err := url.ParseRequestURI(target)
	if err != nil || target == m.r.RequestURI {
		return false
	}
	m.r.URL, m.r.RequestURI = u, target
	return true
}

func (m *mutant) path(alter func(string) string) bool {
	return m.target(func(path, query string) (string, string) { return alter(path), query })
}

func (m *mutant) query(alter func(string) string) bool {
	return m.target(func(path, query string) (string, string) { return path, alter(query) })
}

// pair alters a random pair of the query that is no part of the signature.
func (m *mutant) pair(alter func(name, value string) string) bool {
	return m.query(func(query string) string {
		pairs := strings.Split(query, "&")
		for range 50 {
			i := m.IntN(len(pairs))
			name, value, _ := strings.Cut(pairs[i], "=")
			if plain, _ := url.QueryUnescape(name); isPresigning(plain) {
				continue
			}
			pairs[i] = alter(name, value)
			break
		}
		return strings.Join(pairs, "&")
	})
}

// parameter alters the value of a parameter of the presigned URL.
func (m *mutant) parameter(name string, alter func(string) string) bool {
	return m.query(func(query string) string {
		pairs := strings.Split(query, "&")
		for i, p := range pairs {
			if value, ok := strings.CutPrefix(p, name+"="); ok {
				plain, _ := url.QueryUnescape(value)
				pairs[i] = name + "=" + url.QueryEscape(alter(plain))
			}
		}
		return strings.Join(pairs, "&")
	})
}

// part alters a part of the claim, wherever it is made: of the Authorization
// header, or the parameter of the same meaning.
func (m *mutant) part(name string, alter func(string) string) bool {
	header := m.r.Header.Get("Authorization")
	if header == "" {
		return m.parameter("X-Amz-"+name, alter)
	}
	begin := strings.Index(header, name+"=") + len(name) + 1
	end := len(header)
	if comma := strings.IndexByte(header[begin:], ','); comma >= 0 {
		end = begin + comma
	}
	altered := header[:begin] + alter(header[begin:end]) + header[end:]
	m.r.Header.Set("Authorization", altered)
	return altered != header
}

// date alters when the request says that it was signed.
func (m *mutant) date(alter func(string) string) bool {
	if _, ok := m.r.Header["X-Amz-Date"]; ok {
		return m.header("X-Amz-Date", alter)
	}
	return m.parameter("X-Amz-Date", alter)
}

// list alters the names of the signed headers.
func (m *mutant) list(alter func([]string) []string) bool {
	return m.part("SignedHeaders", func(s string) string { return strings.Join(alter(strings.Split(s, ";")), ";") })
}

// scope alters one of the five parts of the credential.
func (m *mutant) scope(part int, alter func(string) string) bool {
	return m.part("Credential", func(s string) string {
		parts := strings.Split(s, "/")
		parts[part] = alter(parts[part])
		return strings.Join(parts, "/")
	})
}

func (m *mutant) header(name string, alter func(string) string) bool {
	old, ok := m.r.Header[name]
	if !ok {
		return false
	}
	altered := alter(old[0])
	m.r.Header[name] = []string{altered}
	return trimSpaces(altered) != trimSpaces(old[0])
}

func (m *mutant) bytes(alter func([]byte) []byte) bool {
	altered := alter(bytes.Clone(m.body))
	same := bytes.Equal(altered, m.body)
	m.body = altered
	return !same
}

// signedHeader names a signed header that is in the request as such.
func (m *mutant) signedHeader() string {
	for {
		name := []string{"Content-Type", "X-Amz-Meta-Word", "X-Amz-Content-Sha256", "X-Amz-User-Agent", "X-Amz-Date"}[m.IntN(5)]
		if _, ok := m.r.Header[name]; ok {
			return name
		}
	}
}
