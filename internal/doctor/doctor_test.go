package doctor_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/doctor"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/mail/dnstest"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// patient is a sound installation, which each test makes ill.
type patient struct {
	*doctor.Doctor
	dir string
	dns *dnstest.Server
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // G302: a directory
		t.Fatal(err)
	}
	p := &patient{dir: dir, dns: dnstest.Start(t)}
	p.Doctor = &doctor.Doctor{
		Clock: clock.NewSet(now),
		Settings: config.Settings{
			Database: aikagi.NewSecret("sqlite:" + dir + "/aikagi.db"), KeyFile: dir + "/key",
			BaseURL: "https://id.example.jp", MailFrom: "noreply@example.jp", DKIMSelector: "aikagi",
		},
		Resolver: p.dns.Resolver(),
	}
	ring, err := secret.CreateRing(p.Settings.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertKeyPrint(ctx, ring.Check(), now),
			tx.InsertAccount(ctx, aikagi.Account{ID: "123456789012", Contact: "owner@example.jp", CreatedAt: now}),
			tx.MarkClaimed(ctx, now),
			tx.InsertInstance(ctx, aikagi.Instance{ID: "i", Alias: "sakura", Settings: aikagi.DefaultInstanceSettings()}),
			tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{InstanceID: "i", ID: "a", Name: "Admin", Permissions: []aikagi.Permission{
				aikagi.UsersView, aikagi.UsersEdit, aikagi.UsersEditPermission,
			}}),
			tx.InsertUser(ctx, person("u1")), tx.InsertUser(ctx, person("u2")),
		)
	})
	return p
}

func person(name string) aikagi.User {
	return aikagi.User{
		InstanceID: "i", ID: aikagi.UserID(name), Username: aikagi.Username(name), Email: "a@example.jp",
		PasswordHash: "hash", Enabled: true, SecurityProfileIDs: []aikagi.SecurityProfileID{"a"},
	}
}

func (p *patient) write(t *testing.T, do func(context.Context, *store.Tx) error) {
	t.Helper()
	s, err := store.Open(t.Context(), p.Settings.Database.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Update(t.Context(), func(tx *store.Tx) error { return do(t.Context(), tx) }), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func (p *patient) has(t *testing.T, level doctor.Level, reasons ...string) {
	t.Helper()
	has(t, p.Examine(t.Context()), level, reasons...)
}

func has(t *testing.T, found []doctor.Finding, level doctor.Level, reasons ...string) {
	t.Helper()
	for _, reason := range reasons {
		if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Reason == reason && f.Level == level }) {
			t.Errorf("no %s %s in %+v", level, reason, found)
		}
	}
	for _, f := range found {
		for _, l := range aikagi.Locales {
			key := i18n.Key("doctor." + f.Reason)
			if !i18n.Has(l, key) || f.Level != doctor.OK && !i18n.Has(l, key+".do") {
				t.Errorf("%s: no text for %s", l, f.Reason)
			}
		}
	}
}

func TestASoundInstallationNeedsNothing(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	box, err := mailbox.Listen(t.Context(), "127.0.0.1:0", p.Clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	p.Settings.SMTP = aikagi.NewSecret("smtp://" + box.Addr())
	p.has(t, doctor.OK, "settings_ok", "database_ok", "key_ok", "account_ok", "administrators_ok", "smtp_ok")
	if found := p.Examine(t.Context()); doctor.NeedsCare(found) {
		t.Errorf("got %+v", found)
	}
}

func TestDoctorNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reason string
		level  doctor.Level
		ill    func(t *testing.T, p *patient)
	}{
		{"settings_ignored", doctor.Warn, func(_ *testing.T, p *patient) { p.Settings.Ignored = []string{"AIKAGI_BASEURL"} }},
		{"data_missing", doctor.Bad, func(_ *testing.T, p *patient) { p.Settings.Database = aikagi.NewSecret("sqlite:" + p.dir + "/none.db") }},
		{"database_unavailable", doctor.Bad, func(t *testing.T, p *patient) {
			t.Helper()
			must(t, os.WriteFile(p.dir+"/aikagi.db", []byte(strings.Repeat("no database ", 1000)), 0o600))
		}},
		{"key_missing", doctor.Bad, func(t *testing.T, p *patient) { t.Helper(); must(t, os.Remove(p.Settings.KeyFile)) }},
		{"key_open_to_others", doctor.Bad, func(t *testing.T, p *patient) { t.Helper(); must(t, os.Chmod(p.Settings.KeyFile, 0o644)) }},
		{"key_other", doctor.Bad, func(t *testing.T, p *patient) {
			t.Helper()
			must(t, os.Remove(p.Settings.KeyFile))
			_, err := secret.CreateRing(p.Settings.KeyFile)
			must(t, err)
		}},
		{"administrators_one", doctor.Warn, disable("u1")},
		{"administrators_none", doctor.Bad, disable("u1", "u2")},
		{"users_without_email", doctor.Warn, func(t *testing.T, p *patient) {
			t.Helper()
			p.write(t, func(ctx context.Context, tx *store.Tx) error {
				u := person("u3")
				u.Email = ""
				return tx.InsertUser(ctx, u)
			})
		}},
		{"mail_late", doctor.Bad, func(t *testing.T, p *patient) {
			t.Helper()
			p.write(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.InsertMessage(ctx, aikagi.Message{ID: "m", InstanceID: "i", CreatedAt: now.Add(-time.Hour), ExpiresAt: now.Add(time.Hour)})
			})
		}},
		{"mail_paused", doctor.Bad, func(t *testing.T, p *patient) {
			t.Helper()
			p.write(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.KeepMailPause(ctx, aikagi.MailPause{Failures: 1, Since: now, RetryAt: now, Stage: "auth", Reply: "535"}, 0)
			})
		}},
		{"audit_unchained", doctor.Warn, func(t *testing.T, p *patient) {
			t.Helper()
			p.write(t, func(ctx context.Context, tx *store.Tx) error {
				return audit.Record(ctx, tx, now.Add(-2*time.Hour), audit.Event{Action: "user.update"})
			})
		}},
		{"smtp_none", doctor.Warn, func(*testing.T, *patient) {}},
		{"smtp_unreachable", doctor.Bad, func(_ *testing.T, p *patient) { p.Settings.SMTP = aikagi.NewSecret("smtp://127.0.0.1:1") }},
		{"certificate_unreadable", doctor.Bad, func(_ *testing.T, p *patient) { p.Settings.TLSCert = p.dir + "/none" }},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			tt.ill(t, p)
			p.has(t, tt.level, tt.reason)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func disable(names ...string) func(*testing.T, *patient) {
	return func(t *testing.T, p *patient) {
		t.Helper()
		p.write(t, func(ctx context.Context, tx *store.Tx) error {
			for _, name := range names {
				u, err := tx.FindUser(ctx, "i", aikagi.UserID(name))
				if err != nil {
					return err
				}
				off := u
				off.Enabled = false
				if err := tx.UpdateUser(ctx, u, off); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
