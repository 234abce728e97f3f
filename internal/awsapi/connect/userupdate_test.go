package connect_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/store"
)

// update posts an update of a user.
func (p *place) update(id, what, body string) apitest.Answer {
	p.t.Helper()
	return p.Do(http.MethodPost, p.users(id, what), body)
}

// group makes a hierarchy group.
func (p *place) group(parent, name string) string {
	p.t.Helper()
	g, err := p.Directory.CreateGroup(asHost(p.t), p.id, aikagi.HierarchyGroupID(parent), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(g.ID)
}

// shows fails the test unless the described user holds some texts and lacks others,
// which begin with "!".
func (p *place) shows(id string, texts ...string) {
	p.t.Helper()
	got := p.json(p.describe(id))
	for _, text := range texts {
		lacks, unwanted := strings.CutPrefix(text, "!")
		if strings.Contains(got, lacks) == unwanted {
			p.t.Errorf("%s: %s", text, got)
		}
	}
}

func TestUpdateUserIdentityInfoChangesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.create(map[string]any{"IdentityInfo": map[string]any{
		"FirstName": "花子", "LastName": "新田", "Email": "h@example.jp", "SecondaryEmail": "s@example.jp", "Mobile": "+819012345678",
	}})
	p.update(id, "identity-info", `{"IdentityInfo":{"FirstName":"春子"}}`).Must(http.StatusOK)
	p.shows(id, `"FirstName":"春子"`, `"LastName":"新田"`, `"Email":"h@example.jp"`, `"SecondaryEmail":"s@example.jp"`, `"Mobile":"+819012345678"`)
	if got := string(p.update(id, "identity-info", `{"IdentityInfo":{"SecondaryEmail":"","Mobile":""}}`).Must(http.StatusOK).Body); got != "{}" {
		t.Errorf("answered %s", got)
	}
	p.shows(id, `"Email":"h@example.jp"`, `!"SecondaryEmail"`, `!"Mobile"`)
	p.update(id, "identity-info", `{"IdentityInfo":{"Email":""}}`).Must(http.StatusOK)
	p.shows(id, `!"Email"`)
	p.update(id, "identity-info", `{"IdentityInfo":{}}`).Must(http.StatusOK)
	p.update(id, "identity-info", `{"IdentityInfo":null}`).Refuses("InvalidRequestException")
	p.update(id, "identity-info", `{}`).Refuses("InvalidRequestException")
	p.update(id, "identity-info", `{"IdentityInfo":{"LastName":""}}`).Refuses("InvalidRequestException")
	p.update(id, "identity-info", `{"IdentityInfo":{"Email":"x"}}`).Refuses("InvalidParameterException")
	p.update(id, "identity-info", `{"IdentityInfo":{"Email":7}}`).Refuses("SerializationException")
	p.update(id, "identity-info", `{"IdentityInfo":{"email":"x@example.jp","FirstName":"秋子"},"identityInfo":{"LastName":"x"}}`).Must(http.StatusOK)
	p.shows(id, `!"Email"`, `"LastName":"新田"`) // F13: names are exact
}

// TestF25AMovedAddressIsToldAsFromThePages: to who had it, to who has it, to the
// other administrators; and every open reset secret ends.
func TestF25AMovedAddressIsToldAsFromThePages(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.create(map[string]any{
		"SecurityProfileIds": []string{p.profiles["Admin"]},
		"IdentityInfo":       map[string]any{"FirstName": "見", "LastName": "証", "Email": "witness@example.jp"},
	})
	admin := p.User("administrator")
	p.update(string(admin.ID), "identity-info", `{"IdentityInfo":{"Email":"moved@example.jp"}}`).Must(http.StatusOK)
	after := p.find(string(admin.ID))
	if after.SecretEpoch == admin.SecretEpoch || after.EmailSetBy == "" || after.EmailSetBy == string(admin.Username) {
		t.Errorf("epoch %d after %d, set by %q", after.SecretEpoch, admin.SecretEpoch, after.EmailSetBy)
	}
	for _, to := range []string{string(admin.Email), "moved@example.jp", "witness@example.jp"} {
		found := false
		p.view(func(tx *store.Tx) error {
			mails, err := tx.ListMessages(t.Context(), p.id, "~", 50)
			for _, m := range mails {
				found = found || string(m.To) == to
			}
			return err
		})
		if !found {
			t.Errorf("%s was not told", to)
		}
	}
	events := p.newest(1)
	if events[0].Action != "user.update" || events[0].TargetID != string(admin.ID) {
		t.Errorf("the record has %s of %s", events[0].Action, events[0].TargetName)
	}
}

