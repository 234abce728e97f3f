package unreachable

import (
	"context"

	"github.com/aikagi/aikagi"
)

// others are those who are not meant by any wish, by the address that they have: as the
// source tells it now, or as it was when everybody was looked at last.
type others struct {
	mender *Mender
	at     Instance
	look   *Look // nil if the source told
	by     map[string][]Person
}

// others finds those of an instance, and notes when they were looked at.
func (m *Mender) others(i Instance, people []Person, wishes []Wish) others {
	o := others{mender: m, at: i, by: map[string][]Person{}}
	if m.AllowShared {
		return o
	}
	meant := map[string]bool{}
	for _, w := range wishes {
		meant[w.Username] = true
	}
	o.look = readLook(m.State, m.Registry.Name(), i.ID)
	if o.look != nil {
		m.LookedAt = o.look.FinishedAt
	}
	for _, p := range people {
		if p.Whole {
			m.LookedAt, o.look = m.Finder.Clock.Now().UTC(), nil
		}
	}
	for _, p := range people {
		has := mark(p.Email)
		if o.look != nil {
			has = o.look.Marks[p.ID]
		}
		if has != "" && !meant[p.Username] && !p.Disabled { // who is disabled reads no mail here
			o.by[has] = append(o.by[has], p)
		}
	}
	return o
}

// having is the name of one of them who has an address; "" if none does. What was looked
// at some time ago is asked for again, so that nobody is accused of what he had once.
func (o others) having(ctx context.Context, email string) (username string, err error) {
	key := mark(email)
	if o.look != nil {
		key = o.look.salted(key)
	}
	for _, p := range o.by[key] {
		if o.look == nil {
			return p.Username, nil
		}
		now, err := o.mender.read(ctx, o.at, p.ID)
		if err == nil && mark(now.email()) == mark(email) {
			return p.Username, nil
		}
		if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
			return "", err
		}
	}
	return "", nil
}
