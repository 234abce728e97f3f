-- Tables of users that were uploaded, and their rows that were not carried out.

CREATE TABLE imports (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  actor       TEXT NOT NULL,
  file_name   TEXT NOT NULL,
  content     BYTEA NOT NULL,
  state       TEXT NOT NULL,
  row_count   BIGINT NOT NULL,
  position    BIGINT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  same        BIGINT NOT NULL,
  failed      BIGINT NOT NULL,
  attempt     BIGINT NOT NULL,
  run_at      BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  finished_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id)
);
CREATE INDEX imports_running ON imports (run_at) WHERE state = 'running';
CREATE INDEX imports_by_age ON imports (created_at);

CREATE TABLE import_failures (
  instance_id TEXT NOT NULL,
  import_id   TEXT NOT NULL,
  line        BIGINT NOT NULL,
  problems    TEXT NOT NULL,
  PRIMARY KEY (instance_id, import_id, line),
  FOREIGN KEY (instance_id, import_id) REFERENCES imports (instance_id, id) ON DELETE CASCADE
);
