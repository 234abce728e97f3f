package reset

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Proof is the secret itself, as the browser carries it from the link to the
// form: a token, or a request with the code typed for it (S8).
type Proof struct {
	Token   aikagi.Secret
	Request aikagi.ResetRequestID
	Code    aikagi.Secret
}

// Looked is what a proof leads to.
type Looked struct {
	User   aikagi.User
	Token  aikagi.ResetToken
	Policy password.Policy // that the new password has to meet
}

// Look finds whom a proof lets in, without spending anything (S7). A secret
// that has ended is Expired; the reason says how, and Looked when.
func (r *Resets) Look(ctx context.Context, i aikagi.Instance, p Proof) (l Looked, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		if l, err = r.look(ctx, tx, i.ID, p, r.Clock.Now()); err != nil {
			return err
		}
		held, err := securityprofile.Held(ctx, tx, i.ID, l.User.ID)
		l.Policy = PolicyOf(i, held)
		return err
	})
	return l, err
}

func (r *Resets) look(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, p Proof, now time.Time) (l Looked, err error) {
	l.Token, err = r.token(ctx, tx, instance, p)
	if err != nil {
		return l, unknown(err)
	}
	l.User, err = tx.FindUser(ctx, instance, l.Token.UserID)
	if err != nil {
		return l, unknown(err)
	}
	if why := l.Token.Ended(l.User, now); why != "" {
		return l, aikagi.Because(aikagi.Expired, "reset_token", why)
	}
	return l, nil
}

// unknown keeps a secret that never was from looking different from one that
// was cleared away.
func unknown(err error) error {
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return aikagi.Because(aikagi.Expired, "reset_token", "unknown")
	}
	return err
}

func (r *Resets) token(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, p Proof) (aikagi.ResetToken, error) {
	if !p.Token.Empty() {
		return tx.FindToken(ctx, instance, secret.Digest(p.Token.Reveal()))
	}
	t, err := tx.FindTokenByRequest(ctx, instance, p.Request)
	if err != nil {
		return t, err
	}
	if t.CodeTries >= aikagi.MaxCodeTries || !r.matches(t, p.Code) {
		return aikagi.ResetToken{}, aikagi.E(aikagi.NotFound, "reset_token", nil)
	}
	return t, nil
}

// codeLimit is the same for requests that were and were not answered by mail,
// so that the number of tries does not tell which.
var codeLimit = throttle.Limit{Name: "code", Every: 24 * time.Hour, Burst: aikagi.MaxCodeTries} //nolint:gochecknoglobals // a constant

// TryCode checks a hand-typed code for the request that a ticket names. Five
// wrong ones end the code, not the link (S6).
func (r *Resets) TryCode(ctx context.Context, i aikagi.Instance, t Ticket, code aikagi.Secret) (Proof, error) {
	p := Proof{Request: t.Request, Code: code}
	now := r.Clock.Now()
	right := false
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		right = false
		if err := r.Throttle.Take(ctx, tx, now, codeLimit, string(i.ID), string(t.Request)); err != nil {
			return err
		}
		row, err := tx.FindTokenByRequest(ctx, i.ID, t.Request)
		if aikagi.CodeOf(err) == aikagi.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if right = row.CodeTries < aikagi.MaxCodeTries && r.matches(row, code); right {
			return nil
		}
		return tx.CountCodeTry(ctx, row)
	})
	if err != nil {
		return p, err
	}
	if !right {
		return p, aikagi.Because(aikagi.Invalid, "code", "wrong")
	}
	return p, nil
}
