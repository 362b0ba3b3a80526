/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/host/agents.h"

#include "base/enc.h"
#include "base/file.h"
#include "base/time.h"
#include "crypt/hash.h"
#include "crypt/ossl.h"
#include "crypt/pubkey.h"
#include "fmt/tbs.h"
#include "signer/plain.h"

static const char where[] = "agents";

int
agent_new(struct agent *a, cs_err *e)
{
	int r;

	if ((a->spki = cs_buf_new(256)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_privkey_generate("p256", &a->key, e)) != CS_OK)
		return r;
	return cs_privkey_spki(a->key, a->spki, e);
}

void
agent_clear(struct agent *a)
{
	cs_buf_free(&a->spki);
	cs_privkey_free(&a->key);
}

/* The whole request around what is signed. */
static int
sign_info(const struct agent *a, const cs_buf *info, cs_buf **out, cs_err *e)
{
	cs_buf *sig = cs_buf_new(256), *der = cs_buf_new(32768);
	const cs_alg *alg = NULL;
	cs_spki key;
	int r;

	if (sig == NULL || der == NULL)
		r = cs_nomem(e, where);
	else if ((r = cs_spki_parse(cs_buf_span(a->spki), &key, e)) == CS_OK &&
	    (r = cs_alg_choose(&key, CS_USE_PKCS10, false, &alg, e)) ==
	    CS_OK && (r = cs_privkey_sign(a->key, alg, cs_buf_span(info), sig,
	    e)) == CS_OK && (r = cs_csr_put(cs_buf_span(info), alg->sig_alg,
	    cs_buf_span(sig), der, e)) == CS_OK) {
		*out = der;
		der = NULL; /* transferred */
	}
	cs_buf_free(&sig);
	cs_buf_free(&der);
	return r;
}

int
agent_request(const struct agent *a, const char *purpose, cs_csr **out,
    cs_err *e)
{
	const cs_csr_new n = {.spki = cs_buf_span(a->spki),
	    .agent_id = cs_span_str(a->id),
	    .purpose = cs_span_str(purpose)};
	cs_buf *info = cs_buf_new(4096), *der = NULL;
	int r;

	*out = NULL;
	if (info == NULL)
		return cs_nomem(e, where);
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

struct hashes {
	uint8_t owner[CS_SHA256_LEN], agent[CS_SHA256_LEN];
	uint8_t request[CS_SHA256_LEN];
	uint8_t id[16];
};

static int
hash_all(const struct agent *owner, const struct agent *a, const cs_csr *base,
    struct hashes *h, cs_err *e)
{
	int r;

	if ((r = cs_random(h->id, sizeof(h->id), e)) != CS_OK ||
	    (r = cs_sha256(cs_buf_span(owner->spki), h->owner, e)) != CS_OK ||
	    (r = cs_sha256(cs_buf_span(a->spki), h->agent, e)) != CS_OK)
		return r;
	return base == NULL ? CS_OK : cs_request_digest(base, h->request, e);
}

static int
put_tbs(const struct agent *a, const cs_csr *base, const struct hashes *h,
    int64_t from, cs_buf *out, cs_err *e)
{
	const int64_t now = cs_time_now();
	const cs_tbs t = {.approval_id = cs_span_of(h->id, sizeof(h->id)),
	    .decision = CS_APPROVE,
	    .owner = cs_span_str(AGENTS_OWNER),
	    .owner_key_hash = cs_span_of(h->owner, CS_SHA256_LEN),
	    .authority = cs_span_str(AGENTS_AUTHORITY),
	    .not_before = now + from,
	    .not_after = now + 7200,
	    .n_subjects = 1,
	    .subjects[0] = {
		.kind = base == NULL ? CS_SUBJECT_KEY : CS_SUBJECT_REQUEST,
		.agent_id = cs_span_str(a->id),
		.agent_key_hash = cs_span_of(h->agent, CS_SHA256_LEN),
		.request_digest = cs_span_of(base == NULL ? NULL : h->request,
		    base == NULL ? 0 : CS_SHA256_LEN)},
	    .max_lifetime = 3600,
	    .max_issuances = 1};

	return cs_tbs_put(&t, out, e);
}

int
agent_approve(const struct agent *owner, const struct agent *a,
    const cs_csr *base, int64_t from, cs_buf **out, cs_err *e)
{
	cs_to_sign what = {.now = cs_time_now()};
	const cs_plain p = {.what = &what,
	    .spki = cs_buf_span(owner->spki),
	    .sign = raw_sign,
	    .arg = owner->key};
	cs_buf *tbs = cs_buf_new(CS_TBS_MAX);
	struct hashes h;
	int r;

	*out = cs_buf_new(CS_APPROVAL_MAX);
	if (tbs == NULL || *out == NULL)
		r = cs_nomem(e, where);
	else if ((r = hash_all(owner, a, base, &h, e)) == CS_OK &&
	    (r = put_tbs(a, base, &h, from, tbs, e)) == CS_OK) {
		what.tbs = cs_buf_span(tbs);
		r = cs_plain_sign(&p, *out, e);
	}
	cs_buf_free(&tbs);
	return r;
}

int
agent_compose(const struct agent *a, const cs_csr *base,
    const cs_buf *approval, cs_buf **out, cs_err *e)
{
	const cs_span span = cs_buf_span(approval);
	cs_buf *info = cs_buf_new(32768);
	int r;

	*out = NULL;
	if (info == NULL)
		return cs_nomem(e, where);
	if ((r = cs_csr_composite_info(base, &span, 1, info, e)) == CS_OK)
		r = sign_info(a, info, out, e);
	cs_buf_free(&info);
	return r;
}

int
agent_owner_write(const struct agent *owner, const char *prefix,
    const char *path, cs_err *e)
{
	cs_buf *line = cs_buf_new(4096);
	int r;

	if (line == NULL || cs_buf_printf(line, AGENTS_OWNER
	    " agents=\"%s\",no-touch-required spki ", prefix) != CS_OK ||
	    cs_base64_put(line, cs_buf_span(owner->spki), 0) != CS_OK ||
	    cs_buf_put_str(line, " alice\n") != CS_OK)
		r = cs_nomem(e, where);
	else
		r = cs_file_write(path, cs_buf_span(line), 0644, false, e);
	cs_buf_free(&line);
	return r;
}
