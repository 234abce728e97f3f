-- What programs ask for that manage an instance: its attributes, its
-- authentication profile, the queue and the hours that every instance has, and
-- the answers to requests that may come again.

ALTER TABLE instances ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE instances ADD COLUMN access TEXT NOT NULL DEFAULT '{}';
ALTER TABLE instances ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE hours_of_operation (
  instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  id          TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (instance_id, id),
  UNIQUE (instance_id, name)
);

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

-- Instances from before get theirs under ids that follow from their own: a random
-- UUID with its parts in another order is one as well, and the same on every node.
INSERT INTO hours_of_operation (instance_id, id, name, description, created_at)
SELECT id, substr(id, 25, 8) || substr(id, 9, 16) || substr(id, 33, 4) || substr(id, 1, 8), 'Basic Hours', 'Always open hours', created_at
FROM instances WHERE length(id) = 36;

INSERT INTO queues (instance_id, id, name, description, hours_id, created_at)
SELECT i.id, substr(i.id, 29, 8) || substr(i.id, 9, 16) || substr(i.id, 1, 8) || substr(i.id, 25, 4), 'BasicQueue', 'A simple, basic voice queue.', h.id, i.created_at
FROM instances i JOIN hours_of_operation h ON h.instance_id = i.id;
