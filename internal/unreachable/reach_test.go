package unreachable

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestAServerCountsAsTheFinderFinds puts people with every kind of address into two
// instances, several pages of them, and compares the numbers for the metrics with the
// findings of a report.
func TestAServerCountsAsTheFinderFinds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // G404: which people there are
		addresses := []aikagi.Email{"", "not an address", "info@example.jp", "Info@Example.jp", "two@example.jp", "TWO@example.jp", "desk+a@example.jp"}
		storetest.Update(t, s, func(tx *store.Tx) error {
			return tx.InsertAccount(t.Context(), aikagi.Account{ID: "123456789012", CreatedAt: start})
		})
		here := storetest.Instance(t, s, "sakura")
		saml := storetest.Instance(t, s, "saml", func(i *aikagi.Instance) { i.IdentityType = aikagi.SAML })
		storetest.Update(t, s, func(tx *store.Tx) error {
			for n := range databasePage + 100 {
				u := aikagi.User{
					InstanceID: here.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(fmt.Sprintf("user%04d", n)),
					Email: aikagi.Email(fmt.Sprintf("own%04d@example.jp", n)), Enabled: random.IntN(10) > 0,
				}
				if n%50 == 0 {
					u.InstanceID = saml.ID
				}
				if random.IntN(4) == 0 {
					u.Email = addresses[random.IntN(len(addresses))]
				}
				if err := tx.InsertUser(t.Context(), u); err != nil {
					return err
				}
				if random.IntN(20) > 0 {
					continue
				}
				bounced := aikagi.Message{InstanceID: u.InstanceID, UserID: u.ID, To: u.Email}
				if err := tx.MarkBounced(t.Context(), bounced, start); err != nil {
					return err
				}
			}
			return nil
		})
		d := Database{Store: s}
		f := &Finder{Source: d, Quota: Quota{Rate: 1e6, Burst: 1e6}, Share: 1, Clock: &still{now: start}}
		report, err := f.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]map[Reason]int{}
		for _, i := range report.Instances {
			want[i.Alias] = map[Reason]int{NoEmail: 0, MalformedEmail: 0, SharedMailbox: 0, Bounced: 0, Disabled: 0}
			for _, found := range i.Findings {
				if found.Reason != NotApplicable {
					want[i.Alias][found.Reason]++
				}
			}
		}
		counted, err := d.Count(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]map[Reason]int{}
		for _, c := range counted {
			got[c.Instance] = c.By
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for why, n := range want["sakura"] {
			if n == 0 {
				t.Errorf("nobody has %s: this test compares nothing", why)
			}
		}
	})
}
