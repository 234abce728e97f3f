package store

import (
	"context"
	"embed"

	"github.com/aikagi/aikagi/internal/store/mails"
	"github.com/aikagi/aikagi/internal/store/plane"
	"github.com/aikagi/aikagi/internal/store/site"
	"github.com/aikagi/aikagi/internal/store/sqldb"
	"github.com/aikagi/aikagi/internal/store/walk"
)

// Engine is the database underneath.
type Engine = sqldb.Engine

// The two engines.
const (
	SQLite   = sqldb.SQLite
	Postgres = sqldb.Postgres
)

// Store is an open database that knows the product's nouns.
type Store struct{ *sqldb.DB }

// Tx is what the functions given to View, Update, Claim and Snapshot work with.
type Tx struct {
	*sqldb.Tx
	plane.Rows
	site.Tables
	mails.Outbox
	walk.Tracks
}

// What the parts of the store define.
type (
	ConsoleLink = plane.ConsoleLink // a one-use link to the console
	Repeatable  = plane.Repeatable  // a request that may come again
	Remains     = site.Remains      // what an instance leaves behind
)

// EveryRemains lists what instances leave behind.
func EveryRemains() []Remains { return site.EveryRemains() }

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the database at url ("sqlite:PATH" or "postgres://…"), makes it if
// it is missing, and brings its schema up to date.
func Open(ctx context.Context, url string) (*Store, error) {
	db, err := sqldb.Open(ctx, url, migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db}, nil
}

// OpenMemory makes an empty database that is gone when it is closed.
func OpenMemory(ctx context.Context) (*Store, error) {
	db, err := sqldb.OpenMemory(ctx, schema)
	return &Store{db}, err
}

// View runs fn for reading. Each statement sees what was committed before it.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error { return s.DB.View(ctx, with(fn)) }

// Update runs fn in one transaction that is stored and flushed when Update
// returns nil. An Unavailable error at the end means unknown: the change may
// or may not be there, so every caller must be safe to repeat (R1).
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.DB.Update(ctx, with(fn))
}

// Claim runs fn like Update for statements that each decide by themselves and
// decide nothing about rights: taking work, taking a token of a limit.
func (s *Store) Claim(ctx context.Context, fn func(*Tx) error) error {
	return s.DB.Claim(ctx, with(fn))
}

// Snapshot runs fn for reading; all its statements see the database as it was
// at one moment, while others go on writing.
func (s *Store) Snapshot(ctx context.Context, fn func(*Tx) error) error {
	return s.DB.Snapshot(ctx, with(fn))
}

func with(fn func(*Tx) error) func(*sqldb.Tx) error {
	return func(tx *sqldb.Tx) error {
		return fn(&Tx{tx, plane.Rows{Tx: tx}, site.Tables{Tx: tx}, mails.Outbox{Tx: tx}, walk.Tracks{Tx: tx}})
	}
}
