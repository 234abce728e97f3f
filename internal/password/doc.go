// Package password owns what becomes of a password: whether it may be set, how
// it is hashed, and whether a typed one is right.
//
//	set:   Policy.Check → Gate.Hash   → PHC string, kept by the caller
//	check: Gate.Verify  → right or not; Outdated → hash again while the text is at hand
//
// A password is what its characters are after Unicode NFC, and nothing beyond:
// no case, width or space is folded, nothing is cut (S17). Everything is
// measured before any work is done with it.
//
// Hashing goes through a Gate and through nothing else, because each hash takes
// 19 MiB and a core: see Gate. It never stores anything, counts no failures and
// knows no users; a user without a password costs as much as one with (S13).
package password
