package reset

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Recognised says how the person behind a request was recognised. A receipt
// number proves only who filled in the form (S12a).
type Recognised string

// The ways to recognise somebody.
const (
	InPerson   Recognised = "in_person"
	CalledBack Recognised = "called_back" // on the number on file
	LeaderSays Recognised = "leader"
)

// RemedyKind is what is done about a waiting request.
type RemedyKind string

// The remedies.
const (
	RegisterAddress RemedyKind = "email"   // register an address and send the mail on
	SendOn          RemedyKind = "send"    // the address is there by now: send the mail on
	HandCard        RemedyKind = "card"    // issue a reset card
	Dismiss         RemedyKind = "dismiss" // nothing
)

// Remedy is an administrator's answer to a waiting request.
type Remedy struct {
	Kind       RemedyKind
	Email      aikagi.Email // as typed
	Recognised Recognised
}

// checked reads the address as it was typed, and names everything that is missing
// or wrong in the answer.
func (m Remedy) checked() (Remedy, error) {
	var broken aikagi.Invalids
	switch m.Recognised {
	case InPerson, CalledBack, LeaderSays:
	default:
		broken.Add("recognised", "required")
	}
	switch m.Kind {
	case Dismiss:
		return m, nil
	case RegisterAddress:
		var err error
		m.Email, err = aikagi.ParseEmail(string(m.Email))
		broken.AddErr("email", err)
	case SendOn, HandCard:
	default:
		broken.Add("remedy", "required")
	}
	return m, broken.Err()
}

// Open is a request that waits for an administrator.
type Open struct {
	Request aikagi.ResetRequest
	User    aikagi.User
	Receipt string
	May     bool // the actor may mend it (S26)
}

// waitingPage is how many open requests are shown; there is one a user.
const waitingPage = 200

// Waiting lists the open requests of the last seven days and counts those for
// names that nobody has, which are never shown (S12a).
func (r *Resets) Waiting(ctx context.Context, i aikagi.Instance) (open []Open, unknown int, err error) {
	now := r.Clock.Now()
	since := now.Add(-aikagi.ResetRequestTTL)
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		open = nil
		rights, err := helping(ctx, tx, i, now)
		if err != nil {
			return err
		}
		requests, err := tx.ListWaitingRequests(ctx, i.ID, since, waitingPage)
		if err != nil {
			return err
		}
		for _, q := range requests {
			one, err := r.open(ctx, tx, rights, q)
			if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
				continue // the user was deleted meanwhile, or is nobody whom the actor sees
			}
			if err != nil {
				return err
			}
			open = append(open, one)
		}
		if !rights.May(aikagi.UsersView) {
			return nil // how many others ask is for whoever sees all
		}
		unknown, err = tx.CountUnknownRequests(ctx, i.ID, since)
		return err
	})
	return open, unknown, err
}

func (r *Resets) open(ctx context.Context, tx *store.Tx, rights securityprofile.Rights, q aikagi.ResetRequest) (Open, error) {
	u, toward, err := rights.FindUser(ctx, tx, q.InstanceID, q.UserID)
	if err != nil {
		return Open{}, err
	}
	return Open{
		Request: q, User: u, Receipt: Receipt(r.Ring, q.InstanceID, q.ID),
		May: toward.May(aikagi.UsersEdit) && toward.MayChangeWaysIn(ctx, tx, u) == nil,
	}, nil
}

// Mend answers a waiting request. The rights, the address, the secret, the end
// of the request and the record are one transaction.
func (r *Resets) Mend(ctx context.Context, i aikagi.Instance, id aikagi.ResetRequestID, remedy Remedy) (Card, error) {
	remedy, err := remedy.checked()
	if err != nil {
		return Card{}, err
	}
	now := r.Clock.Now()
	q, u, err := r.waiting(ctx, i, id, now)
	if err != nil {
		return Card{}, err
	}
	q.ClosedAt, q.ClosedBy, q.Recognised = now, aikagi.ActorFrom(ctx).Name, string(remedy.Recognised)
	m := making{instance: i.ID, user: u.ID, action: "reset.send", kind: aikagi.KindAdminLink, request: &q}
	switch remedy.Kind {
	case Dismiss:
		return Card{}, r.dismiss(ctx, i, u, q)
	case HandCard:
		m.kind, m.action = aikagi.KindCard, "reset.card"
	case RegisterAddress:
		return Card{}, r.register(ctx, i, u, remedy.Email, m)
	case SendOn:
	}
	return r.make(ctx, m)
}

