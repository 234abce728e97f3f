package admin

import "net/http"

// Routes adds the pages to the mux. Everyone who is logged in passes the door;
// the rule behind each page asks for what stands at the end of the line. "Ways
// in" is the rule that nobody touches those of somebody stronger (S26).
func (a *Admin) Routes(mux *http.ServeMux) {
	add := func(pattern string, h http.Handler) { mux.Handle(pattern, h) }
	add("GET /i/{alias}/admin/{$}", a.member(a.showHome))                                  // anybody: leads on
	add("GET /i/{alias}/admin/users", a.member(a.showUsers))                               // Users.View
	add("GET /i/{alias}/admin/users/new", a.member(a.showNewUser))                         // Users.View
	add("POST /i/{alias}/admin/users/new", a.member(a.handleNewUser))                      // Users.Create, may give
	add("GET /i/{alias}/admin/users/export", a.member(a.showExport))                       // Users.View
	add("GET /i/{alias}/admin/import", a.member(a.showImport))                             // Users.Create or Users.Edit
	add("POST /i/{alias}/admin/import", a.member(a.handleImport))                          // Users.View, Users.Create or Users.Edit
	add("GET /i/{alias}/admin/import/template", a.member(a.showTemplate))                  // anybody: an empty table
	add("GET /i/{alias}/admin/import/{id}", a.member(a.showImported))                      // Users.View, Users.Create or Users.Edit, one's own
	add("POST /i/{alias}/admin/import/{id}", a.member(a.handleStartImport))                // Users.View, one's own; each row as a single edit
	add("GET /i/{alias}/admin/import/{id}/failed", a.member(a.showFailed))                 // Users.View, one's own
	add("GET /i/{alias}/admin/users/{id}", a.member(a.showUser))                           // Users.View
	add("POST /i/{alias}/admin/users/{id}", a.member(a.handleUser))                        // Users.Edit; address: ways in
	add("GET /i/{alias}/admin/users/{id}/permissions", a.member(a.showPermissions))        // Users.View
	add("GET /i/{alias}/admin/users/{id}/history", a.member(a.showHistory))                // HistoricalChanges.View
	add("POST /i/{alias}/admin/users/{id}/profiles", a.member(a.handleProfiles))           // Users.EditPermission, ways in
	add("POST /i/{alias}/admin/users/{id}/tags", a.member(a.handleTags))                   // Users.Edit
	add("POST /i/{alias}/admin/users/{id}/proficiencies", a.member(a.handleProficiencies)) // Users.Edit
	add("POST /i/{alias}/admin/users/{id}/send", a.member(a.handleSend))                   // Users.Edit, ways in
	add("GET /i/{alias}/admin/users/{id}/card", a.member(a.leadToUser))                    // anybody: leads back
	add("POST /i/{alias}/admin/users/{id}/card", a.member(a.handleCard))                   // Users.Edit, ways in
	add("GET /i/{alias}/admin/users/{id}/temporary", a.member(a.asks(askTemporary)))       // Users.View
	add("POST /i/{alias}/admin/users/{id}/temporary", a.member(a.handleTemporary))         // Users.Edit, ways in
	add("GET /i/{alias}/admin/users/{id}/enable", a.member(a.asks(askEnable)))             // Users.View
	add("POST /i/{alias}/admin/users/{id}/enable", a.member(a.handleEnable))               // Users.EnableAndDisable, ways in
	add("GET /i/{alias}/admin/users/{id}/disable", a.member(a.asks(askDisable)))           // Users.View
	add("POST /i/{alias}/admin/users/{id}/disable", a.member(a.handleDisable))             // Users.EnableAndDisable, ways in
	add("GET /i/{alias}/admin/users/{id}/delete", a.member(a.asks(askDelete)))             // Users.View
	add("POST /i/{alias}/admin/users/{id}/delete", a.member(a.handleDelete))               // Users.Delete, ways in
	add("POST /i/{alias}/admin/users/{id}/sessions", a.member(a.handleSessions))           // Users.Edit, ways in
	add("POST /i/{alias}/admin/users/{id}/waits", a.member(a.handleWaits))                 // Users.Edit, ways in
	add("GET /i/{alias}/admin/requests", a.member(a.showRequests))                         // Users.Edit
	add("GET /i/{alias}/admin/requests/{id}", a.member(a.showRequest))                     // Users.Edit
	add("POST /i/{alias}/admin/requests/{id}", a.member(a.handleRequest))                  // Users.Edit, ways in
	add("GET /i/{alias}/admin/profiles", a.member(a.showProfiles))                         // SecurityProfiles.View
	add("GET /i/{alias}/admin/profiles/new", a.member(a.showNewProfile))                   // SecurityProfiles.View
	add("POST /i/{alias}/admin/profiles/new", a.member(a.handleNewProfile))                // SecurityProfiles.Create, may give
	add("GET /i/{alias}/admin/profiles/{id}", a.member(a.showProfile))                     // SecurityProfiles.View
	add("POST /i/{alias}/admin/profiles/{id}", a.member(a.handleProfile))                  // SecurityProfiles.Edit, may give
	add("GET /i/{alias}/admin/profiles/{id}/delete", a.member(a.askDeleteProfile))         // SecurityProfiles.View
	add("POST /i/{alias}/admin/profiles/{id}/delete", a.member(a.handleDeleteProfile))     // SecurityProfiles.Delete, may give
	add("GET /i/{alias}/admin/hierarchy", a.member(a.showTree))                            // AgentGrouping.View
	add("POST /i/{alias}/admin/hierarchy", a.member(a.handleNewGroup))                     // AgentGrouping.Create
	add("GET /i/{alias}/admin/hierarchy/{id}", a.member(a.showGroup))                      // AgentGrouping.View
	add("POST /i/{alias}/admin/hierarchy/{id}", a.member(a.handleGroup))                   // AgentGrouping.Edit
	add("POST /i/{alias}/admin/hierarchy/{id}/delete", a.member(a.handleDeleteGroup))      // AgentGrouping.EnableAndDisable
	add("GET /i/{alias}/admin/mail", a.member(a.showMails))                                // Users.Edit
	add("GET /i/{alias}/admin/mail/{id}", a.member(a.showMail))                            // Users.Edit
	add("GET /i/{alias}/admin/audit", a.member(a.showAudit))                               // HistoricalChanges.View, Users.View
	add("GET /i/{alias}/admin/audit/{id}", a.member(a.showEvent))                          // HistoricalChanges.View, Users.View
	add("GET /i/{alias}/admin/settings", a.member(a.showSettings))                         // SecurityProfiles.View
	add("POST /i/{alias}/admin/settings", a.member(a.handleSettings))                      // every guarded power
}
