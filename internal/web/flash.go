package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/aikagi/aikagi/internal/i18n"
)

// flash is what one page leaves for the next to say, once: the key of a text,
// never a text (I05).
type flash struct {
	Kind  string   `json:"k"`
	Key   i18n.Key `json:"t"`
	Count *int     `json:"n,omitempty"`
	Until int64    `json:"u"`
}

const flashTTL = time.Minute

// Flash makes the next page say a text on top, in an alert of that kind: "ok",
// "info", "warn" or "error". n is the text's {n}, if it has one.
func (e *Engine) Flash(w http.ResponseWriter, kind string, key i18n.Key, n ...int) {
	f := flash{Kind: kind, Key: key, Until: e.clock.Now().Add(flashTTL).Unix()}
	if len(n) > 0 {
		f.Count = &n[0]
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return // cannot be: strings and numbers only
	}
	sealed := base64.RawURLEncoding.EncodeToString(e.ring.Seal(flashPurpose, nil, plain))
	http.SetCookie(w, e.Cookie(flashName, sealed, flashTTL, http.SameSiteLaxMode))
}

const flashPurpose = "flash"

// flashOf opens the flash that a request carries. Whatever is wrong with it, it
// is as if there were none.
func (e *Engine) flashOf(r *http.Request) *flash {
	value, err := e.ReadCookie(r, flashName)
	if err != nil || value == "" || len(value) > 1024 {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	plain, err := e.ring.Open(flashPurpose, nil, sealed)
	if err != nil {
		return nil
	}
	var f flash
	if json.Unmarshal(plain, &f) != nil || f.Until < e.clock.Now().Unix() {
		return nil
	}
	return &f
}

// Flash returns what the page before left to say, for the shells; nil if nothing.
func (p Page) Flash() any {
	f := p.visit.flash
	if f == nil {
		return nil
	}
	if f.Count != nil {
		return newAlert(f.Kind, p.T(f.Key, "n", *f.Count), "")
	}
	return newAlert(f.Kind, p.T(f.Key), "")
}
