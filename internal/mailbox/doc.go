// Package mailbox is a mail server on loopback that keeps what it receives in
// memory, for `aikagi demo` and for tests: the product sends through the same
// client as in earnest and the mail ends here.
//
// Some addresses force failures, by their local part:
//
//	temperror@…       451 at RCPT, every time
//	temperror-once@…  451 the first time, then taken
//	permerror@…       550 5.1.1 at RCPT
//
// Pause takes connections and never greets; Down refuses them.
//
// It never forwards, listens beyond this machine, or is reachable from `serve`.
package mailbox
