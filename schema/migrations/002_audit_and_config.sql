-- SPDX-License-Identifier: BSD-2-Clause
-- What an installation decides, beside its prefix and its group.
ALTER TABLE installation ADD COLUMN default_expiry INTEGER;  -- s, NULL: keys do not expire
ALTER TABLE installation ADD COLUMN retention INTEGER NOT NULL DEFAULT 2592000;   -- s
ALTER TABLE installation ADD COLUMN usage_cap INTEGER NOT NULL DEFAULT 67108864;  -- bytes

-- The end of the chain below, so that rows taken away from its end are missed.
ALTER TABLE installation ADD COLUMN audit_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN audit_hash BLOB NOT NULL DEFAULT x'';

-- What administrators did, each row hashed with the one before it (core/audit.h).
CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY,  -- 1, 2, 3 ...
  at      INTEGER NOT NULL,     -- s since 1970 UTC
  who     TEXT    NOT NULL,     -- the administrator; behind sudo, who called it
  tty     TEXT    NOT NULL,     -- the terminal, or ''
  action  TEXT    NOT NULL,     -- the command
  subject TEXT    NOT NULL,     -- the key's id, the owner or the setting
  detail  TEXT    NOT NULL,     -- JSON: {"field": [from, to], ...}
  hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_subject ON audit (subject);
