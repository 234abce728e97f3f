package unreachable

import (
	"context"
	"net/http"

	"github.com/aikagi/aikagi/internal/awsapi/client"
)

// Wire is a server that speaks Amazon Connect's API.
type Wire struct {
	*client.Client
	Title   string // for the report
	Guarded bool   // nobody can take an administrator over by changing his address

	authority *authority // who may use emergency access; nil where nobody tells
}

// Name is the server's.
func (w Wire) Name() string { return w.Title }

// Whole is false: an address is told one by one.
func (w Wire) Whole() bool { return false }

// Instances reads a page of those of the Region.
func (w Wire) Instances(ctx context.Context, token string) ([]Instance, string, error) {
	found, next, err := w.InstancesPage(ctx, token)
	page := make([]Instance, len(found))
	for n, i := range found {
		page[n] = Instance{ID: i.ID, Alias: i.Alias, IdentityType: i.IdentityType, ARN: i.ARN}
	}
	return page, next, err
}

// usersPage is Amazon's limit of a page of ListUsers.
const usersPage = 1000

// Users reads a page of ids and names.
func (w Wire) Users(ctx context.Context, i Instance, token string) ([]Person, string, error) {
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
func (w Wire) Guards() bool { return w.Guarded }

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
