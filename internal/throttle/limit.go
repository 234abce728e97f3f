package throttle

import (
	"context"
	"net/netip"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Limit lets Burst through at once and then one every Every.
type Limit struct {
	Name  string
	Every time.Duration
	Burst int
}

// Source is a client address as limits count it: of IPv6 the 64 bits that a
// network gives out, because a client chooses the rest freely (S3).
func Source(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is6() {
		return address
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// Take lets one through the limit for a key, or refuses with Throttled and the
// time after which one more gets through.
func (t *Throttle) Take(ctx context.Context, tx *store.Tx, now time.Time, l Limit, key ...string) error {
	ok, again, err := t.take(ctx, tx, now, l, key)
	if err != nil || ok {
		return err
	}
	return &aikagi.Error{Code: aikagi.Throttled, Subject: l.Name, Reason: "too_often", RetryAfter: again}
}

// Allows is Take for callers to whom a full limit is no error.
func (t *Throttle) Allows(ctx context.Context, tx *store.Tx, now time.Time, l Limit, key ...string) (bool, error) {
	ok, _, err := t.take(ctx, tx, now, l, key)
	return ok, err
}

func (t *Throttle) take(ctx context.Context, tx *store.Tx, now time.Time, l Limit, key []string) (bool, time.Duration, error) {
	lane := t.lane("limit:"+l.Name, key...)
	ahead := time.Duration(l.Burst-1) * l.Every
	ok, err := tx.TakeToken(ctx, lane, now, l.Every, ahead)
	if err != nil || ok {
		return ok, 0, err
	}
	tat, err := tx.FindTAT(ctx, lane)
	return false, max(tat.Add(-ahead).Sub(now), time.Second), err
}
