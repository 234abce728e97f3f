//go:build !bench

package captcha

// fixedAnswer is never right: only a build with the tag bench has one (S41).
func fixedAnswer(string) bool { return false }
