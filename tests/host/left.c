/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "crypt/hash.h"
#include "store/audit.h"
#include "store/memory.h"

/*
 * left MODULES STORE: what stands in a store, a line for each
 *
 *	claim KIND SERIAL CREDENTIAL
 *	stored SERIAL HASH          of a claim that has a credential
 *	issued SERIAL HASH          of the audit log
 *	head SEQUENCE
 *
 * after the audit log was held against itself and the claims. left -n makes a
 * store instead.
 */

static void
put_hex(cs_span s)
{
	for (size_t i = 0; i < s.n; i++)
		printf("%02x", (unsigned)s.p[i]);
}

static void
put_line(const char *what, cs_span serial, cs_span hash)
{
	printf("%s ", what);
	put_hex(serial);
	printf(" ");
	put_hex(hash);
	printf("\n");
}

static int
each_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	(void)arg;
	printf("claim %d ", c->kind);
	put_hex(c->serial);
	printf(" ");
	put_hex(c->credential);
	printf("\n");
	if (!c->recorded)
		return CS_OK;
	if ((r = cs_sha256(c->credential, hash, e)) == CS_OK)
		put_line("stored", c->serial, cs_span_of(hash, sizeof(hash)));
	return r;
}

static int
each_record(void *arg, const cs_audit_record *r, cs_err *e)
{
	(void)arg;
	(void)e;
	if (r->event == CS_AUDIT_ISSUED)
		put_line("issued", r->serial, r->credential);
	if (r->event == CS_AUDIT_FLOOR)
		printf("floor\n");
	return CS_OK;
}

static int
look(cs_store *s, cs_err *e)
{
	cs_claim_ask ask = {.with_credential = true};
	int64_t deadline_ms = cs_time_mono_ms() + 60000;
	cs_audit_check check = {0};
	int r;

	if ((r = cs_claims(s, &ask, deadline_ms, each_claim, NULL, e)) !=
	    CS_OK || (r = cs_audit_verify(s, &check, deadline_ms, each_record,
	    NULL, e)) != CS_OK)
		return r;
	printf("head %lld\n", (long long)check.head.sequence);
	return CS_OK;
}

int
main(int argc, char **argv)
{
	cs_store_env env = {.now = cs_time_now(), .mode = CS_DB_READ};
	cs_store *s = NULL;
	cs_err e = {0};
	int r;

	if (argc == 4 && strcmp(argv[1], "-n") == 0) {
		env.mode = CS_DB_CREATE;
		env.authority = cs_span_str("https://corp.example");
	} else if (argc != 3) {
		fputs("left [-n] MODULES STORE\n", stderr);
		return 2;
	}
	env.module_dir = argv[argc - 2];
	r = cs_store_open(argv[argc - 1], &env, &s, &e);
	if (r == CS_OK && env.mode == CS_DB_READ)
		r = look(s, &e);
	if (r != CS_OK)
		fprintf(stderr, "left: %s\n", e.text);
	cs_store_close(&s);
	return -r;
}
