-- What comes back, and what stops the sending.

ALTER TABLE users ADD COLUMN email_bounced_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE mail_pauses (
  name        TEXT PRIMARY KEY,
  failures    BIGINT NOT NULL,
  paused_at   BIGINT NOT NULL,
  retry_at    BIGINT NOT NULL,
  stage       TEXT NOT NULL,
  reply       TEXT NOT NULL
);

CREATE INDEX outbox_links ON outbox (created_at) WHERE state IN ('waiting', 'sending') AND token_id <> '';
CREATE INDEX outbox_ending ON outbox (expires_at) WHERE state IN ('waiting', 'sending');
