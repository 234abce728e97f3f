// Package awsapi is the door for programs that speak to AWS: requests signed
// with an access key, JSON or query bodies, AWS's names for errors.
//
//	request → route (the raw path) → whole body → signature → principal → limit
//	        → codec: path, query and body into the operation's input
//	        → iam.Call in the context → the operation → the rules, which judge the call
//	        → codec → answer with request id and Date
//
// An operation is one row of a table: name, method, path, action, what it touches
// and one function. The rows of Amazon Connect are in package connect; the one of
// STS is here, because clients of every service ask it first.
//
// A request has one way to say who it is: its signature, in the header or, of a
// presigned URL, in the query. Cookies mean nothing here, and nothing is served to
// who did not sign. awsapi decides nothing about rights; rules do, in the
// transaction that acts.
package awsapi
