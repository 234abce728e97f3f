package storetest

import (
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Update runs fn and fails the test if it fails.
func Update(t testing.TB, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// View runs fn for reading and fails the test if it fails.
func View(t testing.TB, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// Instance makes an instance with the usual settings, changed by edits.
func Instance(t testing.TB, s *store.Store, alias string, edits ...func(*aikagi.Instance)) aikagi.Instance {
	t.Helper()
	i := aikagi.Instance{
		ID: aikagi.InstanceID(aikagi.NewID()), Alias: alias, IdentityType: aikagi.ConnectManaged,
		CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Settings: aikagi.DefaultInstanceSettings(), Version: 1,
	}
	for _, edit := range edits {
		edit(&i)
	}
	Update(t, s, func(tx *store.Tx) error { return tx.InsertInstance(t.Context(), i) })
	return i
}

// Profile makes a security profile.
func Profile(t testing.TB, s *store.Store, i aikagi.Instance, name string, held ...aikagi.Permission) aikagi.SecurityProfile {
	t.Helper()
	p := aikagi.SecurityProfile{
		InstanceID: i.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: name, Permissions: held, CreatedAt: i.CreatedAt,
	}
	Update(t, s, func(tx *store.Tx) error { return tx.InsertSecurityProfile(t.Context(), p) })
	return p
}

// User makes an enabled user with an address, changed by edits, and returns him
// as stored.
func User(t testing.TB, s *store.Store, i aikagi.Instance, name string, edits ...func(*aikagi.User)) aikagi.User {
	t.Helper()
	u := aikagi.User{
		InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(name),
		FirstName: "花子", LastName: "佐藤", Email: aikagi.Email(name + "@example.jp"),
		Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, Enabled: true, CreatedAt: i.CreatedAt,
	}
	for _, edit := range edits {
		edit(&u)
	}
	Update(t, s, func(tx *store.Tx) error { return tx.InsertUser(t.Context(), u) })
	return FindUser(t, s, u)
}

// FindUser reads a user as stored now.
func FindUser(t testing.TB, s *store.Store, u aikagi.User) aikagi.User {
	t.Helper()
	View(t, s, func(tx *store.Tx) (err error) {
		u, err = tx.FindUser(t.Context(), u.InstanceID, u.ID)
		return err
	})
	return u
}
