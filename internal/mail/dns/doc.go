// Package dns asks a name server what receivers of mail ask: TXT, MX, addresses
// and the names of addresses.
//
//	question ─ UDP, again, TCP if it is cut ─ the answer to it, CNAMEs followed → records
//	                                        ├ no such name or record            → ErrNone
//	                                        └ no answer, SERVFAIL, a loop       → *Unanswered
//
// It asks the servers that the machine's resolver is set to, and never reads
// /etc/hosts: what stands there other machines do not see, and the name of a mail
// server usually stands there. It caches nothing and validates no DNSSEC.
package dns
