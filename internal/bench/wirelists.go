package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// How often each list and each search is asked for, among few users and among
// many in turn.
const (
	listSamples = 150
	listWarm    = 10
)

// way is a list or a search as it is asked of one server.
type way struct {
	what  string
	bound limit // of the ratio of many ÷ few; zero: reported
	most  time.Duration
	hits  bool // somebody must be found, or nobody
	ask   func(ctx context.Context) (answer, error)
	found string // of a hit in the answer
}

// listsFor measures P15: pages of users, over the wire and in the browser.
func (b *bench) listsFor(ctx context.Context) error {
	return b.fewAndMany(ctx, "P15", func(ctx context.Context, w *wire) ([]way, error) {
		deep, err := w.deepToken(ctx)
		if err != nil {
			return nil, err
		}
		admin, err := w.b.loginAdmin(ctx)
		if err != nil {
			return nil, err
		}
		null := func(ctx context.Context) (answer, error) { return w.b.web.get(ctx, w.b.null.first, "") }
		page := func(cursor string) func(ctx context.Context) (answer, error) {
			address := w.b.server.instance(0, "/admin/users?size=50&page="+cursor)
			return func(ctx context.Context) (answer, error) { return w.b.web.get(ctx, address, admin) }
		}
		behind := base64.RawURLEncoding.EncodeToString([]byte("a" + username(w.b.users/10*9)))
		return []way{
			{what: nullRequest, ask: null, found: "padding", hits: true},
			{what: "DescribeUser", bound: atMost(1.2), ask: w.asking(w.describing(1)), found: `"Username":`, hits: true},
			{what: "ListUsers, first page of 100", bound: atMost(1.2), ask: w.asking(w.listing(100, "")), found: `"Username":`, hits: true},
			{what: "ListUsers, page of 100 behind nine tenths", bound: atMost(1.2), ask: w.askingAs(0, w.listing(100, deep)), found: `"Username":`, hits: true},
			{what: "users page, first 50", bound: atMost(1.2), ask: page(""), found: "user-0", hits: true},
			{what: "users page, 50 behind nine tenths", bound: atMost(1.2), ask: page(behind), found: "user-0", hits: true},
		}, nil
	})
}

// nullRequest is what the others of P15 are compared with.
const nullRequest = "null request"

// searchesFor measures P16: each criterion of SearchUsers, and the search of the
// users page. What an index knows has a goal; the others look at 10,000 users a
// page and answer a token.
func (b *bench) searchesFor(ctx context.Context) error {
	most := 5 * time.Millisecond
	if b.engine != "sqlite" {
		most = 10 * time.Millisecond
	}
	return b.fewAndMany(ctx, "P16", func(ctx context.Context, w *wire) ([]way, error) {
		g, err := w.givenToUsers(ctx)
		if err != nil {
			return nil, err
		}
		admin, err := w.b.loginAdmin(ctx)
		if err != nil {
			return nil, err
		}
		ways := searches(w, g)
		for _, word := range []string{"user-00001", "花子1", "user-0000100@bench", "nobody-has-this"} {
			address := w.b.server.instance(0, "/admin/users?size=50&q="+url.QueryEscape(word))
			ways = append(ways, way{
				what: "users page, search " + word, bound: atMost(2), found: "user-0", hits: word != "nobody-has-this",
				ask: func(ctx context.Context) (answer, error) { return w.b.web.get(ctx, address, admin) },
			})
		}
		for n := range ways {
			if ways[n].bound != (limit{}) {
				ways[n].most = most
			}
		}
		return ways, nil
	})
}

