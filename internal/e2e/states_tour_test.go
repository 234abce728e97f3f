package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// stateWalks are pages in states that a small, healthy call centre never shows:
// names of any length, thousands of people, everything wrong, nothing left.
func stateWalks() []walk {
	return []walk{
		{"state-names", nameViews()},
		{"state-crowd", crowdViews()},
		{"state-errors", errorViews()},
		{"state-ended", endedViews()},
	}
}

// longest are names as long as the rules allow, without a space to break at, and
// one with marks that would turn or hide text if they were not shown (S22).
func longest() []aikagi.User {
	return []aikagi.User{
		{Username: aikagi.Username(strings.Repeat("w", aikagi.MaxUsernameOnPages)), LastName: strings.Repeat("W", aikagi.MaxLastName), FirstName: strings.Repeat("m", aikagi.MaxFirstName), Email: aikagi.Email(strings.Repeat("m", 64) + "@" + strings.Repeat("m", 60) + ".example")},
		{Username: "nagai.namae", LastName: strings.Repeat("寿限無", aikagi.MaxLastName/3), FirstName: strings.Repeat("長", aikagi.MaxFirstName)},
		{Username: "hidari.migi", LastName: "田\u202e中", FirstName: "\u200f一\u2066郎\u2069", Email: "hidari@sakura.example"},
	}
}

// settle puts people into the instance, with the agents' profile.
func (p *person) settle(people ...aikagi.User) {
	p.Helper()
	ctx, agent := p.Context(), p.site.User("agent")
	err := p.site.Store.Update(ctx, func(tx *store.Tx) error {
		for _, u := range people {
			u.InstanceID, u.ID = agent.InstanceID, aikagi.UserID(aikagi.NewID())
			u.Phone, u.Enabled, u.CreatedAt = agent.Phone, true, p.site.Clock.Now()
			u.RoutingProfileID, u.SecurityProfileIDs = agent.RoutingProfileID, agent.SecurityProfileIDs
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.Fatalf("settle people: %v", err)
	}
}

func nameViews() []view {
	return []view{
		{"list", func(p *person) {
			p.settle(longest()...)
			p.choose(func(s *aikagi.InstanceSettings) {
				s.DisplayName, s.Contact = strings.Repeat("長い名前の", 12), strings.Repeat("W", 200)
			})
			p.logsIn("administrator")
			admin("users?q=www")(p)
		}},
		{"japanese", admin("users?q=nagai")},
		{"one", func(p *person) { p.presses(longest()[1].FullName(p.lang)) }},
		{"history", func(p *person) {
			p.types(p.says("admin.field.email"), "nagai@sakura.example")
			p.presses(p.says("admin.save"))
			p.sees(p.says("admin.saved"))
			admin("audit")(p)
		}},
		{"bidi", func(p *person) { admin("users?q=hidari")(p); p.sees("⟨U+202E⟩") }},
		{"ask", func(p *person) {
			admin("users?q=www")(p)
			p.opensFirst()
			p.opens(p.where() + "/delete")
		}},
		{"card", func(p *person) {
			admin("users?q=www")(p)
			p.opensFirst()
			p.presses(p.says("admin.user.card"))
			p.sees(p.says("admin.card.title"))
		}},
		{"login", func(p *person) {
			p.opens(p.site.URL("/me"))
			p.logsOut()
		}},
		{"sent", func(p *person) { p.asksFor(string(longest()[0].Username), byImage) }},
	}
}

// crowd is so many people that nobody counts them for every page.
const crowd = 10_000

func crowdViews() []view {
	return []view{
		{"list", func(p *person) {
			people := make([]aikagi.User, crowd)
			for i := range people {
				people[i] = aikagi.User{
					Username: aikagi.Username(fmt.Sprintf("agent.%05d", i)), LastName: "山田", FirstName: fmt.Sprintf("太郎 %d", i),
					MustChange: i%2 == 0,
				}
			}
			p.settle(people...)
			p.logsIn("administrator")
			admin("users")(p)
			p.sees("10,007")
			p.sees("1,000+")
		}},
		{"next", func(p *person) { p.presses(p.says("pager.next")) }},
		{"found", func(p *person) {
			p.types(p.says("admin.users.search"), "agent.099")
			p.presses(p.says("admin.users.find"))
			p.sees("agent.09900")
		}},
		{"no-email", func(p *person) { admin("users?filter=no_email&size=100")(p) }},
	}
}

func errorViews() []view {
	return []view{
		{"changed", func(p *person) {
			p.logsIn("administrator")
			agent := p.site.User("agent")
			adminUser("agent", "")(p)
			draft := directory.DraftOf(agent)
			draft.LastName, draft.Mobile = "山本", "+819012345678"
			_, err := p.site.Directory.Update(p.site.As(p.Context(), "editor"), agent.InstanceID, agent.ID, agent.Version, draft)
			if err != nil {
				p.Fatalf("change the user first: %v", err)
			}
			p.types(p.says("admin.field.last_name"), "中村")
			p.presses(p.says("admin.save"))
			p.sees(p.says("admin.other.title"))
		}},
		{"everything-wrong", func(p *person) {
			admin("users/new")(p)
			p.types(p.says("admin.field.username"), "not a name")
			p.types(p.says("admin.field.email"), "@")
			p.types(p.says("admin.field.secondary_email"), "two@example.jp, three@example.jp")
			p.types(p.says("admin.field.mobile"), "090")
			p.presses(p.says("admin.users.add"))
			p.blames("username", "last_name", "first_name", "email", "secondary_email", "mobile", "security_profiles")
		}},
		{"settings-wrong", func(p *person) {
			admin("settings")(p)
			p.types(p.says("admin.field.time_zone"), "Mars")
			p.types(p.says("admin.field.reset_ttl"), "0")
			p.types(p.says("admin.field.password_min"), "1")
			p.types(p.says("admin.field.extra_guarded"), "Nothing.At.All")
			p.presses(p.says("admin.save"))
			p.blames("time_zone", "reset_ttl", "password_min", "extra_guarded")
		}},
		{"everybody-can", func(p *person) {
			p.registersEverybody()
			admin("users?filter=no_email")(p)
			p.sees(p.says("admin.users.all_can.title"))
		}},
		{"too-large", func(p *person) {
			admin("settings")(p)
			look[bool](p, `() => { document.querySelector('textarea').value = 'x'.repeat(1 << 20); return true }`)
			p.presses(p.says("admin.save"))
			p.sees(p.says("error.too_large.what"))
		}},
		{"too-many", func(p *person) {
			for range 6 {
				p.opens(p.site.URL("/forgot"))
				p.types(p.says("forgot.username"), "tanaka")
				p.meets(byImage)
				p.presses(p.says("forgot.submit"))
			}
			p.sees(p.says("error.throttled.what"))
		}},
		{"broken", func(p *person) {
			_ = p.site.Store.Close() // the worst that can happen while somebody looks
			p.opens(p.site.URL("/login"))
			p.sees(p.says("error.reference"))
		}},
	}
}

// blames wants the error summary to be the first thing on the page, and to lead to
// these fields, in this order and to no other; each says the same beside itself.
func (p *person) blames(fields ...string) {
	p.Helper()
	p.sees(p.says("page.problems"))
	const blamed = `() => [...document.querySelectorAll('main .summary li')].map(li => {
		const id = li.querySelector('a')?.hash.slice(1) ?? ''
		const said = document.getElementById(id + '-error')?.innerText.includes(li.innerText.trim()) && document.getElementById(id)
		return (said ? '' : 'unsaid ') + id
	})`
	if got := look[[]string](p, blamed); !slices.Equal(got, prefixed("f-", fields)) {
		p.Errorf("%s blames %q, want %q:\n%s", p.where(), got, fields, p.text())
	}
	if !strings.HasPrefix(look[string](p, `() => document.title`), strings.SplitN(p.says("page.error_prefix", "title", "|"), "|", 2)[0]) {
		p.Errorf("the title of %s does not begin with an error", p.where())
	}
}

func prefixed(prefix string, names []string) []string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = prefix + n
	}
	return all
}

