// Package bounce takes in what comes back: reports of mail servers that a message
// could not be delivered (RFC 3464).
//
//	mbox, maildir, one message ─ Each ─ Parse: what kind of mail is it? ─ Take
//	  failed   → one transaction: message bounced, its link ended, the address marked,
//	             the request waits for an administrator, audit
//	  delayed  → a note beside the tries to send the message
//	  other    → counted: vacation notices and other automatic answers (RFC 3834),
//	             receipts, what people write
//
// A report names its message by the envelope sender that was made for it, which
// nobody can forge (mail.ReturnPath), or else by Message-ID and recipient. Taking
// the same report again changes nothing. bounce never answers a mail, so nothing
// it reads can make a loop.
package bounce
