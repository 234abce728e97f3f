// Package account keeps the account plane: the account itself, the principals
// that act on it, their passwords, second factors, access keys and policies,
// and who is signed in to the console.
//
//	first start ─ Bootstrap ─ set-up link (15 min, once) ─ Claim: the first principal
//	sign in     ─ Count ─ Verify ─ TOTP step spent ─ session            one transaction
//	aikagi console ─ signed request ─ ConsoleLink (60 s, once) ─ SignInByLink
//	every other rule ─ Update ─ iam.Require(action on ARN) ─ change ─ audit
//
// Nobody types somebody else's password: a new principal, and one that lost its
// way in, gets a link and chooses one. The last principal that can administer
// the account stays (G10); only a command on the host may go further.
//
// account never decides what happens inside an instance, and its sessions are
// good for nothing there.
package account
