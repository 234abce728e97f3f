// Package jobs runs background work: each loop wakes when told or after its
// interval, and works until nothing is due.
//
//	request ─ commit ─ Wake() ┐
//	                          ├→ loop: claim, work, record … until idle
//	interval ────────────────┘
//
// What is to be done is in rows, never in memory, so any node may do it and a
// restart loses nothing; waking only saves waiting. jobs knows nothing of what
// the work is, and starts no goroutine that Stop does not wait for.
package jobs
