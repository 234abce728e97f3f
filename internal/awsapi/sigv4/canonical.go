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
	for _, given := range slices.Concat(r.Header["X-Amz-Content-Sha256"], c.query.values("X-Amz-Content-Sha256")) {
		// So UNSIGNED-PAYLOAD and STREAMING-… are refused with all wrong hashes (H06).
		if subtle.ConstantTimeCompare([]byte(given), []byte(payload)) != 1 {
			return "", refuse(InvalidSignature, "x-amz-content-sha256 is not the hash of the body")
		}
	}
	path, err := canonicalPath(r)
	if err != nil {
		return "", err
	}
	headers, err := canonicalHeaders(r, c.signedHeaders)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		r.Method, path, c.query.canonical(), headers, strings.Join(c.signedHeaders, ";"), payload,
	}, "\n"), nil
}

// wirePath returns the path as the request line has it. A request whose URL was
// rewritten since is refused, because then not what was signed would be routed. So
// is the absolute form of the request line, which only proxies are sent: it names
// the host twice.
func wirePath(r *http.Request) (string, error) {
	if r.RequestURI == "" { // not from a server
		return r.URL.EscapedPath(), nil
	}
	if !strings.HasPrefix(r.RequestURI, "/") {
		return "", refuse(InvalidSignature, "the request line does not begin with a path")
	}
	wire, wireQuery, _ := strings.Cut(r.RequestURI, "?")
	plain, err := url.PathUnescape(wire)
	if err != nil || plain != r.URL.Path || wireQuery != r.URL.RawQuery {
		return "", refuse(InvalidSignature, "the URL is not the one received")
	}
	return wire, nil
}

// canonicalPath encodes the path as received once more: %3A becomes %253A.
// Every service but S3 does so.
func canonicalPath(r *http.Request) (string, error) {
	path, err := wirePath(r)
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
