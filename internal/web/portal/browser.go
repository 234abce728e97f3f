package portal

import "strings"

// Browser says which browser a user agent stands for, "Chrome, Windows", so that
// people recognise their own. Browsers name those they want to be taken for as
// well, so the order decides.
func (mePage) Browser(userAgent string) string {
	name := first(userAgent, []named{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"},
		{"CriOS/", "Chrome"},
		{"Safari/", "Safari"},
	})
	system := first(userAgent, []named{
		{"Windows", "Windows"},
		{"Android", "Android"},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	})
	switch {
	case name == "" && system == "":
		return "–"
	case name == "" || system == "":
		return name + system
	}
	return name + ", " + system
}

// named is a part of a user agent and what it stands for.
type named struct{ part, name string }

func first(userAgent string, all []named) string {
	for _, n := range all {
		if strings.Contains(userAgent, n.part) {
			return n.name
		}
	}
	return ""
}
