package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web/webtest"
)

// fieldsOf are the fields of a user's form, ready to be changed and posted.
func fieldsOf(u aikagi.User, changes ...string) []string {
	fields := map[string]string{
		"version": strconv.FormatInt(u.Version, 10), "first_name": u.FirstName, "last_name": u.LastName,
		"email": string(u.Email), "phone_type": "SOFT_PHONE", "after_contact_work": "0",
		"routing_profile": string(u.RoutingProfileID), "locale": "",
	}
	for i := 0; i+1 < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
	}
	var list []string
	for name, value := range fields {
		list = append(list, name, value)
	}
	return list
}

// untranslated finds keys that were shown in place of their text.
var untranslated = regexp.MustCompile(`\b(admin|menu|field|error|user|email)\.[a-z_]+(\.[a-z_0-9]+)*\b`)

// TestEveryPageInBothLanguages opens every page as an administrator and checks
// its HTML.
func TestEveryPageInBothLanguages(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	request := o.waits(t, o.agent, aikagi.ReasonNoEmail)
	b.led(b.posts("/admin/hierarchy", "group_name", "東日本"), "/admin/hierarchy")
	b.led(b.posts("/admin/users/"+string(o.editor.ID), fieldsOf(o.editor, "email", "new@example.jp")...), "/admin/users/"+string(o.editor.ID))
	user, other := "/admin/users/"+string(o.agent.ID), "/admin/users/"+string(o.editor.ID)
	paths := []string{
		"/admin/users", "/admin/users?q=%E7%94%B0", "/admin/users?q=nobody", "/admin/users?filter=no_email",
		"/admin/users?filter=disabled", "/admin/users?profile=" + string(o.profile["Agent"]), "/admin/users/new",
		user, user + "/permissions", user + "/history", user + "/temporary", user + "/enable", user + "/disable", user + "/delete",
		other, other + "/history", "/admin/users/" + string(o.admin.ID),
		"/admin/requests", "/admin/requests/" + string(request),
		"/admin/profiles", "/admin/profiles/new", "/admin/profiles/" + string(o.profile["Admin"]),
		"/admin/profiles/" + string(o.profile["Agent"]) + "/delete",
		"/admin/hierarchy", o.firstGroup(t), "/admin/mail", o.firstMail(t), "/admin/audit", o.firstEvent(t), "/admin/settings",
	}
	for _, l := range aikagi.Locales {
		for _, path := range paths {
			t.Run(string(l)+path, func(t *testing.T) {
				b := &browser{office: o, t: t, cookies: b.cookies}
				mark := "?"
				if strings.Contains(path, "?") {
					mark = "&"
				}
				page := b.sees(b.gets(path+mark+"lang="+string(l)), http.StatusOK)
				if key := untranslated.FindString(webtest.Check(t, l, page)); key != "" && !strings.HasSuffix(path, "-"+key) {
					if !strings.Contains(page, "<code>"+key) { // the record shows its action as it is
						t.Errorf("%s is not translated", key)
					}
				}
				if strings.Contains(page, "$argon2") {
					i := strings.Index(page, "$argon2")
					t.Errorf("page holds a password hash: %s", page[max(0, i-500):i+30])
				}
			})
		}
	}
}

func (o *office) firstGroup(t *testing.T) string {
	t.Helper()
	var path string
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		groups, err := tx.ListHierarchyGroups(t.Context(), o.here.ID)
		path = "/admin/hierarchy/" + string(groups[0].ID)
		return err
	}))
	return path
}

func (o *office) firstMail(t *testing.T) string {
	t.Helper()
	var path string
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		mails, err := tx.ListMessages(t.Context(), o.here.ID, "~", 1)
		path = "/admin/mail/" + string(mails[0].ID)
		return err
	}))
	return path
}

func (o *office) firstEvent(t *testing.T) string {
	t.Helper()
	var path string
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.ListAuditEvents(t.Context(), o.here.ID, "~", 1)
		path = "/admin/audit/" + string(events[0].ID)
		return err
	}))
	return path
}

// The middle of the article: an editor registers the agent's address from her
// page, and the pending request is sent on with one click.
func TestEditorRegistersTheAddressAndSendsTheRequestOn(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	request := "/admin/requests/" + string(o.waits(t, o.agent, aikagi.ReasonNoEmail))
	user := "/admin/users/" + string(o.agent.ID)
	b.sees(b.gets(user), http.StatusOK, "このユーザーは自分でパスワードを再設定できません")
	b.led(b.posts(user, fieldsOf(o.agent, "email", "ｔａｎａｋａ@example.jp ")...), user)
	if got := o.read(t, o.agent.ID); got.Email != "tanaka@example.jp" || got.EmailSetBy != "suzuki" {
		t.Errorf("stored %q by %q", got.Email, got.EmailSetBy)
	}
	b.sees(b.posts(request, "remedy", "send"), http.StatusBadRequest, "どのように確認したかを選んでください")
	b.led(b.posts(request, "remedy", "send", "recognised", "called_back"), "/admin/requests")
	b.sees(b.gets("/admin/requests"), http.StatusOK, "対応が必要な依頼はありません")
	b.sees(b.gets(user), http.StatusOK, "パスワードの再設定")
}

