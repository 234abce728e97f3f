package store

import (
	"database/sql"
)

// Statement is a query of this package as it runs, for the tests of plans.
type Statement struct {
	Name, Query string
	Args        []any
}

// BuiltStatements are the queries that are made by functions; the constants
// are found by reading the source.
func (e Engine) BuiltStatements() []Statement {
	all := []Statement{
		{Name: "claimMessage", Query: e.claimMessage()},
		{Name: "claimRequest", Query: e.claimRequest()},
	}
	for _, what := range []Expired{
		ExpiredSessions, UnusedDevices, ExpiredFailures, ExpiredCounters, ExpiredChallenges, ExpiredConsoleSessions,
		ExpiredConsoleLinks, ExpiredResetTokens, OldResetRequests,
	} {
		all = append(all, Statement{Name: "remove " + string(what), Query: what.statement()})
	}
	return append(all, UserStatements()...)
}

// Reads is the pool that View uses.
func (s *Store) Reads() *sql.DB { return s.read }

// Writes is the pool that PostgreSQL's Update uses; on SQLite its one
// connection belongs to the writer.
func (s *Store) Writes() *sql.DB { return s.write }

// DDL is a text of neutral types in those of the engine.
func (e Engine) DDL(neutral string) string { return e.ddl(neutral) }
