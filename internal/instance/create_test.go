package instance_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func TestANewInstanceHasItsTagsQueueAndHours(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		n := called("Sakura")
		n.Tags = []aikagi.Tag{{Key: "team", Value: "desk"}, {Key: "empty"}}
		n.Attributes = map[aikagi.AttributeType]bool{aikagi.InboundCalls: true}
		made, err := w.Create(host(t), n)
		must(t, err)
		i, tags, err := w.Find(host(t), made.ID)
		must(t, err)
		if i.Alias != "sakura" || !i.Attribute(aikagi.InboundCalls) || i.Attribute(aikagi.OutboundCalls) || len(tags) != 2 || tags[1].Value != "desk" {
			t.Errorf("%+v %v", i, tags)
		}
		storetest.View(t, w.Store, func(tx *store.Tx) error {
			queues, err := tx.ListQueues(t.Context(), i.ID)
			must(t, err)
			hours, err := tx.ListHours(t.Context(), i.ID)
			must(t, err)
			if len(queues) != 1 || len(hours) != 1 || queues[0].HoursID != hours[0].ID {
				t.Errorf("queues %+v, hours %+v", queues, hours)
			}
			return nil
		})
		if e := w.events(t, i.ID); len(e) != 1 || e[0].Action != "instance.create" {
			t.Errorf("record: %+v", e)
		}
	})
}

func TestWhatBreaksARuleMakesNoInstance(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		w.make(t, "taken")
		for name, c := range map[string]struct {
			alias   string
			type_   aikagi.IdentityType
			tags    []aikagi.Tag
			token   string
			on      aikagi.AttributeType
			code    aikagi.Code
			because string
		}{
			"no alias":          {code: aikagi.Invalid, because: "required"},
			"taken alias":       {alias: "TAKEN", code: aikagi.Conflict, because: "taken"},
			"alias like an id":  {alias: "d-0123456789", code: aikagi.Invalid, because: "characters"},
			"long alias":        {alias: strings.Repeat("a", 46), code: aikagi.Invalid, because: "too_long"},
			"unknown type":      {alias: "fine", type_: "OTHER", code: aikagi.Invalid, because: "unknown"},
			"reserved tag":      {alias: "fine", tags: []aikagi.Tag{{Key: "aws:a"}}, code: aikagi.Invalid, because: "reserved"},
			"unknown attribute": {alias: "fine", on: "COFFEE", code: aikagi.Invalid, because: "unknown"},
			"long token":        {alias: "fine", token: strings.Repeat("t", 501), code: aikagi.Invalid, because: "too_long"},
		} {
			n := called(c.alias)
			n.Tags, n.Token = c.tags, c.token
			if c.type_ != "" {
				n.Identity = c.type_
			}
			if c.on != "" {
				n.Attributes = map[aikagi.AttributeType]bool{c.on: true}
			}
			_, err := w.Create(host(t), n)
			wants(t, name, err, c.code, c.because)
		}
		all, err := w.List(host(t), "", 10)
		must(t, err)
		if len(all) != 1 {
			t.Errorf("%d instances, want 1", len(all))
		}
	})
}

// TestS34TheSameTokenMakesOneInstance, however often and however much at once the
// request comes.
func TestS34TheSameTokenMakesOneInstance(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		ctx := asks(t, w.principal(t, "terraform", mayAll), "CreateInstance", "")
		n := called("sakura")
		n.Token, n.Tags = "token", []aikagi.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}
		var wait sync.WaitGroup
		ids := make([]aikagi.InstanceID, 4)
		for i := range ids {
			wait.Go(func() {
				made, err := w.Create(ctx, n)
				if err != nil {
					t.Error(err)
				}
				ids[i] = made.ID
			})
		}
		wait.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Errorf("ids %v, want one", ids)
			}
		}
		turned := n
		turned.Tags = []aikagi.Tag{n.Tags[1], n.Tags[0]} // the order of a map
		again, err := w.Create(ctx, turned)
		if err != nil || again.ID != ids[0] {
			t.Errorf("in another order: %s, %v", again.ID, err)
		}
		other := n
		other.Alias = "momiji"
		_, err = w.Create(ctx, other)
		wants(t, "another request", err, aikagi.Conflict, "reused")
		somebody := asks(t, w.principal(t, "somebody", mayAll), "CreateInstance", "")
		made, err := w.Create(somebody, other)
		if err != nil || made.ID == ids[0] {
			t.Errorf("somebody else's token: %s, %v", made.ID, err)
		}
		other.Token = ""
		_, err = w.Create(ctx, other)
		wants(t, "without a token", err, aikagi.Conflict, "taken")
		if e := w.events(t, ids[0]); len(e) != 1 {
			t.Errorf("%d rows of the record, want 1", len(e))
		}
	})
}

