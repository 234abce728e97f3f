// Package sigv4 checks AWS Signature Version 4, in the Authorization header or in
// the query (a presigned URL).
//
//	request → the one method → claim (who says he signed what, when, how long it holds)
//	        → canonical request → string to sign → signature with the secret of the
//	        named key → Identity
//
// An Identity comes from Verify alone, so whoever holds one has a checked
// signature in hand. What is checked is what was received: the path of the
// request line and the query, neither decoded nor cleaned before, and the body.
//
// The rules are those of "Create a signed AWS API request" in the IAM user
// guide, made stricter where a request could be read in two ways: every
// x-amz-* header must be signed, no header that counts and no parameter of a
// presigned URL may come twice, and paths with empty or dot segments are refused.
// A header signature holds for Window around its date, a presigned URL from
// Window before its date until the seconds it names have passed, seven days at
// most. UNSIGNED-PAYLOAD and the streaming modes are no way around the body.
//
// sigv4 does not sign, does not serve, and does not keep keys: nothing of a secret
// is remembered from one request to the next.
package sigv4
