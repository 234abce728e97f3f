package directory

import (
	"context"
	"slices"
	"strconv"

	"github.com/aikagi/aikagi"
)

// Amendment is a part of what is known about a user, as one operation of the wire
// gives it. What it does not name stays as it is.
type Amendment interface {
	apply(u aikagi.User) (aikagi.User, error)
}

// AsItStands is the version of programs, which know none: the change is made to
// the user as he is in the transaction that makes it.
const AsItStands int64 = -1

// amendTries is how often a user may be changed by others while the notices of a
// moved address are written, before the caller is asked to come again.
const amendTries = 5

// Amend changes a part of what is known about a user as he stands. It is Update in
// all that it judges, ends and tells; what somebody else changes meanwhile is kept.
func (d *Directory) Amend(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, a Amendment) error {
	for range amendTries {
		_, err := d.change(ctx, instance, id, AsItStands, a)
		if err == nil || aikagi.CodeOf(err) != aikagi.Conflict || aikagi.ReasonOf(err) != "changed" {
			return err
		}
	}
	return aikagi.E(aikagi.Unavailable, "user", nil)
}

// Identity is Amazon's UserIdentityInfo. What is nil stays, and an empty text
// clears: Amazon does not say whether an update replaces or merges, Terraform sends
// what it knows, and an older client does not know all of it.
type Identity struct {
	FirstName, LastName, Email, SecondaryEmail, Mobile *string
}

func (i Identity) apply(u aikagi.User) (aikagi.User, error) {
	f := DraftOf(u)
	f.onWire = true
	for _, given := range []struct {
		value *string
		into  *string
	}{
		{i.FirstName, &f.FirstName},
		{i.LastName, &f.LastName},
		{i.Email, &f.Email},
		{i.SecondaryEmail, &f.SecondaryEmail},
		{i.Mobile, &f.Mobile},
	} {
		if given.value != nil {
			*given.into = *given.value
		}
	}
	var broken aikagi.Invalids
	f.person(&u, &broken)
	return u, broken.Err()
}

// Phone is Amazon's UserPhoneConfig as UpdateUserPhoneConfig gives it: a whole,
// because SDKs leave out what is false or 0. Only PersistentConnection stays if it
// is nil: older clients do not know it.
type Phone struct {
	Type                 string
	AutoAccept           bool
	AfterContactWork     int // seconds
	DeskPhone            string
	PersistentConnection *bool
}

func (p Phone) apply(u aikagi.User) (aikagi.User, error) {
	persistent := u.Phone.PersistentConnection
	if p.PersistentConnection != nil {
		persistent = *p.PersistentConnection
	}
	f := Draft{
		PhoneType: p.Type, AutoAccept: p.AutoAccept, AfterContactWork: strconv.Itoa(p.AfterContactWork),
		DeskPhone: p.DeskPhone, PersistentConnection: persistent,
	}
	phone, err := f.phone()
	if err != nil {
		return u, err
	}
	for _, own := range u.Phone.Channels { // Amazon: "will always set the same" for all channels
		left := aikagi.ChannelConfig{Channel: own.Channel, VoiceEnhancement: own.VoiceEnhancement}
		if p.PersistentConnection == nil {
			left.PersistentConnection = own.PersistentConnection
		}
		if left != (aikagi.ChannelConfig{Channel: own.Channel}) {
			phone.Channels = append(phone.Channels, left)
		}
	}
	u.Phone = phone
	return u, nil
}

// Routing moves a user to a routing profile.
type Routing struct{ To aikagi.RoutingProfileID }

func (r Routing) apply(u aikagi.User) (aikagi.User, error) {
	u.RoutingProfileID = r.To
	return u, nil
}

// Placement moves a user to a hierarchy group; to none, out of the hierarchy.
type Placement struct{ In aikagi.HierarchyGroupID }

func (p Placement) apply(u aikagi.User) (aikagi.User, error) {
	u.HierarchyGroupID = p.In
	return u, nil
}

// ChannelSettings are settings of single channels, as UpdateUserConfig and
// CreateUser give them; each list is one of Amazon's, and its entries hold nothing
// else. A channel that a list does not name keeps what it has.
type ChannelSettings struct {
	AutoAccept, AfterContactWork, PhoneNumber, PersistentConnection, VoiceEnhancement []aikagi.ChannelConfig
}

// Empty reports whether nothing is given.
func (c ChannelSettings) Empty() bool {
	for _, list := range c.lists() {
		if len(list) > 0 {
			return false
		}
	}
	return true
}

func (c ChannelSettings) lists() [][]aikagi.ChannelConfig {
	return [][]aikagi.ChannelConfig{c.AutoAccept, c.AfterContactWork, c.PhoneNumber, c.PersistentConnection, c.VoiceEnhancement}
}

func (c ChannelSettings) apply(u aikagi.User) (aikagi.User, error) {
	var broken aikagi.Invalids
	own := map[aikagi.Channel]aikagi.ChannelConfig{}
	for _, one := range u.Phone.Channels {
		own[one.Channel] = one
	}
	for _, list := range c.lists() {
		for i, one := range list {
			checkChannel(&broken, one)
			if slices.ContainsFunc(list[:i], func(x aikagi.ChannelConfig) bool { return x.Channel == one.Channel }) {
				broken.Add("channel", "repeated")
			}
			own[one.Channel] = own[one.Channel].With(one)
		}
	}
	u.Phone.Channels = nil
	for _, name := range aikagi.Channels {
		if one, ok := own[name]; ok {
			u.Phone.Channels = append(u.Phone.Channels, one)
		}
	}
	return u, broken.Err()
}

// checkChannel checks one entry of a list by what it holds.
func checkChannel(broken *aikagi.Invalids, c aikagi.ChannelConfig) {
	if !slices.Contains(aikagi.Channels[:], c.Channel) {
		broken.Add("channel", "unknown")
	}
	voiceOnly := c.CallbackAutoAccept != nil || c.CallbackAfterContactWork != nil || c.PhoneType != "" ||
		c.PersistentConnection != nil || c.VoiceEnhancement != ""
	if voiceOnly && c.Channel != aikagi.ChannelVoice {
		broken.Add("channel", "voice_only")
	}
	for _, seconds := range []*int{c.AfterContactWork, c.CallbackAfterContactWork} {
		if seconds != nil && (*seconds < 0 || *seconds > maxAfterContactWork) {
			broken.Add("after_contact_work", "range")
		}
	}
	if c.PhoneType != "" {
		_, err := Draft{PhoneType: string(c.PhoneType), DeskPhone: c.PhoneNumber}.phone()
		*broken = append(*broken, asInvalids(err)...)
	}
	switch c.VoiceEnhancement {
	case "", aikagi.VoiceIsolation, aikagi.NoiseSuppression, aikagi.NoEnhancement:
	default:
		broken.Add("voice_enhancement", "unknown")
	}
}
