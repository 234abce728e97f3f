package portal

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

func resetName(id aikagi.InstanceID) string { return "reset-" + string(id) }

// openReset is where the link leads. It moves the secret out of the address
// into a cookie, so that the page's later history does not have it (S10), and
// spends nothing: mail scanners come here first.
func (p *Portal) openReset(w http.ResponseWriter, r *http.Request, here door.Here) error {
	token := r.PathValue("token")
	if len(token) > maxToken {
		return aikagi.E(aikagi.NotFound, "page", nil)
	}
	token = unwrapped(token)
	p.carry(w, here.Instance, reset.Proof{Token: aikagi.NewSecret(token)})
	return web.SeeOther(w, r, web.Path(r, "/reset"))
}

const maxToken = 128

// unwrapped takes from a token what mail programs put around links (B29). Only
// one that is too long has something to lose: a token may begin with "3D" by
// itself, and never ends with any of the marks.
func unwrapped(token string) string {
	token = strings.TrimRight(token, ".,;:!?)]>\"'*_=")
	if len(token) > secret.TokenLength {
		token = strings.TrimPrefix(token, "3D")
	}
	if _, err := base64.RawURLEncoding.DecodeString(token); err != nil {
		return "" // no token of ours, and nothing to put into a cookie
	}
	return token
}

// carry hands the secret itself to the browser, for the form that follows (S8).
// Lax, because people arrive from web mail.
func (p *Portal) carry(w http.ResponseWriter, i aikagi.Instance, proof reset.Proof) {
	value := "t." + proof.Token.Reveal()
	http.SetCookie(w, p.Web.Cookie(resetName(i.ID), value, time.Hour, http.SameSiteLaxMode))
}

// carryCode does the same for a code that was right. It is sealed, so that
// nobody tries codes through the cookie, where no try is counted (S6).
func (p *Portal) carryCode(w http.ResponseWriter, i aikagi.Instance, proof reset.Proof) {
	plain := string(proof.Request) + "." + proof.Code.Reveal()
	sealed := p.Ring.Seal(codePurpose, []byte(i.ID), []byte(plain))
	value := "c." + base64.RawURLEncoding.EncodeToString(sealed)
	http.SetCookie(w, p.Web.Cookie(resetName(i.ID), value, time.Hour, http.SameSiteLaxMode))
}

const codePurpose = "code proof"

// carried reads what carry or carryCode wrote; anything else proves nothing.
func (p *Portal) carried(r *http.Request, i aikagi.Instance) (reset.Proof, error) {
	value, err := p.Web.ReadCookie(r, resetName(i.ID))
	if err != nil {
		return reset.Proof{}, err
	}
	if token, ok := strings.CutPrefix(value, "t."); ok {
		return reset.Proof{Token: aikagi.NewSecret(token)}, nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(value, "c."))
	if err != nil {
		return reset.Proof{}, nil //nolint:nilerr // as good as no cookie
	}
	plain, err := p.Ring.Open(codePurpose, []byte(i.ID), sealed)
	if err != nil {
		return reset.Proof{}, nil //nolint:nilerr // likewise
	}
	request, code, _ := strings.Cut(string(plain), ".")
	return reset.Proof{Request: aikagi.ResetRequestID(request), Code: aikagi.NewSecret(code)}, nil
}

// resetPage is what reset.html shows.
type resetPage struct {
	web.Page
	Username aikagi.Username
	TokenID  aikagi.ResetTokenID
	Rules    []web.Rule
	First    bool // an invitation: no earlier password
}

func (p *Portal) showReset(w http.ResponseWriter, r *http.Request, here door.Here) error {
	proof, err := p.carried(r, here.Instance)
	if err != nil {
		return err
	}
	looked, err := p.Resets.Look(r.Context(), here.Instance, proof)
	if aikagi.CodeOf(err) == aikagi.Expired {
		return p.showEnded(w, r, here, looked, err)
	}
	if err != nil {
		return err
	}
	return p.renderReset(w, r, http.StatusOK, p.resetPage(r, here, looked))
}

