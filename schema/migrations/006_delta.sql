-- SPDX-License-Identifier: BSD-2-Clause
-- What logins know of keys and has changed since the whole store was published: a small
-- file beside a big store has it (core/publish_delta.c).

CREATE TABLE publishing (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  tag  INTEGER NOT NULL,  -- of the store that the changes are to, 0: it is written whole
  room INTEGER NOT NULL   -- how many more changes may be noted; at 0 it is written whole
) STRICT;
INSERT INTO publishing VALUES (1, 0, 0);

CREATE TABLE delta (
  id     TEXT    PRIMARY KEY,
  since  INTEGER NOT NULL,  -- the generation before the change
  record BLOB               -- as in the store, x'': there is no such key, NULL: not packed yet
) STRICT, WITHOUT ROWID;

CREATE TRIGGER key_made AFTER INSERT ON key
WHEN (SELECT room FROM publishing) > 0
BEGIN
  INSERT INTO delta (id, since) SELECT new.id, generation FROM installation WHERE true
  ON CONFLICT (id) DO UPDATE SET since = excluded.since, record = NULL;
  UPDATE publishing SET room = room - 1;
END;

CREATE TRIGGER key_changed
AFTER UPDATE OF id, name, owner, scheme, digest, state, not_before, expires_at, services,
                scopes, networks, decoy ON key
WHEN (SELECT room FROM publishing) > 0
BEGIN
  INSERT INTO delta (id, since)
  SELECT changed.id, generation
    FROM (SELECT old.id AS id UNION SELECT new.id) AS changed, installation WHERE true
  ON CONFLICT (id) DO UPDATE SET since = excluded.since, record = NULL;
  UPDATE publishing SET room = max(0, room - changes());
END;

CREATE TRIGGER key_gone AFTER DELETE ON key
WHEN (SELECT room FROM publishing) > 0
BEGIN
  INSERT INTO delta (id, since) SELECT old.id, generation FROM installation WHERE true
  ON CONFLICT (id) DO UPDATE SET since = excluded.since, record = NULL;
  UPDATE publishing SET room = room - 1;
END;

-- No more keys of an owner than there is room for: then the store is written whole.
CREATE TRIGGER owner_made AFTER INSERT ON owner
WHEN (SELECT room FROM publishing) > 0 AND
     (new.suspended_at IS NOT NULL OR new.verified_at IS NOT NULL)
BEGIN
  INSERT INTO delta (id, since)
  SELECT key.id, generation FROM installation, key WHERE key.owner = new.name
   LIMIT (SELECT room FROM publishing)
  ON CONFLICT (id) DO UPDATE SET since = excluded.since, record = NULL;
  UPDATE publishing SET room = max(0, room - changes());
END;

CREATE TRIGGER owner_changed AFTER UPDATE OF name, verified_at, suspended_at ON owner
WHEN (SELECT room FROM publishing) > 0 AND
     (new.name <> old.name OR
      (new.suspended_at IS NULL) <> (old.suspended_at IS NULL) OR
      (new.verified_at IS NULL) <> (old.verified_at IS NULL))
BEGIN
  INSERT INTO delta (id, since)
  SELECT key.id, generation FROM installation, key
   WHERE key.owner IN (old.name, new.name)
   LIMIT (SELECT room FROM publishing)
  ON CONFLICT (id) DO UPDATE SET since = excluded.since, record = NULL;
  UPDATE publishing SET room = max(0, room - changes());
END;

CREATE TRIGGER owner_gone AFTER DELETE ON owner
WHEN (SELECT room FROM publishing) > 0
BEGIN
  INSERT INTO delta (id, since)
  SELECT key.id, generation FROM installation, key WHERE key.owner = old.name
   LIMIT (SELECT room FROM publishing)
  ON CONFLICT (id) DO UPDATE SET since = excluded.since, record = NULL;
  UPDATE publishing SET room = max(0, room - changes());
END;
