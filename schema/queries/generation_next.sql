-- SPDX-License-Identifier: BSD-2-Clause
-- out: generation INT, the new one
UPDATE installation SET generation = generation + 1 WHERE one = 1 RETURNING generation;
