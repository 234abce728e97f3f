package aikagi

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Permission is one thing a security profile allows, named as Amazon Connect
// names it on the wire: "Users.Edit". Amazon adds names all the time, so a name
// that is not in the catalogue is kept as it is and gives nothing.
type Permission string

// The permissions that rules of this module ask for.
const (
	UsersView             Permission = "Users.View"
	UsersCreate           Permission = "Users.Create"
	UsersEdit             Permission = "Users.Edit"
	UsersDelete           Permission = "Users.Delete"
	UsersEditPermission   Permission = "Users.EditPermission"
	UsersEnableAndDisable Permission = "Users.EnableAndDisable"

	SecurityProfilesView   Permission = "SecurityProfiles.View"
	SecurityProfilesCreate Permission = "SecurityProfiles.Create"
	SecurityProfilesEdit   Permission = "SecurityProfiles.Edit"
	SecurityProfilesDelete Permission = "SecurityProfiles.Delete"

	AgentGroupingView             Permission = "AgentGrouping.View"
	AgentGroupingCreate           Permission = "AgentGrouping.Create"
	AgentGroupingEdit             Permission = "AgentGrouping.Edit"
	AgentGroupingEnableAndDisable Permission = "AgentGrouping.EnableAndDisable"

	HistoricalChangesView Permission = "HistoricalChanges.View"
	agentTimeCardView     Permission = "AgentTimeCard.View"
	BasicAgentAccess      Permission = "BasicAgentAccess"
	outboundCallAccess    Permission = "OutboundCallAccess"
)

// Resource returns the part before the last dot: the row of the page that
// shows the permission.
func (p Permission) Resource() string {
	resource, _ := p.split()
	return resource
}

// Action returns the part after the last dot, and "" for a name without one
// (BasicAgentAccess): the column of the page.
func (p Permission) Action() string {
	_, action := p.split()
	return action
}

func (p Permission) split() (resource, action string) {
	i := strings.LastIndexByte(string(p), '.')
	if i < 0 {
		return string(p), ""
	}
	return string(p[:i]), string(p[i+1:])
}

// Known reports whether p is in the catalogue.
func (p Permission) Known() bool { return permissionCatalogue().Has(p) }

// Restricts reports whether p takes something away from whoever holds it; the
// Admin profile of a new instance leaves these out.
func (p Permission) Restricts() bool {
	switch p {
	case "RestrictTaskCreation.Access", "RestrictPhoneTypeSettings.Access",
		"RestrictContactAccessByHierarchy.View", "RequireEndContactConfirmation.Enabled":
		return true
	}
	return false
}

// Permissions is a set of permissions.
type Permissions map[Permission]struct{}

// NewPermissions makes a set of the names given.
func NewPermissions(names ...Permission) Permissions {
	s := make(Permissions, len(names))
	for _, p := range names {
		s[p] = struct{}{}
	}
	return s
}

// Has reports whether every one of names is in the set.
func (s Permissions) Has(names ...Permission) bool {
	for _, p := range names {
		if _, ok := s[p]; !ok {
			return false
		}
	}
	return true
}

// Union returns a new set with the members of s and of others.
func (s Permissions) Union(others ...Permissions) Permissions {
	all := maps.Clone(s)
	if all == nil {
		all = Permissions{}
	}
	for _, o := range others {
		maps.Copy(all, o)
	}
	return all
}

// Missing returns, sorted, those of wanted that s lacks.
func (s Permissions) Missing(wanted Permissions) []Permission {
	var missing []Permission
	for p := range wanted {
		if !s.Has(p) {
			missing = append(missing, p)
		}
	}
	slices.Sort(missing)
	return missing
}

// Sorted returns the members in byte order.
func (s Permissions) Sorted() []Permission { return slices.Sorted(maps.Keys(s)) }

// Effective returns what a user may do who holds the profiles with these
// permission lists: their union, with the prerequisites of each member. A name
// outside the catalogue stays in the set, brings no prerequisite, and no rule
// asks for it.
func Effective(profiles ...[]Permission) Permissions {
	all := Permissions{}
	for _, names := range profiles {
		for _, p := range names {
			all[p] = struct{}{}
			for _, q := range prerequisites(p) {
				all[q] = struct{}{}
			}
		}
	}
	return all
}

