package aikagi

import (
	"context"
	"net/netip"
)

// ActorKind is what sort of party acts.
type ActorKind string

// The kinds of actors.
const (
	ActorAnonymous ActorKind = "anonymous" // nobody proved anything
	ActorUser      ActorKind = "user"      // a logged-in user of an instance
	ActorEmergency ActorKind = "emergency" // a principal inside an instance
	ActorPrincipal ActorKind = "principal" // a principal on the account plane
	ActorHost      ActorKind = "host"      // somebody with file access, by command
	ActorSystem    ActorKind = "system"    // a background job
)

// Actor is who acts, as proved by the door: rules ask it for rights and write
// it into the record.
type Actor struct {
	Kind        ActorKind
	Name        string
	InstanceID  InstanceID  // of users and emergency access
	UserID      UserID      // of users
	SessionID   SessionID   // of users and emergency access
	GrantID     GrantID     // of emergency access
	PrincipalID PrincipalID // of principals and emergency access
	Source      string      // page, api, cli, job
	Address     string      // client address, canonical
	RequestID   string
	Locale      Locale
}

// ID returns the identifier that the record keeps.
func (a Actor) ID() string {
	switch a.Kind {
	case ActorUser:
		return string(a.UserID)
	case ActorEmergency, ActorPrincipal:
		return string(a.PrincipalID)
	}
	return ""
}

// Network is the address as limits count it: of IPv6 the 64 bits that a network
// gives out, because a client chooses the rest freely (S3).
func (a Actor) Network() string {
	ip, err := netip.ParseAddr(a.Address)
	if err != nil || !ip.Is6() {
		return a.Address
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

type actorKey struct{}

// WithActor returns a context that carries who acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns who acts; without one, an anonymous actor.
func ActorFrom(ctx context.Context) Actor {
	a, ok := ctx.Value(actorKey{}).(Actor)
	if !ok {
		return Actor{Kind: ActorAnonymous}
	}
	return a
}
