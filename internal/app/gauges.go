package app

import (
	"context"
	"time"

	"github.com/aikagi/aikagi/internal/ops"
	"github.com/aikagi/aikagi/internal/store"
)

// gauges are the numbers an alarm is worth having on.
func (a *App) gauges() []ops.Gauge {
	return []ops.Gauge{
		{
			Name: "aikagi_mail_server_failures",
			Help: "How often in a row the mail server was not reached or refused the login; nothing is sent while it is not 0.",
			Read: a.mailFailures,
		},
		{
			Name: "aikagi_mail_late_seconds",
			Help: "Since when the mail that has been due for longest has been due.",
			Read: a.mailLate,
		},
		{
			Name: "aikagi_users_without_email",
			Help: "Enabled users who cannot reset their password because no address is registered for them; aikagi unreachable names them, and those with an address that does not work.",
			Read: a.withoutEmail,
		},
		{
			Name:   "aikagi_unreachable_users",
			Help:   "Users who cannot reset their password, by instance and reason, as aikagi unreachable finds them; counted by the hour.",
			Labels: []string{"instance", "reason"}, Each: a.reach.each,
		},
		{
			Name: "aikagi_floods_noticed",
			Help: "Floods of failed logins or of requests for a link that this process told administrators of.",
			Read: func(context.Context) (float64, error) { return float64(a.watch.Noticed()), nil },
		},
		{
			Name: "aikagi_panics",
			Help: "Requests and pieces of background work of this process that ended in a panic; each is a bug, and stands in the log.",
			Read: func(context.Context) (float64, error) { return float64(a.engine.Panics() + a.runner.Panics()), nil },
		},
		{
			Name: "aikagi_hashes_refused",
			Help: "Passwords that this process did not check because too many waited.",
			Read: func(context.Context) (float64, error) { return float64(a.Hashes.Refused()), nil },
		},
	}
}

func (a *App) mailFailures(ctx context.Context) (n float64, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.FindMailPause(ctx)
		n = float64(p.Failures)
		return err
	})
	return n, err
}

func (a *App) withoutEmail(ctx context.Context) (n float64, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		counted, err := tx.CountWithoutEmail(ctx)
		n = float64(counted)
		return err
	})
	return n, err
}

func (a *App) mailLate(ctx context.Context) (seconds float64, err error) {
	var due time.Time
	err = a.Store.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.OldestDueMessage(ctx)
		return err
	})
	if err != nil || due.IsZero() {
		return 0, err
	}
	return max(0, a.Clock.Now().Sub(due).Seconds()), nil
}
