package store

import (
	"strings"

	"github.com/aikagi/aikagi/internal/store/mails"
)

// Statement is a query of this package as it runs, for the tests of plans.
type Statement struct {
	Name, Query string
	Args        []any
}

// BuiltStatements are the queries that are made by functions; the constants
// are found by reading the source.
func BuiltStatements(e Engine) []Statement {
	all := []Statement{
		{Name: "claimMessage", Query: mails.DueLongest.Statement(e)},
		{Name: "claimLink", Query: mails.NewestLink.Statement(e)},
		{Name: "claimExpired", Query: mails.TooLate.Statement(e)},
		{Name: "claimRequest", Query: claimRequest(e)},
		{Name: "claimImport", Query: claimImport(e)},
	}
	for _, what := range []Expired{
		ExpiredSessions, UnusedDevices, ExpiredFailures, ExpiredCounters, ExpiredChallenges, ExpiredConsoleSessions,
		ExpiredConsoleLinks, ExpiredResetTokens, OldResetRequests, OldImports, ExpiredAnswers,
	} {
		all = append(all, Statement{Name: "remove " + string(what), Query: what.statement()})
	}
	for _, what := range EveryRemains() {
		all = append(all, Statement{Name: "take away " + string(what), Query: what.Statement()})
	}
	if e == Postgres {
		all = append(all, Statement{Name: "admitAtOnce", Query: strings.TrimSpace(admitAtOnce)})
	}
	return append(all, UserStatements()...)
}
