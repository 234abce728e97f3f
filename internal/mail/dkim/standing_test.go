package dkim

import (
	"strings"
	"testing"
)

func TestK20WhatReceiversMakeOfTheRecord(t *testing.T) {
	t.Parallel()
	k, other := key(t, rsaPEM()), key(t, rsaKey(2048))
	ours, err := k.Record()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Record()
	if err != nil {
		t.Fatal(err)
	}
	public := strings.TrimPrefix(ours, "v=DKIM1; k=rsa; p=")
	for _, tt := range []struct {
		name  string
		found []string
		want  Standing
	}{
		{"as we say it", []string{ours}, Published},
		{"written otherwise", []string{"v=DKIM1;k=rsa;t=s;p=" + public[:60] + "  " + public[60:] + ";"}, Published},
		{"without version and kind", []string{"p=" + public}, Published},
		{"beside another text", []string{"some-verification=1", ours}, Published},
		{"nothing", nil, Missing},
		{"a wildcard's text", []string{"v=spf1 -all"}, Missing},
		{"twice", []string{ours, theirs}, Several},
		{"taken back", []string{"v=DKIM1; k=rsa; p="}, Revoked},
		{"another key", []string{theirs}, OtherKey},
		{"cut off", []string{ours[:300]}, OtherKey},
		{"no key at all", []string{"v=DKIM1; k=rsa; p=!!!"}, OtherKey},
		{"of another kind", []string{"v=DKIM1; k=ed25519; p=" + public}, Unusable},
		{"for SHA-1 only", []string{"v=DKIM1; k=rsa; h=sha1; p=" + public}, Unusable},
		{"not for mail", []string{"v=DKIM1; k=rsa; s=other; p=" + public}, Unusable},
		{"for tests", []string{"v=DKIM1; k=rsa; t=y:s; p=" + public}, Testing},
	} {
		if got, err := k.Standing(tt.found); got != tt.want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	if _, err := (Key{}).Standing([]string{ours}); err == nil {
		t.Error("no key has a standing")
	}
}
