// Package routing tells what tools ask about how contacts would find people:
// routing profiles, queues, hours of operation. Users must have a routing profile,
// it must have a queue, and that must have hours; each new instance has one of
// each.
//
//	operation                          permission of a person
//	find, list, search profiles        RoutingPolicies.View
//	find, list, search queues          Queues.View
//	find, list, search hours           HoursOfOperation.View
//
// There are at most a few hundred of a kind (Amazon's quotas), so that lists and
// searches read all of them and choose.
//
// routing routes nothing, and changes nothing.
package routing
