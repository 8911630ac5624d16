-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 what names begin with TEXT, ?2 the end of those that do TEXT,
--      ?3 the states wanted, the sum of 1 << state
-- out: name; its owner, or how many keys are called so; few of them, in their order
SELECT name, CASE count(*) WHEN 1 THEN min(owner) ELSE count(*) || ' keys' END
  FROM (SELECT name, owner FROM key INDEXED BY key_name
         WHERE name >= ?1 AND name < ?2 AND (1 << state) & ?3
           AND (state = 3 OR replaced_by IS NULL)
         ORDER BY name LIMIT 1000)
 GROUP BY name ORDER BY name;