// TestConcurrentUpdatesLoseNothing: updates know no version, and none undoes
// another.
func TestConcurrentUpdatesLoseNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	id, group := p.create(nil), p.group("", "名古屋")
	var all sync.WaitGroup
	for what, body := range map[string]string{
		"identity-info": `{"IdentityInfo":{"Email":"c@example.jp"}}`, "hierarchy": `{"HierarchyGroupId":"` + group + `"}`,
		"phone-config":            `{"PhoneConfig":{"PhoneType":"SOFT_PHONE","AutoAccept":true}}`,
		"config":                  `{"VoiceEnhancementConfigs":[{"Channel":"VOICE","VoiceEnhancementMode":"NONE"}]}`,
		"associate-proficiencies": `{"UserProficiencies":[{"AttributeName":"a","AttributeValue":"b","Level":1.0}]}`,
		"security-profiles":       `{"SecurityProfileIds":["` + p.profiles["QualityAnalyst"] + `"]}`,
	} {
		all.Go(func() { p.update(id, what, body).Must(http.StatusOK) })
	}
	all.Wait()
	p.shows(id, `"Email":"c@example.jp"`, `"HierarchyGroupId":"`+group, `"AutoAccept":true`, `"VoiceEnhancementMode":"NONE"`, p.profiles["QualityAnalyst"])
}

func TestUpdateUserPhoneConfigIsAWhole(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.create(map[string]any{
		"PhoneConfig":             map[string]any{"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+81312345678", "PersistentConnection": true},
		"AfterContactWorkConfigs": []any{map[string]any{"Channel": "TASK", "AfterContactWorkConfig": map[string]any{"AfterContactWorkTimeLimit": 9}}},
		"AutoAcceptConfigs":       []any{map[string]any{"Channel": "VOICE", "AutoAccept": true, "AgentFirstCallbackAutoAccept": true}},
		"VoiceEnhancementConfigs": []any{map[string]any{"Channel": "VOICE", "VoiceEnhancementMode": "VOICE_ISOLATION"}},
	})
	p.shows(id, `"AfterContactWorkTimeLimit":9`, `"AgentFirstCallbackAutoAccept":true`)
	p.update(id, "phone-config", `{"PhoneConfig":{"PhoneType":"SOFT_PHONE"}}`).Must(http.StatusOK)
	p.shows(id, `"AfterContactWorkTimeLimit":0`, `"PhoneType":"SOFT_PHONE"`, `"PersistentConnection":true`, `"VOICE_ISOLATION"`,
		`!"DeskPhoneNumber"`, `!"AfterContactWorkConfigs"`, `!"AutoAcceptConfigs"`)
	p.update(id, "phone-config", `{"PhoneConfig":{"PhoneType":"SOFT_PHONE","PersistentConnection":false}}`).Must(http.StatusOK)
	p.shows(id, `"PersistentConnection":false`)
	p.update(id, "phone-config", `{}`).Refuses("InvalidRequestException")
	p.update(id, "phone-config", `{"PhoneConfig":{"PhoneType":"DESK_PHONE","DeskPhoneNumber":"12"}}`).Refuses("InvalidParameterException")
}

