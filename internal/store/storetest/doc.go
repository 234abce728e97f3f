// Package storetest gives tests databases of their own, on both engines.
//
//	Open      a migrated store, closed and removed when the test ends
//	Each      runs a test on SQLite and on PostgreSQL
//	URL       the same database for several stores: nodes, or a second start
//	Postgres  an empty PostgreSQL database, from a throw-away cluster
//	Instance, User, Profile  rows to work with, past the rules
//
// Only tests import it. It never shares a database between two tests.
package storetest
