// Package dkim signs messages with DomainKeys Identified Mail (RFC 6376), and
// says what has to be published in DNS for that.
//
//	Sign: rsa-sha256 (2048 bits and up) or ed25519-sha256 (RFC 8463),
//	      relaxed/relaxed, no l=, every signed field listed once more than it
//	      stands in the message
//
// It never looks anything up, verifies or sends.
package dkim
