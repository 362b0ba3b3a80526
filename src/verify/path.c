/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "fmt/names.h"
#include "fmt/signingcert.h"

/* x509-ca: countersign-formats(5), section 8. */

#define OWNER_ROOM (CS_OWNER_MAX + 1024)

/* A line with the very key comes first, of each key between leaf and CA: what
 * is revoked leads nowhere. And a CA is nobody's owner. */
static int
check_keys(const struct cs_step *s, const cs_chain *c, cs_err *e)
{
	const uint8_t *hash, *above;
	cs_anchor line = {0};
	bool known = false;
	size_t i;
	int r;

	for (i = 0; (hash = cs_chain_key_hash(c, i)) != NULL &&
	    (above = cs_chain_key_hash(c, i + 1)) != NULL; i++) {
		if ((r = cs_anchors_find(s->in->anchors, hash, &line, &known,
		    e)) != CS_OK)
			return r;
		if (known && i == 0)
			return CS_REFUSE(e, CS_R_PATH_INVALID, "the owner's "
			    "certificate has the key of a CA, %s:%u",
			    CS_ANCHOR_AT(&line));
		if (known && line.has_revoked && s->in->now >= line.revoked)
			return CS_REFUSE(e, CS_R_PATH_INVALID, "certificate "
			    "%zu above the owner's: its key is revoked, %s:%u",
			    i, CS_ANCHOR_AT(&line));
	}
	return CS_OK;
}

/* Tries one line. Then the anchor is it, with the certificate's owner and
 * key. */
static int
try_line(const struct cs_step *s, cs_approved *a, const cs_anchor_ca *by,
    cs_err *e)
{
	cs_span eku = cs_buf_span(by->eku);
	int r;

	cs_buf_reset(a->path->owner);
	if ((r = cs_chain_path(a->path->chain, by->ca, eku, s->in->now, e)) !=
	    CS_OK ||
	    (r = check_keys(s, a->path->chain, e)) != CS_OK ||
	    (r = cs_chain_profile(a->path->chain, eku, e)) != CS_OK ||
	    (r = cs_chain_owner(a->path->chain, by->line.owner_san,
	    a->path->owner, e)) != CS_OK) {
		if (r == CS_EREFUSED)
			(void)cs_wrap(e, "%s:%u", CS_ANCHOR_AT(&by->line));
		return r;
	}
	a->anchor = by->line;
	a->anchor.owner = cs_buf_span(a->path->owner);
	a->anchor.key = a->key = *cs_chain_key(a->path->chain);
	return CS_OK;
}

/* Of several refusals the one that came furthest is told. */
static int
find_line(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_authorities *l = cs_anchors_authorities(s->in->anchors);
	cs_err why = {0};
	size_t i;
	int r;

	for (i = 0; i < l->n; i++) {
		cs_err_clear(&why);
		r = try_line(s, a, &l->v[i], &why);
		if (r == CS_OK)
			return CS_OK;
		if (i == 0 || r != CS_EREFUSED ||
		    (why.detail == CS_R_WRONG_OWNER &&
		    e->detail != CS_R_WRONG_OWNER))
			*e = why;
		if (r != CS_EREFUSED)
			return r;
	}
	return CS_EREFUSED;
}

static int
check_issuer(const cs_approved *a, const cs_signing_cert *want, cs_err *e)
{
	cs_span issuer = {0}, serial = {0};
	int r;

	if (want->issuer.p == NULL)
		return CS_OK;
	if ((r = cs_chain_issuer(a->path->chain, &issuer, &serial, e)) !=
	    CS_OK)
		return r;
	if (!cs_span_eq(issuer, want->issuer) ||
	    !cs_span_eq(serial, want->serial))
		return CS_REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "signingCertificateV2 names another issuer or serial "
		    "number, %s:%u", CS_ANCHOR_AT(&a->anchor));
	return CS_OK;
}

/* RFC 5035 4: the signature counts for this certificate only. */
static int
check_signing_cert(const cs_approved *a, cs_err *e)
{
	cs_span value = a->approval->cms.signing_cert;
	uint8_t md[CS_HASH_MAX] = {0};
	enum cs_hash h = CS_SHA256;
	cs_signing_cert want;
	int r;

	if (value.p == NULL)
		return CS_OK;
	if ((r = cs_signing_cert_parse(value, &want, e)) != CS_OK)
		return r;
	if (want.alg.p != NULL &&
	    (h = cs_alg_hash(want.alg)) == CS_HASH_NONE)
		return CS_REFUSE(e, CS_R_UNSUPPORTED, "signingCertificateV2: "
		    "expected SHA-256, SHA-384 or SHA-512, found another");
	if ((r = cs_hash(h, cs_chain_leaf(a->path->chain), md, e)) != CS_OK)
		return r;
	if (!cs_span_eq(want.hash, cs_span_of(md, cs_hash_len(h))))
		return CS_REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "signingCertificateV2 names another certificate, %s:%u",
		    CS_ANCHOR_AT(&a->anchor));
	return check_issuer(a, &want, e);
}

int
cs_step_path(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	cs_err why = {0};
	int r;

	if ((a->path->owner = cs_buf_new(OWNER_ROOM)) == NULL)
		return cs_nomem(e, "verify");
	r = cs_chain_read(a->approval->cms.certs,
	    a->approval->tbs.owner_key_hash, &a->path->chain, &why);
	if (r == CS_EREFUSED && why.detail == CS_R_UNKNOWN_OWNER_KEY) {
		char found[52];

		cs_fingerprint(a->approval->tbs.owner_key_hash.p, found);
		return CS_REFUSE(e, CS_R_UNKNOWN_OWNER_KEY, "expected a key of "
		    "the owners file, or its certificate, found %s", found);
	}
	if (r == CS_OK)
		r = find_line(s, a, &why);
	if (r != CS_OK) {
		*e = why;
		return r;
	}
	return check_signing_cert(a, e);
}

void
cs_path_clear(struct cs_path *p)
{
	cs_chain_free(&p->chain);
	cs_buf_free(&p->owner);
}