// prerequisites returns what p is of no use without, which the page selects
// together with p: whoever may change a thing may see it. Amazon's page also
// selects dependent resources; those lists are not public.
func prerequisites(p Permission) []Permission {
	resource, action := p.split()
	switch action {
	case "Create", "Edit", "Delete", "Remove", "EditPermission", "EnableAndDisable":
	default:
		return nil
	}
	view := Permission(resource + ".View")
	if !p.Known() || !view.Known() {
		return nil
	}
	return []Permission{view}
}

// GuardedPermissions returns the powers that let their holder make somebody
// stronger or shut somebody out, with those that an instance has added. An
// instance adds to this list and never takes away from it.
func GuardedPermissions(added ...Permission) Permissions {
	return NewPermissions(
		UsersCreate, UsersEdit, UsersDelete, UsersEditPermission, UsersEnableAndDisable,
		SecurityProfilesCreate, SecurityProfilesEdit, SecurityProfilesDelete,
		AgentGroupingCreate, AgentGroupingEdit, AgentGroupingEnableAndDisable,
	).Union(NewPermissions(added...))
}

// PowersLacked returns, sorted, the guarded powers that target holds and actor
// does not. As long as there is one, actor may not change the ways in of a user
// with target's permissions, nor give a profile with them.
func PowersLacked(actor, target, guarded Permissions) []Permission {
	held := Permissions{}
	for p := range guarded {
		if target.Has(p) {
			held[p] = struct{}{}
		}
	}
	return actor.Missing(held)
}

// CanRepair reports whether a user with these effective permissions could bring
// an instance back in order: see users, edit them and give them profiles.
func CanRepair(perms Permissions) bool {
	return perms.Has(UsersView, UsersEdit, UsersEditPermission)
}

// DefaultSecurityProfile is a security profile that a new instance starts with.
type DefaultSecurityProfile struct {
	Name        string
	Description string
	Permissions []Permission
}

// DefaultSecurityProfiles returns the profiles of a new instance, in the order
// they are made. Names and purposes are Amazon Connect's. The list of Admin
// follows what live instances show; what the other three hold is not published,
// so their lists are ours: the least that serves the documented purpose.
func DefaultSecurityProfiles() []DefaultSecurityProfile {
	return []DefaultSecurityProfile{
		{"Admin", "Administrators may do everything in the instance.", adminPermissions()},
		{"Agent", "Agents take and place calls in the contact control panel.", []Permission{BasicAgentAccess, outboundCallAccess}},
		{"CallCenterManager", "Managers look after users, routing and the figures of the day.", managerPermissions()},
		{"QualityAnalyst", "Analysts watch live figures and review contacts to improve the service.", analystPermissions()},
	}
}

func adminPermissions() []Permission {
	all := permissionCatalogue().Sorted()
	return slices.DeleteFunc(all, Permission.Restricts)
}

// managerPermissions leaves out Users.EditPermission and every change of a
// security profile, so that a manager cannot make an administrator.
func managerPermissions() []Permission {
	return permissionRows(
		"Users View Edit Create Delete EnableAndDisable", "AgentGrouping View Edit Create EnableAndDisable",
		"SecurityProfiles View", "AgentStates View Edit Create EnableAndDisable",
		"RoutingPolicies View Edit Create", "TransferDestinations View Edit Create Delete",
		"HoursOfOperation View Edit Create Delete", "Queues View Edit Create EnableAndDisable",
		"Prompts View", "ContactFlows View", "PhoneNumbers View",
		"BasicAgentAccess", "OutboundCallAccess", "RealtimeContactLens View",
		"AccessMetrics", "AccessMetrics.RealTimeMetrics Access", "AccessMetrics.HistoricalMetrics Access",
		"AccessMetrics.AgentActivityAudit Access", "AccessMetrics.Dashboards Access",
		"ContactSearch View", "ContactAttributes View", "AgentTimeCard View", "ManagerListenIn", "ManagerBargeIn",
		"MetricsReports View Edit Create Delete Share Publish Schedule", "ReportSchedules View Edit Create Delete",
		"HistoricalChanges View",
	)
}

func analystPermissions() []Permission {
	return permissionRows(
		"Users View", "BasicAgentAccess", "RealtimeContactLens View",
		"AccessMetrics", "AccessMetrics.RealTimeMetrics Access", "AccessMetrics.HistoricalMetrics Access",
		"AccessMetrics.Dashboards Access", "ContactSearch View", "ContactSearchWithCharacteristics Access View",
		"ContactSearchWithKeywords Access View", "ContactAttributes View", "GraphTrends View",
		"ContactLensPostContactSummary View", "Rules View", "ManagerListenIn",
		"MetricsReports View Edit Create Delete", "Evaluation View Edit Create Delete", "EvaluationForms View",
		"CallRecordings.Redacted Access", "ContactTranscripts.Redacted Access", "ScreenRecording.Redacted Access",
	)
}

