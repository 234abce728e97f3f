// Package unreachable finds the people who cannot reset their password, before they
// stand before a closed door: on this host's database, on an Aikagi server, or on
// Amazon Connect.
//
//	Finder ─ Source ─ instances, users, one look at each (at the pace of the quota)
//	   │        ├ Wire: a server that speaks Amazon Connect's API
//	   │        └ Database: that of this host
//	   ├ judge: what stands in somebody's way
//	   ├ Saved: what is known already, on disk as it comes; a second run goes on there
//	   ├ Look: who has which address, without the addresses, for who registers some later
//	   └ Report: JSON, CSV, a page, metrics, what changed
//	Mender ─ Registry ─ reads a user, writes him whole with another address, reads him again
//
// A finder only reads. Amazon Connect tells an address by DescribeUser alone, one user a
// request, twice a second for a whole account and Region; so the finder keeps to a
// share of that, steps back when it is told to, and asks for nothing twice.
package unreachable
