package awsapi

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/awsapi/sigv4"
	"github.com/aikagi/aikagi/internal/clock"
)

// Options are what a Server leans on.
type Options struct {
	Clock    clock.Clock
	Log      *slog.Logger
	Accounts *account.Accounts
	Region   string
	// Address tells where a request comes from, trusted proxies considered.
	Address func(*http.Request) string
	// Host is the host that is for programs only; empty: there is none, and what is
	// not signed and none of Amazon's paths is somebody else's.
	Host string
	Rate Rate
	// Wall is whose time signatures and rates are held against; nil: Clock.
	Wall clock.Clock
	// Around stands between a checked signature and an operation; nil: nothing does.
	// Only dev has one (S41).
	Around Around
}

// Around answers in place of an operation, which do runs.
type Around func(ctx context.Context, op Operation, do func(context.Context) (any, error)) (any, error)

// Server answers signed requests.
type Server struct {
	Options
	router *router
	limits *limits
}

// New puts the table together.
func New(o Options, operations []Operation) *Server {
	if o.Wall == nil {
		o.Wall = o.Clock
	}
	return &Server{Options: o, router: newRouter(operations), limits: newLimits(o.Rate)}
}

// Claims reports whether a request is for programs: it is signed, its path is one
// of Amazon's, or it came to the host that is for programs only.
func (s *Server) Claims(r *http.Request) bool {
	return sigv4.Signed(r) || s.router.owns(r.URL) || s.Host != "" && strings.EqualFold(hostname(r.Host), s.Host)
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// exchange is one request on its way, for the log line at its end.
type exchange struct {
	id     string
	began  time.Time
	op     string
	labels map[string]string
	caller Caller
	fault  *Fault
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{id: requestID(), began: s.Wall.Now()}
	defer s.logged(r, x)
	h := w.Header()
	h.Set("X-Amzn-Requestid", x.id)
	h.Set("Date", x.began.UTC().Format(http.TimeFormat)) // by which clients correct their clocks (H07)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	body, kind, err := s.answer(w, r, x)
	if err != nil {
		x.fault = faultOf(err)
		body, kind = x.fault.body(r, x.id)
		h.Set("X-Amzn-Errortype", string(x.fault.Name))
		if x.fault.Retry > 0 {
			h.Set("Retry-After", strconv.Itoa(int(math.Ceil(x.fault.Retry.Seconds()))))
		}
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if x.fault != nil {
		w.WriteHeader(x.fault.Name.Status())
	}
	_, _ = w.Write(body) // the client may be gone
}

// requestID is random whatever the source of the other ids is: who only reads in
// dev changes no id that is made afterwards (ADR 0006).
func requestID() string {
	return uuid.Must(uuid.NewRandomFromReader(rand.Reader)).String() // crypto/rand ends the process rather than fail
}

const jsonKind = "application/json"

// answer makes the body of the answer. A panic is a bug of ours: the client gets
// the request id, the log the place.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, x *exchange) (body []byte, kind string, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.ErrorContext(r.Context(), "panic", "request_id", x.id, "cause", p, "stack", string(debug.Stack()))
			err = aikagi.E(aikagi.Internal, "request", nil)
		}
	}()
	received, err := receive(w, r)
	if err != nil {
		return nil, "", err
	}
	if isQuery(r) {
		return s.answerQuery(r, x, received)
	}
	ctx, err := s.authenticate(r, x, received, "connect")
	if err != nil {
		return nil, "", err
	}
	op, labels, ok := s.router.find(r)
	if !ok {
		return nil, "", fault(UnknownOperation, "There is no such operation.")
	}
	x.op, x.labels = op.Name, labels
	if err := s.limits.take(x.caller.Principal.ID, op.Name, x.began); err != nil {
		return nil, "", err
	}
	out, err := s.around(ctx, op, func(ctx context.Context) (any, error) {
		return op.serve(ctx, r, labels, received, op)
	})
	if err != nil {
		return nil, "", s.explained(err, x, op)
	}
	body, err = write(out)
	return body, jsonKind, err
}

