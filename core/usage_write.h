/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_USAGE_WRITE_H
#define AK_USAGE_WRITE_H

#include "error.h"
#include "usage_record.h"

/*
 * Append a record to FOLDER/UID, UID being this process's effective user: one write of
 * one record. The file is root's gift to that user: it is never made here, and only
 * written when it is his own regular file with one name and a head. Whatever goes
 * wrong, the host is as it was: no signal (a file-size limit sends SIGXFSZ), no wait,
 * no descriptor left. Where UID is missing, FOLDER/UID.new is taken, which is to become
 * UID: a fold has been renaming it.
 *
 * AK_OK            the record is in the file
 * AK_E_NOT_FOUND   there is no file for this user
 * AK_E_PERMISSION  not writable
 * AK_E_STORE       unsafe, full (counted in its head), or no room on the device
 */
enum ak_code ak_usage_append(
    const char *folder, const struct ak_usage_record *record, struct ak_error *error);

#endif
