-- SPDX-License-Identifier: BSD-2-Clause
-- Every order in which keys are listed has its index, and so has every filter that few
-- keys may fit, so that a page costs what is on it. The key's id ends each of them.
DROP INDEX key_name;
CREATE INDEX key_name ON key (name, created_at);
CREATE INDEX key_owner ON key (owner, created_at, name);
CREATE INDEX key_expires ON key (expires_at, created_at, name);
CREATE INDEX key_not_enabled ON key (state, created_at, name) WHERE state <> 1;
CREATE INDEX key_revoked ON key (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX key_not_before ON key (not_before) WHERE not_before IS NOT NULL;

-- The words of key.tags, one by one, kept by the triggers alone.
CREATE TABLE key_tag (
  tag    TEXT NOT NULL,
  key_id TEXT NOT NULL,
  PRIMARY KEY (tag, key_id)
) STRICT, WITHOUT ROWID;

-- The same as they stand in the keys; what is damaged there has none.
CREATE VIEW tag_of_key AS
SELECT key.id AS key_id, value AS tag
  FROM key, json_each('["' || replace(tags, ' ', '","') || '"]')
 WHERE tags <> '' AND tags NOT GLOB '*[^a-z0-9:._/ -]*';

CREATE TRIGGER key_tag_insert AFTER INSERT ON key WHEN new.tags <> ''
BEGIN
  INSERT OR IGNORE INTO key_tag SELECT tag, key_id FROM tag_of_key WHERE key_id = new.id;
END;

CREATE TRIGGER key_tag_delete BEFORE DELETE ON key WHEN old.tags <> ''
BEGIN
  DELETE FROM key_tag
   WHERE key_id = old.id AND tag IN (SELECT tag FROM tag_of_key WHERE key_id = old.id);
END;

CREATE TRIGGER key_tag_leave BEFORE UPDATE OF tags ON key WHEN old.tags <> new.tags
BEGIN
  DELETE FROM key_tag
   WHERE key_id = old.id AND tag IN (SELECT tag FROM tag_of_key WHERE key_id = old.id);
END;

CREATE TRIGGER key_tag_enter AFTER UPDATE OF tags ON key WHEN old.tags <> new.tags
BEGIN
  INSERT OR IGNORE INTO key_tag SELECT tag, key_id FROM tag_of_key WHERE key_id = new.id;
END;

INSERT OR IGNORE INTO key_tag SELECT tag, key_id FROM tag_of_key;