func TestRequestIsMendedWithAnAddress(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	request := "/admin/requests/" + string(o.waits(t, o.agent, aikagi.ReasonNoEmail))
	b.sees(b.gets(request), http.StatusOK, "受付番号は、依頼した人の本人確認にはなりません")
	b.sees(b.posts(request, "remedy", "email", "recognised", "in_person", "email", "x@"), http.StatusBadRequest, `value="x@"`)
	b.sees(b.posts(request, "remedy", "email", "recognised", "in_person", "email", "suzuki@example.jp"), http.StatusBadRequest)
	b.led(b.posts(request, "remedy", "email", "recognised", "in_person", "email", "tanaka@example.jp"), "/admin/requests")
	if got := o.read(t, o.agent.ID).Email; got != "tanaka@example.jp" {
		t.Errorf("stored %q", got)
	}
}

func TestResetCardIsShownOnceWithItsCode(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	for _, l := range aikagi.Locales {
		w := b.posts("/admin/users/" + string(o.agent.ID) + "/card")
		page := b.sees(w, http.StatusOK, "http://127.0.0.1:8080/i/sakura/reset/", "<path", "tanaka")
		if l == aikagi.Japanese {
			webtest.Check(t, l, page)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
	}
	b.led(b.gets("/admin/users/"+string(o.agent.ID)+"/card"), "/admin/users/"+string(o.agent.ID))
	request := "/admin/requests/" + string(o.waits(t, o.agent, aikagi.ReasonNoEmail))
	b.sees(b.posts(request, "remedy", "card", "recognised", "leader"), http.StatusOK, "/i/sakura/reset/")
}

func TestTemporaryPasswordIsShownOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.editor)
	page := b.sees(b.posts("/admin/users/"+string(o.agent.ID)+"/temporary"), http.StatusOK, "data-copy=")
	webtest.Check(t, aikagi.Japanese, page)
	if u := o.read(t, o.agent.ID); !u.MustChange {
		t.Error("the password need not be changed")
	}
}

func TestNewUserKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	page := b.sees(b.posts("/admin/users/new", "username", "bad name", "first_name", "美咲", "last_name", "",
		"email", "misaki@example", "mobile", "090", "start", "temporary", "security_profiles", string(o.profile["Agent"]),
		"routing_profile", string(o.routing)),
		http.StatusBadRequest, `value="bad name"`, `value="美咲"`, `value="misaki@example"`, `value="090"`,
		`value="`+string(o.profile["Agent"])+`" checked`, `value="temporary" checked`, `href="#f-last_name"`, "<title>エラー: ")
	webtest.Check(t, aikagi.Japanese, page)
	for i, begin := range []string{"none", "invite", "temporary"} {
		name := fmt.Sprintf("misaki%d", i)
		w := b.posts("/admin/users/new", "username", name, "first_name", "美咲", "last_name", "山本", "email", name+"@example.jp",
			"start", begin, "security_profiles", string(o.profile["Agent"]), "routing_profile", string(o.routing))
		if begin == "temporary" {
			b.sees(w, http.StatusOK, name, "data-copy=")
		} else if w.Code != http.StatusSeeOther {
			t.Errorf("%s: status %d: %s", begin, w.Code, w.Body)
		}
	}
	b.sees(b.posts("/admin/users/new", "username", "sato", "first_name", "a", "last_name", "b",
		"security_profiles", string(o.profile["Agent"]), "routing_profile", string(o.routing)),
		http.StatusConflict, "このユーザー名は使われています", `href="#f-username"`)
}

func TestConcurrentEditShowsBothVersions(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	user := "/admin/users/" + string(o.agent.ID)
	b.led(b.posts(user, fieldsOf(o.agent, "first_name", "太郎")...), user)
	page := b.sees(b.posts(user, fieldsOf(o.agent, "first_name", "二郎")...), http.StatusConflict,
		"別の人が先に変更しました", "太郎", `value="二郎"`, `name="version" value="2"`)
	webtest.Check(t, aikagi.Japanese, page)
	b.led(b.posts(user, fieldsOf(o.agent, "first_name", "二郎", "version", "2")...), user)
}

