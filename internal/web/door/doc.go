// Package door stands before every page of an instance: it finds the instance
// that the address names and the session that the cookie proves, and tells the
// rules, through the context, who acts.
//
//	request ─ alias → instance ─ cookie → session → user, or emergency grant
//	        ─ Public: everybody · Member: whoever is logged in, else the login page
//	        ─ handler(w, r, Here)
//
// It decides nothing about rights: Here only lets a page leave out buttons that
// a rule would refuse.
package door
