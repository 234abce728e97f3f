// Package criteria says what a search asks for: a tree of conditions on texts,
// and conditions on tags, as the searches of Amazon Connect take them.
//
//	operation ─ Query ─ rule: Check(the fields there are), then Matches(each thing)
//
// It is for things of which an instance has a few hundred at most, so that each
// can be looked at. What is searched for is text, never a pattern (S36), and
// criteria reads nothing: the rule brings what it may show.
package criteria
