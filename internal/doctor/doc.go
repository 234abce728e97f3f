// Package doctor looks at an installation as it stands and says what needs
// care, and what to do about it.
//
//	settings ─ data ─ database ─ key ─┬ account, administrators, people without a way back
//	                                  ├ record chained, mail going out
//	                                  └ certificate, mail server, DKIM, SPF, DMARC, PTR, MX
//
// What the DNS says is judged as receivers of mail judge it; ExamineMail does
// that alone and says what to publish.
//
// What cannot be looked at because something before it is broken is left out: a
// database that does not open has one finding, not ten. It is opened as every
// command opens it, schema brought up to date; apart from that doctor repairs
// nothing and writes nothing.
package doctor
