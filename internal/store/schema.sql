-- The schema as it stands after all migrations, in neutral types that
-- dialect.go maps to each engine. TestSchema compares it with a migrated
-- database on both. Times are milliseconds since 1970 in UTC, 0 is "never". A table
-- marked "by key" is kept in the order of its key on SQLite (WITHOUT ROWID): a new
-- row changes one page less.

-- account: the owner of all instances; written once at set-up.
CREATE TABLE account (
  id         TEXT PRIMARY KEY,
  contact    TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- settings: facts about the server (restore point, set-up state); app, backup.
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- key_ring: fingerprints of the master keys that sealed data here; app.
CREATE TABLE key_ring (
  fingerprint TEXT PRIMARY KEY,
  created_at  BIGINT NOT NULL
);

-- jobs: leases of background work that only one node does at a time; jobs.
CREATE TABLE jobs (
  name         TEXT PRIMARY KEY,
  locked_by    TEXT NOT NULL,
  locked_until BIGINT NOT NULL,
  last_run_at  BIGINT NOT NULL
);

-- principals: who acts on the account plane; account.
CREATE TABLE principals (
  id             TEXT PRIMARY KEY,
  name           TEXT NOT NULL UNIQUE,
  password_hash  TEXT NOT NULL,
  totp_sealed    BYTEA NOT NULL,
  totp_last_step BIGINT NOT NULL,
  enabled        BOOLEAN NOT NULL,
  version        BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  last_login_at  BIGINT NOT NULL
);

-- access_keys: signing keys of principals, the secret sealed; account.
CREATE TABLE access_keys (
  id           TEXT PRIMARY KEY,
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  sealed       BYTEA NOT NULL,
  enabled      BOOLEAN NOT NULL,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL
);
CREATE INDEX access_keys_by_principal ON access_keys (principal_id);

-- policies: IAM policy documents; account.
CREATE TABLE policies (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  managed    BOOLEAN NOT NULL,
  document   TEXT NOT NULL,
  version    BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- policy_attachments: which policy a principal has; account.
CREATE TABLE policy_attachments (
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  policy_id    TEXT NOT NULL REFERENCES policies (id),
  PRIMARY KEY (principal_id, policy_id)
);
CREATE INDEX policy_attachments_by_policy ON policy_attachments (policy_id);

-- console_sessions: signed-in browsers of the account plane; account.
CREATE TABLE console_sessions (
  digest       BYTEA PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  address      TEXT NOT NULL
);
CREATE INDEX console_sessions_by_principal ON console_sessions (principal_id);
CREATE INDEX console_sessions_by_expiry ON console_sessions (expires_at);

-- console_links: one-time ways into the console (set-up, aikagi console); account.
CREATE TABLE console_links (
  digest       BYTEA PRIMARY KEY,
  kind         TEXT NOT NULL,
  principal_id TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  used_at      BIGINT NOT NULL
);
CREATE INDEX console_links_by_expiry ON console_links (expires_at);

-- instances: the sites of the account; instance. The counts are kept by the
-- writes of users, so that a page need not count rows. One that was deleted has
-- no alias and is seen by nobody; a job takes away what it had, and then the row.
CREATE TABLE instances (
  id             TEXT PRIMARY KEY,
  alias          TEXT NOT NULL UNIQUE,
  identity_type  TEXT NOT NULL,
  settings       TEXT NOT NULL,
  version        BIGINT NOT NULL,
  user_count     BIGINT NOT NULL,
  no_email_count BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  attributes     TEXT NOT NULL DEFAULT '{}',
  access         TEXT NOT NULL DEFAULT '{}',
  deleted_at     BIGINT NOT NULL DEFAULT 0,
  typed_alias    TEXT NOT NULL DEFAULT ''
);

-- security_profiles: named sets of permissions; securityprofile.
CREATE TABLE security_profiles (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  permissions TEXT NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  scope       TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, name)
);

-- routing_profiles: only as far as users need one; directory.
CREATE TABLE routing_profiles (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, name)
);

