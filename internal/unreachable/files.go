package unreachable

import (
	"io/fs"
	"os"

	"github.com/aikagi/aikagi"
)

// Files are where else a report is written; "" is nowhere.
type Files struct{ CSV, HTML, Metrics string }

// Write writes the report to its files: those that name people for their owner alone, the
// metrics for whoever collects them, whole or not at all.
func (f Files) Write(r Report, l aikagi.Locale) error {
	if f.CSV != "" {
		if err := os.WriteFile(f.CSV, r.CSV(), 0o600); err != nil {
			return err
		}
	}
	if f.HTML != "" {
		page, err := r.HTML(l)
		if err == nil {
			err = os.WriteFile(f.HTML, page, 0o600)
		}
		if err != nil {
			return err
		}
	}
	if f.Metrics == "" {
		return nil
	}
	const readable = fs.FileMode(0o644)
	if err := os.WriteFile(f.Metrics+".tmp", r.Metrics(), readable); err != nil {
		return err
	}
	return os.Rename(f.Metrics+".tmp", f.Metrics)
}
