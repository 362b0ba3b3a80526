/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "claimbed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "crypt/hash.h"
#include "vec.h"

#define AUTHORITY "https://corp.example"

/* Of the whole program: what a store's records need to be well formed. */
static cs_audit_record *model;
static char dir[] = "store.XXXXXX";
static char uri[512], modules[512];

static void
die(const char *what, const cs_err *e)
{
	printf("Bail out! %s: %s\n", what, e->text);
	exit(1);
}

int64_t
bed_deadline(void)
{
	return cs_time_mono_ms() + 60000;
}

static void
load_model(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("audit", v);
	cs_err e = {0};

	if (cs_audit_parse(vec_find(v, n, "01-claimed"), &model, &e) != CS_OK)
		die("vector 01-claimed", &e);
	vec_free(v, n);
}

static cs_store *
open_as(enum cs_db_mode mode)
{
	const cs_store_env env = {.module_dir = modules,
	    .authority = cs_span_str(AUTHORITY), .now = NOON, .mode = mode,
	    .deadline_ms = bed_deadline()};
	cs_store *s = NULL;
	cs_err e = {0};

	if (cs_store_open(uri, &env, &s, &e) != CS_OK)
		die(uri, &e);
	return s;
}

cs_store *
bed_open(void)
{
	const char *there = getenv("COUNTERSIGN_TEST_STORE");
	const char *build = getenv("BUILDDIR");
	char so[600];

	snprintf(modules, sizeof(modules), "%s/.libs",
	    build != NULL ? build : ".");
	snprintf(so, sizeof(so), "%s/store-sqlite.so", modules);
	if (there == NULL && access(so, R_OK) != 0) {
		printf("1..0 # SKIP built without sqlite\n");
		return NULL;
	}
	load_model();
	if (there != NULL)
		snprintf(uri, sizeof(uri), "%s", there);
	else if (mkdtemp(dir) != NULL)
		snprintf(uri, sizeof(uri), "sqlite:%s/store", dir);
	return open_as(CS_DB_CREATE);
}

void
bed_again(cs_store **s)
{
	cs_store_close(s);
	*s = open_as(CS_DB_WRITE);
}

cs_store *
bed_second(void)
{
	return open_as(CS_DB_WRITE);
}

cs_store *
bed_reader(void)
{
	return open_as(CS_DB_READ);
}

