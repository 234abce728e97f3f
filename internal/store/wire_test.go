package store_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/sqldb"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestR10InstancesFromBeforeGetWhatNewOnesHave: their queue and their hours have
// ids that are UUIDs like all others and the same wherever the migration runs,
// because they end up in state files.
func TestR10InstancesFromBeforeGetWhatNewOnesHave(t *testing.T) {
	t.Parallel()
	const id = "6c0f2a5e-1b2c-4d3e-8f40-0123456789ab"
	for _, e := range []struct{ name, url string }{
		{"sqlite", "sqlite:" + filepath.Join(t.TempDir(), "old.db")}, {"postgres", storetest.Postgres(t)},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			old, err := sqldb.Open(t.Context(), e.url, before(t, "0006"))
			if err != nil {
				t.Fatal(err)
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			db := raw(t, e.url)
			run(t, db, `INSERT INTO instances (id, alias, identity_type, settings, version, user_count, no_email_count, created_at)
 VALUES ('`+id+`', 'sakura', 'CONNECT_MANAGED', '{}', 1, 0, 0, 5)`)
			run(t, db, `INSERT INTO hierarchy_levels VALUES ('`+id+`', 1, 'Site')`)
			run(t, db, `INSERT INTO hierarchy_groups VALUES ('`+id+`', 'g', '', 1, 'Nagoya', 7)`)
			now, err := store.Open(t.Context(), e.url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = now.Close() })
			storetest.View(t, now, func(tx *store.Tx) error {
				i, err := tx.FindInstance(t.Context(), id)
				if err != nil || i.Attribute(aikagi.InboundCalls) || !i.Attribute(aikagi.ContactLens) || i.Access.Name != aikagi.DefaultAuthenticationProfile().Name {
					t.Errorf("instance %+v, %v", i, err)
				}
				queues, err := tx.ListQueues(t.Context(), id)
				if err != nil || len(queues) != 1 || queues[0].ID != "456789ab-1b2c-4d3e-8f40-6c0f2a5e0123" || queues[0].Name != "BasicQueue" || queues[0].CreatedAt.UnixMilli() != 5 {
					t.Errorf("queues %+v, %v", queues, err)
				}
				hours, err := tx.ListHours(t.Context(), id)
				if err != nil || len(hours) != 1 || hours[0].ID != "01234567-1b2c-4d3e-8f40-89ab6c0f2a5e" || hours[0].Name != "Basic Hours" {
					t.Errorf("hours %+v, %v", hours, err)
				}
				if len(queues) > 0 && len(hours) > 0 && queues[0].HoursID != hours[0].ID {
					t.Error("the queue has other hours")
				}
				levels, err := tx.ListHierarchyLevels(t.Context(), id)
				if err != nil || len(levels) != 1 || levels[0].UpdatedAt.UnixMilli() != 5 {
					t.Errorf("levels %+v, %v", levels, err)
				}
				groups, err := tx.ListHierarchyGroups(t.Context(), id)
				if err != nil || len(groups) != 1 || groups[0].UpdatedAt.UnixMilli() != 7 {
					t.Errorf("groups %+v, %v", groups, err)
				}
				for _, made := range []string{queues[0].ID, hours[0].ID} {
					if u, err := uuid.Parse(made); err != nil || u.Version() != 4 || u.Variant() != uuid.RFC4122 {
						t.Errorf("%s is no random UUID", made)
					}
				}
				return nil
			})
		})
	}
}

func TestAnAnswerIsFoundByTheSameRequestOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		r := store.Repeatable{
			Principal: "p", Operation: "CreateInstance", Token: []byte("token"), Request: []byte("request"),
			Answer: "i", ExpiresAt: time.Now().Add(time.Hour),
		}
		find := func(r store.Repeatable) (answer string, found bool, err error) {
			storetest.View(t, s, func(tx *store.Tx) error {
				answer, found, err = tx.FindAnswer(ctx, r)
				return nil
			})
			return answer, found, err
		}
		if _, found, err := find(r); found || err != nil {
			t.Errorf("before: %t, %v", found, err)
		}
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.KeepAnswer(ctx, r) })
		if answer, found, err := find(r); answer != "i" || !found || err != nil {
			t.Errorf("again: %q %t, %v", answer, found, err)
		}
		other := r
		other.Request = []byte("another request")
		_, _, err := find(other)
		wants(t, "another request with the token", err, aikagi.Conflict, "reused")
		for _, change := range []func(*store.Repeatable){
			func(r *store.Repeatable) { r.Principal = "q" }, func(r *store.Repeatable) { r.Operation = "DeleteInstance" },
			func(r *store.Repeatable) { r.Token = []byte("another token") },
		} {
			another := r
			change(&another)
			if _, found, err := find(another); found || err != nil {
				t.Errorf("%+v: %t, %v", another, found, err)
			}
		}
		storetest.Update(t, s, func(tx *store.Tx) error {
			n, err := tx.Remove(ctx, store.ExpiredAnswers, r.ExpiresAt.Add(time.Second), 10)
			if n != 1 {
				t.Errorf("swept %d, want 1", n)
			}
			return err
		})
	})
}

