// Package walk finds users by what indexes know of them, for searches whose
// conditions are a tree.
//
//	Track ─ WalkUsers ─ a page of persons, each with the place behind it
//	                   ─ ProfilesOf, TagsOf, ProficienciesOf: what else may be asked of them
//
// It is a part of the store under a name of its own. It reads little of a user,
// because most of those who are looked at are not shown, and it decides nothing:
// a track may hold more users than a condition means, and never fewer.
package walk

import "github.com/aikagi/aikagi/internal/store/sqldb"

// Tracks are the ways to users in one transaction.
type Tracks struct{ *sqldb.Tx }