// searches are the criteria of SearchUsers.
func searches(w *wire, g given) []way {
	text := func(field, comparison, value string) string {
		return fmt.Sprintf(`"SearchCriteria":{"StringCondition":{"FieldName":%q,"ComparisonType":%q,"Value":%q}}`, field, comparison, value)
	}
	indexed, walked := atMost(2), limit{}
	all := []struct {
		what, criteria string
		bound          limit
		hits           bool
	}{
		{"without a criterion", `"SearchFilter":{}`, indexed, true},
		{"Username STARTS_WITH", text("Username", "STARTS_WITH", "user-00001"), indexed, true},
		{"Username STARTS_WITH, everybody", text("Username", "STARTS_WITH", "user"), indexed, true},
		{"Username STARTS_WITH, nobody", text("Username", "STARTS_WITH", "nobody"), indexed, false},
		{"Username EXACT", text("Username", "EXACT", "user-0000100"), indexed, true},
		{"FirstName STARTS_WITH", text("FirstName", "STARTS_WITH", "花子1"), indexed, true},
		{"FirstName EXACT", text("FirstName", "EXACT", "花子100"), indexed, true},
		{"LastName STARTS_WITH, everybody", text("LastName", "STARTS_WITH", "佐"), indexed, true},
		{"LastName STARTS_WITH, nobody", text("LastName", "STARTS_WITH", "高"), indexed, false},
		{"SecurityProfileId EXACT", text("SecurityProfileId", "EXACT", string(g.profile)), indexed, true},
		{"RoutingProfileId EXACT, everybody", text("RoutingProfileId", "EXACT", string(g.routing)), indexed, true},
		{"RoutingProfileId EXACT, nobody", text("RoutingProfileId", "EXACT", "00000000-0000-4000-8000-000000000000"), indexed, false},
		{"resourceId EXACT", text("resourceId", "EXACT", string(ownID(1))), indexed, true},
		{"hierarchy group", fmt.Sprintf(`"SearchCriteria":{"HierarchyGroupCondition":{"Value":%q,"HierarchyGroupMatchType":"EXACT"}}`, groupID(3)), indexed, true},
		{"tag with a value", `"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"site","TagValue":"site-0"}}}`, indexed, true},
		{"tag, nobody", `"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"colour","TagValue":"none"}}}`, indexed, false},
		{"Username CONTAINS", text("Username", "CONTAINS", "-0000"), walked, true},
		{"Username CONTAINS, nobody", text("Username", "CONTAINS", "nobody"), walked, false},
		{"proficiency, nobody", `"SearchCriteria":{"ListCondition":{"TargetListType":"PROFICIENCIES","Conditions":[{"StringCondition":` +
			`{"FieldName":"name","ComparisonType":"EXACT","Value":"connect:Language"}}]}}`, indexed, false},
	}
	ways := make([]way, len(all))
	for n, one := range all {
		q := question{http.MethodPost, "/search-users", fmt.Sprintf(`{"InstanceId":%q,"MaxResults":50,%s}`, w.instance, one.criteria)}
		ways[n] = way{what: "SearchUsers, " + one.what, bound: one.bound, hits: one.hits, ask: w.asking(q), found: `"Username":`}
	}
	return ways
}

// asking asks as each program in turn.
func (w *wire) asking(q question) func(ctx context.Context) (answer, error) {
	return func(ctx context.Context) (answer, error) {
		w.asked++
		return w.askingAs(w.asked, q)(ctx)
	}
}

func (w *wire) askingAs(by int, q question) func(ctx context.Context) (answer, error) {
	return func(ctx context.Context) (answer, error) {
		r, err := w.signed(ctx, q, by)
		if err != nil {
			return answer{}, err
		}
		return w.b.web.do(r)
	}
}

// fewAndMany times ways of a server with few users and of one with many, in turn,
// so that whatever else the machine does meets both.
func (b *bench) fewAndMany(ctx context.Context, goal string, ways func(ctx context.Context, w *wire) ([]way, error)) error {
	benches := []*bench{b.smallest, b}
	if b.smallest == b {
		benches = benches[1:]
	} else {
		defer b.smallest.stopServer()
	}
	all := make([][]way, len(benches))
	for n, one := range benches {
		w, err := one.openWire(ctx)
		if err != nil {
			return err
		}
		if all[n], err = ways(ctx, w); err != nil {
			return err
		}
	}
	null := time.Duration(0)
	for k := range all[0] {
		medians, err := b.inTurn(ctx, k, all)
		if err != nil {
			return err
		}
		if all[0][k].what == nullRequest {
			null = medians[0]
			continue
		}
		b.addWay(goal, all[0][k], medians, null)
	}
	return nil
}

// inTurn tells the medians of one way on each server.
func (b *bench) inTurn(ctx context.Context, k int, all [][]way) ([]time.Duration, error) {
	times := make([][]time.Duration, len(all))
	for sample := range listWarm + listSamples {
		for _, n := range rand.Perm(len(all)) { //nolint:gosec // G404: an order, not a secret
			one := all[n][k]
			began := b.now()
			a, err := one.ask(ctx)
			took := b.now().Sub(began)
			if err == nil {
				err = a.expect(http.StatusOK)
			}
			if err == nil && bytes.Contains(a.body, []byte(one.found)) != one.hits {
				err = fmt.Errorf("somebody found: %v, want %v", !one.hits, one.hits)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.what, err)
			}
			if sample >= listWarm {
				times[n] = append(times[n], took)
			}
		}
	}
	medians := make([]time.Duration, len(all))
	for n := range times {
		medians[n] = median(times[n])
	}
	return medians, nil
}

// addWay reports many ÷ few, and the absolute goal as a ratio: the time ÷ ten null
// requests, or ÷ the milliseconds that a search may take.
func (b *bench) addWay(goal string, one way, medians []time.Duration, null time.Duration) {
	many := medians[len(medians)-1]
	if len(medians) > 1 {
		b.add(row{
			goal, fmt.Sprintf("%s: among %d ÷ among %d", one.what, b.users, b.smallest.users),
			fmt.Sprintf("%.2f ms ÷ %.2f ms", millis(many), millis(medians[0])), over(many, medians[0]), one.bound,
		})
	}
	switch {
	case null > 0:
		b.add(row{
			goal, one.what + " ÷ 10 null requests", fmt.Sprintf("%.2f ms ÷ 10 × %.2f ms", millis(many), millis(null)), over(many, 10*null), atMost(1),
		})
	case one.most > 0:
		b.add(row{
			goal, fmt.Sprintf("%s, p50 ÷ %.0f ms", one.what, millis(one.most)), fmt.Sprintf("%.2f ms", millis(many)), over(many, one.most), atMost(1),
		})
	}
}