func TestConcurrentChoiceOfProfilesShowsBothVersions(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	path := "/admin/users/" + string(o.agent.ID)
	choose := func(version string, name string) []string {
		return []string{"version", version, "security_profiles", string(o.profile[name])}
	}
	b.led(b.posts(path+"/profiles", choose("1", "Viewer")...), path)
	page := b.sees(b.posts(path+"/profiles", choose("1", "Editor")...), http.StatusConflict,
		"別の人が先に変更しました", ">Viewer</td>", ">Editor</td>", `form="profiles"`, `name="version" value="2"`)
	webtest.Check(t, aikagi.Japanese, page)
	b.led(b.posts(path+"/profiles", choose("2", "Editor")...), path)
}

func TestRefusalsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	o := open(t)
	agent, viewer, editor := o.as(t, o.agent), o.as(t, o.viewer), o.as(t, o.editor)
	webtest.Check(t, aikagi.Japanese, agent.sees(agent.gets("/admin/users"), http.StatusForbidden, "Users.View", "ユーザー: 表示"))
	agent.sees(agent.gets("/admin/audit"), http.StatusForbidden, "HistoricalChanges.View")
	user, boss := "/admin/users/"+string(o.agent.ID), "/admin/users/"+string(o.admin.ID)
	viewer.sees(viewer.gets(user), http.StatusOK)
	viewer.sees(viewer.posts(user, fieldsOf(o.agent, "email", "x@example.jp")...), http.StatusForbidden, "Users.Edit")
	// F02, F03: an editor cannot take over an administrator, and is told why.
	page := editor.sees(editor.gets(boss), http.StatusOK, "このユーザーのログイン方法は変更できません")
	if strings.Contains(page, "/card") || strings.Contains(page, "/temporary") {
		t.Error("the page offers what the rule refuses")
	}
	editor.sees(editor.posts(boss, fieldsOf(o.admin, "email", "evil@example.jp")...), http.StatusForbidden, "あなたにない強い権限", `value="evil@example.jp"`)
	for _, action := range []string{"/send", "/card", "/temporary", "/waits", "/sessions"} {
		editor.sees(editor.posts(boss+action), http.StatusForbidden, "あなたにない強い権限")
	}
	editor.sees(editor.posts("/admin/users/"+string(o.editor.ID), fieldsOf(o.editor, "email", "x@example.jp")...),
		http.StatusForbidden, "マイプロフィール")
}

func TestDeleteWantsTheNameTyped(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	path := "/admin/users/" + string(o.agent.ID) + "/delete"
	b.sees(b.posts(path, "confirm", "somebody"), http.StatusBadRequest, "ユーザー名が一致しません")
	b.led(b.posts(path, "confirm", "tanaka"), "/admin/users")
	b.sees(b.gets("/admin/users/"+string(o.agent.ID)), http.StatusNotFound)
}

func TestLastAdministratorIsKeptAndToldWhy(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	user := "/admin/users/" + string(o.admin.ID)
	b.sees(b.posts(user+"/profiles", "version", "1", "security_profiles", string(o.profile["Agent"])),
		http.StatusConflict, "ログインできる管理者がいなくなるため保存できません")
	b.sees(b.posts(user+"/disable"), http.StatusForbidden, "自分自身に対しては")
}

func TestDisabledUserLosesHisSession(t *testing.T) {
	t.Parallel()
	o := open(t)
	b, editor := o.as(t, o.admin), o.as(t, o.editor)
	user := "/admin/users/" + string(o.editor.ID)
	b.led(b.posts(user+"/disable"), user)
	editor.led(editor.gets("/admin/users"), "/login?next="+url.QueryEscape("/i/sakura/admin/users"))
	b.led(b.posts(user+"/enable"), user)
}

func TestProfileIsReviewedBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	path := "/admin/profiles/" + string(o.profile["Agent"])
	fields := []string{"version", "1", "description", "x", "permission", "Users.Edit", "permission", "BasicAgentAccess"}
	page := b.sees(b.posts(path, fields...), http.StatusOK, "加える: ユーザー: 編集 (Users.Edit)", "加える: ユーザー: 表示 (Users.View)", "外す: ", "1 人")
	webtest.Check(t, aikagi.Japanese, page)
	b.led(b.posts(path, append(fields, "save", "yes")...), path)
	b.sees(b.posts(path, append(fields, "save", "yes")...), http.StatusConflict, "別の人が先に変更しました")
	b.sees(b.posts("/admin/profiles/new", "profile_name", "Admin", "permission", "BasicAgentAccess"), http.StatusConflict, "このプロファイル名は使われています")
	b.sees(b.posts("/admin/profiles/"+string(o.profile["Agent"])+"/delete"), http.StatusConflict, "使っているユーザーがいる")
}

func TestSettingsKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	fields := []string{
		"version", "1", "display_name", "さくら", "contact", "内線 1234", "locale", "ja", "time_zone", "Asia/Tokyo",
		"no_email", "explain", "way", "image",
	}
	page := b.sees(b.posts("/admin/settings", append(fields, "reset_ttl", "9999", "password_min", "abc")...),
		http.StatusBadRequest, `value="9999"`, `value="abc"`, `value="さくら"`, `value="explain" checked`, "再設定リンクの有効時間は、5 分から 1,440 分までで入力してください")
	webtest.Check(t, aikagi.Japanese, page)
	b.led(b.posts("/admin/settings", append(fields, "reset_ttl", "６０", "password_min", "14")...), "/admin/settings")
	b.sees(b.gets("/admin/settings"), http.StatusOK, `value="60"`, `value="14"`)
	b.sees(b.posts("/admin/settings", append(fields, "reset_ttl", "60", "password_min", "14")...), http.StatusConflict)
	editor := o.as(t, o.editor)
	editor.sees(editor.posts("/admin/settings", append(fields, "reset_ttl", "60", "password_min", "14")...), http.StatusForbidden)
}

func TestHierarchyGroups(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	b.sees(b.posts("/admin/hierarchy", "group_name", ""), http.StatusBadRequest, "グループ名を入力してください")
	b.led(b.posts("/admin/hierarchy", "group_name", "東日本"), "/admin/hierarchy")
	b.sees(b.posts("/admin/hierarchy", "group_name", "東日本"), http.StatusConflict, "同じ場所に同じ名前")
	group := o.firstGroup(t)
	b.led(b.posts("/admin/hierarchy", "group_name", "東京", "parent", strings.TrimPrefix(group, "/admin/hierarchy/")), group)
	b.sees(b.posts(group+"/delete"), http.StatusConflict, "削除できません")
	b.led(b.posts(group, "group_name", "東"), group)
}

// A program can leave fewer than five levels, or none.
func TestHierarchyPagesOfferGroupsWhereThereIsALevel(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	host := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
	must(t, o.rules.UpdateStructure(host, o.here.ID, []string{"拠点"}))
	b.led(b.posts("/admin/hierarchy", "group_name", "東日本"), "/admin/hierarchy")
	group := o.firstGroup(t)
	if page := b.sees(b.gets(group), http.StatusOK, "拠点"); strings.Contains(page, `name="parent"`) {
		t.Error("a group on the lowest level offers one below")
	}
	b.sees(b.posts("/admin/hierarchy", "group_name", "東京", "parent", strings.TrimPrefix(group, "/admin/hierarchy/")),
		http.StatusBadRequest, "階層がありません")
	b.led(b.posts(group+"/delete"), "/admin/hierarchy")
	must(t, o.rules.UpdateStructure(host, o.here.ID, nil))
	page := b.sees(b.gets("/admin/hierarchy"), http.StatusOK, "UpdateUserHierarchyStructure")
	webtest.Check(t, aikagi.Japanese, page)
	if strings.Contains(page, `name="group_name"`) {
		t.Error("a hierarchy without levels offers a group")
	}
	b.sees(b.posts("/admin/hierarchy", "group_name", "東日本"), http.StatusBadRequest, "階層がありません")
}

// S22: what people typed stays text, and characters that act are shown.
func TestS22TextFromPeopleIsText(t *testing.T) {
	t.Parallel()
	o := open(t)
	evil := o.has(t, "evil", "<script>alert(1)</script>", "gnp\u202efdp", "", "Agent")
	b := o.as(t, o.admin)
	for _, path := range []string{"/admin/users", "/admin/users/" + string(evil.ID), "/admin/users/" + string(evil.ID) + "/delete"} {
		page := b.sees(b.gets(path), http.StatusOK, "&lt;script&gt;")
		webtest.Check(t, aikagi.Japanese, page)
		heading := page[strings.Index(page, "<main"):]
		if path == "/admin/users" && strings.ContainsRune(heading, '\u202e') {
			t.Errorf("%s: a direction mark acts", path)
		}
	}
}

func TestEveryPermissionHasWords(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		for _, group := range aikagi.PermissionGroups() {
			for _, row := range group.Rows {
				if !i18n.Has(l, i18n.Key("admin.resource."+strings.ToLower(row.Resource))) {
					t.Errorf("%s has no words for %s", l, row.Resource)
				}
				for _, p := range row.Permissions {
					if p.Action() != "" && !i18n.Has(l, i18n.Key("admin.action."+strings.ToLower(p.Action()))) {
						t.Errorf("%s has no words for what %s allows", l, p)
					}
				}
			}
		}
	}
}
