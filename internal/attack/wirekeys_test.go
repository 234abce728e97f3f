package attack

import (
	"net/http"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// TestS30S32ADenyByWhereAndWhomHoldsOnTheWire: one Deny by the address of who asks,
// by a tag of the user, and by the group at the top above him. Each refuses whom it
// is about to see and to change, and nobody else; what it is about is read as it
// stands when it is asked.
func TestS30S32ADenyByWhereAndWhomHoldsOnTheWire(t *testing.T) {
	t.Parallel()
	w := overWire(t)
	p := w.ours
	target, agent, top := p.user["editor"], p.user["agent"], p.ids["/admin/hierarchy/"]
	w.update(func(tx *store.Tx) error {
		placed := target
		placed.HierarchyGroupID = aikagi.HierarchyGroupID(p.ids["group below"])
		if err := tx.UpdateUser(t.Context(), target, placed); err != nil {
			return err
		}
		tagged := aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(target.ID)}
		return tx.ReplaceTags(t.Context(), p.instance.ID, tagged, []aikagi.Tag{{Key: "tag", Value: "value"}})
	})
	const office, elsewhere = "192.0.2.1:4711", "198.51.100.7:4711"
	type asked struct {
		from string
		of   aikagi.User
	}
	for name, c := range map[string]struct {
		condition         object
		refused, answered []asked
	}{
		"an address":          {object{"IpAddress": object{"aws:SourceIp": "198.51.100.0/24"}}, []asked{{elsewhere, target}, {elsewhere, agent}}, []asked{{office, target}}},
		"all other addresses": {object{"NotIpAddress": object{"aws:SourceIp": "192.0.2.0/24"}}, []asked{{elsewhere, target}}, []asked{{office, target}, {office, agent}}},
		"a tag":               {object{"StringEquals": object{"aws:ResourceTag/tag": "value"}}, []asked{{office, target}}, []asked{{office, agent}}},
		"a group":             {object{"StringEquals": object{"connect:HierarchyGroupL1Id": top}}, []asked{{office, target}}, []asked{{office, agent}}},
	} {
		deny := statement("Deny", "", "*")
		deny["Action"] = []string{"connect:DescribeUser", "connect:UpdateUserIdentityInfo"}
		deny["Condition"] = c.condition
		who := w.with(statement("Allow", "*", "*"), deny)
		var attempts []attempt
		for _, a := range c.refused {
			attempts = append(attempts, attempt{name, func() {
				for _, got := range w.seesAndChanges(who, a.from, a.of) {
					if got != "AccessDeniedException" {
						t.Errorf("a Deny by %s, of %s from %s: %q", name, a.of.Username, a.from, got)
					}
				}
			}})
		}
		w.untouched(attempts)
		for _, a := range c.answered {
			for _, got := range w.seesAndChanges(who, a.from, a.of) {
				if got != "" {
					t.Errorf("a Deny by %s keeps from %s, from %s: %q", name, a.of.Username, a.from, got)
				}
			}
		}
	}
}

// TestS30ATagOrAGroupCountsFromThenOn: who gets the tag, or comes below the group,
// is out of reach with the next request, and in reach again when he loses it.
func TestS30ATagOrAGroupCountsFromThenOn(t *testing.T) {
	t.Parallel()
	w := overWire(t)
	owner, u := w.kinds["owner"][0], w.ours.user["agent"]
	m := mark{account: w.Centre.Account.ID, instance: u.InstanceID, ids: map[string]string{"user": string(u.ID)}}
	tags := m.path("/tags/{resourceArn}", "user")
	place := m.path("/users/{InstanceId}/{UserId}/hierarchy", "")
	deny := func(operator, key, value string) program {
		d := statement("Deny", "*", "*")
		d["Condition"] = object{operator: object{key: value}}
		return w.with(statement("Allow", "*", "*"), d)
	}
	for name, c := range map[string]struct {
		who       program
		in, out   [2]string // path and body
		outMethod string
	}{
		"a tag": {
			deny("StringEquals", "aws:ResourceTag/team", "red"),
			[2]string{tags, `{"tags":{"team":"red"}}`},
			[2]string{tags + "?tagKeys=team", ""},
			http.MethodDelete,
		},
		"a group": {
			deny("StringEquals", "connect:HierarchyGroupL1Id", w.ours.ids["/admin/hierarchy/"]),
			[2]string{place, `{"HierarchyGroupId":"` + w.ours.ids["group below"] + `"}`},
			[2]string{place, `{}`},
			http.MethodPost,
		},
	} {
		for _, step := range []struct{ method, path, body, want string }{
			{"", "", "", ""},
			{http.MethodPost, c.in[0], c.in[1], "AccessDeniedException"},
			{c.outMethod, c.out[0], c.out[1], ""},
		} {
			if step.method != "" {
				if got := fault(w.visit(w.signed(owner, step.method, step.path, step.body))); got != "" {
					t.Fatalf("%s: %s %s: %s", name, step.method, step.path, got)
				}
			}
			for _, got := range w.seesAndChanges(c.who, "192.0.2.1:4711", u) {
				if got != step.want {
					t.Errorf("%s, after %s %s: %q, want %q", name, step.method, step.path, got, step.want)
				}
			}
		}
	}
}

// seesAndChanges reads a user and renames him, from an address. What a client says
// of where it is from counts for nothing.
func (w *wire) seesAndChanges(p program, from string, u aikagi.User) []string {
	w.t.Helper()
	path := "/users/" + string(u.InstanceID) + "/" + string(u.ID)
	var got []string
	for _, r := range []*http.Request{
		w.signed(p, http.MethodGet, path, ""),
		w.signed(p, http.MethodPost, path+"/identity-info", `{"IdentityInfo":{"FirstName":"Mallory","LastName":"`+aikagi.NewID()[:8]+`"}}`),
	} {
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		r.Header.Set("Forwarded", "for=192.0.2.1")
		got = append(got, fault(w.visit(r)))
	}
	return got
}
