-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 generation INT: what has changed since it or an earlier one
DELETE FROM delta WHERE since <= ?1;
