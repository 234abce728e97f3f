package sheet

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// reading is a table inside a transaction.
type reading struct {
	table
	named
	tx       *store.Tx
	instance aikagi.InstanceID
	edits    directory.Edits
}

// against reads in the transaction what the table may call by name.
func (t table) against(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, e directory.Edits) (reading, error) {
	n, err := namesOf(ctx, tx, instance)
	return reading{table: t, named: n, tx: tx, instance: instance, edits: e}, err
}

// verdict is a row that was judged: an edit, or problems.
type verdict struct {
	row  PlannedRow
	edit directory.Edit
}

func (v *verdict) refuse(problems ...Problem) {
	v.row.Problems = append(v.row.Problems, problems...)
}

func (v *verdict) settle() {
	switch {
	case len(v.row.Problems) > 0:
		v.row.Kind = RowWrong
	case v.row.Kind == RowNew:
	case len(v.row.Changes) > 0:
		v.row.Kind = RowChanged
	default:
		v.row.Kind = RowSame
	}
}

// refuseFor turns what rules said into problems of the row; any other error is no
// matter of the row.
func (v *verdict) refuseFor(err error, cells map[string]string) error {
	var refused aikagi.Invalids
	if !errors.As(err, &refused) {
		one := decision(err)
		if one == nil {
			return err
		}
		refused = aikagi.Invalids{one}
	}
	for _, e := range refused {
		p := Problem{Subject: e.Subject, Reason: e.Reason}
		if slices.Contains(columns, e.Subject) {
			p.Column, p.Given = e.Subject, cells[e.Subject]
		}
		if p.Column != "" && slices.ContainsFunc(v.row.Problems, func(x Problem) bool { return x.Column == p.Column }) {
			continue // what is wrong with the cell was told already
		}
		v.refuse(p)
	}
	return nil
}

// judge judges a row as a single edit would be judged now.
func (b reading) judge(ctx context.Context, r csvtable.Row) (verdict, error) {
	cells := b.cells(r)
	v := verdict{row: PlannedRow{Line: r.Line, Username: cells["username"]}}
	err := b.judgeCells(ctx, &v, cells)
	v.settle()
	return v, err
}

func (b reading) judgeCells(ctx context.Context, v *verdict, cells map[string]string) error {
	name, err := aikagi.ParseUsername(cells["username"], aikagi.MaxUsernameOnPages)
	if err != nil {
		return v.refuseFor(err, cells)
	}
	if b.first[string(name)] != v.row.Line {
		v.refuse(Problem{Column: "username", Subject: "username", Reason: "twice_in_file", Given: string(name)})
		return nil
	}
	profiles := b.profilesIn(v, cells["security_profiles"])
	u, err := b.tx.FindUserByName(ctx, b.instance, name)
	switch {
	case aikagi.CodeOf(err) == aikagi.NotFound:
		return b.judgeNew(ctx, v, cells, profiles)
	case err != nil:
		return err
	}
	return b.judgeChange(ctx, v, u, cells, profiles)
}

// profilesIn finds the profiles that a cell names, with | between them.
func (b reading) profilesIn(v *verdict, given string) []aikagi.SecurityProfile {
	var found []aikagi.SecurityProfile
	for _, name := range strings.FieldsFunc(given, func(r rune) bool { return r == '|' }) {
		name = strings.TrimSpace(name)
		p, known := b.profiles[name]
		switch {
		case !known:
			v.refuse(Problem{
				Column: "security_profiles", Subject: "security_profiles", Reason: "unknown", Given: name,
				Suggestion: nearest(name, b.profiles),
			})
		case !slices.ContainsFunc(found, func(x aikagi.SecurityProfile) bool { return x.ID == p.ID }):
			found = append(found, p)
		}
	}
	if len(found) > aikagi.MaxSecurityProfilesPerUser {
		v.refuse(Problem{Column: "security_profiles", Subject: "security_profiles", Reason: "too_many"})
	}
	return found
}

func (b reading) judgeNew(ctx context.Context, v *verdict, cells map[string]string, profiles []aikagi.SecurityProfile) error {
	v.row.Kind = RowNew
	draft, broken := overlay(directory.Draft{PhoneType: string(aikagi.SoftPhone), RoutingProfile: string(b.fallback)}, cells, b.named)
	v.refuse(broken...)
	var err error
	v.edit, err = b.edits.JudgeNew(ctx, draft, profiles)
	v.row.Changes = b.readable(v.edit.Changes)
	return v.refuseFor(err, cells)
}

func (b reading) judgeChange(ctx context.Context, v *verdict, u aikagi.User, cells map[string]string, profiles []aikagi.SecurityProfile) error {
	draft, broken := overlay(directory.DraftOf(u), cells, b.named)
	if len(broken) > 0 {
		v.refuse(broken...)
		return nil
	}
	var err error
	v.edit, err = b.edits.JudgeChange(ctx, u, draft, profiles)
	v.row.Changes = b.readable(v.edit.Changes)
	return v.refuseFor(err, cells)
}

// readable shows names where the record keeps ids.
func (b reading) readable(changes []aikagi.Change) []aikagi.Change {
	for i, c := range changes {
		switch c.Field {
		case "routing_profile":
			changes[i].Before, changes[i].After = b.routingName[aikagi.RoutingProfileID(c.Before)], b.routingName[aikagi.RoutingProfileID(c.After)]
		case "hierarchy_group":
			changes[i].Before, changes[i].After = b.groupPaths[aikagi.HierarchyGroupID(c.Before)], b.groupPaths[aikagi.HierarchyGroupID(c.After)]
		}
	}
	return changes
}
