// Package i18n owns every text that a person reads: the catalogues ja/*.json
// and en/*.json, one file an area, and the choice of a language.
//
// A key is flat ("forgot.title") and lives in one file. Placeholders are named,
// {n} or {name}. A text that depends on a number is an object with the forms
// of its language, chosen by {n}:
//
//	"users.count": {"one": "{n} person", "other": "{n} people"}     en
//	"users.count": "{n} 人"                                          ja
//
//	i18n.T(aikagi.Japanese, "users.count", "n", 128)                 128 人
//
// It never decides which language a person gets; it only says what a browser
// asked for (Match). It never escapes: texts are plain, and whoever puts them
// into HTML lets html/template do that.
package i18n
