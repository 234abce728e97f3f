package directory

import (
	"context"

	"github.com/aikagi/aikagi"
)

// newest is a key after every id, where lists of records start.
const newest = "~"

// Mail is a message and every try to hand it over. Its content is sealed and
// not part of it.
type Mail struct {
	Message  aikagi.Message
	Attempts []aikagi.Attempt
}

// ListMail reads a page of an instance's messages before an id, newest first.
func (d *Directory) ListMail(ctx context.Context, instance aikagi.InstanceID, before aikagi.MessageID, size int) ([]aikagi.Message, error) {
	if before == "" {
		before = newest
	}
	return view(ctx, d, instance, aikagi.UsersEdit, func(s scene) ([]aikagi.Message, error) {
		messages, err := s.tx.ListMessages(ctx, instance, before, size)
		return withoutContent(messages), err
	})
}

// MailPause tells why no mail is sent at present; the zero one: it is.
func (d *Directory) MailPause(ctx context.Context, instance aikagi.InstanceID) (aikagi.MailPause, error) {
	return view(ctx, d, instance, aikagi.UsersEdit, func(s scene) (aikagi.MailPause, error) {
		return s.tx.FindMailPause(ctx)
	})
}

// FindMail reads one message of an instance.
func (d *Directory) FindMail(ctx context.Context, instance aikagi.InstanceID, id aikagi.MessageID) (Mail, error) {
	return view(ctx, d, instance, aikagi.UsersEdit, func(s scene) (Mail, error) {
		var m Mail
		var err error
		if m.Message, err = s.tx.FindMessage(ctx, instance, id); err != nil {
			return m, err
		}
		m.Message.Sealed = nil
		m.Attempts, err = s.tx.ListAttempts(ctx, id)
		return m, err
	})
}

// MailOf reads the newest messages to a user with their tries, for the timeline
// of his page.
func (d *Directory) MailOf(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID, limit int) ([]Mail, error) {
	return viewSome(ctx, d, instance, aikagi.UsersEdit, func(s scene) ([]Mail, error) {
		if _, err := s.find(ctx, user, aikagi.UsersEdit); err != nil {
			return nil, err // who is nobody here had no mail either; that must not look alike
		}
		messages, err := s.tx.ListMessagesOfUser(ctx, instance, user, newest, limit)
		if err != nil {
			return nil, err
		}
		mails := make([]Mail, 0, len(messages))
		for _, m := range withoutContent(messages) {
			attempts, err := s.tx.ListAttempts(ctx, m.ID)
			if err != nil {
				return nil, err
			}
			mails = append(mails, Mail{Message: m, Attempts: attempts})
		}
		return mails, nil
	})
}

func withoutContent(messages []aikagi.Message) []aikagi.Message {
	for i := range messages {
		messages[i].Sealed = nil
	}
	return messages
}

// AuditQuery says which page of the record. Without a target it is everything
// that happened in the instance.
type AuditQuery struct {
	TargetKind, TargetID string
	Before               aikagi.AuditEventID // empty: the newest
	Size                 int
}

// ListAudit reads a page of the instance's record, newest first.
func (d *Directory) ListAudit(ctx context.Context, instance aikagi.InstanceID, q AuditQuery) ([]aikagi.AuditEvent, error) {
	if q.Before == "" {
		q.Before = newest
	}
	return view(ctx, d, instance, aikagi.HistoricalChangesView, func(s scene) ([]aikagi.AuditEvent, error) {
		if err := s.rights.Require(aikagi.UsersView); err != nil {
			return nil, err // the record names users and their addresses
		}
		if q.TargetKind != "" {
			return s.tx.ListAuditEventsOf(ctx, instance, q.TargetKind, q.TargetID, q.Before, q.Size)
		}
		return s.tx.ListAuditEvents(ctx, instance, q.Before, q.Size)
	})
}

// FindAudit reads one event of the instance's record.
func (d *Directory) FindAudit(ctx context.Context, instance aikagi.InstanceID, id aikagi.AuditEventID) (aikagi.AuditEvent, error) {
	// Ids sort by time; the event is the first one before the next possible id.
	events, err := d.ListAudit(ctx, instance, AuditQuery{Before: id + " ", Size: 1})
	if err != nil {
		return aikagi.AuditEvent{}, err
	}
	if len(events) == 0 || events[0].ID != id {
		return aikagi.AuditEvent{}, aikagi.E(aikagi.NotFound, "audit_event", nil)
	}
	return events[0], nil
}
