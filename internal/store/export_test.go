package store

// Statement is a query of this package as it runs, for the tests of plans.
type Statement struct {
	Name, Query string
	Args        []any
}

// BuiltStatements are the queries that are made by functions; the constants
// are found by reading the source.
func BuiltStatements(e Engine) []Statement {
	all := []Statement{
		{Name: "claimMessage", Query: claimMessage(e)},
		{Name: "claimRequest", Query: claimRequest(e)},
	}
	for _, what := range []Expired{
		ExpiredSessions, UnusedDevices, ExpiredFailures, ExpiredCounters, ExpiredChallenges, ExpiredConsoleSessions,
		ExpiredConsoleLinks, ExpiredResetTokens, OldResetRequests,
	} {
		all = append(all, Statement{Name: "remove " + string(what), Query: what.statement()})
	}
	return append(all, UserStatements()...)
}
