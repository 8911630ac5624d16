-- SPDX-License-Identifier: BSD-2-Clause
-- Statistics of many keys are made of totals, which the fold keeps beside the counts, so
-- that they cost as much as there are days and not as much as there are keys. What
-- belongs to a key lies together, whatever its day: a fold writes it in one place, and
-- statistics of one key read it there.

ALTER TABLE day_count RENAME TO day_count_1;
ALTER TABLE hour_count RENAME TO hour_count_1;

-- By UTC day: what statistics of a key's services and addresses are made of. Kept.
CREATE TABLE day_count (
  key_id  TEXT    NOT NULL,
  day     INTEGER NOT NULL,  -- days since 1970-01-01
  reason  TEXT    NOT NULL,
  service TEXT    NOT NULL,
  address TEXT    NOT NULL,  -- '*': more addresses on that day than are told apart
  uid     INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (key_id, day, reason, service, address, uid)
) STRICT, WITHOUT ROWID;

-- The same by key alone. Kept.
CREATE TABLE key_day (
  key_id   TEXT    NOT NULL,
  day      INTEGER NOT NULL,
  uses     INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  PRIMARY KEY (key_id, day)
) STRICT, WITHOUT ROWID;

-- By the hour of the day, UTC. Pruned with the events.
CREATE TABLE hour_count (
  key_id   TEXT    NOT NULL,
  hour     INTEGER NOT NULL,  -- 0 to 23
  day      INTEGER NOT NULL,
  uses     INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  PRIMARY KEY (key_id, hour, day)
) STRICT, WITHOUT ROWID;

-- What day_count and hour_count have of all keys together. Kept, but for the hours.
CREATE TABLE day_total (
  part     TEXT    NOT NULL,  -- 'reason', 'service', 'rhost' or 'hour'
  day      INTEGER NOT NULL,
  name     TEXT    NOT NULL,  -- of the part: a word, an address, '00' to '23'
  uses     INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  PRIMARY KEY (part, day, name)
) STRICT, WITHOUT ROWID;

-- Since when an address has been let in with any key.
CREATE INDEX key_address_first ON key_address (address, first_at);

-- Rows that are added up where they fall need no memory to be sorted in.
INSERT INTO day_count
SELECT key_id, day, reason, service, address, uid, count
  FROM day_count_1 INDEXED BY day_count_key ORDER BY key_id, day;

INSERT INTO key_day
SELECT key_id, day, sum(CASE WHEN reason = 'VALID' THEN count ELSE 0 END),
       sum(CASE WHEN reason = 'VALID' THEN 0 ELSE count END)
  FROM day_count GROUP BY key_id, day;

INSERT INTO hour_count
SELECT key_id, hour % 24, hour / 24, CASE WHEN reason = 'VALID' THEN count ELSE 0 END,
       CASE WHEN reason = 'VALID' THEN 0 ELSE count END
  FROM hour_count_1 WHERE true
    ON CONFLICT DO UPDATE SET uses = uses + excluded.uses,
                              refusals = refusals + excluded.refusals;

INSERT INTO day_total
SELECT part.column1, day,
       CASE part.column1 WHEN 'reason' THEN reason WHEN 'service' THEN service
                         ELSE address END,
       CASE WHEN reason = 'VALID' THEN count ELSE 0 END,
       CASE WHEN reason = 'VALID' THEN 0 ELSE count END
  FROM day_count CROSS JOIN (VALUES ('reason'), ('service'), ('rhost')) AS part
 WHERE true
    ON CONFLICT DO UPDATE SET uses = uses + excluded.uses,
                              refusals = refusals + excluded.refusals;

INSERT INTO day_total
SELECT 'hour', day, printf('%02d', hour), uses, refusals FROM hour_count WHERE true
    ON CONFLICT DO UPDATE SET uses = uses + excluded.uses,
                              refusals = refusals + excluded.refusals;

DROP TABLE day_count_1;
DROP TABLE hour_count_1;
