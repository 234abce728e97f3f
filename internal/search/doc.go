// Package search finds users by conditions, as Amazon Connect's SearchUsers does.
//
//	Condition, a tree ─ tracks: the indexes on which everybody is who meets it
//	      ├ one track for the narrowest of those that all must hold
//	      ├ one for each of those of which one must
//	      └ none: everybody, so many at a time
//	each track ─ persons, a stretch at a time ─ those who meet the whole tree ─ a page
//
// A page costs what its track costs, whatever the number of users; one without a
// track is cut short when it has looked at enough, and goes on with its token.
//
// search never looks at addresses: nobody is found by one, as at Amazon.
package search
