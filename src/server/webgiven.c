/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/webp.h"

#include <string.h>

#include "base/enc.h"
#include "crypt/hash.h"
#include "fmt/reason.h"
#include "server/webmedia.h"

/* What the issuer hands out to everybody: the bundle and the lists, which are
 * asked for again and again. */

#define TAG_LEN 16         /* octets of a hash */
#define BUNDLE_AGE 300     /* seconds that a bundle may be kept for */
#define CRL_AGE_MAX 300

static void
ask_given(const cs_web_route *route, const cs_web_request *r, uint32_t type,
    enum cs_web_shape shape, cs_web_ask *ask, cs_web_answer *ans)
{
	if (cs_media_accept(r->accept, route->gives, 1) < 0) {
		cs_web_fail(CS_WEB_V1, 406, "not-acceptable",
		    type == CS_MSG_CRL ? "expected " CS_TYPE_CRL :
		    "expected " CS_TYPE_JSON, 0, ans);
		return;
	}
	if (r->if_none_match.n != 0 &&
	    (ask->own = cs_buf_dup(r->if_none_match)) == NULL) {
		cs_web_fail(CS_WEB_V1, 500, "internal", NULL, 0, ans);
		return;
	}
	ask->match = cs_buf_span(ask->own);
	ask->shape = shape;
	ask->type = type;
}

void
cs_given_bundle(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	(void)env;
	(void)param;
	ask_given(route, r, CS_MSG_BUNDLE, CS_SHAPE_BUNDLE, ask, ans);
}

void
cs_given_crl(const cs_web_route *route, const cs_web_env *env,
    const cs_web_request *r, cs_span param, cs_web_ask *ask,
    cs_web_answer *ans)
{
	(void)env;
	if (param.p != NULL && !cs_web_hex(param, ask->octets,
	    sizeof(ask->octets), &ask->n_octets))
		cs_web_fail(CS_WEB_V1, 404, "not-found", "expected the key "
		    "identifier of a CA, in lowercase hex", 0, ans);
	else
		ask_given(route, r, CS_MSG_CRL, CS_SHAPE_CRL, ask, ans);
}

/* An entity tag of what is in it: all processes have the same. */
static bool
make_tag(cs_span octets, char tag[2 * TAG_LEN + 3])
{
	uint8_t hash[CS_SHA256_LEN];
	cs_buf *b = cs_buf_new(2 * TAG_LEN + 2);
	bool good;

	good = b != NULL && cs_sha256(octets, hash, NULL) == CS_OK &&
	    cs_buf_put_byte(b, '"') == CS_OK &&
	    cs_hex_put(b, cs_span_of(hash, TAG_LEN)) == CS_OK &&
	    cs_buf_put_byte(b, '"') == CS_OK;
	if (good)
		memcpy(tag, cs_buf_cstr(b), 2 * TAG_LEN + 3);
	cs_buf_free(&b);
	return good;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9110 13.1.2, compared weakly. Ours has no comma in it. */
static bool
matches(cs_span list, const char *tag)
{
	const uint8_t *comma;
	cs_span one;

	while (list.n > 0) {
		comma = memchr(list.p, ',', list.n);
		one = cs_span_of(list.p, comma == NULL ? list.n :
		    (size_t)(comma - list.p));
		list = cs_span_of(list.p + one.n, list.n - one.n);
		if (list.n > 0)
			list = cs_span_of(list.p + 1, list.n - 1);
		while (one.n > 0 && is_blank(one.p[0]))
			one = cs_span_of(one.p + 1, one.n - 1);
		while (one.n > 0 && is_blank(one.p[one.n - 1]))
			one.n--;
		if (one.n > 2 && one.p[0] == 'W' && one.p[1] == '/')
			one = cs_span_of(one.p + 2, one.n - 2);
		if (cs_span_is(one, tag) || cs_span_is(one, "*"))
			return true;
	}
	return false;
}

static int64_t
age(const cs_web_env *env, unsigned shape)
{
	int64_t every = env->conf->crl_every;

	if (shape == CS_SHAPE_BUNDLE)
		return BUNDLE_AGE;
	return every < CRL_AGE_MAX ? every : CRL_AGE_MAX;
}

static void
give(const cs_web_env *env, const cs_web_ask *ask, cs_span octets,
    cs_web_answer *ans)
{
	char tag[2 * TAG_LEN + 3];
	cs_buf *b = NULL;

	if (!make_tag(octets, tag)) {
		cs_web_fail(CS_WEB_V1, 500, "internal", NULL, 0, ans);
		return;
	}
	if (matches(ask->match, tag)) {
		ans->status = 304;
	} else if ((b = cs_buf_dup(octets)) == NULL) {
		cs_web_fail(CS_WEB_V1, 500, "internal", NULL, 0, ans);
		return;
	} else {
		cs_answer_body(ans, 200, ask->shape == CS_SHAPE_BUNDLE ?
		    CS_TYPE_JSON : CS_TYPE_CRL, &b);
	}
	cs_answer_field(ans, "ETag", "%s", tag);
	cs_answer_field(ans, "Cache-Control", "max-age=%lld",
	    (long long)age(env, ask->shape));
	cs_answer_outcome(ans, "given");
}

void
cs_given_tell(const cs_web_env *env, const cs_web_ask *ask,
    const cs_told_given *t, cs_web_answer *ans)
{
	cs_fault f = {.status = cs_web_status(t->reason),
	    .reason = cs_reason_name(t->reason)};

	if (t->octets.p != NULL) {
		give(env, ask, t->octets, ans);
		return;
	}
	/* What else it is failed in here: problem.c. */
	if (t->reason == CS_R_BAD_IDENTIFIER) {
		f.status = 404;
		f.reason = "not-found";
		f.text = t->text;
	}
	cs_web_refuse(CS_WEB_V1, &f, ans);
}
