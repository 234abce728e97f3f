package admin

import (
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/unreachable"
	"github.com/aikagi/aikagi/internal/web"
)

// Badge is a state as text, shape and colour.
type badge struct{ Kind, Text string }

// badges are the states of a user that an administrator should see.
func badges(p web.Page, u aikagi.User, shared bool) []badge {
	var all []badge
	if !u.Enabled {
		return []badge{{"grey", p.T("admin.state.disabled")}}
	}
	if u.PasswordHash == "" {
		all = append(all, badge{"warn", p.T("admin.state.no_password")})
	}
	if u.MustChange {
		all = append(all, badge{"info", p.T("admin.state.temporary")})
	}
	why, _ := unreachable.Judge(unreachable.Person{Email: string(u.Email), Bounced: !u.EmailBouncedAt.IsZero()})
	switch {
	case why == unreachable.NoEmail:
		all = append(all, badge{"warn", p.T("admin.state.no_email")})
	case why == unreachable.MalformedEmail:
		all = append(all, badge{"danger", p.T("admin.state.malformed")})
	case why == unreachable.Bounced:
		all = append(all, badge{"danger", p.T("admin.state.bounced")})
	case why == unreachable.SharedMailbox, shared:
		all = append(all, badge{"warn", p.T("admin.state.shared")})
	}
	if len(all) == 0 {
		all = append(all, badge{"ok", p.T("admin.state.active")})
	}
	return all
}

// word is a text whose key ends with something that the store keeps; a value
// that has no text is shown as it is.
func word(p web.Page, area, value string) string {
	key := i18n.Key(area + "." + strings.ToLower(value))
	if value != "" && i18n.Has(p.Locale(), key) {
		return p.T(key)
	}
	return value
}

// permissionName is a permission in words: resource and action.
func permissionName(p web.Page, perm aikagi.Permission) string {
	resource := word(p, "admin.resource", perm.Resource())
	if perm.Action() == "" {
		return resource
	}
	return p.T("admin.permission", "resource", resource, "action", actionName(p, perm.Action()))
}

func actionName(p web.Page, action string) string {
	return word(p, "admin.action", action)
}

// capped shows a count that stops at directory.CountCap.
func capped(n int) string {
	if n >= directory.CountCap {
		return i18n.Number(directory.CountCap-1) + "+"
	}
	return strconv.Itoa(n)
}

// changeRow is one changed field of an audit event.
type changeRow struct{ Field, Before, After string }

func changeRows(p web.Page, changes []aikagi.Change) []changeRow {
	rows := make([]changeRow, len(changes))
	for i, c := range changes {
		rows[i] = changeRow{word(p, "admin.field", c.Field), valueOf(p, c.Field, c.Before), valueOf(p, c.Field, c.After)}
	}
	return rows
}

// valueOf is what a field held, in the words that its form has for it.
func valueOf(p web.Page, field, value string) string {
	switch field {
	case "phone_type":
		return word(p, "admin.phone", value)
	case "locale", "no_email":
		return word(p, "admin."+field, value)
	case "enabled":
		return either(p, value, "admin.state.active", "admin.state.disabled")
	case "auto_accept", "persistent_connection", "image_challenge", "sound_challenge", "connect_password":
		return either(p, value, "admin.other.used", "admin.other.unused")
	}
	return value
}

// either says what is stored as yes or no.
func either(p web.Page, value string, yes, no i18n.Key) string {
	switch value {
	case "yes":
		return p.T(yes)
	case "no":
		return p.T(no)
	}
	return value
}

// sentence says an audit event in words.
func sentence(p web.Page, e aikagi.AuditEvent) string {
	actor := e.ActorName
	if actor == "" {
		actor = word(p, "admin.actor", string(e.ActorKind))
	}
	key := i18n.Key("admin.event." + e.Action)
	if !i18n.Has(p.Locale(), key) {
		key = "admin.event.other"
	}
	return p.T(key, "actor", actor, "target", e.TargetName, "action", e.Action)
}

// mailBadge is the state of a message.
func mailBadge(p web.Page, m aikagi.Message) badge {
	kind := map[aikagi.MessageState]string{
		aikagi.MessageWaiting: "info", aikagi.MessageSending: "info", aikagi.MessageSent: "ok",
		aikagi.MessageFailed: "danger", aikagi.MessageDropped: "grey", aikagi.MessageBounced: "danger",
	}[m.State]
	state := string(m.State)
	if m.State == aikagi.MessageWaiting && m.Attempt > 0 {
		state = "retry"
	}
	return badge{kind, word(p, "admin.mail_state", state)}
}
