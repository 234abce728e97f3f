package portal

import (
	"net/http"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// forgotPage is what forgot.html shows.
type forgotPage struct {
	web.Page
	Username  string
	Challenge string
	Salt      string
	Bits      int
	Ways      captcha.Ways
}

func (p *Portal) showForgot(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := p.forgotPage(r, here)
	if err != nil {
		return err
	}
	var done doneNote
	if p.note(r, doneName(here.Instance.ID), &done) {
		page.Username = done.Username
	}
	return p.pages.Render(w, r, http.StatusOK, "forgot.html", page)
}

// forgotPage makes the form with a fresh challenge; nothing is stored for it.
func (p *Portal) forgotPage(r *http.Request, here door.Here) (forgotPage, error) {
	ways := captcha.Ways{
		Image: here.Instance.Settings.ImageChallenge, Sound: here.Instance.Settings.SoundChallenge,
	}
	page := forgotPage{
		Page: p.Web.Page(r, "forgot.title"), Ways: ways,
		Challenge: p.Challenges.Issue(captcha.Forgot, here.Instance.ID, ways),
	}
	var err error
	page.Salt, page.Bits, err = p.Challenges.PoW(page.Challenge)
	return page, err
}

// handleForgot asks for a reset link. The answer never tells whether the user
// exists.
func (p *Portal) handleForgot(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "username", "token", "challenge", "pow", "another")
	if err != nil {
		return err
	}
	if form.Get("another") != "" { // the "new image" button: no answer yet, nothing to refuse
		return p.againForgot(w, r, here, form, nil)
	}
	ticket, err := p.Resets.Ask(r.Context(), here.Instance, reset.Ask{
		Username: form.Get("username"), Challenge: form.Get("token"),
		Answer: captcha.Answer{Typed: aikagi.NewSecret(form.Get("challenge")), Proof: form.Get("pow")},
	})
	if err != nil {
		return p.againForgot(w, r, here, form, err)
	}
	return p.sent(w, r, here, ticket)
}

// againForgot shows the form again with what was typed, but the answer.
func (p *Portal) againForgot(w http.ResponseWriter, r *http.Request, here door.Here, form web.Form, why error) error {
	page, err := p.forgotPage(r, here)
	if err != nil {
		return err
	}
	page.Username = form.Get("username")
	status := http.StatusOK
	switch {
	case why == nil:
	case page.Explain(why):
		status = http.StatusBadRequest
	case aikagi.CodeOf(why) == aikagi.Expired:
		page.Blame("challenge", "expired")
		status = http.StatusBadRequest
	default:
		return why
	}
	page.reword()
	return p.pages.Render(w, r, status, "forgot.html", page)
}

// reword says of a challenge without a picture what is to be done instead.
func (f *forgotPage) reword() {
	for i, problem := range f.Problems {
		switch {
		case problem.Field != "challenge" || f.Ways.Image:
		case f.Ways.Sound:
			f.Problems[i].Text = f.T("challenge.sound")
		default:
			f.Problems[i].Text = f.T("challenge.work")
		}
	}
}

func (p *Portal) sent(w http.ResponseWriter, r *http.Request, here door.Here, ticket reset.Ticket) error {
	if ticket.Told != "" && here.Instance.Settings.NoEmail == aikagi.AnswerConnect {
		page := p.Web.Page(r, "connect.title")
		return p.pages.Render(w, r, http.StatusInternalServerError, "connect.html", connectPage{Page: page})
	}
	if err := p.leave(w, askedName(here.Instance.ID), ticket, reset.TicketTTL); err != nil {
		return err
	}
	return web.SeeOther(w, r, web.Path(r, "/forgot/sent"))
}

// connectPage is Amazon Connect's own failure page, for training (decision 2).
type connectPage struct{ web.Page }

// sentPage is what sent.html shows.
type sentPage struct {
	web.Page
	Username string
	Receipt  string
	Matching string
	Minutes  int
	Sender   string
	Told     bool
	Again    bool // may be sent once more
	Wait     int  // seconds until it may
}

func (p *Portal) showSent(w http.ResponseWriter, r *http.Request, here door.Here) error {
	var ticket reset.Ticket
	if !p.note(r, askedName(here.Instance.ID), &ticket) {
		return web.SeeOther(w, r, web.Path(r, "/forgot"))
	}
	title := i18n.Key("sent.title")
	if ticket.Told != "" {
		title = "sent.told.title"
	}
	wait := ticket.AskedAt.Add(time.Minute).Sub(p.Clock.Now())
	return p.pages.Render(w, r, http.StatusOK, "sent.html", sentPage{
		Page: p.Web.Page(r, title), Username: ticket.Username,
		Receipt:  reset.Receipt(p.Ring, here.Instance.ID, ticket.Request),
		Matching: reset.Matching(p.Ring, here.Instance.ID, ticket.Request),
		Minutes:  int(here.Instance.Settings.ResetTTL / time.Minute),
		Sender:   p.Sender, Told: ticket.Told != "",
		Again: ticket.Again < reset.MaxAgain, Wait: max(int(wait/time.Second), 0),
	})
}

func (p *Portal) handleAgain(w http.ResponseWriter, r *http.Request, here door.Here) error {
	var ticket reset.Ticket
	if !p.note(r, askedName(here.Instance.ID), &ticket) {
		return web.SeeOther(w, r, web.Path(r, "/forgot"))
	}
	next, err := p.Resets.Again(r.Context(), here.Instance, ticket)
	if aikagi.CodeOf(err) == aikagi.Expired {
		return web.SeeOther(w, r, web.Path(r, "/forgot"))
	}
	if aikagi.CodeOf(err) == aikagi.Throttled && aikagi.ReasonOf(err) == "wait" {
		p.Web.Flash(w, "info", "sent.too_soon", seconds(err))
		return web.SeeOther(w, r, web.Path(r, "/forgot/sent"))
	}
	if err != nil {
		return err
	}
	p.Web.Flash(w, "ok", "sent.again_done")
	return p.sent(w, r, here, next)
}

// codePage is what code.html shows.
type codePage struct {
	web.Page
	Username string
}

func (p *Portal) showCode(w http.ResponseWriter, r *http.Request, here door.Here) error {
	var ticket reset.Ticket
	if !p.note(r, askedName(here.Instance.ID), &ticket) {
		return web.SeeOther(w, r, web.Path(r, "/forgot"))
	}
	return p.pages.Render(w, r, http.StatusOK, "code.html",
		codePage{Page: p.Web.Page(r, "code.title"), Username: ticket.Username})
}

func (p *Portal) handleCode(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "code")
	if err != nil {
		return err
	}
	var ticket reset.Ticket
	if !p.note(r, askedName(here.Instance.ID), &ticket) {
		return web.SeeOther(w, r, web.Path(r, "/forgot"))
	}
	proof, err := p.Resets.TryCode(r.Context(), here.Instance, ticket, aikagi.NewSecret(form.Get("code")))
	page := codePage{Page: p.Web.Page(r, "code.title"), Username: ticket.Username}
	if aikagi.CodeOf(err) == aikagi.Throttled {
		page.Blame("code", "tries")
		return p.pages.Render(w, r, http.StatusTooManyRequests, "code.html", page)
	}
	if page.Explain(err) {
		return p.pages.Render(w, r, http.StatusBadRequest, "code.html", page)
	}
	if err != nil {
		return err
	}
	p.carryCode(w, here.Instance, proof)
	return web.SeeOther(w, r, web.Path(r, "/reset"))
}
