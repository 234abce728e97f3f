package awsapi

import (
	"net/http/httptest"
	"testing"
)

// TestWhatIsForProgramsAndWhatIsForPeople: what is signed, Amazon's paths, and all
// that comes to the host of the wire; no page but there.
func TestWhatIsForProgramsAndWhatIsForPeople(t *testing.T) {
	t.Parallel()
	s := New(Options{Host: "api.example.jp"}, []Operation{{Name: "DescribeUser", Method: "GET", Path: "/users/{InstanceId}/{UserId}"}})
	for _, c := range []struct {
		host, path, authorization string
		want                      bool
	}{
		{"id.example.jp", "/i/sakura/login", "", false},
		{"id.example.jp", "/", "", false},
		{"id.example.jp", "/users", "", true},
		{"id.example.jp", "/users/a/b/c", "", true},
		{"id.example.jp", "/i/sakura/login", "AWS4-HMAC-SHA256 Credential=x", true},
		{"id.example.jp", "/i/sakura/login?X-Amz-Signature=00", "", true},
		{"id.example.jp", "/i/sakura/login", "Basic YTpi", false},
		{"api.example.jp", "/i/sakura/login", "", true},
		{"API.example.jp:8443", "/", "", true},
	} {
		r := httptest.NewRequest("GET", "http://"+c.host+c.path, nil)
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		if got := s.Claims(r); got != c.want {
			t.Errorf("%s%s %q: %v, want %v", c.host, c.path, c.authorization, got, c.want)
		}
	}
}
