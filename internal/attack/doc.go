// Package attack tries the product as those whom security.md is afraid of: a
// page in the same browser, an agent, an editor, a neighbour, a thief of a
// session. Every table is made from the product itself, so that a route that is
// added tomorrow is attacked tomorrow.
//
//	routes    read from the source of internal/web       C17, S16, S29
//	people    every kind of actor, with a session each   S25, S26, S15
//	wire      operations of the API, by programs          S25, S30, S35
//	texts     one hostile text in every stored field     I01, E11
//
// Requests go through the whole handler in memory; the rows of the database are
// compared before and after. It holds tests only.
package attack
