package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"reflect"
	"strconv"
	"strings"
	"sync"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/aikagi/aikagi"
)

//go:embed ja/*.json en/*.json
var files embed.FS

// Key names a text. Writing a key as a constant of this type, or handing it to
// T, makes TestKeys look for it in both languages.
type Key string

// catalogue is the texts of one language, in a bundle of their own, so that a text
// missing in one is never silently taken from the other.
type catalogue struct {
	localizer *goi18n.Localizer
	known     map[Key]bool
}

// catalogues are read when a text is first asked for: most commands speak one
// language, and reading both was an eighth of what a server's start costs (P17).
var catalogues = func() map[aikagi.Locale]func() (*catalogue, error) {
	all := map[aikagi.Locale]func() (*catalogue, error){}
	for _, l := range aikagi.Locales {
		all[l] = sync.OnceValues(func() (*catalogue, error) { return load(files, l) })
	}
	return all
}()

// texts are those of l. They are part of the program, and TestTextsCanBeRead reads
// all of them: an error is not to be expected.
func texts(l aikagi.Locale) *catalogue {
	if read := catalogues[l.Or()]; read != nil {
		if c, err := read(); err == nil {
			return c
		}
	}
	return &catalogue{}
}

// T returns the text of key in l. The args are name, value, name, value …; whole
// numbers are written with thousands separators, and "n" chooses the plural
// form. A key that does not exist is returned as it is: TestKeys keeps that
// from happening.
func T(l aikagi.Locale, key Key, args ...any) string {
	localizer := texts(l).localizer
	if localizer == nil {
		return string(key)
	}
	values, count := arguments(args)
	text, err := localizer.Localize(&goi18n.LocalizeConfig{
		MessageID:      string(key),
		TemplateData:   values,
		PluralCount:    count,
		TemplateParser: braces{},
	})
	if err != nil && text == "" {
		return string(key)
	}
	return text
}

// Has reports whether key exists in l, for keys that are put together from a
// subject and a reason.
func Has(l aikagi.Locale, key Key) bool { return texts(l).known[key] }

func load(fsys fs.FS, l aikagi.Locale) (*catalogue, error) {
	paths, err := fs.Glob(fsys, string(l)+"/*.json")
	if err != nil {
		return nil, fmt.Errorf("list texts of %s: %w", l, err)
	}
	tag := language.Make(string(l))
	bundle, known := goi18n.NewBundle(tag), map[Key]bool{}
	for _, path := range paths {
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, fmt.Errorf("read texts %s: %w", path, err)
		}
		file, err := goi18n.ParseMessageFileBytes(data, path, nil)
		if err != nil {
			return nil, fmt.Errorf("parse texts %s: %w", path, err)
		}
		for _, m := range file.Messages {
			if known[Key(m.ID)] {
				return nil, fmt.Errorf("parse texts %s: key %q is in another file already", path, m.ID)
			}
			known[Key(m.ID)] = true
		}
		if err := bundle.AddMessages(tag, file.Messages...); err != nil {
			return nil, fmt.Errorf("add texts %s: %w", path, err)
		}
	}
	return &catalogue{localizer: goi18n.NewLocalizer(bundle, string(l)), known: known}, nil
}

// arguments turns name, value, … into texts, and finds the number that chooses
// the plural form, if there is one.
func arguments(args []any) (values map[string]string, count any) {
	values = make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		name, _ := args[i].(string)
		v := reflect.ValueOf(args[i+1])
		switch {
		case v.CanInt():
			values[name] = Number(v.Int())
			if name == "n" {
				count = v.Int()
			}
		case v.Kind() == reflect.String:
			values[name] = v.String()
		default:
			values[name] = fmt.Sprint(args[i+1])
		}
	}
	return values, count
}

// Number writes n with a comma between thousands, as both languages do.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}
