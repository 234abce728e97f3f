package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/web"
)

// policyForm is more bytes than a form with the longest document has: each
// byte of it may be written as three.
const policyForm = 4 * iam.MaxDocument

// managedPrefix is what the ids of managed policies begin with; their slashes
// have no place in an address.
const managedPrefix = "arn:aws:iam::aws:policy/"

// policiesPage is what policies.html shows.
type policiesPage struct {
	web.Page
	Policies []policyRow
	Pager    web.Pager
}

type policyRow struct {
	aikagi.Policy
	Path string
}

func newPolicyRow(p aikagi.Policy) policyRow { return policyRow{p, policyPath(p)} }

func policyPath(p aikagi.Policy) string {
	if p.Managed {
		return "/account/managed-policies/" + p.Name
	}
	return "/account/policies/" + string(p.ID)
}

func (c *Console) showPolicies(w http.ResponseWriter, r *http.Request, _ here) error {
	query, err := web.ParseQuery(r, "after")
	if err != nil {
		return err
	}
	all, err := c.Accounts.ListPolicies(r.Context(), query.Get("after"), pageSize+1)
	if err != nil {
		return err
	}
	page := policiesPage{Page: c.Web.Page(r, "console.policies.title")}
	if len(all) > pageSize {
		all = all[:pageSize]
		page.Pager.Next = "/account/policies?after=" + url.QueryEscape(all[pageSize-1].Name)
	}
	for _, p := range all {
		page.Policies = append(page.Policies, newPolicyRow(p))
	}
	return c.pages.Render(w, r, http.StatusOK, "policies.html", page)
}

// policyPage is what policy.html and newpolicy.html show.
type policyPage struct {
	web.Page
	Policy   aikagi.Policy
	Name     string
	Document string
	Own      string // path of this page
	Attached []principalRow
}

