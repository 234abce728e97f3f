// Package spamtest asks two spam filters what they think of a mail, as a
// receiver's mail server would ask them: SpamAssassin and rspamd, each of its
// own process, with the rules of the Debian packages and a name server of the
// test instead of the world's.
//
//	Sender ─ Publish   A, PTR, MX, SPF, DKIM, DMARC into a dnstest.Server
//	       ─ Received  the mail with the lines that its way adds
//	SpamAssassin, Rspamd → Verdict: score, and the rules that fired
//
// What a filter on the internet knows beside its rules is not asked: lists of
// bad addresses, learnt words, the reputation of the sender. Where a filter is
// not installed the test is skipped, or fails if AIKAGI_REQUIRE_MAIL_TOOLS=1.
// Only tests import it.
package spamtest
