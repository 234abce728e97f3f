package store

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

func scanProficiency(r sqldb.Row) (aikagi.Proficiency, error) {
	var p aikagi.Proficiency
	err := r.Scan(&p.Attribute, &p.Value, &p.Level)
	return p, err
}

const listProficiencies = `
SELECT attribute_name, attribute_value, level FROM proficiencies WHERE instance_id = $1 AND user_id = $2
ORDER BY attribute_name, attribute_value`

// ListProficiencies reads what a user is good at.
func (tx *Tx) ListProficiencies(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) ([]aikagi.Proficiency, error) {
	return sqldb.List(ctx, tx.Tx, "list proficiencies", scanProficiency, listProficiencies, instance, user)
}

const deleteProficiencies = `DELETE FROM proficiencies WHERE instance_id = $1 AND user_id = $2`

const insertProficiency = `
INSERT INTO proficiencies (instance_id, user_id, attribute_name, attribute_value, level) VALUES ($1, $2, $3, $4, $5)`

// ReplaceProficiencies gives a user exactly these proficiencies.
func (tx *Tx) ReplaceProficiencies(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID, all []aikagi.Proficiency) error {
	if err := tx.Exec(ctx, "proficiencies", "delete proficiencies", deleteProficiencies, instance, user); err != nil {
		return err
	}
	for _, p := range all {
		err := tx.Exec(ctx, "proficiencies", "insert proficiency", insertProficiency, instance, user, p.Attribute, p.Value, p.Level)
		if err != nil {
			return err
		}
	}
	return nil
}
