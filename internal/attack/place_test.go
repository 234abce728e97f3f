package attack

import (
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// place is an instance with one of everything, and a person of each strength.
// Every text in it is what text makes of its name.
type place struct {
	grant    aikagi.GrantID // of the latest emergency access
	instance aikagi.Instance
	text     func(name string) string
	profile  map[string]aikagi.SecurityProfileID
	user     map[string]aikagi.User
	target   aikagi.User // on whom the texts are; holds nothing
	routing  aikagi.RoutingProfileID
	ids      map[string]string // what stands for {id} below a path
}

// itself is the usual text: its own name.
func itself(name string) string { return name }

func (s *siege) place(alias string, text func(name string) string) *place {
	s.t.Helper()
	p := &place{
		text: text, profile: map[string]aikagi.SecurityProfileID{}, user: map[string]aikagi.User{}, ids: map[string]string{},
		instance: aikagi.Instance{
			ID: aikagi.InstanceID(aikagi.NewID()), Alias: alias, IdentityType: aikagi.ConnectManaged,
			CreatedAt: s.Clock.Now(), Settings: aikagi.DefaultInstanceSettings(), Version: 1,
		},
	}
	p.instance.Settings.DisplayName, p.instance.Settings.Contact = text("display name"), text("contact")
	s.update(func(tx *store.Tx) error {
		return first(s.t, tx, p,
			(*place).furniture, (*place).people, (*place).labels, (*place).records, (*place).account)
	})
	return p
}

func first(t *testing.T, tx *store.Tx, p *place, steps ...func(*place, *testing.T, *store.Tx) error) error {
	for _, step := range steps {
		if err := step(p, t, tx); err != nil {
			return err
		}
	}
	return nil
}

// strengths are the profiles, each with its holder of the same name. Almost
// lacks one guarded power; editor is the article's.
func strengths() map[string][]aikagi.Permission {
	var admin []aikagi.Permission
	for _, d := range aikagi.DefaultSecurityProfiles() {
		if d.Name == "Admin" {
			admin = d.Permissions
		}
	}
	var almost []aikagi.Permission
	for _, p := range admin {
		if p != aikagi.SecurityProfilesDelete {
			almost = append(almost, p)
		}
	}
	return map[string][]aikagi.Permission{
		"admin": admin, "almost": almost, "editor": {aikagi.UsersView, aikagi.UsersEdit},
		"viewer": {aikagi.UsersView}, "agent": {aikagi.BasicAgentAccess}, "nobody": {},
	}
}

func (p *place) furniture(t *testing.T, tx *store.Tx) error {
	ctx, i := t.Context(), p.instance
	if err := tx.InsertInstance(ctx, i); err != nil {
		return err
	}
	p.routing = aikagi.RoutingProfileID(aikagi.NewID())
	err := tx.InsertRoutingProfile(ctx, aikagi.RoutingProfile{
		InstanceID: i.ID, ID: p.routing, Name: p.text("routing profile"), CreatedAt: i.CreatedAt,
	})
	if err != nil {
		return err
	}
	for name, held := range strengths() {
		p.profile[name] = aikagi.SecurityProfileID(aikagi.NewID())
		profile := aikagi.SecurityProfile{
			InstanceID: i.ID, ID: p.profile[name], Name: name, Permissions: held, CreatedAt: i.CreatedAt, UpdatedAt: i.CreatedAt,
		}
		if name == "nobody" {
			profile.Name, profile.Description = p.text("profile"), p.text("description")
			profile.Permissions = []aikagi.Permission{aikagi.Permission(strings.ReplaceAll(p.text("Permission"), " ", ""))}
		}
		if err := tx.InsertSecurityProfile(ctx, profile); err != nil {
			return err
		}
	}
	var levels []store.HierarchyLevel
	for range 5 {
		levels = append(levels, store.HierarchyLevel{Name: p.text("level"), UpdatedAt: i.CreatedAt})
	}
	if err := tx.ReplaceHierarchyLevels(ctx, i.ID, levels); err != nil {
		return err
	}
	top := aikagi.HierarchyGroup{
		InstanceID: i.ID, ID: aikagi.HierarchyGroupID(aikagi.NewID()), Level: 1, Name: p.text("group"), CreatedAt: i.CreatedAt,
	}
	below := top
	below.ID, below.ParentID, below.Level = aikagi.HierarchyGroupID(aikagi.NewID()), top.ID, 2
	p.ids["/admin/hierarchy/"], p.ids["group below"] = string(top.ID), string(below.ID)
	p.ids["/admin/profiles/"] = string(p.profile["nobody"])
	if err := tx.InsertHierarchyGroup(ctx, top); err != nil {
		return err
	}
	return tx.InsertHierarchyGroup(ctx, below)
}

func (p *place) people(t *testing.T, tx *store.Tx) error {
	for name := range strengths() {
		u := aikagi.User{
			InstanceID: p.instance.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(name),
			FirstName: p.text("first name of " + name), LastName: p.text("last name of " + name),
			Email: aikagi.Email(name + "@" + p.instance.Alias + ".example"), Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone},
			RoutingProfileID: p.routing, SecurityProfileIDs: []aikagi.SecurityProfileID{p.profile[name]},
			Enabled: true, PasswordHash: "$argon2id$none", CreatedAt: p.instance.CreatedAt, UpdatedAt: p.instance.CreatedAt,
			EmailSetBy: p.text("who set it"), EmailSetAt: p.instance.CreatedAt,
		}
		if name == "nobody" {
			u.Username, u.Email = aikagi.Username(p.text("username")), ""
			u.SecondaryEmail, u.Mobile = aikagi.Email(p.text("second@address")), p.text("mobile")
			u.Phone = aikagi.PhoneConfig{Type: aikagi.DeskPhone, DeskPhoneNumber: p.text("desk phone")}
			u.HierarchyGroupID = aikagi.HierarchyGroupID(p.ids["group below"])
		}
		if err := tx.InsertUser(t.Context(), u); err != nil {
			return err
		}
		stored, err := tx.FindUser(t.Context(), u.InstanceID, u.ID)
		if err != nil {
			return err
		}
		p.user[name] = stored
	}
	p.target = p.user["nobody"]
	p.ids["/admin/users/"] = string(p.target.ID)
	return nil
}

