package connect_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
)

// place is an instance and what users of it need.
type place struct {
	*apitest.Client
	t        *testing.T
	id       aikagi.InstanceID
	routing  string
	profiles map[string]string // ids by name
}

func start(t *testing.T) *place {
	t.Helper()
	c := apitest.Start(t, apptest.Options{})
	return of(t, c, c.Centre.Instance.ID)
}

// of reads what users of an instance need.
func of(t *testing.T, c *apitest.Client, id aikagi.InstanceID) *place {
	t.Helper()
	p := &place{Client: c, t: t, id: id, profiles: map[string]string{}}
	p.view(func(tx *store.Tx) error {
		routing, err := tx.ListRoutingProfiles(t.Context(), id)
		if err != nil {
			return err
		}
		p.routing = string(routing[0].ID)
		all, err := tx.ListSecurityProfiles(t.Context(), id)
		for _, one := range all {
			p.profiles[one.Name] = string(one.ID)
		}
		return err
	})
	return p
}

// another makes one more instance on the same server.
func (p *place) another(alias string, kind aikagi.IdentityType) *place {
	p.t.Helper()
	i, err := p.Instances.Create(asHost(p.t), instance.New{Alias: alias, Identity: kind, Settings: aikagi.DefaultInstanceSettings()})
	if err != nil {
		p.t.Fatal(err)
	}
	return of(p.t, p.Client, i.ID)
}

func asHost(t *testing.T) context.Context {
	return aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Source: "cli"})
}

func (p *place) view(read func(*store.Tx) error) {
	p.t.Helper()
	if err := p.Store.View(p.t.Context(), read); err != nil {
		p.t.Fatal(err)
	}
}

// find reads a user as stored.
func (p *place) find(id string) (u aikagi.User) {
	p.t.Helper()
	p.view(func(tx *store.Tx) (err error) {
		u, err = tx.FindUser(p.t.Context(), p.id, aikagi.UserID(id))
		return err
	})
	return u
}

// newest reads the newest events of the record.
func (p *place) newest(n int) (events []aikagi.AuditEvent) {
	p.t.Helper()
	p.view(func(tx *store.Tx) (err error) {
		events, err = tx.ListAuditEvents(p.t.Context(), p.id, "~", n)
		return err
	})
	return events
}

// with is JSON of a new user with other members; nil takes one out.
func (p *place) with(other map[string]any) string {
	p.t.Helper()
	members := map[string]any{
		"Username": "new-" + aikagi.NewID()[:8], "Password": "Password1", "RoutingProfileId": p.routing,
		"SecurityProfileIds": []string{p.profiles["Agent"]},
		"IdentityInfo":       map[string]any{"FirstName": "花子", "LastName": "新田"},
		"PhoneConfig":        map[string]any{"PhoneType": "SOFT_PHONE"},
	}
	for name, value := range other {
		members[name] = value
		if value == nil {
			delete(members, name)
		}
	}
	return p.json(members)
}

func (p *place) json(v any) string {
	p.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *place) users(rest ...string) string {
	return "/users/" + string(p.id) + strings.Join(append([]string{""}, rest...), "/")
}

// create makes a user and returns its id.
func (p *place) create(other map[string]any) string {
	p.t.Helper()
	var made struct{ UserId, UserArn string } //nolint:revive // Amazon's names
	p.Do(http.MethodPut, p.users(), p.with(other)).Into(&made)
	if !strings.HasSuffix(made.UserArn, "instance/"+string(p.id)+"/agent/"+made.UserId) {
		p.t.Errorf("ARN %q of %q", made.UserArn, made.UserId)
	}
	return made.UserId
}

// describe reads a user over the wire.
func (p *place) describe(id string) (u map[string]any) {
	p.t.Helper()
	var answer struct{ User map[string]any }
	p.Do(http.MethodGet, p.users(id), "").Into(&answer)
	return answer.User
}

