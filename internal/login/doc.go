// Package login lets in a person with a user name and a password.
//
//	Attempt ─ ONE read: the user, the device, and all that may refuse the try     the same for every name
//	        ─ a place in the line for the hash, or "busy"; nothing is counted yet
//	        ─ ONE statement: count the try as failed, in its lane and for the name
//	        ─ one hash, also for names nobody has (no transaction open)
//	        ─ wrong: ONE transaction: charge the source, over all names
//	        ─ right: ONE transaction: session, device, counters back, audit
//
// Watch tells the administrators, seldom, that many tries fail. Failures look and
// take the same for all account states (S13). login knows no cookies and no
// pages, and never changes what a user may do.
package login
