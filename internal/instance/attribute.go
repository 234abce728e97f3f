package instance

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// AttributeTypes lists what an instance has attributes of, in Amazon's order.
func AttributeTypes() []aikagi.AttributeType {
	return []aikagi.AttributeType{
		aikagi.InboundCalls, aikagi.OutboundCalls, aikagi.ContactflowLogs, aikagi.ContactLens, aikagi.AutoResolveBestVoices,
		aikagi.UseCustomTTSVoices, aikagi.EarlyMedia, aikagi.MultiPartyConference, aikagi.HighVolumeOutbound,
		aikagi.EnhancedContactMonitoring, aikagi.EnhancedChatMonitoring, aikagi.MultiPartyChatConference, aikagi.MessageStreaming,
	}
}

func known(t aikagi.AttributeType) bool { return slices.Contains(AttributeTypes(), t) }

// Attribute tells whether something of an instance is on.
func (s *Instances) Attribute(ctx context.Context, id aikagi.InstanceID, t aikagi.AttributeType) (on bool, err error) {
	if !known(t) {
		return false, aikagi.Because(aikagi.Invalid, "attribute", "unknown")
	}
	i, err := s.Attributes(ctx, id)
	return i.Attribute(t), err
}

// Attributes reads an instance for its attributes.
func (s *Instances) Attributes(ctx context.Context, id aikagi.InstanceID) (i aikagi.Instance, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		at, err := s.asAccount(ctx, tx, id)
		i = at.instance
		return err
	})
	return i, err
}

// SetAttribute switches something of an instance on or off.
func (s *Instances) SetAttribute(ctx context.Context, id aikagi.InstanceID, t aikagi.AttributeType, on bool) error {
	if !known(t) {
		return aikagi.Because(aikagi.Invalid, "attribute", "unknown")
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		at, err := s.asAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		before := at.instance.Attribute(t)
		chosen := map[aikagi.AttributeType]bool{}
		maps.Copy(chosen, at.instance.Attributes)
		chosen[t] = on
		at.instance.Attributes = chosen
		if err := tx.UpdateInstanceAttributes(ctx, at.instance); err != nil {
			return err
		}
		e := at.about("instance.attribute")
		e.Changes = audit.Changed([3]string{"attribute", set(t, before), set(t, on)})
		return audit.Record(ctx, tx, at.now, e)
	})
}

func set(t aikagi.AttributeType, on bool) string { return string(t) + "=" + strconv.FormatBool(on) }

// about begins the row of the record about an instance.
func (at scene) about(action string) audit.Event {
	return audit.Event{
		Instance: at.instance.ID, Action: action,
		TargetKind: "instance", TargetID: string(at.instance.ID), TargetName: at.instance.Alias,
	}
}
