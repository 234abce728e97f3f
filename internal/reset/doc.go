// Package reset lets a locked-out person back in.
//
//	Ask     page: challenge, limits, ONE row: the request     the same for every name
//	  ┄ only the request row crosses ┄
//	Answer  job: nobody, disabled, no address: the request waits for an administrator,
//	        else ONE transaction: token digest + sealed message + audit
//	  ┄ only the message, and later the link, cross ┄
//	Look    GET: shows the form, spends nothing
//	Confirm POST: ONE transaction: spend, new hash, end sessions and other secrets, audit, notice
//
// SendLink, IssueCard, Invite and SetTemporary are the ways that an
// administrator opens; Mend closes a request that waited for one. All secrets
// follow the same rules (S6, S12). reset never sends mail; it leaves a row in
// the outbox.
package reset
