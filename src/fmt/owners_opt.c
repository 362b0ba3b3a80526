/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/owners_opt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "fmt/names.h"
#include "fmt/oid.h"
#include "fmt/ownersan.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define NOWHERE ((size_t)-1)
#define COUNT_MAX 1000000    /* maxIssuances, formats section 4 */
#define WORD_MAX 64          /* option names and unquoted values */
#define ANY_PURPOSE "2.5.29.37.0" /* never enough, formats section 8 */
#define ALL (CS_ANCHOR_SPKI | CS_ANCHOR_FIDO2 | CS_ANCHOR_X509 | \
    CS_ANCHOR_SSH | CS_ANCHOR_SK)

enum kind { FLAG, DURATION, COUNT, TIME, OID, TEXT };

struct option {
	const char *name;
	unsigned types;
	enum kind kind;
	size_t at;    /* in cs_anchor: bool, int64_t or cs_span, by kind */
	size_t has;   /* TIME: a bool; else NOWHERE */
	int (*check)(cs_span value, enum cs_anchor_type type, cs_anchor *a,
	    cs_err *e); /* TEXT; NULL: plain text, not empty */
};

/* One option as it stands in the file. */
struct word {
	cs_span name;
	cs_span value; /* absent without "=" */
	bool quoted;
};

static int agents_check(cs_span, enum cs_anchor_type, cs_anchor *, cs_err *);
static int san_check(cs_span, enum cs_anchor_type, cs_anchor *, cs_err *);

#define AT(member) offsetof(cs_anchor, member)
static const struct option options[] = {
	{"agents", ALL, TEXT, AT(agents), NOWHERE, agents_check},
	{"attested", CS_ANCHOR_SPKI | CS_ANCHOR_FIDO2 | CS_ANCHOR_SK, TEXT,
	    AT(proof_text), NOWHERE, cs_owners_attested},
	{"counter-strict", CS_ANCHOR_FIDO2 | CS_ANCHOR_SK, FLAG,
	    AT(counter_strict), NOWHERE, NULL},
	{"credential-id", CS_ANCHOR_FIDO2, TEXT, AT(credential_id), NOWHERE,
	    cs_owners_credential_id},
	{"crl", CS_ANCHOR_X509, TEXT, AT(crl), NOWHERE, NULL},
	{"eku", CS_ANCHOR_X509, OID, AT(eku), NOWHERE, NULL},
	{"grants", ALL, FLAG, AT(grants), NOWHERE, NULL},
	{"group", ALL, TEXT, AT(group), NOWHERE, NULL},
	{"hardware", ALL, FLAG, AT(hardware), NOWHERE, NULL},
	{"hardware-required", ALL, FLAG, AT(hardware_required), NOWHERE,
	    NULL},
	{"max-issuances", ALL, COUNT, AT(max_issuances), NOWHERE, NULL},
	{"max-lifetime", ALL, DURATION, AT(max_lifetime), NOWHERE, NULL},
	{"max-window", ALL, DURATION, AT(max_window), NOWHERE, NULL},
	{"no-revocation", CS_ANCHOR_X509, FLAG, AT(no_revocation), NOWHERE,
	    NULL},
	{"no-touch-required", ALL, FLAG, AT(no_touch_required), NOWHERE,
	    NULL},
	{"origins", CS_ANCHOR_FIDO2, TEXT, AT(origins), NOWHERE,
	    cs_owners_origins},
	{"owner-san", CS_ANCHOR_X509, TEXT, AT(owner_san), NOWHERE, san_check},
	{"revoked", ALL, TIME, AT(revoked), AT(has_revoked), NULL},
	{"rp-id", CS_ANCHOR_FIDO2, TEXT, AT(rp_id), NOWHERE,
	    cs_owners_rp_id},
	{"shared-key", CS_ANCHOR_SPKI, FLAG, AT(shared_key), NOWHERE, NULL},
	{"valid-after", ALL, TIME, AT(valid_after), AT(has_valid_after),
	    NULL},
	{"valid-before", ALL, TIME, AT(valid_before), AT(has_valid_before),
	    NULL},
	{"verify-required", ALL, FLAG, AT(verify_required), NOWHERE, NULL},
};
#undef AT
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static const struct {
	enum cs_anchor_type type;
	const char *name;
} type_names[] = {
	{CS_ANCHOR_SPKI, "spki"},
	{CS_ANCHOR_FIDO2, "fido2"},
	{CS_ANCHOR_X509, "x509-ca"},
	{CS_ANCHOR_SSH, "ssh"},
	{CS_ANCHOR_SK, "ssh-sk"},
};

