package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
	"github.com/aikagi/aikagi/internal/web/webtest"
)

func TestTagsAreTypedOneALine(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	user := "/admin/users/" + string(o.agent.ID)
	stored := aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(o.agent.ID)}
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error { // as the wire may
		return tx.ReplaceTags(t.Context(), o.here.ID, stored, []aikagi.Tag{{Key: "a=b", Value: " c"}})
	}))
	b.sees(b.gets(user), http.StatusOK, "a=b= c</textarea>")
	b.led(b.posts(user+"/tags", "tags", "a=b= c\r\n\r\n 部署 ＝ 東京第一\r\nempty"), user)
	b.sees(b.gets(user), http.StatusOK, "a=b= c\nempty=\n部署=東京第一</textarea>")
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		tags, err := tx.ListTags(t.Context(), o.here.ID, stored)
		if err == nil && (len(tags) != 3 || tags[0] != aikagi.Tag{Key: "a=b", Value: " c"}) {
			t.Errorf("stored %q", tags)
		}
		return err
	}))
	viewer := o.as(t, o.viewer)
	webtest.Check(t, aikagi.Japanese, viewer.sees(viewer.gets(user), http.StatusOK, "部署", "東京第一"))
	viewer.sees(viewer.posts(user+"/tags", "tags", ""), http.StatusForbidden)
}

func TestBrokenLinesAreNamedAndWhatWasTypedStays(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	user := "/admin/users/" + string(o.agent.ID)
	for l, wants := range map[aikagi.Locale][]string{
		aikagi.Japanese: {"2 行目: aws: で始まるキー", "4 行目: 同じキー", "2 行目: レベルは 1–5", "3 行目: 属性=値=レベル"},
		aikagi.English:  {"Line 2: A key must not begin", "Line 4: An earlier line", "Line 2: The level", "Line 3: Write attribute"},
	} {
		b := &browser{office: o, t: t, cookies: append(b.cookies, b.gets(user+"?lang="+string(l)).Result().Cookies()...)}
		typed := "dept=1\naws:x=2\n<b>=\ndept=3"
		page := b.sees(b.posts(user+"/tags", "tags", typed), http.StatusBadRequest,
			wants[0], wants[1], "dept=1\naws:x=2\n&lt;b&gt;=\ndept=3</textarea>", `href="#f-tags"`)
		webtest.Check(t, l, page)
		typed = "言語=韓国語=4\n言語=中国語=6\n言語"
		page = b.sees(b.posts(user+"/proficiencies", "proficiencies", typed, "version", "1"), http.StatusBadRequest,
			wants[2], wants[3], typed+"</textarea>")
		webtest.Check(t, l, page)
	}
	if page := b.sees(b.gets(user), http.StatusOK); strings.Contains(page, "dept=1") || strings.Contains(page, "韓国語=4") {
		t.Error("a part was stored")
	}
}

func TestProficienciesAreTypedOneALine(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	user := "/admin/users/" + string(o.agent.ID)
	typed := "言語=英語=４\nconnect:Language＝connect:Japanese＝5"
	b.led(b.posts(user+"/proficiencies", "proficiencies", typed, "version", "1"), user)
	b.sees(b.gets(user), http.StatusOK, "connect:Language=connect:Japanese=5\n言語=英語=4</textarea>")
	b.sees(b.posts(user+"/proficiencies", "proficiencies", "", "version", "1"), http.StatusConflict, "別の人が先に変更しました")
	viewer := o.as(t, o.viewer)
	webtest.Check(t, aikagi.Japanese, viewer.sees(viewer.gets(user), http.StatusOK, "英語 4"))
	viewer.sees(viewer.posts(user+"/proficiencies", "proficiencies", "", "version", "2"), http.StatusForbidden)
}

func TestPersistentConnectionIsKept(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	user := "/admin/users/" + string(o.agent.ID)
	b.led(b.posts(user, fieldsOf(o.agent, "persistent_connection", "yes")...), user)
	if !o.read(t, o.agent.ID).Phone.PersistentConnection {
		t.Error("not stored")
	}
	b.sees(b.gets(user), http.StatusOK, `name="persistent_connection" value="yes" checked`)
}

// A name that failed a hundred times is shown as locked to those who can help,
// with what lifts it.
func TestLockedUserIsShownAndLifted(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	user := "/admin/users/" + string(o.agent.ID)
	for n := range 100 {
		if n == 99 {
			if page := b.sees(b.gets(user), http.StatusOK, "<dd>99</dd>", user+"/waits"); strings.Contains(page, "ロック中") {
				t.Error("locked after 99 failures")
			}
		}
		must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
			try := throttle.Try{Instance: o.here.ID, Username: string(o.agent.Username), Source: "192.0.2." + string(rune('0'+n%10))}
			_, err := o.rules.Throttle.Count(t.Context(), tx, start, try)
			if aikagi.ReasonOf(err) == "wait" { // this source waits; another does not
				try.Source = "198.51.100." + string(rune('0'+n/10))
				_, err = o.rules.Throttle.Count(t.Context(), tx, start, try)
			}
			return err
		}))
	}
	b.sees(b.gets(user), http.StatusOK, "<dd>100</dd>", "ロック中", user+"/waits")
	b.sees(b.gets(user+"?lang=en"), http.StatusOK, "Locked")
	b.led(b.posts(user+"/waits"), user)
	if page := b.sees(b.gets(user+"?lang=ja"), http.StatusOK, "<dd>0</dd>"); strings.Contains(page, "ロック中") {
		t.Error("still locked")
	}
}
