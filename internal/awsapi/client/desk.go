package client

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/aikagi/aikagi"
)

// Epoch is a time as it stands in answers: seconds since 1970, with a fraction.
type Epoch time.Time

// UnmarshalJSON reads the seconds, to the millisecond.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return err
	}
	*e = Epoch(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC())
	return nil
}

// Card is a reset card: a link to a new password, once.
type Card struct {
	Link      string `json:"Link"`
	ExpiresAt Epoch  `json:"ExpiresAt"`
}

// Message is a mail to a user and what became of it.
type Message struct {
	ID        string `json:"Id"`
	Kind      string `json:"Kind"`
	To        string `json:"To"`
	State     string `json:"State"`
	CreatedAt Epoch  `json:"CreatedAt"`
	DoneAt    Epoch  `json:"DoneAt"`
	Attempts  int    `json:"Attempts"`
	LastReply string `json:"LastReply"`
}

// Desk are the operations that Amazon Connect lacks, on one user.
type Desk struct {
	*Client
	Instance string
	User     string
}

func (d Desk) question(method, operation string) Question {
	return Question{Method: method, Path: Path("aikagi", "instances", d.Instance, "users", d.User, operation)}
}

// SendResetMail mails the user a link to a new password.
func (d Desk) SendResetMail(ctx context.Context) error {
	return d.Ask(ctx, d.question(http.MethodPost, "reset-mail"), nil)
}

// IssueResetCard makes a reset card; earlier links and cards end.
func (d Desk) IssueResetCard(ctx context.Context) (link aikagi.Secret, until time.Time, err error) {
	var card Card
	err = d.Ask(ctx, d.question(http.MethodPost, "reset-card"), &card)
	return aikagi.NewSecret(card.Link), time.Time(card.ExpiresAt), err
}

// EndSessions logs the user out everywhere and tells how many sessions ended.
func (d Desk) EndSessions(ctx context.Context) (int64, error) {
	var ended struct {
		Ended int64 `json:"Ended"`
	}
	err := d.Ask(ctx, d.question(http.MethodPost, "end-sessions"), &ended)
	return ended.Ended, err
}

// Mail reads the newest messages to the user.
func (d Desk) Mail(ctx context.Context) ([]Message, error) {
	var found struct {
		Messages []Message `json:"Messages"`
	}
	err := d.Ask(ctx, d.question(http.MethodGet, "mail"), &found)
	return found.Messages, err
}
