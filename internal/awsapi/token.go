package awsapi

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
)

// Tokens seals where a list goes on. A token is good for its caller, operation
// and query only, and for a day (S36).
type Tokens struct {
	Ring  *secret.Ring
	Clock clock.Clock
}

const (
	tokenPurpose = "paging-token"
	tokenTTL     = 24 * time.Hour
)

// Seal returns the token of a position in the list of a query: the name of the
// operation, the instance, the filters.
func (t Tokens) Seal(ctx context.Context, position string, query ...string) string {
	var made [8]byte
	binary.BigEndian.PutUint64(made[:], uint64(t.Clock.Now().UnixMilli())) //nolint:gosec // G115: after 1970
	sealed := t.Ring.Seal(tokenPurpose, bound(ctx, query), append(made[:], position...))
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// Open returns the position that a token holds; that of no token is "".
func (t Tokens) Open(ctx context.Context, token string, query ...string) (string, error) {
	if token == "" {
		return "", nil
	}
	refused := OutOfRange("NextToken is not of this operation, this query and this caller, or it is older than a day. Start again without it.")
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", refused
	}
	plain, err := t.Ring.Open(tokenPurpose, bound(ctx, query), sealed)
	if err != nil || len(plain) < 8 {
		return "", refused
	}
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(plain))) //nolint:gosec // G115: as sealed above
	if t.Clock.Now().Sub(made) > tokenTTL {
		return "", refused
	}
	return string(plain[8:]), nil
}

func bound(ctx context.Context, query []string) []byte {
	parts := append([]string{string(aikagi.ActorFrom(ctx).PrincipalID)}, query...)
	return []byte(strings.Join(parts, "\x00"))
}
