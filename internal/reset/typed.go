package reset

import (
	"encoding/base64"
	"strings"

	"github.com/aikagi/aikagi"
)

// What was typed as a user name may be a password: people miss the field. Until
// a worker knows that it is a name, the row keeps it sealed, because the files of
// a database show what a row held before (S39).
const typedPurpose = "typed name"

// sealedMark begins what is sealed; no user name has it.
const sealedMark = "~"

func (r *Resets) sealTyped(instance aikagi.InstanceID, id aikagi.ResetRequestID, typed string) string {
	sealed := r.Ring.Seal(typedPurpose, []byte(string(instance)+string(id)), []byte(typed))
	return sealedMark + base64.RawURLEncoding.EncodeToString(sealed)
}

// openTyped is what was typed. A row whose key is gone is of a name that nobody has.
func (r *Resets) openTyped(q aikagi.ResetRequest) string {
	text, found := strings.CutPrefix(q.Username, sealedMark)
	if !found {
		return q.Username
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	typed, err := r.Ring.Open(typedPurpose, []byte(string(q.InstanceID)+string(q.ID)), sealed)
	if err != nil {
		return ""
	}
	return string(typed)
}
