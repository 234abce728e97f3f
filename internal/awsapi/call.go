package awsapi

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/iam"
)

// Caller is who signed a request. It exists only as the result of a checked
// signature (S34).
type Caller struct {
	Account   aikagi.AccountID
	Principal aikagi.Principal
	Region    string
}

// ARN names the caller, as IAM does.
func (c Caller) ARN() string { return iam.UserARN(c.Account, c.Principal.Name) }

// Scope is the part of ARNs that is the same for everything of an instance.
func (c Caller) Scope(instance aikagi.InstanceID) aikagi.Scope {
	return aikagi.Scope{Region: c.Region, Account: c.Account, Instance: instance}
}

type callerKey struct{}

// CallerFrom returns who signed the request; operations run behind the check, so
// there is always one.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller) // of nobody: no account, no rights
	return c
}

// withCall puts what is asked for beside the actor, for the rules to judge.
func withCall(ctx context.Context, op Operation, t Touch) context.Context {
	return iam.WithCall(ctx, iam.Call{
		Action: op.Action, Region: CallerFrom(ctx).Region, Instance: aikagi.InstanceID(t.Instance),
		Resources: t.Resources, Context: t.Context,
	})
}
