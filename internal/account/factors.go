package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// RFC 6238: steps of 30 s; one step either side for clocks that differ.
const (
	totpPeriod = 30
	totpSkew   = 1
)

const (
	totpPurpose   = "totp"
	enrolPurpose  = "totp-enrol"
	enrolTTL      = 15 * time.Minute
	freshProofTTL = 5 * time.Minute
)

// Enrolment is a second factor that is not in force yet. Nothing is stored
// until a code proves that the app has it; meanwhile the form carries it sealed.
type Enrolment struct {
	URL    aikagi.Secret // otpauth://…, for the QR code
	Secret aikagi.Secret // base32, for typing
	Sealed string        // for ConfirmTOTP
}

type enrolment struct {
	Secret string `json:"s"`
	Until  int64  `json:"u"`
}

// OfferTOTP makes a second factor for the principal of ctx.
func (a *Accounts) OfferTOTP(ctx context.Context) (Enrolment, error) {
	raw := make([]byte, 20) // RFC 4226 §4 R6: 160 bits
	_, _ = rand.Read(raw)   // never fails: crypto/rand ends the process instead
	e, err := a.enrolment(ctx, raw)
	if err != nil {
		return e, err
	}
	plain, err := json.Marshal(enrolment{e.Secret.Reveal(), a.Clock.Now().Add(enrolTTL).Unix()})
	if err != nil {
		return e, fmt.Errorf("write totp enrolment: %w", err)
	}
	sealed := a.Ring.Seal(enrolPurpose, []byte(aikagi.ActorFrom(ctx).PrincipalID), plain)
	e.Sealed = base64.RawURLEncoding.EncodeToString(sealed)
	return e, nil
}

// ReofferTOTP shows an offered second factor again, after a mistyped code.
func (a *Accounts) ReofferTOTP(ctx context.Context, sealed string) (Enrolment, error) {
	offered, err := a.openEnrolment(aikagi.ActorFrom(ctx).PrincipalID, sealed, a.Clock.Now())
	if err != nil {
		return Enrolment{}, err
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(offered)
	if err != nil {
		return Enrolment{}, fmt.Errorf("read totp secret: %w", err)
	}
	e, err := a.enrolment(ctx, raw)
	e.Sealed = sealed
	return e, err
}

func (a *Accounts) enrolment(ctx context.Context, raw []byte) (Enrolment, error) {
	account, err := a.Account(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: "Aikagi " + string(account.ID), AccountName: aikagi.ActorFrom(ctx).Name, Period: totpPeriod, Secret: raw,
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("make totp key: %w", err)
	}
	return Enrolment{URL: aikagi.NewSecret(key.URL()), Secret: aikagi.NewSecret(key.Secret())}, nil
}

// ConfirmTOTP puts an offered second factor in force. Within five minutes of
// signing in the session is proof enough; later the password is asked for (S19).
func (a *Accounts) ConfirmTOTP(ctx context.Context, sealed, code string, current aikagi.Secret) error {
	actor, now := aikagi.ActorFrom(ctx), a.Clock.Now()
	offered, err := a.openEnrolment(actor.PrincipalID, sealed, now)
	if err != nil {
		return err
	}
	step, ok := matchStep(offered, code, now)
	if !ok {
		return aikagi.Because(aikagi.Invalid, "totp_code", "wrong")
	}
	if err := a.prove(ctx, current); err != nil {
		return err
	}
	kept := a.Ring.Seal(totpPurpose, []byte(actor.PrincipalID), []byte(offered))
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		p, err := enabledPrincipal(ctx, tx, actor.PrincipalID)
		if err != nil {
			return err
		}
		if err := tx.SetPrincipalTOTP(ctx, p.ID, kept, step); err != nil {
			return err
		}
		if err := tx.EndConsoleSessionsOf(ctx, p.ID, string(actor.SessionID)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: "principal.totp", TargetKind: "principal", TargetID: string(p.ID), TargetName: p.Name,
		})
	})
}

