package portal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aikagi/aikagi"
)

// Notes are what one page leaves in the asker's browser for the next: sealed,
// for one instance, short-lived. They prove nothing and open nothing.

// doneNote is left by a successful reset.
type doneNote struct {
	Username string
	Masked   string // address that the notice went to; empty if none
	Ended    int64
}

func askedName(id aikagi.InstanceID) string { return "asked-" + string(id) }
func doneName(id aikagi.InstanceID) string  { return "done-" + string(id) }

func (p *Portal) leave(w http.ResponseWriter, name string, note any, ttl time.Duration) error {
	plain, err := json.Marshal(note)
	if err != nil {
		return err
	}
	sealed := base64.RawURLEncoding.EncodeToString(p.Ring.Seal("note", []byte(name), plain))
	http.SetCookie(w, p.Web.Cookie(name, sealed, ttl, http.SameSiteLaxMode))
	return nil
}

// note reads what an earlier page left; anything that is not ours counts as none.
func (p *Portal) note(r *http.Request, name string, into any) bool {
	value, err := p.Web.ReadCookie(r, name)
	if err != nil || value == "" || len(value) > maxNote {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	plain, err := p.Ring.Open("note", []byte(name), sealed)
	return err == nil && json.Unmarshal(plain, into) == nil
}

const maxNote = 2048

func retryAfter(err error) time.Duration {
	var e *aikagi.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
