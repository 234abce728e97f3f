package aikagi

// Channel is a way in which contacts reach a user.
type Channel string

// The channels.
const (
	ChannelVoice Channel = "VOICE"
	ChannelChat  Channel = "CHAT"
	ChannelTask  Channel = "TASK"
	ChannelEmail Channel = "EMAIL"
)

// Channels are all of them, in the order in which they are kept.
var Channels = [...]Channel{ChannelVoice, ChannelChat, ChannelTask, ChannelEmail}

// VoiceEnhancement is what is done about noise around the user.
type VoiceEnhancement string

// The modes.
const (
	VoiceIsolation   VoiceEnhancement = "VOICE_ISOLATION"
	NoiseSuppression VoiceEnhancement = "NOISE_SUPPRESSION"
	NoEnhancement    VoiceEnhancement = "NONE"
)

// ChannelConfig is what a user has of his own for one channel, where it differs
// from his PhoneConfig. On the wire it is one entry in each of five lists
// (CreateUser, UpdateUserConfig, User); what is nil or empty has no entry. From
// CallbackAutoAccept on, all but AfterContactWork are for ChannelVoice only.
type ChannelConfig struct {
	Channel                  Channel          `json:"channel"`                               // Channel of every entry
	AutoAccept               *bool            `json:"auto_accept,omitempty"`                 // AutoAcceptConfigs: AutoAccept
	CallbackAutoAccept       *bool            `json:"callback_auto_accept,omitempty"`        // AutoAcceptConfigs: AgentFirstCallbackAutoAccept
	AfterContactWork         *int             `json:"after_contact_work,omitempty"`          // AfterContactWorkConfigs: AfterContactWorkConfig.AfterContactWorkTimeLimit, seconds
	CallbackAfterContactWork *int             `json:"callback_after_contact_work,omitempty"` // AfterContactWorkConfigs: AgentFirstCallbackAfterContactWorkConfig.AfterContactWorkTimeLimit
	PhoneType                PhoneType        `json:"phone_type,omitempty"`                  // PhoneNumberConfigs: PhoneType
	PhoneNumber              string           `json:"phone_number,omitempty"`                // PhoneNumberConfigs: PhoneNumber
	PersistentConnection     *bool            `json:"persistent_connection,omitempty"`       // PersistentConnectionConfigs: PersistentConnection
	VoiceEnhancement         VoiceEnhancement `json:"voice_enhancement,omitempty"`           // VoiceEnhancementConfigs: VoiceEnhancementMode
}

// With returns c with what d holds in its place.
func (c ChannelConfig) With(d ChannelConfig) ChannelConfig {
	c.Channel = d.Channel
	if d.AutoAccept != nil {
		c.AutoAccept, c.CallbackAutoAccept = d.AutoAccept, d.CallbackAutoAccept
	}
	if d.AfterContactWork != nil {
		c.AfterContactWork, c.CallbackAfterContactWork = d.AfterContactWork, d.CallbackAfterContactWork
	}
	if d.PhoneType != "" {
		c.PhoneType, c.PhoneNumber = d.PhoneType, d.PhoneNumber
	}
	if d.PersistentConnection != nil {
		c.PersistentConnection = d.PersistentConnection
	}
	if d.VoiceEnhancement != "" {
		c.VoiceEnhancement = d.VoiceEnhancement
	}
	return c
}

// ForAllChannels returns p with the settings of q, which hold for every channel
// as those of Amazon's UpdateUserPhoneConfig do: what a channel had of its own
// about a setting that changed goes, and the rest of it stays.
func (p PhoneConfig) ForAllChannels(q PhoneConfig) PhoneConfig {
	q.Channels = nil
	for _, c := range p.Channels {
		if p.AutoAccept != q.AutoAccept {
			c.AutoAccept, c.CallbackAutoAccept = nil, nil
		}
		if p.AfterContactWork != q.AfterContactWork {
			c.AfterContactWork, c.CallbackAfterContactWork = nil, nil
		}
		if p.Type != q.Type || p.DeskPhoneNumber != q.DeskPhoneNumber {
			c.PhoneType, c.PhoneNumber = "", ""
		}
		if p.PersistentConnection != q.PersistentConnection {
			c.PersistentConnection = nil
		}
		if c != (ChannelConfig{Channel: c.Channel}) {
			q.Channels = append(q.Channels, c)
		}
	}
	return q
}
