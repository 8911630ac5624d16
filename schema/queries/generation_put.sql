-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 generation INT
UPDATE installation SET generation = ?1 WHERE one = 1;
