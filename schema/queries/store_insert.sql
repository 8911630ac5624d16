-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 key id TEXT, ?2 record BLOB
INSERT INTO key (id, record) VALUES (?1, ?2);
