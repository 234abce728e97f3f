package store

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// SearchKey is how words are compared in searches: compatibility forms folded,
// lower case, no spaces. The stored keys and the typed word pass through it.
func SearchKey(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(norm.NFKC.String(s))), "")
}

// maxSearchKey bounds a key in bytes.
const maxSearchKey = 128

// StoredKey is the search key of a text as it is stored: cut, if it is long.
func StoredKey(s string) string {
	key := SearchKey(s)
	if len(key) > maxSearchKey {
		key = strings.ToValidUTF8(key[:maxSearchKey], "")
	}
	return key
}

// userKeys are the words a user is found by: user name, address, and the names
// in both orders, because one types 田中一郎 and another "ichiro tanaka".
func userKeys(u aikagi.User) []string {
	var keys []string
	for _, word := range []string{
		string(u.Username), string(u.Email), u.LastName + u.FirstName, u.FirstName + u.LastName,
	} {
		key := StoredKey(word)
		if key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

const insertUserKey = `INSERT INTO user_keys (instance_id, search_key, user_id) VALUES ($1, $2, $3)`

func (tx *Tx) insertUserKeys(ctx context.Context, u aikagi.User) error {
	for _, key := range userKeys(u) {
		if err := tx.Exec(ctx, "user", "insert search key", insertUserKey, u.InstanceID, key, u.ID); err != nil {
			return err
		}
	}
	return nil
}

const holdersOfKeys = `SELECT search_key, user_id FROM user_keys WHERE instance_id = $1 AND search_key IN ()`

// ListSharers reads the users who may have one of these addresses together with somebody
// else: those with a search key that several have. It may be somebody's user name, or
// cut, so the caller looks at the addresses, of which there are at most MaxIDs. Of a key
// that very many have, MaxIDs users are enough.
func (tx *Tx) ListSharers(ctx context.Context, instance aikagi.InstanceID, emails []aikagi.Email) ([]aikagi.User, error) {
	if len(emails) == 0 {
		return nil, nil
	}
	keys := make([]string, len(emails))
	for i, e := range emails {
		keys[i] = StoredKey(string(e))
	}
	query, args := sqldb.ByIDs(holdersOfKeys, instance, keys)
	hits, err := sqldb.List(ctx, tx.Tx, "list holders of addresses", scanHit, query, args...)
	if err != nil {
		return nil, err
	}
	holders := map[string][]aikagi.UserID{}
	for _, h := range hits {
		holders[h.Key] = append(holders[h.Key], h.User)
	}
	var several []aikagi.UserID
	for _, ids := range holders {
		if len(ids) > 1 { // by far the fewest
			several = append(several, ids[:min(len(ids), MaxIDs)]...)
		}
	}
	return tx.ListUsersByID(ctx, instance, several)
}

const deleteUserKeys = `DELETE FROM user_keys WHERE instance_id = $1 AND user_id = $2`

func (tx *Tx) replaceUserKeys(ctx context.Context, before, u aikagi.User) error {
	if slices.Equal(userKeys(before), userKeys(u)) {
		return nil
	}
	if err := tx.Exec(ctx, "user", "delete search keys", deleteUserKeys, u.InstanceID, u.ID); err != nil {
		return err
	}
	return tx.insertUserKeys(ctx, u)
}

const listUserIDs = `SELECT id FROM users WHERE instance_id = $1 AND id > $2 ORDER BY id LIMIT $3`

// ListUserIDs reads a page of ids; for commands that walk everybody.
func (tx *Tx) ListUserIDs(ctx context.Context, instance aikagi.InstanceID, after aikagi.UserID, limit int) ([]aikagi.UserID, error) {
	ids, err := sqldb.List(ctx, tx.Tx, "list user ids", sqldb.ScanString, listUserIDs, instance, after, limit)
	users := make([]aikagi.UserID, len(ids))
	for i, id := range ids {
		users[i] = aikagi.UserID(id)
	}
	return users, err
}
