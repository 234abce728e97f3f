package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// readClaim reads and checks all of a request that can be judged without the
// secret.
func readClaim(r *http.Request, now time.Time, scope Scope) (claim, error) {
	query, garbled := readQuery(r.URL.RawQuery)
	presigned, err := method(r.Header.Values("Authorization"), query, scope)
	if err != nil {
		return claim{}, err
	}
	if garbled != nil {
		return claim{}, garbled
	}
	var c claim
	if presigned {
		c, err = parsePresigned(query)
	} else {
		c, err = parseAuthorization(r.Header.Get("Authorization"))
		c.timestamp, c.query = r.Header.Get("X-Amz-Date"), query
	}
	if err != nil {
		return claim{}, err
	}
	if err := checkHeaders(r.Header, c); err != nil {
		return claim{}, err
	}
	signedAt, err := time.Parse(timeLayout, c.timestamp)
	if err != nil || len(c.timestamp) != len(timeLayout) {
		return claim{}, refuse(IncompleteSignature, "x-amz-date cannot be read")
	}
	if c.date != c.timestamp[:8] || c.service != scope.Service || !slices.Contains(scope.Regions, c.region) {
		return claim{}, refuse(InvalidSignature, "the credential is scoped to another day, region or service")
	}
	if age := now.Sub(signedAt); age > c.lifetime() || age < -Window {
		return claim{}, refuse(ExpiredSignature, "x-amz-date is more than 5 minutes from our time, or the signed URL has run out")
	}
	return c, nil
}

// Signed reports whether a request says that it is signed, in whatever way; what
// it says is not checked.
func Signed(r *http.Request) bool {
	query, _ := readQuery(r.URL.RawQuery) // what cannot be decoded is refused later
	return slices.ContainsFunc(r.Header.Values("Authorization"), isSigV4) || query.speaksOfASignature()
}

// method finds the one way in which a request says who it is (S34), and reports
// whether it is the query.
func method(authorization []string, query query, scope Scope) (presigned bool, err error) {
	presigned = query.speaksOfASignature()
	switch {
	case len(authorization) > 1, len(authorization) == 1 && presigned:
		return false, refuse(IncompleteSignature, "more than one signature")
	case presigned && scope.HeaderOnly:
		return false, refuse(MissingToken, "signatures in the query are not taken here")
	case !presigned && (len(authorization) == 0 || !isSigV4(authorization[0])):
		return false, refuse(MissingToken, "no AWS4-HMAC-SHA256 authorization")
	}
	return presigned, nil
}

func isSigV4(authorization string) bool {
	scheme, _, _ := strings.Cut(authorization, " ")
	return scheme == algorithm
}

// parseAuthorization reads
//
//	AWS4-HMAC-SHA256 Credential=ID/date/region/service/aws4_request, SignedHeaders=a;b, Signature=hex
//
// with each part once, in any order.
func parseAuthorization(header string) (claim, error) {
	var c claim
	rest, found := strings.CutPrefix(header, algorithm+" ")
	if !found || len(header) > 4096 {
		return c, refuse(IncompleteSignature, "the Authorization header cannot be read")
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.Trim(part, " "), "=")
		ok := false
		switch name {
		case "Credential":
			ok = c.readCredential(value)
		case "SignedHeaders":
			ok = c.readSignedHeaders(value)
		case "Signature":
			ok = c.readSignature(value)
		}
		if !ok || seen[name] {
			return claim{}, refuse(IncompleteSignature, "a part of the Authorization header is unknown, twice or malformed")
		}
		seen[name] = true
	}
	if len(seen) != 3 {
		return claim{}, refuse(IncompleteSignature, "Credential, SignedHeaders or Signature is missing")
	}
	return c, nil
}

func (c *claim) readCredential(value string) bool {
	parts := strings.Split(value, "/")
	if len(parts) != 5 || parts[4] != terminator || slices.Contains(parts, "") {
		return false
	}
	c.accessKeyID, c.date, c.region, c.service = parts[0], parts[1], parts[2], parts[3]
	return len(c.accessKeyID) <= 128 && onlyKeyBytes(c.accessKeyID)
}

func (c *claim) readSignedHeaders(value string) bool {
	c.signedHeaders = strings.Split(value, ";")
	for i, name := range c.signedHeaders {
		if !isHeaderName(name) || i > 0 && name <= c.signedHeaders[i-1] {
			return false
		}
	}
	return true
}

func (c *claim) readSignature(value string) bool {
	signature, err := hex.DecodeString(value)
	c.signature = signature
	return err == nil && len(signature) == 32 && strings.ToLower(value) == value
}

func onlyKeyBytes(s string) bool {
	for _, b := range []byte(s) {
		if !('A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '_') {
			return false
		}
	}
	return true
}

// isHeaderName reports whether s is a header name in lower case (RFC 9110 §5.6.2).
func isHeaderName(s string) bool {
	for _, b := range []byte(s) {
		if !('a' <= b && b <= 'z' || '0' <= b && b <= '9') && strings.IndexByte("!#$%&'*+-.^_`|~", b) < 0 {
			return false
		}
	}
	return s != ""
}

// checkHeaders makes sure that everything that counts is signed, and is there once.
func checkHeaders(header http.Header, c claim) error {
	if err := checkDated(header, c); err != nil {
		return err
	}
	signed := c.signedHeaders
	for name, values := range header {
		lower := strings.ToLower(name)
		amz := strings.HasPrefix(lower, "x-amz-")
		if amz && !slices.Contains(signed, lower) {
			return refuse(IncompleteSignature, "an x-amz- header is not signed")
		}
		once := amz || lower == "host" || lower == "content-type" || lower == "content-length" || slices.Contains(signed, lower)
		if once && len(values) != 1 {
			return refuse(IncompleteSignature, "a header comes twice")
		}
	}
	if _, ok := header["X-Amz-Security-Token"]; ok || c.query.has("X-Amz-Security-Token") {
		// Keys here are lasting ones; no session token has ever been given out.
		return refuse(UnrecognizedClient, "no such session token")
	}
	return nil
}

// checkDated makes sure that the host is signed, and one date: in the header, or in
// the query of a presigned URL, which is signed as a whole.
func checkDated(header http.Header, c claim) error {
	_, dated := header["X-Amz-Date"]
	switch {
	case !slices.Contains(c.signedHeaders, "host"):
		return refuse(IncompleteSignature, "host must be signed")
	case c.presigned() && dated:
		return refuse(IncompleteSignature, "x-amz-date is in the query and in the header")
	case !c.presigned() && !slices.Contains(c.signedHeaders, "x-amz-date"):
		return refuse(IncompleteSignature, "x-amz-date must be signed")
	}
	return nil
}
