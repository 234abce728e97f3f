package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/sqldb"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// grows names the tables that grow with people and time; nothing may walk them.
var grows = regexp.MustCompile(`\b(users|user_keys|user_security_profiles|proficiencies|tags|sessions|known_devices|reset_requests|` +
	`reset_tokens|outbox|message_attempts|audit_events|login_failures|throttle_counters|spent_challenges|idempotency_keys)\b`)

// mayWalk are statements that stop at their LIMIT on an index of what waits, and
// those that a restored backup runs once, before anybody comes.
var mayWalk = []string{
	"oldestWaitingMessage", "oldestUnchained", "listUnchained",
	"closeNewRequests", "dropSecretMessages", "moveAllEpochs",
	"countUnserved", "countFailureRows", "dropFailures",
}

// TestPlans fails on any statement that walks a table which grows (P15, P16):
// at 1,000 users nobody notices, at 1,000,000 everybody does.
func TestPlans(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := raw(t, storetest.URL(t, store.SQLite))
		for _, s := range statements(t, store.SQLite) {
			plan := explain(t, db, "EXPLAIN QUERY PLAN "+s.Query, anything(s.Query)...)
			for line := range strings.Lines(plan) {
				if walksSQLite(line) && !slices.Contains(mayWalk, s.Name) {
					t.Errorf("%s:\n%s", s.Name, plan)
				}
			}
			if entersBroadly(plan) && !slices.Contains(mayEnterBroadly, s.Name) {
				t.Errorf("%s enters by nothing but its page:\n%s", s.Name, plan)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		conn := oneConnection(t, raw(t, storetest.URL(t, store.Postgres)))
		// A generic plan is what a prepared statement may get at any time; a scan
		// is chosen only where there is no index.
		for _, setting := range []string{"enable_seqscan = off", "plan_cache_mode = force_generic_plan"} {
			run(t, conn, "SET "+setting)
		}
		for n, s := range statements(t, store.Postgres) {
			name := fmt.Sprintf("s%d", n)
			run(t, conn, "PREPARE "+name+" AS "+s.Query)
			execute := "EXPLAIN EXECUTE " + name
			if count := parameters(s.Query); count > 0 {
				execute += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", count), ", ") + ")"
			}
			plan := explain(t, conn, execute, pgx.QueryExecModeSimpleProtocol)
			if walksPostgres(plan) && !slices.Contains(mayWalk, s.Name) {
				t.Errorf("%s:\n%s", s.Name, plan)
			}
		}
	})
}

// mayEnterBroadly are statements that read the profiles of an instance first, of
// which there are a hundred at most.
var mayEnterBroadly = []string{"listProfilesOfUser"}

// broadly is an entrance that only says which instance and from where on.
var broadly = regexp.MustCompile(`\(instance_id=\?( AND \w+[<>]\?)*\)`)

// entersBroadly finds joins whose first table is entered by instance and page
// alone and whose second decides which rows count: where few do, that walks the
// first without a SCAN in the plan (disabling a user did, in search of the few who
// can repair an instance).
func entersBroadly(plan string) bool {
	var entrances []string
	for line := range strings.Lines(plan) {
		if strings.Contains(line, "SEARCH") && grows.MatchString(strings.NewReplacer(" u ", " users ", " p ", " user_security_profiles ").Replace(line)) {
			entrances = append(entrances, line)
		}
	}
	return len(entrances) > 1 && broadly.MatchString(entrances[0])
}

// walksSQLite finds scans, and searches of tags by nothing but the kind of what
// carries them.
func walksSQLite(line string) bool {
	return strings.Contains(line, "SCAN") && grows.MatchString(line) ||
		strings.Contains(line, "tags_by_key (instance_id=? AND resource_kind=?)")
}

// walksPostgres finds scans of tables, and of whole indexes: those without a
// condition on the index.
func walksPostgres(plan string) bool {
	lines := strings.Split(plan, "\n")
	for n, line := range lines {
		if !grows.MatchString(line) {
			continue
		}
		byIndex := strings.Contains(line, "Index Scan") || strings.Contains(line, "Index Only Scan")
		if strings.Contains(line, "Seq Scan") || byIndex && !strings.Contains(lines[n+1], "Index Cond") {
			return true
		}
	}
	return false
}

// statements are all queries of the package: its constants, read from the
// source, so that none can be forgotten, and those that functions build.
func statements(t *testing.T, e store.Engine) []store.Statement {
	t.Helper()
	all := store.BuiltStatements(e)
	for _, c := range slices.Concat(constantsOf(t, "."), constantsOf(t, "plane"), constantsOf(t, "site"), constantsOf(t, "mails"), constantsOf(t, "walk")) {
		name := c.Name()
		if c.Val().Kind() != constant.String {
			continue
		}
		query := strings.TrimSpace(constant.StringVal(c.Val()))
		verb, _, _ := strings.Cut(query, " ")
		// Beginnings of built ones are not whole.
		whole := !slices.Contains([]string{"usersWhere", "usersOfFew", "countUsers", "person"}, name)
		if strings.Contains(query, "IN ()") {
			many, _ := sqldb.ByIDs(query, "i", slices.Repeat([]aikagi.UserID{"a"}, sqldb.MaxIDs))
			all = append(all, store.Statement{Name: name, Query: many})
			query, _ = sqldb.ByIDs(query, "i", []aikagi.UserID{"a"})
		}
		if whole && slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) {
			all = append(all, store.Statement{Name: name, Query: query})
		}
	}
	if len(all) < 150 {
		t.Fatalf("found only %d statements", len(all))
	}
	return all
}

