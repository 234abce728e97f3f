package unreachable

import (
	"context"
	"errors"
	"net"

	"github.com/aikagi/aikagi/internal/mail/dns"
)

// TakesMail looks up whether a domain takes mail (RFC 5321 §5.1, RFC 7505).
func TakesMail(ctx context.Context) func(context.Context, string) (bool, error) {
	names := dns.New(ctx, net.DefaultResolver)
	return func(ctx context.Context, domain string) (bool, error) {
		servers, err := names.MX(ctx, domain)
		if err == nil && len(servers) > 0 {
			return servers[0] != "", nil
		}
		if err != nil && !errors.Is(err, dns.ErrNone) {
			return true, err
		}
		addresses, err := names.Addresses(ctx, domain)
		if errors.Is(err, dns.ErrNone) {
			return false, nil
		}
		return len(addresses) > 0, err
	}
}
