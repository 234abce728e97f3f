package connect

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
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
func (p *givenPhone) agrees(c channelConfigs) error {
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

// channelConfigs are the five lists of what a user has of his own for a channel.
type channelConfigs struct {
	AutoAccept           []autoAcceptConfig           `json:"AutoAcceptConfigs,omitempty"`
	AfterContactWork     []afterContactWorkConfig     `json:"AfterContactWorkConfigs,omitempty"`
	PhoneNumber          []phoneNumberConfig          `json:"PhoneNumberConfigs,omitempty"`
	PersistentConnection []persistentConnectionConfig `json:"PersistentConnectionConfigs,omitempty"`
	VoiceEnhancement     []voiceEnhancementConfig     `json:"VoiceEnhancementConfigs,omitempty"`
}

type autoAcceptConfig struct {
	Channel    string `json:"Channel"`
	AutoAccept *bool  `json:"AutoAccept"`
	Callback   *bool  `json:"AgentFirstCallbackAutoAccept,omitzero"`
}

// afterContactWorkConfig is Amazon's AfterContactWorkConfigPerChannel.
type afterContactWorkConfig struct {
	Channel  string     `json:"Channel"`
	Config   *timeLimit `json:"AfterContactWorkConfig,omitzero"`
	Callback *timeLimit `json:"AgentFirstCallbackAfterContactWorkConfig,omitzero"`
}

type timeLimit struct {
	Seconds *int `json:"AfterContactWorkTimeLimit"`
}

type phoneNumberConfig struct {
	Channel     string `json:"Channel"`
	PhoneType   string `json:"PhoneType"`
	PhoneNumber string `json:"PhoneNumber,omitempty"`
}

type persistentConnectionConfig struct {
	Channel              string `json:"Channel"`
	PersistentConnection *bool  `json:"PersistentConnection"`
}

type voiceEnhancementConfig struct {
	Channel string `json:"Channel"`
	Mode    string `json:"VoiceEnhancementMode"`
}

func channelsOf(p aikagi.PhoneConfig) channelConfigs {
	var c channelConfigs
	for _, one := range p.Channels {
		name := string(one.Channel)
		if one.AutoAccept != nil || one.CallbackAutoAccept != nil {
			accept := one.AutoAccept != nil && *one.AutoAccept
			c.AutoAccept = append(c.AutoAccept, autoAcceptConfig{name, &accept, one.CallbackAutoAccept})
		}
		if one.AfterContactWork != nil || one.CallbackAfterContactWork != nil {
			c.AfterContactWork = append(c.AfterContactWork,
				afterContactWorkConfig{name, limitOf(one.AfterContactWork), limitOf(one.CallbackAfterContactWork)})
		}
		if one.PhoneType != "" {
			c.PhoneNumber = append(c.PhoneNumber, phoneNumberConfig{name, string(one.PhoneType), one.PhoneNumber})
		}
		if one.PersistentConnection != nil {
			c.PersistentConnection = append(c.PersistentConnection, persistentConnectionConfig{name, one.PersistentConnection})
		}
		if one.VoiceEnhancement != "" {
			c.VoiceEnhancement = append(c.VoiceEnhancement, voiceEnhancementConfig{name, string(one.VoiceEnhancement)})
		}
	}
	return c
}

func limitOf(seconds *int) *timeLimit {
	if seconds == nil {
		return nil
	}
	limit := *seconds // what follows may change it
	return &timeLimit{&limit}
}

// settings are the lists as the rule takes them.
func (c channelConfigs) settings() (directory.ChannelSettings, error) {
	s := directory.ChannelSettings{
		AutoAccept: settingsOf(c.AutoAccept), AfterContactWork: settingsOf(c.AfterContactWork), PhoneNumber: settingsOf(c.PhoneNumber),
		PersistentConnection: settingsOf(c.PersistentConnection), VoiceEnhancement: settingsOf(c.VoiceEnhancement),
	}
	for _, list := range [][]aikagi.ChannelConfig{s.AutoAccept, s.AfterContactWork, s.PhoneNumber, s.PersistentConnection, s.VoiceEnhancement} {
		for _, one := range list {
			if one.Channel == "" || one == (aikagi.ChannelConfig{Channel: one.Channel}) {
				return s, awsapi.Invalid("A setting of a channel lacks Channel or its value.")
			}
		}
	}
	return s, nil
}

// setting is an entry of one of the lists. What Amazon requires of it decides
// whether there is anything: an entry without it is empty.
type setting interface{ setting() aikagi.ChannelConfig }

func settingsOf[T setting](list []T) []aikagi.ChannelConfig {
	var all []aikagi.ChannelConfig
	for _, one := range list {
		all = append(all, one.setting())
	}
	return all
}

func (c autoAcceptConfig) setting() aikagi.ChannelConfig {
	s := aikagi.ChannelConfig{Channel: aikagi.Channel(c.Channel), AutoAccept: c.AutoAccept}
	if c.AutoAccept != nil {
		s.CallbackAutoAccept = c.Callback
	}
	return s
}

func (c afterContactWorkConfig) setting() aikagi.ChannelConfig {
	s := aikagi.ChannelConfig{Channel: aikagi.Channel(c.Channel), AfterContactWork: or(c.Config).Seconds}
	if s.AfterContactWork != nil {
		s.CallbackAfterContactWork = or(c.Callback).Seconds
	}
	return s
}

func (c phoneNumberConfig) setting() aikagi.ChannelConfig {
	s := aikagi.ChannelConfig{Channel: aikagi.Channel(c.Channel), PhoneType: aikagi.PhoneType(c.PhoneType)}
	if c.PhoneType != "" {
		s.PhoneNumber = c.PhoneNumber
	}
	return s
}

func (c persistentConnectionConfig) setting() aikagi.ChannelConfig {
	return aikagi.ChannelConfig{Channel: aikagi.Channel(c.Channel), PersistentConnection: c.PersistentConnection}
}

func (c voiceEnhancementConfig) setting() aikagi.ChannelConfig {
	return aikagi.ChannelConfig{Channel: aikagi.Channel(c.Channel), VoiceEnhancement: aikagi.VoiceEnhancement(c.Mode)}
}
