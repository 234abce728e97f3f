package awsapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/sigv4"
	"github.com/aikagi/aikagi/internal/i18n"
)

// FaultName is the name that AWS gives to a kind of error.
type FaultName string

// The names that this server answers with.
const (
	InvalidRequest        FaultName = "InvalidRequestException"
	InvalidParameter      FaultName = "InvalidParameterException"
	Serialization         FaultName = "SerializationException"
	MissingAuthentication FaultName = "MissingAuthenticationTokenException"
	UnrecognizedClient    FaultName = "UnrecognizedClientException"
	IncompleteSignature   FaultName = "IncompleteSignatureException"
	InvalidSignature      FaultName = "InvalidSignatureException"
	AccessDenied          FaultName = "AccessDeniedException"
	ResourceNotFound      FaultName = "ResourceNotFoundException"
	UnknownOperation      FaultName = "UnknownOperationException"
	DuplicateResource     FaultName = "DuplicateResourceException"
	ResourceInUse         FaultName = "ResourceInUseException"
	ResourceConflict      FaultName = "ResourceConflictException"
	ServiceQuotaExceeded  FaultName = "ServiceQuotaExceededException"
	Throttling            FaultName = "ThrottlingException"
	TooLarge              FaultName = "RequestEntityTooLargeException"
	UnsupportedMedia      FaultName = "UnsupportedMediaTypeException"
	InternalService       FaultName = "InternalServiceException"
	ServiceUnavailable    FaultName = "ServiceUnavailableException"
)

// Status is the HTTP status that goes with the name.
func (n FaultName) Status() int {
	switch n {
	case InvalidRequest, InvalidParameter, Serialization:
		return http.StatusBadRequest
	case MissingAuthentication, UnrecognizedClient, IncompleteSignature, InvalidSignature, AccessDenied:
		return http.StatusForbidden
	case ResourceNotFound, UnknownOperation:
		return http.StatusNotFound
	case DuplicateResource, ResourceInUse, ResourceConflict:
		return http.StatusConflict
	case ServiceQuotaExceeded:
		return http.StatusPaymentRequired
	case Throttling:
		return http.StatusTooManyRequests
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case ServiceUnavailable:
		return http.StatusServiceUnavailable
	case InternalService:
	}
	return http.StatusInternalServerError
}

// Fault is an error with its name on the wire and a text for the engineer who
// reads it; Err is for the log.
type Fault struct {
	Name    FaultName
	Message string
	Retry   time.Duration
	Err     error
	inUse   inUse // of ResourceInUse
}

// inUse says what is used, in Amazon's words: CONTACT, USER, HIERARCHY_GROUP …
type inUse struct {
	Kind string `json:"ResourceType,omitempty"`
	ID   string `json:"ResourceId,omitempty"`
}

// inUseOf names what a conflict is about, by the ids of the path.
func inUseOf(err error, labels map[string]string) inUse {
	var e *aikagi.Error
	if errors.As(err, &e) {
		switch e.Subject {
		case "hierarchy_group":
			return inUse{"HIERARCHY_GROUP", labels["HierarchyGroupId"]}
		case "hierarchy_level":
			return inUse{Kind: "HIERARCHY_LEVEL"}
		case "user":
			return inUse{"USER", labels["UserId"]}
		}
	}
	return inUse{}
}

func (f *Fault) Error() string {
	if f.Err != nil {
		return string(f.Name) + ": " + f.Message + ": " + f.Err.Error()
	}
	return string(f.Name) + ": " + f.Message
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

func fault(name FaultName, message string) error { return &Fault{Name: name, Message: message} }

// Invalid says that members contradict one another, or that one is missing.
func Invalid(message string) error { return fault(InvalidRequest, message) }

// OutOfRange says that a value breaks a limit or a pattern.
func OutOfRange(message string) error { return fault(InvalidParameter, message) }

// faultOf is the table from the product's errors to AWS's names.
// TestEachCodeHasAFault walks it.
func faultOf(err error) *Fault {
	var f *Fault
	var e *aikagi.Error
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &tooBig):
		return &Fault{Name: TooLarge, Message: "The request is larger than 1 MiB.", Err: err}
	case errors.As(err, &e):
		return &Fault{Name: nameOf(e), Message: textOf(e), Retry: e.RetryAfter, Err: err}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Fault{Name: ServiceUnavailable, Message: textOf(aikagi.E(aikagi.Unavailable, "", nil)), Err: err}
	}
	return &Fault{Name: InternalService, Message: textOf(aikagi.E(aikagi.Internal, "", nil)), Err: err}
}

