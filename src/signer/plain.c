/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/plain.h"

#include "crypt/chain.h"
#include "crypt/pubkey.h"
#include "signer/tbskey.h"

/* countersign-formats(5), section 5, carrier cms. */

#define ATTRS_MAX 512
#define SIG_MAX 1024
#define AROUND_MAX 2048 /* what SignedData puts around TBS and signature */

static const char where[] = "signer/plain";

struct job { /* borrows all but the bufs */
	const cs_plain *p;
	cs_spki key;
	uint8_t key_hash[CS_SHA256_LEN];
	const cs_alg *alg;
	cs_chain *chain; /* of the certificates, or NULL */
	cs_span issuer, serial;
	cs_buf *attrs, *sig, *cms;
};

static int
read_certs(struct job *j, cs_err *e)
{
	int rc;

	if (j->p->what->certs.p == NULL)
		return CS_OK;
	if ((rc = cs_chain_read(j->p->what->certs, cs_span_of(j->key_hash,
	    sizeof(j->key_hash)), &j->chain, e)) != CS_OK)
		return rc;
	return cs_chain_issuer(j->chain, &j->issuer, &j->serial, e);
}

static int
start(struct job *j, cs_err *e)
{
	const cs_to_sign *what = j->p->what;
	int rc;

	if ((rc = cs_spki_parse(j->p->spki, &j->key, e)) != CS_OK ||
	    (rc = cs_alg_choose(&j->key, CS_USE_CMS, j->p->pss, &j->alg,
	    e)) != CS_OK ||
	    (rc = cs_key_hash(&j->key, j->key_hash, e)) != CS_OK ||
	    (rc = read_certs(j, e)) != CS_OK)
		return rc;
	if ((j->attrs = cs_buf_new(ATTRS_MAX + j->issuer.n)) == NULL ||
	    (j->sig = cs_buf_new(SIG_MAX)) == NULL ||
	    (j->cms = cs_buf_new(what->tbs.n + what->certs.n +
		2 * j->issuer.n + AROUND_MAX)) == NULL)
		return cs_nomem(e, where);
	return cs_tbs_key_check(what->tbs, j->key_hash, true, e);
}

static int
put_attrs(struct job *j, cs_err *e)
{
	uint8_t digest[CS_HASH_MAX], cert_hash[CS_SHA256_LEN];
	const cs_signing_cert cert = {.hash = cs_span_of(cert_hash,
	    sizeof(cert_hash)), .issuer = j->issuer, .serial = j->serial};
	int rc;

	if ((rc = cs_hash(j->alg->hash, j->p->what->tbs, digest, e)) != CS_OK)
		return rc;
	if (j->chain != NULL && (rc = cs_sha256(cs_chain_leaf(j->chain),
	    cert_hash, e)) != CS_OK)
		return rc;
	return cs_cms_put_attrs(
	    cs_span_of(digest, cs_hash_len(j->alg->hash)), j->p->what->now,
	    j->chain == NULL ? NULL : &cert, j->attrs, e);
}

/* A fault in the signer can give the key away with the wrong signature, and a
 * token can lie about the key: nothing leaves unchecked. */
static int
check_signature(struct job *j, cs_err *e)
{
	cs_pubkey *k = NULL;
	int rc;

	if ((rc = cs_pubkey_new(&j->key, &k, e)) != CS_OK)
		return rc;
	rc = cs_pubkey_verify(k, j->alg, cs_buf_span(j->attrs),
	    cs_buf_span(j->sig), e);
	cs_pubkey_free(&k);
	if (rc != CS_EREFUSED)
		return rc;
	return cs_fail(e, CS_EDEVICE, where,
	    "the key gave a signature that its own public key does not "
	    "verify; it was discarded");
}

static int
put_approval(struct job *j, cs_buf *out, cs_err *e)
{
	const cs_cms_new n = {
		.tbs = j->p->what->tbs,
		.key_hash = cs_span_of(j->key_hash, sizeof(j->key_hash)),
		.issuer = j->issuer,
		.serial = j->serial,
		.certs = j->p->what->certs,
		.attrs = cs_buf_span(j->attrs),
		.digest_alg = j->alg->digest_alg,
		.sig_alg = j->alg->sig_alg,
		.sig = cs_buf_span(j->sig),
	};
	int rc;

	if ((rc = cs_cms_put(&n, j->cms, e)) != CS_OK)
		return rc;
	return cs_approval_put_cms(cs_buf_span(j->cms), out, e);
}

int
cs_plain_sign(const cs_plain *p, cs_buf *out, cs_err *e)
{
	struct job j = {.p = p};
	int rc;

	if ((rc = start(&j, e)) == CS_OK && (rc = put_attrs(&j, e)) == CS_OK &&
	    (rc = p->sign(p->arg, j.alg, cs_buf_span(j.attrs), j.sig, e)) ==
	    CS_OK &&
	    (rc = check_signature(&j, e)) == CS_OK)
		rc = put_approval(&j, out, e);
	cs_chain_free(&j.chain);
	cs_buf_free(&j.attrs);
	cs_buf_free(&j.sig);
	cs_buf_free(&j.cms);
	return rc;
}
