// Package sheet takes tables of users in and gives them out: what a table would
// do, carrying it out, at once or as a job, and the table of everybody.
//
//	page ─ KeepImport ─ ONE row: the file                        PlanImport says what it would do
//	page ─ StartImport ─ the row says "running"; the job is woken
//	job  ─ WorkImports ─ ONE transaction a batch: rows judged and stored one by one, the position
//	                   ─ refused as a whole: each row in a transaction of its own
//	command ─ ImportNow ─ the same batches, without the row
//	page, command ─ Export ─ a page of users a transaction
//
//	operation          permission
//	plan, keep         Users.View, and Users.Create or Users.Edit
//	start, run         Users.View, one's own import; each row what the edit asks for that it is
//	read an import     Users.View, one's own
//	export             Users.View
//
// What a row may do is decided by internal/directory, by the rules of a single
// edit (S23, S30); what is refused becomes a problem of the row. sheet never
// writes a user, and never reads a password from a table or writes one into it.
package sheet
