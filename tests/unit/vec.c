/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "vec.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "sample.h"

static bool
is_vector(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && n < sizeof(((struct vec *)NULL)->name) &&
	    strcmp(name + n - 4, ".der") == 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct vec *)a)->name,
	    ((const struct vec *)b)->name);
}

static bool
load_one(const char *dir, const char *file, struct vec *v)
{
	char path[4096];
	cs_err e = {0};

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path) ||
	    cs_file_read(path, 1 << 20, &v->der, &e) != CS_OK) {
		printf("# %s/%s: %s\n", dir, file, e.text);
		return false;
	}
	(void)snprintf(v->name, sizeof(v->name), "%.*s",
	    (int)strlen(file) - 4, file);
	return true;
}

size_t
vec_load(const char *name, struct vec v[VEC_FILES_MAX])
{
	const char *src = getenv("SRCDIR");
	struct dirent *d;
	char path[2048];
	DIR *dir;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s",
	    src == NULL ? "." : src, name);
	if ((dir = opendir(path)) == NULL) {
		printf("# %s: no such directory\n", path);
		return 0;
	}
	while ((d = readdir(dir)) != NULL && n < VEC_FILES_MAX)
		if (is_vector(d->d_name) && load_one(path, d->d_name, &v[n]))
			n++;
	(void)closedir(dir);
	qsort(v, n, sizeof(*v), compare);
	return n;
}

void
vec_free(struct vec *v, size_t n)
{
	while (n-- > 0)
		cs_buf_free(&v[n].der);
}

bool
vec_has_arc(void)
{
	if (strcmp(CS_OID_ARC, VEC_ARC) == 0)
		return true;
	printf("1..0 # SKIP the vectors are of " VEC_ARC "\n");
	return false;
}

cs_span
vec_find(const struct vec *v, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0)
			return cs_buf_span(v[i].der);
	printf("# no vector %s\n", name);
	return (cs_span){0};
}

bool
vec_is(const struct vec *v, const char *prefix)
{
	return strncmp(v->name, prefix, strlen(prefix)) == 0;
}

int
vec_reason(const char *name)
{
	size_t n, best = 0;
	int r, found = CS_R_NONE;

	for (r = CS_R_NONE + 1; r < CS_R_END; r++) {
		n = strlen(cs_reason_name(r));
		if (n > best && strncmp(name, cs_reason_name(r), n) == 0 &&
		    name[n] == '-') {
			best = n;
			found = r;
		}
	}
	return found;
}

/* Readers are quick, but where they verify what they read: $VEC_EVERY=N is for
 * these alone, as $SAMPLE for what takes longer. */
static bool
is_passed_over(void)
{
	static struct sample some;

	return sample_skips_of(&some, "VEC_EVERY");
}

/* Asks about a copy of exactly this size, so that a sanitizer sees a read
 * behind it. */
static enum vec_answer
ask(cs_span s, vec_probe *probe)
{
	uint8_t *copy = NULL;
	enum vec_answer a;

	if (is_passed_over())
		return VEC_REFUSED;
	if ((copy = malloc(s.n == 0 ? 1 : s.n)) == NULL)
		abort();
	if (s.n != 0)
		memcpy(copy, s.p, s.n);
	a = probe(cs_span_of(copy, s.n));
	free(copy);
	return a;
}

size_t
vec_prefixes(cs_span good, vec_probe *probe)
{
	size_t n, wrong = 0;

	for (n = 0; n < good.n; n++)
		if (ask(cs_span_cut(good, 0, n), probe) != VEC_REFUSED) {
			printf("# the first %zu octets alone\n", n);
			wrong++;
		}
	return wrong;
}

size_t
vec_trailing(cs_span good, vec_probe *probe)
{
	static const uint8_t tails[] = {0x00, 0x05, 0x30, 0x80, 0xff};
	size_t i, wrong = 0;
	uint8_t *p = malloc(good.n + 1);

	if (p == NULL)
		abort();
	memcpy(p, good.p, good.n);
	for (i = 0; i < sizeof(tails); i++) {
		p[good.n] = tails[i];
		if (ask(cs_span_of(p, good.n + 1), probe) != VEC_REFUSED) {
			printf("# %02x behind\n", tails[i]);
			wrong++;
		}
	}
	free(p);
	return wrong;
}

size_t
vec_flips(cs_span good, vec_probe *probe)
{
	static const uint8_t masks[] = {0x01, 0x02, 0x20, 0x80, 0xff};
	size_t i, k, wrong = 0;
	uint8_t *p = malloc(good.n);

	if (p == NULL)
		abort();
	memcpy(p, good.p, good.n);
	for (i = 0; i < good.n; i++)
		for (k = 0; k < sizeof(masks); k++) {
			p[i] = (uint8_t)(good.p[i] ^ masks[k]);
			if (ask(cs_span_of(p, good.n), probe) == VEC_BROKEN) {
				printf("# %02x at %zu was %02x\n", p[i], i,
				    good.p[i]);
				wrong++;
			}
			p[i] = good.p[i];
		}
	free(p);
	return wrong;
}

/* One change: the `n` octets at `at`, which are an element, become `with`. */
struct edit {
	const uint8_t *at;
	size_t n;
	cs_span with;
};

