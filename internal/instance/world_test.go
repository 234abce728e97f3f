package instance_test

import (
	"context"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// world is an account with the rules about its instances, on a real database.
type world struct {
	*instance.Instances
	clock *clock.Set
}

func each(t *testing.T, run func(t *testing.T, w world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		storetest.Update(t, s, func(tx *store.Tx) error {
			return tx.InsertAccount(t.Context(), aikagi.Account{ID: "123456789012", CreatedAt: start})
		})
		set := clock.NewSet(start)
		run(t, world{&instance.Instances{Store: s, Clock: set, Node: "one"}, set})
	})
}

func host(t *testing.T) context.Context {
	t.Helper()
	return aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Source: "cli"})
}

const mayAll = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`

// principal makes a principal with a policy.
func (w world) principal(t *testing.T, name, policy string) aikagi.PrincipalID {
	t.Helper()
	id := aikagi.PrincipalID(aikagi.NewID())
	storetest.Update(t, w.Store, func(tx *store.Tx) error {
		if err := tx.InsertPrincipal(t.Context(), aikagi.Principal{ID: id, Name: name, Enabled: true, CreatedAt: start}); err != nil {
			return err
		}
		p := aikagi.Policy{ID: aikagi.PolicyID(aikagi.NewID()), Name: name, Document: policy, CreatedAt: start}
		if err := tx.InsertPolicy(t.Context(), p); err != nil {
			return err
		}
		return tx.AttachPolicy(t.Context(), id, p.ID)
	})
	return id
}

// asks is the context of a signed request.
func asks(t *testing.T, id aikagi.PrincipalID, action string, about aikagi.InstanceID) context.Context {
	t.Helper()
	ctx := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: id, Name: "p", Source: "api"})
	return iam.WithCall(ctx, iam.Call{Action: "connect:" + action, Region: "ap-northeast-1", Instance: about})
}

func called(alias string) instance.New {
	return instance.New{Alias: alias, Identity: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings()}
}

func (w world) make(t *testing.T, alias string) aikagi.Instance {
	t.Helper()
	i, err := w.Create(host(t), called(alias))
	must(t, err)
	return i
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, code aikagi.Code, reason string) {
	t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		t.Errorf("%s: got %v, want %s (%s)", what, err, code, reason)
	}
}

// events are the rows of the record of an instance, or of the account, newest
// first.
func (w world) events(t *testing.T, of aikagi.InstanceID) (all []aikagi.AuditEvent) {
	t.Helper()
	storetest.View(t, w.Store, func(tx *store.Tx) (err error) {
		all, err = tx.ListAuditEvents(t.Context(), of, "~", 100)
		return err
	})
	return all
}
