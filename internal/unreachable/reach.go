package unreachable

import (
	"bytes"
	"context"
	"slices"

	"github.com/aikagi/aikagi"
)

// Reach is how many users of an instance cannot reset their password, by reason.
type Reach struct {
	Instance string // alias
	By       map[Reason]int
}

// has is one address that somebody has.
type has struct {
	digest [8]byte
	desk   bool // it belongs to a role
}

// Count counts by the rules of the finder, page by page: of somebody looked at it keeps
// nine bytes, so that a server can do it beside its work.
func (d Database) Count(ctx context.Context) ([]Reach, error) {
	var all []Reach
	for token := ""; ; {
		instances, next, err := d.Instances(ctx, token)
		if err != nil {
			return nil, err
		}
		for _, i := range instances {
			by, err := d.countIn(ctx, i)
			if err != nil {
				return nil, err
			}
			all = append(all, Reach{i.Alias, by})
		}
		if token = next; token == "" {
			return all, nil
		}
	}
}

func (d Database) countIn(ctx context.Context, i Instance) (map[Reason]int, error) {
	by := map[Reason]int{}
	for _, why := range []Reason{NoEmail, MalformedEmail, SharedMailbox, Bounced, Disabled} {
		by[why] = 0 // a number that is missing cannot be told from one that was never counted
	}
	if i.IdentityType != string(aikagi.ConnectManaged) {
		return by, nil // nobody resets a password here
	}
	var addresses []has
	for token := ""; ; {
		people, next, err := d.Users(ctx, i, token)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			why, _ := Judge(p)
			if why != "" && why != SharedMailbox {
				by[why]++
			} else if sum, known := digest(p.Email); known {
				addresses = append(addresses, has{sum, why == SharedMailbox})
			}
		}
		if token = next; token == "" {
			by[SharedMailbox] = sharing(addresses)
			return by, nil
		}
	}
}

// sharing is how many have an address together with others, or that of a desk.
func sharing(all []has) int {
	slices.SortFunc(all, func(a, b has) int { return bytes.Compare(a.digest[:], b.digest[:]) })
	n := 0
	for first := 0; first < len(all); {
		end := first + 1
		for end < len(all) && all[end].digest == all[first].digest {
			end++
		}
		if end-first > 1 || all[first].desk {
			n += end - first
		}
		first = end
	}
	return n
}
