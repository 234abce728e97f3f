package directory

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Directory holds the rules about people and groups of instances.
type Directory struct {
	Store    *store.Store
	Clock    clock.Clock
	Post     *outbox.Post
	Hashes   *password.Gate
	Throttle *throttle.Throttle
}

// scene is what a rule knows once it has entered an instance: the transaction,
// its one "now", the instance, and what the actor may do there.
type scene struct {
	tx       *store.Tx
	now      time.Time
	instance aikagi.Instance
	rights   securityprofile.Rights
}

// enter reads the instance and the actor's rights in the transaction, and asks
// for permissions about everybody (S30).
func (d *Directory) enter(ctx context.Context, tx *store.Tx, id aikagi.InstanceID, needed ...aikagi.Permission) (scene, error) {
	s := scene{tx: tx, now: d.Clock.Now()}
	var err error
	if s.instance, s.rights, err = securityprofile.Enter(ctx, tx, id, s.now); err != nil {
		return s, err
	}
	return s, s.rights.Require(needed...)
}

// enterSome lets in whoever has the permissions about somebody; about whom is asked
// when that user is read, by find.
func (d *Directory) enterSome(ctx context.Context, tx *store.Tx, id aikagi.InstanceID, needed ...aikagi.Permission) (scene, error) {
	s, err := d.enter(ctx, tx, id)
	if err != nil {
		return s, err
	}
	return s, s.rights.RequireSomewhere(needed...)
}

// find reads a user and narrows the rights of the scene to those about him.
func (s *scene) find(ctx context.Context, id aikagi.UserID, needed ...aikagi.Permission) (u aikagi.User, err error) {
	u, s.rights, err = s.rights.FindUser(ctx, s.tx, s.instance.ID, id, needed...)
	return u, err
}

// target reads a user whose ways in are to be changed, and judges that too.
func (s *scene) target(ctx context.Context, id aikagi.UserID, needed aikagi.Permission) (aikagi.User, error) {
	u, err := s.find(ctx, id, needed)
	if err != nil {
		return u, err
	}
	return u, s.rights.MayChangeWaysIn(ctx, s.tx, u)
}

// isSelf reports whether the actor is the user.
func (s scene) isSelf(u aikagi.User) bool {
	return s.rights.Actor.Kind == aikagi.ActorUser && s.rights.Actor.UserID == u.ID
}

// by is how the record and notices name the actor.
func by(ctx context.Context) string {
	actor := aikagi.ActorFrom(ctx)
	if actor.Name != "" {
		return actor.Name
	}
	return string(actor.Kind)
}

// wake tells the sender that mail was committed, if there was any.
func (d *Directory) wake(mails []aikagi.Message) {
	if len(mails) > 0 && d.Post.Wake != nil {
		d.Post.Wake()
	}
}

func putMails(ctx context.Context, tx *store.Tx, mails []aikagi.Message) error {
	for _, m := range mails {
		if err := tx.InsertMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// view runs a reading rule about everybody and returns what it found. Without a
// permission needed, being in the instance is enough.
func view[T any](ctx context.Context, d *Directory, id aikagi.InstanceID, needed aikagi.Permission,
	read func(scene) (T, error),
) (T, error) {
	return viewSome(ctx, d, id, needed, func(s scene) (found T, err error) {
		if needed != "" {
			if err := s.rights.Require(needed); err != nil {
				return found, err
			}
		}
		return read(s)
	})
}

// viewSome runs a reading rule that asks whom the actor may see.
func viewSome[T any](ctx context.Context, d *Directory, id aikagi.InstanceID, needed aikagi.Permission,
	read func(scene) (T, error),
) (T, error) {
	var found T
	err := d.Store.View(ctx, func(tx *store.Tx) error {
		s, err := d.enter(ctx, tx, id)
		if err == nil && needed != "" {
			err = s.rights.RequireSomewhere(needed)
		}
		if err != nil {
			return err
		}
		found, err = read(s)
		return err
	})
	return found, err
}
