package directory

import (
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

// maxLastNameSAML is the longest last name, in characters, of instances whose
// people prove themselves elsewhere by SAML, as Amazon Connect documents it.
const maxLastNameSAML = 300

// fitsIdentity judges names and address by who keeps them (Amazon's
// UserIdentityInfo): a directory keeps its own; with SAML there is no address that a
// password could be reset by (H22). Elsewhere an address is welcome and never
// required. before is the zero User of a new one, whom a directory may bring.
func (s scene) fitsIdentity(before, after aikagi.User) error {
	var broken aikagi.Invalids
	kept := func(field, a, b, reason string) {
		if a != b {
			broken.Add(field, reason)
		}
	}
	switch s.instance.IdentityType {
	case aikagi.ExistingDirectory:
		if before.ID != "" {
			kept("first_name", before.FirstName, after.FirstName, "directory")
			kept("last_name", before.LastName, after.LastName, "directory")
			kept("email", string(before.Email), string(after.Email), "directory")
		}
		return broken.Err()
	case aikagi.SAML:
		if after.Email != "" {
			kept("email", string(before.Email), string(after.Email), "saml")
		}
	case aikagi.ConnectManaged:
		if utf8.RuneCountInString(after.LastName) > aikagi.MaxLastName {
			broken.Add("last_name", "too_long")
		}
	}
	if after.FirstName == "" {
		broken.Add("first_name", "required")
	}
	if after.LastName == "" {
		broken.Add("last_name", "required")
	}
	return broken.Err()
}

// fitsPassword asks for a password where the instance keeps passwords, and refuses
// it elsewhere, as Amazon's CreateUser does. On pages another way in follows.
func (s scene) fitsPassword(n NewUser) error {
	keeps := s.instance.IdentityType == aikagi.ConnectManaged
	switch {
	case n.OnWire && keeps && n.Password.Empty():
		return aikagi.Because(aikagi.Invalid, "password", "required")
	case n.OnWire && !keeps && !n.Password.Empty():
		return aikagi.Because(aikagi.Invalid, "password", "external")
	}
	return nil
}
