package mailbox

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/aikagi/aikagi"
)

// gate is a listener that can hold connections back, or go away and come back
// on the same address, while the server behind it notices nothing.
type gate struct {
	address net.Addr
	passed  chan net.Conn
	closed  chan struct{}
	loops   sync.WaitGroup

	mu     sync.Mutex
	inner  net.Listener // nil while down
	paused bool
	held   []net.Conn              // connected, not greeted
	open   map[*gatedConn]struct{} // passed on
	done   bool
}

func openGate(ctx context.Context, addr string) (*gate, error) {
	if !isLoopback(addr) {
		return nil, aikagi.Because(aikagi.Invalid, "mailbox", "not_loopback")
	}
	inner, err := listenTCP(ctx, addr)
	if err != nil {
		return nil, err
	}
	g := &gate{
		address: inner.Addr(), passed: make(chan net.Conn), closed: make(chan struct{}),
		inner: inner, open: make(map[*gatedConn]struct{}),
	}
	g.loops.Go(func() { g.accept(inner) })
	return g, nil
}

func listenTCP(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// isLoopback wants a literal address: what "localhost" means is not ours to say.
func isLoopback(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// accept moves connections from one inner listener until it is closed.
func (g *gate) accept(inner net.Listener) {
	for {
		conn, err := inner.Accept()
		if err != nil {
			return
		}
		if !g.hold(conn) {
			g.pass(conn)
		}
	}
}

// hold keeps conn back while paused.
func (g *gate) hold(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.paused || g.inner == nil {
		return false
	}
	g.held = append(g.held, conn)
	return true
}

func (g *gate) pass(conn net.Conn) {
	c := &gatedConn{Conn: conn, gate: g}
	g.mu.Lock()
	if g.inner == nil { // down in the meantime
		g.mu.Unlock()
		_ = conn.Close()
		return
	}
	g.open[c] = struct{}{}
	g.mu.Unlock()
	select {
	case g.passed <- c:
	case <-g.closed:
		_ = c.Close()
	}
}

// Accept hands the next connection to the server.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case conn := <-g.passed:
		return conn, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Addr stays the same for the life of the gate.
func (g *gate) Addr() net.Addr { return g.address }

// Close ends the gate for good.
func (g *gate) Close() error {
	g.mu.Lock()
	if g.done {
		g.mu.Unlock()
		return nil
	}
	g.done = true
	close(g.closed)
	g.mu.Unlock()
	g.down()
	g.loops.Wait()
	return nil
}

func (g *gate) pause() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.paused = true
}

func (g *gate) resume() {
	g.mu.Lock()
	held := g.held
	g.held, g.paused = nil, false
	g.mu.Unlock()
	for _, conn := range held {
		g.pass(conn)
	}
}

func (g *gate) down() {
	g.mu.Lock()
	inner, held := g.inner, g.held
	open := make([]*gatedConn, 0, len(g.open))
	for c := range g.open {
		open = append(open, c)
	}
	g.inner, g.held = nil, nil
	g.mu.Unlock()
	if inner != nil {
		_ = inner.Close()
	}
	for _, c := range held {
		_ = c.Close()
	}
	for _, c := range open {
		_ = c.Close()
	}
}

func (g *gate) up(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done {
		return net.ErrClosed
	}
	if g.inner != nil {
		return nil
	}
	inner, err := listenTCP(ctx, g.address.String())
	if err != nil {
		return err
	}
	g.inner = inner
	g.loops.Go(func() { g.accept(inner) })
	return nil
}

// gatedConn takes itself off the gate's list when it is closed.
type gatedConn struct {
	net.Conn
	gate *gate
}

// Close closes the connection.
func (c *gatedConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.open, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
