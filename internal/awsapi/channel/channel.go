// Package channel has the shapes of what a user has of his own for a channel: the five
// lists that Amazon Connect's UpdateUserConfig takes, and DescribeUser and SearchUsers
// answer.
package channel

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/directory"
)

// Configs are the five lists of what a user has of his own for a channel.
type Configs struct {
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

// Of tells the lists of a phone configuration.
func Of(p aikagi.PhoneConfig) Configs {
	var c Configs
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

func (l *timeLimit) seconds() *int {
	if l == nil {
		return nil
	}
	return l.Seconds
}

// Times tells the times in a unit of which so many are a second: SearchUsers answers
// milliseconds.
func (c Configs) Times(unit int) Configs {
	for _, one := range c.AfterContactWork {
		for _, limit := range []*timeLimit{one.Config, one.Callback} {
			if limit != nil {
				*limit.Seconds *= unit
			}
		}
	}
	return c
}

// Settings are the lists as the rule takes them. An entry that lacks its channel or
// what Amazon requires of it is Invalid.
func (c Configs) Settings() (directory.ChannelSettings, error) {
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
	s := aikagi.ChannelConfig{Channel: aikagi.Channel(c.Channel), AfterContactWork: c.Config.seconds()}
	if s.AfterContactWork != nil {
		s.CallbackAfterContactWork = c.Callback.seconds()
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
