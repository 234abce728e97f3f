package reset_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func without(u *aikagi.User)  { u.Email = "" }
func disabled(u *aikagi.User) { u.Enabled = false }

// waiting reads the open requests as an editor sees them.
func waiting(t *testing.T, w *resettest.World) ([]reset.Open, int) {
	t.Helper()
	open, unknown, err := w.Resets.Waiting(resettest.As(t, leader(t, w)), w.Instance)
	must(t, err)
	return open, unknown
}

// TestS2ARequestChangesNothingForTheUser (A20).
func TestS2ARequestChangesNothingForTheUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		opened, err := w.LogIn(t, "192.0.2.7", "sato", resettest.Password)
		must(t, err)
		before := storetest.FindUser(t, w.Store, u)
		card, err := w.Resets.IssueCard(resettest.As(t, leader(t, w)), w.Instance.ID, u.ID)
		must(t, err)
		before.SecretEpoch = storetest.FindUser(t, w.Store, u).SecretEpoch
		for range 4 {
			w.Asks(t, "sato")
			w.Work(t)
		}
		after := storetest.FindUser(t, w.Store, u)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("the user was\n%v and is\n%v", before, after)
		}
		if _, err := w.Sessions.Find(t.Context(), session.Entrance{Instance: w.Instance.ID}, opened.Token.Reveal()); err != nil {
			t.Errorf("the session: %v", err)
		}
		if _, err := w.LogIn(t, "192.0.2.8", "sato", resettest.Password); err != nil {
			t.Errorf("the old password: %v", err)
		}
		looked, err := w.Resets.Look(t.Context(), w.Instance, reset.Proof{Token: resettest.TokenIn(t, card.Link.Reveal())})
		if err != nil || !looked.Token.ExpiresAt.Equal(card.ExpiresAt) {
			t.Errorf("the card delivered before: %v, until %s", err, looked.Token.ExpiresAt)
		}
	})
}

func TestS3LimitsOfAsking(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		count := func(n int, address, name func(n int) string) int {
			through := 0
			var mu sync.Mutex
			var all sync.WaitGroup
			for n := range n {
				all.Go(func() {
					_, err := w.Ask(t, address(n), name(n))
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						through++
					case aikagi.CodeOf(err) != aikagi.Throttled:
						t.Error(err)
					}
				})
			}
			all.Wait()
			return through
		}
		same := func(s string) func(int) string { return func(int) string { return s } }
		numbered := func(format string) func(int) string { return func(n int) string { return fmt.Sprintf(format, n) } }
		for _, c := range []struct {
			name string
			got  int
			want int
		}{
			{"one name from one source", count(12, same("192.0.2.1"), same("sato")), 5},
			{"the same name from elsewhere", count(6, same("192.0.2.2"), same("sato")), 5},
			{"many names from one source", count(45, same("198.51.100.1"), numbered("user%d")), 40},
			{"many addresses of one IPv6 network", count(45, numbered("2001:db8::%x"), numbered("user%d")), 40},
			{"as many from as many networks", count(12, numbered("2001:db8:1:%x::1"), numbered("user%d")), 12},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d got through, want %d", c.name, c.got, c.want)
			}
		}
		w.Clock.Move(time.Hour)
		if _, err := w.Ask(t, "192.0.2.1", "sato"); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// TestS3OneMailboxGetsSoMany, however many users share it and however it is written.
func TestS3OneMailboxGetsSoMany(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for n := range 30 {
		w.User(t, fmt.Sprint("user", n), func(u *aikagi.User) {
			u.Email = "Shared@example.jp"
			if n%2 == 0 {
				u.Email = "shared@example.jp"
			}
		})
		_, err := w.Ask(t, fmt.Sprint("192.0.2.", n), fmt.Sprint("user", n))
		must(t, err)
		w.Work(t)
	}
	if got := len(w.Mailbox.Messages("shared@example.jp")); got != 20 {
		t.Errorf("the mailbox got %d mails, want 20", got)
	}
	open, _ := waiting(t, w)
	if len(open) != 10 || open[0].Request.Reason != aikagi.ReasonTooMany {
		t.Errorf("%d requests wait, want the 10 that got no mail", len(open))
	}
}

