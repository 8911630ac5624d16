-- SPDX-License-Identifier: BSD-2-Clause
-- out: the records that wait for their callers to go on to a successor
SELECT * FROM record
 WHERE draining_since IS NOT NULL AND state <> 3 ORDER BY draining_since, id;
