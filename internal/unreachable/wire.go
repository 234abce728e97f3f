package unreachable

import (
	"context"
	"net/http"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
)

// Wire is a server that speaks Amazon Connect's API.
type Wire struct {
	*client.Client
	Title string // for the report
	// Own is whether it may be a server of this product: such a one tells all addresses at
	// once, and lets nobody take an administrator over by changing his.
	Own bool

	authority *authority // who may use emergency access; nil where nobody tells
}

// Name is the server's.
func (w Wire) Name() string { return w.Title }

// Instances reads a page of those of the Region.
func (w Wire) Instances(ctx context.Context, token string) ([]Instance, string, error) {
	found, next, err := w.InstancesPage(ctx, token)
	page := make([]Instance, len(found))
	for n, i := range found {
		page[n] = Instance{ID: i.ID, Alias: i.Alias, IdentityType: i.IdentityType, ARN: i.ARN, Status: i.Status}
	}
	return page, next, err
}

// usersPage is Amazon's limit of a page of ListUsers.
const usersPage = 1000

// told marks tokens of the list that tells everything.
const told = "told:"

// Users reads a page of everything from a server of this product. Where it does not know
// that operation, or the access key may not use it, and on Amazon Connect, it reads ids
// and names, and each has to be looked at.
func (w Wire) Users(ctx context.Context, i Instance, token string) ([]Person, string, error) {
	own, isOwn := strings.CutPrefix(token, told)
	if w.Own && (token == "" || isOwn) {
		page, next, err := w.addresses(ctx, i, own)
		code := aikagi.CodeOf(err)
		if err == nil || isOwn || code != aikagi.NotFound && code != aikagi.Forbidden {
			return page, next, err
		}
	}
	return w.names(ctx, i, token)
}

// addresses reads a page of what decides whether they can reset their password.
func (w Wire) addresses(ctx context.Context, i Instance, token string) ([]Person, string, error) {
	var found struct {
		Users []struct {
			ID       string   `json:"Id"`
			Username string   `json:"Username"`
			Email    string   `json:"Email"`
			Enabled  bool     `json:"Enabled"`
			Bounced  bool     `json:"Bounced"`
			Profiles []string `json:"SecurityProfileIds"`
		} `json:"Users"`
		NextToken string `json:"NextToken"`
	}
	path := client.Path("aikagi", "instances", i.ID, "user-addresses")
	err := w.Ask(ctx, client.Question{Method: http.MethodGet, Path: path, Query: client.Paging(usersPage, token)}, &found)
	page := make([]Person, len(found.Users))
	for n, u := range found.Users {
		page[n] = Person{
			ID: u.ID, Username: u.Username, Email: u.Email, Disabled: !u.Enabled, Bounced: u.Bounced, Profiles: u.Profiles, Whole: true,
		}
	}
	if found.NextToken != "" {
		found.NextToken = told + found.NextToken
	}
	return page, found.NextToken, err
}

// names reads a page of ids and names.
func (w Wire) names(ctx context.Context, i Instance, token string) ([]Person, string, error) {
	var found struct {
		Users []struct {
			ID       string `json:"Id"`
			Username string `json:"Username"`
		} `json:"UserSummaryList"`
		NextToken string `json:"NextToken"`
	}
	q := client.Question{Method: http.MethodGet, Path: client.Path("users-summary", i.ID), Query: client.Paging(usersPage, token)}
	err := w.Ask(ctx, q, &found)
	page := make([]Person, len(found.Users))
	for n, u := range found.Users {
		page[n] = Person{ID: u.ID, Username: u.Username}
	}
	return page, found.NextToken, err
}

// Look asks for one user.
func (w Wire) Look(ctx context.Context, i Instance, id string) (Person, error) {
	var found struct {
		User struct {
			ID       string `json:"Id"`
			Username string `json:"Username"`
			Identity struct {
				Email string `json:"Email"`
			} `json:"IdentityInfo"`
			Profiles []string `json:"SecurityProfileIds"`
		} `json:"User"`
	}
	err := w.Ask(ctx, client.Question{Method: http.MethodGet, Path: client.Path("users", i.ID, id)}, &found)
	return Person{
		ID: found.User.ID, Username: found.User.Username, Email: found.User.Identity.Email, Profiles: found.User.Profiles,
	}, err
}

// ReadIdentity reads the IdentityInfo of a user, every member of it.
func (w Wire) ReadIdentity(ctx context.Context, i Instance, id string) (Identity, error) {
	var found struct {
		User struct {
			Identity Identity `json:"IdentityInfo"`
		} `json:"User"`
	}
	err := w.Ask(ctx, client.Question{Method: http.MethodGet, Path: client.Path("users", i.ID, id)}, &found)
	return found.User.Identity, err
}

// WriteIdentity writes the whole IdentityInfo of a user.
func (w Wire) WriteIdentity(ctx context.Context, i Instance, id string, whole Identity) error {
	return w.Ask(ctx, client.Question{
		Method: http.MethodPost, Path: client.Path("users", i.ID, id, "identity-info"), Body: map[string]any{"IdentityInfo": whole},
	}, nil)
}

// Guards is whether nobody can take an administrator over by changing his address.
// Amazon has no such guard; a server of this product has (S26).
func (w Wire) Guards() bool { return w.Own }

// Profiles reads a page of security profiles, without what they permit.
func (w Wire) Profiles(ctx context.Context, i Instance, token string) ([]Profile, string, error) {
	var found struct {
		Profiles []struct {
			ID   string `json:"Id"`
			Name string `json:"Name"`
		} `json:"SecurityProfileSummaryList"`
		NextToken string `json:"NextToken"`
	}
	q := client.Question{Method: http.MethodGet, Path: client.Path("security-profiles-summary", i.ID), Query: client.Paging(usersPage, token)}
	err := w.Ask(ctx, q, &found)
	page := make([]Profile, len(found.Profiles))
	for n, p := range found.Profiles {
		page[n] = Profile{ID: p.ID, Name: p.Name}
	}
	return page, found.NextToken, err
}

// Permissions reads a page of what a profile permits.
func (w Wire) Permissions(ctx context.Context, i Instance, profile, token string) ([]string, string, error) {
	var found struct {
		Permissions []string `json:"Permissions"`
		NextToken   string   `json:"NextToken"`
	}
	q := client.Question{Method: http.MethodGet, Path: client.Path("security-profiles-permissions", i.ID, profile), Query: client.Paging(usersPage, token)}
	err := w.Ask(ctx, q, &found)
	return found.Permissions, found.NextToken, err
}
