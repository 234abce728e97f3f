package main

import (
	"context"
	"fmt"
	"time"
)

const (
	sickDelay  = 2 * time.Second
	inFlight   = 40
	askings    = 200
	askEvery   = 15 * time.Millisecond
	relayInUse = instances - 1 // an instance of its own, for its limits
)

// sickRelayFor measures P9: a mail server that takes its time.
func (b *bench) sickRelayFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	cookie, err := b.login(ctx, 0)
	if err != nil {
		return err
	}
	check := func(ctx context.Context) error { return b.check(ctx, cookie) }
	idle, err := b.paced(ctx, checkEvery, after(checkPatient), check)
	if err != nil {
		return err
	}
	if err := b.delayMail(0); err != nil {
		return err
	}
	fast, err := b.askings(ctx, 0)
	if err != nil {
		return err
	}
	if err := b.drain(ctx); err != nil {
		return err
	}
	if err := b.delayMail(sickDelay); err != nil {
		return err
	}
	defer func() { _ = b.delayMail(0) }() // the sink may have ended
	if _, err := b.ask(ctx, askings, inFlight); err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	sick, err := b.askings(ctx, askings+inFlight)
	if err != nil {
		return err
	}
	busy, err := b.paced(ctx, checkEvery, after(checkPatient), check)
	if err != nil {
		return err
	}
	b.add(row{
		"P9", fmt.Sprintf("forgot p50 with a relay that takes %s and %d waiting ÷ with a fast one", sickDelay, inFlight),
		fmt.Sprintf("%.2f ms ÷ %.2f ms", millis(sick.p(50)), millis(fast.p(50))), over(sick.p(50), fast.p(50)), atMost(1.2),
	})
	b.add(row{
		"P9", "session check p50 meanwhile ÷ idle",
		fmt.Sprintf("%.2f ms ÷ %.2f ms", millis(busy.p(50)), millis(idle.p(50))), over(busy.p(50), idle.p(50)), atMost(1.5),
	})
	return nil
}

func (b *bench) askings(ctx context.Context, first int) (load, error) {
	return b.ask(ctx, first, askings)
}

// ask asks for links one by one at an even pace, each for another user.
func (b *bench) ask(ctx context.Context, first, count int) (load, error) {
	tokens, err := b.challenges(ctx, relayInUse, count)
	if err != nil {
		return load{}, err
	}
	var l load
	for n, token := range tokens {
		if err := sleep(ctx, askEvery); err != nil {
			return l, err
		}
		began := b.now()
		if err := b.forgot(ctx, relayInUse, username((first+n)%min(b.users, small)), token); err != nil {
			return l, err
		}
		l.times = append(l.times, b.now().Sub(began))
	}
	return l, nil
}
