/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_STORE_H
#define CS_STORE_STORE_H

#include "store/db.h"

/*
 * What one authority remembers: claims, denials, revocations, counters, the
 * audit log. Nothing here says yes; CS_EIO (reason store-unavailable) is what
 * becomes of all that goes wrong. Many threads may use one store, many
 * processes one database. Writers that meet share a commit.
 */

#define CS_STORE_SCHEMA 4

typedef struct cs_store_env {
	const char *module_dir;
	cs_span authority;      /* absent: whosever it is */
	int64_t now;
	enum cs_db_mode mode;   /* CREATE: makes one, and writes */
	int64_t deadline_ms;    /* of opening; 0: ten seconds from now */
} cs_store_env;

typedef struct cs_store cs_store;

/* "sqlite:PATH", a plain PATH, "postgresql:...". A password in it is CS_EUSAGE.
 * A store of another authority, or of a later release, is CS_EREFUSED; an older
 * schema is brought up by a writer. One that is not where it was last (a copy,
 * a restored dump) gets a floor at `now`, or at its last claim or denial when
 * that is later, from its first writer. One that
 * cs_store_backup() made opens for reading and for cs_store_restore() alone. */
CS_USE int cs_store_open(const char *uri, const cs_store_env *env,
    cs_store **out, cs_err *e);
void cs_store_close(cs_store **s);

/* A consistent copy into a new file, marked as one. CS_EREFUSED where something
 * is, CS_EUSAGE where the engine has tools of its own for that. */
CS_USE int cs_store_backup(cs_store *s, const char *path, int64_t now,
    int64_t deadline_ms, cs_err *e);
/* Takes the mark off and sets the floor to `now`, whatever was there; to the
 * floor that was, to when the copy was made, or to the last claim or denial in
 * it, where `now` is before that. */
CS_USE int cs_store_restore(const char *uri, const cs_store_env *env,
    cs_err *e);

typedef struct cs_store_head { /* of the audit log */
	int64_t sequence; /* 0: none yet */
	uint8_t hash[32];
} cs_store_head;

typedef struct cs_store_info {
	int64_t schema;
	int64_t floor; /* 0: none */
	cs_store_head head;
	int64_t claims, live, approvals, denials;
	int64_t revocations; /* in force */
	char authority[520];
	char engine[16];
	bool is_backup;
} cs_store_info;
CS_USE int cs_store_look(cs_store *s, int64_t now, int64_t deadline_ms,
    cs_store_info *out, cs_err *e);

#endif
