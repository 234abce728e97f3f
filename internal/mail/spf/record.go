package spf

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// term is a mechanism of a record (RFC 7208 §5).
type term struct {
	text      string // as published
	qualifier byte
	name      string // lower case
	domain    string // as published, with its macros; empty: the record's own
	network   netip.Prefix
	v4, v6    int // bits that have to agree
}

func (t term) result() Result {
	switch t.qualifier {
	case '-':
		return Fail
	case '~':
		return SoftFail
	case '?':
		return Neutral
	}
	return Pass
}

// near reports whether two addresses of one family agree in as many bits as the
// term says.
func (t term) near(a, b netip.Addr) bool {
	bits := t.v6
	if b.Is4() {
		bits = t.v4
	}
	p, err := a.Prefix(bits)
	return err == nil && p.Contains(b)
}

// parse reads a whole record, because one wrong term spoils all of it (§4.6).
// If it is wrong, the last term returned is the one that is.
func parse(record string) (terms []term, redirect string, ok bool) {
	for i, text := range strings.Fields(record) {
		if i == 0 {
			continue // the version
		}
		if name, value, isModifier := strings.Cut(text, "="); isModifier && modifierName.MatchString(name) {
			if strings.EqualFold(name, "redirect") {
				if redirect != "" || value == "" {
					return append(terms, term{text: text}), "", false
				}
				redirect = value
			}
			continue // unknown ones mean nothing (§6)
		}
		t, ok := parseTerm(text)
		terms = append(terms, t)
		if !ok {
			return terms, "", false
		}
	}
	return terms, redirect, true
}

var (
	modifierName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)
	lengths      = regexp.MustCompile(`^(.*?)(?:/(\d{1,2}))?(?://(\d{1,3}))?$`)
)

func parseTerm(text string) (term, bool) {
	t := term{text: text, qualifier: '+', v4: 32, v6: 128}
	rest := text
	if strings.ContainsRune("+-~?", rune(rest[0])) {
		t.qualifier, rest = rest[0], rest[1:]
	}
	end := strings.IndexAny(rest, ":/")
	if end < 0 {
		end = len(rest)
	}
	t.name, rest = strings.ToLower(rest[:end]), rest[end:]
	switch t.name {
	case "all":
		return t, rest == ""
	case "ip4", "ip6":
		return t, t.setNetwork(rest)
	case "include", "exists":
		t.domain = strings.TrimPrefix(rest, ":")
		return t, strings.HasPrefix(rest, ":") && t.domain != ""
	case "a", "mx":
		return t, t.setNear(rest)
	case "ptr":
		t.domain = strings.TrimPrefix(rest, ":")
		return t, rest == "" || strings.HasPrefix(rest, ":") && t.domain != ""
	}
	return t, false
}

func (t *term) setNetwork(rest string) bool {
	text, found := strings.CutPrefix(rest, ":")
	if !found {
		return false
	}
	if !strings.Contains(text, "/") {
		text += "/" + strconv.Itoa(map[string]int{"ip4": t.v4, "ip6": t.v6}[t.name])
	}
	var err error
	t.network, err = netip.ParsePrefix(text)
	return err == nil && t.network.Addr().Is4() == (t.name == "ip4")
}

// setNear reads what follows "a" and "mx": a domain, bits, or both.
func (t *term) setNear(rest string) bool {
	m := lengths.FindStringSubmatch(rest)
	if m == nil {
		return false
	}
	if domain, named := strings.CutPrefix(m[1], ":"); named && domain != "" {
		t.domain = domain
	} else if m[1] != "" {
		return false
	}
	return setBits(&t.v4, m[2]) && setBits(&t.v6, m[3])
}

// setBits makes the number of bits smaller where the record says so.
func setBits(bits *int, text string) bool {
	if text == "" {
		return true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > *bits {
		return false
	}
	*bits = n
	return true
}

// Allowing returns a record that also allows what the terms name, or a new one
// if there is none that could be kept.
func Allowing(record string, terms ...string) string {
	old, _, ok := parse(record)
	if !IsRecord(record) || !ok {
		return "v=spf1 " + strings.Join(terms, " ") + " ~all"
	}
	kept := strings.Fields(record)
	terms = slices.DeleteFunc(slices.Clone(terms), func(t string) bool { return slices.Contains(kept, t) })
	at := len(kept)
	for i, text := range kept {
		name, _, _ := strings.Cut(strings.ToLower(text), "=")
		if name == "redirect" || slices.ContainsFunc(old, func(t term) bool { return t.name == "all" && t.text == text }) {
			at = i // nothing after it would be read, or the rest is elsewhere
			break
		}
	}
	return strings.Join(slices.Concat(kept[:at], terms, kept[at:]), " ")
}
