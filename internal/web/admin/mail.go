package admin

import (
	"net/http"
	"net/url"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// recordSize is how many rows a page of the mail or audit record has.
const recordSize = 50

// mailRow is a message in words.
type mailRow struct {
	Message aikagi.Message
	Kind    string
	Badge   badge
	Path    string
	Tries   []tryRow
}

// tryRow is one try to hand a message over.
type tryRow struct {
	Attempt aikagi.Attempt
	Words   string // what it means, for people who do not read SMTP
}

func mailRowOf(p web.Page, m aikagi.Message, attempts []aikagi.Attempt) mailRow {
	row := mailRow{
		Message: m, Kind: word(p, "admin.mail_kind", string(m.Kind)), Badge: mailBadge(p, m),
		Path: p.Path("/admin/mail/" + string(m.ID)),
	}
	for _, t := range attempts {
		row.Tries = append(row.Tries, tryRow{t, word(p, "admin.try", t.Outcome)})
	}
	return row
}

// mailsPage is what mails.html shows.
type mailsPage struct {
	web.Page
	Rows  []mailRow
	Pager web.Pager
	Pause aikagi.MailPause
}

// PauseWords says what is the matter with the mail server, and what to do.
func (p mailsPage) PauseWords() string {
	if p.Pause.Stage == "auth" || p.Pause.Stage == "tls" {
		return word(p.Page, "admin.mail_pause", p.Pause.Stage)
	}
	return p.T("admin.mail_pause.reach")
}

func (a *Admin) showMails(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseQuery(r, "before", "lang")
	if err != nil {
		return err
	}
	messages, err := a.Directory.ListMail(r.Context(), here.Instance.ID, aikagi.MessageID(form.Get("before")), recordSize+1)
	if err != nil {
		return err
	}
	page := mailsPage{Page: a.Web.Page(r, "admin.mail.title")}
	if page.Pause, err = a.Directory.MailPause(r.Context(), here.Instance.ID); err != nil {
		return err
	}
	if len(messages) > recordSize {
		messages = messages[:recordSize]
		page.Pager.Next = older(page.Page, "/admin/mail", string(messages[recordSize-1].ID))
	}
	if form.Get("before") != "" {
		page.Pager.Prev = page.Path("/admin/mail")
	}
	for _, m := range messages {
		page.Rows = append(page.Rows, mailRowOf(page.Page, m, nil))
	}
	return a.pages.Render(w, r, http.StatusOK, "mails.html", page)
}

func older(p web.Page, path, before string) string {
	return p.Path(path) + "?" + url.Values{"before": {before}}.Encode()
}

// mailPage is what mail.html shows.
type mailPage struct {
	web.Page
	Row mailRow
}

func (a *Admin) showMail(w http.ResponseWriter, r *http.Request, here door.Here) error {
	found, err := a.Directory.FindMail(r.Context(), here.Instance.ID, aikagi.MessageID(r.PathValue("id")))
	if err != nil {
		return err
	}
	page := mailPage{Page: a.Web.Page(r, "admin.mail.detail")}
	page.Row = mailRowOf(page.Page, found.Message, found.Attempts)
	return a.pages.Render(w, r, http.StatusOK, "mail.html", page)
}