func (a *Accounts) openEnrolment(id aikagi.PrincipalID, sealed string, now time.Time) (string, error) {
	expired := aikagi.Because(aikagi.Expired, "totp", "enrolment")
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", expired
	}
	plain, err := a.Ring.Open(enrolPurpose, []byte(id), raw)
	if err != nil {
		return "", expired
	}
	var e enrolment
	if err := json.Unmarshal(plain, &e); err != nil || now.Unix() > e.Until {
		return "", expired
	}
	return e.Secret, nil
}

// checkCode returns the time step of a right code. A principal without second
// factor needs none.
func (a *Accounts) checkCode(p aikagi.Principal, code string, now time.Time) (int64, error) {
	if len(p.TOTPSealed) == 0 {
		return 0, nil
	}
	if strings.TrimSpace(code) == "" {
		return 0, aikagi.Because(aikagi.Unauthenticated, "sign_in", "code_required")
	}
	kept, err := a.Ring.Open(totpPurpose, []byte(p.ID), p.TOTPSealed)
	if err != nil {
		return 0, aikagi.E(aikagi.Internal, "totp", err)
	}
	step, ok := matchStep(string(kept), code, now)
	if !ok || step <= p.TOTPLastStep {
		return 0, wrong()
	}
	return step, nil
}

// matchStep finds the newest time step whose code this is. All steps are
// computed, so that the time taken does not tell which.
func matchStep(secret, code string, now time.Time) (step int64, ok bool) {
	if len(code) > 64 {
		return 0, false
	}
	code = strings.Join(strings.Fields(norm.NFKC.String(code)), "") // apps show "123 456"
	current := now.Unix() / totpPeriod
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(s), hotp.ValidateOpts{ //nolint:gosec // G115: after 1970
			Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// prove asks for a fresh proof of who sits there.
func (a *Accounts) prove(ctx context.Context, current aikagi.Secret) error {
	actor := aikagi.ActorFrom(ctx)
	var principal aikagi.Principal
	fresh := false
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if principal, err = enabledPrincipal(ctx, tx, actor.PrincipalID); err != nil {
			return err
		}
		fresh, err = tx.ConsoleSessionSince(ctx, string(actor.SessionID), a.Clock.Now().Add(-freshProofTTL))
		return err
	})
	if err != nil || fresh {
		return err
	}
	return a.checkPassword(ctx, principal, current)
}

// checkPassword checks the password of somebody who is signed in, with the same
// waits as at the door.
func (a *Accounts) checkPassword(ctx context.Context, p aikagi.Principal, current aikagi.Secret) error {
	if current.Empty() {
		return aikagi.Because(aikagi.Invalid, "current_password", "required")
	}
	counted, err := a.count(ctx, p.Name)
	if err != nil {
		return err
	}
	right, err := a.Hashes.Verify(ctx, p.PasswordHash, current)
	if err != nil {
		return err
	}
	if !right {
		return aikagi.Because(aikagi.Invalid, "current_password", "wrong")
	}
	return a.Store.Update(ctx, func(tx *store.Tx) error { return a.Throttle.Succeeded(ctx, tx, counted) })
}

// ChangePassword sets the password of the principal of ctx, who proves the
// current one. All other sessions and open links end.
func (a *Accounts) ChangePassword(ctx context.Context, current, next aikagi.Secret) error {
	actor, now := aikagi.ActorFrom(ctx), a.Clock.Now()
	var principal aikagi.Principal
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		principal, err = enabledPrincipal(ctx, tx, actor.PrincipalID)
		return err
	})
	if err != nil {
		return err
	}
	if err := a.checkPassword(ctx, principal, current); err != nil {
		return err
	}
	if err := PasswordPolicy().Check(next, principal.Name, "aikagi"); err != nil {
		return err
	}
	hash, err := a.Hashes.Hash(ctx, next)
	if err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SetPrincipalPassword(ctx, principal.ID, hash); err != nil {
			return err
		}
		if err := tx.EndConsoleSessionsOf(ctx, principal.ID, string(actor.SessionID)); err != nil {
			return err
		}
		if err := tx.EndConsoleLinksOf(ctx, principal.ID, now); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: "principal.password", TargetKind: "principal", TargetID: string(principal.ID), TargetName: principal.Name,
		})
	})
}
