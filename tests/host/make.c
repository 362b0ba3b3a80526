/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/time.h"
#include "crypt/hash.h"
#include "crypt/ossl.h"
#include "crypt/privkey.h"
#include "fmt/csr.h"
#include "fmt/tbs.h"
#include "signer/plain.h"

/*
 * make DIR N [SECONDS]: N approvals for one credential each, of N agents' keys,
 * good from then on (by default from five minutes ago); of each two composite
 * requests, N.a and N.b, of which a host may answer one; and the owners file and
 * the policy that know their owner.
 */

#define OWNER "mailto:alice@corp.example"
#define AUTHORITY "https://corp.example"

struct agent {
	long from; /* an owner: notBefore of what he signs, from now */
	cs_privkey *key;
	cs_buf *spki;
	char id[64];
};

static const char policy[] =
    "domain \"corp.example\" {\n"
    "\tpath \"/agent\" { groups = {\"*\"} }\n"
    "}\n";

static int
make_key(cs_privkey **k, cs_buf **spki, cs_err *e)
{
	int r;

	if ((*spki = cs_buf_new(256)) == NULL)
		return cs_nomem(e, "make");
	if ((r = cs_privkey_generate("p256", k, e)) != CS_OK)
		return r;
	return cs_privkey_spki(*k, *spki, e);
}

/* The agent signs; gives the whole request. */
static int
sign_info(struct agent *a, const cs_buf *info, cs_buf **out, cs_err *e)
{
	cs_buf *sig = cs_buf_new(256);
	const cs_alg *alg;
	cs_spki key;
	int r;

	*out = cs_buf_new(16384);
	if (sig == NULL || *out == NULL)
		r = cs_nomem(e, "make");
	else if ((r = cs_spki_parse(cs_buf_span(a->spki), &key, e)) == CS_OK &&
	    (r = cs_alg_choose(&key, CS_USE_PKCS10, false, &alg, e)) ==
	    CS_OK && (r = cs_privkey_sign(a->key, alg, cs_buf_span(info), sig,
	    e)) == CS_OK)
		r = cs_csr_put(cs_buf_span(info), alg->sig_alg,
		    cs_buf_span(sig), *out, e);
	cs_buf_free(&sig);
	return r;
}

static int
make_base(struct agent *a, const char *purpose, cs_csr **out, cs_err *e)
{
	const cs_csr_new n = {.spki = cs_buf_span(a->spki),
	    .agent_id = cs_span_str(a->id),
	    .purpose = cs_span_str(purpose)};
	cs_buf *info = cs_buf_new(4096), *der = NULL;
	int r;

	if ((r = cs_csr_put_info(&n, info, e)) == CS_OK &&
	    (r = sign_info(a, info, &der, e)) == CS_OK)
		r = cs_csr_parse(cs_buf_span(der), out, e);
	cs_buf_free(&info);
	cs_buf_free(&der);
	return r;
}

static int
raw_sign(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	return cs_privkey_sign(arg, alg, bytes, sig, e);
}

static int
put_tbs(const struct agent *owner, const struct agent *a, cs_buf *out,
    cs_err *e)
{
	uint8_t id[16], hash[2][CS_SHA256_LEN];
	static cs_tbs t;
	int r;

	if ((r = cs_random(id, sizeof(id), e)) != CS_OK ||
	    (r = cs_sha256(cs_buf_span(owner->spki), hash[0], e)) != CS_OK ||
	    (r = cs_sha256(cs_buf_span(a->spki), hash[1], e)) != CS_OK)
		return r;
	t.approval_id = cs_span_of(id, sizeof(id));
	t.decision = CS_APPROVE;
	t.owner = cs_span_str(OWNER);
	t.owner_key_hash = cs_span_of(hash[0], CS_SHA256_LEN);
	t.authority = cs_span_str(AUTHORITY);
	t.not_before = cs_time_now() + owner->from;
	t.not_after = cs_time_now() + 7200;
	t.n_subjects = 1;
	t.subjects[0].kind = CS_SUBJECT_KEY;
	t.subjects[0].agent_id = cs_span_str(a->id);
	t.subjects[0].agent_key_hash = cs_span_of(hash[1], CS_SHA256_LEN);
	t.max_lifetime = 3600;
	t.max_issuances = 1;
	return cs_tbs_put(&t, out, e);
}

