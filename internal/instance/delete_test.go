package instance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

type accessChange = instance.AccessChange

func accessID(i aikagi.Instance) string { return instance.AccessID(i.ID) }

func change(edit func(*accessChange)) accessChange {
	var c accessChange
	edit(&c)
	return c
}

func (w world) users(t *testing.T, id aikagi.InstanceID) (n int) {
	t.Helper()
	storetest.View(t, w.Store, func(tx *store.Tx) (err error) {
		n, err = tx.CountUsers(t.Context(), store.UserRange{Instance: id, Set: store.EveryUser}, 1000)
		return err
	})
	return n
}

// TestADeletedInstanceGoesInSteps: at once it is unknown, then what it had goes a
// batch a turn, whoever is stopped in between.
func TestADeletedInstanceGoesInSteps(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		i, next := w.make(t, "sakura"), w.make(t, "momiji")
		for n := range 250 {
			storetest.User(t, w.Store, i, fmt.Sprint("user", n))
		}
		storetest.User(t, w.Store, next, "user0")
		woken := 0
		w.Wake = func() { woken++ }
		must(t, w.Delete(host(t), i.ID, ""))
		if woken != 1 {
			t.Errorf("the job was woken %d times", woken)
		}
		_, _, err := w.Find(host(t), i.ID)
		wants(t, "find", err, aikagi.NotFound, "")
		wants(t, "delete again", w.Delete(host(t), i.ID, ""), aikagi.NotFound, "")
		wants(t, "change", w.SetAttribute(host(t), i.ID, aikagi.ContactLens, true), aikagi.NotFound, "")
		w.make(t, "sakura") // the alias is free

		turns, left := 0, []int{}
		for more := true; more; turns++ {
			// Another node begins, and its work is nobody's until the lease is over.
			other := &instance.Instances{Store: w.Store, Clock: w.Clock, Node: "two"}
			more, err = w.Clear(t.Context())
			must(t, err)
			left = append(left, w.users(t, i.ID))
			if found, err := other.Clear(t.Context()); found || err != nil {
				t.Errorf("two nodes at once: %t, %v", found, err)
			}
		}
		if fmt.Sprint(left) != "[150 50 0]" {
			t.Errorf("after each turn: %v users", left)
		}
		if n := w.users(t, next.ID); n != 1 {
			t.Errorf("the neighbour has %d users", n)
		}
		storetest.View(t, w.Store, func(tx *store.Tx) error {
			_, err := tx.FindDeletedInstance(t.Context(), "")
			wants(t, "the row", err, aikagi.NotFound, "")
			return nil
		})
		if found, err := w.Clear(t.Context()); found || err != nil {
			t.Errorf("with nothing to do: %t, %v", found, err)
		}
		account, own := w.events(t, ""), w.events(t, i.ID)
		if len(account) != 1 || account[0].Action != "instance.delete" || account[0].TargetID != string(i.ID) || account[0].TargetName != "sakura" {
			t.Errorf("record of the account: %+v", account)
		}
		if len(own) != 1 || own[0].Action != "instance.create" {
			t.Errorf("record of the instance: %+v", own)
		}
	})
}

// A job that was stopped goes on on another node when its lease is over.
func TestAnotherNodeGoesOnClearing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		i := w.make(t, "sakura")
		for n := range 150 {
			storetest.User(t, w.Store, i, fmt.Sprint("user", n))
		}
		must(t, w.Delete(host(t), i.ID, ""))
		if more, err := w.Clear(t.Context()); !more || err != nil {
			t.Fatalf("%t, %v", more, err)
		}
		w.clock.Move(2 * time.Minute)
		other := &instance.Instances{Store: w.Store, Clock: w.Clock, Node: "two"}
		if more, err := other.Clear(t.Context()); more || err != nil || w.users(t, i.ID) != 0 {
			t.Errorf("%t, %v, %d users left", more, err, w.users(t, i.ID))
		}
	})
}

func TestDeletingIsAskedOfThePoliciesFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		i := w.make(t, "sakura")
		denied := w.principal(t, "denied", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
 {"Effect": "Deny", "Action": "connect:DeleteInstance", "Resource": "arn:aws:connect:*:*:instance/`+string(i.ID)+`"}]}`)
		wants(t, "a Deny on its ARN", w.Delete(asks(t, denied, "DeleteInstance", i.ID), i.ID, "t"), aikagi.Forbidden, "connect:DeleteInstance")
		none := w.principal(t, "none", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "connect:ListInstances", "Resource": "*"}]}`)
		wants(t, "no policy, an unknown id", w.Delete(asks(t, none, "DeleteInstance", "nowhere"), "nowhere", ""), aikagi.Forbidden, "connect:DeleteInstance")
		for who, ctx := range map[string]aikagi.ActorKind{"a user": aikagi.ActorUser, "emergency": aikagi.ActorEmergency} {
			wants(t, who, w.Delete(aikagi.WithActor(t.Context(), aikagi.Actor{Kind: ctx, InstanceID: i.ID}), i.ID, ""), aikagi.Forbidden, "account_only")
		}
		may := asks(t, w.principal(t, "may", mayAll), "DeleteInstance", i.ID)
		must(t, w.Delete(may, i.ID, "token"))
		must(t, w.Delete(may, i.ID, "token")) // the answer was lost, and the client asks again
		wants(t, "with another token", w.Delete(may, i.ID, "other"), aikagi.NotFound, "")
	})
}
