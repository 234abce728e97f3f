package e2e

import (
	"bytes"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/mail/dkim/dkimtest"
)

// TestM1MailAsReceived has a second implementation verify what came out of a
// whole delivery.
func TestM1MailAsReceived(t *testing.T) {
	t.Parallel()
	for _, locale := range aikagi.Locales {
		t.Run(string(locale), func(t *testing.T) {
			t.Parallel()
			site := apptest.Start(t, apptest.Options{Locale: locale})
			record, err := site.Key.Record()
			if err != nil {
				t.Fatal(err)
			}
			verify := dkimtest.OpenDKIM(t, site.Key.Name(), record)
			agent := site.User("agent")
			if err := site.Resets.SendLink(site.As(t.Context(), "administrator"), agent.InstanceID, agent.ID); err != nil {
				t.Fatal(err)
			}
			all, err := site.Mailbox.Wait(t.Context(), string(agent.Email), 1)
			if err != nil {
				t.Fatal(err)
			}
			raw := all[0].Raw
			if out, err := verify(string(raw)); err != nil {
				t.Errorf("refused: %v: %s", err, out)
			}
			changed := bytes.Replace(raw, []byte("Subject: "), []byte("Subject: x"), 1)
			if _, err := verify(string(changed)); err == nil {
				t.Error("a changed subject is accepted")
			}
		})
	}
}
