package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// RowKind is what a row of a table does.
type RowKind string

// The kinds of rows.
const (
	RowNew     RowKind = "new"
	RowChanged RowKind = "changed"
	RowSame    RowKind = "same"
	RowWrong   RowKind = "wrong"
)

// Problem is why a row is wrong. Its text is "<Subject>.<Reason>".
type Problem struct {
	Column     string `json:"column,omitempty"` // empty: the row as a whole
	Subject    string `json:"subject"`
	Reason     string `json:"reason"`
	Given      string `json:"given,omitempty"`
	Suggestion string `json:"suggestion,omitempty"` // a name that there is
}

// PlannedRow is a row and what it does.
type PlannedRow struct {
	Line     int
	Username string
	Kind     RowKind
	Changes  []aikagi.Change
	Problems []Problem
}

// Plan is what a table would do.
type Plan struct {
	Rows                      []PlannedRow
	New, Changed, Same, Wrong int
	Unread                    []string // headings that mean nothing to us
}

func (p *Plan) add(r PlannedRow) {
	p.Rows = append(p.Rows, r)
	switch r.Kind {
	case RowNew:
		p.New++
	case RowChanged:
		p.Changed++
	case RowSame:
		p.Same++
	case RowWrong:
		p.Wrong++
	}
}

// PlanImport judges every row of a file as it would be judged now, and writes
// nothing. Rows are judged one by one by the rules of a single edit.
func (d *Directory) PlanImport(ctx context.Context, instance aikagi.InstanceID, file []byte) (Plan, error) {
	s, err := readSheet(file)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Unread: s.unread}
	err = d.Store.View(ctx, func(tx *store.Tx) error {
		b, err := d.enterSheet(ctx, tx, instance, s)
		if err != nil {
			return err
		}
		for _, r := range s.rows {
			v, err := b.judge(ctx, r)
			if err != nil {
				return err
			}
			p.add(v.row)
		}
		return nil
	})
	return p, err
}

// reading is an import inside a transaction.
type reading struct {
	scene
	sheet
	named
}

// enterSheet asks for what every import needs; what a row needs beyond that is
// asked for it.
func (d *Directory) enterSheet(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, s sheet) (reading, error) {
	b := reading{sheet: s}
	var err error
	if b.scene, err = d.enter(ctx, tx, instance, aikagi.UsersView); err != nil {
		return b, err
	}
	if !b.rights.May(aikagi.UsersCreate) && !b.rights.May(aikagi.UsersEdit) {
		return b, b.rights.Require(aikagi.UsersEdit)
	}
	b.named, err = b.scene.named(ctx)
	return b, err
}

// verdict is a row that was judged: a new user, a change, profiles, or problems.
type verdict struct {
	row      PlannedRow
	created  aikagi.User
	change   change
	profiles []aikagi.SecurityProfile // to be held from now on; nil leaves them
}

func (v *verdict) refuse(problems ...Problem) {
	v.row.Problems = append(v.row.Problems, problems...)
}

func (v *verdict) settle() {
	switch {
	case len(v.row.Problems) > 0:
		v.row.Kind = RowWrong
	case v.created.ID != "":
		v.row.Kind = RowNew
	case len(v.row.Changes) > 0:
		v.row.Kind = RowChanged
	default:
		v.row.Kind = RowSame
	}
}

