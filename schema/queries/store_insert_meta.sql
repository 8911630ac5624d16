-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 generation INT, ?2 published_at s
INSERT INTO meta (one, generation, published_at) VALUES (1, ?1, ?2);
