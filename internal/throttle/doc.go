// Package throttle makes guessing and flooding slow without locking anybody
// out.
//
//	logins:  a lane is name × source; known devices have lanes of their own;
//	         ten tries, then waits that double from 30 s to 1 h (S14)
//	sources: 300 failures over all names and then one every 12 s, known devices
//	         aside; a success takes back what its own lane cost (C05)
//	limits:  so many of something per name, source or overall (S3), counted by
//	         the generic cell rate algorithm in one statement
//
// Counters are rows, so they hold across nodes and restarts; keys are digests
// under the master key, so no typed name is stored. throttle never looks a
// user up: an unknown name waits like a known one.
package throttle
