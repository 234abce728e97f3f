// Package site keeps what is about a whole instance and not about people: the
// queue and the hours that it came with, its attributes and authentication profile,
// and how it is taken away. Its row is read in the store, where everybody needs it.
//
// It is a part of the store under a name of its own, as package plane is. Only
// store uses it; everybody else finds its methods on a store.Tx.
package site

import "github.com/aikagi/aikagi/internal/store/sqldb"

// Tables are those of an instance in one transaction.
type Tables struct{ *sqldb.Tx }
