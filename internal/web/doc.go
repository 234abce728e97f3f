// Package web is the engine that all pages share: it parses templates, turns
// errors into pages, guards the door, and knows cookies, hosts and languages.
//
//	request ── Wrap ─┬ /static/…, /theme                        the engine's own
//	                 ├ host, origin, size, client address       refused here, as a page
//	                 └ mux ── Handle(handler) ─┬ Render          200, 400 with the form
//	                                           ├ SeeOther        303 to an own path
//	                                           └ error           one table: code → status, page
//
// A package of pages embeds its templates and uses the engine like this:
//
//	//go:embed templates/*.html
//	var templates embed.FS
//
//	pages, err := engine.Pages(templates)                  // once, at start
//	mux.Handle("POST /i/{alias}/forgot", engine.Handle(p.handleForgot))
//	server.Handler = engine.Wrap(mux)
//
//	// forgotPage is what forgot.html shows.
//	type forgotPage struct {
//		web.Page
//		Username string
//	}
//
//	func (p *Portal) handleForgot(w http.ResponseWriter, r *http.Request) error {
//		form, err := web.ParseForm(r, web.SmallForm, "username", "answer")
//		if err != nil {
//			return err
//		}
//		receipt, err := p.Reset.Ask(r.Context(), …)
//		page := forgotPage{Page: p.Web.Page(r, "forgot.title"), Username: form.Get("username")}
//		if page.Explain(err) {                              // broken rules of the form: show it again
//			return p.pages.Render(w, r, http.StatusBadRequest, "forgot.html", page)
//		}
//		if err != nil {
//			return err                                  // anything else: an error page
//		}
//		return web.SeeOther(w, r, web.Path(r, "/forgot/sent"))
//	}
//
// and templates/forgot.html chooses a shell and fills it:
//
//	{{template "auth-shell" .}}
//	{{define "main"}}
//	<h1>{{t "forgot.title"}}</h1>
//	<form method="post" action="{{.Path "/forgot"}}" novalidate>
//	  {{template "field" (field . "username" (t "forgot.username") "value" .Username "autocomplete" "username" "width" "name")}}
//	  <button class="primary">{{t "forgot.send"}}</button>
//	</form>
//	{{end}}
//
// Shells: auth-shell (centred card; optional block "links" below it), page-shell
// (top bar, menu, main; the menu comes from Visit.Menu), print-shell (cards and
// slips). The first two say the flash and the error summary on top of main by
// themselves. Each has an optional block "head" for <meta http-equiv=refresh>.
//
// Partials, each with the function that makes its data:
//
//	field      field . NAME LABEL (OPTION VALUE)…            options: value type hint width(code|name|mail|full) autocomplete
//	                                                         inputmode rows required(yes|no) lang blame(subject whose
//	                                                         problems are shown here)
//	password   password . NAME LABEL AUTOCOMPLETE RULES      RULES: []web.Rule, or nil
//	who        USERNAME                                      read-only, for password managers, above a new password
//	choices    choices . NAME LABEL []web.Choice "hint" …    radio buttons; select: drop-down; checks: check boxes
//	alert      alert KIND TITLE TEXT (PATH LABEL)            kinds: info ok warn error
//	badge      badge KIND TEXT                               kinds: ok info warn danger grey
//	copy       copy TEXT LABEL                               code with a copy button
//	empty      empty TITLE TEXT (PATH LABEL)                 nothing here yet, no match, good news
//	pager      web.Pager                                     previous, next, "1–25 / 128"
//	sort       web.Sort                                      <th> with a link and aria-sort
//	confirm    . with a field Confirm web.Confirm            question, consequences, block "confirm-fields", button, way back
//	pow        pow SALT BITS                                 proof of work; fills the field "pow"
//
// Functions: t KEY (NAME VALUE)…, number N, visible TEXT (for every text from
// people: shows control and direction characters), parted TEXT (likewise, for user
// names and addresses, which may break after a dot or @), asset FILE, add A B. Methods
// of Page: .Path, .Time, .Date, .Clock (<time> in the instance's zone), .Problem.
// Attributes that the script looks for: data-focus (focused at load), data-wait=60 on a
// form or button, data-open-after=60 on <details>, data-copy, data-print, type=search (key /).
// CSS classes are listed at the top of static/aikagi.css.
//
// Middleware of the page packages fills the Visit: Site when the instance is
// known, Viewer and Menu when the person is. All paths in Go and HTML are those
// a browser sees; Path makes them, so that a package knows only /i/{alias}/….
//
// It never decides who may do what, and keeps nothing between two requests.
package web
