package directory

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// someOnly reports whether the actor sees some users only.
func (s scene) someOnly() bool { return !s.rights.May(aikagi.UsersView) }

// listSome is list for whoever sees some users only: the list of everybody, looked
// through until a page is full. Its cursors name nobody whom he does not see.
func (s scene) listSome(ctx context.Context, q Query) (Page, error) {
	kind, _ := readCursor(q.Cursor)
	back, asked := kind == "b", q
	var seen []aikagi.User
	q.Size = PageSize(store.MaxIDs)
	for {
		part, err := s.list(ctx, q)
		if err != nil {
			return Page{}, err
		}
		found, err := s.rights.Seen(ctx, s.tx, part.Users)
		if err != nil {
			return Page{}, err
		}
		if back {
			seen, q.Cursor = append(found, seen...), part.Prev
		} else {
			seen, q.Cursor = append(seen, found...), part.Next
		}
		if q.Cursor == "" || len(seen) > asked.Size {
			return somePage(seen, asked, back), nil
		}
	}
}

// somePage cuts a page out of users whom somebody sees: from their end if they were
// read backwards.
func somePage(seen []aikagi.User, asked Query, back bool) Page {
	more := len(seen) > asked.Size
	if more && back {
		seen = seen[len(seen)-asked.Size:]
	} else if more {
		seen = seen[:asked.Size]
	}
	p := Page{Users: seen}
	if len(seen) == 0 {
		return p
	}
	if back || more {
		p.Next = cursor("a", string(seen[len(seen)-1].Username))
	}
	if asked.Cursor != "" && (!back || more) {
		p.Prev = cursor("b", string(seen[0].Username))
	}
	return p
}

// searchSome is search for whoever sees some users only.
func (s scene) searchSome(ctx context.Context, q Query, after store.SearchHit) (Page, error) {
	var p Page
	var last []store.SearchHit // of each user on the page
	for len(p.Users) <= q.Size {
		users, hits, err := s.tx.SearchUsers(ctx, s.instance.ID, q.Search, after, store.MaxIDs)
		if err != nil {
			return p, err
		}
		seen, err := s.rights.Seen(ctx, s.tx, users)
		if err != nil {
			return p, err
		}
		for _, h := range hits {
			if i := slices.IndexFunc(seen, func(u aikagi.User) bool { return u.ID == h.User }); i >= 0 {
				p.Users, last = append(p.Users, seen[i]), append(last, h)
			}
		}
		if len(hits) < store.MaxIDs {
			break
		}
		after = hits[len(hits)-1]
	}
	if len(p.Users) > q.Size {
		p.Users = p.Users[:q.Size]
		p.Next = cursor("s", last[q.Size-1].Key, string(last[q.Size-1].User))
	}
	return p, nil
}
