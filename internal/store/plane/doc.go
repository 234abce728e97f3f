// Package plane keeps the account plane: the account, its principals and access
// keys, their policies, and who is signed in at the console.
//
// It is a part of the store under a name of its own, because the two planes
// share no rows (decision 14). Only store uses it; everybody else finds its
// methods on a store.Tx. It knows nothing of instances.
package plane

import "github.com/aikagi/aikagi/internal/store/sqldb"

// Rows are the rows of the account plane in one transaction.
type Rows struct{ *sqldb.Tx }
