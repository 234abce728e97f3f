package sheet

import (
	"context"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// exportPage is how many users one transaction reads; a whole instance is read
// page by page, so that no transaction stays open.
const exportPage = 100

// Export hands every user that a query finds to row, in the order of the list and
// with the columns of Columns, so that import reads what export wrote. What the
// list would not show is not among it.
func (s *Sheets) Export(ctx context.Context, instance aikagi.InstanceID, q directory.Query, row func(cells []string) error) error {
	var n named
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if err = s.enter(ctx, tx, instance, s.Clock.Now()); err != nil {
			return err
		}
		n, err = namesOf(ctx, tx, instance)
		return err
	})
	if err != nil {
		return err
	}
	for q.Size, q.Cursor = exportPage, ""; ; {
		page, err := s.Directory.List(ctx, instance, q)
		if err != nil {
			return err
		}
		for _, u := range page.Users {
			if err := row(n.rowOf(u)); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}

// rowOf writes a user as a row of a table.
func (n named) rowOf(u aikagi.User) []string {
	profiles := make([]string, len(u.SecurityProfileIDs))
	for i, id := range u.SecurityProfileIDs {
		profiles[i] = n.profileName[id]
	}
	phone := "soft"
	if u.Phone.Type == aikagi.DeskPhone {
		phone = "desk"
	}
	written := map[string]string{
		"username": string(u.Username), "last_name": u.LastName, "first_name": u.FirstName,
		"email": string(u.Email), "secondary_email": string(u.SecondaryEmail), "mobile": u.Mobile,
		"security_profiles": strings.Join(profiles, "|"), "hierarchy_group": n.groupPaths[u.HierarchyGroupID],
		"routing_profile": n.routingName[u.RoutingProfileID], "phone_type": phone, "desk_phone": u.Phone.DeskPhoneNumber,
		"auto_accept": yes(u.Phone.AutoAccept), "after_contact_work": strconv.Itoa(u.Phone.AfterContactWork),
		"persistent_connection": yes(u.Phone.PersistentConnection), "locale": string(u.Locale),
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = written[c]
	}
	return cells
}
