package admin

import (
	"net/http"

	"github.com/aikagi/aikagi/internal/qrcode"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// cardPage is what card.html shows: one sheet to print or to show once. It is
// the answer of the POST that made the card and exists nowhere else.
type cardPage struct {
	web.Page
	Card     reset.Card
	Name     string
	Instance string
	Contact  string
	Link     string
	Size     int    // modules of the QR code's side, with the quiet zone
	Squares  string // SVG path of the dark modules
}

// leadToUser is for whoever opens the address of a card: the card is gone.
func (a *Admin) leadToUser(w http.ResponseWriter, r *http.Request, _ door.Here) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	return back(w, r, "/admin/users/"+string(id))
}

func (a *Admin) handleCard(w http.ResponseWriter, r *http.Request, here door.Here) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	card, err := a.Resets.IssueCard(r.Context(), here.Instance.ID, id)
	if err != nil {
		return a.refuseAction(w, r, here, err)
	}
	return a.showCard(w, r, here, card)
}

// showCard answers with the sheet, which the browser prints.
func (a *Admin) showCard(w http.ResponseWriter, r *http.Request, here door.Here, card reset.Card) error {
	page := cardPage{
		Page: a.Web.Page(r, "admin.card.title"), Card: card, Instance: here.Instance.Name(),
		Contact: here.Instance.Settings.Contact, Link: card.Link.Reveal(),
	}
	page.Name = card.User.FullName(page.Locale())
	code, err := qrcode.New(page.Link)
	if err != nil {
		return err
	}
	page.Size, page.Squares = code.Size(), code.Path()
	return a.pages.Render(w, r, http.StatusOK, "card.html", page)
}
