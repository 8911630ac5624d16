-- SPDX-License-Identifier: BSD-2-Clause
-- What the trigger key_tag_insert does, for all keys, in the order of the table.
INSERT OR IGNORE INTO key_tag
SELECT tag, key_id FROM tag_of_key ORDER BY tag, key_id;