func (r *Resets) waiting(ctx context.Context, i aikagi.Instance, id aikagi.ResetRequestID, now time.Time) (q aikagi.ResetRequest, u aikagi.User, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		rights, err := helping(ctx, tx, i, now)
		if err != nil {
			return err
		}
		if q, err = tx.FindRequest(ctx, i.ID, id); err != nil {
			return err
		}
		if q.State != aikagi.RequestWaiting || now.Sub(q.CreatedAt) > aikagi.ResetRequestTTL {
			return aikagi.Because(aikagi.Conflict, "reset_request", "closed")
		}
		u, _, err = rights.FindUser(ctx, tx, i.ID, q.UserID, aikagi.UsersEdit)
		return err
	})
	return q, u, err
}

func (r *Resets) dismiss(ctx context.Context, i aikagi.Instance, u aikagi.User, q aikagi.ResetRequest) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := r.mayHelp(ctx, tx, i, u, q.ClosedAt); err != nil {
			return err
		}
		if err := tx.CloseRequest(ctx, q); err != nil {
			return err
		}
		return audit.Record(ctx, tx, q.ClosedAt, audit.Event{
			Instance: i.ID, Action: "reset.dismiss", TargetKind: "user", TargetID: string(u.ID),
			TargetName: string(u.Username),
		})
	})
}

// register stores the address that was missing and sends the mail on.
func (r *Resets) register(ctx context.Context, i aikagi.Instance, seen aikagi.User, email aikagi.Email, m making) error {
	now := m.request.ClosedAt
	after := seen
	after.Email, after.EmailSetBy, after.EmailSetAt = email, aikagi.ActorFrom(ctx).Name, now
	after.SecretEpoch, after.UpdatedAt = seen.SecretEpoch+1, now
	if reason := unserved(i, after); reason != aikagi.ReasonNone {
		return aikagi.Because(aikagi.Conflict, "reset", string(reason))
	}
	token, row := newToken(after, m.kind, after.SecretEpoch+1, now, m.ttl(i))
	row.CreatedBy = aikagi.ActorFrom(ctx).ID()
	letter, err := r.letter(ctx, i, after, m, token, row)
	if err != nil {
		return err
	}
	notices, err := r.notices(ctx, i, after, now)
	if err != nil {
		return err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := r.mayRegister(ctx, tx, i, seen, email, now); err != nil {
			return err
		}
		if seen.Email != "" {
			return aikagi.Because(aikagi.Conflict, "user", "has_email")
		}
		if err := tx.UpdateUser(ctx, seen, after); err != nil {
			return err
		}
		for _, notice := range notices {
			if err := tx.InsertMessage(ctx, notice); err != nil {
				return err
			}
		}
		m.action = "reset.register"
		m.changes = audit.Changed([3]string{"email", string(seen.Email), string(email)})
		return r.issue(ctx, tx, m, after, row, letter)
	})
	if err == nil {
		r.Post.Wake()
	}
	return err
}

// mayRegister asks whether the actor may decide where the mail of u goes: he may
// help him, he is not u, and the address is none of his own (decision 8).
func (r *Resets) mayRegister(ctx context.Context, tx *store.Tx, i aikagi.Instance, u aikagi.User, email aikagi.Email, now time.Time) error {
	if err := notToOneself(ctx, u.ID); err != nil {
		return err
	}
	rights, err := helpingWhom(ctx, tx, i, u, now)
	if err != nil {
		return err
	}
	if err := rights.MayChangeWaysIn(ctx, tx, u); err != nil {
		return err
	}
	return rights.MayRegister(email)
}

// notices tell the other administrators of a new address of one of them (F25).
func (r *Resets) notices(ctx context.Context, i aikagi.Instance, u aikagi.User, now time.Time) ([]aikagi.Message, error) {
	var tell []aikagi.User
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		rights, err := helping(ctx, tx, i, now)
		if err != nil {
			return err
		}
		tell, err = rights.Witnesses(ctx, tx, i, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	notices := make([]aikagi.Message, len(tell))
	for n, administrator := range tell {
		if notices[n], err = r.Post.AdministratorAddress(i, administrator, u, aikagi.ActorFrom(ctx).Name, now); err != nil {
			return nil, err
		}
	}
	return notices, nil
}
