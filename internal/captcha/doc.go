// Package captcha owns the challenge on the pages that anybody may post to: it
// makes one, shows it in three ways, and says whether it was met.
//
//	GET   Issue → token, in the form and in the addresses of picture and sound
//	      Image(token), Sound(token), PoW(token): three ways to the same end
//	POST  Check(token, answer) → id and expiry ┄ the caller spends the id in its transaction
//
// The token holds everything, sealed: purpose, instance, expiry, the answers and
// the difficulty. An anonymous GET therefore writes nothing, and any node can
// show and check what another one issued.
//
// Picture and sound have answers of their own, so that neither gives away the
// other. Proof of work is always there: WCAG 2.2 SC 3.3.8 covers recovery, and
// copying characters from a picture or a sound is a cognitive function test.
//
// A challenge does not stop robots, it makes them pay; the limits of package
// throttle stop them. It never remembers a token and never writes to the
// database.
package captcha
