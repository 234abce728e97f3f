// Package desk holds the operations that Amazon Connect lacks: who cannot reset
// the password, and the ways back in. They stand on paths and under action names
// of their own, and never change a shape of Amazon's.
//
//	GET  /aikagi/instances/{InstanceId}/unreachable-users             aikagi:ListUnreachableUsers
//	GET  /aikagi/instances/{InstanceId}/user-addresses                aikagi:ListUserAddresses
//	POST /aikagi/instances/{InstanceId}/users/{UserId}/reset-mail     aikagi:SendResetMail
//	POST /aikagi/instances/{InstanceId}/users/{UserId}/reset-card     aikagi:IssueResetCard
//	POST /aikagi/instances/{InstanceId}/users/{UserId}/end-sessions   aikagi:EndSessions
//	GET  /aikagi/instances/{InstanceId}/users/{UserId}/mail           aikagi:ListUserMail
//
// Requests are signed like all others, for the service "connect". The rules are
// those behind the pages; desk decides nothing.
package desk

import (
	"context"
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/reset"
)

// API is what the operations lean on.
type API struct {
	Directory *directory.Directory
	Resets    *reset.Resets
	Tokens    awsapi.Tokens
}

const base = "/aikagi/instances/{InstanceId}"

// Operations is the table.
func (a *API) Operations() []awsapi.Operation {
	of := base + "/users/{UserId}"
	return []awsapi.Operation{
		awsapi.Serve(row("ListUnreachableUsers", http.MethodGet, base+"/unreachable-users"), (*listRequest).touch, a.listUnreachable),
		awsapi.Serve(row("ListUserAddresses", http.MethodGet, base+"/user-addresses"), (*listRequest).touch, a.listAddresses),
		awsapi.Serve(row("SendResetMail", http.MethodPost, of+"/reset-mail"), (*userRequest).touch, a.sendResetMail),
		awsapi.Serve(row("IssueResetCard", http.MethodPost, of+"/reset-card"), (*userRequest).touch, a.issueResetCard),
		awsapi.Serve(row("EndSessions", http.MethodPost, of+"/end-sessions"), (*userRequest).touch, a.endSessions),
		awsapi.Serve(row("ListUserMail", http.MethodGet, of+"/mail"), (*userRequest).touch, a.listMail),
	}
}

func row(name, method, path string) awsapi.Operation {
	return awsapi.Operation{Name: name, Method: method, Path: path, Action: "aikagi:" + name}
}

type listRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

func (r *listRequest) touch() awsapi.Touch { return awsapi.Touch{Instance: r.InstanceID} }

type unreachableResponse struct {
	Users     []unreachableUser `json:"Users"`
	Total     int64             `json:"Total"` // of the instance, exact
	NextToken string            `json:"NextToken,omitempty"`
}

type unreachableUser struct {
	ID       string     `json:"Id"`
	ARN      aikagi.ARN `json:"Arn"`
	Username string     `json:"Username"`
	Reason   string     `json:"Reason"` // no_email
}

const mostUsers = 1000 // a page

// size is how many are asked for.
func (r *listRequest) size() (int, error) {
	if r.MaxResults == nil {
		return 100, nil
	}
	if n := int(*r.MaxResults); n >= 1 && n <= mostUsers {
		return n, nil
	}
	return 0, awsapi.OutOfRange("maxResults must be 1 to 1000")
}

func (a *API) listUnreachable(ctx context.Context, in *listRequest) (*unreachableResponse, error) {
	size, err := in.size()
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListUnreachableUsers", in.InstanceID)
	if err != nil {
		return nil, err
	}
	id := aikagi.InstanceID(in.InstanceID)
	found, err := a.Directory.ListUnreachable(ctx, id, aikagi.Username(after), size)
	if err != nil {
		return nil, err
	}
	out := &unreachableResponse{Users: make([]unreachableUser, len(found.Users)), Total: found.Total}
	scope := awsapi.CallerFrom(ctx).Scope(id)
	for i, u := range found.Users {
		arn := scope.ARN(aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)})
		out.Users[i] = unreachableUser{ID: string(u.ID), ARN: arn, Username: string(u.Username), Reason: "no_email"}
	}
	if found.More {
		out.NextToken = a.Tokens.Seal(ctx, out.Users[len(out.Users)-1].Username, "ListUnreachableUsers", in.InstanceID)
	}
	return out, nil
}

type userRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	UserID     string `json:"-" path:"UserId"`
}

func (r *userRequest) touch() awsapi.Touch {
	return awsapi.Touch{Instance: r.InstanceID, Resources: []aikagi.Resource{{Kind: aikagi.ResourceUser, ID: r.UserID}}}
}

func (r *userRequest) ids() (aikagi.InstanceID, aikagi.UserID) {
	return aikagi.InstanceID(r.InstanceID), aikagi.UserID(r.UserID)
}

type nothing struct{}

func (a *API) sendResetMail(ctx context.Context, in *userRequest) (*nothing, error) {
	instance, user := in.ids()
	return &nothing{}, a.Resets.SendLink(ctx, instance, user)
}

type cardResponse struct {
	// Link opens the way to a new password, once. It is shown here and kept nowhere.
	Link      string       `json:"Link"`
	ExpiresAt awsapi.Epoch `json:"ExpiresAt"`
}

func (a *API) issueResetCard(ctx context.Context, in *userRequest) (*cardResponse, error) {
	card, err := a.Resets.IssueCard(ctx, aikagi.InstanceID(in.InstanceID), aikagi.UserID(in.UserID))
	if err != nil {
		return nil, err
	}
	return &cardResponse{card.Link.Reveal(), awsapi.Epoch(card.ExpiresAt)}, nil
}

type endedResponse struct {
	Ended int64 `json:"Ended"`
}

func (a *API) endSessions(ctx context.Context, in *userRequest) (*endedResponse, error) {
	instance, user := in.ids()
	n, err := a.Directory.EndSessions(ctx, instance, user)
	return &endedResponse{n}, err
}

type mailResponse struct {
	Messages []message `json:"Messages"` // the newest first, up to 50
}

// message is a mail to the user and what became of it. Its content is sealed, and
// wiped once it is sent.
type message struct {
	ID        string       `json:"Id"`
	Kind      string       `json:"Kind"`
	To        string       `json:"To"`
	State     string       `json:"State"` // waiting, sending, sent, failed, dropped, bounced
	CreatedAt awsapi.Epoch `json:"CreatedAt"`
	DoneAt    awsapi.Epoch `json:"DoneAt,omitzero"`
	Attempts  int          `json:"Attempts"`
	LastReply string       `json:"LastReply,omitempty"` // of the mail server
}

const mostMail = 50

func (a *API) listMail(ctx context.Context, in *userRequest) (*mailResponse, error) {
	instance, user := in.ids()
	mails, err := a.Directory.MailOf(ctx, instance, user, mostMail)
	if err != nil {
		return nil, err
	}
	out := &mailResponse{Messages: make([]message, len(mails))}
	for i, m := range mails {
		out.Messages[i] = message{
			ID: string(m.Message.ID), Kind: string(m.Message.Kind), To: string(m.Message.To), State: string(m.Message.State),
			CreatedAt: awsapi.Epoch(m.Message.CreatedAt), DoneAt: awsapi.Epoch(m.Message.DoneAt),
			Attempts: len(m.Attempts), LastReply: m.Message.LastReply,
		}
	}
	return out, nil
}
