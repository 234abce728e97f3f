package walk

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// question is a query about several users that has an "IN ()".
type question[T any] struct {
	what, query string
	scan        func(sqldb.Row) (fact[T], error)
}

// fact is something about one of them.
type fact[T any] struct {
	of aikagi.UserID
	it T
}

// ask answers with one statement for every MaxIDs users.
func (q question[T]) ask(ctx context.Context, tx *sqldb.Tx, instance aikagi.InstanceID, ids []aikagi.UserID) (map[aikagi.UserID][]T, error) {
	all := map[aikagi.UserID][]T{}
	for start := 0; start < len(ids); start += sqldb.MaxIDs {
		text, args := sqldb.ByIDs(q.query, instance, ids[start:min(start+sqldb.MaxIDs, len(ids))])
		found, err := sqldb.List(ctx, tx, q.what, q.scan, text, args...)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			all[f.of] = append(all[f.of], f.it)
		}
	}
	return all, nil
}

const profilesOf = `SELECT user_id, profile_id FROM user_security_profiles WHERE instance_id = $1 AND user_id IN ()`

// ProfilesOf reads which security profiles users hold.
func (tx Tracks) ProfilesOf(ctx context.Context, instance aikagi.InstanceID, ids []aikagi.UserID) (map[aikagi.UserID][]aikagi.SecurityProfileID, error) {
	q := question[aikagi.SecurityProfileID]{"list profiles of users", profilesOf, func(r sqldb.Row) (fact[aikagi.SecurityProfileID], error) {
		var f fact[aikagi.SecurityProfileID]
		err := r.Scan(&f.of, &f.it)
		return f, err
	}}
	return q.ask(ctx, tx.Tx, instance, ids)
}

// The order keeps SQLite from reading all tags in the index by key, as of listTags.
const tagsOf = `SELECT resource_id, tag_key, tag_value FROM tags
 WHERE instance_id = $1 AND resource_kind = 'user' AND resource_id IN ()
 ORDER BY resource_id, tag_key`

// TagsOf reads the tags of users.
func (tx Tracks) TagsOf(ctx context.Context, instance aikagi.InstanceID, ids []aikagi.UserID) (map[aikagi.UserID][]aikagi.Tag, error) {
	q := question[aikagi.Tag]{"list tags of users", tagsOf, func(r sqldb.Row) (fact[aikagi.Tag], error) {
		var f fact[aikagi.Tag]
		err := r.Scan(&f.of, &f.it.Key, &f.it.Value)
		return f, err
	}}
	return q.ask(ctx, tx.Tx, instance, ids)
}

const proficienciesOf = `SELECT user_id, attribute_name, attribute_value, level FROM proficiencies
 WHERE instance_id = $1 AND user_id IN ()`

// ProficienciesOf reads what users are good at.
func (tx Tracks) ProficienciesOf(ctx context.Context, instance aikagi.InstanceID, ids []aikagi.UserID) (map[aikagi.UserID][]aikagi.Proficiency, error) {
	q := question[aikagi.Proficiency]{"list proficiencies of users", proficienciesOf, func(r sqldb.Row) (fact[aikagi.Proficiency], error) {
		var f fact[aikagi.Proficiency]
		err := r.Scan(&f.of, &f.it.Attribute, &f.it.Value, &f.it.Level)
		return f, err
	}}
	return q.ask(ctx, tx.Tx, instance, ids)
}