func (p *Portal) resetPage(r *http.Request, here door.Here, l reset.Looked) resetPage {
	page := resetPage{
		Page: p.Web.Page(r, "reset.title"), Username: l.User.Username, TokenID: l.Token.ID,
		First: l.Token.Kind == aikagi.KindInvite,
	}
	page.Rules = rules(page.Page, here.Instance, l.Policy)
	return page
}

func (p *Portal) renderReset(w http.ResponseWriter, r *http.Request, status int, page resetPage) error {
	return p.pages.Render(w, r, status, "reset.html", page)
}

// handleReset sets the new password. A refused password spends nothing (B23).
func (p *Portal) handleReset(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "token", "password")
	if err != nil {
		return err
	}
	proof, err := p.carried(r, here.Instance)
	if err != nil {
		return err
	}
	done, err := p.Resets.Confirm(r.Context(), here.Instance, proof,
		aikagi.ResetTokenID(form.Get("token")), aikagi.NewSecret(form.Get("password")))
	if err != nil {
		return p.refuseReset(w, r, here, proof, err)
	}
	note := doneNote{Username: string(done.User.Username), Ended: done.Ended}
	if done.Notice {
		note.Masked = done.User.Email.Masked()
	}
	if err := p.leave(w, doneName(here.Instance.ID), note, time.Hour); err != nil {
		return err
	}
	http.SetCookie(w, p.deviceCookie(here.Instance, done.Device))
	http.SetCookie(w, p.Web.DropCookie(resetName(here.Instance.ID)))
	http.SetCookie(w, p.Web.DropCookie(askedName(here.Instance.ID)))
	return web.SeeOther(w, r, web.Path(r, "/reset/done"))
}

func (p *Portal) refuseReset(w http.ResponseWriter, r *http.Request, here door.Here, proof reset.Proof, why error) error {
	if aikagi.ReasonOf(why) == "mixed_up" {
		p.Web.Flash(w, "warn", "reset.mixed_up")
		return web.SeeOther(w, r, web.Path(r, "/reset"))
	}
	looked, err := p.Resets.Look(r.Context(), here.Instance, proof)
	if aikagi.CodeOf(err) == aikagi.Expired {
		return p.showEnded(w, r, here, looked, err)
	}
	if err != nil {
		return err
	}
	page := p.resetPage(r, here, looked)
	if !page.Explain(why) {
		return why
	}
	return p.renderReset(w, r, http.StatusBadRequest, page)
}

// endedPage is what ended.html shows: why a link no longer works, and when that
// came about.
type endedPage struct {
	web.Page
	Why  string
	When time.Time
}

func (p *Portal) showEnded(w http.ResponseWriter, r *http.Request, here door.Here, l reset.Looked, why error) error {
	page := endedPage{Page: p.Web.Page(r, "ended.title"), Why: aikagi.ReasonOf(why)}
	switch page.Why {
	case "used":
		page.When = l.Token.UsedAt
	case "expired":
		page.When = l.Token.ExpiresAt
	case "newer", "email", "password", "status", "bounced":
		page.When = l.Token.EndedAt
	default:
		page.Why = "unknown"
	}
	if l.User.ID != "" {
		note := doneNote{Username: string(l.User.Username)}
		if err := p.leave(w, doneName(here.Instance.ID), note, time.Hour); err != nil {
			return err
		}
	}
	return p.pages.Render(w, r, http.StatusGone, "ended.html", page)
}

// donePage is what done.html shows.
type donePage struct {
	web.Page
	doneNote
}

func (p *Portal) showDone(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page := donePage{Page: p.Web.Page(r, "done.title")}
	if !p.note(r, doneName(here.Instance.ID), &page.doneNote) {
		return web.SeeOther(w, r, web.Path(r, "/login"))
	}
	return p.pages.Render(w, r, http.StatusOK, "done.html", page)
}
