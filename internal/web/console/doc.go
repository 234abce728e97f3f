// Package console serves the account console, and the two pages of an instance
// that emergency access leads to.
//
//	/account/setup/{token}   set-up link, invitation ─ 303 ─ form ─ POST spends it
//	/account/login           name, password, code of the authenticator app
//	/account/link/{token}    link of "aikagi console" ─ 303 ─ button ─ POST spends it
//	/account, /account/…     instances, principals, keys, policies, record
//	/account/api/console-link  POST, SigV4 for the service "aikagi": a new link as JSON
//	  ┄ only the hand-over secret crosses ┄
//	/i/{alias}/emergency/{token} ─ 303 ─ button ─ POST spends it ─ /i/{alias}/repair
//
// A signed-in browser of the console is nobody in an instance, and the other way
// round: the cookies have different names and lead to different tables (G08,
// G11). The console never decides who may do what; it shows what rules answer,
// and for a refusal which action is missing.
package console
