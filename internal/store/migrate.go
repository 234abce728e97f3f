package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/aikagi/aikagi"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. On PostgreSQL a lease table keeps two
// nodes from doing it at once; on SQLite the write lock does.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := s.provider()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, err := provider.GetDBVersion(ctx)
	if err != nil {
		return decide("database", fmt.Errorf("read schema version: %w", err))
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; has > newest {
		return &aikagi.Error{
			Code: aikagi.Unavailable, Subject: "database", Reason: "newer_schema",
			Err: fmt.Errorf("schema %d, this program knows %d", has, newest),
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return decide("database", fmt.Errorf("migrate: %w", err))
	}
	return s.startWriter(ctx)
}

// startWriter hands SQLite's one writing connection to the writer.
func (s *Store) startWriter(ctx context.Context) error {
	if s.engine != SQLite {
		return nil
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return decide("database", fmt.Errorf("take writing connection: %w", err))
	}
	s.writer = newWriter(conn)
	return nil
}

func (s *Store) provider() (*goose.Provider, error) {
	steps, err := s.engine.migrations()
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true)}
	if s.engine == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, s.write, nil, options...)
	}
	locker, err := lock.NewPostgresTableLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.write, nil, append(options, goose.WithLocker(locker))...)
}

// migrations are the numbered files in the engine's own types, each one
// transaction.
func (e Engine) migrations() ([]*goose.Migration, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]*goose.Migration, 0, len(names))
	for _, name := range names {
		version, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			return nil, err
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		up := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, e.ddl(string(text)))
			return err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: up}, nil))
	}
	return steps, nil
}
