// Package smtpclient hands one signed message to the configured mail server
// and says, in a form that the outbox can decide on, what became of it.
//
//	dial ─ greeting ─ EHLO ─ STARTTLS ─ EHLO ─ AUTH ┬ MAIL ─ RCPT ─ DATA ─ body ─ final dot ─ reply
//	                                                └──────────── RSET before the next message ┘
//
// Every step has its own time limit, every reply is bounded in line length and
// number of lines, and nothing is sent in clear text to another machine. Of the
// extensions a server offers only STARTTLS and AUTH are used: messages are
// 7-bit and addresses ASCII, so a server that lacks or misstates 8BITMIME,
// SMTPUTF8, SIZE or PIPELINING changes nothing.
//
// The protocol is written out here instead of taken from a library because the
// rules need what the available clients do not give: a limit on the number of
// reply lines, refusal of text injected before the TLS handshake, a check of
// the address at connection time, a context, and the difference between a
// connection lost before and after the final dot.
//
// It never retries, paces, signs or stores: that is the outbox's.
package smtpclient
