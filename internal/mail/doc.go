// Package mail writes the messages that Aikagi sends: one data struct for each
// kind, three templates for each kind, and the words in texts/ja.json and
// texts/en.json.
//
//	Frame + PasswordReset{…} ─ templates ─ text and HTML with the same content ─ Envelope (raw bytes)
//
// The raw bytes depend on the arguments alone, so composing again gives the
// same message, and golden files hold all of it.
//
// Text from people gets into a mail only as an argument of a text, {{t "key"
// "name" .Value}}, which makes control and direction characters visible, cuts
// it, and takes apart what a mail program would turn into a link (see safe).
// The only address in a mail is the link that the caller passes as such.
//
// ReturnPath makes the envelope senders, each with the name of its message under a
// MAC, and reads them again when something comes back.
//
// It never stores, signs or sends.
package mail
