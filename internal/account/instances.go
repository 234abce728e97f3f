package account

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// repairersCounted bounds how many administrators are looked at for a list.
const repairersCounted = 50

// Summary is a row of the list of instances.
type Summary struct {
	Instance       aikagi.Instance
	Administrators int       // who can log in and repair; counted up to 50
	LastLoginAt    time.Time // of an administrator
}

// ListInstances reads a page of instances after an alias.
func (a *Accounts) ListInstances(ctx context.Context, after string, limit int) ([]Summary, error) {
	var all []Summary
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		if err := iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "connect:ListInstances", Resource: "*"}); err != nil {
			return err
		}
		instances, err := tx.ListInstances(ctx, after, limit)
		if err != nil {
			return err
		}
		for _, i := range instances {
			s, err := summarise(ctx, tx, i)
			if err != nil {
				return err
			}
			all = append(all, s)
		}
		return nil
	})
	return all, err
}

func summarise(ctx context.Context, tx *store.Tx, i aikagi.Instance) (Summary, error) {
	s := Summary{Instance: i}
	repairers, err := securityprofile.ListRepairers(ctx, tx, i.ID, repairersCounted)
	s.Administrators = len(repairers)
	for _, u := range repairers {
		if u.LastLoginAt.After(s.LastLoginAt) {
			s.LastLoginAt = u.LastLoginAt
		}
	}
	return s, err
}

// Overview is what the console shows of one instance.
type Overview struct {
	Summary
	ARN        aikagi.ARN
	MailSentAt time.Time // newest message that left, of the last 50
	MailFailed int       // messages given up, of the last 50
	Grants     []aikagi.EmergencyGrant
}

const (
	messagesCounted = 50
	grantsShown     = 5
)

// Overview reads one instance and how it is.
func (a *Accounts) Overview(ctx context.Context, id aikagi.InstanceID) (Overview, error) {
	var o Overview
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.FindAccount(ctx)
		if err != nil {
			return err
		}
		o.ARN = aikagi.Scope{Region: a.Region, Account: account.ID, Instance: id}.InstanceARN()
		err = iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "connect:DescribeInstance", Resource: string(o.ARN)})
		if err != nil {
			return err
		}
		instance, err := tx.FindInstance(ctx, id)
		if err != nil {
			return err
		}
		if o.Summary, err = summarise(ctx, tx, instance); err != nil {
			return err
		}
		if o.Grants, err = tx.ListGrants(ctx, id, grantsShown); err != nil {
			return err
		}
		return o.countMail(ctx, tx)
	})
	return o, err
}

func (o *Overview) countMail(ctx context.Context, tx *store.Tx) error {
	messages, err := tx.ListMessages(ctx, o.Instance.ID, "~", messagesCounted)
	for _, m := range messages {
		if m.State == aikagi.MessageSent && m.DoneAt.After(o.MailSentAt) {
			o.MailSentAt = m.DoneAt
		}
		if m.State == aikagi.MessageFailed {
			o.MailFailed++
		}
	}
	return err
}

// MayCreateInstance refuses a principal that may not make an instance; the rule
// that makes one stands in package directory.
func (a *Accounts) MayCreateInstance(ctx context.Context) error {
	return a.Store.View(ctx, func(tx *store.Tx) error {
		return iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "connect:CreateInstance", Resource: "*"})
	})
}