-- hours_of_operation: when queues are open, of which there is nothing to choose
-- yet; instance.
CREATE TABLE hours_of_operation (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, name)
);

-- queues: only as far as routing profiles need one; instance.
CREATE TABLE queues (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  hours_id    TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, name)
);

-- hierarchy_levels: the names of up to five levels; directory.
CREATE TABLE hierarchy_levels (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  level       BIGINT NOT NULL,
  name        TEXT NOT NULL,
  updated_at  BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (instance_id, level)
);

-- hierarchy_groups: the organisation tree; directory.
CREATE TABLE hierarchy_groups (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  parent_id   TEXT NOT NULL,
  level       BIGINT NOT NULL,
  name        TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, parent_id, name)
);

-- users: the people; directory, reset (password), login (last login), bounce
-- (mail to the address came back).
CREATE TABLE users (
  instance_id        TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id                 TEXT NOT NULL,
  username           TEXT NOT NULL,
  first_name         TEXT NOT NULL,
  last_name          TEXT NOT NULL,
  email              TEXT NOT NULL,
  secondary_email    TEXT NOT NULL,
  mobile             TEXT NOT NULL,
  phone_type         TEXT NOT NULL,
  phone_auto_accept  BOOLEAN NOT NULL,
  phone_after_work   BIGINT NOT NULL,
  phone_desk_number  TEXT NOT NULL,
  phone_persistent   BOOLEAN NOT NULL,
  channel_configs    TEXT NOT NULL,
  routing_profile_id TEXT NOT NULL,
  hierarchy_group_id TEXT NOT NULL,
  locale             TEXT NOT NULL,
  enabled            BOOLEAN NOT NULL,
  password_hash      TEXT NOT NULL,
  must_change        BOOLEAN NOT NULL,
  version            BIGINT NOT NULL,
  secret_epoch       BIGINT NOT NULL,
  email_set_by       TEXT NOT NULL,
  email_set_at       BIGINT NOT NULL,
  created_at         BIGINT NOT NULL,
  updated_at         BIGINT NOT NULL,
  last_login_at      BIGINT NOT NULL,
  email_bounced_at   BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, username)
);
CREATE INDEX users_without_email ON users (instance_id, username) WHERE email = '';
CREATE INDEX users_disabled ON users (instance_id, username) WHERE NOT enabled;
CREATE INDEX users_must_change ON users (instance_id, username) WHERE must_change;
CREATE INDEX users_by_group ON users (instance_id, hierarchy_group_id, username);
CREATE INDEX users_by_routing ON users (instance_id, routing_profile_id, username);

-- user_keys: normalised words a person is found by (user name, names,
-- address); written with users.
CREATE TABLE user_keys (
  instance_id TEXT NOT NULL,
  search_key  TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  PRIMARY KEY (instance_id, search_key, user_id),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE
); -- by key
CREATE INDEX user_keys_by_user ON user_keys (instance_id, user_id);

-- user_security_profiles: which profiles a user holds; directory.
CREATE TABLE user_security_profiles (
  instance_id TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  profile_id  TEXT NOT NULL,
  PRIMARY KEY (instance_id, user_id, profile_id),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE,
  FOREIGN KEY (instance_id, profile_id) REFERENCES security_profiles (instance_id, id)
); -- by key
CREATE INDEX user_security_profiles_by_profile ON user_security_profiles (instance_id, profile_id, user_id);

-- proficiencies: what a user is good at, for routing; directory.
CREATE TABLE proficiencies (
  instance_id     TEXT NOT NULL,
  user_id         TEXT NOT NULL,
  attribute_name  TEXT NOT NULL,
  attribute_value TEXT NOT NULL,
  level           BIGINT NOT NULL,
  PRIMARY KEY (instance_id, user_id, attribute_name, attribute_value),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE
);
CREATE INDEX proficiencies_by_attribute ON proficiencies (instance_id, attribute_name, attribute_value, user_id);

