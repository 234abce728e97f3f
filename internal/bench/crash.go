package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	kills     = 20
	askedEach = 6
	// crashFirst keeps this goal's people apart from those whose mail of P10 may still
	// be on its way.
	crashFirst = mailsIdle + mailsAtOnce
	// killWithin is in what time after the last answer the process is killed: look-up,
	// mail and delivery begin and end in it.
	killWithin = 40 * time.Millisecond
	// killsEnd keeps all kills within a lease, so that what one of them interrupted is
	// tried again after the last: a mail meets one kill in the middle of its delivery.
	killsEnd = 45 * time.Second
	// leasesEnd is when the last lease that a killed process held has run out:
	// 30 s to answer a request, 60 s to send a mail, and some time to do it.
	leasesEnd = 150 * time.Second
)

// crashFor measures P11: the process is killed soon after it said that a mail is
// on its way, many times over; each mail comes, at most twice.
func (b *bench) crashFor(ctx context.Context) error {
	b.stopServer()
	if err := b.delayMail(5 * time.Millisecond); err != nil { // as one on another machine would
		return err
	}
	defer func() { _ = b.delayMail(0) }() // the sink may have ended
	b.mail.empty()
	var promised []string
	killed, began := 0, b.now()
	for ; killed < kills && b.now().Sub(began) < killsEnd; killed++ {
		names, err := b.askAndKill(ctx, len(promised))
		if err != nil {
			return err
		}
		promised = append(promised, names...)
	}
	if err := b.startServer(ctx); err != nil {
		return err
	}
	came := func() (n, most int) {
		for _, name := range promised {
			copies := len(b.mail.of(address(name)))
			n, most = n+min(copies, 1), max(most, b.mail.mostCopies(address(name)))
		}
		return n, most
	}
	_ = b.until(ctx, leasesEnd, func() bool { n, _ := came(); return n == len(promised) }) // what is missing is counted
	if err := b.drain(ctx); err != nil {
		return err
	}
	n, most := came()
	twice := 0
	for _, name := range promised {
		twice += min(max(b.mail.mostCopies(address(name))-1, 0), 1)
	}
	b.add(row{
		"P11", fmt.Sprintf("mails that came ÷ links that were promised before %d times kill -9", killed),
		fmt.Sprintf("%d ÷ %d", n, len(promised)), over(float64(n), float64(len(promised))),
		limit{1, 1},
	})
	b.add(row{
		"P11", "most copies of one mail", fmt.Sprintf("%d; %d of %d came more than once", most, twice, len(promised)),
		float64(most), atMost(2),
	})
	return nil
}

// askAndKill asks for links one after the other, and kills the server at any
// moment soon after the last answer.
func (b *bench) askAndKill(ctx context.Context, first int) ([]string, error) {
	if err := b.startServer(ctx); err != nil {
		return nil, err
	}
	tokens, err := b.challenges(ctx, crashInstance, askedEach)
	if err != nil {
		return nil, err
	}
	var names []string
	for n, token := range tokens {
		name := username(served(crashFirst + first + n))
		if err := b.forgot(ctx, crashInstance, name, token); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	err = sleep(ctx, rand.N(killWithin)) //nolint:gosec // G404: a moment, not a secret
	b.endServer((*child).kill)
	return names, err
}
