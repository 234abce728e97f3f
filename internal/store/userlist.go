package store

import (
	"context"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// UserSet is a stored state by which users can be listed.
type UserSet string

// The sets. Each has an index of its own, so that a page of it costs the same
// whatever the number of users.
const (
	EveryUser            UserSet = "all"
	UsersWithoutEmail    UserSet = "no_email"  // enabled, so that they miss it
	DisabledUsers        UserSet = "disabled"  //
	UsersMustChange      UserSet = "temporary" // their password was set by somebody else
	UsersOfGroup         UserSet = "group"
	UsersOfProfile       UserSet = "profile"
	usersOfCommonProfile UserSet = "common_profile"
)

// UserRange is a page of a set of users, in order of user name.
type UserRange struct {
	Instance aikagi.InstanceID
	Set      UserSet
	Of       string          // the group or profile, for the sets that need one
	From     aikagi.Username // exclusive; empty is the start
	Back     bool            // the page before From instead of the one after
	Bare     bool            // without the profiles that they hold
	Limit    int
}

const (
	usersWhere  = `SELECT ` + userColumns + ` FROM users WHERE instance_id = $1`
	usersAfter  = ` AND username > $2 ORDER BY username LIMIT $3`
	usersBefore = ` AND username < $2 ORDER BY username DESC LIMIT $3`

	withoutEmail = ` AND email = '' AND enabled`
	disabled     = ` AND NOT enabled`
	mustChange   = ` AND must_change`
	ofGroup      = ` AND hierarchy_group_id = $4`
	// A profile that many hold is entered from the user names, because holders come soon …
	ofCommonProfile = ` AND EXISTS (SELECT 1 FROM user_security_profiles h
  WHERE h.instance_id = users.instance_id AND h.user_id = users.id AND h.profile_id = $4)`
	// … and one that few hold from its holders. CROSS JOIN keeps SQLite from turning
	// the two round, which walks everybody in search of the few.
	usersOfFew = `SELECT ` + userColumns + ` FROM
 (SELECT user_id FROM user_security_profiles WHERE instance_id = $1 AND profile_id = $4) AS h CROSS JOIN users
 WHERE instance_id = $1 AND id = h.user_id`
)

func (r UserRange) condition() string {
	switch r.Set {
	case UsersWithoutEmail:
		return withoutEmail
	case DisabledUsers:
		return disabled
	case UsersMustChange:
		return mustChange
	case UsersOfGroup:
		return ofGroup
	case usersOfCommonProfile:
		return ofCommonProfile
	case EveryUser, UsersOfProfile:
	}
	return ""
}

func (r UserRange) query() (query string, args []any) {
	query, args = usersWhere+r.condition(), []any{r.Instance, r.From, r.Limit}
	if r.Set == UsersOfProfile {
		query = usersOfFew
	}
	if strings.Contains(query, "$4") {
		args = append(args, r.Of)
	}
	if r.Back {
		return query + usersBefore, args
	}
	return query + usersAfter, args
}

// ListUsers reads a page of users with the profiles they hold. A page read
// backwards comes in the order of user names too.
func (tx *Tx) ListUsers(ctx context.Context, r UserRange) ([]aikagi.User, error) {
	if r.Set == UsersOfProfile {
		n, err := tx.CountUsers(ctx, r, CountCap)
		if err != nil {
			return nil, err
		}
		if n >= CountCap {
			r.Set = usersOfCommonProfile
		}
	}
	query, args := r.query()
	users, err := sqldb.List(ctx, tx.Tx, "list users", scanUser, query, args...)
	if err != nil {
		return nil, err
	}
	if r.Back {
		for i, j := 0, len(users)-1; i < j; i, j = i+1, j-1 {
			users[i], users[j] = users[j], users[i]
		}
	}
	if r.Bare {
		return users, nil
	}
	return users, tx.addProfiles(ctx, r.Instance, users)
}

// CountCap is where counting stops: a page then says "1,000+". Only the counts
// on the instance's own row are exact at any size.
const CountCap = 1001

const (
	countUsers   = `SELECT count(*) FROM (SELECT 1 FROM users WHERE instance_id = $1`
	countHolders = `SELECT count(*) FROM (SELECT 1 FROM user_security_profiles
 WHERE instance_id = $1 AND profile_id = $2 LIMIT $3) AS counted`
	countMembers = `SELECT count(*) FROM (SELECT 1 FROM users
 WHERE instance_id = $1 AND hierarchy_group_id = $2 LIMIT $3) AS counted`
	countEnd = ` LIMIT $2) AS counted`
)

// CountUsers counts a set up to a limit.
func (tx *Tx) CountUsers(ctx context.Context, r UserRange, limit int) (int, error) {
	query, args := r.countQuery(limit)
	n, err := sqldb.Find(ctx, tx.Tx, "users", sqldb.ScanInt, query, args...)
	return int(n), err
}

func (r UserRange) countQuery(limit int) (query string, args []any) {
	switch r.Set {
	case UsersOfProfile, usersOfCommonProfile:
		return countHolders, []any{r.Instance, r.Of, limit}
	case UsersOfGroup:
		return countMembers, []any{r.Instance, r.Of, limit}
	case EveryUser, UsersWithoutEmail, DisabledUsers, UsersMustChange:
	}
	return countUsers + r.condition() + countEnd, []any{r.Instance, limit}
}

// MaxIDs is how many users one look-up by id reads at most.
const MaxIDs = sqldb.MaxIDs

const (
	usersByID      = `SELECT ` + userColumns + ` FROM users WHERE instance_id = $1 AND id IN ()`
	profilesByUser = `SELECT user_id, profile_id FROM user_security_profiles WHERE instance_id = $1 AND user_id IN ()`
)

type holding struct {
	user    aikagi.UserID
	profile aikagi.SecurityProfileID
}

func scanHolding(r sqldb.Row) (holding, error) {
	var h holding
	err := r.Scan(&h.user, &h.profile)
	return h, err
}

// addProfiles fills in the profiles of a page of users with one statement.
func (tx *Tx) addProfiles(ctx context.Context, instance aikagi.InstanceID, users []aikagi.User) error {
	for start := 0; start < len(users); start += MaxIDs {
		page := users[start:min(start+MaxIDs, len(users))]
		at := map[aikagi.UserID]*aikagi.User{}
		ids := make([]aikagi.UserID, len(page))
		for i := range page {
			ids[i] = page[i].ID
			at[page[i].ID] = &page[i]
		}
		query, args := sqldb.ByIDs(profilesByUser, instance, ids)
		held, err := sqldb.List(ctx, tx.Tx, "list profiles of users", scanHolding, query, args...)
		if err != nil {
			return err
		}
		for _, h := range held {
			u := at[h.user]
			u.SecurityProfileIDs = append(u.SecurityProfileIDs, h.profile)
		}
	}
	return nil
}

// SearchHit is a user who was found, and by which of his search keys.
type SearchHit struct {
	Key  string
	User aikagi.UserID
}

func scanHit(r sqldb.Row) (SearchHit, error) {
	var h SearchHit
	err := r.Scan(&h.Key, &h.User)
	return h, err
}

// searchUsers walks the keys that begin with a word. A user with several such
// keys is found by the first only, so nobody is found twice on any page.
const searchUsers = `
SELECT k.search_key, k.user_id FROM user_keys k
WHERE k.instance_id = $1 AND (k.search_key, k.user_id) > ($2, $3) AND k.search_key < $4
 AND NOT EXISTS (SELECT 1 FROM user_keys o
  WHERE o.instance_id = k.instance_id AND o.user_id = k.user_id AND o.search_key >= $5 AND o.search_key < k.search_key)
ORDER BY k.search_key, k.user_id LIMIT $6`

// SearchUsers finds users by the beginning of a user name, an address or a
// name in either order, after a hit (the zero SearchHit is the start), in the
// order of what was found.
func (tx *Tx) SearchUsers(ctx context.Context, instance aikagi.InstanceID, word string, after SearchHit, limit int) ([]aikagi.User, []SearchHit, error) {
	prefix := SearchKey(word)
	if prefix == "" || len(prefix) > maxSearchKey {
		return nil, nil, nil
	}
	if after.Key == "" {
		after.Key = prefix
	}
	query, args := searchQuery(instance, prefix, after, limit)
	hits, err := sqldb.List(ctx, tx.Tx, "search users", scanHit, query, args...)
	if err != nil || len(hits) == 0 {
		return nil, nil, err
	}
	users, err := tx.usersOf(ctx, instance, hits)
	return users, hits, err
}

func searchQuery(instance aikagi.InstanceID, prefix string, after SearchHit, limit int) (query string, args []any) {
	end := prefix + "\U0010FFFF" // no key goes on with this, the last code point
	return searchUsers, []any{instance, after.Key, after.User, end, prefix, min(limit, MaxIDs)}
}

// usersOf reads the users of hits, in their order.
func (tx *Tx) usersOf(ctx context.Context, instance aikagi.InstanceID, hits []SearchHit) ([]aikagi.User, error) {
	ids := make([]aikagi.UserID, len(hits))
	for i, h := range hits {
		ids[i] = h.User
	}
	return tx.ListUsersByID(ctx, instance, ids)
}

// ListUsersByID reads users with the profiles they hold, in the order of the ids;
// those who are gone are left out.
func (tx *Tx) ListUsersByID(ctx context.Context, instance aikagi.InstanceID, ids []aikagi.UserID) ([]aikagi.User, error) {
	users := make([]aikagi.User, 0, len(ids))
	for start := 0; start < len(ids); start += MaxIDs {
		page := ids[start:min(start+MaxIDs, len(ids))]
		query, args := sqldb.ByIDs(usersByID, instance, page)
		found, err := sqldb.List(ctx, tx.Tx, "list users by id", scanUser, query, args...)
		if err != nil {
			return nil, err
		}
		byID := map[aikagi.UserID]aikagi.User{}
		for _, u := range found {
			byID[u.ID] = u
		}
		for _, id := range page {
			if u, ok := byID[id]; ok {
				users = append(users, u)
			}
		}
	}
	return users, tx.addProfiles(ctx, instance, users)
}

const moveEpochOfHolders = `
UPDATE users SET secret_epoch = secret_epoch + 1 WHERE instance_id = $1 AND id IN
 (SELECT user_id FROM user_security_profiles WHERE instance_id = $1 AND profile_id = $2)`

// MoveEpochOfHolders ends every reset secret of all who hold a profile: one
// that was made while they held less must not open what they hold now.
func (tx *Tx) MoveEpochOfHolders(ctx context.Context, instance aikagi.InstanceID, profile aikagi.SecurityProfileID) error {
	return tx.Exec(ctx, "user", "end secrets of holders", moveEpochOfHolders, instance, profile)
}
