// Package mails keeps what is to be sent and what became of it: messages, the tries to
// send them, the pause while the mail server takes nothing, and what came back.
//
// It is a part of the store under a name of its own, as package plane is. Only
// store uses it; everybody else finds its methods on a store.Tx.
package mails

import "github.com/aikagi/aikagi/internal/store/sqldb"

// Outbox are the tables of messages in one transaction.
type Outbox struct{ *sqldb.Tx }
