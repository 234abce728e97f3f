package spf

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi/internal/mail/dns"
)

// macro is one "%{ir}" of RFC 7208 §7.1.
var macro = regexp.MustCompile(`(?i)^%\{([slodiphv])(\d{0,3})(r?)([.+,/_=-]*)\}`)

// expand puts the parts of the sender into a name.
func (c *check) expand(text, domain string) (string, bool) {
	var b strings.Builder
	for text != "" {
		switch {
		case strings.HasPrefix(text, "%%"):
			b.WriteByte('%')
			text = text[2:]
		case strings.HasPrefix(text, "%_"):
			b.WriteByte(' ')
			text = text[2:]
		case strings.HasPrefix(text, "%-"):
			b.WriteString("%20")
			text = text[2:]
		case text[0] == '%':
			m := macro.FindStringSubmatch(text)
			if m == nil {
				return "", false
			}
			value, ok := transform(c.letter(strings.ToLower(m[1]), domain), m[2], m[3] != "", m[4])
			if !ok {
				return "", false
			}
			if strings.ToUpper(m[1]) == m[1] {
				value = url.QueryEscape(value)
			}
			b.WriteString(value)
			text = text[len(m[0]):]
		default:
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return shortened(b.String()), true
}

// shortened cuts labels on the left from a name that is too long (§7.3).
func shortened(name string) string {
	for len(name) > 253 {
		_, rest, found := strings.Cut(name, ".")
		if !found {
			break
		}
		name = rest
	}
	return name
}

func (c *check) letter(letter, domain string) string {
	local, of, found := strings.Cut(c.sender.From, "@")
	if !found {
		local, of = "postmaster", c.sender.From // §4.3
	}
	switch letter {
	case "s":
		return local + "@" + of
	case "l":
		return local
	case "o":
		return of
	case "d":
		return domain
	case "h":
		return c.sender.Helo
	case "v":
		if c.sender.Address.Is4() {
			return "in-addr"
		}
		return "ip6"
	case "i":
		return c.dotted()
	}
	return "unknown" // p: §7.3 asks not to use it
}

// dotted is the address as "i" wants it: an IPv6 one in nibbles.
func (c *check) dotted() string {
	if c.sender.Address.Is4() {
		return c.sender.Address.String()
	}
	nibbles := strings.Split(strings.TrimSuffix(dns.Reverse(c.sender.Address), ".ip6.arpa"), ".")
	slices.Reverse(nibbles)
	return strings.Join(nibbles, ".")
}

// transform keeps the parts on the right, reversed if that is asked for.
func transform(value, digits string, reverse bool, delimiters string) (string, bool) {
	if delimiters == "" {
		delimiters = "."
	}
	parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(delimiters, r) })
	if reverse {
		slices.Reverse(parts)
	}
	if digits != "" {
		n, err := strconv.Atoi(digits)
		if err != nil || n == 0 {
			return "", false
		}
		parts = parts[max(0, len(parts)-n):]
	}
	return strings.Join(parts, "."), true
}
