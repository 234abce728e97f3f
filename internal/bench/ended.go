package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

const (
	endedSessions = 48 // logged out; as many users again are disabled
	endedWorkers  = 8
)

// endedFor measures P7 under load: while others check sessions, one is logged out,
// or its user disabled, and the very next request must be refused.
func (b *bench) endedFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	admin, err := b.loginAdmin(ctx)
	if err != nil {
		return err
	}
	others, stop := context.WithCancel(ctx)
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		_, _ = b.run(others, endedWorkers, 0, childPatience, func(ctx context.Context, _ int) error { return b.check(ctx, admin) })
	}()
	defer func() { stop(); <-loaded }()
	refused := 0
	for n := range 2 * endedSessions {
		ok, err := b.endOne(ctx, admin, n)
		if err != nil {
			return err
		}
		if ok {
			refused++
		}
	}
	b.add(row{
		"P7", fmt.Sprintf("refused at the next request ÷ sessions logged out or disabled, while %d check sessions", endedWorkers),
		fmt.Sprintf("%d ÷ %d", refused, 2*endedSessions), over(float64(refused), 2*endedSessions),
		limit{1, 1},
	})
	return nil
}

// endOne ends a session in one of two ways and tells whether the next request was
// refused.
func (b *bench) endOne(ctx context.Context, admin string, n int) (bool, error) {
	own, err := b.login(ctx, n)
	if err != nil {
		return false, err
	}
	if err := b.check(ctx, own); err != nil {
		return false, err
	}
	if n < endedSessions {
		err = b.submit(ctx, own, "/logout", nil)
	} else {
		err = b.setEnabled(ctx, admin, n, "disable")
	}
	if err != nil {
		return false, err
	}
	a, err := b.web.get(ctx, b.server.instance(0, "/auth/authorize"), own)
	if err == nil && n >= endedSessions {
		err = b.setEnabled(ctx, admin, n, "enable") // others log in as this user
	}
	return a.status == http.StatusUnauthorized, err
}

func (b *bench) setEnabled(ctx context.Context, admin string, n int, how string) error {
	return b.submit(ctx, admin, "/admin/users/"+string(ownID(n%ownPassword))+"/"+how, nil)
}

// submit sends a form of the first instance in a session.
func (b *bench) submit(ctx context.Context, cookie, path string, form url.Values) error {
	a, err := b.web.postIn(ctx, b.server.instance(0, path), cookie, form)
	if err != nil {
		return err
	}
	if err := a.expect(http.StatusSeeOther); err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return nil
}
