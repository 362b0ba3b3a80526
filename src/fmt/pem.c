/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/pem.h"

#include <string.h>

#include "base/enc.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define LABEL_MAX 64
#define LINE 64

static const char begin[] = "-----BEGIN ";
static const char end[] = "-----END ";
static const char dashes[] = "-----";

static bool
ends_with(cs_span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

/* The next line of *in, without its end and without blanks behind it. */
static bool
line_next(cs_span *in, cs_span *line)
{
	const uint8_t *nl;
	size_t n;

	if (in->n == 0)
		return false;
	nl = memchr(in->p, '\n', in->n);
	n = nl == NULL ? in->n : (size_t)(nl - in->p);
	*line = cs_span_of(in->p, n);
	*in = cs_span_cut(*in, nl == NULL ? n : n + 1,
	    in->n - (nl == NULL ? n : n + 1));
	while (line->n > 0 && (line->p[line->n - 1] == '\r' ||
	    line->p[line->n - 1] == ' ' || line->p[line->n - 1] == '\t'))
		line->n--;
	return true;
}

/* RFC 7468 section 3: printable but "-", single blanks or "-" within. */
static bool
is_label(cs_span l)
{
	bool joint = true; /* nothing, a blank or a dash stands before */
	size_t i;

	for (i = 0; i < l.n; i++) {
		if (l.p[i] < 0x20 || l.p[i] > 0x7e)
			return false;
		if (l.p[i] != ' ' && l.p[i] != '-')
			joint = false;
		else if (joint)
			return false;
		else
			joint = true;
	}
	return l.n > 0 && l.n <= LABEL_MAX && !joint;
}

/* The label between `head` and the closing dashes of a line. */
static int
label_get(cs_span line, const char *head, cs_span *label, cs_err *e)
{
	size_t h = strlen(head), d = strlen(dashes);

	if (!ends_with(line, dashes) || line.n < h + d)
		return CS_BAD(e, CS_R_MALFORMED, "pem",
		    "PEM: expected a line \"%sLABEL-----\", found one without "
		    "its end", head);
	*label = cs_span_cut(line, h, line.n - h - d);
	if (!is_label(*label))
		return CS_BAD(e, CS_R_MALFORMED, "pem",
		    "PEM: expected a label of 1 to %d printable characters "
		    "behind \"%s\", found another", LABEL_MAX, head);
	return CS_OK;
}

/* Takes the lines up to END: *body from the first to behind the last. */
static int
body_get(cs_span *in, cs_span label, cs_span *body, cs_err *e)
{
	cs_span line = {0}, other = {0};
	const uint8_t *start = in->p;
	int r;

	*body = cs_span_of(start, 0);
	while (line_next(in, &line)) {
		if (cs_scan_starts(line, end)) {
			if ((r = label_get(line, end, &other, e)) != CS_OK)
				return r;
			if (!cs_span_eq(other, label))
				return CS_BAD(e, CS_R_MALFORMED, "pem",
				    "PEM: expected the end of \"%.*s\", found "
				    "the end of \"%.*s\"", CS_SHOW(label),
				    CS_SHOW(other));
			return CS_OK;
		}
		if (cs_scan_starts(line, dashes))
			return CS_BAD(e, CS_R_MALFORMED, "pem",
			    "PEM: expected the end of \"%.*s\", found another "
			    "line of dashes", CS_SHOW(label));
		if (line.n > 0 && memchr(line.p, ':', line.n) != NULL)
			return CS_BAD(e, CS_R_UNSUPPORTED, "pem",
			    "PEM: expected \"%.*s\" without headers, found one "
			    "(encrypted?)", CS_SHOW(label));
		body->n = (size_t)(in->p - start);
	}
	return CS_BAD(e, CS_R_MALFORMED, "pem",
	    "PEM: expected the end of \"%.*s\", found the end of the input",
	    CS_SHOW(label));
}

static int
body_decode(cs_span body, cs_span label, bool secret, cs_buf **der, cs_err *e)
{
	size_t room = body.n / 4 * 3 + 3;
	cs_buf *b = secret ? cs_secret_new(room) : cs_buf_new(room);
	int r;

	if (b == NULL)
		return cs_nomem(e, "pem");
	if (cs_base64_get(b, body, true, NULL) != CS_OK)
		r = CS_BAD(e, CS_R_MALFORMED, "pem",
		    "PEM: expected base64 in \"%.*s\", found other bytes, no "
		    "padding or a broken end", CS_SHOW(label));
	else if (cs_buf_len(b) == 0)
		r = CS_BAD(e, CS_R_MALFORMED, "pem",
		    "PEM: expected bytes in \"%.*s\", found none", CS_SHOW(label));
	else
		r = CS_OK;
	if (r == CS_OK) {
		*der = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

/* The next block as it stands; an absent label at the end. */
static int
block_get(cs_span *in, cs_span *label, cs_span *body, cs_err *e)
{
	cs_span line = {0};
	int r;

	*label = *body = (cs_span){0};
	while (line_next(in, &line)) {
		if (!cs_scan_starts(line, begin))
			continue;
		if ((r = label_get(line, begin, label, e)) != CS_OK)
			return r;
		return body_get(in, *label, body, e);
	}
	return CS_OK;
}

int
cs_pem_next(cs_span *in, cs_span *label, cs_buf **der, cs_err *e)
{
	cs_span body = {0}, found = {0};
	int r;

	*label = (cs_span){0};
	*der = NULL;
	if ((r = block_get(in, &found, &body, e)) != CS_OK || found.p == NULL)
		return r;
	if ((r = body_decode(body, found, false, der, e)) == CS_OK)
		*label = found;
	return r;
}

static int
no_block(const char *label, cs_err *e)
{
	return CS_BAD(e, CS_R_MALFORMED, "pem",
	    "expected PEM of \"%s\", found none", label);
}

int
cs_pem_one(cs_span in, const char *label, bool secret, cs_buf **der, cs_err *e)
{
	cs_span found = {0}, body = {0}, other = {0}, rest = {0};
	int r;

	*der = NULL;
	if ((r = block_get(&in, &found, &body, e)) != CS_OK ||
	    (r = block_get(&in, &other, &rest, e)) != CS_OK)
		return r;
	if (found.p == NULL)
		return no_block(label, e);
	if (!cs_span_is(found, label) || other.p != NULL)
		return CS_BAD(e, CS_R_MALFORMED, "pem", "expected one block "
		    "of PEM, \"%s\", found %s\"%.*s\"", label,
		    other.p != NULL ? "another beside " : "", CS_SHOW(found));
	return body_decode(body, found, secret, der, e);
}

int
cs_pem_each(cs_span in, const char *label,
    int (*each)(void *arg, cs_span der, cs_err *e), void *arg, cs_err *e)
{
	cs_span found = {0};
	cs_buf *der = NULL;
	size_t n;
	int r;

	for (n = 0; (r = cs_pem_next(&in, &found, &der, e)) == CS_OK &&
	    der != NULL; n++) {
		r = cs_span_is(found, label) ?
		    each(arg, cs_buf_span(der), e) :
		    CS_BAD(e, CS_R_MALFORMED, "pem", "expected PEM of \"%s\" "
			"alone, found \"%.*s\"", label, CS_SHOW(found));
		cs_buf_free(&der);
		if (r != CS_OK)
			return r;
	}
	return r == CS_OK && n == 0 ? no_block(label, e) : r;
}

int
cs_pem_put(cs_buf *out, const char *label, cs_span der, cs_err *e)
{
	if (cs_buf_printf(out, "%s%s%s\n", begin, label, dashes) != CS_OK ||
	    cs_base64_put(out, der, LINE) != CS_OK ||
	    cs_buf_printf(out, "%s%s%s\n", end, label, dashes) != CS_OK)
		return cs_fail(e, CS_EBUG, "pem", "PEM: no room for \"%s\"",
		    label);
	return CS_OK;
}

size_t
cs_pem_max(size_t n)
{
	size_t chars = (n + 2) / 3 * 4;

	return chars + chars / LINE + 1 +
	    2 * (strlen(begin) + LABEL_MAX + strlen(dashes) + 1);
}
