package emergency_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/throttle"
)

const (
	fullAccess = aikagi.PolicyID("arn:aws:iam::aws:policy/AmazonConnect_FullAccess")
	readOnly   = aikagi.PolicyID("arn:aws:iam::aws:policy/AmazonConnectReadOnlyAccess")
	why        = "管理者が全員退職しました"
)

// world is a server with two instances and a principal "saki" who may use
// emergency access.
type world struct {
	*emergency.Emergency
	t        *testing.T
	clock    *clock.Set
	accounts *account.Accounts
	saki     aikagi.Principal
	sakura   aikagi.Instance
	ume      aikagi.Instance
	woken    int
}

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, "sqlite:"+t.TempDir()+"/a.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, storetest.PostgresTemplate(t, "empty", func(url string) error {
			s, err := store.Open(context.Background(), url)
			if err != nil {
				return err
			}
			return s.Close()
		})))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, clock: clock.NewSet(time.Date(2026, 11, 22, 0, 2, 0, 0, time.UTC))}
	ring := secret.NewRing([secret.KeyBytes]byte{1})
	composer, err := mail.NewComposer()
	w.must(err)
	w.accounts = &account.Accounts{
		Store: s, Clock: w.clock, Ring: ring, Hashes: password.NewGate(2, 64),
		Throttle: &throttle.Throttle{Ring: ring}, Region: "ap-northeast-1",
	}
	w.Emergency = &emergency.Emergency{
		Store: s, Clock: w.clock, Sessions: &session.Sessions{Store: s, Clock: w.clock}, Region: "ap-northeast-1",
		Post: &outbox.Post{Composer: composer, Ring: ring, From: "noreply@example.jp", Wake: func() { w.woken++ }},
	}
	_, err = w.accounts.Bootstrap(w.host())
	w.must(err)
	w.sakura, w.ume = w.instance("sakura"), w.instance("ume")
	w.saki = w.principal("saki", fullAccess)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(err error, code aikagi.Code, reason string) {
	w.t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		w.t.Errorf("got error %v, want %s (%s)", err, code, reason)
	}
}

func (w *world) update(do func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.Store.Update(w.t.Context(), func(tx *store.Tx) error { return do(w.t.Context(), tx) }))
}

func (w *world) host() context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "root@host"})
}

func (w *world) nobody() context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{Kind: aikagi.ActorAnonymous, Address: "192.0.2.1", Source: "page"})
}

func (w *world) as(p aikagi.Principal) context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{
		Kind: aikagi.ActorPrincipal, PrincipalID: p.ID, Name: p.Name, Address: "192.0.2.1", Source: "page",
	})
}

// inside is the context of an emergency session, as the door makes it.
func (w *world) inside(s emergency.Started) context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{
		Kind: aikagi.ActorEmergency, InstanceID: s.Session.InstanceID, GrantID: s.Session.GrantID,
		SessionID: s.Session.ID, PrincipalID: w.saki.ID, Name: w.saki.Name,
	})
}

func (w *world) principal(name string, policies ...aikagi.PolicyID) aikagi.Principal {
	w.t.Helper()
	p, _, err := w.accounts.CreatePrincipal(w.host(), name)
	w.must(err)
	for _, id := range policies {
		w.must(w.accounts.AttachPolicy(w.host(), p.ID, id))
	}
	return p
}

func (w *world) instance(alias string) aikagi.Instance {
	w.t.Helper()
	i := aikagi.Instance{
		ID: aikagi.InstanceID(aikagi.NewID()), Alias: alias, IdentityType: aikagi.ConnectManaged,
		CreatedAt: w.clock.Now(), Settings: aikagi.DefaultInstanceSettings(),
	}
	w.update(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertInstance(ctx, i); err != nil {
			return err
		}
		return tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{
			InstanceID: i.ID, ID: "admin-of-" + aikagi.SecurityProfileID(alias), Name: "Admin",
			Permissions: aikagi.DefaultSecurityProfiles()[0].Permissions, CreatedAt: w.clock.Now(),
		})
	})
	return i
}

// user makes somebody in an instance who holds its Admin profile.
func (w *world) user(i aikagi.Instance, name aikagi.Username, email aikagi.Email, l aikagi.Locale) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertUser(ctx, aikagi.User{
			InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: name, FirstName: "A", LastName: "B", Email: email,
			Locale: l, Enabled: true, PasswordHash: "x", CreatedAt: w.clock.Now(),
			SecurityProfileIDs: []aikagi.SecurityProfileID{"admin-of-" + aikagi.SecurityProfileID(i.Alias)},
		})
	})
}

