-- SPDX-License-Identifier: BSD-2-Clause
-- The published store, keys.db: what verification needs and nothing else. Written
-- whole by every publish, never changed in place. 0x414b5331 is "AKS1".
PRAGMA application_id = 0x414b5331;
PRAGMA user_version = 1;

CREATE TABLE meta (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  generation   INTEGER NOT NULL,  -- of the master that was published
  published_at INTEGER NOT NULL   -- s since 1970 UTC, the floor under the clock
) STRICT;

CREATE TABLE key (
  id              TEXT    PRIMARY KEY CHECK (length(id) = 8),
  name            TEXT    NOT NULL,
  owner           TEXT    NOT NULL,
  scheme          INTEGER NOT NULL CHECK (scheme = 1),           -- 1 BLAKE2b-256
  digest          BLOB    NOT NULL CHECK (length(digest) = 32),  -- of the token
  state           INTEGER NOT NULL CHECK (state IN (1, 2, 3)),   -- enabled, disabled, revoked
  not_before      INTEGER,                                       -- s, NULL: always begun
  expires_at      INTEGER,                                       -- s, NULL: never
  owner_suspended INTEGER NOT NULL CHECK (owner_suspended IN (0, 1)),
  owner_verified  INTEGER NOT NULL CHECK (owner_verified IN (0, 1)),
  services        TEXT    NOT NULL,                              -- word lists
  scopes          TEXT    NOT NULL,
  networks        TEXT    NOT NULL,
  seal            BLOB    NOT NULL CHECK (length(seal) = 16)     -- BLAKE2b-128 of the row
) STRICT, WITHOUT ROWID;
