package password

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aikagi/aikagi"
)

// Gate lets a fixed number of hashes run at a time and a fixed number wait.
// Without it a shift start runs one hash a login: measured, 64 at once took
// 713 MiB and every other request stood still (S18, P4, P5). The 19 MiB of a hash
// are garbage afterwards, so expect up to 60 MiB a worker before the collector runs.
//
// Who waits stands in the line of his party, and the lines take turns: a flood
// from few networks waits for itself (R11). When all places are taken, a newcomer
// gets that of the last one in the longest line, unless his own is as long.
type Gate struct {
	workers int
	most    int // hashes that run or wait
	kinds   kinds

	mu      sync.Mutex
	running int
	waiting int              // places in all lines
	lines   map[string]*line // of parties that wait
	turns   []*line          // lines with somebody ready, whose turn is next at first

	refused atomic.Int64
}

// line is who of one party has a place, oldest first.
type line struct {
	party  string
	places []*Place
	inTurn bool
}

// Place is a place before the gate.
type Place struct {
	gate *Gate
	line *line
	is   state
	turn chan struct{} // closed when the place runs or is lost
}

type state int

const (
	taken state = iota // its owner does something else first
	ready              // its owner waits for the turn
	called
	gone // lost to a newcomer, or left
)

// What a refused caller is told to wait: by then a queue of the usual size is gone.
const retryAfter = 2 * time.Second

// NewGate makes a gate for so many hashes at a time, and so many waiting; one
// worker a core, with GOMAXPROCS one above, keeps other requests quick.
func NewGate(workers, queue int) *Gate {
	workers, queue = max(workers, 1), max(queue, 0)
	return &Gate{workers: workers, most: workers + queue, lines: make(map[string]*line)}
}

// Refused tells how many found no place so far, or lost theirs.
func (g *Gate) Refused() int64 { return g.refused.Load() }

// Hash returns the PHC string to keep for password. It does not ask the policy.
// The error is Unavailable when there is no place or ctx ends first.
func (g *Gate) Hash(ctx context.Context, password aikagi.Secret) (phc string, err error) {
	text, err := normal(password)
	if err != nil {
		return "", err
	}
	err = g.do(ctx, func() { phc = newHash(text) })
	return phc, err
}

// Verify is Enter and Place.Verify, in the line of who acts.
func (g *Gate) Verify(ctx context.Context, phc string, password aikagi.Secret) (right bool, err error) {
	p, err := g.Enter(party(ctx))
	if err != nil {
		return false, err
	}
	defer p.Leave()
	return p.Verify(ctx, phc, password)
}

// Verify reports whether phc, as it was kept, is of password, when it is the
// place's turn. An empty phc is that of an unknown user or of one without a
// password: it costs as much as a wrong password and is never right (S13). A
// password that no policy allows, because it is too long or no text, is wrong at
// once, whoever it is for. A place is good for one hash.
func (p *Place) Verify(ctx context.Context, phc string, password aikagi.Secret) (right bool, err error) {
	text, err := normal(password)
	if err != nil {
		return false, nil //nolint:nilerr // not a password, so not the right one
	}
	check, broken := parse(phc)
	err = p.run(ctx, func() {
		checks, own := p.gate.kinds.checks(check)
		for i, c := range checks {
			if matches := c.matches(text); matches && i == own {
				right = true
				return
			}
		}
		p.gate.kinds.meet(check)
	})
	if err != nil {
		return false, err
	}
	return right && broken == nil, broken
}

// party is in whose line ctx waits: whoever proved who he is has one of his own,
// everybody else shares that of his network.
func party(ctx context.Context) string {
	actor := aikagi.ActorFrom(ctx)
	if id := actor.ID(); id != "" {
		return string(actor.Kind) + " " + id
	}
	return actor.Network()
}

func (g *Gate) do(ctx context.Context, work func()) error {
	p, err := g.Enter(party(ctx))
	if err != nil {
		return err
	}
	defer p.Leave()
	return p.run(ctx, work)
}

// Enter takes a place in the line of a party; Unavailable if there is none.
// Whoever got it must Leave.
func (g *Gate) Enter(party string) (*Place, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lines[party]
	if l == nil {
		l = &line{party: party}
	}
	if g.running+g.waiting >= g.most && !g.makeRoom(len(l.places)) {
		g.refused.Add(1)
		return nil, busy(nil)
	}
	p := &Place{gate: g, line: l, turn: make(chan struct{})}
	l.places = append(l.places, p)
	g.lines[party] = l
	g.waiting++
	return p, nil
}

// makeRoom takes the place of the last one in the longest line, for somebody in
// whose line so many stand.
func (g *Gate) makeRoom(standing int) bool {
	var longest *line
	for _, l := range g.lines {
		if longest == nil || len(l.places) > len(longest.places) {
			longest = l
		}
	}
	if longest == nil || len(longest.places) <= standing+1 {
		return false
	}
	last := longest.places[len(longest.places)-1]
	g.remove(last, gone)
	close(last.turn)
	return true
}

// remove takes a place out of its line.
func (g *Gate) remove(p *Place, is state) {
	p.is = is
	g.waiting--
	l := p.line
	l.places = slices.DeleteFunc(l.places, func(other *Place) bool { return other == p })
	if len(l.places) == 0 {
		delete(g.lines, l.party)
	}
}

// Leave gives the place back, if it was not used.
func (p *Place) Leave() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.is == taken || p.is == ready {
		p.gate.remove(p, gone)
	}
}

// run waits for the turn of the place and runs work, which nobody interrupts once
// it has begun.
func (p *Place) run(ctx context.Context, work func()) error {
	g := p.gate
	if !g.queue(p) {
		g.refused.Add(1)
		return busy(nil)
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		p.Leave()
	}
	g.mu.Lock()
	mine := p.is == called
	g.mu.Unlock()
	if !mine {
		g.refused.Add(1)
		return busy(context.Cause(ctx))
	}
	defer g.release()
	if ctx.Err() != nil { // nobody waits for this any more
		return busy(context.Cause(ctx))
	}
	work()
	return nil
}

// queue makes a place ready for its turn; false if it is lost.
func (g *Gate) queue(p *Place) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.is != taken {
		return false
	}
	p.is = ready
	if !p.line.inTurn {
		p.line.inTurn = true
		g.turns = append(g.turns, p.line)
	}
	g.call()
	return true
}

func (g *Gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.call()
}

// call lets as many run as may, one of each line in turn.
func (g *Gate) call() {
	for g.running < g.workers && len(g.turns) > 0 {
		l := g.turns[0]
		g.turns = g.turns[1:]
		l.inTurn = false
		next := l.next()
		if next == nil {
			continue
		}
		g.remove(next, called)
		g.running++
		close(next.turn)
		if l.next() != nil {
			l.inTurn = true
			g.turns = append(g.turns, l)
		}
	}
}

// next is who has waited longest of those who are ready.
func (l *line) next() *Place {
	for _, p := range l.places {
		if p.is == ready {
			return p
		}
	}
	return nil
}

func busy(cause error) error {
	return &aikagi.Error{
		Code: aikagi.Unavailable, Subject: "password", Reason: "busy", RetryAfter: retryAfter, Err: cause,
	}
}
