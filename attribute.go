package aikagi

// AttributeType names something of an instance that is on or off: Amazon
// Connect's InstanceAttributeType. They are about calls and chats, which this
// product leaves to others; it keeps and tells them.
type AttributeType string

// The types, in the order of Amazon's list.
const (
	InboundCalls              AttributeType = "INBOUND_CALLS"
	OutboundCalls             AttributeType = "OUTBOUND_CALLS"
	ContactflowLogs           AttributeType = "CONTACTFLOW_LOGS"
	ContactLens               AttributeType = "CONTACT_LENS"
	AutoResolveBestVoices     AttributeType = "AUTO_RESOLVE_BEST_VOICES"
	UseCustomTTSVoices        AttributeType = "USE_CUSTOM_TTS_VOICES"
	EarlyMedia                AttributeType = "EARLY_MEDIA"
	MultiPartyConference      AttributeType = "MULTI_PARTY_CONFERENCE"
	HighVolumeOutbound        AttributeType = "HIGH_VOLUME_OUTBOUND"
	EnhancedContactMonitoring AttributeType = "ENHANCED_CONTACT_MONITORING"
	EnhancedChatMonitoring    AttributeType = "ENHANCED_CHAT_MONITORING"
	MultiPartyChatConference  AttributeType = "MULTI_PARTY_CHAT_CONFERENCE"
	MessageStreaming          AttributeType = "MESSAGE_STREAMING"
)

// Usual is what an attribute is as long as nobody chose. The five that Terraform's
// provider calls the verified defaults of a new instance are Amazon's; we know of
// no other that is on.
func (t AttributeType) Usual() bool {
	switch t {
	case AutoResolveBestVoices, ContactLens, EarlyMedia:
		return true
	case InboundCalls, OutboundCalls, ContactflowLogs, UseCustomTTSVoices, MultiPartyConference, HighVolumeOutbound,
		EnhancedContactMonitoring, EnhancedChatMonitoring, MultiPartyChatConference, MessageStreaming:
	}
	return false
}
