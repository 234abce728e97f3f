// Package audit writes the record: one event a change, in the transaction of
// the change (S38). If the event cannot be written, the change does not happen.
//
//	Record ── in the caller's transaction: one row, unchained
//	Chain  ── a leased job: gives rows their number and chain, MACs checkpoints
//	Verify ── recomputes the chain and says up to where it vouches
//
// audit never updates an event and never holds a secret.
package audit
