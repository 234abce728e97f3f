package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/clock"
)

// desk is what can be done for somebody who is locked out. The commands are the same
// on this host's database and, with --endpoint, on a server elsewhere.
type desk interface {
	SendResetMail(ctx context.Context) error
	IssueResetCard(ctx context.Context) (link aikagi.Secret, until time.Time, err error)
	EndSessions(ctx context.Context) (int64, error)
	Mail(ctx context.Context) ([]client.Message, error)
}

// visitor is somebody at the desk.
type visitor struct {
	desk
	username, name string
}

// atDesk makes a command about one user.
func atDesk(t *terminal, c *cobra.Command, do func(ctx context.Context, v visitor) error) *cobra.Command {
	var endpoint string
	c.Args = exactly(1)
	c.RunE = func(c *cobra.Command, args []string) error {
		if endpoint == "" {
			return t.act(func(ctx context.Context, h *host, args []string) error {
				i, u, err := h.user(ctx, args[0])
				if err != nil {
					return err
				}
				return do(ctx, visitor{hostDesk{h, i, u}, string(u.Username), u.FullName(t.locale)})
			})(c, args)
		}
		v, err := t.elsewhere(c, endpoint, args[0])
		if err != nil {
			return err
		}
		return do(c.Context(), v)
	}
	c = withInstance(t, c)
	c.Flags().StringVar(&endpoint, "endpoint", "", t.T("cli.flag.endpoint"))
	return c
}

// elsewhere finds a user on another server.
func (t *terminal) elsewhere(c *cobra.Command, endpoint, name string) (visitor, error) {
	server, err := t.server(c, endpoint)
	if err != nil {
		return visitor{}, err
	}
	i, err := server.FindInstance(c.Context(), c.Flags().Lookup("instance").Value.String())
	if err != nil {
		return visitor{}, err
	}
	u, err := server.FindUser(c.Context(), i.ID, name)
	if err != nil {
		return visitor{}, err
	}
	person := aikagi.User{FirstName: u.Identity.FirstName, LastName: u.Identity.LastName}
	return visitor{client.Desk{Client: server, Instance: i.ID, User: u.ID}, u.Username, person.FullName(t.locale)}, nil
}

// server is another server, asked with the access key of the environment.
func (t *terminal) server(c *cobra.Command, endpoint string) (*client.Client, error) {
	address, err := client.ParseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	settings, err := t.settings(c)
	if err != nil {
		return nil, err
	}
	key, err := t.accessKey()
	if err != nil {
		return nil, err
	}
	return &client.Client{Endpoint: address, Region: settings.Region, Credentials: key.provider(), Clock: clock.System{}}, nil
}

func (k accessKey) provider() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret.Reveal()}, nil
	})
}

// hostDesk is the desk of this host's database.
type hostDesk struct {
	host     *host
	instance aikagi.Instance
	user     aikagi.User
}

func (d hostDesk) SendResetMail(ctx context.Context) error {
	return d.host.Resets.SendLink(ctx, d.instance.ID, d.user.ID)
}

func (d hostDesk) IssueResetCard(ctx context.Context) (link aikagi.Secret, until time.Time, err error) {
	card, err := d.host.Resets.IssueCard(ctx, d.instance.ID, d.user.ID)
	return card.Link, card.ExpiresAt, err
}

func (d hostDesk) EndSessions(ctx context.Context) (int64, error) {
	return d.host.Directory.EndSessions(ctx, d.instance.ID, d.user.ID)
}

func (d hostDesk) Mail(ctx context.Context) ([]client.Message, error) {
	const most = 50 // as the server answers
	mails, err := d.host.Directory.MailOf(ctx, d.instance.ID, d.user.ID, most)
	all := make([]client.Message, len(mails))
	for i, m := range mails {
		all[i] = client.Message{
			ID: string(m.Message.ID), Kind: string(m.Message.Kind), To: string(m.Message.To), State: string(m.Message.State),
			CreatedAt: client.Epoch(m.Message.CreatedAt), DoneAt: client.Epoch(m.Message.DoneAt),
			Attempts: len(m.Attempts), LastReply: m.Message.LastReply,
		}
	}
	return all, err
}
