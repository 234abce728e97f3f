package securityprofile

import (
	"context"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// MayRegister refuses to give somebody an address of the actor's own: whoever
// does so could reset the other's password himself (decision 8). Both his
// addresses count, however the mailbox is spelled.
func (r Rights) MayRegister(e aikagi.Email) error {
	for _, own := range []aikagi.Email{r.self.Email, r.self.SecondaryEmail} {
		if own != "" && e != "" && mailbox(own) == mailbox(e) {
			return aikagi.Because(aikagi.Invalid, "email", "yours")
		}
	}
	return nil
}

// mailbox is where most servers deliver an address: case and what follows a
// plus sign make no difference (RFC 5233 §1).
func mailbox(e aikagi.Email) string {
	local, domain, _ := strings.Cut(strings.ToLower(string(e)), "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// maxWitnesses bounds the mails of one change.
const maxWitnesses = 1000

// Witnesses are the administrators who hear of a new address of somebody with a
// guarded power: whoever holds the mailbox can take over the account (F25). Who
// changed it knows, and the user is told as its owner.
func (r Rights) Witnesses(ctx context.Context, tx *store.Tx, i aikagi.Instance, u aikagi.User) ([]aikagi.User, error) {
	held, err := Held(ctx, tx, i.ID, u.ID)
	if err != nil || !Guards(i, held) {
		return nil, err
	}
	all, err := ListRepairers(ctx, tx, i.ID, maxWitnesses)
	return slices.DeleteFunc(all, func(w aikagi.User) bool {
		return w.Email == "" || w.ID == u.ID || r.Actor.Kind == aikagi.ActorUser && w.ID == r.Actor.UserID
	}), err
}
