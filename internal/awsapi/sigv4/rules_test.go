package sigv4

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// TestS34OneSignatureARequestAndNothingElseIsIdentity: who signs in two ways at
// once, or not at all, is nobody, and so is everybody whose request is not byte
// for byte the one that was signed. TestH03EachMutationIsRefused has the rest.
func TestS34OneSignatureARequestAndNothingElseIsIdentity(t *testing.T) {
	t.Parallel()
	header := func(name string, values ...string) func(*http.Request, *[]byte) {
		return func(r *http.Request, _ *[]byte) { r.Header[name] = values }
	}
	for name, c := range map[string]struct {
		change func(*http.Request, *[]byte)
		want   string
	}{
		"none":   {header("Authorization"), MissingToken},
		"basic":  {header("Authorization", "Basic YTpi"), MissingToken},
		"bearer": {header("Authorization", "Bearer x"), MissingToken},
		"sigv4a": {header("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=x"), MissingToken},
		"a cookie only": {func(r *http.Request, _ *[]byte) {
			r.Header.Del("Authorization")
			r.Header.Set("Cookie", "aikagi-account=x")
		}, MissingToken},
		"two headers": {func(r *http.Request, _ *[]byte) {
			r.Header["Authorization"] = append(r.Header["Authorization"], r.Header["Authorization"][0])
		}, IncompleteSignature},
		"header and query":          {func(r *http.Request, _ *[]byte) { r.URL.RawQuery += "&X-Amz-Signature=x" }, IncompleteSignature},
		"header and query, escaped": {func(r *http.Request, _ *[]byte) { r.URL.RawQuery += "&%58-Amz-%53ignature=x" }, IncompleteSignature},
		"query alone": {func(r *http.Request, _ *[]byte) {
			r.Header.Del("Authorization")
			r.URL.RawQuery += "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=x"
		}, IncompleteSignature},
		"unsigned payload":     {header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), InvalidSignature},
		"streaming payload":    {header("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), InvalidSignature},
		"another path routed":  {func(r *http.Request, _ *[]byte) { r.URL.Path = "/users/i1/u2/identity-info" }, InvalidSignature},
		"another query parsed": {func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "a=1&b=3" }, InvalidSignature},
		"another method":       {func(r *http.Request, _ *[]byte) { r.Method = http.MethodPut }, InvalidSignature},
		"another host":         {func(r *http.Request, _ *[]byte) { r.Host = "other.example.jp" }, InvalidSignature},
		"another body":         {func(_ *http.Request, b *[]byte) { *b = []byte(`{"x":2}`) }, InvalidSignature},
		"a longer body":        {func(_ *http.Request, b *[]byte) { *b = append(*b, ' ') }, InvalidSignature},
		"a session token":      {header("X-Amz-Security-Token", "x"), IncompleteSignature},
	} {
		r, body := plainSample().send(t)
		c.change(r, &body)
		id, err := verify(r, body)
		if aikagi.ReasonOf(err) != c.want || aikagi.CodeOf(err) != aikagi.Unauthenticated || id != (Identity{}) {
			t.Errorf("%s: %v, %v, want %s", name, id, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: the refusal names the key", name)
		}
	}
}
