// Package admin shows the pages with which an instance's administrators look
// after its people: users, reset requests, security profiles, hierarchy, mail
// and audit records, settings.
//
//	door.Member ─ handler: parse ─ one rule of directory, securityprofile, reset
//	            ├ 303 with a flash
//	            ├ the form again, with what was typed and why not (400, 403, 409)
//	            └ a page that exists once: temporary password, reset card
//
// Secrets that are shown once are the answer of the POST itself, which is never
// stored by browsers (no-store): a redirect would have to keep them somewhere.
//
// admin decides nothing: it leaves out buttons whose rule would refuse, and the
// rule refuses anyway. It never reads the store.
package admin
