-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 seq INT, ?2 at s, ?3 who, ?4 tty, ?5 action, ?6 subject, ?7 detail, ?8 hash
INSERT INTO audit (seq, at, who, tty, action, subject, detail, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
