package smtptest

import (
	"crypto/tls"
	"strings"
	"time"
)

// Script says how the server behaves on one connection. The zero one is polite.
type Script struct {
	Greeting string // instead of 220
	// Reply answers a command line; "." stands for the end of a message, "body"
	// for each line of it. Nil is Polite.
	Reply       func(line string) string
	Certificate *tls.Certificate // for STARTTLS, or from the first octet with Implicit
	Implicit    bool
	Inject      string        // said in clear right after the 220 to STARTTLS
	Pace        time.Duration // before each octet that the server sends
}

// What a reply may be instead of words.
const (
	// Drop closes the connection; behind a reply, after it was said.
	Drop = "\x00drop"
	// Silence says nothing and waits.
	Silence = "\x00silence"
	// Endless says a reply that never ends.
	Endless = "\x00endless"
)

// Polite does everything right.
func Polite(line string) string {
	switch verb(line) {
	case "EHLO":
		return "250-mx.example\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"
	case "STARTTLS":
		return "220 go ahead"
	case "AUTH":
		return "235 2.7.0 welcome"
	case "DATA":
		return "354 go on"
	case ".":
		return "250 2.0.0 queued"
	case "QUIT":
		return "221 bye"
	case "BODY":
		return ""
	}
	return "250 2.1.0 ok"
}

// But is polite except for one verb.
func But(word, reply string) Script {
	return Script{Reply: func(line string) string {
		if verb(line) == word {
			return reply
		}
		return Polite(line)
	}}
}

// Greets is polite behind another greeting.
func Greets(greeting string) Script { return Script{Greeting: greeting} }

func verb(line string) string {
	word, _, _ := strings.Cut(strings.ToUpper(line), " ")
	return word
}
