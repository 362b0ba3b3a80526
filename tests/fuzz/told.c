/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "crypt/hash.h"
#include "fuzz.h"
#include "tool/pastserver.h"

/* What a server says of its memory: a digit, which is what it is asked for, and
 * its answers, a line each. */

struct cs_server {
	cs_span left;
};

int
cs_server_ask_json(cs_server *s, const cs_server_ask *ask, json_t **out,
    cs_err *e)
{
	const uint8_t *end = s->left.n == 0 ? NULL :
	    memchr(s->left.p, '\n', s->left.n);
	size_t n = end == NULL ? s->left.n : (size_t)(end - s->left.p);
	json_error_t why;

	CHECK(ask->path[0] == '/' && strlen(ask->path) < 16384);
	CHECK(strpbrk(ask->path, " \r\n#") == NULL);
	*out = s->left.n == 0 ? NULL : json_loadb((const char *)s->left.p, n,
	    JSON_REJECT_DUPLICATES, &why);
	s->left = cs_span_cut(s->left, n + (end != NULL), s->left.n - n -
	    (end != NULL));
	if (json_is_object(*out))
		return CS_OK;
	json_decref(*out);
	*out = NULL;
	return cs_fail(e, CS_EFORMAT, "fuzz", "no object");
}

static int
on_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	int64_t *last = arg;

	(void)e;
	CHECK(c->number > *last);
	*last = c->number;
	CHECK(c->agent_key_hash.n == CS_SHA256_LEN);
	CHECK(c->request_digest.n == CS_SHA256_LEN);
	CHECK(c->serial.n >= 1 && c->serial.n <= 64);
	CHECK(c->agent_id.p != NULL && c->owner.p != NULL);
	CHECK((c->end_reason.p != NULL) || c->ended == 0);
	return CS_OK;
}

static int
on_revocation(void *arg, const cs_revocation *r, cs_err *e)
{
	(void)arg;
	(void)e;
	CHECK(r->what >= CS_REVOKE_OWNER && r->what <= CS_REVOKE_APPROVAL);
	CHECK(r->name.p != NULL && r->reason.p != NULL && r->actor.p != NULL);
	CHECK(r->live >= 0 && (r->lifted == 0 || r->lifted_actor.p != NULL));
	return CS_OK;
}

static int
on_denial(void *arg, const cs_stored_denial *d, cs_err *e)
{
	(void)arg;
	(void)e;
	CHECK(d->request_digest.n == CS_SHA256_LEN);
	CHECK(d->key_hash.n == CS_SHA256_LEN);
	CHECK(d->tbs_hash.n == CS_SHA256_LEN);
	CHECK(d->agent_id.p != NULL && d->owner.p != NULL);
	return CS_OK;
}

static int
on_record(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	int64_t *last = arg;

	(void)der;
	(void)e;
	CHECK(sequence > *last && sequence <= 1000);
	*last = sequence;
	return CS_OK;
}

static void
revoke(cs_server *s, bool lift)
{
	cs_revocation r = {.what = CS_REVOKE_OWNER,
	    .name = cs_span_str("mailto:bob@corp.example"),
	    .reason = cs_span_str("left")};
	int64_t ended = 0;
	cs_buf *own = NULL;
	int rc;

	rc = lift ? cs_pastserver_lift(s, &r, &own, NULL) :
	    cs_pastserver_revoke(s, &r, &ended, &own, NULL);
	CHECK(ended >= 0 && (rc == CS_OK) == (own != NULL));
	cs_buf_free(&own);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const cs_claim_ask ask = {.owner = cs_span_str("a b&c=d\n"),
	    .live_only = true};
	cs_server s = {{0}};
	cs_store_info info;
	int64_t last = 0;
	int rc = CS_OK;

	if (n == 0)
		return 0;
	s.left = cs_span_of(data + 1, n - 1);
	switch (data[0]) {
	case '0':
		rc = cs_pastserver_look(&s, &info, NULL);
		CHECK(rc != CS_OK || info.engine[sizeof(info.engine) - 1] ==
		    '\0');
		break;
	case '1':
		rc = cs_pastserver_claims(&s, &ask, on_claim, &last, NULL);
		break;
	case '2':
		rc = cs_pastserver_revocations(&s, on_revocation, NULL, NULL);
		break;
	case '3':
		rc = cs_pastserver_denials(&s, on_denial, NULL, NULL);
		break;
	case '4':
		rc = cs_pastserver_walk(&s, 1, 1000, on_record, &last, NULL);
		break;
	default:
		revoke(&s, data[0] == '5');
	}
	CHECK(rc == CS_OK || rc == CS_EFORMAT);
	return 0;
}