func TestUpdateUserConfigIsPerChannel(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.create(nil)
	p.update(id, "config", `{"AutoAcceptConfigs":[{"Channel":"VOICE","AutoAccept":true},{"Channel":"CHAT","AutoAccept":true}],
		"AfterContactWorkConfigs":[{"Channel":"VOICE","AfterContactWorkConfig":{"AfterContactWorkTimeLimit":5},"AgentFirstCallbackAfterContactWorkConfig":{"AfterContactWorkTimeLimit":6}}],
		"PhoneNumberConfigs":[{"Channel":"VOICE","PhoneType":"DESK_PHONE","PhoneNumber":"+81312345678"}],
		"PersistentConnectionConfigs":[{"Channel":"VOICE","PersistentConnection":true}]}`).Must(http.StatusOK)
	p.shows(id, `{"AutoAccept":true,"Channel":"VOICE"}`, `{"AutoAccept":true,"Channel":"CHAT"}`, `"AfterContactWorkTimeLimit":6`, `"PhoneNumber":"+81312345678"`,
		`"PersistentConnectionConfigs":[{"Channel":"VOICE","PersistentConnection":true}]`)
	p.update(id, "config", `{"AutoAcceptConfigs":[{"Channel":"CHAT","AutoAccept":false}]}`).Must(http.StatusOK)
	p.shows(id, `{"AutoAccept":true,"Channel":"VOICE"}`, `{"AutoAccept":false,"Channel":"CHAT"}`, `"AfterContactWorkTimeLimit":5`)
	p.update(id, "config", `{}`).Must(http.StatusOK)
	p.shows(id, `{"AutoAccept":false,"Channel":"CHAT"}`)
	for body, want := range map[string]string{
		`{"AutoAcceptConfigs":[{"AutoAccept":true}]}`: "InvalidRequestException",
		`{"AutoAcceptConfigs":[null]}`:                "SerializationException",
		`{"AutoAcceptConfigs":[{"Channel":"CHAT","AutoAccept":true,"AgentFirstCallbackAutoAccept":true}]}`:                "InvalidParameterException",
		`{"AfterContactWorkConfigs":[{"Channel":"CHAT"}]}`:                                                                "InvalidRequestException",
		`{"AfterContactWorkConfigs":[{"Channel":"CHAT","AfterContactWorkConfig":{"AfterContactWorkTimeLimit":2000001}}]}`: "InvalidParameterException",
		`{"PhoneNumberConfigs":[{"Channel":"VOICE","PhoneType":"DESK_PHONE"}]}`:                                           "InvalidRequestException",
		`{"PhoneNumberConfigs":[{"Channel":"EMAIL","PhoneType":"SOFT_PHONE"}]}`:                                           "InvalidParameterException",
		`{"VoiceEnhancementConfigs":[{"Channel":"VOICE","VoiceEnhancementMode":"none"}]}`:                                 "InvalidParameterException",
		`{"PersistentConnectionConfigs":[{"Channel":"VOICE"}]}`:                                                           "InvalidRequestException",
	} {
		if a := p.update(id, "config", body); a.Fault() != want {
			t.Errorf("%s: answered %d %s, want %s", body, a.Status, a.Body, want)
		}
	}
}