func (p *place) labels(t *testing.T, tx *store.Tx) error {
	ctx, i := t.Context(), p.instance.ID
	for kind, id := range map[aikagi.ResourceKind]string{
		aikagi.ResourceUser: string(p.target.ID), aikagi.ResourceHierarchyGroup: p.ids["/admin/hierarchy/"],
		aikagi.ResourceSecurityProfile: p.ids["/admin/profiles/"],
	} {
		tags := []aikagi.Tag{{Key: p.text("tag"), Value: p.text("value")}}
		if err := tx.ReplaceTags(ctx, i, aikagi.Resource{Kind: kind, ID: id}, tags); err != nil {
			return err
		}
	}
	err := tx.ReplaceProficiencies(ctx, i, p.target.ID, []aikagi.Proficiency{{
		Attribute: p.text("attribute"), Value: p.text("language"), Level: 3,
	}})
	if err != nil {
		return err
	}
	return tx.InsertSession(ctx, aikagi.Session{
		InstanceID: i, ID: aikagi.SessionID(aikagi.NewID()), Digest: []byte(aikagi.NewID()), UserID: p.target.ID,
		CreatedAt: p.instance.CreatedAt, ExpiresAt: p.instance.CreatedAt.Add(aikagi.SessionTTL),
		Address: p.text("address"), UserAgent: p.text("browser"),
	})
}

func (p *place) records(t *testing.T, tx *store.Tx) error {
	ctx, now := t.Context(), p.instance.CreatedAt
	q := aikagi.ResetRequest{
		InstanceID: p.instance.ID, ID: aikagi.ResetRequestID(aikagi.NewID()), Username: p.text("typed name"),
		Address: p.text("address"), Locale: aikagi.Japanese, CreatedAt: now,
	}
	if err := tx.InsertRequest(ctx, q); err != nil {
		return err
	}
	q.State, q.Reason, q.UserID, q.Count, q.AnsweredAt = aikagi.RequestWaiting, aikagi.ReasonNoEmail, p.target.ID, 2, now
	if err := tx.AnswerRequest(ctx, q); err != nil {
		return err
	}
	p.ids["/admin/requests/"] = string(q.ID)
	if err := p.mail(t, tx); err != nil {
		return err
	}
	table := "username,hierarchy_group\n" + string(p.user["agent"].Username) + `,"` + strings.ReplaceAll(ends(p.text("in a table")), `"`, `""`) + "\"\n"
	i := p.uploaded(aikagi.Actor{Kind: aikagi.ActorUser, UserID: p.user["admin"].ID}, p.text("file name"), table)
	p.ids["/admin/import/"] = string(i.ID)
	if err := tx.InsertImport(ctx, i); err != nil {
		return err
	}
	for _, instance := range []aikagi.InstanceID{p.instance.ID, ""} {
		e := aikagi.AuditEvent{
			InstanceID: instance, ID: aikagi.AuditEventID(aikagi.NewOrderedID()), At: now, ActorKind: aikagi.ActorUser,
			ActorID: p.text("actor id"), ActorName: p.text("actor"), Action: p.text("action"), TargetKind: "user",
			TargetID: string(p.target.ID), TargetName: p.text("target"), Outcome: "ok", Source: p.text("source"),
			Address: p.text("address"), RequestID: p.text("request"), Note: p.text("note"),
			Changes: []aikagi.Change{{Field: p.text("field"), Before: p.text("before"), After: p.text("after")}},
		}
		if err := tx.InsertAuditEvent(ctx, e); err != nil {
			return err
		}
		if instance != "" {
			p.ids["/admin/audit/"] = string(e.ID)
		}
	}
	return tx.InsertGrant(ctx, aikagi.EmergencyGrant{
		ID: aikagi.GrantID(aikagi.NewID()), InstanceID: p.instance.ID, PrincipalID: "gone", PrincipalName: p.text("principal"),
		Reason: p.text("reason"), Digest: []byte(aikagi.NewID()), Address: p.text("address"), CreatedAt: now.Add(-time.Hour), StartBefore: now,
	})
}

