package walk

import (
	"context"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// By is the index that a track goes along.
type By string

// The indexes, by what the users of a track have in common.
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
	BySkill    By = "skill" // a proficiency in the attribute Value, whatever in it
	BySkilled  By = "skilled"
)

// Track is a set of users that an index enters directly, in an order of its own.
type Track struct {
	By    By
	Value string
	With  string // the value of the tag or of the attribute, for ByTagValue and BySkilled
}

// Person is what most conditions ask of a user.
type Person struct {
	ID               aikagi.UserID
	Username         string
	FirstName        string
	LastName         string
	RoutingProfileID string
	HierarchyGroupID string
	UpdatedAt        time.Time
}

// Step is a person on a track and the place behind him, from where the track goes on.
type Step struct {
	Person
	Place string
}

// Tracks in the order of user names read the people themselves …
const (
	person = `SELECT u.id, u.username, u.first_name, u.last_name, u.routing_profile_id, u.hierarchy_group_id, u.updated_at
 FROM users u WHERE u.instance_id = $1`
	inOrder = ` ORDER BY u.username LIMIT $3`

	everybody  = person + ` AND u.username > $2` + inOrder
	byUsername = person + ` AND u.username > $2 AND u.username = $4` + inOrder
	byGroup    = person + ` AND u.username > $2 AND u.hierarchy_group_id = $4` + inOrder
	byRouting  = person + ` AND u.username > $2 AND u.routing_profile_id = $4` + inOrder
)

// … and others their ids from an index, and the people by these. In one statement
// PostgreSQL would read all users, if it knows no limit when it plans.
const (
	byID      = `SELECT '', id FROM users WHERE instance_id = $1 AND id = $4 AND id > $2 LIMIT $3`
	byProfile = `SELECT '', user_id FROM user_security_profiles
 WHERE instance_id = $1 AND profile_id = $4 AND user_id > $2 ORDER BY user_id LIMIT $3`
	byTagValue = `SELECT '', resource_id FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND tag_key = $4 AND tag_value = $5 AND resource_id > $2
 ORDER BY resource_id LIMIT $3`
	byTag = `SELECT tag_value, resource_id FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND tag_key = $5 AND (tag_value, resource_id) > ($2, $4)
 ORDER BY tag_value, resource_id LIMIT $3`
	bySkilled = `SELECT '', user_id FROM proficiencies
 WHERE instance_id = $1 AND attribute_name = $4 AND attribute_value = $5 AND user_id > $2 ORDER BY user_id LIMIT $3`
	// A user with several such proficiencies, or keys, is on the track by the first only.
	bySkill = `SELECT p.attribute_value, p.user_id FROM proficiencies p
 WHERE p.instance_id = $1 AND p.attribute_name = $5 AND (p.attribute_value, p.user_id) > ($2, $4)
  AND NOT EXISTS (SELECT 1 FROM proficiencies o
   WHERE o.instance_id = p.instance_id AND o.user_id = p.user_id AND o.attribute_name = p.attribute_name
    AND o.attribute_value < p.attribute_value)
 ORDER BY p.attribute_value, p.user_id LIMIT $3`
	byKey = `SELECT k.search_key, k.user_id FROM user_keys k
 WHERE k.instance_id = $1 AND (k.search_key, k.user_id) > ($2, $4) AND k.search_key < $6
  AND NOT EXISTS (SELECT 1 FROM user_keys o
   WHERE o.instance_id = k.instance_id AND o.user_id = k.user_id AND o.search_key >= $5 AND o.search_key < k.search_key)
 ORDER BY k.search_key, k.user_id LIMIT $3`

	personsByID = person + ` AND u.id IN ()`
)

// twoParts is what parts of a place are kept apart by; no text that is stored has it.
const twoParts = "\x00"

// lastCodePoint ends the range of a prefix: no key goes on with it.
const lastCodePoint = "\U0010FFFF"

// ordered is the statement of a track in the order of user names, if it is one.
func (t Track) ordered(instance aikagi.InstanceID, after string, limit int) (query string, args []any) {
	args = []any{instance, after, limit, t.Value}
	switch t.By {
	case Everybody:
		return everybody, args[:3]
	case ByUsername:
		return byUsername, args
	case ByGroup:
		return byGroup, args
	case ByRouting:
		return byRouting, args
	case ByID, ByKey, ByProfile, ByTag, ByTagValue, BySkill, BySkilled:
	}
	return "", nil
}

// ids is the statement of any other track.
func (t Track) ids(instance aikagi.InstanceID, after string, limit int) (query string, args []any) {
	first, second, _ := strings.Cut(after, twoParts)
	switch t.By {
	case ByProfile:
		return byProfile, []any{instance, second, limit, t.Value}
	case ByTagValue:
		return byTagValue, []any{instance, second, limit, t.Value, t.With}
	case BySkilled:
		return bySkilled, []any{instance, second, limit, t.Value, t.With}
	case BySkill:
		return bySkill, []any{instance, first, limit, second, t.Value}
	case ByTag:
		return byTag, []any{instance, first, limit, second, t.Value}
	case ByKey:
		if first == "" {
			first = t.Value
		}
		return byKey, []any{instance, first, limit, second, t.Value, t.Value + lastCodePoint}
	case ByID, Everybody, ByUsername, ByGroup, ByRouting:
	}
	return byID, []any{instance, second, limit, t.Value}
}

