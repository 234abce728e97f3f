package connect

import "github.com/aikagi/aikagi"

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
	AutoAccept bool   `json:"AutoAccept"`
	Callback   *bool  `json:"AgentFirstCallbackAutoAccept,omitzero"`
}

// afterContactWorkConfig is Amazon's AfterContactWorkConfigPerChannel.
type afterContactWorkConfig struct {
	Channel  string     `json:"Channel"`
	Config   *timeLimit `json:"AfterContactWorkConfig,omitzero"`
	Callback *timeLimit `json:"AgentFirstCallbackAfterContactWorkConfig,omitzero"`
}

type timeLimit struct {
	Seconds int `json:"AfterContactWorkTimeLimit"`
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
			c.AutoAccept = append(c.AutoAccept, autoAcceptConfig{name, accept, one.CallbackAutoAccept})
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
	return &timeLimit{*seconds}
}
