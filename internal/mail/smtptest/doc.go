// Package smtptest is a mail server on loopback for tests that follows scripts
// instead of RFC 5321: it refuses, says nothing, lies, is slow, cuts the
// connection, or never stops talking.
//
//	s := smtptest.Start(t, smtptest.But("RCPT", "550 5.1.1 no such user"), smtptest.Script{})
//	…
//	s.Taken()     messages that the server said 250 to, or did not get to say it
//	s.Lines()     every line that came, those of messages too
//
// Connection n follows script n, and the last script holds for all that come
// after; the zero Script does everything right. Only tests import it.
package smtptest
