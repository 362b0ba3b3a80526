/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_STOREBED_H
#define CS_TESTS_STOREBED_H

#include "store/storep.h"

/* A fresh SQLite store in a directory of its own, for one test. Programs run
 * in the top of the build tree, whose modules they load. */

#define STOREBED_AUTHORITY "https://ca.corp.example"
#define STOREBED_NOW 1800000000

struct storebed {
	char dir[16], path[48], uri[64];
	cs_store *s;
};

/* Makes the directory alone. */
bool storebed_dir(struct storebed *b);
/* And a store in it, open for writing. */
bool storebed_make(struct storebed *b, cs_err *e);
/* Another file of the same directory; nothing is open. */
void storebed_beside(const struct storebed *b, const char *name,
    struct storebed *out);
/* Opens it again, in `mode`. */
int storebed_open(struct storebed *b, enum cs_db_mode mode, cs_err *e);
int storebed_open_at(struct storebed *b, int64_t now, enum cs_db_mode mode,
    cs_err *e);
void storebed_remove(struct storebed *b);
int64_t storebed_ms(int64_t ms); /* a deadline that long from now */
/* Runs the sqlite3 command on a file; false when it fails, or is not there. */
bool storebed_sql(const char *path, const char *sql);
/* Whether an expression is true there. */
bool storebed_is(const char *path, const char *expression);

#endif
