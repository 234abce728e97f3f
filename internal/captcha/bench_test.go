//go:build bench

package captcha

import "testing"

func TestFixedAnswerUnderTheTag(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, all)
	if _, _, err := d.Check(token, typed("bench"), Forgot, sakura); err != nil {
		t.Error(err)
	}
	if _, _, err := d.Check(token, typed("bench"), Login, sakura); err == nil {
		t.Error("the fixed answer opens another form")
	}
}