func TestCreateUserStoresWhatItIsGiven(t *testing.T) {
	t.Parallel()
	p := start(t)
	group := p.group("", "東京")
	before := p.newest(1)[0].ID
	id := p.create(map[string]any{
		"Username":         strings.Repeat("x", 100),
		"IdentityInfo":     map[string]any{"FirstName": "花子", "LastName": "新田", "Email": "h@example.jp", "SecondaryEmail": "s@example.jp", "Mobile": "+819012345678"},
		"PhoneConfig":      map[string]any{"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+81312345678", "AfterContactWorkTimeLimit": 7, "PersistentConnection": true},
		"HierarchyGroupId": group, "Tags": map[string]string{"Team": "A", "Empty": ""},
		"AutoAcceptConfigs":       []any{map[string]any{"Channel": "CHAT", "AutoAccept": true}},
		"VoiceEnhancementConfigs": []any{map[string]any{"Channel": "VOICE", "VoiceEnhancementMode": "NONE"}},
	})
	got := p.json(p.describe(id))
	for _, want := range []string{
		`"Username":"xxxxxxxxxx`, `"FirstName":"花子"`, `"Email":"h@example.jp"`, `"SecondaryEmail":"s@example.jp"`, `"Mobile":"+819012345678"`,
		`"PhoneType":"DESK_PHONE"`, `"DeskPhoneNumber":"+81312345678"`, `"AfterContactWorkTimeLimit":7`, `"PersistentConnection":true`,
		`"HierarchyGroupId":"` + group + `"`, `"Tags":{"Empty":"","Team":"A"}`,
		`"AutoAcceptConfigs":[{"AutoAccept":true,"Channel":"CHAT"}]`, `"VoiceEnhancementMode":"NONE"`, `"RoutingProfileId":"` + p.routing + `"`,
		`"SecurityProfileIds":["` + p.profiles["Agent"] + `"]`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	for _, secret := range []string{"Password", "argon2"} { // H27
		if strings.Contains(got, secret) {
			t.Errorf("%s is in %s", secret, got)
		}
	}
	u := p.find(id)
	if right, err := p.Hashes.Verify(t.Context(), u.PasswordHash, aikagi.NewSecret("Password1")); !right || u.MustChange {
		t.Errorf("the password is not his: %v, must change %v", err, u.MustChange)
	}
	events := p.newest(2)
	if events[0].Action != "user.create" || events[1].ID != before || events[0].ActorKind != aikagi.ActorPrincipal {
		t.Errorf("the record has %s by %s, then %s", events[0].Action, events[0].ActorKind, events[1].Action)
	}
	if changes := p.json(events[0].Changes); !strings.Contains(changes, "Team=A") || strings.Contains(changes, "Password1") {
		t.Errorf("recorded %s", changes)
	}
}

func TestCreateUserNeedsLittle(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.create(map[string]any{"PhoneConfig": nil})
	got := p.json(p.describe(id))
	if !strings.Contains(got, `"PhoneType":"SOFT_PHONE"`) || strings.Contains(got, `"Email"`) || strings.Contains(got, "null") {
		t.Errorf("got %s", got)
	}
}

func TestCreateUserRefuses(t *testing.T) {
	t.Parallel()
	p := start(t)
	other := p.another("momiji", aikagi.ConnectManaged)
	taken := string(p.User("agent").Username)
	const unknown = "00000000-0000-4000-8000-000000000000"
	identity := func(more map[string]any) map[string]any {
		all := map[string]any{"FirstName": "花子", "LastName": "新田"}
		for k, v := range more {
			all[k] = v
		}
		return map[string]any{"IdentityInfo": all}
	}
	const request, parameter = "InvalidRequestException", "InvalidParameterException"
	for name, c := range map[string]struct {
		other map[string]any
		want  string
	}{
		"no user name":                 {map[string]any{"Username": nil}, request},
		"no profile":                   {map[string]any{"SecurityProfileIds": nil}, request},
		"an empty list of profiles":    {map[string]any{"SecurityProfileIds": []string{}}, request},
		"no routing profile":           {map[string]any{"RoutingProfileId": nil}, request},
		"no password":                  {map[string]any{"Password": nil}, request},
		"no first name":                {map[string]any{"IdentityInfo": map[string]any{"LastName": "新田"}}, request},
		"no names":                     {map[string]any{"IdentityInfo": nil}, request},
		"a directory":                  {map[string]any{"DirectoryUserId": "d"}, request},
		"a short password":             {map[string]any{"Password": "Passw0r"}, parameter},
		"no digit":                     {map[string]any{"Password": "Password"}, parameter},
		"no upper case":                {map[string]any{"Password": "password1"}, parameter},
		"a blank":                      {map[string]any{"Password": "Pass word1"}, parameter},
		"65 characters":                {map[string]any{"Password": "Pa1" + strings.Repeat("x", 62)}, parameter},
		"101 characters":               {map[string]any{"Username": strings.Repeat("x", 101)}, parameter},
		"an @ that makes no address":   {map[string]any{"Username": "a@b"}, parameter},
		"a space in the name":          {map[string]any{"Username": "a b"}, parameter},
		"a decomposed name":            {identity(map[string]any{"FirstName": "か\u3099"}), parameter},
		"a long last name":             {identity(map[string]any{"LastName": strings.Repeat("x", 257)}), parameter},
		"a broken address":             {identity(map[string]any{"Email": "x@"}), parameter},
		"a number without +":           {identity(map[string]any{"Mobile": "0312345678"}), parameter},
		"an unknown profile":           {map[string]any{"SecurityProfileIds": []string{unknown}}, parameter},
		"another instance's profile":   {map[string]any{"SecurityProfileIds": []string{other.profiles["Agent"]}}, parameter},
		"a profile twice":              {map[string]any{"SecurityProfileIds": []string{p.profiles["Agent"], p.profiles["Agent"]}}, parameter},
		"another's routing profile":    {map[string]any{"RoutingProfileId": other.routing}, parameter},
		"an unknown group":             {map[string]any{"HierarchyGroupId": unknown}, parameter},
		"an unknown phone":             {map[string]any{"PhoneConfig": map[string]any{"PhoneType": "FAX"}}, parameter},
		"a desk phone without number":  {map[string]any{"PhoneConfig": map[string]any{"PhoneType": "DESK_PHONE"}}, request},
		"a negative limit":             {map[string]any{"PhoneConfig": map[string]any{"AfterContactWorkTimeLimit": -1}}, parameter},
		"too long a limit":             {map[string]any{"PhoneConfig": map[string]any{"AfterContactWorkTimeLimit": 2_000_001}}, parameter},
		"a limit that is no number":    {map[string]any{"PhoneConfig": map[string]any{"AfterContactWorkTimeLimit": "7"}}, "SerializationException"},
		"a tag of Amazon's":            {map[string]any{"Tags": map[string]string{"aws:x": "1"}}, parameter},
		"a tag with null":              {map[string]any{"Tags": map[string]any{"x": nil}}, "InvalidRequestException"},
		"a taken name":                 {map[string]any{"Username": taken}, "DuplicateResourceException"},
		"a channel twice":              {map[string]any{"AutoAcceptConfigs": []any{map[string]any{"Channel": "CHAT", "AutoAccept": true}, map[string]any{"Channel": "CHAT", "AutoAccept": false}}}, parameter},
		"an unknown channel":           {map[string]any{"AutoAcceptConfigs": []any{map[string]any{"Channel": "FAX", "AutoAccept": true}}}, parameter},
		"a channel without value":      {map[string]any{"AutoAcceptConfigs": []any{map[string]any{"Channel": "CHAT"}}}, request},
		"what only voice has, of chat": {map[string]any{"PersistentConnectionConfigs": []any{map[string]any{"Channel": "CHAT", "PersistentConnection": true}}}, parameter},
		"an unknown mode":              {map[string]any{"VoiceEnhancementConfigs": []any{map[string]any{"Channel": "VOICE", "VoiceEnhancementMode": "LOUD"}}}, parameter},
		"auto accept twice": {map[string]any{
			"PhoneConfig": map[string]any{"AutoAccept": false}, "AutoAcceptConfigs": []any{map[string]any{"Channel": "CHAT", "AutoAccept": true}},
		}, request},
		"a phone type twice": {map[string]any{
			"PhoneConfig": map[string]any{"PhoneType": "SOFT_PHONE"}, "PhoneNumberConfigs": []any{map[string]any{"Channel": "VOICE", "PhoneType": "SOFT_PHONE"}},
		}, request},
		"a limit twice": {map[string]any{
			"PhoneConfig":             map[string]any{"AfterContactWorkTimeLimit": 1},
			"AfterContactWorkConfigs": []any{map[string]any{"Channel": "CHAT", "AfterContactWorkConfig": map[string]any{"AfterContactWorkTimeLimit": 1}}},
		}, request},
	} {
		before := p.newest(1)[0].ID
		answer := p.Do(http.MethodPut, p.users(), p.with(c.other))
		if answer.Fault() != c.want {
			t.Errorf("%s: answered %d %s, want %s: %s", name, answer.Status, answer.Fault(), c.want, answer.Body)
		}
		if p.newest(1)[0].ID != before {
			t.Errorf("%s: something was recorded", name)
		}
	}
	p.Do(http.MethodPut, "/users/"+unknown, p.with(nil)).Refuses("ResourceNotFoundException")
}

// TestH22IdentityIsOfWhoKeepsIt: what may be given depends on where people prove
// who they are.
func TestH22IdentityIsOfWhoKeepsIt(t *testing.T) {
	t.Parallel()
	p := start(t)
	saml, directory := p.another("saml", aikagi.SAML), p.another("corp", aikagi.ExistingDirectory)
	names := func(more ...string) map[string]any {
		all := map[string]any{"FirstName": "花子", "LastName": "新田"}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for name, c := range map[string]struct {
		where *place
		other map[string]any
		want  string
	}{
		"SAML":                          {saml, map[string]any{"Password": nil}, ""},
		"SAML, second address":          {saml, map[string]any{"Password": nil, "IdentityInfo": names("SecondaryEmail", "s@example.jp")}, ""},
		"SAML, 300 characters":          {saml, map[string]any{"Password": nil, "IdentityInfo": names("LastName", strings.Repeat("x", 300))}, ""},
		"SAML, 301 characters":          {saml, map[string]any{"Password": nil, "IdentityInfo": names("LastName", strings.Repeat("x", 301))}, "InvalidParameterException"},
		"SAML with password":            {saml, nil, "InvalidParameterException"},
		"SAML with address":             {saml, map[string]any{"Password": nil, "IdentityInfo": names("Email", "h@example.jp")}, "InvalidParameterException"},
		"SAML without names":            {saml, map[string]any{"Password": nil, "IdentityInfo": nil}, "InvalidRequestException"},
		"a directory":                   {directory, map[string]any{"Password": nil, "IdentityInfo": nil}, ""},
		"a directory brings an address": {directory, map[string]any{"Password": nil, "IdentityInfo": names("Email", "h@example.jp")}, ""},
		"a directory with password":     {directory, map[string]any{"IdentityInfo": nil}, "InvalidParameterException"},
	} {
		if answer := p.Do(http.MethodPut, c.where.users(), c.where.with(c.other)); answer.Fault() != c.want {
			t.Errorf("%s: answered %d %s, want %q: %s", name, answer.Status, answer.Fault(), c.want, answer.Body)
		}
	}
	id := saml.create(map[string]any{"Password": nil})
	saml.update(id, "identity-info", `{"IdentityInfo":{"Email":"h@example.jp"}}`).Refuses("InvalidParameterException")
	saml.update(id, "identity-info", `{"IdentityInfo":{"FirstName":"春子"}}`).Must(http.StatusOK)
	id = directory.create(map[string]any{"Password": nil, "IdentityInfo": names("Email", "h@example.jp")})
	for _, given := range []string{`"FirstName":"春子"`, `"LastName":""`, `"Email":"x@example.jp"`, `"Email":""`} {
		directory.update(id, "identity-info", `{"IdentityInfo":{`+given+`}}`).Refuses("InvalidParameterException")
	}
	directory.update(id, "identity-info", `{"IdentityInfo":{"Mobile":"+819012345678","Email":"h@example.jp"}}`).Must(http.StatusOK)
}

// TestH23ARetryGivesOneUser: who got no answer asks again, at the same time or
// later, with the same bytes.
func TestH23ARetryGivesOneUser(t *testing.T) {
	t.Parallel()
	p := start(t)
	body := p.with(map[string]any{"Username": "once"})
	answers := make([]apitest.Answer, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = p.Do(http.MethodPut, p.users(), body) })
	}
	all.Wait()
	made := 0
	for _, a := range answers {
		if a.Status == http.StatusOK {
			made++
		} else if a.Fault() != "DuplicateResourceException" {
			t.Errorf("answered %d %s", a.Status, a.Body)
		}
	}
	if made != 1 {
		t.Errorf("%d users were made", made)
	}
}