// PermissionGroup is a section of the security profile page.
type PermissionGroup struct {
	ID   string // key of the heading's text: "users_and_permissions"
	Rows []PermissionRow
}

// PermissionRow is one resource and what may be allowed about it.
type PermissionRow struct {
	Resource    string // "Users"
	Permissions []Permission
}

// PermissionGroups returns the catalogue in page order, for a page that draws a
// row for each resource and a column for each action. The slices are the
// caller's own.
func PermissionGroups() []PermissionGroup {
	groups := make([]PermissionGroup, len(permissionSpec))
	for i, g := range permissionSpec {
		groups[i].ID = g.id
		for _, line := range g.rows {
			names := permissionRows(line)
			resource, _, _ := strings.Cut(line, " ")
			groups[i].Rows = append(groups[i].Rows, PermissionRow{resource, names})
		}
	}
	return groups
}

// permissionRows spells "Users View Edit" out as Users.View, Users.Edit; a
// resource without actions is itself a permission.
func permissionRows(lines ...string) []Permission {
	var names []Permission
	for _, line := range lines {
		resource, actions, found := strings.Cut(line, " ")
		if !found {
			names = append(names, Permission(resource))
			continue
		}
		for action := range strings.FieldsSeq(actions) {
			names = append(names, Permission(resource+"."+action))
		}
	}
	return names
}

var permissionCatalogue = sync.OnceValue(func() Permissions {
	known := Permissions{}
	for _, g := range permissionSpec {
		for _, p := range permissionRows(g.rows...) {
			known[p] = struct{}{}
		}
	}
	return known
})

