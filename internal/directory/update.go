package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// Update changes what is known about a user. version is the one that the form
// was filled in from; if somebody changed the user since, nothing is stored and
// the error is a Conflict with the reason "changed".
//
// An address where none was is good at once; the user is told at the next login
// who set it. One that replaces another is told to the old and the new address
// (decision 8), and the other administrators are told of one of theirs (F25).
// Either way all earlier reset secrets end (S6).
func (d *Directory) Update(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, version int64, f Draft) (aikagi.User, error) {
	return d.change(ctx, instance, id, version, f)
}

// change makes an amendment. The mails are written for the user as he was read
// first, so that is the version that is changed, also for who knows none.
func (d *Directory) change(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, version int64, a Amendment) (aikagi.User, error) {
	var c change
	err := d.Store.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = d.judgeUpdate(ctx, tx, instance, id, version, a); err != nil {
			return err
		}
		c.tell, err = c.witnesses(ctx)
		return err
	})
	if err != nil {
		return c.before, err
	}
	mails, err := d.addressMails(ctx, c)
	if err != nil {
		return c.before, err
	}
	err = d.Store.Update(ctx, func(tx *store.Tx) error {
		c, err := d.judgeUpdate(ctx, tx, instance, id, c.before.Version, a)
		if err != nil {
			return err
		}
		return c.store(ctx, mails)
	})
	if err == nil {
		d.wake(mails)
	}
	return c.after, err
}

// change is an update that was judged and not yet stored.
type change struct {
	scene
	before, after aikagi.User
	tell          []aikagi.User // administrators to be told of the new address
}

func (d *Directory) judgeUpdate(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.UserID, version int64, a Amendment) (change, error) {
	var c change
	var err error
	if c.scene, err = d.enterSome(ctx, tx, instance, aikagi.UsersEdit); err != nil {
		return c, err
	}
	if c.before, err = c.find(ctx, id, aikagi.UsersEdit); err != nil {
		return c, err
	}
	if err := unchanged(c.before, version); err != nil {
		return c, err
	}
	if c.after, err = a.apply(c.before); err != nil {
		return c, err
	}
	if err := c.fitsIdentity(c.before, c.after); err != nil {
		return c, err
	}
	if err := c.mayMoveMail(ctx); err != nil {
		return c, err
	}
	if err := c.places(ctx, c.after); err != nil {
		return c, err
	}
	if err := c.staysInReach(ctx); err != nil {
		return c, err
	}
	c.stamp(ctx)
	return c, nil
}

// staysInReach refuses another group in which the actor would not see the user.
func (c *change) staysInReach(ctx context.Context) error {
	if !c.rights.Narrow() || c.before.HierarchyGroupID == c.after.HierarchyGroupID {
		return nil
	}
	tags, err := c.tx.ListTags(ctx, c.instance.ID, tagsOf(c.before))
	if err != nil {
		return err
	}
	return c.rights.MayPlace(ctx, c.tx, c.after, tags, "hierarchy_group")
}

func tagsOf(u aikagi.User) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}
}

// stamp notes when a judged change is made and, of an address, by whom; a moved
// address ends all reset secrets (S6).
func (c *change) stamp(ctx context.Context) {
	c.after.UpdatedAt = c.now
	if c.addressMoves() {
		c.after.EmailSetBy, c.after.EmailSetAt = by(ctx), c.now
		c.after.SecretEpoch++
	}
}

// witnesses are the administrators who hear of a moved address.
func (c change) witnesses(ctx context.Context) ([]aikagi.User, error) {
	if !c.addressMoves() {
		return nil, nil
	}
	return c.rights.Witnesses(ctx, c.tx, c.instance, c.before)
}

func (c change) addressMoves() bool { return c.before.Email != c.after.Email }

// mayMoveMail judges a change of an address: it decides who can reset the
// password, so it is a way in (S26), and one's own needs the password (S19).
func (c change) mayMoveMail(ctx context.Context) error {
	if !c.addressMoves() && c.before.SecondaryEmail == c.after.SecondaryEmail {
		return nil
	}
	if c.isSelf(c.before) {
		return aikagi.Because(aikagi.Forbidden, "email", "own_address")
	}
	if err := c.rights.MayChangeWaysIn(ctx, c.tx, c.before); err != nil {
		return err
	}
	if !c.addressMoves() {
		return nil
	}
	return c.rights.MayRegister(c.after.Email)
}

// addressMails writes the notices of a changed address. A user whose address is
// removed is told at the old one; one who had none is told at the new one. Who
// became an administrator while they are written is not told.
func (d *Directory) addressMails(ctx context.Context, c change) ([]aikagi.Message, error) {
	var mails []aikagi.Message
	if !c.addressMoves() {
		return nil, nil
	}
	if c.before.Email != "" {
		m, err := d.Post.AddressReplaced(c.instance, c.before, c.before.Email, by(ctx), c.now)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	if c.after.Email != "" {
		m, err := d.Post.AddressRegistered(c.instance, c.after, by(ctx), c.now)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	for _, administrator := range c.tell {
		m, err := d.Post.AdministratorAddress(c.instance, administrator, c.after, by(ctx), c.now)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

func (c change) store(ctx context.Context, mails []aikagi.Message) error {
	if err := c.tx.UpdateUser(ctx, c.before, c.after); err != nil {
		return err
	}
	if c.addressMoves() {
		if err := c.tx.EndTokens(ctx, c.after.InstanceID, c.after.ID, "email", c.now); err != nil {
			return err
		}
	}
	e := about("user.update", c.after)
	e.Changes = differences(c.before, c.after)
	if err := audit.Record(ctx, c.tx, c.now, e); err != nil {
		return err
	}
	return putMails(ctx, c.tx, mails)
}
