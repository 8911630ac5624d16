-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 file name with which nothing is wrong
DELETE FROM usage_fault WHERE name = ?1;