func TestUserPlacesAreReplaced(t *testing.T) {
	t.Parallel()
	p := start(t)
	id, group := p.create(nil), p.group("", "札幌")
	p.update(id, "hierarchy", `{"HierarchyGroupId":"`+group+`"}`).Must(http.StatusOK)
	p.shows(id, `"HierarchyGroupId":"`+group+`"`)
	p.update(id, "hierarchy", `{}`).Must(http.StatusOK)
	p.shows(id, `!"HierarchyGroupId"`)
	p.update(id, "hierarchy", `{"HierarchyGroupId":"nowhere"}`).Refuses("InvalidParameterException")

	p.update(id, "routing-profile", `{}`).Refuses("InvalidRequestException")
	p.update(id, "routing-profile", `{"RoutingProfileId":"nowhere"}`).Refuses("InvalidParameterException")
	p.update(id, "routing-profile", `{"RoutingProfileId":"`+p.routing+`"}`).Must(http.StatusOK)

	p.update(id, "security-profiles", `{"SecurityProfileIds":["`+p.profiles["QualityAnalyst"]+`"]}`).Must(http.StatusOK)
	p.shows(id, p.profiles["QualityAnalyst"], "!"+p.profiles["Agent"])
	p.update(id, "security-profiles", `{"SecurityProfileIds":[]}`).Refuses("InvalidRequestException")
	p.update(id, "security-profiles", `{"SecurityProfileIds":["nothing"]}`).Refuses("InvalidParameterException")
	eleven := strings.Repeat(`"x",`, 10) + `"x"`
	p.update(id, "security-profiles", `{"SecurityProfileIds":[`+eleven+`]}`).Refuses("InvalidParameterException")
}

func TestDeleteUserIsOnce(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.create(nil)
	if got := string(p.Do(http.MethodDelete, p.users(id), "").Must(http.StatusOK).Body); got != "{}" {
		t.Errorf("answered %s", got)
	}
	p.Do(http.MethodDelete, p.users(id), "").Refuses("ResourceNotFoundException")
	p.Do(http.MethodGet, p.users(id), "").Refuses("ResourceNotFoundException")
}

// updates are all operations on one user, with a body that changes him.
func (p *place) updates() map[string]string {
	return map[string]string{
		"identity-info": `{"IdentityInfo":{"FirstName":"春子"}}`, "phone-config": `{"PhoneConfig":{"PhoneType":"SOFT_PHONE"}}`,
		"config":            `{"AutoAcceptConfigs":[{"Channel":"CHAT","AutoAccept":true}]}`,
		"routing-profile":   `{"RoutingProfileId":"` + p.routing + `"}`,
		"security-profiles": `{"SecurityProfileIds":["` + p.profiles["QualityAnalyst"] + `"]}`,
		"hierarchy":         `{}`, "associate-proficiencies": `{"UserProficiencies":[{"AttributeName":"a","AttributeValue":"b","Level":1}]}`,
		"proficiencies":              `{"UserProficiencies":[{"AttributeName":"a","AttributeValue":"b","Level":2}]}`,
		"disassociate-proficiencies": `{"UserProficiencies":[{"AttributeName":"a","AttributeValue":"b"}]}`,
	}
}

