// Package instance makes instances, keeps what is about a whole instance, and
// takes instances away again.
//
//	Create   ─ ONE transaction: row, security profiles, routing profile, queue, hours, levels, tags, record
//	Delete   ─ ONE transaction: the instance is unknown from now on, its alias free, record of the account
//	   ┄ only the mark crosses ┄   jobs → Clear ─ 500 rows a transaction until nothing is left, then the row
//
// What each operation asks for:
//
//	operation                             actor                               permission of a person
//	create, find, list, delete            the account: policies, host         – (nobody inside an instance)
//	attributes                            the account                         –
//	authentication profile                the account                         –
//	settings                              everybody                           every guarded power
//
// A request with a client token is answered the same when it comes again within a
// day; whoever deletes twice finds nothing the second time.
//
// instance never touches a single person; that is for package directory.
package instance
