package unreachable

import (
	"cmp"
	"slices"
	"time"

	"github.com/aikagi/aikagi/internal/i18n"
)

// Reason is why somebody cannot reset the password, or why it is not known.
type Reason string

// The reasons.
const (
	NoEmail        Reason = "no_email"
	MalformedEmail Reason = "malformed_email"
	SharedMailbox  Reason = "shared_mailbox" // others have the same address, or it is a desk's and nobody's own
	NoMailDomain   Reason = "no_mail_domain" // no mail is taken for the domain
	Bounced        Reason = "bounced"        // mail to the address came back (Aikagi)
	Disabled       Reason = "disabled"       // ought not to reset
	Unchecked      Reason = "unchecked"      // could not be looked at; detail says why
	NotApplicable  Reason = "not_applicable" // the password is kept elsewhere
)

// Counts reports whether the reason keeps somebody out who ought to get in.
func (r Reason) Counts() bool {
	switch r {
	case NoEmail, MalformedEmail, SharedMailbox, NoMailDomain, Bounced:
		return true
	case Disabled, Unchecked, NotApplicable:
	}
	return false
}

// Report is what a run found.
type Report struct {
	Source     string           `json:"source"`
	FinishedAt time.Time        `json:"finished_at"`
	Instances  []InstanceReport `json:"instances"`
}

// InstanceReport is about one instance.
type InstanceReport struct {
	ID           string    `json:"id"`
	Alias        string    `json:"alias"`
	IdentityType string    `json:"identity_type"`
	Users        Count     `json:"users"`
	Findings     []Finding `json:"findings"`
	Error        string    `json:"error,omitempty"` // why its users could not be listed

	Readiness *Readiness `json:"readiness,omitempty"` // of an instance that keeps passwords
}

// Count is how many users an instance has, and how many were looked at.
type Count struct {
	Total   int `json:"total"`
	Checked int `json:"checked"`
}

// Finding is about one user.
type Finding struct {
	UserID   string `json:"user_id"`
	Username string `json:"username"`
	Reason   Reason `json:"reason"`
	Detail   string `json:"detail"`
}

// Found is how many people cannot reset who ought to be able to.
func (r Report) Found() int { return r.count(Reason.Counts) }

// Unchecked is how many could not be looked at.
func (r Report) Unchecked() int { return r.count(func(why Reason) bool { return why == Unchecked }) }

func (r Report) count(is func(Reason) bool) int {
	n := 0
	for _, i := range r.Instances {
		n += i.count(is)
	}
	return n
}

// Found is how many of the instance cannot reset who ought to be able to.
func (i InstanceReport) Found() int { return i.count(Reason.Counts) }

func (i InstanceReport) count(is func(Reason) bool) int {
	n := 0
	for _, f := range i.Findings {
		if is(f.Reason) {
			n++
		}
	}
	return n
}

// inOrder sorts findings: those that count first, then by user name.
func inOrder(all []Finding) {
	rank := func(f Finding) int {
		if f.Reason.Counts() {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Username, b.Username), cmp.Compare(a.UserID, b.UserID))
	})
}

// Denied reports whether the users of an instance could not be listed.
func (r Report) Denied() bool {
	return slices.ContainsFunc(r.Instances, func(i InstanceReport) bool { return i.Error == accessDenied })
}

// Because is the key of the text that says why nobody of the instance was looked at.
func (i InstanceReport) Because() i18n.Key {
	if i.Error == notActive {
		return "cli.unreachable.not_active"
	}
	return "cli.unreachable.denied"
}