// TestS4ChallengesAreMetOnce: right, wrong, elsewhere, late, twice.
func TestS4ChallengesAreMetOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		ctx := resettest.From(t, "192.0.2.1")
		next := storetest.Instance(t, w.Store, "momiji")
		ask := func(i aikagi.Instance, token string, answer captcha.Answer) error {
			_, err := w.Resets.Ask(ctx, i, reset.Ask{Username: "sato", Challenge: token, Answer: answer})
			return err
		}
		token, right := w.Challenge(t)
		wants(t, "another instance", ask(next, token, right), aikagi.Invalid, "unknown")
		must(t, ask(w.Instance, token, right))
		wants(t, "a second time", ask(w.Instance, token, right), aikagi.Expired, "used")

		token, right = w.Challenge(t)
		wrong := captcha.Answer{Typed: aikagi.NewSecret("AAAAAA")}
		wants(t, "a wrong answer", ask(w.Instance, token, wrong), aikagi.Invalid, "wrong")
		wants(t, "the right one after it", ask(w.Instance, token, right), aikagi.Expired, "used")
		wants(t, "a wrong one after it", ask(w.Instance, token, wrong), aikagi.Invalid, "wrong")

		token, _ = w.Challenge(t)
		wants(t, "no answer", ask(w.Instance, token, captcha.Answer{}), aikagi.Invalid, "required")
		wants(t, "no challenge", ask(w.Instance, "", right), aikagi.Invalid, "unknown")

		token = w.Challenges.Issue(captcha.Login, w.Instance.ID, captcha.Ways{Image: true})
		seen, _ := captchatest.Answers(t, w.Ring, token)
		wants(t, "another form's", ask(w.Instance, token, captcha.Answer{Typed: aikagi.NewSecret(seen)}), aikagi.Invalid, "unknown")

		token, right = w.Challenge(t)
		w.Clock.Move(captcha.DefaultTTL)
		wants(t, "late", ask(w.Instance, token, right), aikagi.Expired, "expired")

		token, right = w.Challenge(t)
		errs := make([]error, 30)
		var all sync.WaitGroup
		for n := range errs {
			all.Go(func() {
				_, errs[n] = w.Resets.Ask(resettest.From(t, fmt.Sprint("198.51.100.", n)), w.Instance,
					reset.Ask{Username: fmt.Sprint("user", n), Challenge: token, Answer: right})
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if aikagi.CodeOf(err) != aikagi.Expired {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("of 30 at once with one challenge %d were let through, want 1", won)
		}
	})
}

// TestS4AnswersBeforeAnythingElse: a bad challenge leaves no request.
func TestS4AnswersBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u := w.User(t, "sato")
	token, _ := w.Challenge(t)
	_, err := w.Resets.Ask(resettest.From(t, "192.0.2.1"), w.Instance, reset.Ask{Username: "sato", Challenge: token})
	wants(t, "no answer", err, aikagi.Invalid, "required")
	w.Work(t)
	if got := w.Mailbox.Messages(string(u.Email)); len(got) != 0 {
		t.Errorf("%d mails were sent", len(got))
	}
}

