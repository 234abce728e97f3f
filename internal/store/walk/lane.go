package walk

import (
	"context"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// By is the index that a lane goes along.
type By string

// The indexes, by what the users of a lane have in common.
const (
	Everybody  By = "everybody"
	ByID       By = "id"
	ByUsername By = "username"
	ByKey      By = "key" // a search key that begins with Value
	ByGroup    By = "group"
	ByRouting  By = "routing"
	ByProfile  By = "profile"
	ByTag      By = "tag" // the key Value, whatever stands behind it
	ByTagValue By = "tag_value"
)

// Lane is a set of users that an index enters directly, in an order of its own.
type Lane struct {
	By    By
	Value string
	Tag   string // the value of the tag, for ByTagValue
}

// Person is what most conditions ask of a user.
type Person struct {
	ID               aikagi.UserID
	Username         string
	FirstName        string
	LastName         string
	RoutingProfileID string
	HierarchyGroupID string
}

// Step is a person on a lane and the place behind him, from where the lane goes on.
type Step struct {
	Person
	Place string
}

const (
	person  = `SELECT u.id, u.username, u.first_name, u.last_name, u.routing_profile_id, u.hierarchy_group_id`
	ordered = person + `, u.username, '' FROM users u WHERE u.instance_id = $1 AND u.username > $2`
	inOrder = ` ORDER BY u.username LIMIT $3`

	everybody  = ordered + inOrder
	byUsername = ordered + ` AND u.username = $4` + inOrder
	byGroup    = ordered + ` AND u.hierarchy_group_id = $4` + inOrder
	byRouting  = ordered + ` AND u.routing_profile_id = $4` + inOrder
	byID       = person + `, u.id, '' FROM users u WHERE u.instance_id = $1 AND u.id = $4 AND u.id > $2 LIMIT $3`

	// The page is cut from the index before anybody is read. CROSS JOIN keeps SQLite
	// from turning the two round.
	thePeople = `) AS h CROSS JOIN users u WHERE u.instance_id = $1 AND u.id = h.user_id ORDER BY h.place, h.user_id`

	byProfile = person + `, h.place, h.user_id FROM (
 SELECT '' AS place, user_id FROM user_security_profiles
 WHERE instance_id = $1 AND profile_id = $4 AND user_id > $2 ORDER BY user_id LIMIT $3` + thePeople
	byTagValue = person + `, h.place, h.user_id FROM (
 SELECT '' AS place, resource_id AS user_id FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND tag_key = $4 AND tag_value = $5 AND resource_id > $2
 ORDER BY resource_id LIMIT $3` + thePeople
	byTag = person + `, h.place, h.user_id FROM (
 SELECT tag_value AS place, resource_id AS user_id FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND tag_key = $5 AND (tag_value, resource_id) > ($2, $4)
 ORDER BY tag_value, resource_id LIMIT $3` + thePeople
	// A user with several such keys is on the lane by the first only.
	byKey = person + `, h.place, h.user_id FROM (
 SELECT k.search_key AS place, k.user_id FROM user_keys k
 WHERE k.instance_id = $1 AND (k.search_key, k.user_id) > ($2, $4) AND k.search_key < $6
  AND NOT EXISTS (SELECT 1 FROM user_keys o
   WHERE o.instance_id = k.instance_id AND o.user_id = k.user_id AND o.search_key >= $5 AND o.search_key < k.search_key)
 ORDER BY k.search_key, k.user_id LIMIT $3` + thePeople
)

// twoParts is what parts of a place are kept apart by; no text that is stored has it.
const twoParts = "\x00"

func (l Lane) query(instance aikagi.InstanceID, after string, limit int) (query string, args []any) {
	first, second, _ := strings.Cut(after, twoParts)
	switch l.By {
	case ByUsername:
		return byUsername, []any{instance, first, limit, l.Value}
	case ByGroup:
		return byGroup, []any{instance, first, limit, l.Value}
	case ByRouting:
		return byRouting, []any{instance, first, limit, l.Value}
	case ByID:
		return byID, []any{instance, first, limit, l.Value}
	case ByProfile:
		return byProfile, []any{instance, second, limit, l.Value}
	case ByTagValue:
		return byTagValue, []any{instance, second, limit, l.Value, l.Tag}
	case ByTag:
		return byTag, []any{instance, first, limit, second, l.Value}
	case ByKey:
		if first == "" {
			first = l.Value
		}
		return byKey, []any{instance, first, limit, second, l.Value, l.Value + "\U0010FFFF"} // no key goes on with the last code point
	case Everybody:
	}
	return everybody, []any{instance, first, limit}
}

// WalkUsers reads up to a number of persons of a lane behind a place; "" is the
// start.
func (tx Lanes) WalkUsers(ctx context.Context, instance aikagi.InstanceID, l Lane, after string, limit int) ([]Step, error) {
	query, args := l.query(instance, after, limit)
	return sqldb.List(ctx, tx.Tx, "walk users", scanStep, query, args...)
}

func scanStep(r sqldb.Row) (Step, error) {
	var s Step
	var rest string
	err := r.Scan(&s.ID, &s.Username, &s.FirstName, &s.LastName, &s.RoutingProfileID, &s.HierarchyGroupID, &s.Place, &rest)
	s.Place += twoParts + rest
	return s, err
}
