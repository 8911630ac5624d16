-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 generation INT: what has changed before it
DELETE FROM delta WHERE since < ?1;
