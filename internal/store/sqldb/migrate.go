package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/aikagi/aikagi"
)

// migrate brings the schema up to date. On PostgreSQL a lease table keeps two
// nodes from doing it at once; on SQLite the write lock does.
func (d *DB) migrate(ctx context.Context, files fs.FS) error {
	provider, err := d.provider(files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	has, _, err := provider.GetVersions(ctx) // takes no lease, which a read-only database never gives
	if err != nil {                          // another node makes the table of versions too; the lease puts both in order
		has, err = provider.GetDBVersion(ctx)
	}
	if err != nil {
		return decide("database", fmt.Errorf("read schema version: %w", err))
	}
	if has > newest {
		return &aikagi.Error{
			Code: aikagi.Unavailable, Subject: "database", Reason: "newer_schema",
			Err: fmt.Errorf("schema %d, this program knows %d", has, newest),
		}
	}
	if has < newest {
		if _, err := provider.Up(ctx); err != nil {
			return decide("database", fmt.Errorf("migrate: %w", err))
		}
	}
	d.schema = newest
	return d.startWriter(ctx)
}

// startWriter hands SQLite's one writing connection to the writer.
func (d *DB) startWriter(ctx context.Context) error {
	if d.engine != SQLite {
		return nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return decide("database", fmt.Errorf("take writing connection: %w", err))
	}
	d.writer = newWriter(conn, &d.halt)
	return nil
}

func (d *DB) provider(files fs.FS) (*goose.Provider, error) {
	steps, err := d.engine.migrations(files)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true)}
	if d.engine == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, d.write, nil, options...)
	}
	locker, err := lock.NewPostgresTableLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, d.write, nil, append(options, goose.WithLocker(locker))...)
}

// migrations are the numbered files in the engine's own types, each one
// transaction.
func (e Engine) migrations(files fs.FS) ([]*goose.Migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]*goose.Migration, 0, len(names))
	for _, name := range names {
		version, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			return nil, err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		up := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, e.DDL(string(text)))
			return err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: up}, nil))
	}
	return steps, nil
}
