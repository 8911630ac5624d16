-- SPDX-License-Identifier: BSD-2-Clause
-- Everybody who owns a key or was described by `owner set`: from one to the next by the
-- indexes, so that it costs as much as there are owners.
-- out: owners by name, with NULLs for what nobody told
WITH RECURSIVE person (name) AS (
  SELECT min(name) FROM (SELECT min(owner) AS name FROM key
                          UNION ALL SELECT min(name) FROM owner)
  UNION ALL
  SELECT (SELECT min(name)
            FROM (SELECT min(owner) AS name FROM key WHERE owner > person.name
                   UNION ALL SELECT min(name) FROM owner WHERE name > person.name))
    FROM person WHERE person.name IS NOT NULL)
SELECT person.name, full_name, user_id, email, external_id, verified_at, verified_by,
       suspended_at, suspended_by, suspend_reason
  FROM person LEFT JOIN owner ON owner.name = person.name
 WHERE person.name IS NOT NULL;