// TestS4ARequestIsSentAgainAtMostThreeTimes, after a minute each, each ticket once.
func TestS4ARequestIsSentAgainAtMostThreeTimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		ctx := resettest.From(t, "192.0.2.1")
		ticket := w.Asks(t, "sato")
		again := func(ticket reset.Ticket) (reset.Ticket, error) { return w.Resets.Again(ctx, w.Instance, ticket) }
		_, err := again(ticket)
		wants(t, "at once", err, aikagi.Throttled, "wait")
		for range reset.MaxAgain {
			w.Clock.Move(5 * time.Minute)
			next, err := again(ticket)
			must(t, err)
			_, err = again(ticket)
			wants(t, "the same ticket", err, aikagi.Expired, "used")
			ticket = next
		}
		w.Clock.Move(5 * time.Minute)
		_, err = again(ticket)
		wants(t, "a fourth time", err, aikagi.Expired, "again")
		old := w.Asks(t, "sato")
		w.Clock.Move(reset.TicketTTL + time.Second)
		_, err = again(old)
		wants(t, "a day later", err, aikagi.Expired, "again")
	})
}

// TestS12aOneOpenRequestAUser, with a counter, gone after seven days; unknown
// names are only counted, and what was typed is not kept.
func TestS12aOneOpenRequestAUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato", without)
		w.User(t, "ito", without, disabled)
		w.User(t, "kato", disabled)
		ticket := reset.Ticket{}
		for n := range 3 {
			ticket = w.Asks(t, "sato")
			w.Clock.Move(time.Minute)
			if n < 2 {
				w.Work(t)
			}
		}
		for _, name := range []string{"ito", "kato", "nobody", "my-secret-password"} {
			w.Asks(t, name)
		}
		w.Work(t)
		open, unknown := waiting(t, w)
		if len(open) != 3 || unknown != 2 {
			t.Fatalf("%d requests wait and %d unknown, want 3 and 2", len(open), unknown)
		}
		for _, o := range open {
			want := map[aikagi.Username]aikagi.RequestReason{
				"sato": aikagi.ReasonNoEmail, "ito": aikagi.ReasonDisabled, "kato": aikagi.ReasonDisabled,
			}[o.User.Username]
			if o.Request.Reason != want {
				t.Errorf("%s waits for %q, want %q", o.User.Username, o.Request.Reason, want)
			}
			if o.User.Username == "sato" && (o.Request.Count != 3 || o.Receipt != reset.Receipt(w.Ring, w.Instance.ID, ticket.Request)) {
				t.Errorf("sato's request counts %d under %s", o.Request.Count, o.Receipt)
			}
		}
		if strings.Contains(fmt.Sprint(open), "my-secret") {
			t.Error("what somebody typed in place of a name is shown")
		}
		w.Clock.Move(aikagi.ResetRequestTTL + time.Minute)
		if open, unknown := waiting(t, w); len(open) != 0 || unknown != 0 {
			t.Errorf("after seven days %d wait and %d unknown", len(open), unknown)
		}
		_, err := w.Resets.Mend(resettest.As(t, leader(t, w)), w.Instance, ticket.Request,
			reset.Remedy{Kind: reset.HandCard, Recognised: reset.InPerson})
		wants(t, "mending an old request", err, aikagi.Conflict, "closed")
	})
}

func TestS12aADeletedUserLeavesNoRequestBehind(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	gone := w.User(t, "sato", without)
	w.User(t, "ito", without)
	w.Asks(t, "sato")
	w.Asks(t, "ito")
	w.Work(t)
	storetest.Update(t, w.Store, func(tx *store.Tx) error { return tx.DeleteUser(t.Context(), gone) })
	if open, _ := waiting(t, w); len(open) != 1 || open[0].User.Username != "ito" {
		t.Errorf("%d requests are shown, want ito's", len(open))
	}
}

