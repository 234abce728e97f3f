package store

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const routingColumns = `instance_id, id, name, description, created_at`

func scanRouting(r sqldb.Row) (aikagi.RoutingProfile, error) {
	var p aikagi.RoutingProfile
	var created int64
	err := r.Scan(&p.InstanceID, &p.ID, &p.Name, &p.Description, &created)
	p.CreatedAt = sqldb.At(created)
	return p, err
}

const insertRoutingProfile = `INSERT INTO routing_profiles (` + routingColumns + `) VALUES ($1, $2, $3, $4, $5)`

// InsertRoutingProfile keeps a new routing profile; a taken name is a Conflict.
func (tx *Tx) InsertRoutingProfile(ctx context.Context, p aikagi.RoutingProfile) error {
	return tx.Exec(ctx, "routing_profile_name", "insert routing profile", insertRoutingProfile,
		p.InstanceID, p.ID, p.Name, p.Description, sqldb.Ms(p.CreatedAt))
}

const findRoutingProfile = `SELECT ` + routingColumns + ` FROM routing_profiles WHERE instance_id = $1 AND id = $2`

// FindRoutingProfile reads a routing profile by id.
func (tx *Tx) FindRoutingProfile(ctx context.Context, instance aikagi.InstanceID, id aikagi.RoutingProfileID) (aikagi.RoutingProfile, error) {
	return sqldb.Find(ctx, tx.Tx, "routing_profile", scanRouting, findRoutingProfile, instance, id)
}

const listRoutingProfiles = `SELECT ` + routingColumns + ` FROM routing_profiles WHERE instance_id = $1 ORDER BY name`

// ListRoutingProfiles reads all routing profiles of an instance; Amazon's quota
// is 500.
func (tx *Tx) ListRoutingProfiles(ctx context.Context, instance aikagi.InstanceID) ([]aikagi.RoutingProfile, error) {
	return sqldb.List(ctx, tx.Tx, "list routing profiles", scanRouting, listRoutingProfiles, instance)
}
