package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aikagi/aikagi"
)

//go:embed texts/*.json
var textFiles embed.FS

// catalogue holds the texts of one language: flat keys, {name} placeholders.
type catalogue map[string]string

func loadCatalogue(l aikagi.Locale) (catalogue, error) {
	raw, err := textFiles.ReadFile("texts/" + string(l) + ".json")
	if err != nil {
		return nil, fmt.Errorf("read mail texts: %w", err)
	}
	var c catalogue
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("read mail texts of %s: %w", l, err)
	}
	return c, nil
}

// text is the {{t}} of the templates: a key, then names and values of the
// placeholders. Every value passes safe, which is what keeps text from people
// from becoming anything else. The values are put in at once, so a value that
// looks like a placeholder stays what it is.
func (c catalogue) text(key string, pairs ...any) (string, error) {
	words, ok := c[key]
	if !ok {
		return "", fmt.Errorf("mail text %q is missing", key)
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("mail text %q: a name without a value", key)
	}
	replace := make([]string, 0, len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		replace = append(replace, "{"+fmt.Sprint(pairs[i])+"}", safe(fmt.Sprint(pairs[i+1])))
	}
	return strings.NewReplacer(replace...).Replace(words), nil
}