// TestS12aMendingSaysHowThePersonWasRecognised walks the remedies.
func TestS12aMendingSaysHowThePersonWasRecognised(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		remedy reset.Remedy
		code   aikagi.Code
		reason string
		action string
	}{
		{"card without it", reset.Remedy{Kind: reset.HandCard}, aikagi.Invalid, "required", ""},
		{"address without it", reset.Remedy{Kind: reset.RegisterAddress, Email: "new@example.jp"}, aikagi.Invalid, "required", ""},
		{"a word of one's own", reset.Remedy{Kind: reset.HandCard, Recognised: "sure"}, aikagi.Invalid, "required", ""},
		{"no address", reset.Remedy{Kind: reset.RegisterAddress, Recognised: reset.InPerson}, aikagi.Invalid, "required", ""},
		{"the editor's own address", reset.Remedy{Kind: reset.RegisterAddress, Email: "leader@example.jp", Recognised: reset.InPerson}, aikagi.Invalid, "yours", ""},
		{"send on to nobody", reset.Remedy{Kind: reset.SendOn, Recognised: reset.InPerson}, aikagi.Conflict, "no_email", ""},
		{"no remedy", reset.Remedy{Recognised: reset.InPerson}, aikagi.Invalid, "required", ""},
		{"card", reset.Remedy{Kind: reset.HandCard, Recognised: reset.InPerson}, "", "", "reset.card"},
		{"address", reset.Remedy{Kind: reset.RegisterAddress, Email: "new@example.jp", Recognised: reset.CalledBack}, "", "", "reset.register"},
		{"dismissal", reset.Remedy{Kind: reset.Dismiss}, "", "", "reset.dismiss"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := onSQLite(t)
			u := w.User(t, "sato", without)
			ticket := w.Asks(t, "sato")
			w.Work(t)
			ctx := resettest.As(t, leader(t, w))
			before := len(w.Events(t))
			card, err := w.Resets.Mend(ctx, w.Instance, ticket.Request, c.remedy)
			if c.code != "" {
				wants(t, c.name, err, c.code, c.reason)
				if len(w.Events(t)) != before {
					t.Error("a refused remedy is in the record")
				}
				return
			}
			must(t, err)
			e := w.Events(t)[0]
			if len(w.Events(t)) != before+1 || e.Action != c.action || e.TargetID != string(u.ID) ||
				c.remedy.Recognised != "" && !strings.Contains(e.Note, string(c.remedy.Recognised)) {
				t.Errorf("the record says %+v", e)
			}
			if open, _ := waiting(t, w); len(open) != 0 {
				t.Errorf("the request is still open: %+v", open)
			}
			_, err = w.Resets.Mend(ctx, w.Instance, ticket.Request, c.remedy)
			wants(t, "a second time", err, aikagi.Conflict, "closed")
			switch c.remedy.Kind {
			case reset.HandCard:
				_, err = w.Confirm(t, reset.Proof{Token: resettest.TokenIn(t, card.Link.Reveal())}, chosen)
				must(t, err)
			case reset.RegisterAddress:
				w.Sends(t)
				if len(e.Changes) != 1 || e.Changes[0].Field != "email" || e.Changes[0].After != "new@example.jp" {
					t.Errorf("the record's changes are %+v", e.Changes)
				}
				if got := storetest.FindUser(t, w.Store, u); got.Email != "new@example.jp" || got.EmailSetBy != "leader" {
					t.Errorf("the user has %q, set by %q", got.Email, got.EmailSetBy)
				}
				_, err = w.Confirm(t, reset.Proof{Token: w.Token(t, "new@example.jp")}, chosen)
				must(t, err)
			}
		})
	}
}

func TestS12aTwoMendOneRequestOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato", without)
		ticket := w.Asks(t, "sato")
		w.Work(t)
		ctx := resettest.As(t, leader(t, w))
		errs := make([]error, 8)
		var all sync.WaitGroup
		for n := range errs {
			all.Go(func() {
				_, errs[n] = w.Resets.Mend(ctx, w.Instance, ticket.Request, reset.Remedy{Kind: reset.HandCard, Recognised: reset.InPerson})
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if aikagi.CodeOf(err) != aikagi.Conflict {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 8 mended it, want 1", won)
		}
	})
}

