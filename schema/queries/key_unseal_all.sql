-- SPDX-License-Identifier: BSD-2-Clause
UPDATE key SET sealed = NULL WHERE sealed IS NOT NULL;
