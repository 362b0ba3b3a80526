/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownercert.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/x509.h"
#include "fmt/der.h"
#include "fmt/message.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "fmt/scan.h"
#include "tool/certfile.h"

#define SPKI_ROOM (64 * 1024)
#define OWNER_ROOM (CS_OWNER_MAX + 1024)

static const char where[] = "certificate";

static bool
is_there(const cs_ownercert *c, cs_span der)
{
	cs_span in = cs_buf_span(c->certs), one = {0};

	while (in.n != 0)
		if (cs_der_whole(&in, CS_DER_SEQ, &one, NULL) != CS_OK ||
		    cs_span_eq(one, der))
			return true;
	return false;
}

/* A SET holds each once. */
static int
add(cs_ownercert *c, cs_span der, cs_err *e)
{
	cs_buf *spki = cs_buf_new(SPKI_ROOM);
	int r = spki == NULL ? cs_nomem(e, where) :
	    cs_cert_spki(der, spki, e);

	cs_buf_free(&spki);
	if (r != CS_OK || is_there(c, der))
		return r;
	if (cs_buf_put(c->certs, der) != CS_OK)
		return CS_BAD(e, CS_R_TOO_LARGE, where, "certificates of more "
		    "than %d octets, which no approval can carry",
		    CS_APPROVAL_MAX);
	c->n++;
	return CS_OK;
}

static int
add_all(cs_ownercert *c, cs_span in, cs_err *e)
{
	cs_span one = {0};
	int r = CS_OK;

	while (r == CS_OK && in.n != 0)
		if ((r = cs_der_whole(&in, CS_DER_SEQ, &one, e)) == CS_OK)
			r = add(c, one, e);
	return r;
}

static int
add_file(cs_ownercert *c, const char *path, cs_err *e)
{
	cs_buf *b = NULL;
	size_t n = 0;
	int r;

	if (strcmp(path, "token") == 0) {
		c->token = true;
		return CS_OK;
	}
	if ((r = cs_certfile_read(path, CS_MESSAGE_MAX, &b, &n, e)) != CS_OK)
		return r;
	if ((r = add_all(c, cs_buf_span(b), e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

int
cs_ownercert_read(const cs_opt_list *from, cs_ownercert **out, cs_err *e)
{
	cs_ownercert *c = NULL;
	size_t i;
	int r = CS_OK;

	*out = NULL;
	if (from->n == 0)
		return CS_OK;
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->certs = cs_buf_new(CS_APPROVAL_MAX)) == NULL ||
	    (c->email = cs_buf_new(OWNER_ROOM)) == NULL ||
	    (c->uri = cs_buf_new(OWNER_ROOM)) == NULL)
		r = cs_nomem(e, where);
	for (i = 0; r == CS_OK && i < from->n; i++)
		r = add_file(c, from->v[i], e);
	if (r == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	}
	cs_ownercert_free(&c);
	return r;
}

void
cs_ownercert_free(cs_ownercert **cp)
{
	cs_ownercert *c;

	if (cp == NULL || (c = *cp) == NULL)
		return;
	cs_chain_free(&c->chain);
	cs_buf_free(&c->certs);
	cs_buf_free(&c->email);
	cs_buf_free(&c->uri);
	free(c);
	*cp = NULL;
}

static int
add_from_token(cs_ownercert *c, cs_signer *s, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_APPROVAL_MAX);
	int r;

	if (b == NULL)
		return cs_nomem(e, where);
	if ((r = cs_signer_certs(s, b, e)) == CS_OK)
		r = add_all(c, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r;
}

/* One that is not of the form of an owner is no owner: the other may be. */
static int
find_name(const cs_ownercert *c, bool email, cs_buf *out, cs_err *e)
{
	int r = cs_chain_name(c->chain, email, out, e);

	if (r != CS_EREFUSED)
		return r;
	cs_buf_reset(out);
	return CS_OK;
}

static int
find_leaf(cs_ownercert *c, const uint8_t key_hash[CS_SHA256_LEN], cs_err *e)
{
	cs_err why = {0};
	char found[52];
	int r;

	r = cs_chain_read(cs_buf_span(c->certs),
	    cs_span_of(key_hash, CS_SHA256_LEN), &c->chain, &why);
	if (r == CS_EREFUSED && why.detail == CS_R_UNKNOWN_OWNER_KEY) {
		cs_fingerprint(key_hash, found);
		return cs_fail_detail(e, CS_EREFUSED, CS_R_UNKNOWN_OWNER_KEY,
		    where, "expected the certificate of the key that signs, "
		    "%s, found %zu of other keys", found, c->n);
	}
	if (r != CS_OK)
		*e = why;
	return r;
}

int
cs_ownercert_match(cs_ownercert *c, cs_signer *s,
    const uint8_t key_hash[CS_SHA256_LEN], int64_t now, cs_err *e)
{
	const cs_span any = {0};
	int r;

	if ((c->token && (r = add_from_token(c, s, e)) != CS_OK) ||
	    (r = find_leaf(c, key_hash, e)) != CS_OK ||
	    (r = cs_chain_profile(c->chain, any, e)) != CS_OK ||
	    (r = cs_chain_current(c->chain, now, e)) != CS_OK ||
	    (r = find_name(c, true, c->email, e)) != CS_OK ||
	    (r = find_name(c, false, c->uri, e)) != CS_OK)
		return cs_wrap(e, "--certificate");
	return CS_OK;
}

static int
wrong_owner(cs_span given, cs_span email, cs_span uri, cs_err *e)
{
	if (email.n == 0 && uri.n == 0)
		return cs_fail_detail(e, CS_EREFUSED, CS_R_PATH_INVALID,
		    where, "--certificate: expected one rfc822Name or one URI "
		    "that is an owner, found none");
	return cs_fail_detail(e, CS_EREFUSED, CS_R_WRONG_OWNER, where,
	    "--certificate: it names %.*s%s%.*s, not %.*s", CS_SHOW(email),
	    email.n != 0 && uri.n != 0 ? " and " : "", CS_SHOW(uri),
	    CS_SHOW(given));
}

int
cs_ownercert_owner(const cs_ownercert *c, cs_span given, cs_span *owner,
    cs_err *e)
{
	cs_span email = cs_buf_span(c->email), uri = cs_buf_span(c->uri);

	*owner = given;
	if (given.p == NULL && (email.n == 0) != (uri.n == 0))
		*owner = email.n != 0 ? email : uri;
	else if (given.p == NULL && email.n != 0)
		return cs_fail(e, CS_EUSAGE, where, "--owner is missing: the "
		    "certificate names %.*s and %.*s", CS_SHOW(email),
		    CS_SHOW(uri));
	else if (!cs_span_eq(given, email) && !cs_span_eq(given, uri))
		return wrong_owner(given, email, uri, e);
	return CS_OK;
}
