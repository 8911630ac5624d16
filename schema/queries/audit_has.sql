-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 subject TEXT
-- out: a row when there is one of this subject
SELECT 1 FROM audit WHERE subject = ?1;
