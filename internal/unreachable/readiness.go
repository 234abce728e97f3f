package unreachable

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
)

// Profile is a security profile and what it permits.
type Profile struct {
	ID, Name    string
	Permissions []string // nil if they have to be asked for
}

// Readiness is whether an instance could help itself if somebody is locked out.
type Readiness struct {
	// Known is false if the profiles could not be looked at; Error says why.
	Known bool   `json:"known"`
	Error string `json:"error,omitempty"`
	// Administrators hold Users: View, Edit and Edit permission, so that they can bring
	// anybody back; Ready of them can reset their own password. Two are wanted.
	Administrators []string `json:"administrators"`
	Ready          []string `json:"ready"`
	// Helpers hold Users: View and Edit, so that they can register an address.
	Helpers []string `json:"helpers"`
	// Takeovers can change the address of an administrator, and so get his password,
	// without being one. Aikagi refuses that; Amazon Connect does not.
	Takeovers []string `json:"takeovers"`
	// Emergency is who could get in if none of these can.
	Emergency Emergency `json:"emergency"`
}

// wantedAdministrators can each be away, or locked out, once.
const wantedAdministrators = 2

// OK reports whether enough administrators can get in by themselves.
func (r Readiness) OK() bool { return r.Known && len(r.Ready) >= wantedAdministrators }

// readiness judges from who holds what, and who was found.
func (r *run) readiness(ctx context.Context, i Instance, all []line) (*Readiness, error) {
	if i.IdentityType != string(aikagi.ConnectManaged) {
		return nil, nil //nolint:nilnil // nobody resets a password here
	}
	ready := &Readiness{Administrators: []string{}, Ready: []string{}, Helpers: []string{}, Takeovers: []string{}}
	var err error
	if ready.Emergency, err = r.Source.Emergency(ctx, i); err != nil {
		return nil, err
	}
	profiles, err := r.profiles(ctx, i)
	if aikagi.CodeOf(err) == aikagi.Forbidden {
		ready.Error = accessDenied
		return ready, nil
	}
	if err != nil {
		return nil, err
	}
	ready.Known = true
	for _, l := range all {
		held := heldBy(l, profiles)
		helps := held[string(aikagi.UsersView)] && held[string(aikagi.UsersEdit)]
		administers := helps && held[string(aikagi.UsersEditPermission)]
		switch {
		case l.Reason == Disabled || !helps:
			continue
		case administers:
			ready.Administrators = append(ready.Administrators, l.Username)
			if l.Reason == "" {
				ready.Ready = append(ready.Ready, l.Username)
			}
		case !r.Source.Guards():
			ready.Takeovers = append(ready.Takeovers, l.Username)
		}
		ready.Helpers = append(ready.Helpers, l.Username)
	}
	return ready, nil
}

// heldBy is what somebody's profiles permit him.
func heldBy(l line, profiles []Profile) map[string]bool {
	held := map[string]bool{}
	for _, p := range profiles {
		if slices.Contains(l.Profiles, p.ID) {
			for _, permission := range p.Permissions {
				held[permission] = true
			}
		}
	}
	return held
}

func (r *run) profiles(ctx context.Context, i Instance) ([]Profile, error) {
	all, err := pages(ctx, r, func(ctx context.Context, token string) ([]Profile, string, error) {
		return r.Source.Profiles(ctx, i, token)
	})
	for n := range all {
		if err != nil {
			break
		}
		if all[n].Permissions != nil {
			continue
		}
		all[n].Permissions, err = pages(ctx, r, func(ctx context.Context, token string) ([]string, string, error) {
			return r.Source.Permissions(ctx, i, all[n].ID, token)
		})
	}
	return all, err
}
