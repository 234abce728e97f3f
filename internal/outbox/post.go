package outbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/secret"
)

// Post writes messages: it renders and seals them, and touches no row.
type Post struct {
	Composer *mail.Composer
	Ring     *secret.Ring
	From     aikagi.Email
	Bounces  aikagi.Email // where what cannot be delivered comes back; empty: to From
	// ResetURL is the address of a reset link, from the configured base URL.
	ResetURL func(alias string, token aikagi.Secret) aikagi.Secret
	// Wake tells the sender that a message was committed.
	Wake func()
}

// noticeTTL is how long a notice is worth sending.
const noticeTTL = 3 * 24 * time.Hour

const sealPurpose = "outbox"

// Reset is what a mail with a reset link says besides its user.
type Reset struct {
	Token    aikagi.ResetToken
	Secret   aikagi.Secret // of the link
	Code     aikagi.Secret // for typing; empty if there is no page to type it into
	Matching string        // number on the page that asked; empty likewise
	By       string        // administrator who had it sent; empty: asked for by anybody
	AskedAt  time.Time
}

// PasswordReset writes the mail with a reset link.
func (p *Post) PasswordReset(i aikagi.Instance, u aikagi.User, r Reset) (aikagi.Message, error) {
	m, err := p.write(i, u, u.Email, r.Token.CreatedAt, mail.PasswordReset{
		User: u.Username, By: r.By, AskedAt: r.AskedAt, Matching: r.Matching,
		URL: p.ResetURL(i.Alias, r.Secret), Code: r.Code, ValidUntil: r.Token.ExpiresAt,
	})
	return carrying(m, r.Token), err
}

// Invite writes the mail with the link to a first password.
func (p *Post) Invite(i aikagi.Instance, u aikagi.User, r Reset) (aikagi.Message, error) {
	m, err := p.write(i, u, u.Email, r.Token.CreatedAt, mail.Invite{
		User: u.Username, By: r.By, URL: p.ResetURL(i.Alias, r.Secret), ValidUntil: r.Token.ExpiresAt,
	})
	return carrying(m, r.Token), err
}

// carrying ties a message to the secret in it: it is not sent when that ended.
func carrying(m aikagi.Message, t aikagi.ResetToken) aikagi.Message {
	m.TokenID, m.RequestID, m.ExpiresAt = t.ID, t.RequestID, t.ExpiresAt
	return m
}

// PasswordChanged writes the notice after a new password (S11).
func (p *Post) PasswordChanged(i aikagi.Instance, u aikagi.User, now time.Time) (aikagi.Message, error) {
	return p.write(i, u, u.Email, now, mail.PasswordChanged{User: u.Username, At: now})
}

// TemporaryPassword writes the notice that an administrator set a password.
func (p *Post) TemporaryPassword(i aikagi.Instance, u aikagi.User, by string, now time.Time) (aikagi.Message, error) {
	return p.write(i, u, u.Email, now, mail.TemporaryPassword{User: u.Username, By: by, At: now})
}

// AddressReplaced writes the notice to an address that is no longer the user's.
func (p *Post) AddressReplaced(i aikagi.Instance, u aikagi.User, old aikagi.Email, by string, now time.Time) (aikagi.Message, error) {
	return p.write(i, u, old, now, mail.AddressReplaced{User: u.Username, By: by, At: now})
}

// AddressRegistered writes the notice to the user's new address.
func (p *Post) AddressRegistered(i aikagi.Instance, u aikagi.User, by string, now time.Time) (aikagi.Message, error) {
	return p.write(i, u, u.Email, now, mail.AddressRegistered{User: u.Username, By: by, At: now})
}

// AdministratorAddress writes the notice to an administrator that the address of u,
// who is one too, was changed (F25).
func (p *Post) AdministratorAddress(i aikagi.Instance, administrator, u aikagi.User, by string, now time.Time) (aikagi.Message, error) {
	return p.write(i, administrator, administrator.Email, now, mail.AdministratorAddress{User: u.Username, By: by, At: now})
}

// Flood writes the notice to an administrator that many logins fail, or that many
// ask for a link.
func (p *Post) Flood(i aikagi.Instance, administrator aikagi.User, asking bool, now time.Time) (aikagi.Message, error) {
	return p.write(i, administrator, administrator.Email, now, mail.Flood{Asking: asking, At: now})
}

// EmergencyUsed writes the notice that somebody entered an instance by emergency
// access.
func (p *Post) EmergencyUsed(i aikagi.Instance, to aikagi.Email, locale aikagi.Locale, g aikagi.EmergencyGrant, now time.Time) (aikagi.Message, error) {
	return p.write(i, aikagi.User{Locale: locale}, to, now, mail.EmergencyUsed{
		Principal: g.PrincipalName, Reason: g.Reason, At: now, Until: now.Add(aikagi.GrantSessionTTL),
	})
}

func (p *Post) write(i aikagi.Instance, u aikagi.User, to aikagi.Email, now time.Time, m mail.Mail) (aikagi.Message, error) {
	id := aikagi.NewOrderedID()
	header := fmt.Sprintf("<%s@%s>", id, p.From.Domain())
	envelope, err := p.Composer.Compose(mail.Frame{
		Locale: u.Locale.Or(i.Settings.Locale), Instance: i.Name(),
		From: p.From, To: to, MessageID: header, Date: now,
		Zone: i.Location(), Contact: i.Settings.Contact,
	}, m)
	if err != nil {
		return aikagi.Message{}, err
	}
	return aikagi.Message{
		InstanceID: i.ID, ID: aikagi.MessageID(id), UserID: u.ID, Kind: m.Kind(), To: to,
		HeaderID:  strings.Trim(header, "<>"),
		Sealed:    p.Ring.Seal(sealPurpose, []byte(id), envelope.Raw),
		CreatedAt: now, ExpiresAt: now.Add(noticeTTL),
	}, nil
}

// ReturnPath makes the envelope senders of messages.
func (p *Post) ReturnPath() mail.ReturnPath {
	return mail.ReturnPath{Ring: p.Ring, From: p.From, Bounces: p.Bounces}
}

// Open returns the unsigned bytes of a message that was not wiped.
func (p *Post) Open(m aikagi.Message) ([]byte, error) {
	raw, err := p.Ring.Open(sealPurpose, []byte(m.ID), m.Sealed)
	if err != nil {
		return nil, fmt.Errorf("open message %s: %w", m.ID, err)
	}
	return raw, nil
}
