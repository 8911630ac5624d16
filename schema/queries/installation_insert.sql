-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 prefix TEXT, ?2 unix_group TEXT
INSERT INTO installation (one, prefix, unix_group) VALUES (1, ?1, ?2);
