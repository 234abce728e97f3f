package sigv4

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
)

// Window is how far the time of a signature may lie from ours (S34); presigned URLs
// say themselves how long they hold.
const Window = 5 * time.Minute

// Reasons that an error of Verify carries, for the table that turns them into
// the names of AWS.
const (
	MissingToken        = "missing_token"        // no signature at all
	IncompleteSignature = "incomplete_signature" // a part is absent, twice, or cannot be read
	UnrecognizedClient  = "unrecognized_client"  // no such access key
	InvalidSignature    = "invalid_signature"    // wrong signature, scope or body hash
	ExpiredSignature    = "expired_signature"    // outside the window, or run out
)

// Identity is who signed a request.
type Identity struct {
	accessKeyID aikagi.AccessKeyID
}

// AccessKeyID returns the key that signed.
func (i Identity) AccessKeyID() aikagi.AccessKeyID { return i.accessKeyID }

// Lookup returns the secret of an access key, and false if there is no such
// key or it may not be used. Its error is passed on as it is.
type Lookup func(ctx context.Context, accessKeyID string) (secret aikagi.Secret, ok bool, err error)

// dummySecret is used in place of the secret of an unknown key, so that both
// cost the same work (S35, H28). What it signs is never accepted.
const dummySecret = "an unknown key costs the same work as a known one"

// Scope is what a signature must have been made for.
type Scope struct {
	Service string
	Regions []string // any of them
	// HeaderOnly refuses presigned URLs, for what nobody should be able to pass on.
	HeaderOnly bool
}

// Verify checks that r, with this body, was signed for the scope by a key that
// lookup knows, within Window of now, or that it is a presigned URL that has not
// run out. The body must be the whole body as received; r.Body is not read. Errors
// are Unauthenticated with one of the reasons above, except those of lookup.
func Verify(r *http.Request, body []byte, lookup Lookup, now time.Time, scope Scope) (Identity, error) {
	c, err := readClaim(r, now, scope)
	if err != nil {
		return Identity{}, err
	}
	canonical, err := canonicalRequest(r, c, sha256.Sum256(body))
	if err != nil {
		return Identity{}, err
	}
	secret, known, err := lookup(r.Context(), c.accessKeyID)
	if err != nil {
		return Identity{}, fmt.Errorf("look up access key: %w", err)
	}
	if !known {
		secret = aikagi.NewSecret(dummySecret)
	}
	want := c.sign(secret, canonical)
	equal := subtle.ConstantTimeCompare(want, c.signature) == 1
	switch {
	case !known:
		return Identity{}, refuse(UnrecognizedClient, "no such access key")
	case secret.Empty() || !equal:
		return Identity{}, refuse(InvalidSignature, "the signature does not match")
	}
	return Identity{aikagi.AccessKeyID(c.accessKeyID)}, nil
}

func refuse(reason, detail string) error {
	return &aikagi.Error{
		Code: aikagi.Unauthenticated, Subject: "signature", Reason: reason, Err: errors.New(detail),
	}
}

// claim is what a request says about its signature, in the header or the query.
type claim struct {
	accessKeyID   string
	date          string // 20261122
	region        string
	service       string
	signedHeaders []string // lower case, ascending
	signature     []byte
	timestamp     string        // 20261122T100000Z
	expires       time.Duration // of a presigned URL; at least a second
	query         query         // all of it but the signature
}

// presigned reports whether the claim was made in the query.
func (c claim) presigned() bool { return c.expires > 0 }

// lifetime is how long after its date the signature holds.
func (c claim) lifetime() time.Duration {
	if c.presigned() {
		return c.expires
	}
	return Window
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeLayout = "20060102T150405Z"
)

func (c claim) scope() string {
	return c.date + "/" + c.region + "/" + c.service + "/" + terminator
}

// sign computes the signature. IAM user guide, "Create a string to sign" and
// "Calculate the signature".
func (c claim) sign(secret aikagi.Secret, canonical string) []byte {
	digest := sha256.Sum256([]byte(canonical))
	toSign := strings.Join([]string{algorithm, c.timestamp, c.scope(), hex.EncodeToString(digest[:])}, "\n")
	key := []byte("AWS4" + secret.Reveal())
	for _, part := range []string{c.date, c.region, c.service, terminator, toSign} {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
