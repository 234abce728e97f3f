package walk_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/store/walk"
)

// tracks are one of each kind, as the many of TestP16TracksKeepToTheirIndex are made.
func tracks() []walk.Track {
	return []walk.Track{
		{By: walk.Everybody},
		{By: walk.ByID, Value: "u77"},
		{By: walk.ByUsername, Value: "user77"},
		{By: walk.ByKey, Value: "user77"},
		{By: walk.ByGroup, Value: "g7"},
		{By: walk.ByProfile, Value: "p7"},
		{By: walk.ByTag, Value: "Rare"},
		{By: walk.ByTagValue, Value: "Team", With: "t7"},
		{By: walk.ByRouting, Value: "r7"},
		{By: walk.BySkill, Value: "Language"},
		{By: walk.BySkilled, Value: "Language", With: "l7"},
	}
}

// TestTracksGoOnWhereTheyStopped walks each track in small steps and at once.
func TestTracksGoOnWhereTheyStopped(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		i, other := storetest.Instance(t, s, "sakura"), storetest.Instance(t, s, "momiji")
		profile := storetest.Profile(t, s, i, "p7")
		var ids []aikagi.UserID
		for n := range 25 {
			u := storetest.User(t, s, i, fmt.Sprintf("user77-%02d", n), func(u *aikagi.User) {
				u.RoutingProfileID, u.HierarchyGroupID, u.SecurityProfileIDs = "r7", "g7", []aikagi.SecurityProfileID{profile.ID}
				u.FirstName, u.LastName = "user77", "user77" // three keys that begin alike
			})
			ids = append(ids, u.ID)
			storetest.Update(t, s, func(tx *store.Tx) error {
				err := tx.ReplaceTags(t.Context(), i.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)},
					[]aikagi.Tag{{Key: "Rare", Value: fmt.Sprint(n % 3)}, {Key: "Team", Value: "t7"}})
				if err != nil {
					return err
				}
				return tx.ReplaceProficiencies(t.Context(), i.ID, u.ID, []aikagi.Proficiency{ // several that begin alike
					{Attribute: "Language", Value: fmt.Sprint("l", n%3), Level: 1}, {Attribute: "Language", Value: "l7", Level: 2},
				})
			})
		}
		storetest.User(t, s, other, "user77", func(u *aikagi.User) { u.HierarchyGroupID = "g7" })
		slices.Sort(ids)
		for _, l := range tracks() {
			want := ids
			switch l.By {
			case walk.ByProfile:
				l.Value = string(profile.ID)
			case walk.ByID:
				l.Value, want = string(ids[3]), ids[3:4]
			case walk.ByUsername:
				want = nil
			}
			for _, step := range []int{4, 25, 100} {
				if got := all(t, s, i.ID, l, step); !slices.Equal(got, want) {
					t.Errorf("%s by %d: %v, want %v", l.By, step, got, want)
				}
			}
		}
	})
}

func all(t *testing.T, s *store.Store, instance aikagi.InstanceID, l walk.Track, step int) (ids []aikagi.UserID) {
	t.Helper()
	storetest.View(t, s, func(tx *store.Tx) error {
		for after := ""; ; {
			steps, more, err := tx.WalkUsers(t.Context(), instance, l, after, step)
			if err != nil {
				return err
			}
			for _, p := range steps {
				ids, after = append(ids, p.ID), p.Place
			}
			if !more {
				return nil
			}
		}
	})
	slices.Sort(ids)
	return ids
}

// TestP16TracksKeepToTheirIndex looks at plans with values and many rows.
func TestP16TracksKeepToTheirIndex(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	storetest.Connect(t, url)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, statement := range []string{
		`INSERT INTO instances (id, alias, identity_type, settings, version, user_count, no_email_count, created_at)
 SELECT 'i' || n, 'a' || n, 'SAML', '{}', 1, 0, 0, 0 FROM generate_series(1, 3) n`,
		`INSERT INTO users (instance_id, id, username, first_name, last_name, email, secondary_email, mobile,
 phone_type, phone_auto_accept, phone_after_work, phone_desk_number, phone_persistent, channel_configs, routing_profile_id, hierarchy_group_id,
 locale, enabled, password_hash, must_change, version, secret_epoch, email_set_by, email_set_at,
 created_at, updated_at, last_login_at) SELECT 'i' || (n % 3 + 1), 'u' || n, 'user' || n, 'f', 'l', 'e', '', '', 'SOFT_PHONE', false, 0, '', false,
 '', 'r' || (n % 100), 'g' || (n % 200), '', true, '', false, 1, 1, '', 0, 0, 0, 0 FROM generate_series(1, 20000) n`,
		`INSERT INTO user_keys SELECT instance_id, username, id FROM users`,
		`INSERT INTO security_profiles SELECT 'i' || a, 'p' || b, 'p' || b, '', '[]', 1, 0, 0 FROM generate_series(1, 3) a, generate_series(0, 99) b`,
		`INSERT INTO user_security_profiles SELECT instance_id, id, 'p' || (length(id) * 7 % 100) FROM users`,
		`INSERT INTO tags SELECT instance_id, 'user', id, 'Team', 't' || (length(id) * 7 % 50) FROM users`,
		`INSERT INTO proficiencies SELECT instance_id, id, 'Language', 'l' || (length(id) * 7 % 50), 3 FROM users`,
		`ANALYZE`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, l := range tracks() {
		query, args := l.Query("i2", "", 101)
		plan := explained(t, db, query, args)
		if strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s:\n%s", l.By, plan)
		}
	}
}

func explained(t *testing.T, db *sql.DB, query string, args []any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
