// Package backup writes the whole database into one encrypted file and fills an
// empty database from it, on either engine from either engine.
//
//	Write   ─ one read snapshot ─ rows, table by table ─ gzip ─ sealed chunks
//	Check   ─ decrypts and counts everything, writes nothing
//	Restore ─ Check ─ ONE transaction: empty? ─ rows ─ secrets ended ─ audit row
//
// A file is a header, which wraps a key of its own with a passphrase or with
// the master key, and chunks of 64 KiB, each sealed under its number; the last
// says that it is the last, so a cut file is noticed. Inside, each line is a
// JSON array: the manifest, then for each table its columns and its rows, then
// the counts.
//
// Sessions, links, cards and what limits count are not in the file, and what
// could still be used of the rest is ended while it is restored (R6). The master
// key is never in it (decision 20): without the key file a restored database
// can be read, but what is sealed in it cannot.
package backup
