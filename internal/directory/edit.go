package directory

import (
	"context"
	"errors"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Edits judges and stores changes of several users in one transaction, each by
// the rules of one that is made alone (S25, S30).
type Edits struct {
	scene
	written map[aikagi.UserID]notice // nil: none are written yet
	moving  map[aikagi.UserID]change // whose notices are to be written
}

// notice is the mails about a moved address, and the version of the user who
// they were written about.
type notice struct {
	version int64
	mails   []aikagi.Message
}

// Edit is a new user or a change of one, judged and not yet stored.
type Edit struct {
	// Changes are what becomes different, as the record tells it; of an edit that
	// was refused, what would.
	Changes []aikagi.Change

	change                            // of a new user, before is the zero user
	profiles []aikagi.SecurityProfile // to be held from now on; nil leaves them
	tags     []aikagi.Tag             // of a new user
}

// PreviewEdits hands look a transaction in which edits are judged and none is
// stored. It is Forbidden to whoever may neither create nor edit users.
func (d *Directory) PreviewEdits(ctx context.Context, instance aikagi.InstanceID, look func(*store.Tx, Edits) error) error {
	return d.Store.View(ctx, func(tx *store.Tx) error {
		e, err := d.enterToEdit(ctx, tx, instance)
		if err != nil {
			return err
		}
		return look(tx, e)
	})
}

// EditTogether hands edit one transaction, in which all edits are stored or none.
// It is Forbidden to whoever may neither create nor edit users.
//
// Notices of moved addresses are written outside it: if edit moves any, nothing
// is stored the first time, and edit runs again with the notices in hand. So edit
// may run more than once and touches rows only. An address that it moves without
// a notice then, because the user has changed since, is a Conflict with the reason
// "changed" (TestEditsMoveNoAddressWithoutItsNotices).
func (d *Directory) EditTogether(ctx context.Context, instance aikagi.InstanceID, edit func(*store.Tx, Edits) error) error {
	moving, err := d.editWith(ctx, instance, nil, edit)
	if err != nil || len(moving) == 0 {
		return err
	}
	written := map[aikagi.UserID]notice{}
	for id, c := range moving {
		mails, err := d.addressMails(ctx, c)
		if err != nil {
			return err
		}
		written[id] = notice{c.before.Version, mails}
	}
	if _, err := d.editWith(ctx, instance, written, edit); err != nil {
		return err
	}
	for _, n := range written {
		d.wake(n.mails)
	}
	return nil
}

// errWithoutNotices takes back a transaction that moves addresses of which
// nobody would hear.
var errWithoutNotices = errors.New("addresses move, and the notices are not written yet")

func (d *Directory) editWith(ctx context.Context, instance aikagi.InstanceID, written map[aikagi.UserID]notice,
	edit func(*store.Tx, Edits) error,
) (moving map[aikagi.UserID]change, err error) {
	err = d.Store.Update(ctx, func(tx *store.Tx) error {
		e, err := d.enterToEdit(ctx, tx, instance)
		if err != nil {
			return err
		}
		e.written, moving = written, e.moving // anew if the function runs again
		if err := edit(tx, e); err != nil {
			return err
		}
		if len(moving) > 0 {
			return errWithoutNotices
		}
		return nil
	})
	if errors.Is(err, errWithoutNotices) {
		err = nil
	}
	return moving, err
}

// enterToEdit asks for what all edits need; what one needs beyond that is asked
// when it is judged.
func (d *Directory) enterToEdit(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (Edits, error) {
	s, err := d.enterSome(ctx, tx, instance, aikagi.UsersView)
	if err == nil && s.rights.RequireSomewhere(aikagi.UsersCreate) != nil {
		err = s.rights.RequireSomewhere(aikagi.UsersEdit)
	}
	return Edits{scene: s, moving: map[aikagi.UserID]change{}}, err
}

// JudgeNew judges a new user. The caller has found in the transaction that nobody
// has the name, and that the instance has the profiles and the places of the draft.
// The error is Invalids: whatever the rules refuse, all at once.
func (e Edits) JudgeNew(ctx context.Context, f Draft, profiles []aikagi.SecurityProfile) (Edit, error) {
	var refused aikagi.Invalids
	refused.AddErr("user", e.rights.RequireSomewhere(aikagi.UsersCreate))
	u, err := NewUser{Draft: f, Profiles: profileIDs(profiles)}.user()
	if err != nil {
		return Edit{}, append(refused, asInvalids(err)...)
	}
	u.InstanceID = e.instance.ID
	refused = append(refused, asInvalids(e.fitsIdentity(aikagi.User{}, u))...)
	refused.AddErr("security_profile", e.rights.MayGive(profiles...))
	refused.AddErr("email", e.rights.MayRegister(u.Email))
	x := Edit{Changes: introduced(u, profiles), change: change{scene: e.scene, after: u}, profiles: profiles}
	if len(refused) > 0 {
		return x, refused
	}
	x.tags, err = e.rights.Adopt(ctx, e.tx, u, nil)
	x.Changes = append(x.Changes, relabelled("tags", nil, x.tags, aikagi.Tag.String)...)
	return x, every(func() error { return err })
}

// JudgeChange judges a change of a user to what a draft says and to exactly these
// profiles; none leaves those he holds. The caller has found in the transaction
// the user, and that the instance has the profiles and the places of the draft.
// Invalids is whatever the rules refuse, all at once; any other error is none of
// theirs.
func (e Edits) JudgeChange(ctx context.Context, u aikagi.User, f Draft, profiles []aikagi.SecurityProfile) (Edit, error) {
	x := Edit{change: change{scene: e.scene, before: u}}
	var err error
	if x.rights, err = e.rights.Toward(ctx, e.tx, u); err != nil {
		return x, err
	}
	if e.rights.Narrow() && !x.rights.May(aikagi.UsersView) { // and is told nothing of him
		return x, aikagi.Invalids{{Code: aikagi.Forbidden, Subject: "user", Reason: "out_of_reach"}}
	}
	if x.after, err = f.apply(u); err != nil {
		return x, err
	}
	x.stamp(ctx)
	x.Changes = differences(u, x.after)
	err = every(
		func() error { return x.fitsIdentity(u, x.after) },
		x.mayChange,
		func() error { return x.mayMoveMail(ctx) },
		func() error { return x.staysInReach(ctx) },
		func() error { return x.replace(ctx, profiles) },
	)
	return x, err
}

func (x *Edit) mayChange() error {
	if len(x.Changes) == 0 {
		return nil
	}
	return x.rights.Require(aikagi.UsersEdit)
}

// replace notes and judges profiles instead of those that the user holds.
func (x *Edit) replace(ctx context.Context, profiles []aikagi.SecurityProfile) error {
	if len(profiles) == 0 {
		return nil
	}
	held, err := x.tx.ListProfilesOfUser(ctx, x.instance.ID, x.before.ID)
	if err != nil {
		return err
	}
	added, taken := without(profiles, profileIDs(held)), without(held, profileIDs(profiles))
	if len(added)+len(taken) == 0 {
		return nil
	}
	x.profiles = profiles
	x.Changes = append(x.Changes, aikagi.Change{
		Field: "security_profiles", Before: profileNames(held), After: profileNames(profiles),
	})
	return every(
		func() error { return x.rights.Require(aikagi.UsersEditPermission) },
		func() error { return x.rights.MayChangeWaysIn(ctx, x.tx, x.before) },
		func() error { return x.rights.MayGive(added...) },
	)
}

// every asks all rules and gathers those that refuse, so that a person hears of
// all at once; an error that is no decision ends it.
func every(rules ...func() error) error {
	var refused aikagi.Invalids
	for _, rule := range rules {
		err := rule()
		said := refusals(err)
		if err != nil && said == nil {
			return err
		}
		refused = append(refused, said...)
	}
	return refused.Err()
}

func refusals(err error) aikagi.Invalids {
	var all aikagi.Invalids
	var one *aikagi.Error
	switch {
	case errors.As(err, &all):
		return all
	case !errors.As(err, &one), one.Code == aikagi.Internal, one.Code == aikagi.Unavailable:
		return nil
	}
	return aikagi.Invalids{one}
}

// Store carries an edit out that no rule refused. What only the whole instance
// can tell is judged here, that somebody stays who can repair it, say; on any
// error the transaction must not be committed.
func (e Edits) Store(ctx context.Context, x Edit) error {
	u := x.before
	if u.ID == "" {
		return e.insert(ctx, &x.after, x.profiles, x.tags...)
	}
	if len(differences(u, x.after)) > 0 {
		n, told := e.written[u.ID]
		switch {
		case !x.addressMoves():
		case e.written == nil:
			return e.note(ctx, x.change)
		case !told || n.version != u.Version: // he is not as the notices say any more
			return aikagi.Because(aikagi.Conflict, "user", "changed")
		}
		if err := x.store(ctx, n.mails); err != nil {
			return err
		}
		u = x.after
		u.Version++
	}
	if x.profiles == nil {
		return nil
	}
	return securityprofile.KeepRepairer(ctx, e.tx, e.instance.ID, func() error { return e.replaceProfiles(ctx, u, x.profiles) })
}

// note keeps a change until its notices are written.
func (e Edits) note(ctx context.Context, c change) error {
	var err error
	c.tell, err = c.witnesses(ctx)
	e.moving[c.before.ID] = c
	return err
}
