package instance

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// AccessID is the id of the one authentication profile of an instance. Because
// there is one, its id follows from the instance's (RFC 9562 §5.5) and is the same
// on every node and after every upgrade.
func AccessID(id aikagi.InstanceID) string {
	of, err := uuid.Parse(string(id))
	if err != nil {
		return ""
	}
	return uuid.NewSHA1(of, []byte("authentication profile")).String()
}

// Access reads the authentication profile of an instance with its tags; of another
// id there is none.
func (s *Instances) Access(ctx context.Context, id aikagi.InstanceID, profile string) (i aikagi.Instance, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		at, err := s.withAccess(ctx, tx, id, profile)
		i = at.instance
		return err
	})
	return i, err
}

func (s *Instances) withAccess(ctx context.Context, tx *store.Tx, id aikagi.InstanceID, profile string) (scene, error) {
	at, err := s.asAccount(ctx, tx, id)
	if err == nil && profile != AccessID(id) {
		err = aikagi.E(aikagi.NotFound, "authentication_profile", nil)
	}
	return at, err
}

// AccessChange is what of an authentication profile is to be changed: what is nil
// stays. An empty list of addresses is not nil.
type AccessChange struct {
	Name, Description      *string
	AllowedIPs, BlockedIPs []string
	Periodic, Inactivity   *time.Duration
	EndsInactive           *bool
}

func (c AccessChange) apply(p aikagi.AuthenticationProfile) aikagi.AuthenticationProfile {
	put(&p.Name, c.Name)
	put(&p.Description, c.Description)
	put(&p.Periodic, c.Periodic)
	put(&p.Inactivity, c.Inactivity)
	put(&p.EndsInactive, c.EndsInactive)
	if c.AllowedIPs != nil {
		p.AllowedIPs = c.AllowedIPs
	}
	if c.BlockedIPs != nil {
		p.BlockedIPs = c.BlockedIPs
	}
	return p
}

func put[T any](into, given *T) {
	if given != nil {
		*into = *given
	}
}

// UpdateAccess changes the authentication profile of an instance. It holds from
// the next request of everybody on (S15); whoever shuts himself out comes back by
// emergency access, or by this rule.
func (s *Instances) UpdateAccess(ctx context.Context, id aikagi.InstanceID, profile string, c AccessChange) error {
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		at, err := s.withAccess(ctx, tx, id, profile)
		if err != nil {
			return err
		}
		before := at.instance.Access
		after := c.apply(before)
		if err := after.Check(); err != nil {
			return err
		}
		after.UpdatedAt = at.now
		at.instance.Access = after
		if err := tx.UpdateInstanceAccess(ctx, at.instance); err != nil {
			return err
		}
		return audit.Record(ctx, tx, at.now, audit.Event{
			Instance: id, Action: "authentication_profile.update", TargetKind: string(aikagi.ResourceAuthenticationProfile),
			TargetID: profile, TargetName: after.Name, Changes: changedAccess(before, after),
		})
	})
}

func changedAccess(a, b aikagi.AuthenticationProfile) []aikagi.Change {
	minutes := func(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }
	return audit.Changed(
		[3]string{"access_name", a.Name, b.Name},
		[3]string{"access_description", a.Description, b.Description},
		[3]string{"allowed_ips", strings.Join(a.AllowedIPs, ", "), strings.Join(b.AllowedIPs, ", ")},
		[3]string{"blocked_ips", strings.Join(a.BlockedIPs, ", "), strings.Join(b.BlockedIPs, ", ")},
		[3]string{"periodic_session", minutes(a.Periodic), minutes(b.Periodic)},
		[3]string{"inactivity", minutes(a.Inactivity), minutes(b.Inactivity)},
		[3]string{"ends_inactive", yes(a.EndsInactive), yes(b.EndsInactive)},
	)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