func (w *world) begin() emergency.Handover {
	w.t.Helper()
	h, err := w.Begin(w.as(w.saki), w.sakura.ID, why)
	w.must(err)
	return h
}

func (w *world) start() emergency.Started {
	w.t.Helper()
	s, err := w.Start(w.nobody(), w.sakura.ID, w.begin().Token, "browser")
	w.must(err)
	return s
}

func (w *world) record() []aikagi.AuditEvent {
	w.t.Helper()
	var events []aikagi.AuditEvent
	w.must(w.Store.View(w.t.Context(), func(tx *store.Tx) (err error) {
		events, err = tx.ListAuditEvents(w.t.Context(), w.sakura.ID, "~", 100)
		return err
	}))
	return events
}

func TestG01EmergencyAccessNeedsItsRight(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		denied := w.principal("denied", fullAccess, readOnly)
		for _, ctx := range []context.Context{
			w.as(w.principal("none")), w.as(w.principal("viewer", readOnly)), w.as(denied),
		} {
			_, err := w.Begin(ctx, w.sakura.ID, why)
			w.wants(err, aikagi.Forbidden, emergency.Action)
			_, err = w.Begin(ctx, "6c0f2a5e-0000-4000-8000-00000000dead", why) // unknown looks alike (S29)
			w.wants(err, aikagi.Forbidden, emergency.Action)
		}
		if events := w.record(); len(events) != 3 || events[0].Outcome != "refused" || events[0].ActorName != "denied" {
			t.Errorf("the refusals are not in the record: %+v", events)
		}
		user := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorUser, UserID: "u", InstanceID: w.sakura.ID})
		for _, ctx := range []context.Context{w.nobody(), user, w.inside(w.start())} {
			_, err := w.Begin(ctx, w.sakura.ID, why)
			w.wants(err, aikagi.Unauthenticated, "")
		}
	})
}

func TestG01PolicyMayNameOneInstance(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		p, err := w.accounts.CreatePolicy(w.host(), "sakura-only", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Action":"connect:AdminGetEmergencyAccessToken","Resource":"arn:aws:connect:*:*:instance/`+string(w.sakura.ID)+`"}]}`)
		w.must(err)
		one := w.principal("one", p.ID)
		_, err = w.Begin(w.as(one), w.sakura.ID, why)
		w.must(err)
		_, err = w.Begin(w.as(one), w.ume.ID, why)
		w.wants(err, aikagi.Forbidden, emergency.Action)
	})
}

func TestS31ReasonIsNeeded(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for reason, want := range map[string]string{
			"": "required", "  \n ": "required", "九文字しかないよ。": "too_short",
			strings.Repeat("長", 501): "too_long", "ten \x00 or more": "characters",
		} {
			_, err := w.Begin(w.as(w.saki), w.sakura.ID, reason)
			w.wants(err, aikagi.Invalid, want)
		}
	})
}

func TestG02HandoverWorksOnceInTimeAndHere(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		h := w.begin()
		_, err := w.Look(t.Context(), w.sakura.ID, h.Token)
		w.must(err)
		_, err = w.Look(t.Context(), w.ume.ID, h.Token)
		w.wants(err, aikagi.Expired, "spent")
		_, err = w.Start(w.nobody(), w.ume.ID, h.Token, "")
		w.wants(err, aikagi.Expired, "spent")
		_, err = w.Start(w.nobody(), w.sakura.ID, h.Token, "")
		w.must(err)
		_, err = w.Start(w.nobody(), w.sakura.ID, h.Token, "")
		w.wants(err, aikagi.Expired, "spent")
		_, err = w.Start(w.nobody(), w.sakura.ID, aikagi.NewSecret("made-up"), "")
		w.wants(err, aikagi.Expired, "spent")

		late := w.begin()
		w.clock.Move(aikagi.GrantStartTTL)
		_, err = w.Start(w.nobody(), w.sakura.ID, late.Token, "")
		w.wants(err, aikagi.Expired, "spent")
	})
}

func TestG02HandoverRaced(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		h := w.begin()
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 8 {
			wg.Go(func() {
				if _, err := w.Start(w.nobody(), w.sakura.ID, h.Token, ""); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("one hand-over started %d sessions", won)
		}
	})
}

