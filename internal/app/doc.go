// Package app puts the product together. It alone knows every other package;
// Build reads as a table of contents.
//
//	Build ─ store, keys, rules, pages, jobs
//	Serve ─ listen, run the jobs, stop gracefully
//	Demo  ─ the same with a sample call centre and a mailbox of its own
//
// app decides nothing about people, rights or mail.
package app