const char *
cs_anchor_type_name(enum cs_anchor_type type)
{
	size_t i;

	for (i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (type_names[i].type == type)
			return type_names[i].name;
	}
	return "?";
}

bool
cs_anchor_allows(const cs_anchor *a, cs_span agent_id)
{
	cs_span list = a->agents, id = {0};

	while (cs_scan_word(&list, &id)) {
		if (cs_agent_id_under(agent_id, id))
			return true;
	}
	return false;
}

static int
agents_check(cs_span value, enum cs_anchor_type type, cs_anchor *a, cs_err *e)
{
	cs_span id = {0};
	int r;

	(void)type;
	(void)a;
	while (cs_scan_word(&value, &id)) {
		if ((r = cs_agent_id_check(id, NULL, e)) != CS_OK)
			return r;
	}
	return CS_OK;
}

static int
san_check(cs_span value, enum cs_anchor_type type, cs_anchor *a, cs_err *e)
{
	(void)type;
	(void)a;
	return cs_owner_san_check(value, e);
}

static int
oid_check(cs_span dotted, cs_err *e)
{
	cs_buf *b;
	int r;

	if (cs_span_is(dotted, ANY_PURPOSE))
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected one purpose, found any");
	if ((b = cs_buf_new(WORD_MAX)) == NULL)
		return cs_nomem(e, "owners");
	r = cs_oid_get(b, dotted) == CS_OK ? CS_OK : CS_BAD(e, CS_R_MALFORMED,
	    "owners", "expected a dotted object identifier, found \"%.*s\"",
	    CS_SHOW(dotted));
	cs_buf_free(&b);
	return r;
}

static int
text_check(cs_span value, cs_err *e)
{
	if (value.n == 0 || !cs_text_plain(value))
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected text without control or invisible characters, "
		    "found %s", value.n == 0 ? "nothing" : "some");
	return CS_OK;
}

static int
count_get(const char *s, int64_t *out, cs_err *e)
{
	int64_t v = 0;
	size_t i;

	for (i = 0; s[i] >= '0' && s[i] <= '9' && v <= COUNT_MAX; i++)
		v = v * 10 + (s[i] - '0');
	if (s[i] != '\0' || s[0] == '0' || v < 1 || v > COUNT_MAX)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected a number from 1 to %d, found \"%s\"", COUNT_MAX,
		    s);
	*out = v;
	return CS_OK;
}

/* The values that are never quoted. */
static int
bare_get(const struct option *o, cs_span value, cs_anchor *a, cs_err *e)
{
	char *base = (char *)a;
	char s[WORD_MAX + 1];
	cs_err why = {0};
	int64_t v = 0;
	int r = CS_OK;

	if (value.n == 0 || !cs_scan_cstr(value, s, sizeof(s)))
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected a value of 1 to %d bytes, found %zu", WORD_MAX,
		    value.n);
	if (o->kind == DURATION)
		r = cs_duration_parse(s, &v, &why);
	else if (o->kind == TIME)
		r = cs_time_parse(s, &v, &why);
	else if (o->kind == COUNT)
		r = count_get(s, &v, &why);
	else
		r = oid_check(value, &why);
	if (r != CS_OK) /* in a file it is no wrong use of the command */
		return CS_BAD(e, CS_R_MALFORMED, "owners", "%s", why.text);
	if (o->kind == OID)
		memcpy(base + o->at, &value, sizeof(value));
	else
		memcpy(base + o->at, &v, sizeof(v));
	if (o->has != NOWHERE)
		*(bool *)(void *)(base + o->has) = true;
	return CS_OK;
}

static int
text_get(const struct option *o, cs_span value, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e)
{
	int r = o->check == NULL ? text_check(value, e) :
	    o->check(value, type, a, e);

	if (r == CS_OK)
		memcpy((char *)a + o->at, &value, sizeof(value));
	return r;
}