// TestS29S30UpdatesAreJudgedOnTheUser: a Deny on one ARN is one on this user alone,
// and users of elsewhere are unknown.
func TestS29S30UpdatesAreJudgedOnTheUser(t *testing.T) {
	t.Parallel()
	p := start(t)
	other := p.another("momiji", aikagi.ConnectManaged)
	mine, spared, theirs := p.create(nil), p.create(nil), other.create(nil)
	arn := "arn:aws:connect:" + apitest.Region + ":*:instance/" + string(p.id) + "/agent/" + spared
	as := p.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:*","Resource":"*"},
		{"Effect":"Deny","Action":"connect:*","Resource":"` + arn + `"}]}`)
	none := p.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:ListUsers","Resource":"*"}]}`)
	for _, what := range []string{"identity-info", "phone-config", "config", "routing-profile", "security-profiles", "hierarchy", "associate-proficiencies", "proficiencies", "disassociate-proficiencies"} {
		body := p.updates()[what]
		before := p.newest(1)[0].ID
		as.Do(http.MethodPost, p.users(spared, what), body).Refuses("AccessDeniedException")
		none.Do(http.MethodPost, p.users(mine, what), body).Refuses("AccessDeniedException")
		as.Do(http.MethodPost, p.users(theirs, what), body).Refuses("ResourceNotFoundException")
		as.Do(http.MethodPost, "/users/unknown/"+mine+"/"+what, body).Refuses("ResourceNotFoundException")
		if p.newest(1)[0].ID != before {
			t.Errorf("%s: a refusal was recorded", what)
		}
		as.Do(http.MethodPost, p.users(mine, what), body).Must(http.StatusOK)
		if events := p.newest(2); events[1].ID != before {
			t.Errorf("%s: recorded %s and %s", what, events[1].Action, events[0].Action)
		}
	}
	as.Do(http.MethodDelete, p.users(spared), "").Refuses("AccessDeniedException")
	as.Do(http.MethodGet, p.users(spared, "proficiencies"), "").Refuses("AccessDeniedException")
	as.Do(http.MethodGet, p.users(theirs, "proficiencies"), "").Refuses("ResourceNotFoundException")
	denied := p.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:*","Resource":"*"},
		{"Effect":"Deny","Action":"connect:*","Resource":"arn:aws:connect:*:*:instance/*/security-profile/` + p.profiles["Admin"] + `"}]}`)
	denied.Do(http.MethodPost, p.users(mine, "security-profiles"), `{"SecurityProfileIds":["`+p.profiles["Admin"]+`"]}`).Refuses("AccessDeniedException")
}

// TestS28TheLastRepairerGoesOnlyBehindEmergencyAccess: through the API the last
// user who can repair may go while somebody may enter otherwise (decision 10).
func TestS28TheLastRepairerGoesOnlyBehindEmergencyAccess(t *testing.T) {
	t.Parallel()
	p := start(t)
	other := p.another("momiji", aikagi.ConnectManaged)
	const users = `{"Effect":"Allow","Action":["connect:CreateUser","connect:DeleteUser","connect:UpdateUserSecurityProfiles"],"Resource":"*"}`
	keeper := p.As(`{"Version":"2012-10-17","Statement":[` + users + `]}`)
	var last string
	var made struct{ UserId string } //nolint:revive // Amazon's name
	keeper.Do(http.MethodPut, other.users(), other.with(map[string]any{"SecurityProfileIds": []string{other.profiles["Admin"]}})).Into(&made)
	last = made.UserId
	// Nobody may use emergency access any more but the owner, who is disabled.
	owner := p.Centre.Key.PrincipalID
	if err := p.Accounts.DisablePrincipal(asHost(t), owner); err != nil {
		t.Fatal(err)
	}
	demote := func() apitest.Answer {
		return keeper.Do(http.MethodPost, other.users(last, "security-profiles"), `{"SecurityProfileIds":["`+other.profiles["Agent"]+`"]}`)
	}
	demote().Refuses("ResourceInUseException")
	keeper.Do(http.MethodDelete, other.users(last), "").Refuses("ResourceInUseException")
	const enter = `"Effect":"Allow","Action":"connect:AdminGetEmergencyAccessToken","Resource"`
	p.As(`{"Version":"2012-10-17","Statement":[{` + enter + `:"arn:aws:connect:*:*:instance/` + string(p.id) + `"}]}`)
	p.As(`{"Version":"2012-10-17","Statement":[{` + enter + `:"*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.1"}}}]}`)
	p.As(`{"Version":"2012-10-17","Statement":[{` + enter + `:"*"},{"Effect":"Deny","Action":"connect:*","Resource":"*"}]}`)
	demote().Refuses("ResourceInUseException") // elsewhere, from somewhere, and not at all
	p.As(`{"Version":"2012-10-17","Statement":[{` + enter + `:"arn:aws:connect:*:*:instance/` + string(other.id) + `"}]}`)
	demote().Must(http.StatusOK)
	keeper.Do(http.MethodDelete, other.users(last), "").Must(http.StatusOK)
}

func TestProficienciesAreOfTheUser(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.create(nil)
	list := func(query string) (found struct {
		UserProficiencyList []map[string]any
		NextToken           string
		LastModifiedTime    float64
		LastModifiedRegion  string
	},
	) {
		p.Do(http.MethodGet, p.users(id, "proficiencies")+query, "").Into(&found)
		return found
	}
	if got := string(p.Do(http.MethodGet, p.users(id, "proficiencies"), "").Must(http.StatusOK).Body); !strings.Contains(got, `"UserProficiencyList":[]`) {
		t.Errorf("none are %s", got)
	}
	post := func(what, list string) apitest.Answer { return p.update(id, what, `{"UserProficiencies":[`+list+`]}`) }
	post("associate-proficiencies", `{"AttributeName":"a","AttributeValue":"x","Level":3.0},{"AttributeName":"a","AttributeValue":"y","Level":5}`).Must(http.StatusOK)
	post("associate-proficiencies", `{"AttributeName":"a","AttributeValue":"x","Level":3.0},{"AttributeName":"b","AttributeValue":"x","Level":1}`).Must(http.StatusOK)
	post("proficiencies", `{"AttributeName":"a","AttributeValue":"y","Level":2}`).Must(http.StatusOK)
	got := list("")
	if text := p.json(got.UserProficiencyList); text != `[{"AttributeName":"a","AttributeValue":"x","Level":3},{"AttributeName":"a","AttributeValue":"y","Level":2},{"AttributeName":"b","AttributeValue":"x","Level":1}]` ||
		got.LastModifiedTime == 0 || got.LastModifiedRegion != apitest.Region || got.NextToken != "" {
		t.Errorf("got %s %v", text, got)
	}
	page := list("?maxResults=2")
	if len(page.UserProficiencyList) != 2 || page.NextToken == "" {
		t.Fatalf("a page has %v", page)
	}
	if rest := list("?maxResults=2&nextToken=" + page.NextToken); len(rest.UserProficiencyList) != 1 || rest.NextToken != "" {
		t.Errorf("the rest is %v", rest)
	}
	post("disassociate-proficiencies", `{"AttributeName":"a","AttributeValue":"x"},{"AttributeName":"a","AttributeValue":"x"}`).Must(http.StatusOK)
	post("disassociate-proficiencies", `{"AttributeName":"a","AttributeValue":"x"}`).Must(http.StatusOK)
	if left := list("").UserProficiencyList; len(left) != 2 {
		t.Errorf("left: %v", left)
	}
	post("proficiencies", `{"AttributeName":"a","AttributeValue":"gone","Level":2}`).Refuses("ResourceNotFoundException")
	post("associate-proficiencies", ``).Must(http.StatusOK)
	p.update(id, "associate-proficiencies", `{}`).Refuses("InvalidRequestException")
	for _, bad := range []string{
		`{"AttributeName":"a","AttributeValue":"x","Level":0}`, `{"AttributeName":"a","AttributeValue":"x","Level":5.5}`, `{"AttributeName":"a","AttributeValue":"x","Level":6}`,
		`{"AttributeName":"` + strings.Repeat("x", 101) + `","AttributeValue":"x","Level":1}`,
		`{"AttributeName":"c","AttributeValue":"x","Level":1},{"AttributeName":"c","AttributeValue":"x","Level":2}`,
	} {
		post("associate-proficiencies", bad).Refuses("InvalidParameterException")
	}
	post("associate-proficiencies", `{"AttributeName":"a","AttributeValue":"x"}`).Refuses("InvalidRequestException")
	var eleven []string
	for _, c := range "abcdefghijk" {
		eleven = append(eleven, `{"AttributeName":"`+string(c)+`","AttributeValue":"z","Level":1}`)
	}
	post("associate-proficiencies", strings.Join(eleven, ",")).Refuses("InvalidParameterException")
	p.Do(http.MethodGet, p.users(id, "proficiencies")+"?maxResults=101", "").Refuses("InvalidParameterException")
	p.Do(http.MethodGet, p.users(id, "proficiencies")+"?nextToken="+page.NextToken[1:], "").Refuses("InvalidParameterException")
}
