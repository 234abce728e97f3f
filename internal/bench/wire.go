package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app"
)

// programs is how many principals ask over the wire API: each may ask 100 times a
// second for one operation, 200 times at once (S37).
const programs = 16

// wire is how programs ask a server: with keys of their own, signed by the SDK.
type wire struct {
	b        *bench
	keys     []aws.Credentials
	region   string
	instance string // id of the first instance
	asked    int
}

// keysFile keeps what the programs sign with, beside the database that knows them.
func (b *bench) keysFile() string { return filepath.Join(b.home, "wire-keys.json") }

// givePrograms makes principals who may do everything, and keys.
func (b *bench) givePrograms(ctx context.Context, a *app.App) error {
	ctx = aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorHost})
	keys := make([]aws.Credentials, programs)
	for n := range keys {
		p, _, err := a.Accounts.CreatePrincipal(ctx, fmt.Sprintf("program-%d", n))
		if err != nil {
			return err
		}
		if err := a.Accounts.AttachPolicy(ctx, p.ID, "arn:aws:iam::aws:policy/AdministratorAccess"); err != nil {
			return err
		}
		if err := a.Accounts.EnablePrincipal(ctx, p.ID); err != nil {
			return err
		}
		key, secret, err := a.Accounts.CreateAccessKey(ctx, p.ID)
		if err != nil {
			return err
		}
		keys[n] = aws.Credentials{AccessKeyID: string(key.ID), SecretAccessKey: secret.Reveal()}
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return os.WriteFile(b.keysFile(), text, 0o600)
}

// openWire starts the server if it is not there and asks it for its first instance.
func (b *bench) openWire(ctx context.Context) (*wire, error) {
	if err := b.ensureServer(ctx); err != nil {
		return nil, err
	}
	settings, err := b.settings()
	if err != nil {
		return nil, err
	}
	w := &wire{b: b, region: settings.Region}
	text, err := os.ReadFile(b.keysFile())
	if err != nil {
		return nil, fmt.Errorf("the database was filled by an earlier version, fill it again: %w", err)
	}
	if err := json.Unmarshal(text, &w.keys); err != nil {
		return nil, err
	}
	var found struct {
		InstanceSummaryList []struct{ ID, InstanceAlias string }
	}
	if err := w.read(ctx, question{method: http.MethodGet, path: "/instance"}, &found); err != nil {
		return nil, err
	}
	for _, i := range found.InstanceSummaryList {
		if i.InstanceAlias == alias(0) {
			w.instance = i.ID
		}
	}
	return w, nil
}

// question is a request of a program.
type question struct{ method, path, body string }

// signed is the request, by the program whose turn it is or by that of a number.
func (w *wire) signed(ctx context.Context, q question, by int) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, w.b.server.url+q.path, bytes.NewReader([]byte(q.body)))
	if err != nil {
		return nil, err
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	hash := sha256.Sum256([]byte(q.body))
	return r, v4.NewSigner().SignHTTP(ctx, w.keys[by%len(w.keys)], r, hex.EncodeToString(hash[:]), "connect", w.region, w.b.now())
}

// read asks as the first program and reads the answer.
func (w *wire) read(ctx context.Context, q question, into any) error {
	r, err := w.signed(ctx, q, 0)
	if err != nil {
		return err
	}
	a, err := w.b.web.do(r)
	if err != nil {
		return err
	}
	if err := a.expect(http.StatusOK); err != nil {
		return fmt.Errorf("%s %s: %w", q.method, q.path, err)
	}
	return json.Unmarshal(a.body, into)
}

// deepToken is where the list of all users goes on when nine of ten were listed,
// for the first program.
func (w *wire) deepToken(ctx context.Context) (string, error) {
	token := ""
	for left := w.b.users / 10 * 9; left > 0; left -= 1000 {
		var page struct{ NextToken string }
		if err := w.read(ctx, w.listing(min(1000, left), token), &page); err != nil {
			return "", err
		}
		if token = page.NextToken; token == "" {
			return "", errors.New("the list of users ended early")
		}
	}
	return token, nil
}

func (w *wire) listing(size int, token string) question {
	path := fmt.Sprintf("/users-summary/%s?maxResults=%d", w.instance, size)
	if token != "" {
		path += "&nextToken=" + token
	}
	return question{method: http.MethodGet, path: path}
}

// createPerSecond measures P13 through CreateUser: rights, rules and record are in it.
func (w *wire) createPerSecond(ctx context.Context) (float64, error) {
	g, err := w.givenToUsers(ctx)
	if err != nil {
		return 0, err
	}
	prefix := fmt.Sprintf("new-wire-%d-", w.b.now().UnixNano())
	done, err := w.b.run(ctx, createWorkers, 0, createWithin, func(ctx context.Context, n int) error {
		r, err := w.signed(ctx, question{http.MethodPut, "/users/" + w.instance, fmt.Sprintf(
			`{"Username":"%s%d","Password":"Passw0rdNo%d","PhoneConfig":{"PhoneType":"SOFT_PHONE"},`+
				`"IdentityInfo":{"FirstName":"花子","LastName":"佐藤"},"SecurityProfileIds":["%s"],"RoutingProfileId":"%s"}`,
			prefix, n, n, g.profile, g.routing)}, n)
		if err != nil {
			return err
		}
		a, err := w.b.web.do(r)
		if err != nil {
			return err
		}
		return a.expect(http.StatusOK)
	})
	return done.perSecond(), err
}

// givenToUsers asks what the first of the users was given.
func (w *wire) givenToUsers(ctx context.Context) (given, error) {
	var found struct {
		User struct {
			RoutingProfileID   aikagi.RoutingProfileID    `json:"RoutingProfileId"`
			SecurityProfileIDs []aikagi.SecurityProfileID `json:"SecurityProfileIds"`
		}
	}
	err := w.read(ctx, w.describing(0), &found)
	if err == nil && len(found.User.SecurityProfileIDs) == 0 {
		err = errors.New("a user without a security profile")
	}
	if err != nil {
		return given{}, err
	}
	return given{found.User.SecurityProfileIDs[0], found.User.RoutingProfileID}, nil
}

func (w *wire) describing(n int) question {
	return question{method: http.MethodGet, path: fmt.Sprintf("/users/%s/%s", w.instance, ownID(n))}
}
