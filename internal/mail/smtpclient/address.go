package smtpclient

import (
	"strings"

	"github.com/aikagi/aikagi"
)

// QuoteAddress writes a stored address the way RFC 5321 §4.1.2 wants it in
// MAIL and RCPT: a local part that is no dot-atom (".a..b.@x.jp" is stored,
// Amazon Connect's pattern allows it) becomes a quoted string. The address is
// parsed again although it was parsed when it was stored, so that none can end
// its command (S21). The pattern has no character that needs a backslash.
func QuoteAddress(address aikagi.Email) (string, error) {
	email, err := aikagi.ParseEmail(string(address))
	if err != nil {
		return "", err
	}
	local, domain, _ := strings.Cut(string(email), "@")
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return `"` + local + `"@` + domain, nil
	}
	return string(email), nil
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// isDomain reports whether s consists of LDH labels (RFC 5890 §2.3.1).
func isDomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) < 1 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.IndexFunc(label, func(r rune) bool { return !isAlnum(r) && r != '-' }) >= 0 {
			return false
		}
	}
	return true
}