// WalkUsers reads up to a number of persons of a track behind a place ("" is the
// start), and tells whether the track may go on.
func (tx Tracks) WalkUsers(ctx context.Context, instance aikagi.InstanceID, t Track, after string, limit int) ([]Step, bool, error) {
	if query, args := t.ordered(instance, after, limit); query != "" {
		people, err := sqldb.List(ctx, tx.Tx, "walk users", scanPerson, query, args...)
		steps := make([]Step, len(people))
		for i, p := range people {
			steps[i] = Step{p, p.Username}
		}
		return steps, len(steps) == limit, err
	}
	query, args := t.ids(instance, after, limit)
	hits, err := sqldb.List(ctx, tx.Tx, "walk ids of users", scanHit, query, args...)
	if err != nil {
		return nil, false, err
	}
	steps := make([]Step, 0, len(hits))
	for start := 0; start < len(hits); start += sqldb.MaxIDs {
		people, err := tx.persons(ctx, instance, hits[start:min(start+sqldb.MaxIDs, len(hits))])
		if err != nil {
			return nil, false, err
		}
		steps = append(steps, people...)
	}
	return steps, len(hits) == limit, nil
}

const (
	countKeys = `SELECT count(*) FROM (SELECT 1 FROM user_keys
 WHERE instance_id = $1 AND search_key >= $3 AND search_key < $4 LIMIT $2) AS counted`
	countGroup = `SELECT count(*) FROM (SELECT 1 FROM users
 WHERE instance_id = $1 AND hierarchy_group_id = $3 LIMIT $2) AS counted`
	countRouting = `SELECT count(*) FROM (SELECT 1 FROM users
 WHERE instance_id = $1 AND routing_profile_id = $3 LIMIT $2) AS counted`
	countProfile = `SELECT count(*) FROM (SELECT 1 FROM user_security_profiles
 WHERE instance_id = $1 AND profile_id = $3 LIMIT $2) AS counted`
	countTag = `SELECT count(*) FROM (SELECT 1 FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND tag_key = $3 LIMIT $2) AS counted`
	countTagValue = `SELECT count(*) FROM (SELECT 1 FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND tag_key = $3 AND tag_value = $4 LIMIT $2) AS counted`
	countSkill = `SELECT count(*) FROM (SELECT 1 FROM proficiencies
 WHERE instance_id = $1 AND attribute_name = $3 LIMIT $2) AS counted`
	countSkilled = `SELECT count(*) FROM (SELECT 1 FROM proficiencies
 WHERE instance_id = $1 AND attribute_name = $3 AND attribute_value = $4 LIMIT $2) AS counted`
)

// CountTrack counts, up to a limit, how long a track is about: a user with several
// such keys counts as often. Everybody is counted on the instance, and not here.
func (tx Tracks) CountTrack(ctx context.Context, instance aikagi.InstanceID, t Track, limit int) (int64, error) {
	query, args := "", []any{instance, limit, t.Value}
	switch t.By {
	case ByKey:
		query, args = countKeys, append(args, t.Value+lastCodePoint)
	case ByGroup:
		query = countGroup
	case ByProfile:
		query = countProfile
	case ByTag:
		query = countTag
	case ByTagValue:
		query, args = countTagValue, append(args, t.With)
	case ByRouting:
		query = countRouting
	case BySkill:
		query = countSkill
	case BySkilled:
		query, args = countSkilled, append(args, t.With)
	case Everybody:
		return 0, nil
	case ByID, ByUsername:
		return 1, nil
	}
	return sqldb.Find(ctx, tx.Tx, "users", sqldb.ScanInt, query, args...)
}

// hit is a user on a track and where on it.
type hit struct {
	place string
	user  aikagi.UserID
}

func scanHit(r sqldb.Row) (hit, error) {
	var h hit
	err := r.Scan(&h.place, &h.user)
	h.place += twoParts + string(h.user)
	return h, err
}

// persons reads the people of hits, in their order.
func (tx Tracks) persons(ctx context.Context, instance aikagi.InstanceID, hits []hit) ([]Step, error) {
	ids := make([]aikagi.UserID, len(hits))
	for i, h := range hits {
		ids[i] = h.user
	}
	query, args := sqldb.ByIDs(personsByID, instance, ids)
	people, err := sqldb.List(ctx, tx.Tx, "read persons", scanPerson, query, args...)
	if err != nil {
		return nil, err
	}
	byID := map[aikagi.UserID]Person{}
	for _, p := range people {
		byID[p.ID] = p
	}
	steps := make([]Step, 0, len(hits))
	for _, h := range hits {
		if p, ok := byID[h.user]; ok { // gone since, where each statement sees what was committed
			steps = append(steps, Step{p, h.place})
		}
	}
	return steps, nil
}

func scanPerson(r sqldb.Row) (Person, error) {
	var p Person
	var updated int64
	err := r.Scan(&p.ID, &p.Username, &p.FirstName, &p.LastName, &p.RoutingProfileID, &p.HierarchyGroupID, &updated)
	p.UpdatedAt = sqldb.At(updated)
	return p, err
}
