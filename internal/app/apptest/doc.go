// Package apptest starts the whole product for a test: a sample call centre in a
// directory of the test's own, a mailbox that catches its mail, and a clock that
// the test moves.
//
//	site := apptest.Start(t, apptest.Options{})
//	site.URL("/login")            pages, served on loopback
//	site.Login("editor")          people to log in as
//	site.Mailbox.Wait(…)          what they receive
//
// Nothing is faked but the clock, and no test shares anything with another.
package apptest
