package dkim

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// Standing is what receivers make of the records at the name of a key.
type Standing string

// The standings.
const (
	Published Standing = "published" // they verify what the key signs
	Missing   Standing = "missing"
	Several   Standing = "several"  // the result is undefined (RFC 6376 §3.6.2.2)
	Revoked   Standing = "revoked"  // an empty p= (§3.6.1)
	OtherKey  Standing = "other"    // a sound record of another key
	Unusable  Standing = "unusable" // no verifier can use it for mail
	Testing   Standing = "testing"  // t=y: treat it as unsigned (§3.6.1)
)

// probe is a message to sign for the sake of the signature.
const probe = "From: probe@DOMAIN\r\nTo: probe@DOMAIN\r\nSubject: probe\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n" +
	"Message-ID: <probe@DOMAIN>\r\n\r\nprobe\r\n"

// Standing says what receivers make of text records found at the name of the
// key, by having a message of the key verified with them.
func (k Key) Standing(found []string) (Standing, error) {
	records := slices.DeleteFunc(slices.Clone(found), func(text string) bool { return !isRecord(text) })
	switch {
	case len(records) == 0:
		return Missing, nil
	case len(records) > 1:
		return Several, nil
	case tagOf(records[0], "p") == "":
		return Revoked, nil
	}
	signed, err := Sign([]byte(strings.ReplaceAll(probe, "DOMAIN", k.domain)), k)
	if err != nil {
		return "", err
	}
	verified, err := dkim.VerifyWithOptions(bytes.NewReader(signed), &dkim.VerifyOptions{
		LookupTXT: func(string) ([]string, error) { return records, nil },
	})
	ours, publicErr := k.Record()
	switch {
	case publicErr != nil:
		return "", publicErr
	case err == nil && len(verified) == 1 && verified[0].Err == nil && slices.Contains(strings.Split(tagOf(records[0], "t"), ":"), "y"):
		return Testing, nil
	case err == nil && len(verified) == 1 && verified[0].Err == nil:
		return Published, nil
	case tagOf(records[0], "p") == tagOf(ours, "p"):
		return Unusable, nil
	}
	return OtherKey, nil
}

// isRecord reports whether a text record is meant to hold a key: v= may be left
// out (RFC 6376 §3.6.1), and wildcards answer with anything.
func isRecord(text string) bool {
	if hasTag(text, "v") {
		return tagOf(text, "v") == "DKIM1"
	}
	return hasTag(text, "p")
}

func hasTag(record, name string) bool {
	for tag := range strings.SplitSeq(record, ";") {
		if n, _, found := strings.Cut(tag, "="); found && strings.TrimSpace(n) == name {
			return true
		}
	}
	return false
}

// tagOf is the value of a tag, in which white space means nothing.
func tagOf(record, name string) string {
	for tag := range strings.SplitSeq(record, ";") {
		if n, value, _ := strings.Cut(tag, "="); strings.TrimSpace(n) == name {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}