/* Octets before DER within a primitive element: 0 for an OCTET STRING, 1 for a
 * BIT STRING; -1 when it holds no DER. */
static int
holds_der(unsigned tag, cs_span body)
{
	int skip = tag == CS_DER_BITSTRING ? 1 : 0;

	if ((tag & 0x20) != 0)
		return 0;
	if (tag != CS_DER_OCTETS && tag != CS_DER_BITSTRING)
		return -1;
	if (body.n < (size_t)skip + 2 || body.p[skip] != CS_DER_SEQ)
		return -1;
	body = cs_span_cut(body, (size_t)skip, body.n - (size_t)skip);
	return cs_der_walk(body, 0, NULL) == CS_OK ? skip : -1;
}

static void
rebuild(cs_buf *out, cs_span in, const struct edit *ed)
{
	cs_span body = {0}, whole = {0};
	unsigned tag = 0;
	size_t m;
	int skip;

	while (in.n != 0) {
		if (cs_der_any(&in, &tag, &body, &whole, NULL) != CS_OK)
			abort();
		skip = holds_der(tag, body);
		if (whole.p == ed->at) {
			cs_der_put_raw(out, ed->with);
		} else if (skip < 0 || ed->at < body.p ||
		    ed->at >= body.p + body.n) {
			cs_der_put_raw(out, whole);
		} else {
			m = cs_der_begin(out, tag);
			cs_der_put_raw(out, cs_span_cut(body, 0,
			    (size_t)skip));
			rebuild(out, cs_span_cut(body, (size_t)skip,
			    body.n - (size_t)skip), ed);
			cs_der_close(out, m);
		}
	}
}

/* The whole message and the parser that the changes are for. */
struct run {
	cs_span good;
	vec_probe *probe;
	size_t wrong;
};

static void
try_edit(struct run *r, cs_span whole, cs_span with, const char *what,
    unsigned tag)
{
	struct edit ed = {whole.p, whole.n, with};
	cs_buf *out = cs_buf_new(r->good.n + with.n + 64);

	if (out == NULL)
		abort();
	rebuild(out, r->good, &ed);
	if (cs_buf_failed(out) || ask(cs_buf_span(out), r->probe) ==
	    VEC_BROKEN) {
		printf("# %s %02x at %zu\n", what, tag,
		    (size_t)(whole.p - r->good.p));
		r->wrong++;
	}
	cs_buf_free(&out);
}

static void
try_element(struct run *r, cs_span whole, cs_span body)
{
	static const uint8_t tags[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a,
	    0x0c, 0x0d, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c,
	    0x1e, 0x30, 0x31, 0x80, 0x81, 0x86, 0xa0, 0xa1, 0xa2, 0x40, 0xe0};
	cs_buf *b = cs_buf_new(2 * whole.n + 16);
	size_t i;

	if (b == NULL)
		abort();
	try_edit(r, whole, cs_span_of("", 0), "without", whole.p[0]);
	cs_der_put_raw(b, whole);
	cs_der_put_raw(b, whole);
	try_edit(r, whole, cs_buf_span(b), "twice", whole.p[0]);
	cs_buf_reset(b);
	cs_der_put(b, whole.p[0], cs_span_of("", 0));
	try_edit(r, whole, cs_buf_span(b), "empty", whole.p[0]);
	for (i = 0; i < sizeof(tags); i++) {
		cs_buf_reset(b);
		cs_der_put(b, tags[i], body);
		try_edit(r, whole, cs_buf_span(b), "tag", tags[i]);
	}
	cs_buf_reset(b);
	cs_der_put(b, CS_DER_SEQ, whole);
	try_edit(r, whole, cs_buf_span(b), "wrapped", whole.p[0]);
	cs_buf_free(&b);
}

static void
try_all(struct run *r, cs_span in)
{
	cs_span body = {0}, whole = {0};
	unsigned tag = 0;
	int skip;

	while (in.n != 0) {
		if (cs_der_any(&in, &tag, &body, &whole, NULL) != CS_OK)
			abort();
		try_element(r, whole, body);
		if ((skip = holds_der(tag, body)) >= 0)
			try_all(r, cs_span_cut(body, (size_t)skip,
			    body.n - (size_t)skip));
	}
}

size_t
vec_trees(cs_span good, vec_probe *probe)
{
	struct run r = {good, probe, 0};

	try_all(&r, good);
	return r.wrong;
}

cs_buf *
vec_hex(const char *text)
{
	cs_buf *b = cs_buf_new(strlen(text) / 2 + 1);
	static const char digits[] = "0123456789abcdef";
	const char *hi, *lo;
	bool good = b != NULL;

	while (good && *text != '\0') {
		if (*text == ' ') {
			text++;
			continue;
		}
		hi = strchr(digits, text[0]);
		lo = text[1] == '\0' ? NULL : strchr(digits, text[1]);
		good = hi != NULL && lo != NULL && cs_buf_put_byte(b,
		    (uint8_t)((hi - digits) << 4 | (lo - digits))) == CS_OK;
		text += 2;
	}
	if (!good)
		cs_buf_free(&b);
	return b;
}
