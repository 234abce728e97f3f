package reset

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Card is a one-time link for a person without e-mail: printed, or shown on the
// leader's screen.
type Card struct {
	User      aikagi.User
	Link      aikagi.Secret // the whole address
	ExpiresAt time.Time
}

// SendLink mails a user a new reset link. It ends the earlier ones (S6).
func (r *Resets) SendLink(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) error {
	_, err := r.make(ctx, making{instance: instance, user: id, kind: aikagi.KindAdminLink, action: "reset.send"})
	return err
}

// Invite mails a new user the link to a first password.
func (r *Resets) Invite(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) error {
	_, err := r.make(ctx, making{instance: instance, user: id, kind: aikagi.KindInvite, action: "user.invite"})
	return err
}

// IssueCard makes a reset card. It ends the earlier secrets.
func (r *Resets) IssueCard(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (Card, error) {
	return r.make(ctx, making{instance: instance, user: id, kind: aikagi.KindCard, action: "reset.card"})
}

// making is one secret on its way from an administrator to a user.
type making struct {
	instance aikagi.InstanceID
	user     aikagi.UserID
	kind     aikagi.SecretKind
	action   string
	request  *aikagi.ResetRequest // that it answers, with how the person was recognised
	changes  []aikagi.Change      // made to the user along with it
}

func (m making) ttl(i aikagi.Instance) time.Duration {
	switch m.kind {
	case aikagi.KindCard:
		return aikagi.ResetCardTTL
	case aikagi.KindInvite:
		return aikagi.InviteTTL
	case aikagi.KindMailLink, aikagi.KindAdminLink:
	}
	return linkTTL(i)
}

func (r *Resets) make(ctx context.Context, m making) (Card, error) {
	if m.kind == aikagi.KindCard {
		if err := notToOneself(ctx, m.user); err != nil {
			return Card{}, err
		}
	}
	now := r.Clock.Now()
	i, u, err := r.helped(ctx, m.instance, m.user, now)
	if err != nil {
		return Card{}, err
	}
	if reason := unserved(i, u); reason != aikagi.ReasonNone && (m.kind != aikagi.KindCard || reason != aikagi.ReasonNoEmail) {
		return Card{}, aikagi.Because(aikagi.Conflict, "reset", string(reason))
	}
	token, row := newToken(u, m.kind, u.SecretEpoch+1, now, m.ttl(i))
	row.CreatedBy = aikagi.ActorFrom(ctx).ID()
	letter, err := r.letter(ctx, i, u, m, token, row)
	if err != nil {
		return Card{}, err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := r.mayHelp(ctx, tx, i, u, now); err != nil {
			return err
		}
		return r.issue(ctx, tx, m, u, row, letter)
	})
	if err != nil {
		return Card{}, err
	}
	r.Post.Wake()
	return Card{User: u, Link: r.Post.ResetURL(i.Alias, token), ExpiresAt: row.ExpiresAt}, nil
}

// letter writes the mail that carries a secret; cards go by hand. If it answers
// a request it shows the number that the asker's screen shows.
func (r *Resets) letter(ctx context.Context, i aikagi.Instance, u aikagi.User, by making, token aikagi.Secret, row aikagi.ResetToken) (*aikagi.Message, error) {
	say := outbox.Reset{Token: row, Secret: token, By: aikagi.ActorFrom(ctx).Name, AskedAt: row.CreatedAt}
	if by.request != nil {
		say.Matching = Matching(r.Ring, i.ID, by.request.ID)
	}
	var m aikagi.Message
	var err error
	switch row.Kind {
	case aikagi.KindInvite:
		m, err = r.Post.Invite(i, u, say)
	case aikagi.KindAdminLink, aikagi.KindMailLink:
		m, err = r.Post.PasswordReset(i, u, say)
	case aikagi.KindCard:
		return nil, nil //nolint:nilnil // no mail
	}
	return &m, err
}

// helped reads the user whom the actor wants to help. Rights come first: to
// somebody without them nothing shows how the user stands, or whether there is
// one. The transaction that acts asks again.
func (r *Resets) helped(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, now time.Time) (i aikagi.Instance, u aikagi.User, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		var rights securityprofile.Rights
		if i, rights, err = securityprofile.Enter(ctx, tx, instance, now); err != nil {
			return err
		}
		if err := rights.RequireSomewhere(aikagi.UsersView, aikagi.UsersEdit); err != nil {
			return err
		}
		if u, rights, err = rights.FindUser(ctx, tx, instance, id, aikagi.UsersView, aikagi.UsersEdit); err != nil {
			return err
		}
		return rights.MayChangeWaysIn(ctx, tx, u)
	})
	return i, u, err
}

// notToOneself refuses whoever would hand himself a way in: it would stand in
// for the current password, and whoever finds his screen unlocked would own the
// account (S19). A mail to the stored address is nothing that he holds.
func notToOneself(ctx context.Context, id aikagi.UserID) error {
	if actor := aikagi.ActorFrom(ctx); actor.Kind == aikagi.ActorUser && actor.UserID == id {
		return aikagi.Because(aikagi.Forbidden, "user", "self")
	}
	return nil
}

