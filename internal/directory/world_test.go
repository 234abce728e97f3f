package directory_test

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
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/throttle"
)

// world is an instance with its neighbour, on a real database.
type world struct {
	store    *store.Store
	clock    *clock.Set
	rules    *directory.Directory
	whole    *instance.Instances
	profiles *securityprofile.Profiles
	here     aikagi.Instance
	next     aikagi.Instance // the neighbour
	routing  aikagi.RoutingProfileID
	profile  map[string]aikagi.SecurityProfileID // by name, of here
	count    int
}

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// onEachEngine runs a test on SQLite and, where it is installed, on PostgreSQL.
func onEachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, newWorld(t, "sqlite:"+t.TempDir()+"/aikagi.db"))
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
		Store: s, Clock: w.clock, Hashes: password.NewGate(1, 100), Throttle: &throttle.Throttle{Ring: ring},
		Post: &outbox.Post{
			Composer: composer, Ring: ring, From: "noreply@sakura.example.jp",
			ResetURL: func(alias string, token aikagi.Secret) aikagi.Secret {
				return aikagi.NewSecret("https://id.example.jp/i/" + alias + "/reset/" + token.Reveal())
			},
		},
	}
	w.profiles = &securityprofile.Profiles{Store: s, Clock: w.clock}
	w.whole = &instance.Instances{Store: s, Clock: w.clock}
	host := w.host(t)
	w.here, err = w.whole.Create(host, newInstance("sakura"))
	must(t, err)
	w.next, err = w.whole.Create(host, newInstance("momiji"))
	must(t, err)
	_, err = w.profiles.Create(host, aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Editor", Permissions: []aikagi.Permission{aikagi.UsersView, aikagi.UsersEdit}})
	must(t, err)
	_, err = w.profiles.Create(host, aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Viewer", Permissions: []aikagi.Permission{aikagi.UsersView}})
	must(t, err)
	c, err := w.rules.Choices(host, w.here.ID)
	must(t, err)
	w.routing = c.Routing[0].ID
	for _, p := range c.Profiles {
		w.profile[p.Name] = p.ID
	}
	c, err = w.rules.Choices(host, w.next.ID)
	must(t, err)
	for _, p := range c.Profiles {
		w.profile["other "+p.Name] = p.ID
	}
	return w
}

func newInstance(alias string) instance.New {
	return instance.New{Alias: alias, Identity: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings()}
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

// has puts a user with profiles into an instance, past the rules.
func (w *world) has(t *testing.T, instance aikagi.InstanceID, profiles ...string) aikagi.User {
	t.Helper()
	w.count++
	u := aikagi.User{
		InstanceID: instance, ID: aikagi.UserID(aikagi.NewID()),
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

func (w *world) read(t *testing.T, id aikagi.UserID) aikagi.User {
	t.Helper()
	var u aikagi.User
	must(t, w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		u, err = tx.FindUser(t.Context(), w.here.ID, id)
		return err
	}))
	return u
}

// newestEvents reads the last n events of the instance's record.
func (w *world) newestEvents(t *testing.T, n int) []aikagi.AuditEvent {
	t.Helper()
	var events []aikagi.AuditEvent
	must(t, w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		events, err = tx.ListAuditEvents(t.Context(), w.here.ID, "~", n)
		return err
	}))
	return events
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

// wants checks code and reason of a decision; an empty code is success.
func wants(t *testing.T, err error, code aikagi.Code, reason string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Fatalf("got %v, want success", err)
		}
		return
	}
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		t.Fatalf("got %v, want %s (%s)", err, code, reason)
	}
}
