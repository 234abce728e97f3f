package directory

import (
	"context"
	"slices"
	"strconv"

	"github.com/aikagi/aikagi"
)

// Draft is a user as somebody typed him, on a page, in a file or on the wire.
// All doors hand the same Draft to the same checks (S23).
type Draft struct {
	Username         string // of new users only: a user name is never changed
	FirstName        string
	LastName         string
	Email            string
	SecondaryEmail   string
	Mobile           string
	PhoneType        string
	AutoAccept       bool
	AfterContactWork string // seconds
	DeskPhone        string

	PersistentConnection bool

	RoutingProfile string
	HierarchyGroup string
	Locale         string

	// onWire leaves to fitsIdentity which names are required and how long they are.
	onWire bool
}

const maxAfterContactWork = 2_000_000 // seconds; Amazon Connect's limit

// apply checks the draft and puts it into a user; every broken rule is told.
func (f Draft) apply(u aikagi.User) (aikagi.User, error) {
	var broken aikagi.Invalids
	f.person(&u, &broken)
	phone, err := f.phone()
	if err != nil {
		broken = append(broken, asInvalids(err)...)
	}
	u.Phone = u.Phone.ForAllChannels(phone)
	u.RoutingProfileID = aikagi.RoutingProfileID(f.RoutingProfile)
	u.HierarchyGroupID = aikagi.HierarchyGroupID(f.HierarchyGroup)
	u.Locale = aikagi.ParseLocale(f.Locale)
	return u, broken.Err()
}

// person checks who somebody is and where he is reached.
func (f Draft) person(u *aikagi.User, broken *aikagi.Invalids) {
	var err error
	u.LastName, err = f.name("last_name", f.LastName, aikagi.MaxLastName)
	broken.AddErr("last_name", err)
	u.FirstName, err = f.name("first_name", f.FirstName, aikagi.MaxFirstName)
	broken.AddErr("first_name", err)
	u.Email, err = aikagi.ParseOptionalEmail(f.Email)
	broken.AddErr("email", err)
	u.SecondaryEmail, err = aikagi.ParseOptionalEmail(f.SecondaryEmail)
	broken.AddErr("secondary_email", as("secondary_email", err))
	u.Mobile, err = aikagi.ParsePhoneNumber("mobile", f.Mobile)
	broken.AddErr("mobile", err)
}

func (f Draft) name(field, text string, limit int) (string, error) {
	if !f.onWire {
		return aikagi.ParsePersonName(field, text, limit)
	}
	if text == "" {
		return "", nil
	}
	return aikagi.ParsePersonName(field, text, max(limit, maxLastNameSAML))
}

func (f Draft) phone() (aikagi.PhoneConfig, error) {
	var broken aikagi.Invalids
	p := aikagi.PhoneConfig{Type: aikagi.PhoneType(f.PhoneType), AutoAccept: f.AutoAccept, PersistentConnection: f.PersistentConnection}
	if p.Type == "" {
		p.Type = aikagi.SoftPhone
	}
	if p.Type != aikagi.SoftPhone && p.Type != aikagi.DeskPhone {
		broken.Add("phone_type", "unknown")
	}
	var err error
	p.DeskPhoneNumber, err = aikagi.ParsePhoneNumber("desk_phone", f.DeskPhone)
	broken.AddErr("desk_phone", err)
	if p.Type == aikagi.DeskPhone && f.DeskPhone == "" {
		broken.Add("desk_phone", "required")
	}
	if f.AfterContactWork != "" {
		n, err := strconv.Atoi(f.AfterContactWork)
		if err != nil || n < 0 || n > maxAfterContactWork {
			broken.Add("after_contact_work", "range")
		}
		p.AfterContactWork = n
	}
	return p, broken.Err()
}

// as moves a broken rule of an address to the field that holds it.
func as(field string, err error) error {
	if err == nil {
		return nil
	}
	return aikagi.Because(aikagi.Invalid, field, aikagi.ReasonOf(err))
}

func asInvalids(err error) aikagi.Invalids {
	if all, ok := err.(aikagi.Invalids); ok { //nolint:errorlint // made two lines above, never wrapped
		return all
	}
	return nil
}

// DraftOf is the draft that would store u unchanged; forms start from it.
func DraftOf(u aikagi.User) Draft {
	return Draft{
		Username: string(u.Username), FirstName: u.FirstName, LastName: u.LastName,
		Email: string(u.Email), SecondaryEmail: string(u.SecondaryEmail), Mobile: u.Mobile,
		PhoneType: string(u.Phone.Type), AutoAccept: u.Phone.AutoAccept,
		AfterContactWork: strconv.Itoa(u.Phone.AfterContactWork), DeskPhone: u.Phone.DeskPhoneNumber,
		PersistentConnection: u.Phone.PersistentConnection,
		RoutingProfile:       string(u.RoutingProfileID), HierarchyGroup: string(u.HierarchyGroupID),
		Locale: string(u.Locale),
	}
}

// places refuses a routing profile or group that the instance does not have.
func (s scene) places(ctx context.Context, u aikagi.User) error {
	var broken aikagi.Invalids
	_, err := s.tx.FindRoutingProfile(ctx, s.instance.ID, u.RoutingProfileID)
	if aikagi.CodeOf(err) == aikagi.NotFound {
		broken.Add("routing_profile", "unknown")
	} else if err != nil {
		return err
	}
	if u.HierarchyGroupID != "" {
		_, err = s.tx.FindHierarchyGroup(ctx, s.instance.ID, u.HierarchyGroupID)
		if aikagi.CodeOf(err) == aikagi.NotFound {
			broken.Add("hierarchy_group", "unknown")
		} else if err != nil {
			return err
		}
	}
	return broken.Err()
}

// profiles reads the profiles with these ids: one to ten, each of the instance.
func (s scene) profiles(ctx context.Context, ids []aikagi.SecurityProfileID) ([]aikagi.SecurityProfile, error) {
	switch {
	case len(ids) == 0:
		return nil, aikagi.Because(aikagi.Invalid, "security_profiles", "required")
	case len(ids) > aikagi.MaxSecurityProfilesPerUser:
		return nil, aikagi.Because(aikagi.Invalid, "security_profiles", "too_many")
	}
	found := make([]aikagi.SecurityProfile, 0, len(ids))
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return nil, aikagi.Because(aikagi.Invalid, "security_profiles", "repeated")
		}
		p, err := s.tx.FindSecurityProfile(ctx, s.instance.ID, id)
		if aikagi.CodeOf(err) == aikagi.NotFound {
			return nil, aikagi.Because(aikagi.Invalid, "security_profiles", "unknown")
		}
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}
