package i18n

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// entry is a text as it stands in a file: the forms by name, "other" always.
type entry struct {
	file  string
	forms map[string]string
}

// readTexts reads the files of a language without go-i18n, so that a key that is
// there twice is seen.
func readTexts(t *testing.T, l aikagi.Locale) map[string]entry {
	t.Helper()
	paths, err := fs.Glob(files, string(l)+"/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files for %s: %v", l, err)
	}
	all := map[string]entry{}
	for _, p := range paths {
		data, err := files.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for key, forms := range readFile(t, p, data) {
			if other, ok := all[key]; ok {
				t.Errorf("%s: key %q is in %s already", p, key, other.file)
			}
			all[key] = entry{file: path.Base(p), forms: forms}
		}
	}
	return all
}

func readFile(t *testing.T, name string, data []byte) map[string]map[string]string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		t.Fatalf("%s: want one object: %v", name, err)
	}
	texts := map[string]map[string]string{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key, _ := token.(string)
		if _, twice := texts[key]; twice {
			t.Errorf("%s: key %q is there twice", name, key)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			t.Fatalf("%s: %s: %v", name, key, err)
		}
		var one string
		forms := map[string]string{}
		if json.Unmarshal(raw, &one) == nil {
			forms["other"] = one
		} else if err := json.Unmarshal(raw, &forms); err != nil {
			t.Errorf("%s: %s: want a text or an object of forms", name, key)
		}
		texts[key] = forms
	}
	return texts
}

var keyPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

func TestCataloguesAgree(t *testing.T) {
	t.Parallel()
	ja, en := readTexts(t, aikagi.Japanese), readTexts(t, aikagi.English)
	for _, key := range slices.Sorted(maps.Keys(ja)) {
		if !keyPattern.MatchString(key) {
			t.Errorf("%s: key %q is not like area.name", ja[key].file, key)
		}
		if strings.HasSuffix(key, ".one") {
			t.Errorf("%s: key %q: write plural forms as an object, {\"one\": …, \"other\": …}", ja[key].file, key)
		}
		other, ok := en[key]
		if !ok {
			t.Errorf("%s: key %q has no English text", ja[key].file, key)
			continue
		}
		if ja[key].file != other.file {
			t.Errorf("key %q is in ja/%s but in en/%s", key, ja[key].file, other.file)
		}
		if got, want := holes(other.forms["other"]), holes(ja[key].forms["other"]); !slices.Equal(got, want) {
			t.Errorf("key %q: placeholders %v in English, %v in Japanese", key, got, want)
		}
	}
	for key := range en {
		if _, ok := ja[key]; !ok {
			t.Errorf("%s: key %q has no Japanese text", en[key].file, key)
		}
	}
}

func TestEachTextIsComplete(t *testing.T) {
	t.Parallel()
	allowed := map[aikagi.Locale][]string{aikagi.Japanese: {"other"}, aikagi.English: {"one", "other"}}
	for _, l := range aikagi.Locales {
		for key, e := range readTexts(t, l) {
			for form, text := range e.forms {
				if !slices.Contains(allowed[l], form) {
					t.Errorf("%s %s: form %q is not one of the language", l, key, form)
				}
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s %s: form %q is empty", l, key, form)
				}
				if strings.Count(text, "{") != len(placeholder.FindAllString(text, -1)) {
					t.Errorf("%s %s: a brace is no placeholder: %q", l, key, text)
				}
				if strings.ContainsAny(text, "<>") && strings.Contains(text, "</") {
					t.Errorf("%s %s: texts are plain, not HTML: %q", l, key, text)
				}
			}
			if e.forms["other"] == "" {
				t.Errorf("%s %s: no form \"other\"", l, key)
			}
			for _, hole := range holes(e.forms["one"]) {
				if !slices.Contains(holes(e.forms["other"]), hole) {
					t.Errorf("%s %s: {%s} is in \"one\" only", l, key, hole)
				}
			}
			if len(e.forms) > 1 && !slices.Contains(holes(e.forms["other"]), "n") {
				t.Errorf("%s %s: forms without {n}", l, key)
			}
		}
	}
}

// TestWritingRules holds the words that ux §4 refuses.
func TestWritingRules(t *testing.T) {
	t.Parallel()
	refused := map[aikagi.Locale][]string{
		aikagi.Japanese: {"お客様", "させていただ", "不正な", "無効な値", "！"},
		aikagi.English:  {"oops", "Oops", "sorry", "Sorry", "invalid ", "Invalid ", "forbidden"},
	}
	apologies := 0
	for _, l := range aikagi.Locales {
		for key, e := range readTexts(t, l) {
			for _, text := range e.forms {
				for _, word := range refused[l] {
					if strings.Contains(text, word) {
						t.Errorf("%s %s: %q says %q", l, key, text, word)
					}
				}
				apologies += strings.Count(text, "申し訳ありません")
			}
		}
	}
	if apologies > 1 {
		t.Errorf("%d texts say 申し訳ありません; one may, that of the 500 page", apologies)
	}
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// holes lists the placeholders of a text, sorted, each once.
func holes(text string) []string {
	found := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}
