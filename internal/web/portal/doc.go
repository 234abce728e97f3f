// Package portal is what people without rights meet: log in, forgot password,
// new password, and their own page.
//
//	GET  /forgot → POST /forgot → 303 /forgot/sent        the same for every name
//	GET  /reset/{token} → 303 /reset, secret in a cookie  spends nothing
//	POST /reset → 303 /reset/done → /login
//
// Each handler parses, calls one rule and answers. portal never looks a user up
// and never tells why a mail will not come, unless the instance chose to.
package portal