// TestS12TheTemporaryPasswordFollowsTheRules: told to the owner, once, changed at login.
func TestS12TheTemporaryPasswordFollowsTheRules(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		opened, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
		must(t, err)
		temporary, err := w.Resets.SetTemporary(resettest.As(t, leader(t, w)), w.Instance.ID, u.ID)
		must(t, err)
		_, err = w.Sessions.Find(t.Context(), session.Entrance{Instance: w.Instance.ID}, opened.Token.Reveal())
		wants(t, "the session before", err, aikagi.Unauthenticated, "")
		w.Sends(t)
		if text := w.Received(t, u.Email).Text; strings.Contains(text, temporary.Reveal()) {
			t.Errorf("the notice holds the password:\n%s", text)
		}
		opened, err = w.LogIn(t, "192.0.2.1", "sato", temporary.Reveal())
		must(t, err)
		if !opened.MustChange {
			t.Error("the temporary password need not be changed")
		}
		u = storetest.FindUser(t, w.Store, u)
		must(t, w.Resets.ChangeOwn(resettest.As(t, u), w.Instance, reset.Own{
			User: u, Session: opened.Session.ID, Current: temporary, Chosen: aikagi.NewSecret(chosen),
		}))
		if storetest.FindUser(t, w.Store, u).MustChange {
			t.Error("the new password must be changed again")
		}
	})
}

// TestS19NobodyHandsHimselfAWayIn: it would stand in for the current password.
// A mail to the stored address does not.
func TestS19NobodyHandsHimselfAWayIn(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u := leader(t, w)
	ctx := resettest.As(t, u)
	wants(t, "card", second(w.Resets.IssueCard(ctx, w.Instance.ID, u.ID)), aikagi.Forbidden, "self")
	wants(t, "temporary password", second(w.Resets.SetTemporary(ctx, w.Instance.ID, u.ID)), aikagi.Forbidden, "self")
	must(t, w.Resets.SendLink(ctx, w.Instance.ID, u.ID))
}

// TestS26WaysInAreOpenedByWhoMay: and nothing about the target shows before.
func TestS26WaysInAreOpenedByWhoMay(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	elsewhere := resettest.New(t, w.Store, func(i *aikagi.Instance) { i.Alias = "momiji" })
	editor := leader(t, w)
	viewer := w.Holder(t, "viewer", aikagi.UsersView)
	admin := w.Holder(t, "admin", aikagi.UsersView, aikagi.UsersEdit, aikagi.UsersDelete)
	off := w.Holder(t, "off", aikagi.UsersView, aikagi.UsersEdit)
	storetest.Update(t, w.Store, func(tx *store.Tx) error {
		after := off
		after.Enabled = false
		return tx.UpdateUser(t.Context(), off, after)
	})
	agent, lost := w.User(t, "agent"), w.User(t, "lost", without, disabled)
	foreign := elsewhere.Holder(t, "foreign", aikagi.UsersView, aikagi.UsersEdit)
	for _, c := range []struct {
		name   string
		actor  aikagi.User
		target aikagi.UserID
		want   aikagi.Code
	}{
		{"editor helps agent", editor, agent.ID, ""},
		{"editor helps one with more", editor, admin.ID, aikagi.Forbidden},
		{"one with more helps editor", admin, editor.ID, ""},
		{"viewer", viewer, agent.ID, aikagi.Forbidden},
		{"viewer and a disabled one", viewer, lost.ID, aikagi.Forbidden},
		{"viewer and nobody", viewer, "nobody", aikagi.Forbidden},
		{"agent", agent, viewer.ID, aikagi.Forbidden},
		{"disabled editor", off, agent.ID, aikagi.Unauthenticated},
		{"another instance's editor", foreign, agent.ID, aikagi.NotFound},
		{"editor and nobody", editor, "nobody", aikagi.NotFound},
		{"editor and another instance's user", editor, foreign.ID, aikagi.NotFound},
	} {
		ctx := resettest.As(t, c.actor)
		for act, err := range map[string]error{
			"link":      w.Resets.SendLink(ctx, w.Instance.ID, c.target),
			"invite":    w.Resets.Invite(ctx, w.Instance.ID, c.target),
			"card":      second(w.Resets.IssueCard(ctx, w.Instance.ID, c.target)),
			"temporary": second(w.Resets.SetTemporary(ctx, w.Instance.ID, c.target)),
		} {
			if c.want == "" && err != nil || c.want != "" && aikagi.CodeOf(err) != c.want {
				t.Errorf("%s, %s: got %v, want %q", c.name, act, err, c.want)
			}
		}
	}
	_, _, err := w.Resets.Waiting(resettest.As(t, viewer), w.Instance)
	wants(t, "a viewer reads the requests", err, aikagi.Forbidden, string(aikagi.UsersEdit))
	_, err = w.Resets.Mend(resettest.As(t, viewer), w.Instance, "none", reset.Remedy{Kind: reset.Dismiss})
	wants(t, "a viewer mends what is not there", err, aikagi.Forbidden, string(aikagi.UsersEdit))
}

