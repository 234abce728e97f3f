// Package resettest puts the ways in and back in together for tests: rules on a
// real database, a mail server that keeps what it gets, and a clock that the
// test sets. No job runs by itself; Work does what is due.
//
//	w := resettest.New(t, storetest.Open(t, store.SQLite))
//	sato := w.User(t, "sato")
//	ticket := w.Asks(t, "sato")
//	w.Work(t)
//	link := w.Link(t, sato.Email)
//
// Only tests import it.
package resettest
