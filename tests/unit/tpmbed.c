/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/tpmbed.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#define GENERATED 0xff544347
#define CERTIFY 0x8017

static const struct att_plan root_plan = {.cn = "EK Root",
    .bc = "critical,CA:TRUE", .usage = "critical,keyCertSign"};
static const struct att_plan middle_plan = {.cn = "EK CA 1",
    .bc = "critical,CA:TRUE", .usage = "critical,keyCertSign"};

static EVP_PKEY *
key_make(const char *kind)
{
	return strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048) :
	    EVP_EC_gen(kind);
}

static struct soft_area
area_of(const char *kind, uint32_t attributes)
{
	struct soft_area a = {.key = key_make(kind), .name_alg = SOFT_SHA256,
	    .attributes = attributes, .sym = SOFT_NULL, .scheme = SOFT_NULL};

	return a;
}

bool
bed_make(struct bed *b, const char *key, const char *ak, const char *ek,
    const char *dir)
{
	static const struct att_plan plan = {.bc = "CA:FALSE",
	    .usage = "critical,keyEncipherment",
	    .ext = {BED_NAMES, BED_USAGE}};
	const bool p384 = strcmp(ek, "P-384") == 0;

	memset(b, 0, sizeof(*b));
	b->plan = plan;
	b->issuer = &b->middle;
	b->between = 1;
	b->now = NOW;
	b->key = area_of(key, SOFT_KEY);
	b->ak = area_of(ak, SOFT_AK);
	b->ak.scheme = strcmp(ak, "RSA") == 0 ? SOFT_RSASSA : SOFT_ECDSA;
	b->ak.hash = strcmp(ak, "P-384") == 0 ? SOFT_SHA384 : SOFT_SHA256;
	b->ek = area_of(ek, SOFT_EK);
	b->ek.name_alg = p384 ? SOFT_SHA384 : SOFT_SHA256;
	b->ek.sym = SOFT_AES;
	b->ek.bits = p384 ? 256 : 128;
	b->ek.mode = SOFT_CFB;
	att_make(&b->root, "P-256", &root_plan, NULL);
	att_make(&b->middle, "P-256", &middle_plan, &b->root);
	return (b->roots = att_roots(dir, &b->root, NULL)) != NULL &&
	    bed_offer(b);
}

static void
messages_free(struct bed *b)
{
	cs_buf_free(&b->challenge);
	cs_buf_free(&b->kept);
	cs_buf_free(&b->evidence);
}

void
bed_free(struct bed *b)
{
	messages_free(b);
	cs_buf_free(&b->offer);
	cs_buf_free(&b->key_area);
	cs_buf_free(&b->ak_area);
	cs_buf_free(&b->ek_area);
	EVP_PKEY_free(b->key.key);
	EVP_PKEY_free(b->ak.key);
	EVP_PKEY_free(b->ek.key);
	att_free(&b->root);
	att_free(&b->middle);
	att_free(&b->cert);
	cs_roots_free(&b->roots);
}

static cs_span
area(cs_buf **kept, const struct soft_area *a)
{
	if (*kept == NULL)
		*kept = soft_area(a);
	return cs_buf_span(*kept);
}

/* The certificate is of the EK, unless the test has another key for it. */
static void
certify(struct bed *b)
{
	if (b->cert.key == NULL) {
		(void)EVP_PKEY_up_ref(b->ek.key);
		b->cert.key = b->ek.key;
	}
	att_make(&b->cert, "", &b->plan, b->issuer);
}

bool
bed_offer(struct bed *b)
{
	cs_tpmoffer o = {.n = 1 + b->between};
	cs_err e = {0};

	certify(b);
	o.key = area(&b->key_area, &b->key);
	o.ak = area(&b->ak_area, &b->ak);
	o.ek = area(&b->ek_area, &b->ek);
	o.certs[0] = att_der(&b->cert);
	o.certs[1] = att_der(&b->middle);
	cs_buf_free(&b->offer);
	b->offer = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	if (cs_tpmoffer_put(&o, b->offer, &e) == CS_OK &&
	    cs_tpmoffer_parse(cs_buf_span(b->offer), &b->o, &e) == CS_OK)
		return true;
	printf("# no offer: %s\n", e.text);
	return false;
}