/* A flag has no value, a text is quoted, all else is not. */
static int
shape_check(const struct option *o, const struct word *w, cs_err *e)
{
	if (o->kind == FLAG && w->value.p != NULL)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected no value, found one");
	if (o->kind != FLAG && w->value.p == NULL)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected %s=%s, found no value", o->name,
		    o->kind == TEXT ? "\"...\"" : "...");
	if (o->kind != FLAG && w->quoted != (o->kind == TEXT))
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected a value %s double quotes, found one %s",
		    w->quoted ? "without" : "in", w->quoted ? "in" : "without");
	return CS_OK;
}

static int
option_get(const struct option *o, const struct word *w,
    enum cs_anchor_type type, cs_anchor *a, cs_err *e)
{
	int r;

	if ((o->types & (unsigned)type) == 0)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected a key of a type that has this option, found %s",
		    cs_anchor_type_name(type));
	if ((r = shape_check(o, w, e)) != CS_OK)
		return r;
	if (o->kind == TEXT)
		return text_get(o, w->value, type, a, e);
	if (o->kind != FLAG)
		return bare_get(o, w->value, a, e);
	*(bool *)(void *)((char *)a + o->at) = true;
	return CS_OK;
}

static int
option_unknown(cs_span name, cs_err *e)
{
	const char *names[N_OPTIONS], *near = NULL;
	char s[WORD_MAX + 1];
	size_t i;

	for (i = 0; i < N_OPTIONS; i++)
		names[i] = options[i].name;
	if (cs_scan_cstr(name, s, sizeof(s)))
		near = cs_text_nearest(s, names, N_OPTIONS);
	return CS_BAD(e, CS_R_MALFORMED, "owners",
	    "expected OWNER OPTIONS KEYTYPE KEY, found an unknown option "
	    "\"%.*s\"%s%s%s", CS_SHOW(name), near == NULL ? "" : ", did you mean ",
	    near == NULL ? "" : near, near == NULL ? "" : "?");
}

static int
option_find(cs_span name, size_t *index, cs_err *e)
{
	size_t i;

	for (i = 0; i < N_OPTIONS; i++) {
		if (cs_span_is(name, options[i].name)) {
			*index = i;
			return CS_OK;
		}
	}
	return option_unknown(name, e);
}

/* Takes a value behind its "=" off *in: quoted without escapes, or bare. */
static int
value_next(cs_span *in, struct word *w, cs_err *e)
{
	size_t n;

	w->quoted = in->n > 0 && in->p[0] == '"';
	if (w->quoted)
		*in = cs_scan_from(*in, 1);
	n = cs_scan_find(*in, w->quoted ? "\"" : ",");
	w->value = cs_span_cut(*in, 0, n);
	if (w->quoted && n == in->n)
		return CS_BAD(e, CS_R_MALFORMED, "owners", "option \"%.*s\": "
		    "expected a closing quote, found none", CS_SHOW(w->name));
	*in = cs_scan_from(*in, w->quoted ? n + 1 : n);
	if ((w->quoted && in->n > 0 && in->p[0] != ',') ||
	    cs_scan_find(w->value, "\"") != w->value.n)
		return CS_BAD(e, CS_R_MALFORMED, "owners", "option \"%.*s\": "
		    "expected no quote within a value, found one",
		    CS_SHOW(w->name));
	if (cs_scan_find(w->value, "\\") != w->value.n)
		return CS_BAD(e, CS_R_MALFORMED, "owners", "option \"%.*s\": "
		    "expected no escapes, found a backslash", CS_SHOW(w->name));
	return CS_OK;
}

/* Takes one option and the comma behind it off *in. */
static int
word_next(cs_span *in, struct word *w, cs_err *e)
{
	size_t comma = cs_scan_find(*in, ","), equals = cs_scan_find(*in, "=");
	size_t n = comma < equals ? comma : equals;
	int r;

	*w = (struct word){0};
	w->name = cs_span_cut(*in, 0, n);
	*in = cs_scan_from(*in, n);
	if (in->n > 0 && in->p[0] == '=') {
		*in = cs_scan_from(*in, 1);
		if ((r = value_next(in, w, e)) != CS_OK)
			return r;
	}
	if (in->n == 1 || w->name.n == 0)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected an option before and behind each comma, found "
		    "none");
	if (in->n > 0)
		*in = cs_scan_from(*in, 1);
	return CS_OK;
}

