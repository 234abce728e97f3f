package connect

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/channel"
	"github.com/aikagi/aikagi/internal/directory"
)

// phoneConfig is Amazon's UserPhoneConfig.
type phoneConfig struct {
	PhoneType                 string `json:"PhoneType,omitempty"`
	AutoAccept                bool   `json:"AutoAccept"`
	AfterContactWorkTimeLimit int    `json:"AfterContactWorkTimeLimit"` // seconds; SearchUsers answers milliseconds
	DeskPhoneNumber           string `json:"DeskPhoneNumber,omitempty"`
	PersistentConnection      *bool  `json:"PersistentConnection,omitzero"`
}

func phoneOf(p aikagi.PhoneConfig) phoneConfig {
	return phoneConfig{
		PhoneType: string(p.Type), AutoAccept: p.AutoAccept, AfterContactWorkTimeLimit: p.AfterContactWork,
		DeskPhoneNumber: p.DeskPhoneNumber, PersistentConnection: &p.PersistentConnection,
	}
}

// givenPhone is a UserPhoneConfig as a client gives it; what is absent is nil.
type givenPhone struct {
	PhoneType                 *string `json:"PhoneType"`
	AutoAccept                *bool   `json:"AutoAccept"`
	AfterContactWorkTimeLimit *int    `json:"AfterContactWorkTimeLimit"`
	DeskPhoneNumber           *string `json:"DeskPhoneNumber"`
	PersistentConnection      *bool   `json:"PersistentConnection"`
}

func (p *givenPhone) phone() directory.Phone {
	if p == nil {
		return directory.Phone{}
	}
	return directory.Phone{
		Type: or(p.PhoneType), AutoAccept: or(p.AutoAccept), AfterContactWork: or(p.AfterContactWorkTimeLimit),
		DeskPhone: or(p.DeskPhoneNumber), PersistentConnection: p.PersistentConnection,
	}
}

// or is what a pointer points to, or nothing.
func or[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}

// agrees refuses what is given twice: for all channels, and for single ones.
func (p *givenPhone) agrees(c channel.Configs) error {
	if p == nil {
		return nil
	}
	for _, twice := range []struct {
		is     bool
		member string
	}{
		{p.AutoAccept != nil && len(c.AutoAccept) > 0, "AutoAccept"},
		{p.AfterContactWorkTimeLimit != nil && len(c.AfterContactWork) > 0, "AfterContactWorkTimeLimit"},
		{(p.PhoneType != nil || p.DeskPhoneNumber != nil) && len(c.PhoneNumber) > 0, "PhoneType or DeskPhoneNumber"},
		{p.PersistentConnection != nil && len(c.PersistentConnection) > 0, "PersistentConnection"},
	} {
		if twice.is {
			return awsapi.Invalid("PhoneConfig: " + twice.member + " cannot be set together with settings of the same kind for single channels.")
		}
	}
	return nil
}
