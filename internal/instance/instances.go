package instance

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Instances holds the rules about whole instances.
type Instances struct {
	Store *store.Store
	Clock clock.Clock
	Node  string // tells the nodes apart

	Wake func() // tells the job that an instance was deleted; may be nil
}

// scene is what a rule knows once it has entered an instance: the transaction,
// its one "now", the instance, and what the actor may do there.
type scene struct {
	tx       *store.Tx
	now      time.Time
	instance aikagi.Instance
	rights   securityprofile.Rights
}

func (s *Instances) enter(ctx context.Context, tx *store.Tx, id aikagi.InstanceID) (scene, error) {
	at := scene{tx: tx, now: s.Clock.Now()}
	var err error
	at.instance, at.rights, err = securityprofile.Enter(ctx, tx, id, at.now)
	return at, err
}

// asAccount enters for what is the account's alone.
func (s *Instances) asAccount(ctx context.Context, tx *store.Tx, id aikagi.InstanceID) (scene, error) {
	if err := securityprofile.AccountOnly(ctx); err != nil {
		return scene{}, err
	}
	return s.enter(ctx, tx, id)
}

// Find reads an instance and its tags, for the account that owns it.
func (s *Instances) Find(ctx context.Context, id aikagi.InstanceID) (i aikagi.Instance, tags []aikagi.Tag, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		at, err := s.asAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		i = at.instance
		tags, err = tx.ListTags(ctx, id, aikagi.Resource{Kind: aikagi.ResourceInstance, ID: string(id)})
		return err
	})
	return i, tags, err
}

// List reads a page of instances after an alias, for the account.
func (s *Instances) List(ctx context.Context, after string, limit int) (all []aikagi.Instance, err error) {
	if err := securityprofile.AccountOnly(ctx); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		err := iam.Require(ctx, tx, s.Clock.Now(), iam.Request{Action: "connect:ListInstances", Resource: "*"})
		if err != nil {
			return err
		}
		all, err = tx.ListInstances(ctx, after, limit)
		return err
	})
	return all, err
}