// registersEverybody gives an address to whoever has none.
func (p *person) registersEverybody() {
	p.Helper()
	ctx, instance := p.site.As(p.Context(), "administrator"), p.site.Centre.Instance.ID
	found, err := p.site.Directory.List(ctx, instance, directory.Query{Filter: directory.FilterNoEmail, Size: 100})
	for i := 0; err == nil && i < len(found.Users); i++ {
		u := found.Users[i]
		draft := directory.DraftOf(u)
		draft.Email = string(u.Username) + "@sakura.example"
		_, err = p.site.Directory.Update(ctx, instance, u.ID, u.Version, draft)
	}
	if err != nil {
		p.Fatalf("register addresses: %v", err)
	}
}

// endedViews are links that no longer work, each for another reason.
func endedViews() []view {
	return []view{
		{"newer", func(p *person) {
			l, agent := p.site.Login("agent"), p.site.User("agent")
			p.asksFor(l.Username, byImage)
			link := p.link(p.receives(l.Email, 1))
			if err := p.site.Resets.SendLink(p.site.As(p.Context(), "administrator"), agent.InstanceID, agent.ID); err != nil {
				p.Fatalf("send a newer link: %v", err)
			}
			p.opens(link)
			p.sees(p.says("ended.newer"))
		}},
		{"password", func(p *person) {
			l := p.site.Login("agent")
			link := p.link(p.receives(l.Email, 2))
			p.isGiven("agent")
			p.opens(link)
			p.sees(p.says("ended.password"))
		}},
		{"code-tries", func(p *person) {
			p.site.Clock.Move(time.Hour)
			p.asksFor(p.site.Login("agent").Username, byImage)
			p.receivesLink(p.site.Login("agent").Email)
			p.presses(p.says("sent.code"))
			for range 6 {
				p.types(p.says("code.label"), "ABCD-EFGH")
				p.presses(p.says("code.submit"))
			}
			p.sees(p.says("code.tries"))
		}},
	}
}
