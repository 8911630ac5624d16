-- SPDX-License-Identifier: BSD-2-Clause
-- The master: the source of truth, which only the administrator's tool opens.
-- Times are seconds since 1970 UTC. Word lists are words joined by single spaces.

CREATE TABLE installation (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  prefix     TEXT    NOT NULL,           -- of new tokens
  unix_group TEXT    NOT NULL,           -- whose members may read the store
  generation INTEGER NOT NULL DEFAULT 0  -- counts every change, published with the store
) STRICT;

CREATE TABLE owner (
  name           TEXT PRIMARY KEY,  -- the PAM user
  full_name      TEXT,
  user_id        TEXT,
  email          TEXT,
  external_id    TEXT,
  verified_at    INTEGER,           -- NULL: not verified
  verified_by    TEXT,
  suspended_at   INTEGER,           -- NULL: not suspended
  suspended_by   TEXT,
  suspend_reason TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE key (
  id            TEXT    PRIMARY KEY CHECK (length(id) = 8),
  prefix        TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  description   TEXT    NOT NULL DEFAULT '',
  owner         TEXT    NOT NULL,
  scheme        INTEGER NOT NULL CHECK (scheme = 1),           -- 1 BLAKE2b-256
  digest        BLOB    NOT NULL CHECK (length(digest) = 32),  -- of the token
  state         INTEGER NOT NULL CHECK (state IN (1, 2, 3)),   -- enabled, disabled, revoked
  not_before    INTEGER,
  expires_at    INTEGER,
  services      TEXT    NOT NULL DEFAULT '',
  scopes        TEXT    NOT NULL DEFAULT '',
  networks      TEXT    NOT NULL DEFAULT '',
  tags          TEXT    NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL,
  created_by    TEXT    NOT NULL,
  activated_at  INTEGER,  -- when it was last switched on
  revoked_at    INTEGER,
  revoked_by    TEXT,
  revoke_reason TEXT,
  replaced_by   TEXT,     -- id of the key that took its place
  CHECK ((state = 3) = (revoked_at IS NOT NULL)),
  CHECK (not_before < expires_at)
) STRICT, WITHOUT ROWID;

-- One name, one key of an owner that can still be used or switched on.
CREATE UNIQUE INDEX key_live_name ON key (owner, name) WHERE state <> 3;
CREATE INDEX key_name ON key (name);
CREATE INDEX key_created ON key (created_at, id);

-- A key with the state of its owner, as every reader of keys sees it.
CREATE VIEW record AS
SELECT key.id, key.name, key.owner, key.scheme, key.digest, key.state, key.not_before,
       key.expires_at, owner.suspended_at IS NOT NULL AS owner_suspended,
       owner.verified_at IS NOT NULL AS owner_verified, key.services, key.scopes,
       key.networks, key.prefix, key.description, key.tags, key.created_at, key.created_by,
       key.activated_at, key.revoked_at, key.revoked_by, key.revoke_reason, key.replaced_by
  FROM key LEFT JOIN owner ON owner.name = key.owner;
