package i18n

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/aikagi/aikagi"
)

// maxAcceptLanguage is what Match looks at of an Accept-Language header; browsers
// send well under 100 bytes.
const maxAcceptLanguage = 512

// Match returns the language of the product that an Accept-Language header
// (RFC 9110 §12.5.4) prefers, and the empty locale if it names none of them.
func Match(acceptLanguage string) aikagi.Locale {
	if len(acceptLanguage) > maxAcceptLanguage {
		acceptLanguage = acceptLanguage[:maxAcceptLanguage]
		acceptLanguage = acceptLanguage[:strings.LastIndexByte(acceptLanguage, ',')+1]
	}
	tags, weights, err := language.ParseAcceptLanguage(strings.TrimRight(acceptLanguage, ", "))
	if err != nil {
		return ""
	}
	for i, tag := range tags { // best first
		if weights[i] == 0 {
			continue
		}
		base, _ := tag.Base()
		if l := aikagi.ParseLocale(base.String()); l != "" {
			return l
		}
	}
	return ""
}
