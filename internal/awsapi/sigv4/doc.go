// Package sigv4 checks AWS Signature Version 4 in the Authorization header.
//
//	request → claim (who says he signed what, when) → canonical request
//	        → string to sign → signature with the secret of the named key → Identity
//
// An Identity comes from Verify alone, so whoever holds one has a checked
// signature in hand. What is checked is what was received: the path of the
// request line and the query, neither decoded nor cleaned before.
//
// The rules are those of "Create a signed AWS API request" in the IAM user
// guide, made stricter where a request could be read in two ways: every
// x-amz-* header must be signed, no header that counts may come twice, and
// paths with empty or dot segments are refused.
//
// sigv4 does not sign, does not serve, does not keep keys, and does not take
// signatures in the query (presigned URLs).
package sigv4
