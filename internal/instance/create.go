package instance

import (
	"context"
	"strconv"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// BasicRoutingProfile is the routing profile that a new instance has, as Amazon
// Connect's have.
const BasicRoutingProfile = "Basic Routing Profile"

// mostInstances bounds what programs may make: each instance is a login page, and
// a loop in a script makes them faster than anybody sees. The host has no limit.
const mostInstances = 100

// levels of the hierarchy of a new instance.
const levels = 5

// New is what an instance is made of.
type New struct {
	Alias      string
	Identity   aikagi.IdentityType
	Settings   aikagi.InstanceSettings
	Attributes map[aikagi.AttributeType]bool
	Tags       []aikagi.Tag
	// Token is the client token: the same request with the same token makes one
	// instance, however often it comes.
	Token string
}

// Create makes an instance with Amazon Connect's four security profiles, the basic
// routing profile with its queue and hours, and the names of five hierarchy levels.
// Nobody inside an instance may make one: the account does, and its principals if
// their policies allow it. It answers a repeated request with the instance of the
// first, of which nothing but the id is known if it is gone.
func (s *Instances) Create(ctx context.Context, n New) (aikagi.Instance, error) {
	if err := securityprofile.AccountOnly(ctx); err != nil {
		return aikagi.Instance{}, err
	}
	i, err := n.check()
	if err != nil {
		return i, err
	}
	asked, err := s.repeatable(ctx, "CreateInstance", n.Token, n)
	if err != nil {
		return i, err
	}
	i.CreatedAt = s.Clock.Now()
	asked.Answer = string(i.ID)
	made := i
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		made = i
		if err := iam.Require(ctx, tx, i.CreatedAt, iam.Request{Action: "connect:CreateInstance", Resource: "*"}); err != nil {
			return err
		}
		if before, again, err := answered(ctx, tx, asked); err != nil || again {
			made = aikagi.Instance{ID: aikagi.InstanceID(before)}
			return err
		}
		if err := keep(ctx, tx, asked); err != nil {
			return err
		}
		if err := hasRoom(ctx, tx); err != nil {
			return err
		}
		return furnish(ctx, tx, i, n.Tags)
	})
	return made, err
}

func (n *New) check() (aikagi.Instance, error) {
	i := aikagi.Instance{
		ID: aikagi.InstanceID(aikagi.NewID()), IdentityType: n.Identity, Settings: n.Settings,
		Attributes: n.Attributes, Access: aikagi.DefaultAuthenticationProfile(), Version: 1,
	}
	var broken aikagi.Invalids
	var err error
	i.Alias, err = aikagi.ParseAlias(n.Alias)
	i.TypedAlias = n.Alias
	broken.AddErr("alias", err)
	switch n.Identity {
	case aikagi.ConnectManaged, aikagi.SAML, aikagi.ExistingDirectory:
	default:
		broken.Add("identity_type", "unknown")
	}
	for t := range n.Attributes {
		if !known(t) {
			broken.Add("attribute", "unknown")
			break
		}
	}
	n.Tags, err = aikagi.ParseTags(n.Tags)
	broken.AddErr("tags", err)
	checkSettings(&broken, n.Settings)
	return i, broken.Err()
}

// hasRoom refuses a principal one instance too many.
func hasRoom(ctx context.Context, tx *store.Tx) error {
	if aikagi.ActorFrom(ctx).Kind != aikagi.ActorPrincipal {
		return nil
	}
	n, err := tx.CountInstances(ctx, mostInstances)
	if err == nil && n >= mostInstances {
		err = aikagi.Because(aikagi.Conflict, "instance", "too_many")
	}
	return err
}

func furnish(ctx context.Context, tx *store.Tx, i aikagi.Instance, tags []aikagi.Tag) error {
	if err := tx.InsertInstance(ctx, i); err != nil {
		return err
	}
	for _, p := range aikagi.DefaultSecurityProfiles() {
		err := tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{
			InstanceID: i.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: p.Name,
			Description: p.Description, Permissions: p.Permissions, CreatedAt: i.CreatedAt, UpdatedAt: i.CreatedAt,
		})
		if err != nil {
			return err
		}
	}
	if err := furnishRouting(ctx, tx, i); err != nil {
		return err
	}
	if err := tx.ReplaceHierarchyLevels(ctx, i.ID, namedLevels(i.CreatedAt)); err != nil {
		return err
	}
	if err := tx.ReplaceTags(ctx, i.ID, aikagi.Resource{Kind: aikagi.ResourceInstance, ID: string(i.ID)}, tags); err != nil {
		return err
	}
	return audit.Record(ctx, tx, i.CreatedAt, audit.Event{
		Instance: i.ID, Action: "instance.create", TargetKind: "instance", TargetID: string(i.ID), TargetName: i.Alias,
		Changes: audit.Changed(
			[3]string{"alias", "", i.Alias},
			[3]string{"identity_type", "", string(i.IdentityType)},
			[3]string{"tags", "", joinedTags(tags)},
		),
	})
}

// furnishRouting makes what users refer to and tools look for. Names and
// descriptions are those of instances that others have published as Terraform
// code; migration 0006 gave the same to older instances.
func furnishRouting(ctx context.Context, tx *store.Tx, i aikagi.Instance) error {
	err := tx.InsertRoutingProfile(ctx, aikagi.RoutingProfile{
		InstanceID: i.ID, ID: aikagi.RoutingProfileID(aikagi.NewID()), Name: BasicRoutingProfile,
		Description: "A simple routing profile.", CreatedAt: i.CreatedAt,
	})
	if err != nil {
		return err
	}
	hours := aikagi.HoursOfOperation{
		InstanceID: i.ID, ID: aikagi.NewID(), Name: "Basic Hours", Description: "Always open hours", CreatedAt: i.CreatedAt,
	}
	if err := tx.InsertHours(ctx, hours); err != nil {
		return err
	}
	return tx.InsertQueue(ctx, aikagi.Queue{
		InstanceID: i.ID, ID: aikagi.NewID(), Name: "BasicQueue", Description: "A simple, basic voice queue.",
		HoursID: hours.ID, CreatedAt: i.CreatedAt,
	})
}

func joinedTags(tags []aikagi.Tag) string {
	text := ""
	for _, t := range tags {
		text += t.String() + "\n"
	}
	return text
}

// namedLevels are the levels of a new instance's hierarchy.
func namedLevels(at time.Time) []store.HierarchyLevel {
	all := make([]store.HierarchyLevel, levels)
	for i := range all {
		all[i] = store.HierarchyLevel{Name: "Level " + strconv.Itoa(i+1), UpdatedAt: at}
	}
	return all
}