// mayHelp asks whether the actor may open a way in for u: Users View and Edit,
// and every guarded power that u holds (S26).
func (r *Resets) mayHelp(ctx context.Context, tx *store.Tx, i aikagi.Instance, u aikagi.User, now time.Time) error {
	rights, err := helpingWhom(ctx, tx, i, u, now)
	if err != nil {
		return err
	}
	return rights.MayChangeWaysIn(ctx, tx, u)
}

// helpingWhom returns the rights of an actor who may help this user.
func helpingWhom(ctx context.Context, tx *store.Tx, i aikagi.Instance, u aikagi.User, now time.Time) (securityprofile.Rights, error) {
	rights, err := helping(ctx, tx, i, now)
	if err != nil {
		return rights, err
	}
	if rights, err = rights.Toward(ctx, tx, u); err != nil {
		return rights, err
	}
	return rights, rights.Require(aikagi.UsersView, aikagi.UsersEdit)
}

// helping returns the rights of an actor who may help somebody at all; whom, is
// asked of Toward.
func helping(ctx context.Context, tx *store.Tx, i aikagi.Instance, now time.Time) (securityprofile.Rights, error) {
	rights, err := securityprofile.Of(ctx, tx, i, now)
	if err != nil {
		return rights, err
	}
	return rights, rights.RequireSomewhere(aikagi.UsersView, aikagi.UsersEdit)
}

// issue stores a secret made by an administrator in the caller's transaction;
// the epoch ends all earlier ones.
func (r *Resets) issue(ctx context.Context, tx *store.Tx, m making, seen aikagi.User, row aikagi.ResetToken, letter *aikagi.Message) error {
	now := row.CreatedAt
	epoch, err := tx.MoveEpoch(ctx, m.instance, m.user)
	if err != nil {
		return err
	}
	if epoch != seen.SecretEpoch+1 {
		return aikagi.Because(aikagi.Conflict, "user", "changed")
	}
	if err := tx.EndTokens(ctx, m.instance, m.user, "newer", now); err != nil {
		return err
	}
	if err := tx.InsertToken(ctx, row); err != nil {
		return err
	}
	if letter != nil {
		if err := tx.InsertMessage(ctx, *letter); err != nil {
			return err
		}
	}
	note := ""
	if m.request != nil {
		note = "recognised: " + m.request.Recognised
		if err := tx.CloseRequest(ctx, *m.request); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, now, audit.Event{
		Instance: m.instance, Action: m.action, TargetKind: "user", TargetID: string(m.user),
		TargetName: string(seen.Username), Changes: m.changes, Note: note,
	})
}

// SetTemporary gives a user a temporary password, which must be changed at the
// next login. It is returned once and kept nowhere; the owner is told by mail.
func (r *Resets) SetTemporary(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (aikagi.Secret, error) {
	if err := notToOneself(ctx, id); err != nil {
		return aikagi.Secret{}, err
	}
	now := r.Clock.Now()
	i, u, err := r.helped(ctx, instance, id, now) // before the costly hash
	if err != nil {
		return aikagi.Secret{}, err
	}
	if i.IdentityType != aikagi.ConnectManaged {
		return aikagi.Secret{}, aikagi.Because(aikagi.Conflict, "reset", string(aikagi.ReasonExternal))
	}
	temporary := password.Generate()
	hash, err := r.Hashes.Hash(ctx, temporary)
	if err != nil {
		return aikagi.Secret{}, err
	}
	letter, err := r.temporaryLetter(ctx, i, u, now)
	if err != nil {
		return aikagi.Secret{}, err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := r.mayHelp(ctx, tx, i, u, now); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, i.ID, u.ID, hash, true, now); err != nil {
			return err
		}
		return r.afterTemporary(ctx, tx, u, letter, now)
	})
	if err != nil {
		return aikagi.Secret{}, err
	}
	r.Post.Wake()
	return temporary, nil
}

func (r *Resets) temporaryLetter(ctx context.Context, i aikagi.Instance, u aikagi.User, now time.Time) (*aikagi.Message, error) {
	if u.Email == "" {
		return nil, nil //nolint:nilnil // nobody to tell
	}
	m, err := r.Post.TemporaryPassword(i, u, aikagi.ActorFrom(ctx).Name, now)
	return &m, err
}

// afterTemporary is what follows from a temporary password: whatever let
// somebody in before ends, waits are lifted, the owner is told.
func (r *Resets) afterTemporary(ctx context.Context, tx *store.Tx, u aikagi.User, letter *aikagi.Message, now time.Time) error {
	if _, err := tx.EndSessionsOfUser(ctx, u.InstanceID, u.ID, ""); err != nil {
		return err
	}
	if err := tx.EndTokens(ctx, u.InstanceID, u.ID, "password", now); err != nil {
		return err
	}
	if err := r.Throttle.Lift(ctx, tx, u.InstanceID, u.Username); err != nil {
		return err
	}
	if letter != nil {
		if err := tx.InsertMessage(ctx, *letter); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, now, audit.Event{
		Instance: u.InstanceID, Action: "password.temporary", TargetKind: "user", TargetID: string(u.ID),
		TargetName: string(u.Username),
	})
}
