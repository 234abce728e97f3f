// Package devmail shows what the mailbox of a demo received: a list, each mail
// as text, HTML and source, and the same as JSON for tests.
//
// It is wired in by demo alone; serve cannot reach it (S41).
package devmail
