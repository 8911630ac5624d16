-- SPDX-License-Identifier: BSD-2-Clause
-- usage.db: what became of presented tokens. Filled by the fold from usage.d/UID, in
-- one transaction with how far it has read, so that each record counts exactly once.
-- Times are seconds since 1970 UTC; addresses are texts, '' where the client gave none.
-- Tokens with an id that no key has share the key_id ''.

-- How far each usage file has been read.
CREATE TABLE usage_file (
  id      BLOB    PRIMARY KEY CHECK (length(id) = 16),  -- of its head
  uid     INTEGER NOT NULL,
  offset  INTEGER NOT NULL,  -- of the first byte that is not read
  dropped INTEGER NOT NULL   -- records that its head says were dropped
) STRICT, WITHOUT ROWID;

-- What each user's processes did that an administrator should know of.
CREATE TABLE usage_source (
  uid     INTEGER PRIMARY KEY,
  records INTEGER NOT NULL DEFAULT 0,
  dropped INTEGER NOT NULL DEFAULT 0,  -- the file was full
  clamped INTEGER NOT NULL DEFAULT 0,  -- claimed a time in the future
  strange INTEGER NOT NULL DEFAULT 0   -- bytes that are no record
) STRICT;

CREATE TABLE key_usage (
  key_id       TEXT    PRIMARY KEY,
  uses         INTEGER NOT NULL,
  refusals     INTEGER NOT NULL,
  last_at      INTEGER,  -- of the last use that was let in
  last_address TEXT,
  last_service TEXT,
  last_uid     INTEGER
) STRICT, WITHOUT ROWID;

-- By UTC day: what statistics are made of. Kept.
CREATE TABLE day_count (
  day     INTEGER NOT NULL,  -- days since 1970-01-01
  key_id  TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  service TEXT    NOT NULL,
  address TEXT    NOT NULL,  -- '*': more addresses on that day than are told apart
  uid     INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (day, key_id, reason, service, address, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX day_count_key ON day_count (key_id, day);

-- By hour: pruned with the events.
CREATE TABLE hour_count (
  hour   INTEGER NOT NULL,  -- hours since 1970-01-01T00Z
  key_id TEXT    NOT NULL,
  reason TEXT    NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (hour, key_id, reason)
) STRICT, WITHOUT ROWID;

-- Since when an address has been let in with a key.
CREATE TABLE key_address (
  key_id   TEXT    NOT NULL,
  address  TEXT    NOT NULL,
  first_at INTEGER NOT NULL,
  PRIMARY KEY (key_id, address)
) STRICT, WITHOUT ROWID;

-- Single events, in the order in which they were folded, for the time that `authkey
-- config retention` keeps them.
CREATE TABLE event (
  seq     INTEGER PRIMARY KEY,
  time    INTEGER NOT NULL,
  key_id  TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  service TEXT    NOT NULL,
  address TEXT    NOT NULL,
  uid     INTEGER NOT NULL
) STRICT;

-- What is wrong with a file in usage.d, so that it is said once.
CREATE TABLE usage_fault (
  name TEXT PRIMARY KEY,  -- of the file
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
