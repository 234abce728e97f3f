package unreachable

import (
	"context"
	"errors"
	"os"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// Resume finds, saves as it goes, and goes on where an earlier run on the source was cut
// off, unless it is to begin afresh. It says how many users are known from then, and how
// many stay known if this run ends early.
func (f *Finder) Resume(ctx context.Context, fresh bool, say func(what i18n.Key, known int)) (Report, error) {
	dir, err := StateDir()
	if err != nil {
		return Report{}, err
	}
	path := savedPath(dir, f.Source.Name())
	if fresh {
		_ = os.Remove(path) // it may not be there
	}
	if f.Saved, err = OpenSaved(path, f.Source.Name()); err != nil {
		return Report{}, &aikagi.Error{Code: aikagi.Unavailable, Subject: "saved_run", Err: err}
	}
	if n := f.Saved.Known(); n > 0 {
		say("cli.unreachable.resumed", n)
	}
	report, err := f.Find(ctx)
	if err != nil {
		if n := f.Saved.Known(); n > 0 {
			say("cli.unreachable.kept", n)
		}
		return report, errors.Join(err, f.Saved.Close())
	}
	return report, f.Saved.Remove()
}
