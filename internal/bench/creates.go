package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	createWorkers = 8
	createWithin  = 4 * time.Second
)

// createFor measures P13: users are made through the administrator's page, with a
// temporary password and without one.
func (b *bench) createFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	admin, err := b.loginAdmin(ctx)
	if err != nil {
		return err
	}
	form, err := b.newUserForm(ctx, admin)
	if err != nil {
		return err
	}
	flushes, err := b.flushesPerSecond(ctx, 2*time.Second)
	if err != nil {
		return err
	}
	raw, err := b.rawHashes(rawWithin)
	if err != nil {
		return err
	}
	with, err := b.createMany(ctx, admin, form, "temporary")
	if err != nil {
		return err
	}
	without, err := b.createMany(ctx, admin, form, "none")
	if err != nil {
		return err
	}
	programs, err := b.openWire(ctx)
	if err != nil {
		return err
	}
	wired, err := programs.createPerSecond(ctx)
	if err != nil {
		return err
	}
	b.add(row{
		"P13", fmt.Sprintf("users made with a password/s at %d workers ÷ raw hashes/s", createWorkers),
		fmt.Sprintf("%.0f/s ÷ %.0f/s", with, raw.perSecond), over(with, raw.perSecond), atLeast(0.90),
	})
	b.add(row{
		"P13", fmt.Sprintf("users made by CreateUser/s at %d workers ÷ raw hashes/s", createWorkers),
		fmt.Sprintf("%.0f/s ÷ %.0f/s", wired, raw.perSecond), over(wired, raw.perSecond), atLeast(0.90),
	})
	b.add(row{
		"P13", fmt.Sprintf("users made without a password/s at %d workers ÷ flushes/s", createWorkers),
		fmt.Sprintf("%.0f/s ÷ %.0f/s", without, flushes), over(without, flushes), atLeast(0.4),
	})
	return nil
}

// newUserForm reads the page as a browser would and fills it in, but for the name.
func (b *bench) newUserForm(ctx context.Context, admin string) (url.Values, error) {
	page, err := b.web.get(ctx, b.server.instance(0, "/admin/users/new"), admin)
	if err != nil {
		return nil, err
	}
	if err := page.expect(http.StatusOK); err != nil {
		return nil, err
	}
	form := url.Values{"first_name": {"花子"}, "last_name": {"佐藤"}, "phone_type": {"SOFT_PHONE"}}
	form.Set("routing_profile", option(string(page.body), "routing_profile"))
	form.Set("security_profiles", checkbox(string(page.body), "security_profiles", "Agent"))
	return form, nil
}

// option is the first value of a select that is not empty.
func option(page, name string) string {
	_, list, _ := strings.Cut(page, `name="`+name+`"`)
	list, _, _ = strings.Cut(list, "</select>")
	for {
		_, rest, found := strings.Cut(list, `value="`)
		if !found {
			return ""
		}
		value, after, _ := strings.Cut(rest, `"`)
		if value != "" {
			return value
		}
		list = after
	}
}

// checkbox is the value of the box with a label.
func checkbox(page, name, label string) string {
	for box := range strings.SplitSeq(page, `name="`+name+`"`) {
		said, _, _ := strings.Cut(box, "</label>")
		_, rest, found := strings.Cut(said, `value="`)
		if value, _, _ := strings.Cut(rest, `"`); found && strings.Contains(said, ">"+label) {
			return value
		}
	}
	return ""
}

// createMany makes users for a while and tells how many a second.
func (b *bench) createMany(ctx context.Context, admin string, form url.Values, start string) (float64, error) {
	want := http.StatusSeeOther
	if start == "temporary" {
		want = http.StatusOK // the page shows the password once
	}
	prefix := fmt.Sprintf("new-%s-%d-", start, b.now().UnixNano())
	done, err := b.run(ctx, createWorkers, 0, createWithin, func(ctx context.Context, n int) error {
		name := fmt.Sprint(prefix, n)
		filled := url.Values{"username": {name}, "email": {address(name)}, "start": {start}}
		for field, values := range form {
			filled[field] = values
		}
		a, err := b.web.postIn(ctx, b.server.instance(0, "/admin/users/new"), admin, filled)
		if err != nil {
			return err
		}
		return a.expect(want)
	})
	return done.perSecond(), err
}
