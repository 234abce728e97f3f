package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// asking are the groups of A02: everybody who asks for a reset gets the same
// answer, whoever is meant.
func (c *client) asking() []group {
	at := func(alias string, state byte) func(ctx context.Context, n int) (*http.Request, error) {
		return func(ctx context.Context, n int) (*http.Request, error) {
			return c.ask(ctx, alias, name(state, n%c.people))
		}
	}
	return []group{
		{
			name: "asking for a reset", status: http.StatusSeeOther,
			states: []state{
				{"unknown", at(home, unknown)},
				{"unknown again (control)", at(home, unknown)},
				{"with an address", at(home, ordinary)},
				{"without an address", at(home, noEmail)},
				{"disabled", at(home, disabled)},
				{"without a password", at(home, passwordless)},
				{"locked by strangers", func(ctx context.Context, n int) (*http.Request, error) {
					return c.ask(ctx, home, name(locked, n%besieged))
				}},
			},
		},
		{
			name: "asking where an identity provider logs in", status: http.StatusSeeOther,
			states: []state{
				{"unknown", at(federated, unknown)},
				{"unknown again (control)", at(federated, unknown)},
				{"known", at(federated, ordinary)},
				{"disabled", at(federated, disabled)},
			},
		},
	}
}

// ask opens the form, and makes the request that it would send.
func (c *client) ask(ctx context.Context, alias, name string) (*http.Request, error) {
	page, err := c.get(ctx, "/i/"+alias+"/forgot")
	if err != nil {
		return nil, err
	}
	token := hidden(page.body, "token")
	if token == "" {
		return nil, fmt.Errorf("no form: %.200s", title(page.body))
	}
	return c.form(ctx, "/i/"+alias+"/forgot", anySource(), url.Values{
		"username": {name}, "token": {token}, "challenge": {"BENCH"},
	})
}

// parts are what can be measured alone, in the order of `make timing`. The logins
// are C02; answers that say something else are groups of their own: a name that
// waits or is locked is told so, and so is a name that nobody has.
func (c *client) parts() map[string][]group {
	return map[string][]group{
		"asking":    c.asking(),
		"failed":    {c.failed()},
		"federated": {c.federated()},
		"waiting":   {c.waits()},
		"locked":    {c.locked()},
		"old":       {c.old()},
	}
}

// at logs in by turns as everybody who is in a state.
func (c *client) at(alias string, state byte, password string) func(ctx context.Context, n int) (*http.Request, error) {
	return func(ctx context.Context, n int) (*http.Request, error) {
		return c.login(ctx, alias, anySource(), name(state, n%c.people), password)
	}
}

func (c *client) failed() group {
	return group{
		name: "a login that fails", status: http.StatusUnauthorized,
		states: []state{
			{"unknown", c.at(home, unknown, wrong)},
			{"unknown again (control)", c.at(home, unknown, wrong)},
			{"wrong password", c.at(home, ordinary, wrong)},
			{"disabled, right password", c.at(home, disabled, right)},
			{"without a password", c.at(home, passwordless, wrong)},
			{"has to choose another", c.at(home, mustChange, wrong)},
		},
	}
}

func (c *client) federated() group {
	return group{
		name: "a login where an identity provider logs in", status: http.StatusUnauthorized,
		states: []state{
			{"unknown", c.at(federated, unknown, right)},
			{"unknown again (control)", c.at(federated, unknown, right)},
			{"known, right password", c.at(federated, ordinary, right)},
			{"disabled", c.at(federated, disabled, right)},
		},
	}
}

func (c *client) locked() group {
	return group{
		name: "a login to a locked name", status: http.StatusTooManyRequests,
		states: []state{
			{"unknown", c.besieged(unknownToo)},
			{"unknown again (control)", c.besieged(unknownToo)},
			{"known", c.besieged(locked)},
		},
	}
}

// old are hashes that an earlier version or another system made. A wrong password
// costs a check of every kind that the server has met, so this comes last.
func (c *client) old() group {
	return group{
		name: "a login that fails, old hashes", status: http.StatusUnauthorized,
		before: func(ctx context.Context, block int) error {
			if block > 0 {
				return nil
			}
			for _, state := range []byte{cheapArgon, dearArgon, bcryptHash} { // each kind is met
				r, err := c.at(home, state, wrong)(ctx, 0)
				if err != nil {
					return err
				}
				if _, err := c.do(r); err != nil {
					return err
				}
			}
			return nil
		},
		states: []state{
			{"unknown", c.at(home, unknown, wrong)},
			{"unknown again (control)", c.at(home, unknown, wrong)},
			{"today's hash", c.at(home, ordinary, wrong)},
			{"Argon2id, 8 MiB, 1 pass", c.at(home, cheapArgon, wrong)},
			{"Argon2id, 32 MiB, 2 passes", c.at(home, dearArgon, wrong)},
			{"bcrypt, cost 8", c.at(home, bcryptHash, wrong)},
		},
	}
}

const wrong = "certainly not the password"

func (c *client) login(ctx context.Context, alias, source, name, password string) (*http.Request, error) {
	return c.form(ctx, "/i/"+alias+"/login", source, url.Values{"username": {name}, "password": {password}})
}

func (c *client) besieged(state byte) func(ctx context.Context, n int) (*http.Request, error) {
	return func(ctx context.Context, n int) (*http.Request, error) {
		return c.login(ctx, home, anySource(), name(state, n%besieged), right)
	}
}

// waits is a group of names that have to wait: every block fails ten times with
// names of its own from a source of its own.
func (c *client) waits() group {
	source, at := "", 0
	try := func(state byte) func(ctx context.Context, _ int) (*http.Request, error) {
		return func(ctx context.Context, _ int) (*http.Request, error) {
			return c.login(ctx, home, source, name(state, at), right)
		}
	}
	return group{
		name: "a login while the name waits", status: http.StatusTooManyRequests,
		before: func(ctx context.Context, block int) error {
			source, at = anySource(), block%c.people
			return errors.Join(c.fail(ctx, source, name(unknown, at), 10), c.fail(ctx, source, name(ordinary, at), 10))
		},
		states: []state{
			{"unknown", try(unknown)}, {"unknown again (control)", try(unknown)}, {"known", try(ordinary)},
		},
	}
}

// fail fails to log in so often, with a password that is too long to cost a hash.
func (c *client) fail(ctx context.Context, source, name string, times int) error {
	for range times {
		r, err := c.login(ctx, home, source, name, strings.Repeat("x", 2000))
		if err != nil {
			return err
		}
		a, err := c.do(r)
		if err != nil {
			return err
		}
		if a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
			return fmt.Errorf("failing as %s: %d %s", name, a.status, title(a.body))
		}
	}
	return nil
}

// besiege lets strangers everywhere guess at names, known and unknown, until they
// take only other ways in.
func (c *client) besiege(ctx context.Context) error {
	for _, state := range []byte{locked, unknownToo} {
		for n := range besieged {
			for range 12 { // nine a source, before it has to wait
				if err := c.fail(ctx, anySource(), name(state, n), 9); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
