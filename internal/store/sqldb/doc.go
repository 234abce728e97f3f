// Package sqldb runs statements on SQLite or PostgreSQL: connections,
// transactions, migrations, and what the two engines do differently.
//
//	Update ─ SQLite:     one writer connection; waiting functions share a commit
//	       ─ PostgreSQL: SERIALIZABLE, retried on serialization failures
//	View   ─ each statement sees what was committed before it
//
// It knows no table of the product; those are in package store, its only user.
package sqldb
