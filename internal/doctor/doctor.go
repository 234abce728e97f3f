package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Level says how much a finding matters.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // needs care some time
	Bad  Level = "bad"  // something does not work
)

// Finding is one thing that was looked at. Texts for people are found under
// "doctor.<reason>" and, unless it is OK, "doctor.<reason>.do".
type Finding struct {
	Level  Level             `json:"level"`
	Reason string            `json:"reason"`
	Args   map[string]string `json:"args,omitempty"` // of the texts
}

// Doctor looks at an installation.
type Doctor struct {
	Settings config.Settings
	Clock    clock.Clock
	Resolver *net.Resolver // whom to ask the DNS
	// SendingFrom are the addresses from which receivers see our mail come;
	// without them they are guessed.
	SendingFrom []netip.Addr

	findings []Finding
}

// Examine looks at everything and returns what it found, in a fixed order.
func (d *Doctor) Examine(ctx context.Context) []Finding {
	d.findings = nil
	d.settings()
	d.certificate()
	d.mail(ctx)
	if d.data() {
		d.database(ctx)
	}
	return d.findings
}

// NeedsCare reports whether any finding is more than OK.
func NeedsCare(findings []Finding) bool {
	for _, f := range findings {
		if f.Level != OK {
			return true
		}
	}
	return false
}

// say notes a finding; args are name, value, ….
func (d *Doctor) say(level Level, reason string, args ...string) {
	f := Finding{Level: level, Reason: reason}
	for i := 0; i+1 < len(args); i += 2 {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[args[i]] = args[i+1]
	}
	d.findings = append(d.findings, f)
}

func (d *Doctor) settings() {
	if len(d.Settings.Ignored) > 0 {
		d.say(Warn, "settings_ignored", "names", strings.Join(d.Settings.Ignored, ", "))
		return
	}
	d.say(OK, "settings_ok", "url", d.Settings.BaseURL)
}

// data looks at the directory, and says whether there is a database to open: a
// look must not make one.
func (d *Doctor) data() bool {
	path, lite := strings.CutPrefix(d.Settings.Database.Reveal(), "sqlite:")
	if !lite {
		return true
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say(Bad, "data_missing", "path", path)
		return false
	case err != nil:
		d.say(Bad, "data_unreadable", "path", path)
		return false
	case info.Mode().Perm()&0o077 != 0 && isOpen(path):
		d.say(Warn, "data_open", "path", path)
	}
	return true
}

// isOpen reports whether others can reach the file through its directory.
func isOpen(path string) bool {
	dir := "."
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir = path[:i+1]
	}
	info, err := os.Stat(dir)
	return err == nil && info.Mode().Perm()&0o077 != 0
}

func (d *Doctor) database(ctx context.Context) {
	s, err := store.Open(ctx, d.Settings.Database.Reveal())
	if err != nil {
		reason := "database_unavailable"
		if aikagi.ReasonOf(err) == "newer_schema" {
			reason = "database_newer"
		}
		d.say(Bad, reason, "cause", err.Error())
		return
	}
	defer func() { _ = s.Close() }() // only read
	if said, err := s.CheckIntegrity(ctx); err != nil || len(said) > 0 {
		d.say(Bad, "database_damaged", "cause", strings.Join(said, "; "))
		return
	}
	d.say(OK, "database_ok", "engine", string(s.Engine()))
	d.key(ctx, s)
	if err := s.View(ctx, func(tx *store.Tx) error { return d.people(ctx, tx) }); err != nil {
		d.say(Bad, "database_unavailable", "cause", err.Error())
	}
}

func (d *Doctor) key(ctx context.Context, s *store.Store) {
	path := d.Settings.KeyFile
	ring, err := secret.LoadRing(path)
	if err != nil {
		reason := aikagi.ReasonOf(err)
		if reason == "" {
			reason = "unreadable"
		}
		d.say(Bad, "key_"+reason, "path", path)
		return
	}
	var prints [][]byte
	err = s.View(ctx, func(tx *store.Tx) (err error) {
		prints, err = tx.ListKeyPrints(ctx)
		return err
	})
	if err != nil {
		d.say(Bad, "database_unavailable", "cause", err.Error())
		return
	}
	for _, print := range prints {
		if !ring.Made(print) {
			d.say(Bad, "key_other", "path", path)
			return
		}
	}
	d.say(OK, "key_ok", "path", path)
}
