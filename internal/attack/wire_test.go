package attack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/connect"
	"github.com/aikagi/aikagi/internal/awsapi/desk"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
)

// wire is a siege by programs: they sign, and have the policies that the test
// gives them.
type wire struct {
	*siege
	kinds       map[string][]program
	pool        []program // whose policies are written anew for each operation
	taken       int
	ours, yours *place
	equipment   map[*place]map[string]string // queue, hours and authentication profile of a place
}

// program signs with a key; without one it does not sign.
type program struct {
	key    aws.Credentials
	policy *aikagi.Policy // of the pool's
}

var (
	wireKinds = []string{"nobody", "none", "reader", "full", "owner", "one", "denied", "disabled"}
	wireRanks = []string{"agent", "editor", "admin", "foreign"}
)

// mayCall says, apart from the engine that evaluates them, what the policies of
// each kind say of an action. Who is aimed at counts for nobody but the one whose
// policy names it: his is of our instance.
func mayCall(kind, rank string, action string, d wireDeed) bool {
	service, name, _ := strings.Cut(action, ":")
	switch kind {
	case "owner":
		return true
	case "full":
		return service == "connect"
	case "reader":
		reads := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "List")
		return service == "connect" && reads
	case "one":
		return rank != "foreign" || slices.Equal(d.on, []string{"account"})
	}
	return false
}

// TestF01S25EveryOperationByEveryPrincipal asks for every operation as principals
// of every kind, of things of every rank. What is refused changes nothing; what an
// operation is judged on is found by leaving each resource out of a policy, and by
// denying it alone.
func TestF01S25EveryOperationByEveryPrincipal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks for the whole API as everybody")
	}
	w := overWire(t)
	marks := map[string]mark{}
	for _, rank := range wireRanks {
		marks[rank] = w.mark(rank)
	}
	known := wireDeeds()
	var table [][]string
	for _, o := range wireOperations() {
		op, action := o.Operation, o.service+":"+o.Name
		deeds := known[action]
		delete(known, action)
		if len(deeds) == 0 {
			t.Errorf("%s: nobody has written down what it is judged on; add it to wireDeeds", action)
		}
		if op.Action != action {
			t.Errorf("%s is judged as %s", action, op.Action)
		}
		for _, d := range deeds {
			w.goesAstray(op, d, marks)
			w.isJudgedOn(op, action, d, marks)
			table = append(table, append([]string{op.Name, action, strings.Join(d.on, ", ")}, w.tried(op, action, d, marks)...))
		}
	}
	for left := range known {
		t.Errorf("%s is in wireDeeds and is no operation", left)
	}
	holds(t, "wire", append([]string{"operation", "action", "judged on"}, wireKinds...), table)
}

type wireOperation struct {
	awsapi.Operation
	service string
}

// wireOperations are all there are. The one behind which work in the background
// clears up, and changes rows, comes last.
func wireOperations() []wireOperation {
	var all []wireOperation
	for _, op := range new(connect.API).Operations() {
		all = append(all, wireOperation{op, "connect"})
	}
	for _, op := range new(desk.API).Operations() {
		all = append(all, wireOperation{op, "aikagi"})
	}
	slices.SortStableFunc(all, func(a, b wireOperation) int {
		last := map[string]int{"DeleteInstance": 1}
		return last[a.Name] - last[b.Name]
	})
	return all
}

// tried asks for an operation as everybody, and returns a cell for each kind.
func (w *wire) tried(op awsapi.Operation, action string, d wireDeed, marks map[string]mark) []string {
	w.t.Helper()
	w.taken = 0
	var refused []attempt
	for _, kind := range wireKinds {
		for _, rank := range wireRanks {
			if mayCall(kind, rank, action, d) {
				continue
			}
			for _, p := range w.programs(kind, action, d, marks["agent"], marks[rank]) {
				refused = append(refused, attempt{action + " of " + rank + " by " + kind, func() {
					if name := w.ask(p, op, d, marks[rank]); name != refusal(kind) {
						w.t.Errorf("%s of %s by %s: %q, want %s", action, rank, kind, name, refusal(kind))
					}
				}})
			}
		}
	}
	w.untouched(refused)
	done := map[string][]string{}
	for _, kind := range wireKinds {
		for _, rank := range wireRanks {
			if mayCall(kind, rank, action, d) {
				m := marks[rank]
				if op.Method != http.MethodGet {
					m = w.fresh(op.Name, d, m)
				}
				w.taken = 0
				for _, p := range w.programs(kind, action, d, m, m) {
					if name := w.ask(p, op, d, m); name != "" {
						w.t.Errorf("%s of %s by %s: %s", action, rank, kind, name)
						continue
					}
					done[kind] = append(done[kind], rank)
				}
			}
		}
	}
	var cells []string
	for _, kind := range wireKinds {
		switch ranks := slices.Compact(done[kind]); {
		case len(ranks) == 0:
			cells = append(cells, "–")
		case len(ranks) == len(wireRanks):
			cells = append(cells, "yes")
		default:
			cells = append(cells, strings.Join(ranks, ", "))
		}
	}
	return cells
}