-- tags: labels on users, security profiles, hierarchy groups and instances;
-- directory. They go with what carries them. The index finds by tag.
CREATE TABLE tags (
  instance_id   TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  resource_kind TEXT NOT NULL,
  resource_id   TEXT NOT NULL,
  tag_key       TEXT NOT NULL,
  tag_value     TEXT NOT NULL,
  PRIMARY KEY (instance_id, resource_kind, resource_id, tag_key)
);
CREATE INDEX tags_by_key ON tags (instance_id, resource_kind, tag_key, tag_value, resource_id);

-- sessions: logged-in browsers; session. user_id is empty for emergency access.
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
CREATE INDEX sessions_by_user ON sessions (instance_id, user_id);
CREATE INDEX sessions_by_grant ON sessions (grant_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- known_devices: browsers a user logged in with before; login.
CREATE TABLE known_devices (
  instance_id  TEXT NOT NULL,
  digest       BYTEA NOT NULL,
  user_id      TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  PRIMARY KEY (instance_id, digest),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE
); -- by key
CREATE INDEX known_devices_by_user ON known_devices (instance_id, user_id);
CREATE INDEX known_devices_by_use ON known_devices (last_used_at);

-- login_failures: failed tries per lane (name × source, name × device, name);
-- throttle. The lane is a keyed digest, so that no typed name is kept. charged is
-- how many of them the limits of the source and the instance were charged with.
CREATE TABLE login_failures (
  instance_id TEXT NOT NULL,
  lane        BYTEA NOT NULL,
  failures    BIGINT NOT NULL,
  wait_until  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  charged     BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (instance_id, lane)
); -- by key
CREATE INDEX login_failures_by_expiry ON login_failures (expires_at);

-- throttle_counters: GCRA state per limit and key; throttle.
CREATE TABLE throttle_counters (
  lane       BYTEA PRIMARY KEY,
  tat        BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
); -- by key
CREATE INDEX throttle_counters_by_expiry ON throttle_counters (expires_at);

-- spent_challenges: ids of challenges that a POST used up; reset, login.
CREATE TABLE spent_challenges (
  id         TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
); -- by key
CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);

-- reset_requests: who pressed "forgot password"; reset.
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
CREATE INDEX reset_requests_new ON reset_requests (run_at) WHERE state = 'new';
CREATE INDEX reset_requests_waiting ON reset_requests (instance_id, created_at, id) WHERE state = 'waiting';
CREATE INDEX reset_requests_waiting_of_user ON reset_requests (instance_id, user_id, created_at) WHERE state = 'waiting';
CREATE INDEX reset_requests_unknown ON reset_requests (instance_id, created_at) WHERE state = 'unknown';
CREATE INDEX reset_requests_by_age ON reset_requests (created_at);

-- reset_tokens: digests of one-time secrets that lead to a new password; reset.
CREATE TABLE reset_tokens (
  instance_id TEXT NOT NULL,
  digest      BYTEA NOT NULL,
  id          TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  request_id  TEXT NOT NULL,
  kind        TEXT NOT NULL,
  epoch       BIGINT NOT NULL,
  code_tries  BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  used_at     BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL,
  ended_by    TEXT NOT NULL,
  created_by  TEXT NOT NULL,
  PRIMARY KEY (instance_id, digest),
  UNIQUE (instance_id, id),
  FOREIGN KEY (instance_id, user_id) REFERENCES users (instance_id, id) ON DELETE CASCADE
);
CREATE INDEX reset_tokens_by_user ON reset_tokens (instance_id, user_id, created_at);
CREATE INDEX reset_tokens_by_request ON reset_tokens (instance_id, request_id);
CREATE INDEX reset_tokens_by_expiry ON reset_tokens (expires_at);