func TestG03EverybodyIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(w.sakura, "a", "a@example.jp", aikagi.English)
		w.user(w.sakura, "b", "b@example.jp", "")
		w.user(w.sakura, "without", "", "")
		w.user(w.ume, "stranger", "stranger@example.jp", "")
		w.must(w.accounts.SetContact(w.host(), "owner@example.jp"))
		w.start()
		var to []string
		w.must(w.Store.View(t.Context(), func(tx *store.Tx) error {
			messages, err := tx.ListMessages(t.Context(), w.sakura.ID, "~", 10)
			for _, m := range messages {
				to = append(to, string(m.To))
				raw, openErr := w.Post.Open(m)
				// The Japanese ones are encoded.
				named := m.To != "a@example.jp" || strings.Contains(string(raw), "saki")
				if openErr != nil || m.State != aikagi.MessageWaiting || !named {
					t.Errorf("mail to %s: %v, %v", m.To, m.State, openErr)
				}
			}
			return err
		}))
		if len(to) != 3 || strings.Contains(strings.Join(to, " "), "stranger") || w.woken != 1 {
			t.Errorf("told %v, woken %d times", to, w.woken)
		}
		events := w.record()
		if len(events) != 2 || events[0].Action != "emergency.start" || events[0].ActorName != "saki" ||
			events[0].ActorKind != aikagi.ActorEmergency || events[0].Note != why {
			t.Errorf("record: %+v", events)
		}
	})
}

// rights says what the rules of the instance make of a context.
func (w *world) rights(ctx context.Context, i aikagi.Instance) (r securityprofile.Rights, err error) {
	err = w.Store.View(ctx, func(tx *store.Tx) (err error) {
		r, err = securityprofile.Of(ctx, tx, i, w.clock.Now())
		return err
	})
	return r, err
}

func TestS31SessionIsShortAndNobodys(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.start()
		ctx := w.inside(s)
		r, err := w.rights(ctx, w.sakura)
		w.must(err)
		if !r.May(aikagi.UsersEdit) || r.Actor.UserID != "" || s.Session.UserID != "" { // F16
			t.Errorf("rights %+v, session of user %q", r, s.Session.UserID)
		}
		_, err = w.rights(ctx, w.ume)
		w.wants(err, aikagi.Unauthenticated, "")
		for range 29 {
			w.clock.Move(time.Minute)
			_, err = w.Sessions.Find(t.Context(), session.Entrance{Instance: w.sakura.ID}, s.Token.Reveal())
			w.must(err)
		}
		w.clock.Move(time.Minute)
		_, err = w.Sessions.Find(t.Context(), session.Entrance{Instance: w.sakura.ID}, s.Token.Reveal())
		w.wants(err, aikagi.Unauthenticated, "timed_out")
		_, err = w.rights(ctx, w.sakura)
		w.wants(err, aikagi.Unauthenticated, "")
	})
}

func TestS31SessionEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			name string
			end  func(s emergency.Started)
		}{
			{"ended by the person", func(s emergency.Started) { w.must(w.End(w.inside(s))) }},
			{"policy taken away", func(emergency.Started) {
				w.must(w.accounts.DetachPolicy(w.host(), w.saki.ID, fullAccess))
				w.must(w.accounts.AttachPolicy(w.host(), w.saki.ID, fullAccess))
			}},
			{"policy denied", func(emergency.Started) {
				w.must(w.accounts.AttachPolicy(w.host(), w.saki.ID, readOnly))
				w.must(w.accounts.DetachPolicy(w.host(), w.saki.ID, readOnly))
			}},
			{"principal disabled", func(emergency.Started) { w.must(w.accounts.DisablePrincipal(w.host(), w.saki.ID)) }}, // C13
		} {
			s := w.start()
			c.end(s)
			_, err := w.Sessions.Find(t.Context(), session.Entrance{Instance: w.sakura.ID}, s.Token.Reveal())
			if aikagi.CodeOf(err) != aikagi.Unauthenticated {
				t.Errorf("%s: the session answers %v", c.name, err)
			}
			if _, err = w.rights(w.inside(s), w.sakura); aikagi.CodeOf(err) != aikagi.Unauthenticated {
				t.Errorf("%s: the grant answers %v", c.name, err)
			}
		}
	})
}