// uploaded is a table of users that somebody chose and has not confirmed.
func (p *place) uploaded(by aikagi.Actor, name, table string) aikagi.Import {
	return aikagi.Import{
		InstanceID: p.instance.ID, ID: aikagi.ImportID(aikagi.NewOrderedID()), Actor: by, FileName: name, File: []byte(table),
		State: aikagi.ImportShown, Rows: 1, CreatedAt: p.instance.CreatedAt,
	}
}

// mail leaves a message that was given up: nobody will send it.
func (p *place) mail(t *testing.T, tx *store.Tx) error {
	now := p.instance.CreatedAt
	m := aikagi.Message{
		InstanceID: p.instance.ID, ID: aikagi.MessageID(aikagi.NewOrderedID()), UserID: p.target.ID, Kind: aikagi.MailInvite,
		To: aikagi.Email(p.text("to@address")), HeaderID: p.text("message id"), Sealed: []byte{}, RunAt: now,
		ExpiresAt: now.Add(aikagi.InviteTTL), CreatedAt: now, State: aikagi.MessageWaiting,
	}
	p.ids["/admin/mail/"] = string(m.ID)
	if err := tx.InsertMessage(t.Context(), m); err != nil {
		return err
	}
	m, err := tx.ClaimMessage(t.Context(), now, now.Add(time.Hour))
	if err != nil {
		return err
	}
	m.State, m.LastReply, m.DoneAt, m.Sealed = aikagi.MessageFailed, p.text("reply"), now, nil
	return tx.RecordAttempt(t.Context(), m, aikagi.Attempt{
		MessageID: m.ID, Number: 1, At: now, Outcome: p.text("outcome"), Reply: p.text("reply"),
	})
}

// account adds to the account plane what belongs to the place.
func (p *place) account(t *testing.T, tx *store.Tx) error {
	ctx, now := t.Context(), p.instance.CreatedAt
	principal := aikagi.Principal{
		ID: aikagi.PrincipalID(aikagi.NewID()), Name: p.text("principal of " + p.instance.Alias), Enabled: true, CreatedAt: now,
	}
	policy := aikagi.Policy{
		ID: aikagi.PolicyID(aikagi.NewID()), Name: p.text("policy of " + p.instance.Alias), CreatedAt: now, Version: 1,
		Document: `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Action":"none:None","Resource":"*"}]}` +
			strings.Repeat(" ", 1+len(p.text("document"))),
	}
	key := aikagi.AccessKey{
		ID: aikagi.AccessKeyID("AKIA" + strings.ToUpper(p.instance.Alias)), PrincipalID: principal.ID, Sealed: []byte{1}, Enabled: true, CreatedAt: now,
	}
	p.ids["/account/instances/"], p.ids["/account/principals/"] = string(p.instance.ID), string(principal.ID)
	p.ids["/account/policies/"], p.ids["{key}"] = string(policy.ID), string(key.ID)
	if err := tx.InsertPrincipal(ctx, principal); err != nil {
		return err
	}
	if err := tx.InsertPolicy(ctx, policy); err != nil {
		return err
	}
	if err := tx.AttachPolicy(ctx, principal.ID, policy.ID); err != nil {
		return err
	}
	return tx.InsertAccessKey(ctx, key)
}

// address puts the place's things into the pattern of a route; a placeholder
// that is not known here fails the test, so that no new route is left out.
func (p *place) address(t *testing.T, r route) string {
	t.Helper()
	path := r.path
	if before, after, ok := strings.Cut(path, "{id}"); ok {
		id := p.ids[strings.TrimPrefix(before, "/i/{alias}")]
		if before == "/dev/mail/" {
			id = "1"
		}
		if id == "" {
			t.Fatalf("%s: nothing stands for {id} here; add one to place", r)
		}
		path = before + id + after
	}
	for placeholder, value := range map[string]string{
		"{alias}": p.instance.Alias, "{key}": p.ids["{key}"], "{token}": "no-such-token", "{file}": "picture.png",
		"{name}": "AdministratorAccess", "{$}": "",
	} {
		path = strings.ReplaceAll(path, placeholder, value)
	}
	if strings.Contains(path, "{") {
		t.Fatalf("%s: a placeholder that is not known here", r)
	}
	return path
}

// ends is a text short enough for a cell: how it begins and how it ends.
func ends(s string) string {
	if r := []rune(s); len(r) > 1000 {
		return string(r[:980]) + string(r[len(r)-20:])
	}
	return s
}
