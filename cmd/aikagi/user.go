package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
)

// userView is a user as the commands show him.
type userView struct {
	Username  string   `json:"username"`
	ID        string   `json:"id"`
	FirstName string   `json:"first_name"`
	LastName  string   `json:"last_name"`
	Email     string   `json:"email"`
	Enabled   bool     `json:"enabled"`
	Password  string   `json:"password"` // "none", "temporary" or "set"
	CanReset  bool     `json:"can_reset"`
	Bounced   string   `json:"email_bounced_at,omitempty"` // mail to the address came back
	Profiles  []string `json:"security_profiles,omitempty"`
	LastLogin string   `json:"last_login_at,omitempty"`
	CreatedAt string   `json:"created_at"`
}

func viewUser(u aikagi.User) userView {
	v := userView{
		Username: string(u.Username), ID: string(u.ID), FirstName: u.FirstName, LastName: u.LastName,
		Email: string(u.Email), Enabled: u.Enabled, Password: "set", CanReset: u.CanReset(),
		Bounced: stamp(u.EmailBouncedAt), LastLogin: stamp(u.LastLoginAt), CreatedAt: stamp(u.CreatedAt),
	}
	if u.MustChange {
		v.Password = "temporary"
	}
	if u.PasswordHash == "" {
		v.Password = "none"
	}
	return v
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

func userCommand(t *terminal) *cobra.Command {
	one := func(use, short string, do func(context.Context, *host, aikagi.Instance, aikagi.User) error) *cobra.Command {
		return withInstance(t, &cobra.Command{
			Use: use, Short: short, Args: exactly(1),
			RunE: t.act(func(ctx context.Context, h *host, args []string) error {
				i, u, err := h.user(ctx, args[0])
				if err != nil {
					return err
				}
				return do(ctx, h, i, u)
			}),
		})
	}
	return parent(t, "user", "cli.user",
		userListCommand(t), userCreateCommand(t), userEmailCommand(t),
		one("show USER", t.T("cli.user.show"), t.showUser),
		one("disable USER", t.T("cli.user.disable"), t.setEnabled(false)),
		one("enable USER", t.T("cli.user.enable"), t.setEnabled(true)),
		one("reset-password USER", t.T("cli.user.reset_password"), t.resetPassword),
		sendResetCommand(t), endSessionsCommand(t), userMailCommand(t),
	)
}

func userListCommand(t *terminal) *cobra.Command {
	var q directory.Query
	var noEmail, disabled bool
	c := withInstance(t, &cobra.Command{
		Use: "list", Short: t.T("cli.user.list"), Args: exactly(0),
		RunE: t.act(func(ctx context.Context, h *host, _ []string) error {
			q.Filter = directory.FilterAll
			switch {
			case noEmail:
				q.Filter = directory.FilterNoEmail
			case disabled:
				q.Filter = directory.FilterDisabled
			}
			return t.listUsers(ctx, h, q)
		}),
	})
	c.Flags().StringVar(&q.Search, "search", "", t.T("cli.flag.search"))
	c.Flags().BoolVar(&noEmail, "no-email", false, t.T("cli.flag.no_email"))
	c.Flags().BoolVar(&disabled, "disabled", false, t.T("cli.flag.disabled"))
	return c
}

func (t *terminal) listUsers(ctx context.Context, h *host, q directory.Query) error {
	i, err := h.instance(ctx)
	if err != nil {
		return err
	}
	views, rows := []userView{}, [][]string{}
	for q.Size = listPage; ; {
		page, err := h.Directory.List(ctx, i.ID, q)
		if err != nil {
			return err
		}
		for _, u := range page.Users {
			v := viewUser(u)
			views = append(views, v)
			rows = append(rows, []string{v.Username, u.FullName(t.locale), v.Email, t.state(v), v.LastLogin})
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	return t.answer(views, func() {
		t.table([]string{
			t.T("cli.col.username"), t.T("cli.col.name"), t.T("cli.col.email"), t.T("cli.col.state"), t.T("cli.col.last_login"),
		}, rows)
	})
}

// state is the first thing to know about whether a user can log in.
func (t *terminal) state(v userView) string {
	switch {
	case !v.Enabled:
		return t.T("cli.state.disabled")
	case v.Email == "":
		return t.T("cli.state.no_email")
	case v.Bounced != "":
		return t.T("cli.state.bounced")
	case v.Password == "none":
		return t.T("cli.state.no_password")
	case v.Password == "temporary":
		return t.T("cli.state.temporary")
	}
	return t.T("cli.state.ok")
}

func (t *terminal) showUser(ctx context.Context, h *host, i aikagi.Instance, u aikagi.User) error {
	p, err := h.Directory.Find(ctx, i.ID, u.ID)
	if err != nil {
		return err
	}
	v := viewUser(p.User)
	for _, profile := range p.Profiles {
		v.Profiles = append(v.Profiles, profile.Name)
	}
	return t.answer(v, func() {
		t.pairs(
			t.T("cli.col.username"), v.Username, t.T("cli.col.name"), p.User.FullName(t.locale), "ID", v.ID,
			t.T("cli.col.email"), v.Email, t.T("cli.col.state"), t.state(v),
			t.T("cli.col.profiles"), strings.Join(v.Profiles, ", "),
			t.T("cli.col.last_login"), v.LastLogin, t.T("cli.col.created"), v.CreatedAt,
		)
	})
}

// newUser is what "user create" asks for.
type newUser struct {
	directory.Draft
	profiles []string
	routing  string
	invite   bool
}

func userCreateCommand(t *terminal) *cobra.Command {
	var n newUser
	c := withInstance(t, &cobra.Command{
		Use: "create USER", Short: t.T("cli.user.create"), Args: exactly(1),
		Example: "  aikagi user create tanaka --last-name 田中 --first-name 一郎 --email tanaka@example.co.jp --profile Agent",
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			n.Username = args[0]
			return t.createUser(ctx, h, n)
		}),
	})
	c.Flags().StringVar(&n.FirstName, "first-name", "", t.T("cli.flag.first_name"))
	c.Flags().StringVar(&n.LastName, "last-name", "", t.T("cli.flag.last_name"))
	c.Flags().StringVar(&n.Email, "email", "", t.T("cli.flag.email"))
	c.Flags().StringSliceVar(&n.profiles, "profile", []string{"Agent"}, t.T("cli.flag.profile"))
	c.Flags().StringVar(&n.routing, "routing-profile", instance.BasicRoutingProfile, t.T("cli.flag.routing"))
	c.Flags().BoolVar(&n.invite, "invite", false, t.T("cli.flag.invite"))
	return c
}

// created is what "user create" and "user reset-password" answer.
type created struct {
	User     userView `json:"user"`
	Password string   `json:"temporary_password,omitempty"`
}

func (t *terminal) createUser(ctx context.Context, h *host, n newUser) error {
	if n.invite && n.Email == "" {
		return usage{"cli.usage.invite", ""}
	}
	i, err := h.instance(ctx)
	if err != nil {
		return err
	}
	choices, err := h.Directory.Choices(ctx, i.ID)
	if err != nil {
		return err
	}
	ids, err := namedProfiles(choices.Profiles, n.profiles)
	if err != nil {
		return err
	}
	for _, r := range choices.Routing {
		if r.Name == n.routing {
			n.RoutingProfile = string(r.ID)
		}
	}
	u, password, err := h.Directory.Create(ctx, i.ID, directory.NewUser{Draft: n.Draft, Profiles: ids, Temporary: !n.invite})
	if err != nil {
		return err
	}
	if n.invite {
		if err := h.Resets.Invite(ctx, i.ID, u.ID); err != nil {
			return err
		}
	}
	return t.tellPassword(u, password)
}

func namedProfiles(all []aikagi.SecurityProfile, names []string) ([]aikagi.SecurityProfileID, error) {
	var ids []aikagi.SecurityProfileID
	for _, name := range names {
		before := len(ids)
		for _, p := range all {
			if p.Name == name {
				ids = append(ids, p.ID)
			}
		}
		if len(ids) == before {
			return nil, usage{"cli.usage.profile", name}
		}
	}
	return ids, nil
}

func (t *terminal) tellPassword(u aikagi.User, password aikagi.Secret) error {
	return t.answer(created{viewUser(u), password.Reveal()}, func() {
		if password.Empty() {
			t.line(t.T("cli.user.invited", "email", string(u.Email)))
			return
		}
		t.pairs(t.T("cli.col.username"), string(u.Username), t.T("cli.col.temporary"), password.Reveal())
		t.note(t.T("cli.user.once"))
	})
}

func userEmailCommand(t *terminal) *cobra.Command {
	return withInstance(t, &cobra.Command{
		Use: "set-email USER ADDRESS", Short: t.T("cli.user.set_email"), Args: exactly(2),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			i, u, err := h.user(ctx, args[0])
			if err != nil {
				return err
			}
			draft := directory.DraftOf(u)
			draft.Email = args[1]
			u, err = h.Directory.Update(ctx, i.ID, u.ID, u.Version, draft)
			if err != nil {
				return err
			}
			return t.answer(viewUser(u), func() {
				t.line(t.T("cli.user.email_set", "user", string(u.Username), "email", string(u.Email)))
			})
		}),
	})
}

func (t *terminal) setEnabled(enabled bool) func(context.Context, *host, aikagi.Instance, aikagi.User) error {
	return func(ctx context.Context, h *host, i aikagi.Instance, u aikagi.User) error {
		if u.Enabled != enabled { // as asked already is no failure
			if err := h.Directory.SetEnabled(ctx, i.ID, u.ID, enabled); err != nil {
				return err
			}
		}
		u.Enabled = enabled
		return t.answer(viewUser(u), func() {
			t.pairs(t.T("cli.col.username"), string(u.Username), t.T("cli.col.state"), t.state(viewUser(u)))
		})
	}
}

func (t *terminal) resetPassword(ctx context.Context, h *host, i aikagi.Instance, u aikagi.User) error {
	password, err := h.Resets.SetTemporary(ctx, i.ID, u.ID)
	if err != nil {
		return err
	}
	u.MustChange, u.PasswordHash = true, "set"
	return t.tellPassword(u, password)
}
