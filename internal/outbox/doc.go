// Package outbox holds the messages that wait to be sent, and sends them.
//
//	a rule ─ Post.PasswordChanged(…): rendered and sealed, no row touched
//	       ─ in its transaction: tx.InsertMessage     the message and its cause, or neither
//	       ─ Wake
//	job ─ claim with a lease and a fence ─ still wanted? ─ open, sign, hand over
//	    ─ sent | retry later | failed, too late (audit; a reset request goes to the administrators)
//
// Useful mail goes first: the newest links, then notices in their order. A failure
// that would meet every message pauses them all; then one message at a time finds
// out whether the server is back, every 40 s at most, or, where it refuses our
// login, every 15 min. The pause is a row, so it holds on every node, and
// administrators see it.
//
// What a crash leaves behind: before the claim, a waiting message; after it, one
// whose lease runs out and that is sent again with the same Message-ID. outbox
// never decides that a mail is needed and never sends from memory.
package outbox
