// Package securityprofile says who may do what inside an instance: the union
// of a user's security profiles, the guarded powers, and the rule that the
// last way in stays.
//
//	rule ─ Update ─ Of(ctx, tx, instance) → Rights ─ Require, MayChangeWaysIn, MayGive
//	                └ the change ─ KeepRepairer: somebody can still repair
//
// Rights are read in the transaction that acts (S30) and never kept. Account
// principals have none here: they are judged by their policies (package iam).
package securityprofile
