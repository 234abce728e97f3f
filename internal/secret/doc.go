// Package secret owns the key ring: the one key that lies outside the database,
// and everything that is derived from it.
//
//	key file ── LoadRing ──┬ Seal, Open   what must be read again (outbox bytes, access keys, challenges)
//	                       ├ MAC, Matches what is only compared (codes, answers, receipt numbers)
//	                       └ Check, Made  does this key belong to this database?
//	NewToken ── Digest                    links and sessions: 256 random bits, SHA-256 at rest; no key
//
// Each purpose has a key of its own, so that what was sealed for one cannot be
// opened as another. A file may hold several keys: the first seals, all open.
//
// It never writes to the database, never replaces a key file, and never prints
// a key.
package secret
