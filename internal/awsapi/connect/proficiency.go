package connect

import (
	"context"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
)

type proficiency struct {
	Attribute string   `json:"AttributeName"`
	Value     string   `json:"AttributeValue"`
	Level     *float64 `json:"Level,omitzero"`
}

// proficienciesRequest is of the two operations that tell levels.
type proficienciesRequest struct {
	InstanceID    string        `json:"-" path:"InstanceId"`
	UserID        string        `json:"-" path:"UserId"`
	Proficiencies []proficiency `json:"UserProficiencies" required:""`
}

// takenOffRequest is of the one that takes off.
type takenOffRequest struct {
	InstanceID    string `json:"-" path:"InstanceId"`
	UserID        string `json:"-" path:"UserId"`
	Proficiencies []pair `json:"UserProficiencies" required:""`
}

type pair struct {
	Attribute string `json:"AttributeName"`
	Value     string `json:"AttributeValue"`
}

func (r *takenOffRequest) touch() awsapi.Touch { return withInstance(r.InstanceID, user(r.UserID)) }

func (r *proficienciesRequest) touch() awsapi.Touch {
	return withInstance(r.InstanceID, user(r.UserID))
}

func (r *proficienciesRequest) named() (aikagi.InstanceID, aikagi.UserID) {
	return aikagi.InstanceID(r.InstanceID), aikagi.UserID(r.UserID)
}

// levelled are the proficiencies with their levels, which are whole numbers that the
// wire writes as floats.
func (r *proficienciesRequest) levelled() ([]aikagi.Proficiency, error) {
	all := make([]aikagi.Proficiency, len(r.Proficiencies))
	for i, p := range r.Proficiencies {
		all[i] = aikagi.Proficiency{Attribute: p.Attribute, Value: p.Value}
		if p.Level == nil {
			return nil, awsapi.Invalid("UserProficiencies: Level is missing")
		}
		if all[i].Level = int(*p.Level); float64(all[i].Level) != *p.Level {
			return nil, aikagi.Because(aikagi.Invalid, "proficiencies", "level")
		}
	}
	return all, nil
}

func (a *API) associateUserProficiencies(ctx context.Context, in *proficienciesRequest) (*nothing, error) {
	all, err := in.levelled()
	if err != nil {
		return nil, err
	}
	instance, id := in.named()
	return done(a.Directory.AddProficiencies(ctx, instance, id, all))
}

func (a *API) updateUserProficiencies(ctx context.Context, in *proficienciesRequest) (*nothing, error) {
	all, err := in.levelled()
	if err != nil {
		return nil, err
	}
	instance, id := in.named()
	return done(a.Directory.ChangeProficiencies(ctx, instance, id, all))
}

func (a *API) disassociateUserProficiencies(ctx context.Context, in *takenOffRequest) (*nothing, error) {
	all := make([]aikagi.Proficiency, len(in.Proficiencies))
	for i, p := range in.Proficiencies {
		all[i] = aikagi.Proficiency{Attribute: p.Attribute, Value: p.Value}
	}
	return done(a.Directory.RemoveProficiencies(ctx, aikagi.InstanceID(in.InstanceID), aikagi.UserID(in.UserID), all))
}

// listOfUserRequest is what a list of something that a user has is asked with.
type listOfUserRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	UserID     string `json:"-" path:"UserId"`
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

func (r *listOfUserRequest) touch() awsapi.Touch { return withInstance(r.InstanceID, user(r.UserID)) }

type listUserProficienciesResponse struct {
	Proficiencies []proficiency `json:"UserProficiencyList"`
	NextToken     string        `json:"NextToken,omitempty"`
	modified
}

// listUserProficiencies tells when the user was changed last, which is not before
// his proficiencies were.
func (a *API) listUserProficiencies(ctx context.Context, in *listOfUserRequest) (*listUserProficienciesResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 100)
	if err != nil {
		return nil, err
	}
	place, err := a.Tokens.Open(ctx, in.NextToken, "ListUserProficiencies", in.InstanceID, in.UserID)
	if err != nil {
		return nil, err
	}
	u, all, err := a.Directory.ListProficiencies(ctx, aikagi.InstanceID(in.InstanceID), aikagi.UserID(in.UserID))
	if err != nil {
		return nil, err
	}
	out := &listUserProficienciesResponse{
		Proficiencies: []proficiency{}, modified: modified{awsapi.Epoch(u.UpdatedAt), awsapi.CallerFrom(ctx).Region},
	}
	start, _ := strconv.Atoi(place) // sealed by us; "" is the start
	for i := start; i < len(all); i++ {
		if i == start+size {
			out.NextToken = a.Tokens.Seal(ctx, strconv.Itoa(i), "ListUserProficiencies", in.InstanceID, in.UserID)
			break
		}
		level := float64(all[i].Level)
		out.Proficiencies = append(out.Proficiencies, proficiency{all[i].Attribute, all[i].Value, &level})
	}
	return out, nil
}