func refusal(kind string) string {
	switch kind {
	case "nobody":
		return "MissingAuthenticationTokenException"
	case "disabled":
		return "UnrecognizedClientException"
	}
	return "AccessDeniedException"
}

// programs are those of a kind. The one may do what is named; the denied are
// denied each of the resources of what is aimed at, alone.
func (w *wire) programs(kind, action string, d wireDeed, named, aimed mark) []program {
	w.t.Helper()
	switch kind {
	case "one":
		return []program{w.with(statement("Allow", action, named.arns(d.on)...))}
	case "denied":
		var all []program
		for _, arn := range aimed.arns(d.on) {
			deny := statement("Deny", "*", arn)
			if arn == "*" {
				deny = statement("Deny", action, arn)
			}
			all = append(all, w.with(statement("Allow", "*", "*"), deny))
		}
		return all
	}
	return w.kinds[kind]
}

// isJudgedOn leaves each resource out of what a policy allows, and gives instead
// what is beside it.
func (w *wire) isJudgedOn(op awsapi.Operation, action string, d wireDeed, marks map[string]mark) {
	w.t.Helper()
	w.taken = 0
	m := marks["agent"]
	var attempts []attempt
	for n, kind := range d.on {
		arns := m.arns(d.on)
		switch beside := marks["editor"].arn(kind); {
		case kind == "account":
			arns[n] = m.arn("instance")
		case beside != arns[n]:
			arns[n] = beside
		default:
			arns[n] = marks["foreign"].arn(kind)
		}
		p := w.with(statement("Allow", action, arns...))
		attempts = append(attempts, attempt{action + " without " + kind, func() {
			if name := w.ask(p, op, d, m); name != "AccessDeniedException" {
				w.t.Errorf("%s without a right to %s: %q", action, kind, name)
			}
		}})
	}
	other := w.with(statement("Allow", action+"s", "*"), statement("Allow", strings.Replace(action, ":", ":X", 1), "*"))
	attempts = append(attempts, attempt{action + " by another name", func() {
		if name := w.ask(other, op, d, m); name != "AccessDeniedException" {
			w.t.Errorf("%s by who may something of a like name: %q", action, name)
		}
	}})
	w.untouched(attempts)
}

// goesAstray asks, with every right, for things of the other instance in ours: they
// are unknown there (S29).
func (w *wire) goesAstray(op awsapi.Operation, d wireDeed, marks map[string]mark) {
	w.t.Helper()
	labels := strings.NewReplacer("{InstanceId}", "", "{AttributeType}", "").Replace(op.Path)
	if !strings.Contains(labels, "{") || d.on[0] == "instance" {
		return
	}
	m := marks["foreign"]
	m.instance = marks["agent"].instance
	w.untouched([]attempt{{op.Name + " astray", func() {
		if name := w.ask(w.kinds["owner"][0], op, d, m); name != "ResourceNotFoundException" {
			w.t.Errorf("%s of somebody who is elsewhere: %q", op.Name, name)
		}
	}}})
}

// ask sends what does the operation, and returns the name of the error; "" if there
// is none.
func (w *wire) ask(p program, op awsapi.Operation, d wireDeed, m mark) string {
	w.t.Helper()
	return fault(w.visit(w.signed(p, op.Method, m.path(op.Path, d.on[0])+d.query, d.text(m))))
}

func (w *wire) visit(r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	w.Handler.ServeHTTP(answer, r)
	return answer
}

