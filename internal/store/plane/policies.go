package plane

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const policyColumns = `id, name, managed, document, version, created_at`

func scanPolicy(r sqldb.Row) (aikagi.Policy, error) {
	var p aikagi.Policy
	var created int64
	err := r.Scan(&p.ID, &p.Name, &p.Managed, &p.Document, &p.Version, &created)
	p.CreatedAt = sqldb.At(created)
	return p, err
}

const insertPolicy = `
INSERT INTO policies (` + policyColumns + `) VALUES ($1, $2, $3, $4, 1, $5)`

// InsertPolicy keeps a new policy; a taken name is a Conflict.
func (tx Rows) InsertPolicy(ctx context.Context, p aikagi.Policy) error {
	return tx.Exec(ctx, "policy_name", "insert policy", insertPolicy,
		p.ID, p.Name, p.Managed, p.Document, sqldb.Ms(p.CreatedAt))
}

const findPolicy = `SELECT ` + policyColumns + ` FROM policies WHERE id = $1`

// FindPolicy reads a policy by id.
func (tx Rows) FindPolicy(ctx context.Context, id aikagi.PolicyID) (aikagi.Policy, error) {
	return sqldb.Find(ctx, tx.Tx, "policy", scanPolicy, findPolicy, id)
}

const listPolicies = `SELECT ` + policyColumns + ` FROM policies WHERE name > $1 ORDER BY name LIMIT $2`

// ListPolicies reads a page of policies after a name.
func (tx Rows) ListPolicies(ctx context.Context, after string, limit int) ([]aikagi.Policy, error) {
	return sqldb.List(ctx, tx.Tx, "list policies", scanPolicy, listPolicies, after, limit)
}

const listPoliciesOf = `
SELECT p.id, p.name, p.managed, p.document, p.version, p.created_at
FROM policy_attachments a JOIN policies p ON p.id = a.policy_id
WHERE a.principal_id = $1 ORDER BY p.name`

// ListPoliciesOf reads the policies attached to a principal.
func (tx Rows) ListPoliciesOf(ctx context.Context, id aikagi.PrincipalID) ([]aikagi.Policy, error) {
	return sqldb.List(ctx, tx.Tx, "list policies of principal", scanPolicy, listPoliciesOf, id)
}

const updatePolicy = `
UPDATE policies SET document = $3, version = version + 1 WHERE id = $1 AND version = $2`

// UpdatePolicy stores another document; a Conflict if the policy was changed
// since it was read.
func (tx Rows) UpdatePolicy(ctx context.Context, p aikagi.Policy) error {
	n, err := tx.ExecCount(ctx, "policy", "update policy", updatePolicy, p.ID, p.Version, p.Document)
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Conflict, "policy", "changed")
	}
	return err
}

const deletePolicy = `DELETE FROM policies WHERE id = $1`

// DeletePolicy removes a policy that is attached to nobody; one in use is a
// Conflict with the reason in_use.
func (tx Rows) DeletePolicy(ctx context.Context, id aikagi.PolicyID) error {
	return tx.ExecOne(ctx, "policy", "delete policy", deletePolicy, id)
}

const attachPolicy = `INSERT INTO policy_attachments (principal_id, policy_id) VALUES ($1, $2)`

// AttachPolicy gives a policy to a principal; a Conflict if it has it already.
func (tx Rows) AttachPolicy(ctx context.Context, principal aikagi.PrincipalID, policy aikagi.PolicyID) error {
	return tx.Exec(ctx, "policy_attachment", "attach policy", attachPolicy, principal, policy)
}

const detachPolicy = `DELETE FROM policy_attachments WHERE principal_id = $1 AND policy_id = $2`

// DetachPolicy takes a policy from a principal.
func (tx Rows) DetachPolicy(ctx context.Context, principal aikagi.PrincipalID, policy aikagi.PolicyID) error {
	return tx.ExecOne(ctx, "policy_attachment", "detach policy", detachPolicy, principal, policy)
}

const listAttached = `
SELECT principal_id FROM policy_attachments WHERE policy_id = $1 ORDER BY principal_id`

// ListAttached reads who has a policy.
func (tx Rows) ListAttached(ctx context.Context, policy aikagi.PolicyID) ([]aikagi.PrincipalID, error) {
	ids, err := sqldb.List(ctx, tx.Tx, "list attached", sqldb.ScanString, listAttached, policy)
	principals := make([]aikagi.PrincipalID, len(ids))
	for i, id := range ids {
		principals[i] = aikagi.PrincipalID(id)
	}
	return principals, err
}
