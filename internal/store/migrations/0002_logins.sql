-- What a lane has cost its source, to be given back when the person gets in.
ALTER TABLE login_failures ADD COLUMN charged BIGINT NOT NULL DEFAULT 0;