func fault(w *httptest.ResponseRecorder) string {
	name := w.Header().Get("X-Amzn-Errortype")
	if w.Code == http.StatusOK && name == "" {
		return ""
	}
	if name == "AccessDeniedException" && !strings.Contains(w.Body.String(), "is not authorized to perform") {
		return name + " " + w.Body.String() // for another reason than the policies'
	}
	if name == "" || w.Code < http.StatusBadRequest {
		return w.Result().Status
	}
	return name
}

func (w *wire) signed(p program, method, path, body string) *http.Request {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, w.URLs.Base()+path, strings.NewReader(body))
	r.RequestURI = path // as a server reads it: httptest puts the whole address there
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if p.key.AccessKeyID == "" {
		return r
	}
	hash := sha256.Sum256([]byte(body))
	w.must(v4.NewSigner().SignHTTP(context.WithoutCancel(w.t.Context()), p.key, r, hex.EncodeToString(hash[:]), "connect", "ap-northeast-1", w.Clock.Now()))
	return r
}

func statement(effect, action string, resources ...string) object {
	return object{"Effect": effect, "Action": action, "Resource": resources}
}

// overWire opens two instances and appoints one program of each kind.
func overWire(t *testing.T) *wire {
	t.Helper()
	s := besiege(t)
	w := &wire{siege: s, ours: s.place("ume", itself), yours: s.place("momo", itself), equipment: map[*place]map[string]string{}}
	for _, p := range []*place{w.ours, w.yours} {
		i := p.instance
		hours := aikagi.HoursOfOperation{InstanceID: i.ID, ID: aikagi.NewID(), Name: "Always", CreatedAt: i.CreatedAt}
		queue := aikagi.Queue{InstanceID: i.ID, ID: aikagi.NewID(), Name: "Basic", HoursID: hours.ID, CreatedAt: i.CreatedAt}
		w.update(func(tx *store.Tx) error {
			if err := tx.InsertHours(t.Context(), hours); err != nil {
				return err
			}
			return tx.InsertQueue(t.Context(), queue)
		})
		w.equipment[p] = map[string]string{
			"queue": queue.ID, "hours": hours.ID, "authentication profile": instance.AccessID(i.ID), "routing profile": string(p.routing),
		}
	}
	const amazons = "arn:aws:iam::aws:policy/"
	w.kinds = map[string][]program{
		"nobody": {{}},
		"none":   {w.program("none", "")},
		"reader": {w.program("reader", amazons+"AmazonConnectReadOnlyAccess")},
		"full":   {w.program("full", amazons+"AmazonConnect_FullAccess")},
		"owner":  {w.program("owner", amazons+"AdministratorAccess")},
		"disabled": {
			w.program("disabled principal", amazons+"AdministratorAccess", func(p aikagi.Principal, _ aikagi.AccessKeyID) error {
				return s.Accounts.DisablePrincipal(s.asHost(), p.ID)
			}),
			w.program("disabled key", amazons+"AdministratorAccess", func(p aikagi.Principal, key aikagi.AccessKeyID) error {
				return s.Accounts.SetAccessKeyEnabled(s.asHost(), p.ID, key, false)
			}),
		},
	}
	for range 24 {
		w.pool = append(w.pool, w.pooled())
	}
	return w
}

// program makes a principal with a policy, if any, and a key that was used today:
// the first use is noted.
func (w *wire) program(name string, policy aikagi.PolicyID, then ...func(aikagi.Principal, aikagi.AccessKeyID) error) program {
	w.t.Helper()
	name = strings.ReplaceAll(name, " ", "-") + "-" + aikagi.NewID()[:8]
	made, _, err := w.Accounts.CreatePrincipal(w.asHost(), name)
	w.must(err)
	w.must(w.Accounts.EnablePrincipal(w.asHost(), made.ID))
	if policy != "" {
		w.must(w.Accounts.AttachPolicy(w.asHost(), made.ID, policy))
	}
	key, secret, err := w.Accounts.CreateAccessKey(w.asHost(), made.ID)
	w.must(err)
	p := program{key: aws.Credentials{AccessKeyID: string(key.ID), SecretAccessKey: secret.Reveal()}}
	w.visit(w.signed(p, http.MethodGet, "/instance", ""))
	for _, do := range then {
		w.must(do(made, key.ID))
	}
	return p
}

