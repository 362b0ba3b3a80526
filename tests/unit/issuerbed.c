/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issuerbed.h"

#include <stdio.h>
#include <string.h>

#include "crypt/pubkey.h"
#include "fmt/approval.h"
#include "fmt/der.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "issue/leaf.h"

#define DAY 86400
#define YEARS (INT64_C(7300) * DAY) /* whatever the real clock says */

static int
give(struct issuerbed *b, cs_privkey *k, const cs_spki *spki, cs_span body,
    cs_buf *sig, cs_err *e)
{
	(void)atomic_fetch_add(&b->signatures, 1);
	return cs_privkey_sign(k, cs_alg_for_key(spki->kind, CS_USE_PKCS10),
	    body, sig, e);
}

int
issuerbed_sign(void *arg, uint32_t type, cs_span key_id, cs_span body,
    int64_t deadline_ms, cs_buf *sig, cs_err *e)
{
	struct issuerbed *b = arg;
	cs_spki wit;
	size_t n;

	(void)deadline_ms;
	if (!b->threads && cs_sha256(body, b->asked, e) != CS_OK)
		return CS_EBUG;
	if (atomic_load(&b->fail) != 0) {
		if (atomic_load(&b->fail) > 0)
			(void)atomic_fetch_sub(&b->fail, 1);
		return cs_fail(e, CS_ETIMEOUT, "bed", "the keyholder went");
	}
	if (type == CS_MSG_SIGN_WIT)
		return cs_spki_parse(cs_buf_span(b->wit_spki), &wit, e) !=
		    CS_OK ? CS_EBUG : give(b, b->wit_key, &wit, body, sig, e);
	for (n = 0; n < ISSUERBED_CAS; n++)
		if (cs_span_eq(b->ca[n]->key_id, key_id))
			return give(b, b->key[n], &b->ca[n]->key, body, sig,
			    e);
	return cs_fail(e, CS_EBUG, "bed", "no such key");
}

static int
last_list(void *arg, cs_span key_id, int64_t deadline_ms, cs_buf **der,
    cs_err *e)
{
	const struct issuerbed *b = arg;

	(void)deadline_ms;
	*der = NULL;
	if (b->last == NULL || !cs_span_eq(key_id, b->ca[0]->key_id))
		return CS_OK;
	*der = cs_buf_dup(cs_buf_span(b->last));
	return *der != NULL ? CS_OK : cs_nomem(e, "bed");
}

static int
there(void *arg, int64_t deadline_ms, cs_err *e)
{
	const struct issuerbed *b = arg;

	(void)deadline_ms;
	return atomic_load(&b->away) ? cs_fail(e, CS_ETIMEOUT, "bed",
	    "the keyholder has not answered in time") : CS_OK;
}

static bool
make_ca(struct issuerbed *b, size_t n)
{
	uint8_t serial[16] = {1, 2, (uint8_t)n};
	cs_buf *spki = cs_buf_new(1024), *body = cs_buf_new(4096);
	cs_buf *sig = cs_buf_new(1024), *der = cs_buf_new(8192);
	cs_authority_new a = {.trust_domain = cs_span_str("corp.example"),
	    .name = cs_span_str("corp.example CA"),
	    .serial = cs_span_of(serial, sizeof(serial)),
	    .not_before = BED_NOON - YEARS, .not_after = BED_NOON + YEARS};
	const cs_alg *alg;
	cs_err e = {0};
	bool good = false;

	if (cs_privkey_generate(n == 0 ? "p256" : "p384", &b->key[n], &e) !=
	    CS_OK || cs_privkey_spki(b->key[n], spki, &e) != CS_OK ||
	    cs_spki_parse(cs_buf_span(spki), &a.key, &e) != CS_OK)
		goto out;
	alg = cs_alg_for_key(a.key.kind, CS_USE_PKCS10);
	good = cs_ca_body_put(&a, alg, body, &e) == CS_OK &&
	    cs_privkey_sign(b->key[n], alg, cs_buf_span(body), sig, &e) ==
	    CS_OK && cs_signed_put(cs_buf_span(body), alg->sig_alg,
	    cs_buf_span(sig), der, &e) == CS_OK &&
	    cs_authority_parse(cs_buf_span(der), &b->ca[n], &e) == CS_OK;
out:
	if (!good)
		printf("# CA: %s\n", e.text);
	cs_buf_free(&spki);
	cs_buf_free(&body);
	cs_buf_free(&sig);
	cs_buf_free(&der);
	return good;
}

