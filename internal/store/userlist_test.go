package store

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

type statement struct {
	name, query string
	args        []any
}

// userStatements are the statements behind lists, counts, searches and look-ups
// of users, groups and routing profiles, as they run.
func userStatements() []statement {
	var all []statement
	add := func(name, query string, args []any) { all = append(all, statement{name, query, args}) }
	for _, set := range []UserSet{
		EveryUser, UsersWithoutEmail, DisabledUsers, UsersMustChange, UsersOfGroup, UsersOfProfile, usersOfCommonProfile,
	} {
		r := UserRange{Instance: "i", Set: set, Of: "x", From: "m", Limit: 26}
		query, args := r.query()
		add("list "+string(set), query, args)
		r.Back = true
		query, args = r.query()
		add("list back "+string(set), query, args)
		query, args = r.countQuery(CountCap)
		if set != EveryUser { // counted on the instance's row
			add("count "+string(set), query, args)
		}
	}
	query, args := searchQuery("i", "tan", SearchHit{Key: "tan"}, 26)
	add("search", query, args)
	ids := []aikagi.UserID{"a", "b"}
	query, args = byIDs(usersByID, "i", ids)
	add("users by id", query, args)
	query, args = byIDs(profilesByUser, "i", ids)
	add("profiles by user", query, args)
	add("move epoch", moveEpochOfHolders, []any{"i", "p"})
	add("find group", findHierarchyGroup, []any{"i", "g"})
	add("list groups", listHierarchyGroups, []any{"i"})
	add("count subgroups", countSubgroups, []any{"i", "g"})
	add("list levels", listHierarchyLevels, []any{"i"})
	add("find routing profile", findRoutingProfile, []any{"i", "r"})
	add("list routing profiles", listRoutingProfiles, []any{"i"})
	return all
}

// TestUserListPlans fails on any statement that walks a whole table (P15, P16).
func TestUserListPlans(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := opened(t, "sqlite:"+t.TempDir()+"/plans.db")
		for _, q := range userStatements() {
			plan := explain(t, s, "EXPLAIN QUERY PLAN "+q.query, q.args)
			for line := range strings.Lines(plan) {
				if strings.Contains(line, "SCAN") && !strings.Contains(line, "CONSTANT") && !strings.Contains(line, "SCAN counted") {
					t.Errorf("%s:\n%s", q.name, plan)
				}
			}
			ordered := strings.HasPrefix(q.name, "list ") && !strings.Contains(q.name, string(UsersOfProfile)) || q.name == "search"
			if ordered && q.name != "list groups" && strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s sorts:\n%s", q.name, plan)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := opened(t, storetest.Postgres(t))
		fill(t, s)
		for _, q := range userStatements() {
			if plan := explain(t, s, "EXPLAIN "+q.query, q.args); strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s:\n%s", q.name, plan)
			}
		}
	})
}

func opened(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fill makes tables large enough for PostgreSQL to prefer an index by itself.
func fill(t *testing.T, s *Store) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO instances (id, alias, identity_type, settings, version, user_count, no_email_count, created_at)
 SELECT 'i' || n, 'a' || n, 'SAML', '{}', 1, 0, 0, 0 FROM generate_series(1, 600) n`,
		`INSERT INTO users (` + userColumns + `) SELECT 'i' || (n % 50 + 1), 'u' || n, 'user' || n, 'f', 'l',
 CASE WHEN n % 100 = 0 THEN '' ELSE 'e' END, '', '', 'SOFT_PHONE', false, 0, '', 'r', 'g' || (n % 20), '', n % 50 > 0, '',
 n % 70 = 0, 1, 1, '', 0, 0, 0, 0 FROM generate_series(1, 20000) n`,
		`INSERT INTO user_keys SELECT instance_id, username, id FROM users`,
		`INSERT INTO security_profiles SELECT 'i' || a, 'p' || b, 'p' || b, '', '[]', 1, 0, 0
 FROM generate_series(1, 50) a, generate_series(1, 10) b`,
		`INSERT INTO user_security_profiles SELECT instance_id, id, 'p' || (length(id) + 1) FROM users`,
		`INSERT INTO hierarchy_groups SELECT 'i' || a, 'g' || b, '', 1, 'g' || b, 0 FROM generate_series(1, 50) a, generate_series(1, 40) b`,
		`INSERT INTO hierarchy_levels SELECT 'i' || a, b, 'L' FROM generate_series(1, 600) a, generate_series(1, 5) b`,
		`INSERT INTO routing_profiles SELECT 'i' || a, 'r' || b, 'r' || b, '', 0 FROM generate_series(1, 50) a, generate_series(1, 40) b`,
		`ANALYZE`,
	} {
		if _, err := s.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func explain(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	rows, err := s.read.QueryContext(context.WithoutCancel(t.Context()), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		plan.WriteString(lastColumn(t, rows) + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

func lastColumn(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]sql.NullString, len(columns))
	targets := make([]any, len(columns))
	for i := range cells {
		targets[i] = &cells[i]
	}
	if err := rows.Scan(targets...); err != nil {
		t.Fatal(err)
	}
	return cells[len(cells)-1].String
}
