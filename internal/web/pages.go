package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"reflect"
	"strconv"
	"sync"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

//go:embed layout/*.html
var layoutFiles embed.FS

//go:embed templates/*.html
var ownPages embed.FS

// Pages are the templates of one package, once for each language.
type Pages struct {
	engine *Engine
	byName map[aikagi.Locale]map[string]parsed
}

// parsed makes a page when it is first shown, and keeps it.
type parsed func() (*template.Template, error)

// Pages has a page for every templates/*.html of fsys. Each file calls a shell and
// defines "main"; one whose name begins with an underscore is for all of them. A
// page is parsed when it is first shown: reading all of them twice was a seventh of
// what a start costs (P17), and TestTemplatesCanBeRead reads them.
func (e *Engine) Pages(fsys fs.FS) (*Pages, error) {
	names, err := fs.Glob(fsys, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	p := &Pages{engine: e, byName: map[aikagi.Locale]map[string]parsed{}}
	for locale, layout := range e.layouts {
		p.byName[locale], err = parsePages(fsys, names, layout)
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func parsePages(fsys fs.FS, names []string, layout *template.Template) (map[string]parsed, error) {
	shared, err := layout.Clone()
	if err != nil {
		return nil, fmt.Errorf("clone layout: %w", err)
	}
	pages := map[string]parsed{}
	for _, name := range names {
		if base := path.Base(name); base[0] != '_' {
			pages[base] = sync.OnceValues(func() (*template.Template, error) { return parsePage(fsys, name, shared) })
			continue
		}
		if shared, err = shared.ParseFS(fsys, name); err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
	}
	return pages, nil
}

// parsePage makes a page with a copy of its own of all that it may call. The
// copy takes a fifth of a megabyte: those of pages that nobody looks at would be
// most of an idle server's memory, and the collector would go through them with
// every other password hash (P1, P17).
func parsePage(fsys fs.FS, name string, shared *template.Template) (*template.Template, error) {
	page, err := shared.Clone()
	if err != nil {
		return nil, fmt.Errorf("clone layout for %s: %w", name, err)
	}
	if page, err = page.ParseFS(fsys, name); err != nil {
		return nil, fmt.Errorf("parse template %s: %w", name, err)
	}
	return page.Lookup(path.Base(name)), nil
}

func parseLayouts(files *assets) (map[aikagi.Locale]*template.Template, error) {
	layouts := map[aikagi.Locale]*template.Template{}
	for _, l := range aikagi.Locales {
		t, err := template.New("layout").Option("missingkey=error").Funcs(functions(l, files)).ParseFS(layoutFiles, "layout/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse layout: %w", err)
		}
		layouts[l] = t
	}
	return layouts, nil
}

// functions are what templates may call. The language is bound here, so that
// {{t "key"}} needs no argument for it.
func functions(l aikagi.Locale, files *assets) template.FuncMap {
	return template.FuncMap{
		"t": func(key any, args ...any) string { return together(l, i18n.T(l, textKey(key), args...)) },
		"number": func(n any) (string, error) {
			i, err := strconv.ParseInt(fmt.Sprint(n), 10, 64)
			if err != nil {
				return "", fmt.Errorf("number: %w", err)
			}
			return i18n.Number(i), nil
		},
		"visible":  visible,
		"parted":   parted,
		"asset":    files.path,
		"add":      func(a, b int) int { return a + b },
		"locales":  locales,
		"fieldID":  fieldID,
		"field":    newField,
		"password": newPassword,
		"choices":  newChoices,
		"alert":    newAlert,
		"empty":    newEmpty,
		"badge":    newBadge,
		"copy":     newCopy,
		"pow":      newPow,
	}
}

func textKey(key any) i18n.Key {
	if k, ok := key.(i18n.Key); ok {
		return k
	}
	return i18n.Key(fmt.Sprint(key))
}

// shadow names a field of a page's data that hides a method or field of the
// Page in it. The shells ask data for those, and would print the field instead.
func shadow(data fielder) string {
	t, page := reflect.Indirect(reflect.ValueOf(data)).Type(), reflect.TypeFor[Page]()
	for i := range t.NumField() {
		name := t.Field(i).Name
		_, method := page.MethodByName(name)
		_, field := page.FieldByName(name)
		if !t.Field(i).Anonymous && (method || field) {
			return name
		}
	}
	return ""
}

// Render answers with a page. data embeds Page. The page is complete before the
// first byte is sent, so a broken template becomes an error page and never half
// a page.
func (p *Pages) Render(w http.ResponseWriter, _ *http.Request, status int, name string, data fielder) error {
	page := data.base()
	if hidden := shadow(data); hidden != "" {
		return fmt.Errorf("render %s: field %s hides a part of Page, which a shell would print", name, hidden)
	}
	find := p.byName[page.Locale()][name]
	if find == nil {
		return fmt.Errorf("render %s: no such template", name)
	}
	t, err := find()
	if err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	var body bytes.Buffer
	if err := t.Execute(&body, data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	if page.visit.flash != nil {
		http.SetCookie(w, p.engine.DropCookie(flashName))
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(page.Locale()))
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client has gone; nobody is left to tell
	return nil
}
