package attack

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/aikagi/aikagi"
)

// wireDeed is what an operation of the wire is judged on, as Amazon's service
// authorization reference has it, and a request that does it. Nothing of it is
// taken from the product.
type wireDeed struct {
	on    []string // kinds of mark.arn; "account" is every resource, "…s" what is yet to be
	query string
	body  func(m mark) object
}

// object is the body of a request.
type object map[string]any

// mark is what a request of the wire aims at: one of everything that an operation
// can be about. Its rank is that of the user and of the security profile.
type mark struct {
	account  aikagi.AccountID
	instance aikagi.InstanceID
	rank     string
	name     string            // that nobody has
	ids      map[string]string // by kind
}

// arn spells a resource as Amazon does.
func (m mark) arn(kind string) string {
	instance := "arn:aws:connect:ap-northeast-1:" + string(m.account) + ":instance/" + string(m.instance)
	switch kind {
	case "account":
		return "*"
	case "instance":
		return instance
	}
	id, one := m.ids[kind]
	if !one {
		kind, id = strings.TrimSuffix(kind, "s"), "*"
	}
	return instance + "/" + map[string]string{
		"user": "agent", "security profile": "security-profile", "group": "agent-group", "routing profile": "routing-profile",
		"queue": "queue", "hours": "operating-hours", "authentication profile": "authentication-profile",
	}[kind] + "/" + id
}

// arns are those of all kinds.
func (m mark) arns(kinds []string) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = m.arn(k)
	}
	return all
}

// path fills in the pattern of an operation, for a deed on something.
func (m mark) path(pattern string, on string) string {
	return strings.NewReplacer(
		"{InstanceId}", string(m.instance), "{UserId}", m.ids["user"], "{SecurityProfileId}", m.ids["security profile"],
		"{HierarchyGroupId}", m.ids["group"], "{RoutingProfileId}", m.ids["routing profile"], "{QueueId}", m.ids["queue"],
		"{HoursOfOperationId}", m.ids["hours"], "{AuthenticationProfileId}", m.ids["authentication profile"],
		"{AttributeType}", "CONTACT_LENS", "{resourceArn}", url.PathEscape(m.arn(on)),
	).Replace(pattern)
}

