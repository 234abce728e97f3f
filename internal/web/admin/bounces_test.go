package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// TestR4AdministratorsSeeWhatCameBack, and why nothing is sent (K05).
func TestR4AdministratorsSeeWhatCameBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	m, err := o.rules.Post.PasswordChanged(o.here, o.viewer, start)
	must(t, err)
	ctx := t.Context()
	must(t, o.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertMessage(ctx, m); err != nil {
			return err
		}
		if _, err := tx.BounceMessage(ctx, m.ID, "5.1.1 no such user <b>\u202e", start); err != nil {
			return err
		}
		if _, err := tx.NoteReport(ctx, aikagi.Attempt{MessageID: m.ID, At: start, Outcome: "delayed", Reply: "4.4.1 later"}); err != nil {
			return err
		}
		if _, err := tx.NoteReport(ctx, aikagi.Attempt{MessageID: m.ID, At: start, Outcome: "bounced", Reply: "5.1.1 no such user <b>\u202e"}); err != nil {
			return err
		}
		return tx.MarkBounced(ctx, m, start)
	}))
	b := o.as(t, o.editor)
	user := "/admin/users/" + string(o.viewer.ID)
	page := b.sees(b.gets(user), http.StatusOK, "不達", "いったん受け取られました", "配達が遅れています", "5.1.1 no such user", "このアドレスへのメールが戻ってきました")
	if strings.Contains(page, "<b>") || strings.Contains(page, "\u202e") {
		t.Error("the server's words are not only text")
	}
	b.sees(b.gets("/admin/users"), http.StatusOK, "不達")
	b.sees(b.gets("/admin/mail"), http.StatusOK, "不達 (戻り)", "5.1.1")
	b.sees(b.gets("/admin/mail/"+string(m.ID)), http.StatusOK, "不達 (戻り)", "いったん受け取られました")

	mails := b.sees(b.gets("/admin/mail"), http.StatusOK)
	if strings.Contains(mails, "メールの送信を止めています") {
		t.Error("a pause is shown where there is none")
	}
	for stage, words := range map[string]string{"auth": "ログインを拒否", "tls": "証明書を確かめて", "dial": "メールサーバーに接続できません", "data": "メールサーバーに接続できません"} {
		must(t, o.store.Update(ctx, func(tx *store.Tx) error {
			if err := tx.EndMailPause(ctx); err != nil {
				return err
			}
			return tx.KeepMailPause(ctx, aikagi.MailPause{
				Failures: 3, Since: start.Add(-time.Hour), RetryAt: start, Stage: stage, Reply: "smtp " + stage + ": 535 5.7.8 no",
			}, 0)
		}))
		b.sees(b.gets("/admin/mail"), http.StatusOK, "メールの送信を止めています", words, "535 5.7.8")
	}
}
