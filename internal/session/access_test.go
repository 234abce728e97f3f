package session_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// at is the instance as it stands in the database, entered from an address.
func (r room) at(t *testing.T, from string) session.Entrance {
	t.Helper()
	a, _ := netip.ParseAddr(from) // none is an address that nobody knows
	e := session.Entrance{Instance: r.user.InstanceID, From: a}
	storetest.View(t, r.nodes[0].Store, func(tx *store.Tx) error {
		i, err := tx.FindInstance(t.Context(), r.user.InstanceID)
		e.Access = i.Access
		return err
	})
	return e
}

func (r room) access(t *testing.T, change func(*aikagi.AuthenticationProfile)) {
	t.Helper()
	storetest.Update(t, r.nodes[0].Store, func(tx *store.Tx) error {
		i, err := tx.FindInstance(t.Context(), r.user.InstanceID)
		if err != nil {
			return err
		}
		change(&i.Access)
		return tx.UpdateInstanceAccess(t.Context(), i)
	})
}

// enters shows a session as a page does and as a session check does; the two say
// the same.
func (r room) enters(t *testing.T, token, from string) error {
	t.Helper()
	_, err := r.nodes[1].Find(t.Context(), r.at(t, from), token)
	_, _, checked := r.nodes[1].Check(t.Context(), "sakura", r.user.InstanceID, r.at(t, from).From, token)
	if aikagi.ReasonOf(err) != aikagi.ReasonOf(checked) || (err == nil) != (checked == nil) {
		t.Errorf("from %q a page says %v, a check %v", from, err, checked)
	}
	return err
}

// TestS15ABlockedNetworkIsOutsideAtTheNextRequest, and inside again as soon as it is
// blocked no more.
func TestS15ABlockedNetworkIsOutsideAtTheNextRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		token, _ := r.open(t)
		must(t, r.enters(t, token, "192.0.2.1"))
		must(t, r.enters(t, token, ""))
		r.access(t, func(p *aikagi.AuthenticationProfile) { p.BlockedIPs = []string{"192.0.2.0/24"} })
		wants(t, "blocked", r.enters(t, token, "192.0.2.1"), aikagi.Unauthenticated, "network")
		wants(t, "blocked, written otherwise", r.enters(t, token, "::ffff:192.0.2.1"), aikagi.Unauthenticated, "network")
		wants(t, "unknown address", r.enters(t, token, ""), aikagi.Unauthenticated, "network")
		must(t, r.enters(t, token, "198.51.100.1"))
		r.access(t, func(p *aikagi.AuthenticationProfile) { p.AllowedIPs, p.BlockedIPs = []string{"192.0.2.1"}, nil })
		must(t, r.enters(t, token, "192.0.2.1"))
		wants(t, "not allowed", r.enters(t, token, "198.51.100.1"), aikagi.Unauthenticated, "network")
	})
}

// TestS31EmergencyAccessComesFromEverywhere: it must get in when the profile shuts
// everybody out.
func TestS31EmergencyAccessComesFromEverywhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		r.access(t, func(p *aikagi.AuthenticationProfile) {
			p.BlockedIPs, p.EndsInactive, p.Inactivity = []string{"0.0.0.0/0", "::/0"}, true, 15*time.Minute
		})
		person, _ := r.open(t)
		var token string
		storetest.Update(t, r.nodes[0].Store, func(tx *store.Tx) error {
			secret, _, err := r.nodes[0].Open(t.Context(), tx, r.clock.Now(), aikagi.Session{InstanceID: r.user.InstanceID, GrantID: "g"})
			token = secret.Reveal()
			return err
		})
		wants(t, "a person", r.enters(t, person, "192.0.2.1"), aikagi.Unauthenticated, "network")
		must(t, r.enters(t, token, "192.0.2.1"))
		must(t, r.enters(t, token, ""))
		r.clock.Move(20 * time.Minute)
		must(t, r.enters(t, token, "192.0.2.1"))
	})
}

func TestS15TheIdleTimeIsTheInstances(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r room) {
		r.access(t, func(p *aikagi.AuthenticationProfile) { p.Inactivity = 15 * time.Minute })
		token, _ := r.open(t)
		r.clock.Move(16 * time.Minute)
		must(t, r.enters(t, token, "192.0.2.1")) // nobody switched it on
		r.access(t, func(p *aikagi.AuthenticationProfile) { p.EndsInactive = true })
		wants(t, "idle for 16 of 15 minutes", r.enters(t, token, "192.0.2.1"), aikagi.Unauthenticated, "timed_out")
		r.access(t, func(p *aikagi.AuthenticationProfile) { p.Inactivity = 720 * time.Minute })
		r.clock.Move(3 * time.Hour)
		must(t, r.enters(t, token, "192.0.2.1"))
		r.clock.Move(9 * time.Hour)
		wants(t, "older than a session can be", r.enters(t, token, "192.0.2.1"), aikagi.Unauthenticated, "timed_out")
	})
}
