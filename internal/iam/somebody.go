package iam

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// EmergencyAccess is the action of entering an instance without being one of its
// users.
const EmergencyAccess = "connect:AdminGetEmergencyAccessToken"

const principalsPage = 100

// SomebodyMay reports whether some enabled principal that has a way to sign in may
// do something on an instance. Conditions count as not met, because nobody knows
// when and from where it will be needed. The region is that of the call in ctx;
// without one there is nobody.
func SomebodyMay(ctx context.Context, tx *store.Tx, action string, instance aikagi.InstanceID) (bool, error) {
	call, ok := ctx.Value(callKey{}).(Call)
	if !ok {
		return false, nil
	}
	may := false
	err := whoMay(ctx, tx, aikagi.Scope{Region: call.Region, Instance: instance}, action, func(string) (more bool) {
		may = true
		return false
	})
	return may, err
}

// WhoMay lists the ARNs of all principals of whom SomebodyMay would say so, in the
// order of their names. It asks for no right: the host's own commands list them.
func WhoMay(ctx context.Context, tx *store.Tx, region, action string, instance aikagi.InstanceID) ([]string, error) {
	arns := []string{}
	err := whoMay(ctx, tx, aikagi.Scope{Region: region, Instance: instance}, action, func(arn string) (more bool) {
		arns = append(arns, arn)
		return true
	})
	return arns, err
}

// whoMay tells of one principal after the other, until that is enough.
func whoMay(ctx context.Context, tx *store.Tx, scope aikagi.Scope, action string, tell func(arn string) (more bool)) error {
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return err
	}
	scope.Account = account.ID
	asked := Request{Action: action, Resource: string(scope.InstanceARN())}
	after := ""
	for {
		page, err := tx.ListPrincipals(ctx, after, principalsPage)
		if err != nil {
			return err
		}
		for _, p := range page {
			asked.Principal = UserARN(account.ID, p.Name)
			may, err := couldDo(ctx, tx, p, asked)
			if err != nil || may && !tell(asked.Principal) {
				return err
			}
			after = p.Name
		}
		if len(page) < principalsPage {
			return nil
		}
	}
}

// couldDo reports whether a principal could sign in and do what is asked.
func couldDo(ctx context.Context, tx *store.Tx, p aikagi.Principal, asked Request) (bool, error) {
	if !p.Enabled {
		return false, nil
	}
	documents, err := Documents(ctx, tx, p.ID)
	if err != nil || !Evaluate(documents, asked).Allowed {
		return false, err
	}
	if p.PasswordHash != "" {
		return true, nil
	}
	keys, err := tx.ListAccessKeys(ctx, p.ID)
	return slices.ContainsFunc(keys, func(k aikagi.AccessKey) bool { return k.Enabled }), err
}
