// Package iam decides what principals of the account may do.
//
//	policy documents ┐
//	principal        ├─ Evaluate ─ default deny → some Allow applies → no Deny applies → allowed
//	action, resource │
//	context keys     ┘
//
// A statement applies when its action, its resource and all its conditions
// match. Order does not matter: a Deny that applies wins wherever it stands.
//
// Parse reads documents strictly and names the line of what is wrong. Require
// and Judge load a principal's documents in the transaction that acts (S30) and
// evaluate them; Evaluate itself is a pure function of its arguments.
//
// iam reads no clock, keeps no cache, and never decides what a user of an instance may do; that is for
// security profiles.
package iam
