package doctor

import (
	"context"
	"strconv"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Work that has waited for longer than this is not being done.
const (
	lateMail  = 30 * time.Minute
	lateChain = time.Hour
)

// people looks at who could help whom.
func (d *Doctor) people(ctx context.Context, tx *store.Tx) error {
	account, err := tx.FindAccount(ctx)
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		d.say(Warn, "account_missing")
		return nil
	}
	if err != nil {
		return err
	}
	claimed, err := tx.Claimed(ctx)
	switch {
	case err != nil:
		return err
	case !claimed:
		d.say(Warn, "account_unclaimed")
	case account.Contact == "":
		d.say(Warn, "account_contact")
	default:
		d.say(OK, "account_ok", "account", string(account.ID))
	}
	if err := d.instances(ctx, tx); err != nil {
		return err
	}
	return d.work(ctx, tx)
}

const instancesPage = 100

func (d *Doctor) instances(ctx context.Context, tx *store.Tx) error {
	after := ""
	for {
		page, err := tx.ListInstances(ctx, after, instancesPage)
		if err != nil {
			return err
		}
		for _, i := range page {
			if err := d.instance(ctx, tx, i); err != nil {
				return err
			}
			after = i.Alias
		}
		if len(page) < instancesPage {
			break
		}
	}
	if after == "" {
		d.say(Warn, "instances_none")
	}
	return nil
}

func (d *Doctor) instance(ctx context.Context, tx *store.Tx, i aikagi.Instance) error {
	able, err := securityprofile.CountRepairers(ctx, tx, i.ID, 2)
	if err != nil {
		return err
	}
	switch able {
	case 0:
		d.say(Bad, "administrators_none", "instance", i.Alias)
	case 1:
		d.say(Warn, "administrators_one", "instance", i.Alias)
	default:
		d.say(OK, "administrators_ok", "instance", i.Alias)
	}
	if i.NoEmailCount > 0 {
		d.say(Warn, "users_without_email", "instance", i.Alias, "count", strconv.FormatInt(i.NoEmailCount, 10),
			"all", strconv.FormatInt(i.UserCount, 10))
	}
	return nil
}

// work looks at what should have been done in the background.
func (d *Doctor) work(ctx context.Context, tx *store.Tx) error {
	now := d.Clock.Now()
	due, err := tx.OldestDueMessage(ctx)
	if err != nil {
		return err
	}
	pause, err := tx.FindMailPause(ctx)
	if err != nil {
		return err
	}
	if pause.Failures > 0 {
		d.say(Bad, "mail_paused", "since", pause.Since.Format(time.RFC3339), "reply", pause.Reply)
	}
	if !due.IsZero() && now.Sub(due) > lateMail {
		d.say(Bad, "mail_late", "since", due.Format(time.RFC3339))
	}
	unchained, err := tx.OldestUnchained(ctx)
	if err != nil {
		return err
	}
	if !unchained.IsZero() && now.Sub(unchained) > lateChain {
		d.say(Warn, "audit_unchained", "since", unchained.Format(time.RFC3339))
	}
	return nil
}
