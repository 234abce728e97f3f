package portal

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/web/door"
)

// showChallenge draws a challenge or speaks it: TOKEN.png, TOKEN.ja.wav. It
// writes nothing (P19).
func (p *Portal) showChallenge(w http.ResponseWriter, r *http.Request, _ door.Here) error {
	file := r.PathValue("file")
	if token, ok := strings.CutSuffix(file, ".png"); ok {
		png, err := p.Challenges.Image(token)
		if err != nil {
			return gone(err)
		}
		return serve(w, r, "image/png", png)
	}
	for _, locale := range aikagi.Locales {
		token, ok := strings.CutSuffix(file, "."+string(locale)+".wav")
		if !ok {
			continue
		}
		wav, err := p.Challenges.Sound(token, locale)
		if err != nil {
			return gone(err)
		}
		return serve(w, r, "audio/wav", wav)
	}
	return aikagi.E(aikagi.NotFound, "page", nil)
}

// gone makes a challenge that cannot be read an unknown address.
func gone(err error) error {
	switch aikagi.CodeOf(err) {
	case aikagi.Invalid, aikagi.Expired, aikagi.NotFound:
		return aikagi.E(aikagi.NotFound, "page", err)
	}
	return err
}

// serve answers ranges too, which some browsers ask for when they play sound.
func serve(w http.ResponseWriter, r *http.Request, kind string, content []byte) error {
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return nil
}