const newDocument = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["connect:ListUsers", "connect:DescribeUser"],
      "Resource": "*"
    }
  ]
}
`

func (c *Console) showNewPolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.pages.Render(w, r, http.StatusOK, "newpolicy.html",
		policyPage{Page: c.Web.Page(r, "console.newpolicy.title"), Document: newDocument})
}

func (c *Console) handleNewPolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, policyForm, "policy_name", "document")
	if err != nil {
		return err
	}
	made, err := c.Accounts.CreatePolicy(r.Context(), form.Get("policy_name"), form.Get("document"))
	if err == nil {
		c.Web.Flash(w, "ok", "console.policy.saved")
		return web.SeeOther(w, r, policyPath(made))
	}
	page := policyPage{
		Page: c.Web.Page(r, "console.newpolicy.title"), Name: form.Get("policy_name"), Document: form.Get("document"),
	}
	if !explainPolicy(&page.Page, err) {
		return err
	}
	return c.pages.Render(w, r, http.StatusBadRequest, "newpolicy.html", page)
}

// explainPolicy says in which line a document breaks which rule.
func explainPolicy(page *web.Page, err error) bool {
	var bad *iam.SyntaxError
	if !errors.As(err, &bad) {
		return explain(page, err)
	}
	what := page.T(i18n.Key("policy." + bad.Reason))
	page.Problems = append(page.Problems, web.Problem{
		Field: "document",
		Text:  page.T("console.policy.line", "line", bad.Line, "element", bad.Element, "what", what),
	})
	return true
}

func (c *Console) showManagedPolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.policy(w, r, aikagi.PolicyID(managedPrefix+r.PathValue("name")))
}

func (c *Console) showPolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.policy(w, r, aikagi.PolicyID(r.PathValue("id")))
}

func (c *Console) policy(w http.ResponseWriter, r *http.Request, id aikagi.PolicyID) error {
	page, err := c.policyPage(r, id)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "policy.html", page)
}

func (c *Console) policyPage(r *http.Request, id aikagi.PolicyID) (policyPage, error) {
	p, attached, err := c.Accounts.FindPolicy(r.Context(), id)
	page := policyPage{
		Page: c.Web.Page(r, "console.policy.title", "name", p.Name), Policy: p, Name: p.Name,
		Document: p.Document, Own: policyPath(p),
	}
	for _, a := range attached {
		page.Attached = append(page.Attached, principalRow{a, principalPath(a.ID), stateOf(a)})
	}
	return page, err
}

func (c *Console) handlePolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, policyForm, "document", "version")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(form.Get("version"), 10, 64)
	if err != nil {
		return aikagi.E(aikagi.Invalid, "form", err)
	}
	id := aikagi.PolicyID(r.PathValue("id"))
	err = c.Accounts.UpdatePolicy(r.Context(), id, version, form.Get("document"))
	if err == nil {
		c.Web.Flash(w, "ok", "console.policy.saved")
		return web.SeeOther(w, r, "/account/policies/"+string(id))
	}
	// What was typed stays, with the version it began from: whoever ran into
	// somebody else's change looks at that first.
	page, perr := c.policyPage(r, id)
	page.Document, page.Policy.Version = form.Get("document"), version
	if perr != nil || !explainPolicy(&page.Page, err) {
		return err
	}
	status := http.StatusBadRequest
	if aikagi.CodeOf(err) == aikagi.Conflict {
		status = http.StatusConflict
	}
	return c.pages.Render(w, r, status, "policy.html", page)
}

func (c *Console) askDeletePolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	page, err := c.policyPage(r, aikagi.PolicyID(r.PathValue("id")))
	if err != nil {
		return err
	}
	title := page.T("console.deletepolicy.question", "name", page.Name)
	return c.ask(w, r, title, web.Confirm{
		Question: title, Consequences: []string{page.T("console.deletepolicy.text")},
		Action: page.Own + "/delete", Button: page.T("console.deletepolicy.button"), Cancel: page.Own,
	})
}

func (c *Console) handleDeletePolicy(w http.ResponseWriter, r *http.Request, _ here) error {
	if err := c.Accounts.DeletePolicy(r.Context(), aikagi.PolicyID(r.PathValue("id"))); err != nil {
		return err
	}
	c.Web.Flash(w, "ok", "console.policy.deleted")
	return web.SeeOther(w, r, "/account/policies")
}

// simulatorPage is what simulator.html shows.
type simulatorPage struct {
	web.Page
	Principals []web.Choice
	Action     string
	Resource   string
	Document   string
	Keys       string
	Answered   bool
	Answer     account.Answer
	Traces     []traceRow
}

// traceRow is what became of one statement.
type traceRow struct {
	Policy    string
	Statement string
	Effect    string
	Line      int
	Applied   bool
	Obstacle  string
}

func (c *Console) newSimulatorPage(r *http.Request, chosen string) (simulatorPage, error) {
	page := simulatorPage{Page: c.Web.Page(r, "console.simulator.title")}
	all, err := c.Accounts.ListPrincipals(r.Context(), "", maxAttachable)
	if err != nil && aikagi.CodeOf(err) != aikagi.Forbidden {
		return page, err
	}
	page.Principals = []web.Choice{{Text: page.T("console.simulator.nobody"), Chosen: chosen == ""}}
	for _, p := range all {
		page.Principals = append(page.Principals, web.Choice{
			Value: string(p.ID), Text: p.Name, Chosen: chosen == string(p.ID),
		})
	}
	return page, nil
}

func (c *Console) showSimulator(w http.ResponseWriter, r *http.Request, _ here) error {
	page, err := c.newSimulatorPage(r, "")
	if err != nil {
		return err
	}
	page.Action, page.Resource = "connect:AdminGetEmergencyAccessToken", "*"
	return c.pages.Render(w, r, http.StatusOK, "simulator.html", page)
}

// handleSimulator answers a question and changes nothing. It is a POST because
// a document does not fit into an address.
func (c *Console) handleSimulator(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, policyForm, "principal", "action", "resource", "document", "keys")
	if err != nil {
		return err
	}
	page, err := c.newSimulatorPage(r, form.Get("principal"))
	if err != nil {
		return err
	}
	page.Action, page.Resource, page.Document, page.Keys =
		form.Get("action"), form.Get("resource"), form.Get("document"), form.Get("keys")
	if page.Action == "" {
		page.Blame("action", "required")
	}
	if page.Resource == "" {
		page.Blame("resource", "required")
	}
	keys, ok := contextKeys(page.Keys)
	if !ok {
		page.Blame("keys", "shape")
	}
	if len(page.Problems) == 0 {
		page.Answer, err = c.Accounts.Simulate(r.Context(), account.Question{
			Principal: aikagi.PrincipalID(form.Get("principal")), Document: page.Document,
			Action: page.Action, Resource: page.Resource, Context: keys,
		})
		if err != nil && !explainPolicy(&page.Page, err) {
			return err
		}
	}
	if len(page.Problems) > 0 {
		return c.pages.Render(w, r, http.StatusBadRequest, "simulator.html", page)
	}
	page.Answered, page.Traces = true, traces(page.Page, page.Answer)
	return c.pages.Render(w, r, http.StatusOK, "simulator.html", page)
}

// contextKeys reads one key=value a line; a key may have several lines.
func contextKeys(text string) (map[string][]string, bool) {
	keys := map[string][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		if !found || strings.TrimSpace(key) == "" {
			return nil, false
		}
		key = strings.TrimSpace(key)
		keys[key] = append(keys[key], strings.TrimSpace(value))
	}
	return keys, true
}

func traces(page web.Page, a account.Answer) []traceRow {
	var rows []traceRow
	for _, t := range a.Statements {
		row := traceRow{
			Policy: a.Policies[t.Policy], Statement: t.Sid, Effect: string(t.Effect), Line: t.Line, Applied: t.Applied(),
			Obstacle: strings.TrimSpace(t.Obstacle.Element + " " + t.Obstacle.Detail),
		}
		if row.Policy == "" {
			row.Policy = page.T("console.simulator.document")
		}
		if row.Statement == "" {
			row.Statement = strconv.Itoa(t.Statement + 1)
		}
		rows = append(rows, row)
	}
	return rows
}
