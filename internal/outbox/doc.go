// Package outbox holds the messages that wait to be sent, and sends them.
//
//	a rule ─ Post.PasswordChanged(…): rendered and sealed, no row touched
//	       ─ in its transaction: tx.InsertMessage     the message and its cause, or neither
//	       ─ Wake
//	job ─ claim with a lease and a fence ─ still wanted? ─ open, sign, hand over
//	    ─ sent | retry later | failed (audit; a reset request goes to the administrators)
//
// What a crash leaves behind: before the claim, a waiting message; after it, one
// whose lease runs out and that is sent again with the same Message-ID. outbox
// never decides that a mail is needed and never sends from memory.
package outbox
