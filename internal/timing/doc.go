// Command timing measures whether anybody learns from the clock who exists
// (S1, S13; cases A02 and C02).
//
//	go run ./internal/timing [-n 5000] [-only asking,logins,old] [-database sqlite|postgres://…] [-write docs/timing.md]
//
// It builds the product with the tag bench (which alone accepts a fixed answer
// to a challenge), fills a database with accounts in every state, and runs
// `aikagi serve` as a process of its own on loopback. One client then meets all
// states of a group in turn, in blocks, each block in another order:
//
//	block ─ 50 × unknown, unknown again, with address, without, disabled … shuffled
//	      ─ median − median of the baseline; Mann–Whitney's AUC against it
//
// What drifts over minutes, because others use the machine, is in both sides of
// a block. The interval comes from how much blocks differ, and "unknown again" is
// the control: it shows how large a difference is that means nothing.
//
// timing never fails a build: clocks on shared machines do not decide anything.
package main