int
bed_challenge(struct bed *b, int64_t until, cs_err *e)
{
	int r;

	messages_free(b);
	b->challenge = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	b->kept = cs_secret_new(CS_TPM_EVIDENCE_MAX);
	if ((r = cs_tpm_challenge(&b->o, until, b->challenge, b->kept, e)) ==
	    CS_OK)
		r = cs_tpmsecret_parse(cs_buf_span(b->kept), &b->k, e);
	return r;
}

cs_buf *
bed_activate(const struct bed *b)
{
	cs_buf *name = soft_name(&b->ak), *out;

	out = soft_activate(&b->ek, cs_buf_span(name), b->k.challenge.blob,
	    b->k.challenge.secret);
	cs_buf_free(&name);
	return out;
}

static cs_buf *
extra(const struct bed *b, cs_span secret)
{
	static const char label[] = "countersign tpm evidence v1";
	cs_buf *in = cs_buf_new(SOFT_MAX);
	uint8_t hash[32] = {0};

	if (cs_buf_put(in, cs_span_of(label, sizeof(label))) == CS_OK &&
	    cs_buf_put(in, b->k.challenge.whole) == CS_OK &&
	    cs_buf_put(in, secret) == CS_OK)
		(void)EVP_Q_digest(NULL, "SHA256", NULL, cs_buf_span(in).p,
		    cs_buf_len(in), hash, NULL);
	cs_buf_free(&in);
	return cs_buf_dup(cs_span_of(hash, sizeof(hash)));
}

static bool
evidence_put(struct bed *b, cs_span attest, cs_span sig)
{
	uint8_t hash[32];
	cs_tpmevidence v = {.offer = b->o, .attest = attest,
	    .signature = sig, .challenge = b->answered};
	cs_err e = {0};

	(void)EVP_Q_digest(NULL, "SHA256", NULL, b->k.challenge.whole.p,
	    b->k.challenge.whole.n, hash, NULL);
	if (v.challenge.p == NULL)
		v.challenge = cs_span_of(hash, sizeof(hash));
	cs_buf_free(&b->evidence);
	b->evidence = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	if (cs_tpmevidence_put(&v, b->evidence, &e) == CS_OK &&
	    cs_tpmevidence_parse(cs_buf_span(b->evidence), &b->v, &e) ==
	    CS_OK)
		return true;
	printf("# no evidence: %s\n", e.text);
	return false;
}

bool
bed_answer(struct bed *b)
{
	struct soft_attest a = b->attest;
	cs_buf *secret = bed_activate(b), *name = soft_name(&b->key);
	cs_buf *signer = soft_name(&b->ak), *bound, *attest, *sig;
	bool good;

	bound = extra(b, b->secret.p == NULL ? cs_buf_span(secret) :
	    b->secret);
	a.magic = a.magic == 0 ? GENERATED : a.magic;
	a.type = a.type == 0 ? CERTIFY : a.type;
	a.signer = cs_buf_span(signer);
	a.extra = a.extra.p == NULL ? cs_buf_span(bound) : a.extra;
	a.name = a.name.p == NULL ? cs_buf_span(name) : a.name;
	attest = soft_attest(&a);
	sig = soft_sign(b->signer == NULL ? b->ak.key : b->signer,
	    b->scheme == 0 ? b->ak.scheme : b->scheme,
	    b->hash == 0 ? b->ak.hash : b->hash, cs_buf_span(attest));
	good = evidence_put(b, cs_buf_span(attest), cs_buf_span(sig));
	cs_buf_free(&secret);
	cs_buf_free(&name);
	cs_buf_free(&signer);
	cs_buf_free(&bound);
	cs_buf_free(&attest);
	cs_buf_free(&sig);
	return good;
}