// permissionSpec is the catalogue: Amazon Connect's "List of security profile
// permissions" (administrator guide, 2026) together with names seen in live
// Admin profiles. Groups stand in the order of Amazon's page; a row is a
// resource and its actions.
var permissionSpec = [...]struct {
	id   string
	rows []string
}{
	{"users_and_permissions", []string{
		"Users View Edit Create Delete EditPermission EnableAndDisable",
		"AgentGrouping View Edit Create EnableAndDisable",
		"SecurityProfiles View Edit Create Delete",
		"AgentStates View Edit Create EnableAndDisable",
		"Workspaces View Edit Create Delete Assign EditVisibility",
	}},
	{"routing", []string{
		"RoutingPolicies View Edit Create Delete",
		"TransferDestinations View Edit Create Delete",
		"HoursOfOperation View Edit Create Delete",
		"Queues View Edit Create Delete EnableAndDisable EditExpressions Purge",
		"TaskTemplates View Edit Create Delete",
		"PredefinedAttributes View Edit Create Delete",
		"DataTables View Edit Create Delete ManageValues EditExpressionValues",
	}},
	{"channels_and_flows", []string{
		"Prompts View Edit Create Delete",
		"ContactFlows View Edit Create Delete Publish",
		"ContactFlowModules View Edit Create Delete Publish Execute",
		"Bots View Edit Create Delete",
		"PhoneNumbers View Edit Claim Release",
		"ChatTestMode",
		"EmailAddresses View Edit Create Remove",
		"Views View Edit Create Remove",
		"AnalyticsConnectors View Edit",
		"TestCases View Edit Create Delete Publish Execute",
		"FileAttachments.Configurations View Edit",
	}},
	{"contact_control_panel", []string{
		"BasicAgentAccess", "RealtimeContactLens View", "OutboundCallAccess", "VoiceId Access",
		"VoiceIdUpdateSpeakerId Access", "RestrictTaskCreation Access", "RestrictPhoneTypeSettings Access",
		"AudioDeviceSettings Access", "VideoContact Access", "OutboundEmail Create",
		"SelfAssignContacts Access", "RequireEndContactConfirmation Enabled", "Cobrowse Access",
	}},
	{"analytics", []string{
		"AccessMetrics",
		"AccessMetrics.RealTimeMetrics Access", "AccessMetrics.HistoricalMetrics Access",
		"AccessMetrics.AgentActivityAudit Access", "AccessMetrics.Dashboards Access",
		"AccessMetrics.DashboardsWithMyData View",
		"CustomMetrics View Edit Create Delete Publish",
		"ContactSearch View", "MyContacts View", "ContactSearchSampleContacts View",
		"ContactSearchQuickViewWidget View Edit Create Delete",
		"ContactSearchWithCharacteristics Access View", "ContactSearchWithKeywords Access View",
		"ConfigureContactAttributes View", "RestrictContactAccessByHierarchy View", "ContactAttributes View",
		"GraphTrends View",
		"InformationExtraction.Definitions View Edit Create Delete", "InformationExtraction.Results View",
		"ContactLensPostContactSummary View", "ContactLensCustomVocabulary View Edit",
		"ThemeDetection View Create Delete",
		"Rules View Edit Create Delete", "RulesGenerativeAI View Edit Create Delete",
		"AgentTimeCard View", "ManagerListenIn", "ManagerBargeIn",
		"MetricsReports View Edit Create Delete Share Publish Schedule",
		"ReportSchedules View Edit Create Delete", "ReportsAdmin View Delete Access Publish Schedule",
		"Evaluation View Edit Create Delete", "EvaluationForms View Edit Create Delete",
		"EvaluationAssistant Access", "EvaluationCalibrationSessions View Edit Create Delete",
		"EvaluationReviews View Create", "EvaluationReviewRequest View Create Delete",
		"MyReceivedEvaluations View",
		"MyCoachingSessions View Edit Create Delete", "CoachingSessions View Edit Create Delete",
		"VoiceIdAttributesAndSearch View",
		"Forecasting View Edit Publish", "Capacity View Edit Publish", "ForecastScheduleInterval View Edit",
	}},
	{"recordings_and_transcripts", []string{
		"CallRecordings.Unredacted Access DownloadButton", "CallRecordings.Redacted Access DownloadButton",
		"ContactTranscripts.Unredacted Access DownloadButton", "ContactTranscripts.Redacted Access",
		"DeleteCallRecordings",
		"ScreenRecording Access Delete Download", "ScreenRecording.Redacted Access Download",
		"AutomatedVoiceInteraction.Recordings.Unredacted Access DownloadButton",
		"AutomatedVoiceInteraction.Recordings.Redacted Access DownloadButton",
		"AutomatedVoiceInteraction.Transcripts.Unredacted Access",
		"AutomatedVoiceInteraction.Transcripts.Redacted Access",
		// Older names, which Amazon's API still takes.
		"RedactedData View", "UnredactedData View", "Audio View", "Transcript View",
		"ListenCallRecordings", "DownloadCallRecordings",
	}},
	{"contact_actions", []string{
		"ManualAssignAnyContact Enable", "ManualAssignMyContacts Enable", "TransferContact Enabled",
		"StopContact Enabled", "UpdateContactSchedule Enabled", "Contacts.Tag Edit",
	}},
	{"historical_changes", []string{"HistoricalChanges View"}},
	{"customer_profiles", []string{
		"CustomerProfiles View Edit Create",
		"CustomerProfiles.CalculatedAttributes View Edit Create Delete",
		"CustomerProfiles.Segments View Create Delete Export",
		"CustomerProfiles.ProfileExplorer View Edit Create Delete",
	}},
	{"scheduling", []string{
		"Scheduling View Edit Publish", "TimeOff View Edit Approve", "TimeOffBalance View Edit",
		"TeamCalendar View Edit",
	}},
	{"agent_applications", []string{
		"StaffCalendar View Edit", "CustomViews Access", "Wisdom View", "Analytics.PerformanceMetrics Access",
	}},
	{"amazon_q", []string{
		"QConnectAIAgents View Edit Create Delete", "QConnectAIPrompts View Edit Create Delete",
		"QConnectGuardrails View Edit Create Delete",
	}},
	{"content_management", []string{
		"ContentManagement View Edit Create Delete", "ContentManagement.MessageTemplates View Edit Create Delete",
	}},
	{"cases", []string{
		"Cases View Edit Create Delete", "CaseFields View Edit Create", "CaseTemplates View Edit Create",
		"CaseHistory View", "MyCases Delete", "CaseComments Edit Delete", "MyCaseComments Edit Delete",
		"CaseCustomRelatedItems Edit Delete",
	}},
	{"campaigns", []string{"Campaigns View Edit Create Delete Manage"}},
}