// constantsOf type-checks a package as far as its constants need.
func constantsOf(t *testing.T, dir string) []*types.Const {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	config := types.Config{Importer: nothing{}, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := config.Check("store", fset, files, nil) // imports fail; constants need none
	var all []*types.Const
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok {
			all = append(all, c)
		}
	}
	return all
}

// nothing imports nothing.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not needed", path)
}

var parameter = regexp.MustCompile(`\$(\d+)`)

func parameters(query string) int {
	most := 0
	for _, found := range parameter.FindAllStringSubmatch(query, -1) {
		var n int
		if _, err := fmt.Sscan(found[1], &n); err == nil {
			most = max(most, n)
		}
	}
	return most
}

func anything(query string) []any { return make([]any, parameters(query)) }

func oneConnection(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func run(t *testing.T, db querier, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func explain(t *testing.T, db querier, query string, args ...any) string {
	t.Helper()
	var plan strings.Builder
	for _, row := range rowsOf(t, db, query, args...) {
		plan.WriteString(row[len(row)-1] + "\n")
	}
	return plan.String()
}

// rowsOf reads a result as text.
func rowsOf(t *testing.T, db querier, query string, args ...any) [][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for n := range cells {
			into[n] = &cells[n]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(columns))
		for n, c := range cells {
			row[n] = c.String
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestUserListPlans looks at the lists of users with values and many rows, as
// the planner meets them, and fails on a walk or a sort (P15, P16).
func TestUserListPlans(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := raw(t, storetest.URL(t, store.SQLite))
		for _, q := range store.UserStatements() {
			plan := explain(t, db, "EXPLAIN QUERY PLAN "+q.Query, q.Args...)
			ordered := strings.HasPrefix(q.Name, "list ") && !strings.Contains(q.Name, string(store.UsersOfProfile)) || q.Name == "search"
			if ordered && q.Name != "list groups" && strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s sorts:\n%s", q.Name, plan)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := raw(t, storetest.URL(t, store.Postgres))
		for _, statement := range manyUsers {
			run(t, db, statement)
		}
		for _, q := range store.UserStatements() {
			if plan := explain(t, db, "EXPLAIN "+q.Query, q.Args...); strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s:\n%s", q.Name, plan)
			}
		}
	})
}

// manyUsers makes tables large enough for PostgreSQL to prefer an index by itself.
var manyUsers = []string{
	`INSERT INTO instances (id, alias, identity_type, settings, version, user_count, no_email_count, created_at)
 SELECT 'i' || n, 'a' || n, 'SAML', '{}', 1, 0, 0, 0 FROM generate_series(1, 600) n`,
	`INSERT INTO users (instance_id, id, username, first_name, last_name, email, secondary_email, mobile,
 phone_type, phone_auto_accept, phone_after_work, phone_desk_number, phone_persistent, channel_configs, routing_profile_id, hierarchy_group_id,
 locale, enabled, password_hash, must_change, version, secret_epoch, email_set_by, email_set_at,
 created_at, updated_at, last_login_at) SELECT 'i' || (n % 50 + 1), 'u' || n, 'user' || n, 'f', 'l',
 CASE WHEN n % 100 = 0 THEN '' ELSE 'e' END, '', '', 'SOFT_PHONE', false, 0, '', false, '', 'r', 'g' || (n % 20), '', n % 50 > 0, '',
 n % 70 = 0, 1, 1, '', 0, 0, 0, 0 FROM generate_series(1, 20000) n`,
	`INSERT INTO user_keys SELECT instance_id, username, id FROM users`,
	`INSERT INTO security_profiles SELECT 'i' || a, 'p' || b, 'p' || b, '', '[]', 1, 0, 0
 FROM generate_series(1, 50) a, generate_series(1, 10) b`,
	`INSERT INTO user_security_profiles SELECT instance_id, id, 'p' || (length(id) + 1) FROM users`,
	`INSERT INTO hierarchy_groups SELECT 'i' || a, 'g' || b, '', 1, 'g' || b, 0, 0 FROM generate_series(1, 50) a, generate_series(1, 40) b`,
	`INSERT INTO hierarchy_levels SELECT 'i' || a, b, 'L', 0 FROM generate_series(1, 600) a, generate_series(1, 5) b`,
	`INSERT INTO routing_profiles SELECT 'i' || a, 'r' || b, 'r' || b, '', 0 FROM generate_series(1, 50) a, generate_series(1, 40) b`,
	`ANALYZE`,
}
