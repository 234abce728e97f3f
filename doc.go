// Package aikagi holds the nouns of a contact centre's identity desk and the
// rules that need nothing but those nouns: who a user is, what a security
// profile permits, what a reset token is, which error means what.
//
// It imports no other package of this module. It never stores, sends, renders
// or listens.
package aikagi
