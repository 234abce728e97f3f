package devfault

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/aikagi/aikagi/internal/awsapi"
)

// Plan is what should go wrong. The zero Plan is: nothing.
type Plan struct {
	// Throttle counts each operation by itself, whoever calls it: a quota of AWS is
	// one of account and Region.
	Throttle *Throttle `json:"throttle,omitzero"`
	// Conflict names operations that answer ResourceConflictException.
	Conflict []string `json:"conflict,omitzero"`
	// SlowCreationMS is how long a new instance is CREATION_IN_PROGRESS.
	SlowCreationMS int64 `json:"slow_creation_ms,omitzero"`
	// MaxPageSize is the most that lists answer at once, whatever is asked for.
	MaxPageSize int32 `json:"max_page_size,omitzero"`
	// LatencyMS is how much longer each operation takes.
	LatencyMS int64     `json:"latency_ms,omitzero"`
	Fail      []Failure `json:"fail,omitzero"`
}

// Throttle is a quota: Burst at once, then Rate a second.
type Throttle struct {
	Rate  float64 `json:"rate"`
	Burst int     `json:"burst"`
}

// Failure lets an operation answer an error. Of several for one operation the
// first that is not used up counts.
type Failure struct {
	Operation string           `json:"operation"`
	Error     awsapi.FaultName `json:"error"`
	// Times is how often; 0: until the plan changes.
	Times int `json:"times,omitzero"`
}

// Limits of a plan, so that a slip of the pen does not look like a hang.
const (
	longestMS = 10 * 60 * 1000
	mostPages = 1000 // Amazon's largest page
)

// failures are the errors that a plan may ask for: those that a caller with a
// good signature can get.
func failures() []awsapi.FaultName {
	return []awsapi.FaultName{
		awsapi.InvalidRequest, awsapi.InvalidParameter, awsapi.AccessDenied, awsapi.ResourceNotFound, awsapi.DuplicateResource,
		awsapi.ResourceInUse, awsapi.ResourceConflict, awsapi.ServiceQuotaExceeded, awsapi.Throttling, awsapi.InternalService,
		awsapi.ServiceUnavailable, awsapi.UnrecognizedClient, awsapi.InvalidSignature,
	}
}

// parse reads a plan about these operations. Its error says what is wrong in
// words for whoever wrote it.
func parse(text []byte, operations []string) (Plan, error) {
	var p Plan
	if err := read(text, &p); err != nil {
		return Plan{}, err
	}
	return p, p.check(operations)
}

// read reads one JSON value without members that nobody knows.
func read(text []byte, v any) error {
	err := json.Unmarshal(text, v, json.RejectUnknownMembers(true))
	var wrong *json.SemanticError
	switch {
	case !errors.As(err, &wrong):
		return err
	case errors.Is(err, json.ErrUnknownName):
		return fmt.Errorf("%s: there is no such member", wrong.JSONPointer)
	}
	return fmt.Errorf("%s: the value has the wrong type", wrong.JSONPointer)
}

func (p Plan) check(operations []string) error {
	var wrong []error
	refuse := func(broken bool, format string, args ...any) {
		if broken {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	if t := p.Throttle; t != nil {
		refuse(t.Rate <= 0 || t.Rate > 1e6, "throttle.rate must be above 0, requests a second")
		refuse(t.Burst < 1, "throttle.burst must be 1 or more")
	}
	refuse(p.SlowCreationMS < 0 || p.SlowCreationMS > longestMS, "slow_creation_ms must be 0 to %d", longestMS)
	refuse(p.LatencyMS < 0 || p.LatencyMS > longestMS, "latency_ms must be 0 to %d", longestMS)
	refuse(p.MaxPageSize < 0 || p.MaxPageSize > mostPages, "max_page_size must be 1 to %d; 0 or absent leaves pages as they are", mostPages)
	for _, name := range p.Conflict {
		refuse(!slices.Contains(operations, name), "conflict: there is no operation %q", name)
	}
	for i, f := range p.Fail {
		refuse(!slices.Contains(operations, f.Operation), "fail[%d].operation: there is no operation %q", i, f.Operation)
		refuse(!slices.Contains(failures(), f.Error), "fail[%d].error must be one of %v, not %q", i, failures(), f.Error)
		refuse(f.Times < 0, "fail[%d].times must not be negative", i)
	}
	return errors.Join(wrong...)
}
