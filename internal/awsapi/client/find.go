package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/aikagi/aikagi"
)

// Instance is one of a Region's instances.
type Instance struct {
	ID           string `json:"Id"`
	ARN          string `json:"Arn"`
	Alias        string `json:"InstanceAlias"`
	IdentityType string `json:"IdentityManagementType"`
	Status       string `json:"InstanceStatus"`
}

// instancesPage is Amazon's limit.
const instancesPage = 10

// Instances lists all instances of the Region.
func (c *Client) Instances(ctx context.Context) ([]Instance, error) {
	var all []Instance
	for token := ""; ; {
		page, next, err := c.InstancesPage(ctx, token)
		if err != nil {
			return nil, err
		}
		if all, token = append(all, page...), next; token == "" {
			return all, nil
		}
	}
}

// InstancesPage reads a page behind a token; "" is the start, and the end.
func (c *Client) InstancesPage(ctx context.Context, token string) (page []Instance, next string, err error) {
	var found struct {
		Instances []Instance `json:"InstanceSummaryList"`
		NextToken string     `json:"NextToken"`
	}
	err = c.Ask(ctx, Question{Method: http.MethodGet, Path: "/instance", Query: Paging(instancesPage, token)}, &found)
	return found.Instances, found.NextToken, err
}

// Paging asks for a page of a size behind a token.
func Paging(size int, token string) url.Values {
	q := url.Values{"maxResults": {strconv.Itoa(size)}}
	if token != "" {
		q.Set("nextToken", token)
	}
	return q
}

// FindInstance finds an instance by alias or id, or the only one. NotFound if there is
// none, Conflict if there are several and none is named.
func (c *Client) FindInstance(ctx context.Context, name string) (Instance, error) {
	all, err := c.Instances(ctx)
	if err != nil {
		return Instance{}, err
	}
	for _, i := range all {
		if i.Alias == name || i.ID == name {
			return i, nil
		}
	}
	switch {
	case name != "":
		return Instance{}, aikagi.E(aikagi.NotFound, "instance", nil)
	case len(all) == 0:
		return Instance{}, aikagi.Because(aikagi.NotFound, "instance", "none")
	case len(all) > 1:
		return Instance{}, aikagi.Because(aikagi.Conflict, "instance", "several")
	}
	return all[0], nil
}

// User is somebody who was found by his name.
type User struct {
	ID       string `json:"Id"`
	Username string `json:"Username"`
	Identity struct {
		FirstName string `json:"FirstName"`
		LastName  string `json:"LastName"`
	} `json:"IdentityInfo"`
}

// FindUser finds a user of an instance by user name or id. NotFound if there is none.
func (c *Client) FindUser(ctx context.Context, instance, name string) (User, error) {
	if id, bad := aikagi.ParseID("user", name); bad == nil {
		var found struct {
			User User `json:"User"`
		}
		err := c.Ask(ctx, Question{Method: http.MethodGet, Path: Path("users", instance, id)}, &found)
		return found.User, err
	}
	type condition struct {
		Field      string `json:"FieldName"`
		Value      string `json:"Value"`
		Comparison string `json:"ComparisonType"`
	}
	asked := map[string]any{
		"InstanceId":     instance,
		"SearchCriteria": map[string]any{"StringCondition": condition{"Username", name, "EXACT"}},
	}
	var found struct {
		Users []User `json:"Users"`
	}
	err := c.Ask(ctx, Question{Method: http.MethodPost, Path: "/search-users", Body: asked}, &found)
	if err == nil && len(found.Users) == 0 {
		err = aikagi.E(aikagi.NotFound, "user", nil)
	}
	if err != nil {
		return User{}, err
	}
	return found.Users[0], nil
}