func second[T any](_ T, err error) error { return err }

// TestA23FederatedUsersNeverGetALocalPassword, whichever way is tried.
func TestA23FederatedUsersNeverGetALocalPassword(t *testing.T) {
	t.Parallel()
	w := onSQLite(t, func(i *aikagi.Instance) { i.IdentityType = aikagi.SAML })
	u := w.User(t, "sato")
	w.Asks(t, "sato")
	w.Work(t)
	if got := w.Mailbox.Messages(""); len(got) != 0 {
		t.Errorf("%d mails were sent", len(got))
	}
	if open, _ := waiting(t, w); len(open) != 1 || open[0].Request.Reason != aikagi.ReasonExternal {
		t.Errorf("the request waits as %+v", open)
	}
	ctx := resettest.As(t, leader(t, w))
	wants(t, "link", w.Resets.SendLink(ctx, w.Instance.ID, u.ID), aikagi.Conflict, "external")
	wants(t, "card", second(w.Resets.IssueCard(ctx, w.Instance.ID, u.ID)), aikagi.Conflict, "external")
	wants(t, "temporary password", second(w.Resets.SetTemporary(ctx, w.Instance.ID, u.ID)), aikagi.Conflict, "external")
	_, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
	wants(t, "login", err, aikagi.Unauthenticated, "wrong")
}

// TestA24MailGoesToTheOneStoredAddress, byte for byte, and to no other (S5, E03).
func TestA24MailGoesToTheOneStoredAddress(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato", func(u *aikagi.User) { u.Email, u.SecondaryEmail = "Hanako+x%y@Example.JP", "second@example.jp" })
	w.Asks(t, "sato")
	w.Work(t)
	all := w.Mailbox.Messages("")
	if len(all) != 1 || all[0].To != "Hanako+x%y@Example.JP" {
		t.Errorf("mails went to %+v", all)
	}
}

// TestDecision2TheAnswerIsASetting: only where the instance says so.
func TestDecision2TheAnswerIsASetting(t *testing.T) {
	t.Parallel()
	for answer, want := range map[aikagi.NoEmailAnswer]aikagi.RequestReason{
		aikagi.AnswerRequest: "", aikagi.AnswerExplain: aikagi.ReasonNoEmail, aikagi.AnswerConnect: aikagi.ReasonNoEmail,
	} {
		w := onSQLite(t, func(i *aikagi.Instance) { i.Settings.NoEmail = answer })
		w.User(t, "sato", without)
		w.User(t, "ito")
		for name, want := range map[string]aikagi.RequestReason{"sato": want, "ito": "", "nobody": ""} {
			if got := w.Asks(t, name).Told; got != want {
				t.Errorf("%s tells %s %q, want %q", answer, name, got, want)
			}
		}
	}
}
