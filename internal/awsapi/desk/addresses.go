package desk

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
)

// addressesResponse tells of everybody what decides whether he can reset his password.
// Amazon tells it of one user a request, and not of who is disabled or whose mail came
// back; it has an action of its own, because it tells all addresses at once.
type addressesResponse struct {
	Users     []addressedUser `json:"Users"`
	NextToken string          `json:"NextToken,omitempty"`
}

type addressedUser struct {
	ID       string                     `json:"Id"`
	ARN      aikagi.ARN                 `json:"Arn"`
	Username string                     `json:"Username"`
	Email    string                     `json:"Email,omitempty"`
	Enabled  bool                       `json:"Enabled"`
	Bounced  bool                       `json:"Bounced"` // mail to the address came back
	Profiles []aikagi.SecurityProfileID `json:"SecurityProfileIds"`
}

func (a *API) listAddresses(ctx context.Context, in *listRequest) (*addressesResponse, error) {
	size, err := in.size()
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListUserAddresses", in.InstanceID)
	if err != nil {
		return nil, err
	}
	id := aikagi.InstanceID(in.InstanceID)
	users, more, err := a.Directory.ListAddresses(ctx, id, aikagi.Username(after), size)
	if err != nil {
		return nil, err
	}
	out := &addressesResponse{Users: make([]addressedUser, len(users))}
	scope := awsapi.CallerFrom(ctx).Scope(id)
	for i, u := range users {
		out.Users[i] = addressedUser{
			ID: string(u.ID), ARN: scope.ARN(aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}),
			Username: string(u.Username), Email: string(u.Email), Enabled: u.Enabled, Bounced: !u.EmailBouncedAt.IsZero(),
			Profiles: append([]aikagi.SecurityProfileID{}, u.SecurityProfileIDs...), // never null
		}
	}
	if more {
		out.NextToken = a.Tokens.Seal(ctx, out.Users[len(out.Users)-1].Username, "ListUserAddresses", in.InstanceID)
	}
	return out, nil
}
