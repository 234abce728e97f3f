package attack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// leads makes somebody who may do everything, about users and profiles with a tag
// that nothing of the place carries.
func (s *siege) leads(p *place) aikagi.User {
	s.t.Helper()
	now := s.Clock.Now()
	profile := aikagi.SecurityProfile{
		InstanceID: p.instance.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: "Leader", Permissions: strengths()["admin"],
		ScopeTags: []aikagi.Tag{{Key: "led", Value: "by me"}}, TagScoped: []string{"User", "SecurityProfile"}, CreatedAt: now, UpdatedAt: now,
	}
	u := p.user["agent"]
	u.ID, u.Username, u.Email, u.SecurityProfileIDs = aikagi.UserID(aikagi.NewID()), "leader", "leader@ume.example", []aikagi.SecurityProfileID{profile.ID}
	s.update(func(tx *store.Tx) error {
		if err := tx.InsertSecurityProfile(s.t.Context(), profile); err != nil {
			return err
		}
		return tx.InsertUser(s.t.Context(), u)
	})
	return u
}

// TestS25EveryPageForWhoLeadsSome opens and posts every page of administrators as
// somebody whose permissions are about others. What belongs to somebody out of his
// sight is unknown or refused, and no page says a word of him.
func TestS25EveryPageForWhoLeadsSome(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", func(name string) string { return "unseen " + name })
	v := s.as("leader", s.leads(p))
	hidden := []string{
		string(p.target.Username), p.target.FirstName, p.target.LastName, string(p.target.SecondaryEmail), p.target.Mobile,
		string(p.target.ID), "unseen tag", "unseen language", "unseen desk phone", "unseen file name",
		"unseen actor", string(p.user["admin"].Email), p.user["admin"].FirstName,
	}
	var attempts []attempt
	everything := ""
	admin := s.as("admin", p.user["admin"])
	for _, r := range routes(t) {
		if !r.admin() || strings.Contains(r.comment, "leads") {
			continue
		}
		path := p.address(t, r)
		do := func() {
			w := v.do(v.request(r.method, path, filled(p)))
			for _, text := range hidden {
				if strings.Contains(w.Body.String(), text) && !strings.Contains(path, text) {
					t.Errorf("%s says %q", r, text)
				}
			}
			named := strings.Contains(r.path, "{id}") && !strings.Contains(r.path, "/hierarchy/")
			if named && w.Code != http.StatusNotFound && w.Code != http.StatusForbidden {
				t.Errorf("%s: status %d, want 404 or 403", r, w.Code)
			}
		}
		if strings.Contains(r.path, "{id}") && !strings.Contains(r.path, "/hierarchy/") || r.method == http.MethodGet {
			attempts = append(attempts, attempt{r.String(), do})
			if r.method == http.MethodGet {
				everything += admin.get(path).Body.String()
			}
		} else {
			do() // what he may do changes rows
		}
	}
	s.untouched(attempts)
	for _, text := range hidden {
		if !strings.Contains(everything, text) {
			t.Errorf("no page says %q to an administrator: this test looks for nothing", text)
		}
	}
}
