package awsapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// TestEachCodeHasAFault walks the codes: each has a name of AWS, a status that
// goes with it, and a text that tells nothing of the inside (S35, H21).
func TestEachCodeHasAFault(t *testing.T) {
	t.Parallel()
	status := map[aikagi.Code]int{
		aikagi.Invalid: http.StatusBadRequest, aikagi.Unauthenticated: http.StatusForbidden, aikagi.Forbidden: http.StatusForbidden,
		aikagi.NotFound: http.StatusNotFound, aikagi.Conflict: http.StatusConflict, aikagi.Throttled: http.StatusTooManyRequests,
		aikagi.Expired: http.StatusBadRequest, aikagi.Unavailable: http.StatusServiceUnavailable,
		aikagi.Internal: http.StatusInternalServerError,
	}
	for _, code := range aikagi.Codes {
		f := faultOf(aikagi.E(code, "user", errors.New("SELECT secret FROM users")))
		if got, want := f.Name.Status(), status[code]; got != want {
			t.Errorf("%s: status %d, want %d", code, got, want)
		}
		if f.Message == "" || strings.Contains(f.Message, "SELECT") || strings.HasPrefix(f.Message, "wire.") {
			t.Errorf("%s: text %q", code, f.Message)
		}
	}
	if f := faultOf(errors.New("disk I/O error")); f.Name != InternalService || strings.Contains(f.Message, "disk") {
		t.Errorf("an error that nobody decided: %s %q", f.Name, f.Message)
	}
}