int
cs_owners_options(cs_span in, enum cs_anchor_type type, cs_anchor *a,
    cs_err *e)
{
	struct word w = {0};
	uint64_t seen = 0;
	size_t i = 0;
	int r;

	if (cs_span_is(in, "-"))
		return CS_OK;
	while (in.n > 0) {
		if ((r = word_next(&in, &w, e)) != CS_OK ||
		    (r = option_find(w.name, &i, e)) != CS_OK)
			return r;
		if ((seen & (UINT64_C(1) << i)) != 0)
			return CS_BAD(e, CS_R_MALFORMED, "owners",
			    "option \"%s\": expected once, found twice",
			    options[i].name);
		seen |= UINT64_C(1) << i;
		r = option_get(&options[i], &w, type, a, e);
		if (r != CS_OK) {
			(void)cs_wrap(e, "option \"%s\"", options[i].name);
			return r;
		}
	}
	return CS_OK;
}

/* What could end a value, a field or the line. */
static int
value_check(cs_span v, cs_err *e)
{
	if (!cs_text_plain(v))
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected text without control or invisible characters, "
		    "found some");
	if (cs_scan_find(v, "\"\\") != v.n)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected no quote and no backslash, found one");
	return CS_OK;
}

static int
number_put(const struct option *o, const cs_anchor *a, cs_buf *out, cs_err *e)
{
	char s[WORD_MAX] = "";
	int64_t v = 0;

	memcpy(&v, (const char *)a + o->at, sizeof(v));
	if (o->kind == DURATION)
		cs_duration_put(v, s);
	else if (o->kind == COUNT)
		(void)snprintf(s, sizeof(s), "%" PRId64, v);
	else if (!cs_rfc3339_put(v, s))
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "expected a time of the years 2000 to 9999, found another");
	return cs_buf_printf(out, "=%s", s);
}

static int
option_put(const struct option *o, const cs_anchor *a, cs_buf *out, cs_err *e)
{
	cs_span v = {0};
	int r;

	if ((r = cs_buf_put_str(out, o->name)) != CS_OK || o->kind == FLAG)
		return r;
	if (o->kind != TEXT && o->kind != OID)
		return number_put(o, a, out, e);
	memcpy(&v, (const char *)a + o->at, sizeof(v));
	if ((r = value_check(v, e)) != CS_OK)
		return r;
	if (cs_buf_put_str(out, o->kind == TEXT ? "=\"" : "=") != CS_OK ||
	    cs_buf_put(out, v) != CS_OK)
		return CS_EBUG;
	return o->kind == TEXT ? cs_buf_put_str(out, "\"") : CS_OK;
}

static bool
is_given(const struct option *o, const cs_anchor *a)
{
	const char *base = (const char *)a;
	cs_span text = {0};
	int64_t number = 0;

	if (o->kind == FLAG)
		return *(const bool *)(base + o->at);
	if (o->has != NOWHERE)
		return *(const bool *)(base + o->has);
	if (o->kind == DURATION || o->kind == COUNT) {
		memcpy(&number, base + o->at, sizeof(number));
		return number != 0;
	}
	memcpy(&text, base + o->at, sizeof(text));
	return text.p != NULL;
}

int
cs_owners_options_put(const cs_anchor *a, cs_buf *out, cs_err *e)
{
	const char *before = "";
	size_t i;
	int r;

	for (i = 0; i < N_OPTIONS; i++) {
		if (!is_given(&options[i], a))
			continue;
		if ((r = cs_buf_put_str(out, before)) != CS_OK)
			return r;
		if ((r = option_put(&options[i], a, out, e)) != CS_OK) {
			if (r == CS_EFORMAT)
				(void)cs_wrap(e, "option \"%s\"",
				    options[i].name);
			return r;
		}
		before = ",";
	}
	return before[0] == '\0' ? cs_buf_put_str(out, "-") : CS_OK;
}

cs_span
cs_owners_option_find(cs_span in, const char *name)
{
	struct word w = {0};
	cs_span from;

	while (in.n > 0) {
		from = in;
		if (word_next(&in, &w, NULL) != CS_OK)
			break;
		if (cs_span_is(w.name, name)) {
			/* With the comma that word_next() takes, if any. */
			from.n -= in.n;
			if (from.n > 0 && from.p[from.n - 1] == ',')
				from.n--;
			return from;
		}
	}
	return (cs_span){0};
}
