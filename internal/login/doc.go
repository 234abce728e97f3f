// Package login lets in a person with a user name and a password.
//
//	Attempt ─ ONE transaction: count the try as failed, read user and device    the same for every name
//	        ─ one hash, also for names nobody has (gated; no transaction open)
//	        ─ ONE transaction: session, device, counters back, audit             only on success
//
// Failures look and take the same for all account states (S13). login knows no
// cookies and no pages, and never changes what a user may do.
package login
