-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 subject TEXT or NULL for any, ?2 from seq INT on
-- out: seq, at, who, tty, action, subject, detail, hash; in the order of the chain
SELECT seq, at, who, tty, action, subject, detail, hash
  FROM audit WHERE (?1 IS NULL OR subject = ?1) AND seq >= ?2 ORDER BY seq;
