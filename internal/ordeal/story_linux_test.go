package ordeal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/sample"
)

// story is what people do on one server, and what they were told. A step counts
// once its answer arrived; the step during which the server died may have happened
// or not, and must be safe to repeat (R1).
type story struct {
	*server
	until   int  // how many steps there are to do
	done    int  // steps that were acknowledged
	pending bool // the step after them was begun

	agent, other, admin *browser
	link, card          string
	agentAsked          int // requests begun
	logins, loginsBegun int // acknowledged; begun
	cards               int // begun

	// hurt is closed once a fault makes waiting for mail idle; nil for none.
	hurt chan struct{}
}

const (
	agentsNew = "kinmokusei no kaori 5"
	othersNew = "harusame to kasa 31"
	address   = "kaede.new@sakura.example"
)

func newStory(s *server) *story {
	return &story{server: s, until: len(steps), agent: newBrowser(), other: newBrowser(), admin: newBrowser()}
}

// step is one thing that a person does. Doing it again after a crash is part of
// the promise.
type step struct {
	name string
	do   func(*story) error
}

// The steps, in their order.
const (
	stepLogin = iota
	stepAsk
	stepReceive
	stepSet
	stepLoginAgain
	stepAdmin
	stepAddress
	stepCard
	stepUseCard
	stepOther
	stepEnd
	stepLogout
)

var steps = []step{
	stepLogin:      {"the agent logs in", func(s *story) error { return s.enters(s.agent, "agent", "") }},
	stepAsk:        {"asks for a reset", (*story).asks},
	stepReceive:    {"receives the mail", (*story).receives},
	stepSet:        {"sets a password", (*story).setsOwn},
	stepLoginAgain: {"logs in with it", func(s *story) error { return s.enters(s.agent, "agent", agentsNew) }},
	stepAdmin:      {"the administrator logs in", func(s *story) error { return s.enters(s.admin, "administrator", "") }},
	stepAddress:    {"enters an address", (*story).entersAddress},
	stepCard:       {"issues a card", (*story).issuesCard},
	stepUseCard:    {"the card is used", (*story).usesCard},
	stepOther:      {"its owner logs in", func(s *story) error { return s.enters(s.other, "agent-without-email", othersNew) }},
	stepEnd:        {"the agent's sessions are ended", (*story).endsSessions},
	stepLogout:     {"the administrator logs out", (*story).logsOut},
}

// goes does the steps that are left, until one fails.
func (s *story) goes() error {
	for s.done < s.until {
		s.pending = true
		if err := steps[s.done].do(s); err != nil {
			return fmt.Errorf("%s: %w", steps[s.done].name, err)
		}
		s.done++
		s.pending = false
	}
	return nil
}

// did tells whether a step was acknowledged, and maybe whether it was begun.
func (s *story) did(n int) bool   { return s.done > n }
func (s *story) maybe(n int) bool { return s.done > n || s.done == n && s.pending }

func (s *story) login(role string) sample.Login { return s.centre.logins[role] }

// enters logs in and counts what the record must say.
func (s *story) enters(b *browser, role, password string) error {
	l := s.login(role)
	if password == "" {
		password = l.Password
	}
	right, err := s.tries(b, l.Username, password)
	if err == nil && !right {
		err = fmt.Errorf("the right password of %s is refused", l.Username)
	}
	return err
}

func (s *story) tries(b *browser, username, password string) (bool, error) {
	s.loginsBegun++
	right, err := b.logsIn(s.base, username, password)
	switch {
	case err == nil && right:
		s.logins++
	case err == nil:
		s.loginsBegun--
	}
	return right, err
}

func (s *story) asks() error {
	s.agentAsked++
	p, err := s.agent.asks(s.base, s.login("agent").Username)
	if err == nil && p.status != http.StatusSeeOther {
		err = unexpected{"/forgot", p}
	}
	return err
}

// patience is how long a mail may take on a busy machine.
const patience = 60 * time.Second

func (s *story) receives() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func(gone chan struct{}) {
		select {
		case <-gone: // a dead server sends nothing
			cancel()
		case <-s.hurt:
			cancel()
		case <-ctx.Done():
		}
	}(s.gone)
	all, err := s.box.Wait(ctx, s.login("agent").Email, 1)
	if err != nil {
		return err
	}
	return s.reads(all)
}

// reads takes the link from the newest mail that has one.
func (s *story) reads(all []mailbox.Message) error {
	for _, m := range all {
		if found := resetLink.FindStringSubmatch(m.Text); found != nil {
			s.link = found[1]
			return nil
		}
	}
	return errors.New("no link in any mail")
}

func (s *story) setsOwn() error {
	return s.setsUnlessDone(s.agent, s.link, "agent", agentsNew)
}

func (s *story) usesCard() error {
	return s.setsUnlessDone(s.other, s.card, "agent-without-email", othersNew)
}

// setsUnlessDone uses a link; whoever finds it spent tries the new password.
func (s *story) setsUnlessDone(b *browser, link, role, password string) error {
	p, err := b.opens(s.base, link)
	if err != nil {
		return err
	}
	if p.status != http.StatusGone {
		return b.sets(s.base, link, password)
	}
	right, err := s.tries(newBrowser(), s.login(role).Username, password)
	if err == nil && !right {
		err = errors.New("the link is spent and the new password is refused")
	}
	return err
}

// pageOf opens a user's page as the administrator.
func (s *story) pageOf(role string) (path string, p page, err error) {
	path = "/admin/users/" + s.ids[role]
	p, err = s.admin.wants(http.StatusOK, s.base, http.MethodGet, path, nil)
	return path, p, err
}

func (s *story) entersAddress() error {
	path, p, err := s.pageOf("agent-without-email")
	if err != nil {
		return err
	}
	form, err := filled(p.body, "edit")
	if err != nil {
		return err
	}
	if form.Get("email") == address {
		return nil // it happened, and nobody heard
	}
	form.Set("email", address)
	_, err = s.admin.wants(http.StatusSeeOther, s.base, http.MethodPost, path, form)
	return err
}

func (s *story) issuesCard() error {
	path, _, err := s.pageOf("agent-without-email")
	if err != nil {
		return err
	}
	s.cards++
	p, err := s.admin.wants(http.StatusOK, s.base, http.MethodPost, path+"/card", nil)
	if err != nil {
		return err
	}
	found := resetLink.FindStringSubmatch(p.body)
	if found == nil {
		return unexpected{path + "/card", p}
	}
	s.card = found[1]
	return nil
}

func (s *story) endsSessions() error {
	path, _, err := s.pageOf("agent")
	if err != nil {
		return err
	}
	_, err = s.admin.wants(http.StatusSeeOther, s.base, http.MethodPost, path+"/sessions", nil)
	return err
}

func (s *story) logsOut() error {
	_, err := s.admin.wants(http.StatusSeeOther, s.base, http.MethodPost, "/logout", nil)
	return err
}
