/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/wit.h"

#include <string.h>

#include "base/enc.h"
#include "fmt/ecsig.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "issue/witp.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "wit", __VA_ARGS__)

#define SIG_LEN 64
#define SIG_TEXT_LEN 86
#define YEAR_10000 INT64_C(253402300800)

const struct cs_wit_amr cs_wit_amrs[CS_WIT_AMRS] = {
	{"hwk", CS_BOUND_HARDWARE},
	{"user", CS_BOUND_PRESENT},
	{"pin", CS_BOUND_VERIFIED},
};

int
cs_wit_claim(cs_span sub, cs_buf **out, cs_err *e)
{
	cs_span domain = {0};
	int r;

	*out = NULL;
	if ((r = cs_agent_id_check(sub, &domain, e)) != CS_OK)
		return r;
	if ((*out = cs_buf_new(domain.n + 32)) == NULL ||
	    cs_authority_default(domain, *out, e) != CS_OK ||
	    cs_buf_put_str(*out, "/claims/owners") != CS_OK) {
		cs_buf_free(out);
		return cs_nomem(e, "wit");
	}
	return CS_OK;
}

static int
check_kid(cs_span kid, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_WIT_HASH_LEN);
	int r = CS_OK;

	if (b == NULL)
		return cs_nomem(e, "wit");
	if (kid.n != CS_WIT_KID_LEN || cs_base64url_get(b, kid, NULL) != CS_OK)
		r = BAD(e, CS_R_MALFORMED,
		    "kid: expected a thumbprint of %d characters, found %zu",
		    CS_WIT_KID_LEN, kid.n);
	cs_buf_free(&b);
	return r;
}

int
cs_wit_check(const cs_wit *w, cs_err *e)
{
	int r;

	if ((r = check_kid(w->kid, e)) != CS_OK)
		return r;
	if ((r = cs_agent_id_check(w->sub, NULL, e)) != CS_OK)
		return cs_wrap(e, "sub");
	if (w->iat <= 0 || w->exp <= w->iat || w->exp >= YEAR_10000)
		return BAD(e, CS_R_MALFORMED,
		    "iat %lld and exp %lld are no time to live",
		    (long long)w->iat, (long long)w->exp);
	if (w->jti.n != CS_WIT_JTI_LEN)
		return BAD(e, CS_R_MALFORMED,
		    "jti: expected %d octets, found %zu", CS_WIT_JTI_LEN,
		    w->jti.n);
	return CS_OK;
}

int
cs_wit_finish(cs_span signing_input, cs_span sig, cs_buf *out, cs_err *e)
{
	uint8_t rs[SIG_LEN];
	int r;

	if ((r = cs_ecsig_get(sig, rs, sizeof(rs), e)) != CS_OK)
		return r;
	if (cs_buf_put(out, signing_input) != CS_OK ||
	    cs_buf_put_byte(out, '.') != CS_OK ||
	    cs_base64url_put(out, cs_span_of(rs, sizeof(rs))) != CS_OK)
		return cs_nomem(e, "wit");
	return CS_OK;
}

int
cs_wit_split(cs_span token, cs_span *signing_input, uint8_t sig[64], cs_err *e)
{
	cs_buf *b = NULL;
	size_t at;
	int r = CS_OK;

	*signing_input = (cs_span){0};
	if (token.n > CS_WIT_MAX)
		return BAD(e, CS_R_TOO_LARGE, "a token of %zu octets, at most "
		    "%d", token.n, CS_WIT_MAX);
	if (token.n <= SIG_TEXT_LEN + 1 ||
	    token.p[at = token.n - SIG_TEXT_LEN - 1] != '.')
		return BAD(e, CS_R_MALFORMED,
		    "a token without a signature of %d octets", SIG_LEN);
	if ((b = cs_buf_new(SIG_LEN)) == NULL)
		return cs_nomem(e, "wit");
	if (cs_base64url_get(b, cs_span_cut(token, at + 1, SIG_TEXT_LEN),
	    NULL) != CS_OK || cs_buf_len(b) != SIG_LEN)
		r = BAD(e, CS_R_MALFORMED,
		    "a token's signature is not base64url");
	else
		memcpy(sig, cs_buf_span(b).p, SIG_LEN);
	cs_buf_free(&b);
	if (r == CS_OK)
		*signing_input = cs_span_cut(token, 0, at);
	return r;
}
