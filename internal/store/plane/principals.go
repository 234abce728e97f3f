package plane

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const principalColumns = `id, name, password_hash, totp_sealed, totp_last_step, enabled, version, created_at, last_login_at`

func scanPrincipal(r sqldb.Row) (aikagi.Principal, error) {
	var p aikagi.Principal
	var created, login int64
	err := r.Scan(&p.ID, &p.Name, &p.PasswordHash, &p.TOTPSealed, &p.TOTPLastStep, &p.Enabled, &p.Version, &created, &login)
	p.CreatedAt, p.LastLoginAt = sqldb.At(created), sqldb.At(login)
	return p, err
}

const insertPrincipal = `
INSERT INTO principals (` + principalColumns + `) VALUES ($1, $2, $3, $4, 0, $5, 1, $6, 0)`

// InsertPrincipal keeps a new principal; a taken name is a Conflict.
func (tx Rows) InsertPrincipal(ctx context.Context, p aikagi.Principal) error {
	return tx.Exec(ctx, "principal_name", "insert principal", insertPrincipal,
		p.ID, p.Name, p.PasswordHash, append([]byte{}, p.TOTPSealed...), p.Enabled, sqldb.Ms(p.CreatedAt))
}

const findPrincipal = `SELECT ` + principalColumns + ` FROM principals WHERE id = $1`

// FindPrincipal reads a principal by id, with the policies attached to it.
func (tx Rows) FindPrincipal(ctx context.Context, id aikagi.PrincipalID) (aikagi.Principal, error) {
	p, err := sqldb.Find(ctx, tx.Tx, "principal", scanPrincipal, findPrincipal, id)
	if err != nil {
		return p, err
	}
	return tx.withPolicies(ctx, p)
}

const findPrincipalByName = `SELECT ` + principalColumns + ` FROM principals WHERE name = $1`

// FindPrincipalByName reads a principal by the exact name, without policies:
// it is what signing in needs.
func (tx Rows) FindPrincipalByName(ctx context.Context, name string) (aikagi.Principal, error) {
	return sqldb.Find(ctx, tx.Tx, "principal", scanPrincipal, findPrincipalByName, name)
}

const listPrincipals = `SELECT ` + principalColumns + ` FROM principals WHERE name > $1 ORDER BY name LIMIT $2`

// ListPrincipals reads a page of principals after a name, with their policies.
func (tx Rows) ListPrincipals(ctx context.Context, after string, limit int) ([]aikagi.Principal, error) {
	all, err := sqldb.List(ctx, tx.Tx, "list principals", scanPrincipal, listPrincipals, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i], err = tx.withPolicies(ctx, all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const listPolicyIDs = `SELECT policy_id FROM policy_attachments WHERE principal_id = $1 ORDER BY policy_id`

func (tx Rows) withPolicies(ctx context.Context, p aikagi.Principal) (aikagi.Principal, error) {
	ids, err := sqldb.List(ctx, tx.Tx, "list policies of principal", sqldb.ScanString, listPolicyIDs, p.ID)
	for _, id := range ids {
		p.Policies = append(p.Policies, aikagi.PolicyID(id))
	}
	return p, err
}

const setPrincipalPassword = `
UPDATE principals SET password_hash = $2, version = version + 1 WHERE id = $1`

// SetPrincipalPassword stores a new hash.
func (tx Rows) SetPrincipalPassword(ctx context.Context, id aikagi.PrincipalID, hash string) error {
	return tx.ExecOne(ctx, "principal", "set principal password", setPrincipalPassword, id, hash)
}

const setPrincipalTOTP = `
UPDATE principals SET totp_sealed = $2, totp_last_step = $3, version = version + 1 WHERE id = $1`

// SetPrincipalTOTP stores a sealed TOTP secret and the step that proved it;
// an empty secret takes the second factor away.
func (tx Rows) SetPrincipalTOTP(ctx context.Context, id aikagi.PrincipalID, sealed []byte, step int64) error {
	return tx.ExecOne(ctx, "principal", "set principal totp", setPrincipalTOTP, id, append([]byte{}, sealed...), step)
}

const spendTOTPStep = `UPDATE principals SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2`

// SpendTOTPStep uses a time step up. A step that is as old as one used before,
// or older, is Expired (RFC 6238 §5.2), also when two arrive together.
func (tx Rows) SpendTOTPStep(ctx context.Context, id aikagi.PrincipalID, step int64) error {
	n, err := tx.ExecCount(ctx, "principal", "spend totp step", spendTOTPStep, id, step)
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "totp_code", "spent")
	}
	return err
}

const setPrincipalEnabled = `UPDATE principals SET enabled = $2, version = version + 1 WHERE id = $1`

// SetPrincipalEnabled lets a principal act, or stops it.
func (tx Rows) SetPrincipalEnabled(ctx context.Context, id aikagi.PrincipalID, enabled bool) error {
	return tx.ExecOne(ctx, "principal", "set principal status", setPrincipalEnabled, id, enabled)
}

const recordPrincipalLogin = `UPDATE principals SET last_login_at = $2 WHERE id = $1`

// RecordPrincipalLogin notes when a principal last signed in.
func (tx Rows) RecordPrincipalLogin(ctx context.Context, id aikagi.PrincipalID, now time.Time) error {
	return tx.Exec(ctx, "principal", "record principal login", recordPrincipalLogin, id, sqldb.Ms(now))
}

const deletePrincipal = `DELETE FROM principals WHERE id = $1`

// DeletePrincipal removes a principal; its keys, attachments and sessions go
// with it.
func (tx Rows) DeletePrincipal(ctx context.Context, id aikagi.PrincipalID) error {
	return tx.ExecOne(ctx, "principal", "delete principal", deletePrincipal, id)
}
