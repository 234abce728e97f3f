//go:build bench

package captcha

// fixedAnswer lets a load generator through. A build with the tag bench is never
// released (S41).
func fixedAnswer(typed string) bool { return typed == "BENCH" }
