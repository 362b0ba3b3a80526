/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/clientdata.h"

#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "fmt/reason.h"

static const char where[] = "client data";

#define BAD(e, ...) CS_BAD(e, CS_R_SIGNATURE_INVALID, where, __VA_ARGS__)

/* WebAuthn section 5.8.1.1, the serialization that a verifier may compare
 * without a reader of JSON. */
#define UP_TO_CHALLENGE "{\"type\":\"webauthn.get\",\"challenge\":\""
#define UP_TO_ORIGIN "\",\"origin\":\""
#define CHALLENGE_LEN 43 /* of 32 octets in base64url */
#define BEHIND_ORIGIN "\",\"crossOrigin\":false"

/* Octets that stand in a JSON string as they are. */
static bool
is_plain(cs_span origin)
{
	size_t i;

	for (i = 0; i < origin.n; i++)
		if (origin.p[i] <= 0x20 || origin.p[i] >= 0x7f ||
		    origin.p[i] == '"' || origin.p[i] == '\\')
			return false;
	return origin.n != 0;
}

static int
put_parts(cs_span challenge, cs_span origin, cs_buf *out)
{
	int r;

	if ((r = cs_buf_put_str(out, UP_TO_CHALLENGE)) != CS_OK ||
	    (r = cs_base64url_put(out, challenge)) != CS_OK ||
	    (r = cs_buf_put_str(out, UP_TO_ORIGIN)) != CS_OK ||
	    (r = cs_buf_put(out, origin)) != CS_OK ||
	    (r = cs_buf_put_str(out, BEHIND_ORIGIN)) != CS_OK)
		return r;
	return cs_buf_put_str(out, "}");
}

int
cs_clientdata_put(cs_span challenge, cs_span origin, cs_buf *out, cs_err *e)
{
	const size_t start = cs_buf_len(out);

	if (!is_plain(origin))
		return cs_fail(e, CS_EUSAGE, where, "the origin \"%.*s\" is "
		    "not of printable ASCII without \" and \\",
		    (int)origin.n, (const char *)origin.p);
	if (put_parts(challenge, origin, out) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for client data");
	if (cs_buf_len(out) - start > CS_CLIENTDATA_MAX) {
		cs_buf_truncate(out, start);
		return cs_fail(e, CS_EUSAGE, where, "an origin of %zu octets "
		    "makes client data of more than %d", origin.n,
		    CS_CLIENTDATA_MAX);
	}
	return CS_OK;
}

/* Takes these octets off *in, if it begins with them. */
static bool
take(cs_span *in, cs_span what)
{
	if (!cs_span_eq(cs_span_cut(*in, 0, what.n), what))
		return false;
	*in = cs_span_of(in->p + what.n, in->n - what.n);
	return true;
}

static bool
take_str(cs_span *in, const char *what)
{
	return take(in, cs_span_str(what));
}

static int
check_octets(cs_span in, cs_err *e)
{
	if (in.n == 0)
		return BAD(e, "is empty");
	if (in.n > CS_CLIENTDATA_MAX)
		return BAD(e, "%zu octets, at most %d", in.n,
		    CS_CLIENTDATA_MAX);
	if (memchr(in.p, '\0', in.n) != NULL || !cs_utf8_valid(in))
		return BAD(e, "is not UTF-8 without NUL");
	return CS_OK;
}

static int
take_challenge(cs_span *in, cs_span challenge, cs_err *e)
{
	cs_buf *text = cs_buf_new(challenge.n / 3 * 4 + 4);
	int r = CS_OK;

	if (text == NULL)
		return cs_nomem(e, where);
	if (cs_base64url_put(text, challenge) != CS_OK)
		r = cs_fail(e, CS_EBUG, where, "no room for a challenge");
	else if (!take(in, cs_buf_span(text)))
		r = BAD(e, "the challenge is another than %s, that of this "
		    "approval", cs_buf_cstr(text));
	cs_buf_free(&text);
	return r;
}

/* Up to the origin; *in is then what follows. */
static int
check_begin(cs_span *in, cs_span challenge, cs_err *e)
{
	int r;

	if ((r = check_octets(*in, e)) != CS_OK)
		return r;
	if (!take_str(in, UP_TO_CHALLENGE))
		return BAD(e, "does not begin with %s", UP_TO_CHALLENGE);
	if ((r = take_challenge(in, challenge, e)) != CS_OK)
		return r;
	if (!take_str(in, UP_TO_ORIGIN))
		return BAD(e, "no origin behind the challenge");
	return CS_OK;
}

/* Does this origin stand there, whole? */
static bool
has_origin(cs_span in, cs_span origin)
{
	return is_plain(origin) && take(&in, origin) && take_str(&in, "\"");
}

static int
check_end(cs_span in, cs_span origin, cs_err *e)
{
	if (!take(&in, origin) || !take_str(&in, BEHIND_ORIGIN))
		return BAD(e, "the origin is not followed by %s",
		    BEHIND_ORIGIN);
	if (cs_span_is(in, "}"))
		return CS_OK;
	if (!take_str(&in, ","))
		return BAD(e, "neither ends behind crossOrigin nor goes on "
		    "with a comma");
	if (in.n == 0 || in.p[in.n - 1] != '}')
		return BAD(e, "has no brace at its end");
	return CS_OK;
}

int
cs_clientdata_check(cs_span in, cs_span challenge, cs_span origin, cs_err *e)
{
	int r;

	if ((r = check_begin(&in, challenge, e)) != CS_OK)
		return r;
	if (!has_origin(in, origin))
		return BAD(e, "the origin is not %.*s", (int)origin.n,
		    (const char *)origin.p);
	return check_end(in, origin, e);
}

/* Takes the next word off *in; false when there is none. */
static bool
next_word(cs_span *in, cs_span *word)
{
	size_t n = 0;

	while (in->n != 0 && in->p[0] == ' ')
		*in = cs_span_of(in->p + 1, in->n - 1);
	while (n < in->n && in->p[n] != ' ')
		n++;
	*word = cs_span_cut(*in, 0, n);
	*in = cs_span_cut(*in, n, in->n - n);
	return n != 0;
}

int
cs_clientdata_check_any(cs_span in, cs_span challenge, cs_span origins,
    cs_err *e)
{
	cs_span left = origins, origin = {0};
	int r;

	if ((r = check_begin(&in, challenge, e)) != CS_OK)
		return r;
	while (next_word(&left, &origin))
		if (has_origin(in, origin))
			return check_end(in, origin, e);
	return BAD(e, "the origin is none of: %.*s", (int)origins.n,
	    (const char *)origins.p);
}

cs_span
cs_clientdata_origin(cs_span in)
{
	const size_t at = sizeof(UP_TO_CHALLENGE) - 1 + CHALLENGE_LEN;
	const uint8_t *end;

	in = cs_span_cut(in, at, in.n - at);
	if (in.p == NULL || !take_str(&in, UP_TO_ORIGIN) ||
	    in.n == 0 || (end = memchr(in.p, '"', in.n)) == NULL)
		return (cs_span){0};
	return cs_span_of(in.p, (size_t)(end - in.p));
}