func TestS30RightIsJudgedAgainAtTheStart(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		// A policy that ends by itself: nothing else notices.
		p, err := w.accounts.CreatePolicy(w.host(), "tonight", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Action":"connect:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-22T00:02:30Z"}}}]}`)
		w.must(err)
		guest := w.principal("guest", p.ID)
		h, err := w.Begin(w.as(guest), w.sakura.ID, why)
		w.must(err)
		w.clock.Move(30 * time.Second)
		_, err = w.Start(w.nobody(), w.sakura.ID, h.Token, "")
		w.wants(err, aikagi.Forbidden, emergency.Action)
	})
}

func TestHostNeedsNoPolicy(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		h, err := w.BeginAsHost(w.host(), w.sakura.ID, why)
		w.must(err)
		s, err := w.Start(w.nobody(), w.sakura.ID, h.Token, "")
		w.must(err)
		_, err = w.Findings(w.inside(s), w.sakura.ID)
		w.must(err)
		_, err = w.BeginAsHost(w.as(w.saki), w.sakura.ID, why)
		w.wants(err, aikagi.Forbidden, "")
	})
}

func TestS28RepairBringsTheAdministrationBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.start()
		f, err := w.Findings(w.inside(s), w.sakura.ID)
		w.must(err)
		if len(f.Administrators) != 0 || f.AdminProfile != emergency.ProfileGood || !f.Broken() {
			t.Errorf("nobody is left, found %+v", f)
		}
		w.wants(w.RecreateAdminProfile(w.inside(s), w.sakura.ID), aikagi.Conflict, "nothing_to_mend")

		w.update(func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteSecurityProfile(ctx, w.sakura.ID, "admin-of-sakura")
		})
		f, err = w.Findings(w.inside(s), w.sakura.ID)
		w.must(err)
		if f.AdminProfile != emergency.ProfileMissing {
			t.Errorf("the profile is gone, found %+v", f)
		}
		w.must(w.RecreateAdminProfile(w.inside(s), w.sakura.ID))

		f, err = w.Findings(w.inside(s), w.sakura.ID)
		w.must(err)
		w.update(func(ctx context.Context, tx *store.Tx) error {
			p, err := tx.FindSecurityProfile(ctx, w.sakura.ID, f.AdminProfileID)
			if err != nil {
				return err
			}
			p.Permissions = []aikagi.Permission{aikagi.UsersView}
			return tx.UpdateSecurityProfile(ctx, p)
		})
		f, err = w.Findings(w.inside(s), w.sakura.ID)
		w.must(err)
		if f.AdminProfile != emergency.ProfileWeak {
			t.Errorf("the profile is weak, found %+v", f)
		}
		w.must(w.RecreateAdminProfile(w.inside(s), w.sakura.ID))
		if f, err = w.Findings(w.inside(s), w.sakura.ID); err != nil || f.AdminProfile != emergency.ProfileGood {
			t.Errorf("after the repair: %+v, %v", f, err)
		}
		_, err = w.Findings(w.inside(s), w.ume.ID)
		w.wants(err, aikagi.Unauthenticated, "")
	})
}

func TestFindingsNameWhoCannotReset(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(w.sakura, "a", "a@example.jp", "")
		w.user(w.sakura, "without", "", "")
		f, err := w.Findings(w.inside(w.start()), w.sakura.ID)
		w.must(err)
		if len(f.Administrators) != 2 || len(f.WithoutEmail) != 1 || f.WithoutEmail[0].Username != "without" {
			t.Errorf("found %+v", f)
		}
	})
}

// TestS26RepairEndsResetSecretsOfTheWeak: a card made while the Admin profile
// was weak would open an administrator afterwards.
func TestS26RepairEndsResetSecretsOfTheWeak(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.user(w.sakura, "holder", "holder@example.jp", "")
		epoch := func() (n int64) {
			w.update(func(ctx context.Context, tx *store.Tx) error {
				u, err := tx.FindUserByName(ctx, w.sakura.ID, "holder")
				n = u.SecretEpoch
				return err
			})
			return n
		}
		w.update(func(ctx context.Context, tx *store.Tx) error {
			p, err := tx.FindSecurityProfile(ctx, w.sakura.ID, "admin-of-sakura")
			if err != nil {
				return err
			}
			p.Permissions = []aikagi.Permission{aikagi.UsersView}
			return tx.UpdateSecurityProfile(ctx, p)
		})
		before := epoch()
		w.must(w.RecreateAdminProfile(w.inside(w.start()), w.sakura.ID))
		if epoch() == before {
			t.Error("a reset secret made before the repair still works")
		}
	})
}
