package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// ErrNone says that a name server answered, and there is no such record.
var ErrNone = errors.New("no such record")

// Unanswered says that nothing is known, because no server gave an answer.
type Unanswered struct {
	Name  string
	Cause string // "timeout", "SERVFAIL" and the like, or what the network said
}

func (e *Unanswered) Error() string { return "no answer about " + e.Name + ": " + e.Cause }

// Client asks name servers. It keeps nothing between questions.
type Client struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	servers []string
}

// New returns a client of the servers that a resolver would ask, by its Dial
// if it has one.
func New(ctx context.Context, r *net.Resolver) *Client {
	c := &Client{dial: r.Dial}
	if c.dial == nil {
		c.dial = (&net.Dialer{}).DialContext
	}
	// The package net keeps to itself where /etc/resolv.conf points, but tells
	// whom it would dial. The name does not exist (RFC 6761 §6.4).
	probe := &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		if !slices.Contains(c.servers, address) {
			c.servers = append(c.servers, address)
		}
		return nil, errors.New("only the address is wanted")
	}}
	_, _ = probe.LookupTXT(ctx, "aikagi.invalid.") // cannot succeed
	return c
}

// TXT returns the text records of a name, the strings of each joined without a
// space (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
func (c *Client) TXT(ctx context.Context, name string) ([]string, error) {
	var all []string
	err := c.each(ctx, name, dnsmessage.TypeTXT, func(body dnsmessage.ResourceBody) {
		if r, ok := body.(*dnsmessage.TXTResource); ok {
			all = append(all, strings.Join(r.TXT, ""))
		}
	})
	return all, err
}

// MX returns the names of the servers that take mail for a name, the preferred
// ones first. A single "" says that it takes none (RFC 7505).
func (c *Client) MX(ctx context.Context, name string) ([]string, error) {
	var found []*dnsmessage.MXResource
	err := c.each(ctx, name, dnsmessage.TypeMX, func(body dnsmessage.ResourceBody) {
		if r, ok := body.(*dnsmessage.MXResource); ok {
			found = append(found, r)
		}
	})
	slices.SortStableFunc(found, func(a, b *dnsmessage.MXResource) int { return int(a.Pref) - int(b.Pref) })
	all := make([]string, len(found))
	for i, r := range found {
		all[i] = written(r.MX)
	}
	return all, err
}

// Addresses returns the IPv4 and IPv6 addresses of a name.
func (c *Client) Addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	v4, err := c.Family(ctx, name, true)
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, err
	}
	v6, err := c.Family(ctx, name, false)
	if errors.Is(err, ErrNone) && len(v4) > 0 {
		return v4, nil
	}
	return append(v4, v6...), err
}

// Family returns the IPv4 or the IPv6 addresses of a name.
func (c *Client) Family(ctx context.Context, name string, v4 bool) ([]netip.Addr, error) {
	kind := dnsmessage.TypeAAAA
	if v4 {
		kind = dnsmessage.TypeA
	}
	var all []netip.Addr
	err := c.each(ctx, name, kind, func(body dnsmessage.ResourceBody) {
		switch r := body.(type) {
		case *dnsmessage.AResource:
			all = append(all, netip.AddrFrom4(r.A))
		case *dnsmessage.AAAAResource:
			all = append(all, netip.AddrFrom16(r.AAAA))
		}
	})
	return all, err
}

// Names returns the names that an address has in reverse DNS.
func (c *Client) Names(ctx context.Context, address netip.Addr) ([]string, error) {
	var all []string
	err := c.each(ctx, Reverse(address), dnsmessage.TypePTR, func(body dnsmessage.ResourceBody) {
		if r, ok := body.(*dnsmessage.PTRResource); ok {
			all = append(all, written(r.PTR))
		}
	})
	return all, err
}

// Reverse is the name that stands for an address (RFC 1035 §3.5, RFC 3596 §2.5).
func Reverse(address netip.Addr) string {
	var b strings.Builder
	for _, octet := range slices.Backward(address.Unmap().AsSlice()) {
		if address.Unmap().Is4() {
			fmt.Fprintf(&b, "%d.", octet)
			continue
		}
		fmt.Fprintf(&b, "%x.%x.", octet&15, octet>>4)
	}
	if address.Unmap().Is4() {
		return b.String() + "in-addr.arpa"
	}
	return b.String() + "ip6.arpa"
}

func written(name dnsmessage.Name) string { return strings.TrimSuffix(name.String(), ".") }

func (c *Client) each(ctx context.Context, name string, kind dnsmessage.Type, do func(dnsmessage.ResourceBody)) error {
	found, err := c.follow(ctx, name, kind)
	if err != nil {
		return err
	}
	for _, r := range found {
		do(r.Body)
	}
	return nil
}

// maxAliases bounds a chain of CNAMEs; resolvers stop at about as many.
const maxAliases = 10

// follow asks for a name, and for what it is an alias of where the server left
// that out.
func (c *Client) follow(ctx context.Context, name string, kind dnsmessage.Type) ([]dnsmessage.Resource, error) {
	at, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil || !canBe(at) {
		return nil, ErrNone
	}
	for aliases := 0; aliases <= maxAliases; {
		answers, err := c.ask(ctx, dnsmessage.Question{Name: at, Type: kind, Class: dnsmessage.ClassINET})
		if err != nil {
			return nil, err
		}
		found, end, steps := resolve(answers, at, kind)
		if len(found) > 0 {
			return found, nil
		}
		if steps == 0 {
			return nil, ErrNone
		}
		at, aliases = end, aliases+steps
	}
	return nil, &Unanswered{Name: name, Cause: "CNAMEs go on without end"}
}

// canBe reports whether a name can stand in a question (RFC 1035 §2.3.4).
func canBe(name dnsmessage.Name) bool {
	for label := range strings.SplitSeq(written(name), ".") {
		if len(label) < 1 || len(label) > 63 {
			return false
		}
	}
	return true
}

// resolve follows the aliases within one answer and returns the records at
// their end, the end, and how many steps it is away.
func resolve(answers []dnsmessage.Resource, at dnsmessage.Name, kind dnsmessage.Type) ([]dnsmessage.Resource, dnsmessage.Name, int) {
	for steps := 0; ; steps++ {
		var found []dnsmessage.Resource
		next := at
		for _, r := range answers {
			if !same(r.Header.Name, at) {
				continue
			}
			if alias, ok := r.Body.(*dnsmessage.CNAMEResource); ok {
				next = alias.CNAME
			}
			if r.Header.Type == kind {
				found = append(found, r)
			}
		}
		if len(found) > 0 || same(next, at) || steps > maxAliases {
			return found, at, steps
		}
		at = next
	}
}

func same(a, b dnsmessage.Name) bool { return strings.EqualFold(a.String(), b.String()) }
