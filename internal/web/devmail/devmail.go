package devmail

import (
	"embed"
	"encoding/json"
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/web"
)

//go:embed templates/*.html
var templates embed.FS

// Pages shows a mailbox.
type Pages struct {
	web     *web.Engine
	mailbox *mailbox.Mailbox
	pages   *web.Pages
}

// New reads the templates.
func New(engine *web.Engine, box *mailbox.Mailbox) (*Pages, error) {
	pages, err := engine.Pages(templates)
	return &Pages{web: engine, mailbox: box, pages: pages}, err
}

// Path is where the mailbox is shown.
const Path = "/dev/mail"

// Routes adds the pages; everybody on the machine may see them.
func (p *Pages) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+Path, p.web.Handle(p.showList))
	mux.Handle("GET "+Path+"/messages", p.web.Handle(p.showJSON))
	mux.Handle("GET "+Path+"/{id}", p.web.Handle(p.showMessage))
	mux.Handle("GET "+Path+"/{id}/html", p.web.Handle(p.showHTML))
	mux.Handle("GET "+Path+"/{id}/raw", p.web.Handle(p.showRaw))
}

// listPage is what list.html shows.
type listPage struct {
	web.Page
	Messages []mailbox.Message
}

func (p *Pages) showList(w http.ResponseWriter, r *http.Request) error {
	return p.pages.Render(w, r, http.StatusOK, "list.html", listPage{
		Page: p.web.Page(r, "devmail.title"), Messages: p.mailbox.Messages(""),
	})
}

// message is one mail as JSON; a contract with those who test against a demo.
type message struct {
	ID      string `json:"id"`
	From    string `json:"from"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Date    string `json:"date"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	RawURL  string `json:"raw_url"`
}

func (p *Pages) showJSON(w http.ResponseWriter, r *http.Request) error {
	query, err := web.ParseQuery(r, "to")
	if err != nil {
		return err
	}
	all := []message{}
	for _, m := range p.mailbox.Messages(query.Get("to")) {
		all = append(all, message{
			ID: m.ID, From: m.From, To: m.To, Subject: m.Subject, Date: m.Date.Format("2006-01-02T15:04:05Z"),
			Text: m.Text, HTML: m.HTML, RawURL: p.web.URLs().Base() + Path + "/" + m.ID + "/raw",
		})
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(all)
}

// messagePage is what message.html shows.
type messagePage struct {
	web.Page
	Message mailbox.Message
}

func (p *Pages) find(r *http.Request) (mailbox.Message, error) {
	for _, m := range p.mailbox.Messages("") {
		if m.ID == r.PathValue("id") {
			return m, nil
		}
	}
	return mailbox.Message{}, aikagi.E(aikagi.NotFound, "message", nil)
}

func (p *Pages) showMessage(w http.ResponseWriter, r *http.Request) error {
	m, err := p.find(r)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "message.html", messagePage{
		Page: p.web.Page(r, "devmail.message"), Message: m,
	})
}

// mailPolicy lets a mail show its inline styles and open its link, and nothing
// else: no script, no request to anywhere.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; frame-ancestors 'none'"

func (p *Pages) showHTML(w http.ResponseWriter, r *http.Request) error {
	m, err := p.find(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(m.HTML)) // #nosec G705 -- shown as a mail program shows it, behind mailPolicy
	return err
}

func (p *Pages) showRaw(w http.ResponseWriter, r *http.Request) error {
	m, err := p.find(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write(m.Raw)
	return err
}
