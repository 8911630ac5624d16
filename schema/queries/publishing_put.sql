-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 tag INT, ?2 room INT
UPDATE publishing SET tag = ?1, room = ?2 WHERE one = 1;
