package console

import (
	"embed"
	"fmt"
	"time"

	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

//go:embed templates/*.html
var templates embed.FS

// SigningService is the service name in the credential scope of requests for a
// console link; keys of Amazon's services are not accepted by mistake.
const SigningService = "aikagi"

// Options are what the pages lean on. All but Zone and BaseURL must be set.
type Options struct {
	Web       *web.Engine
	Door      *door.Door
	Clock     clock.Clock
	Accounts  *account.Accounts
	Emergency *emergency.Emergency
	Instances *instance.Instances
	// Zone is what times of the account are shown in; nil is UTC.
	Zone *time.Location
	// BaseURL is where the console is ("https://console.example.jp"); empty is
	// the base URL of Web.
	BaseURL string
}

// Console answers the pages.
type Console struct {
	Options
	pages *web.Pages
}

// New reads the templates.
func New(o Options) (*Console, error) {
	pages, err := o.Web.Pages(templates)
	if err != nil {
		return nil, fmt.Errorf("make console: %w", err)
	}
	if o.BaseURL == "" {
		o.BaseURL = o.Web.URLs().Base()
	}
	return &Console{Options: o, pages: pages}, nil
}