static int
approve(struct agent *owner, const struct agent *a, cs_buf **out, cs_err *e)
{
	cs_to_sign what = {.now = cs_time_now()};
	cs_plain p = {.what = &what,
	    .spki = cs_buf_span(owner->spki),
	    .sign = raw_sign,
	    .arg = owner->key};
	cs_buf *tbs = cs_buf_new(CS_TBS_MAX);
	int r;

	*out = cs_buf_new(CS_APPROVAL_MAX);
	if (tbs == NULL || *out == NULL)
		r = cs_nomem(e, "make");
	else if ((r = put_tbs(owner, a, tbs, e)) == CS_OK) {
		what.tbs = cs_buf_span(tbs);
		r = cs_plain_sign(&p, *out, e);
	}
	cs_buf_free(&tbs);
	return r;
}

static int
make_composite(struct agent *a, const char *purpose, const cs_buf *approval,
    const char *path, cs_err *e)
{
	cs_span span = cs_buf_span(approval);
	cs_buf *info = cs_buf_new(32768), *der = NULL;
	cs_csr *base = NULL;
	int r;

	if ((r = make_base(a, purpose, &base, e)) == CS_OK &&
	    (r = cs_csr_composite_info(base, &span, 1, info, e)) == CS_OK &&
	    (r = sign_info(a, info, &der, e)) == CS_OK)
		r = cs_file_write(path, cs_buf_span(der), 0644, false, e);
	cs_csr_free(&base);
	cs_buf_free(&info);
	cs_buf_free(&der);
	return r;
}

static int
make_one(struct agent *owner, const char *dir, int i, cs_err *e)
{
	struct agent a = {0};
	cs_buf *approval = NULL;
	char path[2][512];
	int r;

	(void)snprintf(a.id, sizeof(a.id), "wimse://corp.example/agent/%d.%ld",
	    i, owner->from);
	(void)snprintf(path[0], sizeof(path[0]), "%s/%d.a", dir, i);
	(void)snprintf(path[1], sizeof(path[1]), "%s/%d.b", dir, i);
	if ((r = make_key(&a.key, &a.spki, e)) == CS_OK &&
	    (r = approve(owner, &a, &approval, e)) == CS_OK &&
	    (r = make_composite(&a, "the first", approval, path[0], e)) ==
	    CS_OK)
		r = make_composite(&a, "the other", approval, path[1], e);
	cs_buf_free(&approval);
	cs_buf_free(&a.spki);
	cs_privkey_free(&a.key);
	return r;
}

static int
make_trust(const struct agent *owner, const char *dir, cs_err *e)
{
	cs_buf *line = cs_buf_new(4096);
	char path[512];
	int r;

	if (cs_buf_put_str(line, OWNER " agents=\"wimse://corp.example/agent\","
	    "no-touch-required spki ") != CS_OK ||
	    cs_base64_put(line, cs_buf_span(owner->spki), 0) != CS_OK ||
	    cs_buf_put_str(line, " alice\n") != CS_OK)
		r = cs_nomem(e, "make");
	else {
		(void)snprintf(path, sizeof(path), "%s/owners", dir);
		r = cs_file_write(path, cs_buf_span(line), 0644, false, e);
	}
	cs_buf_free(&line);
	if (r != CS_OK)
		return r;
	(void)snprintf(path, sizeof(path), "%s/policy", dir);
	return cs_file_write(path, cs_span_str(policy), 0644, false, e);
}

int
main(int argc, char **argv)
{
	struct agent owner = {0};
	cs_err e = {0};
	int r, n;

	if (argc < 3) {
		fputs("make DIR N [SECONDS]\n", stderr);
		return 2;
	}
	owner.from = argc == 3 ? -300 : strtol(argv[3], NULL, 10);
	n = (int)strtol(argv[2], NULL, 10);
	r = make_key(&owner.key, &owner.spki, &e);
	if (r == CS_OK)
		r = make_trust(&owner, argv[1], &e);
	for (int i = 0; r == CS_OK && i < n; i++)
		r = make_one(&owner, argv[1], i, &e);
	if (r != CS_OK)
		fprintf(stderr, "make: %s\n", e.text);
	cs_buf_free(&owner.spki);
	cs_privkey_free(&owner.key);
	return -r;
}