func (d wireDeed) text(m mark) string {
	if d.body == nil {
		return ""
	}
	text, err := json.Marshal(d.body(m))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// asking is a deed whose request says nothing but what its path says.
func asking(on ...string) wireDeed { return wireDeed{on: on} }

func saying(body func(m mark) object, on ...string) wireDeed { return wireDeed{on: on, body: body} }

// says is a body that is the same for every mark.
func says(body object, on ...string) wireDeed {
	return saying(func(mark) object { return body }, on...)
}

// searching is a search: its body names the instance.
func searching() wireDeed {
	return saying(func(m mark) object { return object{"InstanceId": m.instance} }, "instance")
}

// wireDeeds are all operations, by the service and name of their action. One that
// is missing fails TestF01S25EveryOperationByEveryPrincipal. What is about things of
// any kind has a deed for each.
func wireDeeds() map[string][]wireDeed {
	all := map[string][]wireDeed{
		"aikagi:ListUnreachableUsers": {asking("instance")},
		"aikagi:ListUserAddresses":    {asking("instance")},
		"aikagi:SendResetMail":        {asking("user")},
		"aikagi:IssueResetCard":       {asking("user")},
		"aikagi:EndSessions":          {asking("user")},
		"aikagi:ListUserMail":         {asking("user")},
	}
	for _, kind := range []string{"user", "security profile", "group", "routing profile", "queue", "hours", "instance"} {
		for name, d := range map[string]wireDeed{
			"TagResource":         says(object{"tags": object{"team": "blue"}}, kind),
			"UntagResource":       {on: []string{kind}, query: "?tagKeys=team"},
			"ListTagsForResource": asking(kind),
		} {
			all["connect:"+name] = append(all["connect:"+name], d)
		}
	}
	for _, part := range []map[string]wireDeed{deedsOnInstances(), deedsOnUsers(), deedsOnProfilesAndGroups(), deedsOnRouting()} {
		for name, d := range part {
			all["connect:"+name] = []wireDeed{d}
		}
	}
	return all
}

func deedsOnInstances() map[string]wireDeed {
	return map[string]wireDeed{
		"CreateInstance": saying(func(m mark) object {
			return object{"IdentityManagementType": "CONNECT_MANAGED", "InstanceAlias": m.name, "InboundCallsEnabled": true, "OutboundCallsEnabled": true}
		}, "account"),
		"ListInstances":                 asking("account"),
		"DescribeInstance":              asking("instance"),
		"DeleteInstance":                asking("instance"),
		"DescribeInstanceAttribute":     asking("instance"),
		"ListInstanceAttributes":        asking("instance"),
		"UpdateInstanceAttribute":       says(object{"Value": "true"}, "instance"),
		"ListAuthenticationProfiles":    asking("instance"),
		"DescribeAuthenticationProfile": asking("authentication profile"),
		"UpdateAuthenticationProfile":   saying(func(m mark) object { return object{"Description": m.name} }, "authentication profile"),
	}
}

func deedsOnUsers() map[string]wireDeed {
	pair := object{"AttributeName": "skill", "AttributeValue": "billing"}
	levelled := object{"UserProficiencies": []object{{"AttributeName": "skill", "AttributeValue": "billing", "Level": 2.0}}}
	return map[string]wireDeed{
		"ListUsers":    asking("instance"),
		"DescribeUser": asking("user"),
		"SearchUsers":  searching(),
		"CreateUser": saying(func(m mark) object {
			return object{
				"Username": m.name, "Password": "Correct1Horse2Battery3", "PhoneConfig": object{"PhoneType": "SOFT_PHONE"},
				"IdentityInfo":       object{"FirstName": "New", "LastName": "Comer"},
				"SecurityProfileIds": []string{m.ids["security profile"]}, "RoutingProfileId": m.ids["routing profile"], "HierarchyGroupId": m.ids["group"],
			}
		}, "users", "routing profile", "security profile", "group"),
		"DeleteUser": asking("user"),
		"UpdateUserIdentityInfo": saying(func(m mark) object {
			return object{"IdentityInfo": object{"FirstName": "Mallory", "LastName": "Renamed", "Email": m.name + "@new.example"}}
		}, "user"),
		"UpdateUserPhoneConfig": says(object{"PhoneConfig": object{"PhoneType": "SOFT_PHONE", "AfterContactWorkTimeLimit": 30}}, "user"),
		"UpdateUserConfig":      says(object{"AutoAcceptConfigs": []object{{"Channel": "VOICE", "AutoAccept": true}}}, "user"),
		"UpdateUserRoutingProfile": saying(func(m mark) object {
			return object{"RoutingProfileId": m.ids["routing profile"]}
		}, "user", "routing profile"),
		"UpdateUserSecurityProfiles": saying(func(m mark) object {
			return object{"SecurityProfileIds": []string{m.ids["security profile"]}}
		}, "user", "security profile"),
		"UpdateUserHierarchy":           saying(func(m mark) object { return object{"HierarchyGroupId": m.ids["group"]} }, "user", "group"),
		"ListUserProficiencies":         asking("user", "instance"),
		"AssociateUserProficiencies":    says(object{"UserProficiencies": []object{{"AttributeName": "skill", "AttributeValue": "sales", "Level": 1.0}}}, "user", "instance"),
		"UpdateUserProficiencies":       says(levelled, "user", "instance"),
		"DisassociateUserProficiencies": says(object{"UserProficiencies": []object{pair}}, "user", "instance"),
	}
}

func deedsOnProfilesAndGroups() map[string]wireDeed {
	every := object{"Permissions": strengths()["admin"]}
	levels := object{}
	for _, level := range []string{"One", "Two", "Three", "Four", "Five"} {
		levels["Level"+level] = object{"Name": "of " + level}
	}
	return map[string]wireDeed{
		"CreateSecurityProfile": saying(func(m mark) object {
			return object{"SecurityProfileName": m.name, "Permissions": strengths()[m.rank]}
		}, "security profiles"),
		"DescribeSecurityProfile":        asking("security profile"),
		"UpdateSecurityProfile":          says(every, "security profile"),
		"DeleteSecurityProfile":          asking("security profile"),
		"ListSecurityProfiles":           asking("instance"),
		"SearchSecurityProfiles":         searching(),
		"ListSecurityProfilePermissions": asking("security profile"),
		"CreateUserHierarchyGroup":       saying(func(m mark) object { return object{"Name": m.name} }, "groups"),
		"DescribeUserHierarchyGroup":     asking("group"),
		"ListUserHierarchyGroups":        asking("instance"),
		"SearchUserHierarchyGroups":      searching(),
		"UpdateUserHierarchyGroupName":   saying(func(m mark) object { return object{"Name": m.name} }, "group"),
		"DeleteUserHierarchyGroup":       asking("group"),
		"DescribeUserHierarchyStructure": asking("instance"),
		"UpdateUserHierarchyStructure":   says(object{"HierarchyStructure": levels}, "instance"),
	}
}

func deedsOnRouting() map[string]wireDeed {
	return map[string]wireDeed{
		"ListRoutingProfiles":      asking("instance"),
		"DescribeRoutingProfile":   asking("routing profile"),
		"ListRoutingProfileQueues": asking("routing profile"),
		"SearchRoutingProfiles":    searching(),
		"ListQueues":               asking("queues"),
		"DescribeQueue":            asking("queue"),
		"ListQueueQuickConnects":   asking("queue"),
		"SearchQueues":             searching(),
		"ListHoursOfOperations":    asking("instance"),
		"DescribeHoursOfOperation": asking("hours"),
		"SearchHoursOfOperations":  searching(),
	}
}
