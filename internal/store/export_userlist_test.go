package store

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// UserStatements are the statements behind lists, counts, searches and look-ups
// of users, groups and routing profiles, as they run.
func UserStatements() []Statement {
	var all []Statement
	add := func(name, query string, args []any) { all = append(all, Statement{name, query, args}) }
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
	query, args = sqldb.ByIDs(usersByID, "i", ids)
	add("users by id", query, args)
	query, args = sqldb.ByIDs(profilesByUser, "i", ids)
	add("profiles by user", query, args)
	query, args = sqldb.ByIDs(holdersOfKeys, "i", []string{"a@example.jp", "b@example.jp"})
	add("holders of addresses", query, args)
	add("move epoch", moveEpochOfHolders, []any{"i", "p"})
	add("find group", findHierarchyGroup, []any{"i", "g"})
	add("list groups", listHierarchyGroups, []any{"i"})
	add("count subgroups", countSubgroups, []any{"i", "g"})
	add("list levels", listHierarchyLevels, []any{"i"})
	add("find routing profile", findRoutingProfile, []any{"i", "r"})
	add("list routing profiles", listRoutingProfiles, []any{"i"})
	return all
}
