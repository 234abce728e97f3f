package sigv4

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxExpires is how long a presigned URL may hold, as on AWS: seven days.
const maxExpires = 7 * 24 * time.Hour

// presigning are the parameters of a presigned URL. IAM user guide, "Add the
// signature to the request", query string.
var presigning = []string{ //nolint:gochecknoglobals // a constant
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
}

func isPresigning(name string) bool {
	return slices.ContainsFunc(presigning, func(p string) bool { return strings.EqualFold(p, name) })
}

// parsePresigned reads the claim of a presigned URL: each of its parameters once
// and spelled as AWS does. The signature itself is no part of what is signed.
func parsePresigned(q query) (claim, error) {
	var c claim
	seen := map[string]bool{}
	for _, p := range q {
		if !isPresigning(p.name) {
			c.query = append(c.query, p)
			continue
		}
		if seen[p.name] || !c.readParameter(p) {
			return claim{}, refuse(IncompleteSignature, "a parameter of the presigned URL comes twice or is malformed")
		}
		seen[p.name] = true
		if p.name != "X-Amz-Signature" {
			c.query = append(c.query, p)
		}
	}
	if len(seen) != len(presigning) {
		return claim{}, refuse(IncompleteSignature, "a parameter of the presigned URL is missing")
	}
	return c, nil
}

func (c *claim) readParameter(p pair) bool {
	switch p.name {
	case "X-Amz-Algorithm":
		return p.value == algorithm
	case "X-Amz-Credential":
		return c.readCredential(p.value)
	case "X-Amz-Date":
		c.timestamp = p.value
		return true
	case "X-Amz-Expires":
		return c.readExpires(p.value)
	case "X-Amz-SignedHeaders":
		return c.readSignedHeaders(p.value)
	case "X-Amz-Signature":
		return c.readSignature(p.value)
	}
	return false // spelled otherwise
}

// readExpires reads seconds, written as AWS's signers do: digits and nothing else.
func (c *claim) readExpires(value string) bool {
	seconds, err := strconv.ParseUint(value, 10, 20)
	c.expires = time.Duration(seconds) * time.Second //nolint:gosec // 20 bits
	return err == nil && seconds > 0 && c.expires <= maxExpires && value == strconv.FormatUint(seconds, 10)
}
