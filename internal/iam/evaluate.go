package iam

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Request is what a principal wants to do, as the door proved it. Resource is
// an ARN, or "*" for an action that has no resource. Context keys are compared
// without regard to case, as IAM does; an empty list is an absent key.
type Request struct {
	Principal string // ARN of the caller
	Action    string // "connect:CreateUser"
	Resource  string
	Context   map[string][]string
}

// StatementRef says which statement of which document is meant.
type StatementRef struct {
	Policy    int // index of the document
	Statement int // index in the document
	Sid       string
	Line      int
	Effect    Effect
}

// Decision is the answer to a request.
type Decision struct {
	Allowed  bool
	Explicit bool          // a Deny statement decided
	By       *StatementRef // the first statement that decided; nil when none applied
	Missing  string        // the action the caller lacks; "" when allowed
}

// Evaluate decides a request against all documents of the caller: allowed if
// an Allow statement applies and no Deny statement does.
func Evaluate(documents []Document, r Request) Decision {
	d := Decision{Missing: r.Action}
	if !r.wellFormed() {
		return d
	}
	e := newEvaluation(r)
	for i, doc := range documents {
		for j := range doc.Statements {
			s := &doc.Statements[j]
			if s.Effect == Allow && d.Allowed || e.obstacle(doc.Version, s) != (Obstacle{}) {
				continue
			}
			ref := &StatementRef{i, j, s.Sid, s.Line, s.Effect}
			if s.Effect != Allow {
				return Decision{Explicit: true, By: ref, Missing: r.Action}
			}
			d = Decision{Allowed: true, By: ref}
		}
	}
	return d
}

// wellFormed refuses broken UTF-8, in which two different texts would look alike
// to a pattern.
func (r Request) wellFormed() bool {
	if !utf8.ValidString(r.Principal) || !utf8.ValidString(r.Action) || !utf8.ValidString(r.Resource) {
		return false
	}
	for _, values := range r.Context {
		if slices.ContainsFunc(values, func(s string) bool { return !utf8.ValidString(s) }) {
			return false
		}
	}
	return true
}

// Obstacle is what kept a statement from applying. The zero Obstacle means
// that it applied.
type Obstacle struct {
	Element string // "Action", "NotAction", "Resource", "NotResource", "Condition"
	Detail  string // of a condition: operator and key, "IpAddress aws:SourceIp"
}

// Trace is one statement met on the way.
type Trace struct {
	StatementRef
	Obstacle Obstacle
}

// Applied reports whether the statement had its effect.
func (t Trace) Applied() bool { return t.Obstacle == Obstacle{} }

// Simulation is a decision and how it came about.
type Simulation struct {
	Decision
	Statements []Trace // all of them, in the order of the documents
}

// Simulate decides as Evaluate does and tells what became of every statement.
func Simulate(documents []Document, r Request) Simulation {
	e := newEvaluation(r)
	result := Simulation{Decision: Evaluate(documents, r)}
	for i, doc := range documents {
		for j := range doc.Statements {
			s := &doc.Statements[j]
			ref := StatementRef{i, j, s.Sid, s.Line, s.Effect}
			result.Statements = append(result.Statements, Trace{ref, e.obstacle(doc.Version, s)})
		}
	}
	return result
}

type evaluation struct {
	action   string // lower case, under its present name
	resource string
	context  map[string][]string // keys in lower case
}

func newEvaluation(r Request) *evaluation {
	e := &evaluation{
		action:   presentName(strings.ToLower(r.Action)),
		resource: r.Resource,
		context:  make(map[string][]string, len(r.Context)+4),
	}
	for key, values := range r.Context {
		folded := strings.ToLower(key)
		e.context[folded] = append(e.context[folded], values...)
	}
	// What follows from the signature cannot be said otherwise by the context.
	for key, value := range principalKeys(r.Principal) {
		e.context[key] = []string{value}
	}
	return e
}

// principalKeys returns the context keys that the caller's ARN settles.
func principalKeys(arn string) map[string]string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return nil
	}
	keys := map[string]string{"aws:principalarn": arn, "aws:principalaccount": parts[4]}
	if path, ok := strings.CutPrefix(parts[5], "user/"); ok {
		keys["aws:username"] = path[strings.LastIndexByte(path, '/')+1:]
		keys["aws:principaltype"] = "User"
	}
	return keys
}

func (e *evaluation) obstacle(version string, s *Statement) Obstacle {
	grants := s.Effect == Allow
	vars := e.variables(version)
	switch {
	case len(s.NotAction) > 0:
		// An exception narrows an Allow and opens a Deny.
		if matchAction(s.NotAction, e.action, !grants) {
			return Obstacle{Element: "NotAction"}
		}
	case !matchAction(s.Action, e.action, grants):
		return Obstacle{Element: "Action"}
	}
	switch {
	case len(s.NotResource) > 0:
		if matchResource(s.NotResource, e.resource, vars) {
			return Obstacle{Element: "NotResource"}
		}
	case !matchResource(s.Resource, e.resource, vars):
		return Obstacle{Element: "Resource"}
	}
	for _, c := range s.Conditions {
		if !e.holds(c, vars) {
			return Obstacle{"Condition", c.Name() + " " + c.Key}
		}
	}
	return Obstacle{}
}

// Emergency access had another name until June 2024, and Amazon honours both.
const (
	emergencyAction    = "connect:admingetemergencyaccesstoken"
	oldEmergencyAction = "connect:getfederationtokens"
)

func presentName(action string) string {
	if action == oldEmergencyAction {
		return emergencyAction
	}
	return action
}

// matchAction reports whether one of patterns matches the action, without
// regard to case. The old name of emergency access lies among the Get… actions,
// which are handed out as harmless; so what widens rights (an Allow, an
// exception from a Deny) means it only by naming it in full, and what narrows
// them means it through wildcards too (S32).
func matchAction(patterns []string, action string, widens bool) bool {
	for _, text := range patterns {
		text = strings.ToLower(text)
		if compileGlob(text, noVariables).match(action) {
			return true
		}
		if action != emergencyAction {
			continue
		}
		if text == oldEmergencyAction || !widens && compileGlob(text, noVariables).match(oldEmergencyAction) {
			return true
		}
	}
	return false
}

func matchResource(patterns []string, resource string, vars variables) bool {
	for _, text := range patterns {
		if compileARN(text, vars).match(resource) {
			return true
		}
	}
	return false
}
