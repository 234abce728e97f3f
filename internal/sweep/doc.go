// Package sweep removes what nobody can use any more, a small batch a
// transaction, so that no login waits behind it.
//
//	what                                goes after
//	sessions, console sessions          their absolute end
//	spent challenges, limits, failures  their end, and an hour for clocks that differ
//	failed logins                       beyond 200,000 rows, those that would end first
//	console links                       a day after their end
//	reset secrets                       30 days after their end: the page says until then why a link does not work
//	known devices                       180 days without use
//	open reset requests                 closed after 7 days, removed after 90
//	uploaded tables of users            a day after they were uploaded
//	answers to client tokens            a day after they were given
//
// sweep never removes the record, a person, or a message.
package sweep