static bool
make_keys(struct issuerbed *b)
{
	cs_err e = {0};
	size_t n;

	for (n = 0; n < ISSUERBED_CAS; n++)
		if (!make_ca(b, n))
			return false;
	b->n_ca = ISSUERBED_CAS;
	b->wit_spki = cs_buf_new(256);
	return cs_privkey_generate("p256", &b->wit_key, &e) == CS_OK &&
	    cs_privkey_spki(b->wit_key, b->wit_spki, &e) == CS_OK;
}

static void
say(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == COUNTERSIGN_LOG_ERROR)
		printf("# %s\n", text);
}

bool
issuerbed_again(struct issuerbed *b, size_t first)
{
	static cs_authority *order[ISSUERBED_CAS];
	cs_issuer_env env = {.conf = &b->conf, .plugin = b->plug.p,
	    .instance = b->instance, .store = b->store,
	    .signer = {issuerbed_sign, last_list, b},
	    .there = there, .there_arg = b, .ca = order,
	    .n_ca = b->n_ca, .n_wit = 1, .log = say};
	cs_err e = {0};

	if (b->signer.sign != NULL)
		env.signer = b->signer;
	order[0] = b->ca[first];
	order[1] = b->ca[1 - first];
	cs_issuer_free(&b->i);
	if (cs_spki_parse(cs_buf_span(b->wit_spki), &env.wit[0], &e) ==
	    CS_OK && cs_issuer_new(&env, BED_NOON, &b->i, &e) == CS_OK)
		return true;
	printf("# issuer: %s\n", e.text);
	return false;
}

static bool
open_store(struct issuerbed *b)
{
	cs_store_env env = {.module_dir = b->plug.modules,
	    .authority = cs_span_str(BED_AUTHORITY), .now = BED_NOON - 3600,
	    .mode = CS_DB_WRITE};
	cs_err e = {0};

	if (cs_store_open(b->plug.store, &env, &b->store, &e) == CS_OK)
		return true;
	printf("# store: %s\n", e.text);
	return false;
}

bool
issuerbed_start_closed(struct issuerbed *b)
{
	static char domain[] = "corp.example", authority[] = BED_AUTHORITY,
	    url[] = "https://corp.example/v1/crl";

	*b = (struct issuerbed){.n_ca = 0};
	if (!bed_load(&b->plug))
		return false;
	if (!bed_store(&b->plug)) {
		printf("1..0 # SKIP no SQLite\n");
		bed_stop(&b->plug);
		return false;
	}
	b->conf.trust_domain = domain;
	b->conf.authority = authority;
	b->conf.owners = b->plug.owners;
	b->conf.policy = b->plug.policy;
	b->conf.store = b->plug.store;
	b->conf.crl_url = url;
	b->conf.lifetime = DAY;
	b->conf.crl_life = DAY;
	b->conf.crl_every = 3600;
	b->conf.workers = 2;
	b->conf.limits.queue = 16;
	b->conf.limits.pending = 100;
	b->conf.limits.pending_per_agent = 3;
	b->conf.limits.pending_life = 3600;
	return make_keys(b);
}

bool
issuerbed_start(struct issuerbed *b)
{
	countersign_verifier_config c;

	if (!issuerbed_start_closed(b))
		return false;
	c = bed_config(&b->plug);
	c.store = b->plug.store;
	b->instance = bed_open(&b->plug, &c);
	return b->instance != NULL && open_store(b) && issuerbed_again(b, 0);
}