func nameOf(e *aikagi.Error) FaultName {
	switch e.Code {
	case aikagi.Invalid:
		if e.Reason == "required" || e.Reason == "not_supported" {
			return InvalidRequest
		}
		return InvalidParameter
	case aikagi.Unauthenticated:
		return nameOfSignature(e.Reason)
	case aikagi.Forbidden:
		return AccessDenied
	case aikagi.NotFound:
		return ResourceNotFound
	case aikagi.Conflict:
		if e.Subject == "alias" || e.Subject == "client_token" {
			return InvalidRequest // hashicorp/terraform-provider-aws#38115: an alias that is used
		}
		return nameOfConflict(e.Reason)
	case aikagi.Throttled:
		return Throttling
	case aikagi.Expired:
		return InvalidParameter
	case aikagi.Unavailable:
		return ServiceUnavailable
	case aikagi.Internal:
	}
	return InternalService
}

// nameOfSignature names what is wrong with a signature. A wrong time is an
// invalid signature: by that name clients correct their clocks (H07).
func nameOfSignature(reason string) FaultName {
	switch reason {
	case sigv4.MissingToken:
		return MissingAuthentication
	case sigv4.IncompleteSignature:
		return IncompleteSignature
	case sigv4.InvalidSignature, sigv4.ExpiredSignature:
		return InvalidSignature
	}
	return UnrecognizedClient
}

func nameOfConflict(reason string) FaultName {
	switch reason {
	case "taken":
		return DuplicateResource
	case "in_use", "last_administrator":
		return ResourceInUse
	case "too_many":
		return ServiceQuotaExceeded // a permanent limit: clients repeat 429, and not 402
	}
	return ResourceConflict
}

// members are what the wire calls the fields that rules speak of.
var members = map[string]string{ //nolint:gochecknoglobals // a constant
	"username": "Username", "first_name": "FirstName", "last_name": "LastName", "email": "Email",
	"secondary_email": "SecondaryEmail", "mobile": "Mobile", "phone_type": "PhoneType", "desk_phone": "DeskPhoneNumber",
	"after_contact_work": "AfterContactWorkTimeLimit", "routing_profile": "RoutingProfileId",
	"hierarchy_group": "HierarchyGroupId", "security_profiles": "SecurityProfileIds", "tags": "Tags",
	"proficiencies": "UserProficiencies", "profile_name": "SecurityProfileName", "description": "Description",
	"permissions": "Permissions", "scope_tags": "AllowedAccessControlTags", "tag_scoped": "TagRestrictedResources",
	"hierarchy_scoped": "HierarchyRestrictedResources", "scope_group": "AllowedAccessControlHierarchyGroupId", "group_name": "Name", "level_name": "Name", "alias": "InstanceAlias", "identity_type": "IdentityManagementType",
	"password": "Password", "client_token": "ClientToken", "directory": "DirectoryId",
	"attribute": "AttributeType", "attribute_value": "Value",
	"access_name": "Name", "access_description": "Description", "allowed_ips": "AllowedIps", "blocked_ips": "BlockedIps",
	"periodic_session": "PeriodicSessionDuration", "inactivity": "SessionInactivityDuration",
	"queue_types": "QueueTypes", "channel": "Channel", "voice_enhancement": "VoiceEnhancementMode", "search": "SearchCriteria",
}

// textOf says in English what is wrong, and names the member if one is.
func textOf(e *aikagi.Error) string {
	key := i18n.Key(e.Subject + "." + e.Reason)
	if e.Reason == "" || !i18n.Has(aikagi.English, key) {
		key = i18n.Key("wire." + string(e.Code))
	}
	if e.Subject == "signature" {
		key = i18n.Key("wire." + e.Reason)
	}
	text := i18n.T(aikagi.English, key)
	if member := members[e.Subject]; member != "" && (e.Code == aikagi.Invalid || e.Code == aikagi.Conflict) {
		return member + ": " + text
	}
	return text
}