// TestS30CreateUserIsJudgedOnAllThatItGives: the user that is to be, the routing
// profile, each security profile, the group, and the tags.
func TestS30CreateUserIsJudgedOnAllThatItGives(t *testing.T) {
	t.Parallel()
	p := start(t)
	group := p.group("", "大阪")
	arn := "arn:aws:connect:" + apitest.Region + ":*:instance/" + string(p.id)
	given := map[string]any{
		"SecurityProfileIds": []string{p.profiles["Agent"], p.profiles["QualityAnalyst"]}, "HierarchyGroupId": group, "Tags": map[string]string{"Team": "A"},
	}
	const all = `{"Effect":"Allow","Action":"connect:*","Resource":"*"}`
	deny := func(resource string) string {
		return all + `,{"Effect":"Deny","Action":"connect:CreateUser","Resource":"` + resource + `"}`
	}
	for name, c := range map[string]struct {
		statements string
		want       string
	}{
		"everything":       {all, ""},
		"nothing":          {`{"Effect":"Allow","Action":"connect:DescribeUser","Resource":"*"}`, "AccessDeniedException"},
		"no users":         {deny(arn + "/agent/*"), "AccessDeniedException"},
		"one profile":      {deny(arn + "/security-profile/" + p.profiles["QualityAnalyst"]), "AccessDeniedException"},
		"the routing":      {deny(arn + "/routing-profile/" + p.routing), "AccessDeniedException"},
		"the group":        {deny(arn + "/agent-group/" + group), "AccessDeniedException"},
		"another profile":  {deny(arn + "/security-profile/" + p.profiles["Admin"]), ""},
		"another instance": {`{"Effect":"Allow","Action":"connect:*","Resource":"` + arn[:len(arn)-1] + `x*"}`, "AccessDeniedException"},
		"another team": {
			all + `,{"Effect":"Deny","Action":"connect:CreateUser","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestTag/Team":"B"}}}`,
			"AccessDeniedException",
		},
		"this team": {
			all + `,{"Effect":"Deny","Action":"connect:CreateUser","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestTag/Team":"A"}}}`, "",
		},
	} {
		as := p.As(`{"Version":"2012-10-17","Statement":[` + c.statements + `]}`)
		if answer := as.Do(http.MethodPut, p.users(), p.with(given)); answer.Fault() != c.want {
			t.Errorf("%s: answered %d %s, want %q: %s", name, answer.Status, answer.Fault(), c.want, answer.Body)
		}
	}
}