void
bed_close(cs_store **s)
{
	static const char *const files[] = {"store", "store-wal",
	    "store-shm"};
	char path[64];
	size_t i;

	cs_store_close(s);
	cs_audit_free(&model);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

void
bed_hash(uint8_t *out, size_t n, const char *fmt, ...)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_err e = {0};
	char name[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (cs_sha256(cs_span_str(name), hash, &e) != CS_OK)
		die("SHA-256", &e);
	memcpy(out, hash, n);
}

/* A name as a part of an identifier. */
static void
put_name(char *out, size_t n, const char *before, const char *name,
    const char *behind)
{
	char *p;

	snprintf(out, n, "%s%s%s", before, name, behind);
	for (p = out; *p != '\0'; p++)
		if (*p == ' ')
			*p = '-';
}

void
bed_other(struct bed_claim *c, size_t i, const char *name)
{
	struct bed_approval *a = &c->at[i];

	bed_hash(a->tbs, sizeof(a->tbs), "tbs %s", name);
	bed_hash(a->key, sizeof(a->key), "key %s", name);
	bed_hash(a->id, sizeof(a->id), "id %s", name);
	put_name(a->owner, sizeof(a->owner), "mailto:", name, "@corp.example");
	a->audit = model->at[0];
	a->audit.owner = cs_span_str(a->owner);
	c->in.at[i] = (cs_claim_approval){
		.audit = &a->audit,
		.tbs_hash = cs_span_of(a->tbs, sizeof(a->tbs)),
		.key_hash = cs_span_of(a->key, sizeof(a->key)),
		.approval_id = cs_span_of(a->id, sizeof(a->id)),
		.not_before = NOON - 300,
		.not_after = NOON - 300 + 24 * HOUR,
		.max_issuances = 1,
	};
	if (i == 0)
		c->in.owner = a->audit.owner;
}

void
bed_approval_id(struct bed_claim *c, size_t i, const char *name)
{
	struct bed_approval *a = &c->at[i];

	bed_hash(a->tbs, sizeof(a->tbs), "tbs %s", name);
	bed_hash(a->id, sizeof(a->id), "id %s", name);
}

void
bed_more(struct bed_claim *c, const char *name)
{
	bed_other(c, c->in.n++, name);
}

void
bed_next(struct bed_claim *c, const char *name)
{
	bed_hash(c->serial, sizeof(c->serial), "serial %s", name);
	bed_hash(c->body, sizeof(c->body), "body %s", name);
	c->in.serial = cs_span_of(c->serial, sizeof(c->serial));
	c->in.body_digest = cs_span_of(c->body, sizeof(c->body));
}

void
bed_request(struct bed_claim *c, const char *name)
{
	bed_hash(c->digest, sizeof(c->digest), "request %s", name);
	c->in.request_digest = cs_span_of(c->digest, sizeof(c->digest));
}

void
bed_claim(struct bed_claim *c, const char *name)
{
	memset(c, 0, sizeof(*c));
	put_name(c->agent, sizeof(c->agent), "wimse://corp.example/agent/",
	    name, "");
	bed_hash(c->agent_key, sizeof(c->agent_key), "agent key %s", name);
	c->in = (cs_claim_in){
		.kind = 1,
		.now = NOON,
		.agent_id = cs_span_str(c->agent),
		.agent_key_hash = cs_span_of(c->agent_key,
		    sizeof(c->agent_key)),
		.agent_key = model->agent_key,
		.not_before = NOON - 60,
		.not_after = NOON - 60 + HOUR,
		.fields = cs_span_str("fields"),
		.deadline_ms = bed_deadline(),
	};
	bed_request(c, name);
	bed_next(c, name);
	bed_more(c, name);
}

enum cs_claim_state
bed_make(cs_store *s, const struct bed_claim *c, cs_err *e)
{
	enum cs_claim_state state = CS_CLAIM_NONE;
	cs_claim *out = NULL;

	*e = (cs_err){0};
	if (cs_claim_make(s, &c->in, &out, e) == CS_OK)
		state = out->state;
	cs_claim_free(&out);
	return state;
}

cs_claim *
bed_get(cs_store *s, const struct bed_claim *c)
{
	cs_claim *out = NULL;
	cs_err e = {0};

	if (cs_claim_make(s, &c->in, &out, &e) != CS_OK)
		printf("# %s\n", e.text);
	return out;
}

int
bed_refused(cs_store *s, const struct bed_claim *c)
{
	cs_err e;

	if (bed_make(s, c, &e) != CS_CLAIM_NONE)
		return -1;
	if (e.cls != CS_EREFUSED)
		printf("# class %d: %s\n", e.cls, e.text);
	return e.cls == CS_EREFUSED ? e.detail : -1;
}

int64_t
bed_revoke(cs_store *s, enum cs_revoke_what what, cs_span name)
{
	const cs_revocation r = {.what = what, .name = name, .time = NOON,
	    .reason = cs_span_str("lost"), .actor = cs_span_str("uid 0")};
	int64_t ended = 0;
	cs_err e = {0};

	if (cs_revoke(s, &r, bed_deadline(), &ended, &e) == CS_OK)
		return ended;
	printf("# %s\n", e.text);
	return -1;
}

bool
bed_lift(cs_store *s, enum cs_revoke_what what, cs_span name)
{
	const cs_revocation r = {.what = what, .name = name,
	    .reason = cs_span_str("found"), .actor = cs_span_str("uid 0")};
	cs_err e = {0};

	if (cs_revoke_lift(s, &r, NOON, bed_deadline(), &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

static int
script(cs_txn *t, void *arg, cs_err *e)
{
	return t->ops->script(t->db, arg, e);
}

bool
bed_sql(cs_store *s, const char *sql)
{
	char copy[1024];
	cs_err e = {0};

	snprintf(copy, sizeof(copy), "%s", sql);
	if (cs_store_write(s, script, copy, false, bed_deadline(), &e) ==
	    CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

void
bed_forget_clock(cs_store *s)
{
	cs_err e = {.text = "no clock"};

	if (!bed_sql(s, "UPDATE meta SET value_int = 0 WHERE name = 'clock'"))
		die("SQL", &e);
}
