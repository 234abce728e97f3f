// Package emergency lets a principal of the account into an instance whose own
// administrators are gone, and mends what kept them out.
//
//	console ─ Begin: policy judged, reason ─ grant row, secret (60 s, once)
//	   ┄ only the secret crosses ┄
//	instance ─ Start: policy judged again ─ ONE transaction: grant spent, session
//	           (30 min), audit, a mail to each administrator and to the account
//	         ─ Findings, RecreateAdminProfile, the pages of administrators
//	         ─ End, or 30 minutes after the start
//
// The session is nobody's: it has all rights of the instance and is no user, so
// it cannot act as one (S31). Mails are rows of the outbox; whether a mail
// server works does not matter. emergency never prolongs a grant.
package emergency
