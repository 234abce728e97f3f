package store_test

import (
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestL06AColumnThatCannotBeReadIsDamage: what we wrote as JSON and is none any
// more is a damaged file, not a bug, and after the next write nothing is written.
func TestL06AColumnThatCannotBeReadIsDamage(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + t.TempDir() + "/damaged.db"
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	i := storetest.Instance(t, s, "sakura")
	profile := aikagi.SecurityProfile{InstanceID: i.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: "Agent"}
	insert := func(tx *store.Tx) error { return tx.InsertSecurityProfile(t.Context(), profile) }
	storetest.Update(t, s, insert)
	if _, err := raw(t, url).ExecContext(t.Context(), `UPDATE security_profiles SET permissions = '["Users.V'`); err != nil {
		t.Fatal(err)
	}
	find := func(tx *store.Tx) error {
		_, err := tx.FindSecurityProfile(t.Context(), i.ID, profile.ID)
		return err
	}
	damaged := func(what string, err error) {
		t.Helper()
		if aikagi.CodeOf(err) != aikagi.Unavailable || aikagi.ReasonOf(err) != "damaged" {
			t.Errorf("%s: %v, want that the database is damaged", what, err)
		}
	}
	damaged("reading", s.View(t.Context(), find))
	damaged("reading in a change", s.Update(t.Context(), find))
	profile.ID, profile.Name = aikagi.SecurityProfileID(aikagi.NewID()), "Other"
	damaged("writing", s.Update(t.Context(), insert))
}
