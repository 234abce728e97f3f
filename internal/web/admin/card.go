package admin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

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
	code, err := qr.Encode(page.Link, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	page.Size, page.Squares = squares(code)
	return a.pages.Render(w, r, http.StatusOK, "card.html", page)
}

// quiet is the width of the light margin around a QR code in modules; readers
// need it (ISO/IEC 18004 §5.3.8).
const quiet = 4

// squares draws the dark modules of a code, one run of a row at a time.
func squares(code barcode.Barcode) (size int, path string) {
	var b strings.Builder
	box := code.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; {
			run := 0
			for x+run < box.Max.X && dark(code, x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			}
			x += max(run, 1)
		}
	}
	return box.Dx() + 2*quiet, b.String()
}

func dark(code barcode.Barcode, x, y int) bool {
	red, _, _, _ := code.At(x, y).RGBA()
	return red < 0x8000
}
