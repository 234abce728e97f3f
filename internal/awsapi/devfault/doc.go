// Package devfault lets a test ask the emulator for faults: throttling as on AWS,
// conflicts, answers that fail, slow creation, short pages, latency.
//
//	PUT  /aikagi/dev/faults   a Plan as JSON; GET reads what is left of it      ┐
//	PUT  /aikagi/dev/clock    what the clock shows and whether it moves; GET    ├ Control, unsigned
//	POST /aikagi/dev/reset    back to the state of the start                    ┘
//	signed request ─ awsapi checks the signature ─ Layer.Around ─ latency ─ throttle ─ fail ─ conflict ─ operation
//
// Only dev puts a Layer before the operations and serves a Control; serve has no
// way to either (S41, TestS41OnlyDevReachesItsTools). devfault knows operations by
// their names and answers as JSON; it never looks into the database.
package devfault
