package unreachable

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// Emergency is who could enter an instance without being one of its users.
type Emergency struct {
	// Possible is null if it is not known. Of Amazon Connect it is about Asked alone: who
	// else may is known to nobody who looks at his own policies.
	Possible *bool    `json:"possible"`
	For      []string `json:"for"` // ARNs of those who may
	Asked    string   `json:"asked,omitempty"`
	// Missing is the permission without which it cannot be asked, or not be done.
	Missing string `json:"missing,omitempty"`
	// Conditions are context keys that a policy makes it depend on, such as
	// aws:MultiFactorAuthPresent.
	Conditions []string `json:"conditions,omitempty"`
	// Error is why else it is not known.
	Error string `json:"error,omitempty"`
}

// notKnown is an answer that says only why there is none.
func notKnown(asked, missing, why string) Emergency {
	return Emergency{For: []string{}, Asked: asked, Missing: missing, Error: why}
}

// Of Emergency.Error, beside the codes of errors.
const (
	notTold     = "not_told"     // the server has no operation that tells it
	notAskable  = "not_askable"  // the caller is neither a user nor a role
	unknownRole = "unknown_role" // IAM does not know the caller's user or role
	// organization: a policy of the organization forbids it, IAM says, which cannot always
	// tell what those mean for the account.
	organization = "organization"
)

// Emergency lists the principals of the account who may and have a way to sign in.
func (d Database) Emergency(ctx context.Context, i Instance) (Emergency, error) {
	var who []string
	err := d.Store.View(ctx, func(tx *store.Tx) (err error) {
		who, err = iam.WhoMay(ctx, tx, d.Region, iam.EmergencyAccess, aikagi.InstanceID(i.ID))
		return err
	})
	possible := len(who) > 0
	return Emergency{Possible: &possible, For: who}, err
}

// Emergency asks IAM about the caller, where there is one.
func (w Wire) Emergency(ctx context.Context, i Instance) (Emergency, error) {
	if w.authority == nil {
		return notKnown("", "", notTold), nil
	}
	return w.authority.judge(ctx, i.ARN), ctx.Err()
}

// authority is IAM, asked about one principal.
type authority struct {
	iam    client.IAM
	caller string // ARN, as STS tells it
	silent bool   // it did not answer, and is not waited for with every instance again
}

const (
	simulate = "iam:SimulatePrincipalPolicy"
	getRole  = "iam:GetRole"
	// formerName is that of emergency access until 2024-06-15, which Amazon still honours.
	formerName = "connect:GetFederationTokens"
)

// judge never fails: a report about thousands of people does not end because IAM was not
// to be reached from here.
func (a *authority) judge(ctx context.Context, instance string) Emergency {
	asked, what, known := principalOf(a.caller)
	switch {
	case !known:
		return notKnown(a.caller, "", notAskable)
	case what == "root": // no policy of the account binds it, and IAM simulates none for it
		possible := true
		return Emergency{Possible: &possible, For: []string{a.caller}, Asked: a.caller}
	}
	if a.silent {
		return notKnown(a.caller, "", string(aikagi.Unavailable))
	}
	decisions, err := a.simulate(ctx, asked, instance)
	if aikagi.CodeOf(err) == aikagi.NotFound && what == "role" {
		// The ARN of a session leaves out the path of its role, which those of single
		// sign-on have.
		var role string
		role, err = a.iam.RoleARN(ctx, asked[strings.LastIndex(asked, "/")+1:])
		if aikagi.CodeOf(err) == aikagi.Forbidden {
			return notKnown(a.caller, getRole, "")
		}
		if err == nil {
			decisions, err = a.simulate(ctx, role, instance)
		}
	}
	switch code := aikagi.CodeOf(err); {
	case err == nil:
		return a.decided(decisions)
	case code == aikagi.Forbidden:
		return notKnown(a.caller, simulate, "")
	case aikagi.ReasonOf(err) == "unknown_operation": // no IAM, but what stands in for Amazon
		return notKnown(a.caller, "", notTold)
	case code == aikagi.NotFound:
		return notKnown(a.caller, "", unknownRole)
	default:
		a.silent = code == aikagi.Unavailable
		return notKnown(a.caller, "", string(code))
	}
}

// simulate asks about both names of the action, and about the present one alone where IAM
// does not take the former any more.
func (a *authority) simulate(ctx context.Context, principal, instance string) ([]client.Decision, error) {
	decisions, err := a.iam.Simulate(ctx, principal, instance, iam.EmergencyAccess, formerName)
	if aikagi.CodeOf(err) == aikagi.Invalid {
		return a.iam.Simulate(ctx, principal, instance, iam.EmergencyAccess)
	}
	return decisions, err
}

// decided sums up: a Deny of either name shuts out, an Allow of either lets in. What is
// refused only because the question did not tell a condition is not known.
func (a *authority) decided(decisions []client.Decision) Emergency {
	is := func(kind string) bool {
		return slices.ContainsFunc(decisions, func(d client.Decision) bool { return d.Kind == kind })
	}
	if len(decisions) == 0 {
		return notKnown(a.caller, "", string(aikagi.Unavailable))
	}
	e := notKnown(a.caller, "", "")
	for _, d := range decisions {
		e.Conditions = slices.Concat(e.Conditions, d.Missing, d.MissingOf)
	}
	slices.Sort(e.Conditions)
	e.Conditions = slices.Compact(e.Conditions)
	possible := is(client.Allowed) && !is(client.ExplicitlyDenied)
	switch {
	case possible:
		e.For = []string{a.caller}
	case len(e.Conditions) > 0:
		return e
	case slices.ContainsFunc(decisions, func(d client.Decision) bool { return d.Organization != nil && !*d.Organization }):
		e.Error = organization
		return e
	default:
		e.Missing = iam.EmergencyAccess
	}
	e.Possible = &possible
	return e
}

// principalOf is the user or role behind the ARN of a caller, whose policies IAM can
// simulate, and which of them it is.
func principalOf(caller string) (arn, what string, known bool) {
	parts := strings.SplitN(caller, ":", 6) // arn:PARTITION:SERVICE::ACCOUNT:NAME
	if len(parts) != 6 {
		return "", "", false
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	switch {
	case kind == "user" && name != "":
		return caller, kind, true
	case kind == "root":
		return caller, kind, true
	case kind == "assumed-role" && name != "":
		role, _, _ := strings.Cut(name, "/") // then the name of the session
		return "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + role, "role", true
	}
	return "", "", false
}

// iamHome is where IAM lives in a Region's partition, and the Region that requests to it
// are signed for; another address may be named in the environment, as for the AWS tools.
func iamHome(region string) (endpoint, home string) {
	endpoint, home = "https://iam.amazonaws.com", "us-east-1"
	if strings.HasPrefix(region, "us-gov-") {
		endpoint, home = "https://iam.us-gov.amazonaws.com", "us-gov-west-1"
	}
	return cmp.Or(named("AWS_ENDPOINT_URL_IAM"), named("AWS_ENDPOINT_URL"), endpoint), home
}

// named is an address of the environment.
func named(name string) string { return strings.TrimSuffix(os.Getenv(name), "/") }
