-- Fewer pages for what is written with every request for a link and every login:
-- tables that are kept in the order of their key where the engine can, and indexes
-- only of what is looked for.

DROP INDEX audit_events_unchained;
DROP INDEX audit_events_by_sequence;
CREATE INDEX audit_events_by_sequence ON audit_events (sequence, id);

CREATE TABLE kept AS SELECT * FROM user_keys;
DROP TABLE user_keys;
CREATE TABLE user_keys (
  instance_id TEXT NOT NULL,
  search_key  TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  PRIMARY KEY (instance_id, search_key, user_id),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE
); -- by key
INSERT INTO user_keys (
  instance_id, search_key, user_id
) SELECT
  instance_id, search_key, user_id
FROM kept;
DROP TABLE kept;
CREATE INDEX user_keys_by_user ON user_keys (instance_id, user_id);

CREATE TABLE kept AS SELECT * FROM user_security_profiles;
DROP TABLE user_security_profiles;
CREATE TABLE user_security_profiles (
  instance_id TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  profile_id  TEXT NOT NULL,
  PRIMARY KEY (instance_id, user_id, profile_id),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE,
  FOREIGN KEY (instance_id, profile_id) REFERENCES security_profiles (instance_id, id)
); -- by key
INSERT INTO user_security_profiles (
  instance_id, user_id, profile_id
) SELECT
  instance_id, user_id, profile_id
FROM kept;
DROP TABLE kept;
CREATE INDEX user_security_profiles_by_profile ON user_security_profiles (instance_id, profile_id, user_id);

CREATE TABLE kept AS SELECT * FROM sessions;
DROP TABLE sessions;
CREATE TABLE sessions (
  instance_id  TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  digest       BYTEA NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  grant_id     TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  address      TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  PRIMARY KEY (instance_id, digest),
  UNIQUE (instance_id, id)
); -- by key
INSERT INTO sessions (
  instance_id, digest, id, user_id, grant_id, created_at, last_used_at, expires_at, address, user_agent
) SELECT
  instance_id, digest, id, user_id, grant_id, created_at, last_used_at, expires_at, address, user_agent
FROM kept;
DROP TABLE kept;
CREATE INDEX sessions_by_user ON sessions (instance_id, user_id);
CREATE INDEX sessions_by_grant ON sessions (grant_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE kept AS SELECT * FROM known_devices;
DROP TABLE known_devices;
CREATE TABLE known_devices (
  instance_id  TEXT NOT NULL,
  digest       BYTEA NOT NULL,
  user_id      TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, digest),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE
); -- by key
INSERT INTO known_devices (
  instance_id, digest, user_id, created_at, last_used_at
) SELECT
  instance_id, digest, user_id, created_at, last_used_at
FROM kept;
DROP TABLE kept;
CREATE INDEX known_devices_by_user ON known_devices (instance_id, user_id);
CREATE INDEX known_devices_by_use ON known_devices (last_used_at);

CREATE TABLE kept AS SELECT * FROM login_failures;
DROP TABLE login_failures;
CREATE TABLE login_failures (
  instance_id TEXT NOT NULL,
  lane        BYTEA NOT NULL,
  failures    BIGINT NOT NULL,
  wait_until  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  charged     BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (instance_id, lane)
); -- by key
INSERT INTO login_failures (
  instance_id, lane, failures, wait_until, expires_at, charged
) SELECT
  instance_id, lane, failures, wait_until, expires_at, charged
FROM kept;
DROP TABLE kept;
CREATE INDEX login_failures_by_expiry ON login_failures (expires_at);

CREATE TABLE kept AS SELECT * FROM throttle_counters;
DROP TABLE throttle_counters;
CREATE TABLE throttle_counters (
  lane       BYTEA PRIMARY KEY,
  tat        BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
); -- by key
INSERT INTO throttle_counters (
  lane, tat, expires_at
) SELECT
  lane, tat, expires_at
FROM kept;
DROP TABLE kept;
CREATE INDEX throttle_counters_by_expiry ON throttle_counters (expires_at);

CREATE TABLE kept AS SELECT * FROM spent_challenges;
DROP TABLE spent_challenges;
CREATE TABLE spent_challenges (
  id         TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
); -- by key
INSERT INTO spent_challenges (
  id, expires_at
) SELECT
  id, expires_at
FROM kept;
DROP TABLE kept;
CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);

CREATE TABLE kept AS SELECT * FROM reset_requests;
DROP TABLE reset_requests;
CREATE TABLE reset_requests (
  instance_id  TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id           TEXT NOT NULL,
  username     TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  state        TEXT NOT NULL,
  reason       TEXT NOT NULL,
  asked        BIGINT NOT NULL,
  address      TEXT NOT NULL,
  locale       TEXT NOT NULL,
  attempt      BIGINT NOT NULL,
  run_at       BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  answered_at  BIGINT NOT NULL,
  closed_at    BIGINT NOT NULL,
  closed_by    TEXT NOT NULL,
  recognised   TEXT NOT NULL,
  PRIMARY KEY (instance_id, id)
); -- by key
INSERT INTO reset_requests (
  instance_id, id, username, user_id, state, reason, asked, address, locale, attempt, run_at, created_at,
  answered_at, closed_at, closed_by, recognised
) SELECT
  instance_id, id, username, user_id, state, reason, asked, address, locale, attempt, run_at, created_at,
  answered_at, closed_at, closed_by, recognised
FROM kept;
DROP TABLE kept;
CREATE INDEX reset_requests_new ON reset_requests (run_at) WHERE state = 'new';
CREATE INDEX reset_requests_waiting ON reset_requests (instance_id, created_at, id) WHERE state = 'waiting';
CREATE INDEX reset_requests_waiting_of_user ON reset_requests (instance_id, user_id, created_at) WHERE state = 'waiting';
CREATE INDEX reset_requests_unknown ON reset_requests (instance_id, created_at) WHERE state = 'unknown';
CREATE INDEX reset_requests_by_age ON reset_requests (created_at);

CREATE TABLE kept AS SELECT * FROM message_attempts;
DROP TABLE message_attempts;
CREATE TABLE message_attempts (
  message_id   TEXT NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  number       BIGINT NOT NULL,
  attempted_at BIGINT NOT NULL,
  outcome      TEXT NOT NULL,
  reply        TEXT NOT NULL,
  PRIMARY KEY (message_id, number)
); -- by key
INSERT INTO message_attempts (
  message_id, number, attempted_at, outcome, reply
) SELECT
  message_id, number, attempted_at, outcome, reply
FROM kept;
DROP TABLE kept;