// refuseFor turns a decision into problems of the row; any other error is no
// matter of the row.
func (v *verdict) refuseFor(err error, cells map[string]string) error {
	if err == nil || aikagi.CodeOf(err) == aikagi.Internal || aikagi.CodeOf(err) == aikagi.Unavailable {
		return err
	}
	broken := asInvalids(err)
	if one := new(aikagi.Error); broken == nil && errors.As(err, &one) {
		broken = aikagi.Invalids{one}
	}
	for _, e := range broken {
		p := Problem{Subject: e.Subject, Reason: e.Reason}
		if slices.Contains(sheetColumns, e.Subject) {
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
	err := b.judgeCells(ctx, &v, r.Line, cells)
	v.settle()
	return v, err
}

func (b reading) judgeCells(ctx context.Context, v *verdict, line int, cells map[string]string) error {
	name, err := aikagi.ParseUsername(cells["username"], aikagi.MaxUsernameOnPages)
	if err != nil {
		return v.refuseFor(err, cells)
	}
	if b.first[string(name)] != line {
		v.refuse(Problem{Column: "username", Subject: "username", Reason: "twice_in_file", Given: string(name)})
		return nil
	}
	b.judgeProfiles(v, cells["security_profiles"])
	u, err := b.tx.FindUserByName(ctx, b.instance.ID, name)
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return b.judgeNew(v, cells)
	}
	if err != nil {
		return err
	}
	return b.judgeChange(ctx, v, u, cells)
}

// judgeProfiles finds the profiles that a cell names, with | between them.
func (b reading) judgeProfiles(v *verdict, given string) {
	for _, name := range strings.FieldsFunc(given, func(r rune) bool { return r == '|' }) {
		name = strings.TrimSpace(name)
		p, known := b.named.profiles[name]
		switch {
		case !known:
			v.refuse(Problem{
				Column: "security_profiles", Subject: "security_profiles", Reason: "unknown", Given: name,
				Suggestion: nearest(name, b.named.profiles),
			})
		case !slices.ContainsFunc(v.profiles, func(x aikagi.SecurityProfile) bool { return x.ID == p.ID }):
			v.profiles = append(v.profiles, p)
		}
	}
	if len(v.profiles) > aikagi.MaxSecurityProfilesPerUser {
		v.refuse(Problem{Column: "security_profiles", Subject: "security_profiles", Reason: "too_many"})
	}
}

func (b reading) judgeNew(v *verdict, cells map[string]string) error {
	draft, broken := overlay(Draft{PhoneType: string(aikagi.SoftPhone), RoutingProfile: string(b.fallback)}, cells, b.named)
	v.refuse(broken...)
	if err := v.refuseFor(b.rights.Require(aikagi.UsersCreate), cells); err != nil {
		return err
	}
	n := NewUser{Draft: draft}
	for _, p := range v.profiles {
		n.Profiles = append(n.Profiles, p.ID)
	}
	var err error
	if v.created, err = n.user(); err != nil {
		return v.refuseFor(err, cells)
	}
	v.created.InstanceID = b.instance.ID
	v.row.Changes = append(b.readable(differences(aikagi.User{}, v.created)),
		audit.Changed([3]string{"security_profiles", "", profileNames(v.profiles)})...)
	if err := v.refuseFor(b.rights.MayGive(v.profiles...), cells); err != nil {
		return err
	}
	return v.refuseFor(b.rights.MayRegister(v.created.Email), cells)
}

func (b reading) judgeChange(ctx context.Context, v *verdict, u aikagi.User, cells map[string]string) error {
	draft, broken := overlay(DraftOf(u), cells, b.named)
	if len(broken) > 0 {
		v.refuse(broken...)
		return nil
	}
	v.change = change{scene: b.scene, before: u}
	var err error
	if v.change.after, err = draft.apply(u); err != nil {
		return v.refuseFor(err, cells)
	}
	v.row.Changes = b.readable(differences(u, v.change.after))
	if len(v.row.Changes) > 0 {
		if err := v.refuseFor(b.rights.Require(aikagi.UsersEdit), cells); err != nil {
			return err
		}
	}
	if err := v.refuseFor(v.change.mayMoveMail(ctx), cells); err != nil {
		return err
	}
	v.change.stamp(ctx)
	return b.judgeGiving(ctx, v, cells)
}

// judgeGiving judges profiles that replace others.
func (b reading) judgeGiving(ctx context.Context, v *verdict, cells map[string]string) error {
	if len(v.profiles) == 0 {
		return nil
	}
	u := v.change.before
	held, err := b.tx.ListProfilesOfUser(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
	added, taken := lacking(v.profiles, held), lacking(held, v.profiles)
	if len(added)+len(taken) == 0 {
		v.profiles = nil
		return nil
	}
	v.row.Changes = append(v.row.Changes, aikagi.Change{
		Field: "security_profiles", Before: profileNames(held), After: profileNames(v.profiles),
	})
	for _, judge := range []func() error{
		func() error { return b.rights.Require(aikagi.UsersEditPermission) },
		func() error { return b.rights.MayChangeWaysIn(ctx, b.tx, u) },
		func() error { return b.rights.MayGive(added...) },
	} {
		if err := v.refuseFor(judge(), cells); err != nil {
			return err
		}
	}
	return nil
}

// lacking returns the profiles of a that are not in b.
func lacking(a, b []aikagi.SecurityProfile) []aikagi.SecurityProfile {
	var lacked []aikagi.SecurityProfile
	for _, p := range a {
		if !slices.ContainsFunc(b, func(x aikagi.SecurityProfile) bool { return x.ID == p.ID }) {
			lacked = append(lacked, p)
		}
	}
	return lacked
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

// store carries out a row that is not wrong. mails are the notices of a moved
// address, written before the transaction.
func (v verdict) store(ctx context.Context, d *Directory, b reading, mails []aikagi.Message) error {
	switch {
	case v.row.Kind == RowNew:
		return d.insert(ctx, b.tx, &v.created, v.profiles)
	case v.row.Kind != RowChanged:
		return nil
	}
	u := v.change.before
	if len(differences(u, v.change.after)) > 0 {
		if err := v.change.store(ctx, mails); err != nil {
			return err
		}
		u = v.change.after
		u.Version++
	}
	if v.profiles == nil {
		return nil
	}
	return securityprofile.KeepRepairer(ctx, b.tx, b.instance.ID, func() error { return b.replaceProfiles(ctx, u, v.profiles) })
}
