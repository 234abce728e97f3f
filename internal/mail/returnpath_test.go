package mail

import (
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
)

func TestReturnPathIsAnAddressThatOnlyWeCanMake(t *testing.T) {
	t.Parallel()
	ring := secret.NewRing([secret.KeyBytes]byte{1})
	id := aikagi.MessageID(aikagi.NewOrderedID())
	for bounces, own := range map[aikagi.Email]bool{
		"": false, "b@id.example.jp": true, "abcdefghijklmnop@id.example.jp": true, "abcdefghijklmnopq@id.example.jp": false,
	} {
		p := ReturnPath{Ring: ring, From: "noreply@id.example.jp", Bounces: bounces}
		sender := p.Of(id)
		local, _, _ := strings.Cut(string(sender), "@")
		if _, err := aikagi.ParseEmail(string(sender)); err != nil || len(local) > 64 || (sender != p.From) != own {
			t.Errorf("%s makes %s (%v)", bounces, sender, err)
		}
		if !own {
			continue
		}
		if got, found, err := p.Read(strings.ToUpper(string(sender))); got != id || !found || err != nil {
			t.Errorf("%s is read as %s, %t, %v", sender, got, found, err)
		}
		for n := range len(local) {
			c := byte('a')
			if local[n] == c {
				c = 'b'
			}
			other := local[:n] + string(c) + local[n+1:]
			if got, _, _ := p.Read(other + "@id.example.jp"); got != "" {
				t.Errorf("%s is read as %s", other, got)
			}
		}
	}
	if got := (ReturnPath{Ring: ring, From: "noreply@id.example.jp", Bounces: "b@id.example.jp"}).Of("no uuid"); got != "noreply@id.example.jp" {
		t.Errorf("a message of another form comes back to %s", got)
	}
}

func FuzzReturnPath(f *testing.F) {
	p := ReturnPath{Ring: secret.NewRing([secret.KeyBytes]byte{1}), From: "noreply@id.example.jp", Bounces: "b@id.example.jp"}
	f.Add(string(p.Of("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")))
	f.Add("b+-@id.example.jp")
	f.Fuzz(func(t *testing.T, address string) {
		id, found, err := p.Read(address)
		if id != "" && (!found || err != nil || !strings.EqualFold(address, string(p.Of(id)))) {
			t.Errorf("%q is read as %q, %t, %v", address, id, found, err)
		}
	})
}
