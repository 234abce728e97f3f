package sheet

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Sheets takes tables of users in and gives them out.
type Sheets struct {
	Store     *store.Store
	Clock     clock.Clock
	Directory *directory.Directory

	Wake func() // tells the job that an import was confirmed; may be nil
}

// enter asks in the transaction for what every look at a table of users needs; of
// which users, is asked row by row.
func (s *Sheets) enter(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, now time.Time) error {
	i, err := tx.FindInstance(ctx, instance)
	if err != nil {
		return err
	}
	rights, err := securityprofile.Of(ctx, tx, i, now)
	if err != nil {
		return err
	}
	return rights.RequireSomewhere(aikagi.UsersView)
}