-- outbox: messages to be sent and their fate; written in the transaction of
-- the cause, worked on by outbox.
CREATE TABLE outbox (
  id           TEXT PRIMARY KEY,
  instance_id  TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  token_id     TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  kind         TEXT NOT NULL,
  recipient    TEXT NOT NULL,
  header_id    TEXT NOT NULL,
  sealed       BYTEA NOT NULL,
  state        TEXT NOT NULL,
  attempt      BIGINT NOT NULL,
  fence        BIGINT NOT NULL,
  run_at       BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  done_at      BIGINT NOT NULL,
  last_reply   TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (run_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_links ON outbox (created_at) WHERE state IN ('waiting', 'sending') AND token_id <> '';
CREATE INDEX outbox_ending ON outbox (expires_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_by_instance ON outbox (instance_id, id);
CREATE INDEX outbox_by_user ON outbox (instance_id, user_id, id);

-- message_attempts: each try to hand a message over, and what came back; outbox,
-- bounce.
CREATE TABLE message_attempts (
  message_id   TEXT NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  number       BIGINT NOT NULL,
  attempted_at BIGINT NOT NULL,
  outcome      TEXT NOT NULL,
  reply        TEXT NOT NULL,
  PRIMARY KEY (message_id, number)
); -- by key

-- mail_pauses: the mail server does not take anything, so nothing is sent until
-- one message has found out that it does; outbox. No row is no pause.
CREATE TABLE mail_pauses (
  name        TEXT PRIMARY KEY,
  failures    BIGINT NOT NULL,
  paused_at   BIGINT NOT NULL,
  retry_at    BIGINT NOT NULL,
  stage       TEXT NOT NULL,
  reply       TEXT NOT NULL
);

-- idempotency_keys: what a request with a client token was answered, for when it
-- comes again; instance.
CREATE TABLE idempotency_keys (
  principal_id TEXT NOT NULL,
  operation    TEXT NOT NULL,
  token        BYTEA NOT NULL,
  request      BYTEA NOT NULL,
  answer       TEXT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (principal_id, operation, token)
); -- by key
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

-- imports: tables of users that were uploaded; directory.
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

-- import_failures: their rows that were not carried out; directory.
CREATE TABLE import_failures (
  instance_id TEXT NOT NULL,
  import_id   TEXT NOT NULL,
  line        BIGINT NOT NULL,
  problems    TEXT NOT NULL,
  PRIMARY KEY (instance_id, import_id, line),
  FOREIGN KEY (instance_id, import_id) REFERENCES imports (instance_id, id) ON DELETE CASCADE
);

-- emergency_grants: an account principal enters an instance once; emergency.
CREATE TABLE emergency_grants (
  id             TEXT PRIMARY KEY,
  instance_id    TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  principal_id   TEXT NOT NULL,
  principal_name TEXT NOT NULL,
  reason         TEXT NOT NULL,
  digest         BYTEA NOT NULL UNIQUE,
  address        TEXT NOT NULL,
  created_at     BIGINT NOT NULL,
  start_before   BIGINT NOT NULL,
  used_at        BIGINT NOT NULL,
  ended_at       BIGINT NOT NULL
);
CREATE INDEX emergency_grants_by_instance ON emergency_grants (instance_id, created_at);

-- audit_events: the record; written by whoever changes something, in the same
-- transaction. sequence and chain are filled in later by the chaining job.
CREATE TABLE audit_events (
  id          TEXT PRIMARY KEY,
  instance_id TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  actor_kind  TEXT NOT NULL,
  actor_id    TEXT NOT NULL,
  actor_name  TEXT NOT NULL,
  action      TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id   TEXT NOT NULL,
  target_name TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  source      TEXT NOT NULL,
  address     TEXT NOT NULL,
  request_id  TEXT NOT NULL,
  changes     TEXT NOT NULL,
  note        TEXT NOT NULL,
  sequence    BIGINT NOT NULL,
  chain       BYTEA NOT NULL
);
CREATE INDEX audit_events_by_instance ON audit_events (instance_id, id);
CREATE INDEX audit_events_by_target ON audit_events (instance_id, target_kind, target_id, id);
CREATE INDEX audit_events_by_sequence ON audit_events (sequence, id);

-- audit_checkpoints: MACs over the chain so far; audit.
CREATE TABLE audit_checkpoints (
  sequence   BIGINT PRIMARY KEY,
  chain      BYTEA NOT NULL,
  mac        BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
