// Package directory keeps the people of an instance: who they are, where their
// mail goes, which profiles and group they have, and whether they may log in.
//
//	page, command, wire ─ actor in ctx ─ Directory.Update(…)
//	   ├ prepare: read, judge, render the mails (outside the transaction)
//	   └ ONE transaction: read again, judge rights, change, end what the change
//	     ends (sessions, reset secrets), audit row, mails into the outbox
//
//	sheet ─ Directory.EditTogether(…) ─ ONE transaction: Edits judges and stores
//	        one user after the other, each as if it were alone
//
// What each operation asks for; "ways in" is S26: the target holds no guarded
// power that the actor lacks.
//
//	operation                  permission                ways in   last administrator stays
//	list, search, find         Users.View                –         –
//	create                     Users.Create, may give    –         –
//	update, amend              Users.Edit                if an address changes
//	enable, disable            Users.EnableAndDisable    yes       yes
//	delete                     Users.Delete              yes       yes
//	replace profiles           Users.EditPermission, …   yes       yes
//	proficiencies              Users.Edit                –         –
//	edit together              Users.View, Users.Create or Users.Edit; each edit as above
//	tags of users              Users.Edit                –         –
//	tags of profiles           SecurityProfiles.Edit     –         –
//	tags of groups             AgentGrouping.Edit        –         –
//	tags of an instance        the account: host, system, or a principal's signed call
//	end sessions, lift waits   Users.Edit                yes       –
//	groups                     AgentGrouping.*           –         –
//	levels of the hierarchy    AgentGrouping.Edit        –         –
//	mail record                Users.Edit                –         –
//	audit record               HistoricalChanges.View    –         –
//
// directory never sets a password except the first one of a new user, and never
// sends mail; both leave rows for others.
package directory