void
issuerbed_stop(struct issuerbed *b)
{
	size_t n;

	cs_issuer_free(&b->i);
	cs_store_close(&b->store);
	if (b->instance != NULL)
		b->plug.p->close(b->instance);
	for (n = 0; n < ISSUERBED_CAS; n++) {
		cs_privkey_free(&b->key[n]);
		cs_authority_free(&b->ca[n]);
	}
	cs_privkey_free(&b->wit_key);
	cs_buf_free(&b->wit_spki);
	cs_buf_free(&b->last);
	bed_stop(&b->plug);
}

bool
issuerbed_policy(struct issuerbed *b, const char *text)
{
	return bed_put_str(b->plug.policy, text) &&
	    b->plug.p->reload(b->instance, NULL, 0) == COUNTERSIGN_OK;
}

bool
issuerbed_issue(struct issuerbed *b, cs_span message, unsigned kinds,
    int64_t now, cs_issued *out)
{
	const cs_ask_issue a = {.operation = COUNTERSIGN_OP_ISSUE,
	    .kinds = kinds, .message = message,
	    .request_id = cs_span_str("r1"),
	    .address = cs_span_str("192.0.2.7")};
	cs_err e = {0};

	if (cs_issuer_issue(b->i, &a, now, out, &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

bool
issuerbed_vector(struct issuerbed *b, const char *name, unsigned kinds,
    cs_issued *out)
{
	cs_buf *m = bed_vector(name);
	bool good = m != NULL && issuerbed_issue(b, cs_buf_span(m), kinds,
	    BED_NOON, out);

	cs_buf_free(&m);
	return good;
}

bool
issuerbed_approve(struct issuerbed *b, cs_span message, int64_t now,
    cs_issued *out)
{
	const cs_ask_issue a = {.message = message,
	    .request_id = cs_span_str("r2"),
	    .address = cs_span_str("192.0.2.8")};
	cs_err e = {0};

	if (cs_issuer_approve(b->i, &a, now, out, &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

const char *
issuerbed_say(const cs_issued *o)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "outcome %d, %s: %.*s",
	    (int)o->told.outcome, cs_reason_name(o->told.reason),
	    (int)(o->told.text.n > 300 ? 300 : o->told.text.n),
	    o->told.text.p == NULL ? "" : (const char *)o->told.text.p);
	return text;
}

cs_span
issuerbed_body(const struct issuerbed *b, size_t ca, cs_span cert)
{
	cs_span seq = {0}, body = {0}, alg = {0}, sig = {0};
	const cs_authority *a = b->ca[ca];
	const cs_alg *with = cs_alg_for_key(a->key.kind, CS_USE_PKCS10);
	cs_pubkey *key = NULL;
	cs_err e = {0};

	if (cs_der_get(&cert, CS_DER_SEQ, &seq, &e) != CS_OK ||
	    cs_der_whole(&seq, CS_DER_SEQ, &body, &e) != CS_OK ||
	    cs_der_whole(&seq, CS_DER_SEQ, &alg, &e) != CS_OK ||
	    cs_der_get(&seq, CS_DER_BITSTRING, &sig, &e) != CS_OK ||
	    !cs_span_eq(alg, with->sig_alg) || sig.n < 2)
		return (cs_span){0};
	sig = cs_span_of(sig.p + 1, sig.n - 1);
	if (cs_pubkey_new(&a->key, &key, &e) != CS_OK ||
	    cs_pubkey_verify(key, with, body, sig, &e) != CS_OK)
		body = (cs_span){0};
	cs_pubkey_free(&key);
	return body;
}

bool
issuerbed_split(const char *vector, cs_buf **request, cs_buf **approvals)
{
	cs_buf *m = bed_vector(vector);
	cs_message *p = NULL;
	cs_err e = {0};
	size_t n;
	bool good = m != NULL &&
	    cs_message_parse(cs_buf_span(m), &p, &e) == CS_OK;

	*request = *approvals = NULL;
	if (good) {
		*request = cs_buf_dup(p->csr->der);
		*approvals = cs_buf_new(p->n * cs_pem_max(CS_APPROVAL_MAX));
	}
	for (n = 0; good && n < p->n; n++)
		good = cs_pem_put(*approvals, CS_PEM_APPROVAL,
		    p->approvals[n], &e) == CS_OK;
	cs_message_free(&p);
	cs_buf_free(&m);
	return good;
}
