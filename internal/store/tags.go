package store

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

func scanTag(r sqldb.Row) (aikagi.Tag, error) {
	var t aikagi.Tag
	err := r.Scan(&t.Key, &t.Value)
	return t, err
}

// The range of one id keeps SQLite, which knows no sizes, from reading all tags of a
// kind in the index by key.
const listTags = `
SELECT tag_key, tag_value FROM tags WHERE instance_id = $1 AND resource_kind = $2 AND resource_id >= $3 AND resource_id <= $3
ORDER BY resource_id, tag_key`

// ListTags reads the tags of a resource in the order of their keys.
func (tx *Tx) ListTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource) ([]aikagi.Tag, error) {
	return sqldb.List(ctx, tx.Tx, "list tags", scanTag, listTags, instance, r.Kind, r.ID)
}

type taggedID struct {
	id  string
	tag aikagi.Tag
}

func scanTaggedID(r sqldb.Row) (taggedID, error) {
	var t taggedID
	err := r.Scan(&t.id, &t.tag.Key, &t.tag.Value)
	return t, err
}

const listTagsOfKind = `
SELECT resource_id, tag_key, tag_value FROM tags WHERE instance_id = $1 AND resource_kind = $2 ORDER BY resource_id, tag_key`

// ListTagsOfKind reads the tags of all resources of a kind, by id. It is for
// kinds of which an instance has a few hundred at most.
func (tx *Tx) ListTagsOfKind(ctx context.Context, instance aikagi.InstanceID, kind aikagi.ResourceKind) (map[string][]aikagi.Tag, error) {
	all, err := sqldb.List(ctx, tx.Tx, "list tags of kind", scanTaggedID, listTagsOfKind, instance, kind)
	tags := map[string][]aikagi.Tag{}
	for _, one := range all {
		tags[one.id] = append(tags[one.id], one.tag)
	}
	return tags, err
}

const insertTag = `
INSERT INTO tags (instance_id, resource_kind, resource_id, tag_key, tag_value) VALUES ($1, $2, $3, $4, $5)`

// ReplaceTags gives a resource exactly these tags.
func (tx *Tx) ReplaceTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource, tags []aikagi.Tag) error {
	if err := tx.dropTags(ctx, instance, r.Kind, r.ID); err != nil {
		return err
	}
	for _, t := range tags {
		if err := tx.Exec(ctx, "tags", "insert tag", insertTag, instance, r.Kind, r.ID, t.Key, t.Value); err != nil {
			return err
		}
	}
	return nil
}

const deleteTags = `DELETE FROM tags WHERE instance_id = $1 AND resource_kind = $2 AND resource_id = $3`

// dropTags takes all tags off a resource, also when it goes: tags refer to four
// tables, so no foreign key takes them along.
func (tx *Tx) dropTags(ctx context.Context, instance aikagi.InstanceID, kind aikagi.ResourceKind, id string) error {
	return tx.Exec(ctx, "tags", "delete tags", deleteTags, instance, kind, id)
}
