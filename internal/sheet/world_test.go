package sheet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/sheet"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// world is an instance whose users come in tables, on a real database.
type world struct {
	store   *store.Store
	clock   *clock.Set
	rules   *directory.Directory
	sheets  *sheet.Sheets
	here    aikagi.Instance
	routing aikagi.RoutingProfileID
	profile map[string]aikagi.SecurityProfileID // by name
	count   int
}

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// onEachEngine runs a test on SQLite and, where it is installed, on PostgreSQL.
func onEachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, newWorld(t, storetest.Postgres(t)))
	})
}

func onSQLite(t *testing.T) *world {
	t.Helper()
	return newWorld(t, "sqlite:"+t.TempDir()+"/aikagi.db")
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	composer, err := mail.NewComposer()
	must(t, err)
	ring := secret.NewRing([secret.KeyBytes]byte{1, 2, 3})
	w := &world{store: s, clock: clock.NewSet(start), profile: map[string]aikagi.SecurityProfileID{}}
	w.rules = &directory.Directory{
		Store: s, Clock: w.clock,
		Post: &outbox.Post{
			Composer: composer, Ring: ring, From: "noreply@sakura.example.jp",
			ResetURL: func(string, aikagi.Secret) aikagi.Secret { return aikagi.Secret{} },
		},
	}
	w.sheets = &sheet.Sheets{Store: s, Clock: w.clock, Directory: w.rules}
	host, whole := w.host(t), &instance.Instances{Store: s, Clock: w.clock}
	w.here, err = whole.Create(host, instance.New{
		Alias: "sakura", Identity: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings(),
	})
	must(t, err)
	profiles := &securityprofile.Profiles{Store: s, Clock: w.clock}
	for name, permissions := range map[string][]aikagi.Permission{
		"Editor": {aikagi.UsersView, aikagi.UsersEdit}, "Viewer": {aikagi.UsersView},
	} {
		_, err = profiles.Create(host, aikagi.SecurityProfile{InstanceID: w.here.ID, Name: name, Permissions: permissions})
		must(t, err)
	}
	c, err := w.rules.Choices(host, w.here.ID)
	must(t, err)
	w.routing = c.Routing[0].ID
	for _, p := range c.Profiles {
		w.profile[p.Name] = p.ID
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) host(t *testing.T) context.Context {
	return aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Source: "cli"})
}

// as is the context of a user who acts.
func as(t *testing.T, u aikagi.User) context.Context {
	return aikagi.WithActor(t.Context(), aikagi.Actor{
		Kind: aikagi.ActorUser, Name: string(u.Username), InstanceID: u.InstanceID, UserID: u.ID, Source: "page",
	})
}

// has puts a user with profiles into the instance, past the rules.
func (w *world) has(t *testing.T, profiles ...string) aikagi.User {
	t.Helper()
	w.count++
	u := aikagi.User{
		InstanceID: w.here.ID, ID: aikagi.UserID(aikagi.NewID()),
		Username:  aikagi.Username(fmt.Sprintf("user%04d", w.count)),
		FirstName: "一郎", LastName: "田中", Email: aikagi.Email(fmt.Sprintf("user%04d@example.jp", w.count)),
		Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, RoutingProfileID: w.routing,
		Enabled: true, PasswordHash: "$argon2id$", Version: 1, SecretEpoch: 1, CreatedAt: start,
	}
	for _, p := range profiles {
		u.SecurityProfileIDs = append(u.SecurityProfileIDs, w.profile[p])
	}
	must(t, w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertUser(t.Context(), u) }))
	return u
}

func (w *world) user(t *testing.T, name aikagi.Username) (aikagi.User, error) {
	t.Helper()
	var u aikagi.User
	err := w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		u, err = tx.FindUserByName(t.Context(), w.here.ID, name)
		return err
	})
	return u, err
}

func (w *world) mailTo(t *testing.T, u aikagi.User) []aikagi.Message {
	t.Helper()
	var found []aikagi.Message
	must(t, w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		found, err = tx.ListMessagesOfUser(t.Context(), w.here.ID, u.ID, "~", 10)
		return err
	}))
	return found
}

func (w *world) events(t *testing.T) int {
	t.Helper()
	all, err := w.rules.ListAudit(w.host(t), w.here.ID, directory.AuditQuery{Size: 1000})
	must(t, err)
	return len(all)
}
