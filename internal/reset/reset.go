package reset

import (
	"sync/atomic"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Resets are the ways back in.
type Resets struct {
	Store      *store.Store
	Clock      clock.Clock
	Ring       *secret.Ring
	Challenges *captcha.Challenges
	Throttle   *throttle.Throttle
	Post       *outbox.Post
	Hashes     *password.Gate
	// Wake tells the answering job that a request was committed.
	Wake func()
	// Alarm is told that a limit refused somebody; may be nil.
	Alarm func(i aikagi.InstanceID, source string)
	// MostUnserved is how much may wait before strangers can add nothing (A04); 0
	// is DefaultMostUnserved.
	MostUnserved int

	room room
	turn atomic.Uint64 // of the rows that count all who ask
}

// newToken makes a secret and the row that keeps its digest.
func newToken(u aikagi.User, kind aikagi.SecretKind, epoch int64, now time.Time, ttl time.Duration) (aikagi.Secret, aikagi.ResetToken) {
	token := secret.NewToken()
	return token, aikagi.ResetToken{
		InstanceID: u.InstanceID, ID: aikagi.ResetTokenID(aikagi.NewID()), Digest: secret.Digest(token.Reveal()),
		UserID: u.ID, Kind: kind, Epoch: epoch, CreatedAt: now, ExpiresAt: now.Add(ttl),
	}
}

// linkTTL is the instance's setting within its bounds.
func linkTTL(i aikagi.Instance) time.Duration {
	return min(max(i.Settings.ResetTTL, time.Minute), aikagi.MaxResetTTL)
}
