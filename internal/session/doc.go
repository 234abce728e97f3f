// Package session keeps who is logged in to an instance.
//
//	login, emergency ─ Open: a new secret for the browser, its digest in a row
//	every request    ─ Find: one indexed read, no write
//	jobs             ─ Flush: last use, at most every 5 minutes, in batches
//
// A session ends by removing its row, so log-out, disabling and lost rights
// hold at the next request on every node. session never caches one.
package session
