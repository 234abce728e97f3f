// Package connect holds the operations of Amazon Connect's API that manage people.
//
//	operations.go    the table: each operation once, with what it touches
//	instance.go …    one noun a file: its shapes on the wire, and its functions
//	search.go        what searches share: conditions, tags, pages
//
// Names, paths and meanings are those of Amazon Connect's API (version
// 2017-08-08). A function reads its input, calls one rule of the product, and
// writes the answer; it decides nothing. What Amazon answers and we do not know
// is left out of an answer, never made up.
package connect
