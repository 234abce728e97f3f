// Command bench measures Aikagi against the goals of docs/performance.md.
//
//	go run ./internal/bench [-users 1000,100000] [-database sqlite,postgres] [-only P4,P6] [-write docs/performance.md]
//
// It builds the product with the tag bench (which alone accepts a fixed answer
// to a challenge), fills a database of each size, and runs `aikagi serve` as a
// process of its own on loopback:
//
//	bench ─ load ─▶ aikagi serve ─▶ SQLite file | PostgreSQL
//	   │               └─▶ sink: an SMTP server that takes everything
//	   ├─ load ─▶ null: net/http that answers 300 bytes of JSON
//	   └─ hashes and flushes of its own: what the machine can do
//
// Absolute times move with the machine, so a goal is a ratio of two figures of
// one run: the product's and the machine's own. All loops are bounded in count
// and time.
//
// bench never changes a limit or a setting to be quicker: where a limit counts
// the source of a request, requests come from many sources, as they do through
// a trusted proxy.
package main
