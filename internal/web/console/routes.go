package console

import "net/http"

// Routes adds the pages to the mux: method, path, who may, handler.
func (c *Console) Routes(mux *http.ServeMux) {
	anybody, signedIn := c.anybody, c.signedIn
	mux.Handle("GET /account/setup/{token}", anybody(c.openSetup))
	mux.Handle("GET /account/setup", anybody(c.showSetup))
	mux.Handle("POST /account/setup", anybody(c.handleSetup))
	mux.Handle("GET /account/login", anybody(c.showLogin))
	mux.Handle("POST /account/login", anybody(c.handleLogin))
	mux.Handle("GET /account/link/{token}", anybody(c.openLink))
	mux.Handle("GET /account/link", anybody(c.showLink))
	mux.Handle("POST /account/link", anybody(c.handleLink))
	mux.Handle("POST /account/api/console-link", anybody(c.handleConsoleLink)) // signed, no cookie
	mux.Handle("POST /account/logout", signedIn(c.handleLogout))

	mux.Handle("GET /account", signedIn(c.showInstances))
	mux.Handle("GET /account/instances/new", signedIn(c.showNewInstance))
	mux.Handle("POST /account/instances/new", signedIn(c.handleNewInstance))
	mux.Handle("GET /account/instances/{id}", signedIn(c.showInstance))
	mux.Handle("GET /account/instances/{id}/emergency", signedIn(c.showEmergency))
	mux.Handle("POST /account/instances/{id}/emergency", signedIn(c.handleEmergency))

	mux.Handle("GET /account/me", signedIn(c.showMe))
	mux.Handle("POST /account/me/password", signedIn(c.handleOwnPassword))
	mux.Handle("GET /account/me/totp", signedIn(c.showTOTP))
	mux.Handle("POST /account/me/totp", signedIn(c.handleTOTP))

	mux.Handle("GET /account/principals", signedIn(c.showPrincipals))
	mux.Handle("POST /account/principals", signedIn(c.handleNewPrincipal))
	mux.Handle("GET /account/principals/{id}", signedIn(c.showPrincipal))
	mux.Handle("POST /account/principals/{id}/invite", signedIn(c.handleInvite))
	mux.Handle("GET /account/principals/{id}/disable", signedIn(c.askDisable))
	mux.Handle("POST /account/principals/{id}/disable", signedIn(c.handleDisable))
	mux.Handle("POST /account/principals/{id}/enable", signedIn(c.handleEnable))
	mux.Handle("GET /account/principals/{id}/delete", signedIn(c.askDelete))
	mux.Handle("POST /account/principals/{id}/delete", signedIn(c.handleDelete))
	mux.Handle("POST /account/principals/{id}/attach", signedIn(c.handleAttach))
	mux.Handle("POST /account/principals/{id}/detach", signedIn(c.handleDetach))
	mux.Handle("POST /account/principals/{id}/keys", signedIn(c.handleNewKey))
	mux.Handle("POST /account/principals/{id}/keys/{key}/status", signedIn(c.handleKeyStatus))
	mux.Handle("GET /account/principals/{id}/keys/{key}/delete", signedIn(c.askDeleteKey))
	mux.Handle("POST /account/principals/{id}/keys/{key}/delete", signedIn(c.handleDeleteKey))

	mux.Handle("GET /account/policies", signedIn(c.showPolicies))
	mux.Handle("GET /account/policies/new", signedIn(c.showNewPolicy))
	mux.Handle("POST /account/policies/new", signedIn(c.handleNewPolicy))
	mux.Handle("GET /account/managed-policies/{name}", signedIn(c.showManagedPolicy))
	mux.Handle("GET /account/policies/{id}", signedIn(c.showPolicy))
	mux.Handle("POST /account/policies/{id}", signedIn(c.handlePolicy))
	mux.Handle("GET /account/policies/{id}/delete", signedIn(c.askDeletePolicy))
	mux.Handle("POST /account/policies/{id}/delete", signedIn(c.handleDeletePolicy))
	mux.Handle("GET /account/simulator", signedIn(c.showSimulator))
	mux.Handle("POST /account/simulator", signedIn(c.handleSimulator))

	mux.Handle("GET /account/audit", signedIn(c.showAudit))
	mux.Handle("GET /account/contact", signedIn(c.showContact))
	mux.Handle("POST /account/contact", signedIn(c.handleContact))

	mux.Handle("GET /i/{alias}/emergency/{token}", c.Door.Public(c.openHandover))
	mux.Handle("GET /i/{alias}/emergency", c.Door.Public(c.showHandover))
	mux.Handle("POST /i/{alias}/emergency", c.Door.Public(c.handleHandover))
	mux.Handle("POST /i/{alias}/emergency/end", c.Door.Member(c.handleEnd))
	mux.Handle("GET /i/{alias}/repair", c.Door.Member(c.showRepair))
	mux.Handle("POST /i/{alias}/repair/profile", c.Door.Member(c.handleProfile))
}