// TestADeletedInstanceIsUnknown, and takes with it all it had, its neighbour
// nothing.
func TestADeletedInstanceIsUnknown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		gone, stays := storetest.Instance(t, s, "sakura"), storetest.Instance(t, s, "momiji")
		for _, i := range []aikagi.Instance{gone, stays} {
			u := storetest.User(t, s, i, "sato")
			storetest.Update(t, s, func(tx *store.Tx) error {
				if err := tx.ReplaceTags(ctx, i.ID, aikagi.Resource{Kind: aikagi.ResourceInstance, ID: string(i.ID)}, []aikagi.Tag{{Key: "a", Value: "b"}}); err != nil {
					return err
				}
				m := aikagi.Message{ID: aikagi.MessageID(aikagi.NewOrderedID()), InstanceID: i.ID, UserID: u.ID, State: aikagi.MessageSent}
				if err := tx.InsertMessage(ctx, m); err != nil {
					return err
				}
				return tx.InsertSession(ctx, aikagi.Session{InstanceID: i.ID, Digest: []byte("x"), ID: "s", UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour)})
			})
		}
		storetest.Update(t, s, func(tx *store.Tx) error { return tx.MarkInstanceDeleted(ctx, gone.ID, time.Now()) })
		wants(t, "deleted twice", s.Update(ctx, func(tx *store.Tx) error { return tx.MarkInstanceDeleted(ctx, gone.ID, time.Now()) }), aikagi.NotFound, "")
		again := storetest.Instance(t, s, "sakura") // the alias is free
		storetest.View(t, s, func(tx *store.Tx) error {
			_, err := tx.FindInstance(ctx, gone.ID)
			wants(t, "by id", err, aikagi.NotFound, "")
			found, err := tx.FindInstanceByAlias(ctx, "sakura")
			if err != nil || found.ID != again.ID {
				t.Errorf("by alias: %s, %v", found.ID, err)
			}
			_, err = tx.FindInstanceByAlias(ctx, "~"+string(gone.ID))
			wants(t, "by what is in the place of an alias", err, aikagi.NotFound, "")
			_, err = tx.FindSessionHolder(ctx, "sakura", gone.ID, []byte("x"))
			wants(t, "its session", err, aikagi.NotFound, "")
			all, err := tx.ListInstances(ctx, "", 10)
			if err != nil || len(all) != 2 {
				t.Errorf("listed %d, %v", len(all), err)
			}
			if n, err := tx.CountInstances(ctx, 10); err != nil || n != 2 {
				t.Errorf("counted %d, %v", n, err)
			}
			return nil
		})
		clearAway := func(tx *store.Tx) error {
			id, err := tx.FindDeletedInstance(ctx, "")
			if err != nil || id != gone.ID {
				t.Fatalf("deleted: %s, %v", id, err)
			}
			for _, what := range store.EveryRemains() {
				if more, err := tx.TakeAway(ctx, what, id); more || err != nil {
					t.Errorf("%s: %t, %v", what, more, err)
				}
			}
			return tx.DeleteInstance(ctx, id)
		}
		storetest.Update(t, s, clearAway)
		if left := mentioning(t, s, gone.ID); left["outbox"] != 1 || left["instances"] != 1 || left["users"] != 0 {
			t.Errorf("while a notice waits to be sent: %v", left)
		}
		storetest.Update(t, s, func(tx *store.Tx) error {
			return tx.Exec(ctx, "message", "send", `UPDATE outbox SET state = 'sent' WHERE instance_id = $1`, gone.ID)
		})
		storetest.Update(t, s, clearAway)
		if left := mentioning(t, s, gone.ID); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if left := mentioning(t, s, stays.ID); left["users"] != 1 || left["sessions"] != 1 || left["tags"] != 1 || left["outbox"] != 1 {
			t.Errorf("the neighbour has %v", left)
		}
	})
}

// mentioning counts the rows of each table that name an instance.
func mentioning(t *testing.T, s *store.Store, id aikagi.InstanceID) map[string]int {
	t.Helper()
	rows := map[string]int{}
	storetest.View(t, s, func(tx *store.Tx) error {
		for _, table := range store.Tables() {
			err := tx.Dump(t.Context(), table, func(values []any) error {
				if slices.Contains(values, any(string(id))) {
					rows[table.Name]++
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return rows
}
