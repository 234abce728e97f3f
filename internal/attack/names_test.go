package attack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// TestE02OneNameHoweverItIsTyped: a user who was made with full-width letters
// logs in with those, with the stored ones, and with spaces around; nobody else
// does, and names that are none are refused beside their field.
func TestE02OneNameHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	admin := s.as("", s.User("administrator"))
	agent := s.User("agent")
	form := userForm(agent, "username", "　Ｓａｔｏ．Ｊｉｒｏ＠ｅｘａｍｐｌｅ．ｊｐ ", "email", "", "start", "temporary")
	form.Set("security_profiles", string(agent.SecurityProfileIDs[0]))
	w := admin.post("/i/sakura/admin/users/new", form)
	if w.Code >= http.StatusBadRequest {
		t.Fatalf("status %d", w.Code)
	}
	s.must(s.Store.View(t.Context(), func(tx *store.Tx) error {
		u, err := tx.FindUserByName(t.Context(), s.Centre.Instance.ID, "Sato.Jiro@example.jp")
		if err == nil && u.PasswordHash == "" {
			t.Error("he has no password")
		}
		return err
	}))
	temporary, err := s.Resets.SetTemporary(s.asHost(), s.Centre.Instance.ID, s.named("Sato.Jiro@example.jp"))
	s.must(err)
	for typed, right := range map[string]bool{
		"Sato.Jiro@example.jp": true, "Ｓａｔｏ．Ｊｉｒｏ＠ｅｘａｍｐｌｅ．ｊｐ": true, " Sato.Jiro@example.jp　": true,
		"sato.jiro@example.jp": false, "SATO.JIRO@EXAMPLE.JP": false, "Sato.Jiro@example.jp.": false, "Sato.Jiro": false, "Sato.Jiro@example.jp%": false, "Sato_Jiro@example.jp": false,
	} {
		if p := s.guest("192.0.2.1").logsIn(typed, temporary.Reveal()); (p.StatusCode == http.StatusSeeOther) != right {
			t.Errorf("%q: %s", typed, p.Status)
		}
	}
	for _, typed := range []string{"田中", "a b", "a\r\nb", "a'--", "<b>", "a/../b", strings.Repeat("a", 65)} {
		form.Set("username", typed)
		if w := admin.post("/i/sakura/admin/users/new", form); w.Code != http.StatusBadRequest {
			t.Errorf("%q: status %d", typed, w.Code)
		}
	}
}

// named is the id of somebody of the sample's instance.
func (s *siege) named(name aikagi.Username) (id aikagi.UserID) {
	s.t.Helper()
	s.must(s.Store.View(s.t.Context(), func(tx *store.Tx) error {
		u, err := tx.FindUserByName(s.t.Context(), s.Centre.Instance.ID, name)
		id = u.ID
		return err
	}))
	return id
}

// TestE03MailGoesToTheStoredAddressByteForByte: case, dots and plus signs of the
// local part are the mail server's own matter (RFC 5321 §2.4).
func TestE03MailGoesToTheStoredAddressByteForByte(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	admin := s.as("", s.User("administrator"))
	for _, address := range []string{"O.Brien+Reset_1%x@Sakura.Example", ".dots..everywhere.@sakura.example"} {
		agent := s.User("agent")
		if w := admin.post("/i/sakura/admin/users/"+string(agent.ID), userForm(agent, "email", address)); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: status %d", address, w.Code)
		}
		if p := s.guest("192.0.2.9").asks(string(agent.Username)); p.StatusCode != http.StatusSeeOther {
			t.Fatalf("asking: %s", p.Status)
		}
		if m := s.linked(address, 1); m.To != address {
			t.Errorf("stored %s, sent to %s", address, m.To)
		}
	}
}