func (s *Server) around(ctx context.Context, op Operation, do func(context.Context) (any, error)) (any, error) {
	if s.Around == nil {
		return do(ctx)
	}
	return s.Around(ctx, op, do)
}

// receive reads the whole body. One that breaks off, or whose chunks are none, is
// the client's or the network's doing.
func receive(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	received, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooBig *http.MaxBytesError
	if err != nil && !errors.As(err, &tooBig) {
		return nil, &Fault{Name: Serialization, Message: "The body cannot be read to its end.", Err: err}
	}
	return received, err
}

// authenticate checks the signature and returns a context in which its principal
// acts.
func (s *Server) authenticate(r *http.Request, x *exchange, body []byte, service string) (context.Context, error) {
	now := s.Wall.Now()
	signer := s.Accounts.Signer()
	// A presigned URL is passed on, and good for days: it may ask, and change nothing.
	changes := service == "connect" && r.Method != http.MethodGet
	scope := sigv4.Scope{Service: service, Regions: s.regions(service), HeaderOnly: changes}
	identity, err := sigv4.Verify(r, body, signer.Lookup, now, scope)
	if err != nil {
		return nil, err
	}
	who, err := signer.Proved(r.Context(), identity)
	if err != nil {
		return nil, err
	}
	x.caller = Caller{Account: who.Account, Principal: who.Principal, Region: s.Region}
	ctx := context.WithValue(r.Context(), callerKey{}, x.caller)
	return aikagi.WithActor(ctx, aikagi.Actor{
		Kind: aikagi.ActorPrincipal, PrincipalID: who.Principal.ID, Name: who.Principal.Name,
		Source: "api", Address: s.Address(r), RequestID: x.id, Locale: aikagi.English,
	}), nil
}

// regions are those that a signature may be scoped to. Clients that know of no
// region sign for STS where it lives.
func (s *Server) regions(service string) []string {
	if service == "sts" {
		return []string{s.Region, stsHome}
	}
	return []string{s.Region}
}

// explained says of a denied action what AWS says of it, who lacks which, and of a
// conflict what is in use.
func (s *Server) explained(err error, x *exchange, op Operation) error {
	f := faultOf(err)
	switch {
	case f.Name == ResourceInUse:
		f.inUse = inUseOf(err, x.labels)
		return f
	case f.Name != AccessDenied || aikagi.ReasonOf(err) != op.Action:
		return err
	}
	return &Fault{
		Name: AccessDenied, Err: err,
		Message: "User: " + x.caller.ARN() + " is not authorized to perform: " + op.Action,
	}
}

// logged writes the line of the request. Nothing of what was sent is in it but
// the ids of the path.
func (s *Server) logged(r *http.Request, x *exchange) {
	level, code := slog.LevelInfo, "ok"
	attrs := []any{
		"request_id", x.id, "op", x.op, "actor", x.caller.Principal.Name, "dur_ms", s.Wall.Now().Sub(x.began).Milliseconds(),
	}
	if id, ok := x.labels["InstanceId"]; ok {
		attrs = append(attrs, "instance_id", id)
	}
	if x.fault != nil {
		code = string(x.fault.Name)
		if x.fault.Name.Status() >= http.StatusInternalServerError {
			level = slog.LevelError
			attrs = append(attrs, "err", x.fault)
		}
	}
	s.Log.Log(r.Context(), level, "api", append(attrs, "code", code)...)
}

// body is what the client reads of a fault: AWS's clients take the name from the
// header and the text from here.
func (f *Fault) body(r *http.Request, id string) (body []byte, kind string) {
	if isQuery(r) {
		return queryFault(f, id), xmlKind
	}
	text, err := write(struct {
		Type    FaultName `json:"__type"`
		Message string    `json:"Message"`
		inUse
	}{f.Name, f.Message, f.inUse})
	if err != nil {
		return []byte("{}"), jsonKind
	}
	return text, jsonKind
}