func TestS30WhoMayNotMakeOneDoesNotLearnOfAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		tagged := w.principal(t, "tagged", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:CreateInstance",
 "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": "desk"}}}]}`)
		ctx := asks(t, tagged, "CreateInstance", "")
		w.make(t, "taken")
		_, err := w.Create(ctx, called("taken"))
		wants(t, "without the tag that the policy asks for", err, aikagi.Forbidden, "connect:CreateInstance")
		_, err = w.Create(t.Context(), called("other"))
		wants(t, "nobody", err, aikagi.Unauthenticated, "")
		_, err = w.List(aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorUser}), "", 1)
		wants(t, "a person", err, aikagi.Forbidden, "account_only")
	})
}

// Programs make a hundred instances at most; the host makes more.
func TestProgramsMakeAHundredInstances(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		storetest.Update(t, w.Store, func(tx *store.Tx) error {
			for n := range 99 {
				err := tx.InsertInstance(t.Context(), aikagi.Instance{ID: aikagi.InstanceID(aikagi.NewID()), Alias: fmt.Sprint("a", n), Settings: aikagi.DefaultInstanceSettings()})
				if err != nil {
					return err
				}
			}
			return nil
		})
		ctx := asks(t, w.principal(t, "loop", mayAll), "CreateInstance", "")
		last, err := w.Create(ctx, called("last"))
		must(t, err)
		_, err = w.Create(ctx, called("too-many"))
		wants(t, "the hundred and first", err, aikagi.Conflict, "too_many")
		must(t, w.Delete(host(t), last.ID, ""))
		_, err = w.Create(ctx, called("again"))
		must(t, err)
		w.make(t, "hosts")
	})
}

func TestAttributesAreKeptAndTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		i := w.make(t, "sakura")
		for want, types := range map[bool][]aikagi.AttributeType{
			true:  {aikagi.AutoResolveBestVoices, aikagi.ContactLens, aikagi.EarlyMedia},
			false: {aikagi.InboundCalls, aikagi.OutboundCalls, aikagi.ContactflowLogs, aikagi.MultiPartyConference, aikagi.MessageStreaming},
		} {
			for _, a := range types {
				on, err := w.Attribute(host(t), i.ID, a)
				if err != nil || on != want {
					t.Errorf("%s: %t, %v", a, on, err)
				}
			}
		}
		must(t, w.SetAttribute(host(t), i.ID, aikagi.ContactLens, false))
		must(t, w.SetAttribute(host(t), i.ID, aikagi.OutboundCalls, true))
		after, err := w.Attributes(host(t), i.ID)
		must(t, err)
		if after.Attribute(aikagi.ContactLens) || !after.Attribute(aikagi.OutboundCalls) || after.Version != 1 {
			t.Errorf("%+v", after)
		}
		wants(t, "an unknown one", w.SetAttribute(host(t), i.ID, "COFFEE", true), aikagi.Invalid, "unknown")
		wants(t, "an unknown instance", w.SetAttribute(host(t), "nowhere", aikagi.ContactLens, true), aikagi.NotFound, "")
		if e := w.events(t, i.ID); len(e) != 3 || e[0].Action != "instance.attribute" || e[0].Changes[0].After != "OUTBOUND_CALLS=true" {
			t.Errorf("record: %+v", e)
		}
	})
}

func TestOnlyWhatIsGivenOfAnAuthenticationProfileChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		i, next := w.make(t, "sakura"), w.make(t, "momiji")
		id := accessID(i)
		read := func() aikagi.AuthenticationProfile {
			t.Helper()
			found, err := w.Access(host(t), i.ID, id)
			must(t, err)
			return found.Access
		}
		if p := read(); p.Name != "Default Authentication Profile" || p.Periodic != time.Hour || p.EndsInactive || !p.UpdatedAt.IsZero() {
			t.Errorf("of a new instance: %+v", p)
		}
		w.clock.Move(time.Minute)
		idle, yes := 15*time.Minute, true
		must(t, w.UpdateAccess(host(t), i.ID, id, change(func(c *accessChange) { c.Inactivity, c.EndsInactive = &idle, &yes })))
		must(t, w.UpdateAccess(host(t), i.ID, id, change(func(c *accessChange) { c.BlockedIPs = []string{"192.0.2.0/24"} })))
		p := read()
		if p.Inactivity != idle || !p.EndsInactive || len(p.BlockedIPs) != 1 || p.Name != "Default Authentication Profile" || !p.UpdatedAt.Equal(start.Add(time.Minute)) {
			t.Errorf("after two updates: %+v", p)
		}
		must(t, w.UpdateAccess(host(t), i.ID, id, change(func(c *accessChange) { c.BlockedIPs = []string{} })))
		if p := read(); len(p.BlockedIPs) != 0 || !p.EndsInactive {
			t.Errorf("after emptying a list: %+v", p)
		}
		wants(t, "a bad range", w.UpdateAccess(host(t), i.ID, id, change(func(c *accessChange) { c.AllowedIPs = []string{"all"} })), aikagi.Invalid, "address_range")
		wants(t, "the neighbour's profile", w.UpdateAccess(host(t), i.ID, accessID(next), accessChange{}), aikagi.NotFound, "")
		_, err := w.Access(host(t), i.ID, "")
		wants(t, "no id", err, aikagi.NotFound, "")
		if e := w.events(t, i.ID); len(e) != 4 || e[0].Action != "authentication_profile.update" || e[2].Changes[1].Field != "ends_inactive" {
			t.Errorf("record: %+v", e)
		}
		if accessID(i) != id || accessID(i) == accessID(next) {
			t.Error("ids do not follow from the instance")
		}
	})
}
