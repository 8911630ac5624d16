/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_STORE_VFS_H
#define AK_STORE_VFS_H

/*
 * A SQLite VFS that reads one file through a descriptor that is open already: what
 * was checked is what is read. It knows no other file, so that no journal, WAL,
 * temporary file, lock, mapping or path ever counts, and no environment variable.
 *
 * The "file name" to open is the descriptor in decimal; its owner closes it after
 * sqlite3_close(). Registered on first use and never taken away, so the code that
 * holds it must stay mapped (-z nodelete).
 *
 * Source: sqlite.org/vfs.html; SQLITE_IOCAP_IMMUTABLE.
 */
#define AK_STORE_VFS "authkey-store"

/* Make the VFS known to SQLite. An SQLITE_ code. Thread-safe, may be repeated. */
int ak_store_vfs_register(void);

#endif
