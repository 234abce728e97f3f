package aikagi

// Locale is a language that pages and mails are written in.
type Locale string

// The languages of the product.
const (
	Japanese Locale = "ja"
	English  Locale = "en"
)

// Locales lists the languages, the default first.
var Locales = [...]Locale{Japanese, English}

// ParseLocale reads "ja" or "en"; anything else is the empty locale, "not chosen".
func ParseLocale(s string) Locale {
	for _, l := range Locales {
		if string(l) == s {
			return l
		}
	}
	return ""
}

// Or returns l, or the first of others that is chosen, or Japanese.
func (l Locale) Or(others ...Locale) Locale {
	if l != "" {
		return l
	}
	for _, o := range others {
		if o != "" {
			return o
		}
	}
	return Japanese
}
