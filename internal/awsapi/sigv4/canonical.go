package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest writes the request as its signer must have written it.
// IAM user guide, "Create a canonical request".
func canonicalRequest(r *http.Request, c claim, bodyHash [sha256.Size]byte) (string, error) {
	payload := hex.EncodeToString(bodyHash[:])
	if given, ok := r.Header["X-Amz-Content-Sha256"]; ok && subtle.ConstantTimeCompare([]byte(given[0]), []byte(payload)) != 1 {
		// So UNSIGNED-PAYLOAD and STREAMING-… are refused with all wrong hashes (H06).
		return "", refuse(InvalidSignature, "x-amz-content-sha256 is not the hash of the body")
	}
	path, err := canonicalPath(r)
	if err != nil {
		return "", err
	}
	query, err := canonicalQuery(r)
	if err != nil {
		return "", err
	}
	headers, err := canonicalHeaders(r, c.signedHeaders)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		r.Method, path, query, headers, strings.Join(c.signedHeaders, ";"), payload,
	}, "\n"), nil
}

// target returns path and query as the request line has them. A request whose
// URL was rewritten since is refused, because then not what was signed would be
// routed.
func target(r *http.Request) (path, query string, err error) {
	path, query = r.URL.EscapedPath(), r.URL.RawQuery
	if !strings.HasPrefix(r.RequestURI, "/") { // absolute form, or not from a server
		return path, query, nil
	}
	wire, wireQuery, _ := strings.Cut(r.RequestURI, "?")
	plain, unescapeErr := url.PathUnescape(wire)
	if unescapeErr != nil || plain != r.URL.Path || wireQuery != query {
		return "", "", refuse(InvalidSignature, "the URL is not the one received")
	}
	return wire, query, nil
}

// canonicalPath encodes the path as received once more: %3A becomes %253A.
// Every service but S3 does so.
func canonicalPath(r *http.Request) (string, error) {
	path, _, err := target(r)
	if err != nil {
		return "", err
	}
	if path == "" {
		return "/", nil
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		// Signers differ in whether they drop these, so nobody can say what was signed.
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return "", refuse(InvalidSignature, "the path has empty or dot segments")
		}
	}
	if path[0] != '/' {
		return "", refuse(InvalidSignature, "the path does not begin with a slash")
	}
	return encode(path, "/"), nil
}

// canonicalQuery decodes each name and value as url.ParseQuery does, encodes
// them as AWS does and sorts the result. A query that ParseQuery would read only
// in part is refused: what is verified must be what is parsed.
func canonicalQuery(r *http.Request) (string, error) {
	_, raw, err := target(r)
	if err != nil {
		return "", err
	}
	if strings.ContainsRune(raw, ';') {
		return "", refuse(InvalidSignature, "the query has a raw semicolon")
	}
	type pair struct{ name, value string }
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		plainName, err1 := url.QueryUnescape(name)
		plainValue, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return "", refuse(InvalidSignature, "the query cannot be decoded")
		}
		pairs = append(pairs, pair{encode(plainName, ""), encode(plainValue, "")})
	}
	// The sorting occurs after encoding, by name and then by value.
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	lines := make([]string, len(pairs))
	for i, p := range pairs {
		lines[i] = p.name + "=" + p.value
	}
	return strings.Join(lines, "&"), nil
}

// canonicalHeaders writes one line for each signed header, each with one value.
func canonicalHeaders(r *http.Request, signed []string) (string, error) {
	var b strings.Builder
	for _, name := range signed {
		value, ok := headerValue(r, name)
		if !ok {
			return "", refuse(InvalidSignature, "a signed header is not in the request")
		}
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(trimSpaces(value))
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func headerValue(r *http.Request, name string) (string, bool) {
	values := r.Header[http.CanonicalHeaderKey(name)]
	switch {
	case name == "host": // Go keeps it out of the header; in HTTP/2 it is :authority
		return r.Host, r.Host != "" && (len(values) == 0 || values[0] == r.Host)
	case len(values) == 1:
		return values[0], true
	case name == "content-length" && r.ContentLength >= 0:
		return strconv.FormatInt(r.ContentLength, 10), true
	}
	return "", false
}

// trimSpaces removes leading and trailing spaces and makes one space of many.
func trimSpaces(s string) string {
	s = strings.Trim(s, " \t")
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return s
}

// encode is the URI-encode of the AWS documents: all but A–Z, a–z, 0–9, -._~ and
// the bytes of keep becomes %XX.
func encode(s, keep string) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for _, c := range []byte(s) {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}
