package instance

import (
	"context"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Delete takes an instance away for good. From the end of its one transaction on
// nobody finds it, logs in to it or is let on by a session of it, and its alias is
// free; what it had is taken away by Clear. The row of the record is the account's,
// because the instance has no readers any more; its own record is kept.
func (s *Instances) Delete(ctx context.Context, id aikagi.InstanceID, token string) error {
	if err := securityprofile.AccountOnly(ctx); err != nil {
		return err
	}
	asked, err := s.repeatable(ctx, "DeleteInstance", token, id)
	if err != nil {
		return err
	}
	err = s.Store.Update(ctx, func(tx *store.Tx) error {
		now := s.Clock.Now()
		if aikagi.ActorFrom(ctx).Kind == aikagi.ActorPrincipal {
			if err := iam.RequireCall(ctx, tx, now, id); err != nil {
				return err
			}
		}
		if _, again, err := answered(ctx, tx, asked); err != nil || again {
			return err
		}
		i, err := tx.FindInstance(ctx, id)
		if err != nil {
			return err
		}
		if err := keep(ctx, tx, asked); err != nil {
			return err
		}
		if err := tx.MarkInstanceDeleted(ctx, id, now); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: "instance.delete", TargetKind: "instance", TargetID: string(id), TargetName: i.Alias,
			Changes: audit.Changed([3]string{"alias", i.Alias, ""}, [3]string{"identity_type", string(i.IdentityType), ""}),
		})
	})
	if err == nil && s.Wake != nil {
		s.Wake()
	}
	return err
}

const (
	clearJob   = "instance.clear"
	clearLease = time.Minute
)

// Clear takes away what deleted instances left, one batch a transaction, so that
// nobody waits long behind it. It is the work of a job, goes on wherever it was
// stopped, and is done by one node at a time.
func (s *Instances) Clear(ctx context.Context) (found bool, err error) {
	var last aikagi.InstanceID
	for {
		var id aikagi.InstanceID
		err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
			id, err = tx.FindDeletedInstance(ctx, last)
			return err
		})
		if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
			return found, nil
		}
		if err != nil {
			return found, fmt.Errorf("find deleted instance: %w", err)
		}
		more, err := s.clear(ctx, id)
		if err != nil {
			return found, fmt.Errorf("clear instance %s: %w", id, err)
		}
		found, last = found || more, id
	}
}

// clear takes away one batch of each kind, and the instance if none was full.
func (s *Instances) clear(ctx context.Context, id aikagi.InstanceID) (more bool, err error) {
	for _, what := range store.EveryRemains() {
		ours, err := s.step(ctx, func(tx *store.Tx) error {
			full, err := tx.TakeAway(ctx, what, id)
			more = more || full
			return err
		})
		if err != nil || !ours {
			return false, err
		}
	}
	if more {
		return true, nil
	}
	_, err = s.step(ctx, func(tx *store.Tx) error { return tx.DeleteInstance(ctx, id) })
	return false, err
}

// step runs a batch, if the work is this node's.
func (s *Instances) step(ctx context.Context, do func(*store.Tx) error) (ours bool, err error) {
	err = s.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		now := s.Clock.Now()
		ours, err = tx.TakeLease(ctx, clearJob, s.Node, now, now.Add(clearLease))
		if err != nil || !ours {
			return err
		}
		return do(tx)
	})
	return ours, err
}
