// Package store keeps everything that outlives a request, on SQLite or on
// PostgreSQL, with one query text for both.
//
// Reads go through View, writes through Update. The function given to Update
// may run more than once and must touch rows only: no hashing, no rendering,
// no dialling, no second Update.
//
//	View, Update, Claim, Snapshot ─ Tx ─ Find…, List…, Insert…, Update…, Delete… ─ sqldb
//
// One file per noun; the query stands beside the function that scans it. What
// differs between the engines is in package sqldb, in dialect.go. The store
// never decides who may do something and never looks at the clock.
package store