func (w *wire) pooled() program {
	w.t.Helper()
	policy, err := w.Accounts.CreatePolicy(w.asHost(), "p-"+aikagi.NewID()[:12], readPolicy)
	w.must(err)
	p := w.program("pooled", policy.ID)
	p.policy = &policy
	return p
}

// with returns the next program of the pool, with these statements for a policy.
func (w *wire) with(statements ...object) program {
	w.t.Helper()
	document, err := json.Marshal(object{"Version": "2012-10-17", "Statement": statements})
	w.must(err)
	p := w.pool[w.taken]
	w.taken++
	p.policy.Document = string(document)
	w.update(func(tx *store.Tx) error { return tx.UpdatePolicy(w.t.Context(), *p.policy) })
	p.policy.Version++
	return p
}

// fresh is a mark with things of its own for what an operation may change; an
// instance that is to be deleted is nobody's.
func (w *wire) fresh(operation string, d wireDeed, m mark) mark {
	w.t.Helper()
	m.name = "x-" + aikagi.NewID()[:13]
	m.ids = maps.Clone(m.ids)
	p := w.ours
	if m.instance == w.yours.instance.ID {
		p = w.yours
	}
	w.update(func(tx *store.Tx) error {
		if operation == "DeleteInstance" {
			i := p.instance
			i.ID, i.Alias = aikagi.InstanceID(aikagi.NewID()), m.name
			m.instance = i.ID
			return tx.InsertInstance(w.t.Context(), i)
		}
		for kind, insert := range map[string]func(*wire, *store.Tx, *place, mark) error{
			"user": (*wire).makeUser, "security profile": (*wire).makeProfile, "group": (*wire).makeGroup,
		} {
			if !slices.Contains(d.on, kind) {
				continue
			}
			m.ids[kind] = aikagi.NewID()
			if err := insert(w, tx, p, m); err != nil {
				return err
			}
		}
		return nil
	})
	return m
}

// mark is one of everything in our instance; of a foreigner, in the other.
func (w *wire) mark(rank string) mark {
	w.t.Helper()
	m, p := mark{account: w.Centre.Account.ID, rank: rank}, w.ours
	if rank == "foreign" {
		p, m.rank = w.yours, "agent"
	}
	m.instance, m.ids = p.instance.ID, maps.Clone(w.equipment[p])
	return w.fresh("", asking("user", "security profile", "group"), m)
}

// makeUser makes somebody of the rank with what he has.
func (w *wire) makeUser(tx *store.Tx, p *place, m mark) error {
	ctx, u := w.t.Context(), p.user[m.rank]
	u.ID, u.Username = aikagi.UserID(m.ids["user"]), aikagi.Username("u"+m.name)
	u.Email = aikagi.Email(string(u.Username) + "@ume.example")
	u.SecurityProfileIDs = []aikagi.SecurityProfileID{p.profile[m.rank]}
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	tagged := aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}
	if err := tx.ReplaceTags(ctx, m.instance, tagged, []aikagi.Tag{{Key: "tag", Value: "value"}}); err != nil {
		return err
	}
	return tx.ReplaceProficiencies(ctx, m.instance, u.ID, []aikagi.Proficiency{{Attribute: "skill", Value: "billing", Level: 3}})
}

// makeProfile makes a security profile of the rank that nobody holds.
func (w *wire) makeProfile(tx *store.Tx, p *place, m mark) error {
	return tx.InsertSecurityProfile(w.t.Context(), aikagi.SecurityProfile{
		InstanceID: m.instance, ID: aikagi.SecurityProfileID(m.ids["security profile"]), Name: "p" + m.name,
		Permissions: strengths()[m.rank], CreatedAt: p.instance.CreatedAt, UpdatedAt: p.instance.CreatedAt,
	})
}

// makeGroup makes a group where nobody is.
func (w *wire) makeGroup(tx *store.Tx, p *place, m mark) error {
	return tx.InsertHierarchyGroup(w.t.Context(), aikagi.HierarchyGroup{
		InstanceID: m.instance, ID: aikagi.HierarchyGroupID(m.ids["group"]), Level: 1, Name: "g" + m.name, CreatedAt: p.instance.CreatedAt,
	})
}
