package clients_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	sdk "github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/connect"
)

// TestShapesAreTheModels compares what each operation reads and answers with the
// SDK's structs, member by member and all the way down: a member that Amazon adds
// shows here, and so does one that we misspell. What we do not have is named in
// absentMembers, and the operation's row says so.
func TestShapesAreTheModels(t *testing.T) {
	t.Parallel()
	client := reflect.TypeFor[*sdk.Client]()
	for _, op := range new(connect.API).Operations() {
		method, ok := client.MethodByName(op.Name)
		if !ok {
			t.Errorf("%s: the SDK has no such operation", op.Name)
			continue
		}
		in, out := op.Shapes()
		c := comparison{t: t, op: op, seen: map[reflect.Type]bool{}}
		c.structs(op.Name+" request", in, method.Type.In(2).Elem())
		c.seen = map[reflect.Type]bool{}
		c.structs(op.Name+" answer", out, method.Type.Out(0).Elem())
	}
}

type comparison struct {
	t    *testing.T
	op   awsapi.Operation
	seen map[reflect.Type]bool
}

// structs compares two structures by the wire names of their members. The SDK's
// field names are those names, but for the case of a few.
func (c comparison) structs(where string, ours, theirs reflect.Type) {
	if c.seen[theirs] {
		return
	}
	c.seen[theirs] = true
	have := members(ours)
	for i := range theirs.NumField() {
		f := theirs.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		name, mine, found := f.Name, reflect.StructField{}, false
		for n, m := range have {
			if strings.EqualFold(n, name) {
				name, mine, found = n, m, true
			}
		}
		delete(have, name)
		switch reason := absentMembers[where+" "+f.Name]; {
		case found && reason != "":
			c.t.Errorf("%s: %s is there now; take it from absentMembers", where, f.Name)
		case found:
			c.values(where+"."+f.Name, mine.Type, f.Type)
		case reason == "":
			c.t.Errorf("%s: %s is missing", where, f.Name)
		case c.op.Gap == "":
			c.t.Errorf("%s: %s is missing, and the row of the operation does not say so", where, f.Name)
		}
	}
	for name := range have {
		c.t.Errorf("%s: Amazon has no %s", where, name)
	}
}

// members maps the wire names of a structure to its fields, embedded ones included.
func members(t reflect.Type) map[string]reflect.StructField {
	all := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		for _, tag := range []string{"path", "query"} {
			if n := f.Tag.Get(tag); n != "" {
				name = n
			}
		}
		if name != "" && name != "-" {
			all[name] = f
		}
	}
	return all
}

func (c comparison) values(where string, ours, theirs reflect.Type) {
	ours, theirs = plain(ours), plain(theirs)
	switch {
	case ours == reflect.TypeFor[jsontext.Value](): // read to be refused
		if c.op.Gap == "" {
			c.t.Errorf("%s: is refused, and the row of the operation does not say so", where)
		}
	case theirs == reflect.TypeFor[time.Time]():
		if ours != reflect.TypeFor[awsapi.Epoch]() {
			c.t.Errorf("%s: a time is a %s", where, ours)
		}
	case kind(ours) != kind(theirs):
		c.t.Errorf("%s: %s for %s", where, ours, theirs)
	case theirs.Kind() == reflect.Struct:
		c.structs(where, ours, theirs)
	case theirs.Kind() == reflect.Slice, theirs.Kind() == reflect.Map:
		c.values(where+"[]", ours.Elem(), theirs.Elem())
	}
}

func plain(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// kind puts numbers of all sizes together.
func kind(t reflect.Type) reflect.Kind {
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return reflect.Int
	case reflect.Float32, reflect.Float64:
		return reflect.Float64
	}
	return t.Kind()
}

// absentMembers are members of Amazon's model that we do not have, and why.
var absentMembers = absent(
	"access to data tables is refused when a profile is made or changed, so none has any",
	"DescribeSecurityProfile answer.SecurityProfile GranularAccessControlConfiguration",
).and(
	"what it means is documented nowhere that we know",
	"DescribeSecurityProfile answer.SecurityProfile OrganizationResourceId",
	"SearchSecurityProfiles answer.SecurityProfiles[] OrganizationResourceId",
).and(
	"no instance fails to be made",
	"DescribeInstance answer.Instance StatusReason",
).and(
	"instances are not replicated",
	"DescribeInstance answer ReplicationConfiguration",
).and(
	"nobody waits here",
	"DescribeRoutingProfile answer.RoutingProfile AgentAvailabilityTimer",
	"SearchRoutingProfiles answer.RoutingProfiles[] AgentAvailabilityTimer",
).and(
	"no queue is assigned by hand",
	"DescribeRoutingProfile answer.RoutingProfile AssociatedManualAssignmentQueueIds",
	"DescribeRoutingProfile answer.RoutingProfile NumberOfAssociatedManualAssignmentQueues",
	"SearchRoutingProfiles answer.RoutingProfiles[] AssociatedManualAssignmentQueueIds",
	"SearchRoutingProfiles answer.RoutingProfiles[] NumberOfAssociatedManualAssignmentQueues",
).and(
	"how Amazon counts is not known",
	"DescribeRoutingProfile answer.RoutingProfile NumberOfAssociatedQueues",
	"DescribeRoutingProfile answer.RoutingProfile NumberOfAssociatedUsers",
	"SearchRoutingProfiles answer.RoutingProfiles[] NumberOfAssociatedQueues",
	"SearchRoutingProfiles answer.RoutingProfiles[] NumberOfAssociatedUsers",
).and(
	"nothing waits here",
	"DescribeQueue answer.Queue MaxContacts",
	"SearchQueues answer.Queues[] MaxContacts",
).and(
	"there are no calls",
	"DescribeQueue answer.Queue OutboundCallerConfig",
	"SearchQueues answer.Queues[] OutboundCallerConfig",
).and(
	"there is no mail to customers",
	"DescribeQueue answer.Queue OutboundEmailConfig",
	"SearchQueues answer.Queues[] OutboundEmailConfig",
).and(
	"hours have no parents",
	"DescribeHoursOfOperation answer.HoursOfOperation ParentHoursOfOperations",
	"SearchHoursOfOperations answer.HoursOfOperations[] ParentHoursOfOperations",
)

// reasons says of members why they are absent.
type reasons map[string]string

func absent(reason string, members ...string) reasons { return reasons{}.and(reason, members...) }

func (r reasons) and(reason string, members ...string) reasons {
	for _, m := range members {
		r[m] = reason
	}
	return r
}
