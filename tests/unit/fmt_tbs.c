/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "fmt/tbs.h"
#include "tap.h"
#include "vec.h"

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

/* The same approvals as tests/vectors/tbs.py asks OpenSSL for. */

static const uint8_t id_octets[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    13, 14, 15};
static const char ext_0[] = "\x30\x10\x06\x0a\x2b\x06\x01\x04\x01\x81\xfd\x59"
			    "\x01\x00\x04\x02\x05\x00";
static const char ext_1[] = "\x30\x10\x06\x0a\x2b\x06\x01\x04\x01\x81\xfd\x59"
			    "\x01\x01\x04\x02\x05\x00";
static const char ext_1_critical[] =
    "\x30\x13\x06\x0a\x2b\x06\x01\x04\x01\x81\xfd\x59\x01\x01\x01\x01\xff"
    "\x04\x02\x05\x00";
static const char holder[] =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48"
    "\xce\x3d\x03\x01\x07\x03\x42\x00\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8"
    "\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39"
    "\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c"
    "\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51"
    "\xf5";
static uint8_t octets[256][64]; /* each full of its number */
static char agents[64][40];

static cs_span
fill(uint8_t octet, size_t n)
{
	return cs_span_of(octets[octet], n);
}

static void
prepare(void)
{
	int i;

	for (i = 0; i < 256; i++)
		memset(octets[i], i, sizeof(octets[i]));
	for (i = 0; i < 64; i++)
		(void)snprintf(agents[i], sizeof(agents[i]),
		    "wimse://corp.example/agent/n%d", i);
}

static void
base(cs_tbs *t)
{
	memset(t, 0, sizeof(*t));
	t->approval_id = cs_span_of(id_octets, sizeof(id_octets));
	t->decision = CS_APPROVE;
	t->owner = cs_span_str("mailto:alice@corp.example");
	t->owner_key_hash = fill(0x11, 32);
	t->authority = cs_span_str("https://corp.example");
	t->not_before = 1767225600;
	t->not_after = t->not_before + 86400;
	t->n_subjects = 1;
	t->subjects[0] = (cs_subject){CS_SUBJECT_REQUEST,
	    cs_span_str("wimse://corp.example/agent/alice"), fill(0x22, 32),
	    fill(0x33, 32), {0}};
	t->max_lifetime = 3600;
	t->max_issuances = 1;
}

static void
make_request(cs_tbs *t)
{
	t->n_subjects = 1;
}

static void
make_key(cs_tbs *t)
{
	t->subjects[0].kind = CS_SUBJECT_KEY;
	t->max_lifetime = 31536000;
	t->max_issuances = 1000000;
}

static void
make_grant(cs_tbs *t)
{
	t->subjects[0].kind = CS_SUBJECT_GRANT;
	t->subjects[0].agent_id = cs_span_str("wimse://corp.example/ci");
	t->subjects[0].holder_key = cs_span_of(holder, sizeof(holder) - 1);
	t->max_issuances = 500;
}

static void
make_deny(cs_tbs *t)
{
	t->decision = CS_DENY;
	t->max_lifetime = 1;
}

static void
make_nonce(cs_tbs *t)
{
	t->nonce = fill(0x44, 16);
}

static void
make_nonce_64(cs_tbs *t)
{
	t->nonce = fill(0x44, 64);
}

static void
make_purpose(cs_tbs *t)
{
	t->purpose = cs_span_str("reads \xe2\x82\xac weekly");
}

static void
make_extensions(cs_tbs *t)
{
	static char both[sizeof(ext_0) + sizeof(ext_1) - 2];

	memcpy(both, ext_0, sizeof(ext_0) - 1);
	memcpy(both + sizeof(ext_0) - 1, ext_1, sizeof(ext_1) - 1);
	t->extensions = cs_span_of(both, sizeof(both));
}

static void
make_extensions_critical(cs_tbs *t)
{
	static char both[sizeof(ext_0) + sizeof(ext_1_critical) - 2];

	memcpy(both, ext_0, sizeof(ext_0) - 1);
	memcpy(both + sizeof(ext_0) - 1, ext_1_critical,
	    sizeof(ext_1_critical) - 1);
	t->extensions = cs_span_of(both, sizeof(both));
}

static void
make_under(cs_tbs *t)
{
	t->under_grant = fill(0x55, 32);
}

static void
make_everything(cs_tbs *t)
{
	make_nonce(t);
	make_purpose(t);
	t->extensions = cs_span_of(ext_0, sizeof(ext_0) - 1);
	make_under(t);
}

static void
make_batch(cs_tbs *t)
{
	size_t i;

	t->n_subjects = 64;
	for (i = 0; i < 64; i++)
		t->subjects[i] = (cs_subject){CS_SUBJECT_REQUEST,
		    cs_span_str(agents[i]), fill((uint8_t)i, 32),
		    fill((uint8_t)(255 - i), 32), {0}};
}

static void
make_batch_keys(cs_tbs *t)
{
	size_t i;

	make_batch(t);
	for (i = 0; i < 64; i++)
		t->subjects[i].kind = CS_SUBJECT_KEY;
}

static void
make_one_agent(cs_tbs *t)
{
	t->n_subjects = 2;
	t->subjects[1] = t->subjects[0];
	t->subjects[0].request_digest = fill(0, 32);
	t->subjects[1].request_digest = fill(1, 32);
}

static const struct {
	const char *name;
	void (*make)(cs_tbs *t);
	bool critical;
} good[] = {
	{"request", make_request, false}, {"key", make_key, false},
	{"grant", make_grant, false}, {"deny", make_deny, false},
	{"nonce", make_nonce, false}, {"nonce-64", make_nonce_64, false},
	{"purpose", make_purpose, false},
	{"extensions", make_extensions, false},
	{"extensions-critical", make_extensions_critical, true},
	{"under-grant", make_under, false},
	{"everything", make_everything, false},
	{"batch-requests", make_batch, false},
	{"batch-keys", make_batch_keys, false},
	{"batch-one-agent", make_one_agent, false},
};

#define GOOD (sizeof(good) / sizeof(good[0]))

static bool
same(cs_span a, cs_span b)
{
	return a.p == NULL || b.p == NULL ? a.p == b.p : cs_span_eq(a, b);
}

static bool
same_fields(const cs_tbs *a, const cs_tbs *b)
{
	const cs_subject *x = &a->subjects[a->n_subjects - 1],
	    *y = &b->subjects[b->n_subjects - 1];

	return cs_span_eq(a->approval_id, b->approval_id) &&
	    a->decision == b->decision && cs_span_eq(a->owner, b->owner) &&
	    cs_span_eq(a->owner_key_hash, b->owner_key_hash) &&
	    cs_span_eq(a->authority, b->authority) &&
	    a->not_before == b->not_before && a->not_after == b->not_after &&
	    a->n_subjects == b->n_subjects && x->kind == y->kind &&
	    cs_span_eq(x->agent_id, y->agent_id) &&
	    (x->kind == CS_SUBJECT_GRANT ?
	    cs_span_eq(x->holder_key, y->holder_key) :
	    cs_span_eq(x->agent_key_hash, y->agent_key_hash)) &&
	    a->max_lifetime == b->max_lifetime &&
	    a->max_issuances == b->max_issuances && same(a->nonce, b->nonce) &&
	    same(a->purpose, b->purpose) &&
	    same(a->extensions, b->extensions) &&
	    same(a->under_grant, b->under_grant);
}

static void
test_golden(void)
{
	cs_tbs *t = calloc(1, sizeof(*t)), *back = calloc(1, sizeof(*back));
	cs_buf *out = cs_buf_new(CS_TBS_MAX);
	cs_span want;
	cs_err e = {0};
	size_t i;

	for (i = 0; t != NULL && back != NULL && i < GOOD; i++) {
		want = vec_find(vectors, n_vectors, good[i].name);
		base(t);
		good[i].make(t);
		cs_buf_reset(out);
		if (!ok(cs_tbs_put(t, out, &e) == CS_OK &&
		    cs_span_eq(cs_buf_span(out), want),
		    "%s: written as OpenSSL does", good[i].name))
			printf("# %s\n", e.text);
		ok(cs_tbs_parse(want, 0, back, &e) == CS_OK &&
		    same_fields(t, back) && cs_span_eq(back->der, want) &&
		    back->critical_extension == good[i].critical,
		    "%s: read", good[i].name);
	}
	cs_buf_free(&out);
	free(back);
	free(t);
}

/* Whatever is accepted is written back as the same bytes. */
static enum vec_answer
probe(cs_span in)
{
	cs_tbs *t = calloc(1, sizeof(*t));
	cs_buf *out = cs_buf_new(in.n + 1);
	enum vec_answer a = VEC_REFUSED;
	cs_err e = {0};

	if (t == NULL || out == NULL)
		abort();
	if (cs_tbs_parse(in, 0, t, &e) == CS_OK)
		a = cs_tbs_put(t, out, NULL) == CS_OK &&
		    cs_span_eq(cs_buf_span(out), in) ? VEC_ACCEPTED :
		    VEC_BROKEN;
	else if (e.cls != CS_EFORMAT || e.detail == CS_R_NONE)
		a = VEC_BROKEN;
	cs_buf_free(&out);
	free(t);
	return a;
}

static void
test_vectors(void)
{
	cs_tbs *t = calloc(1, sizeof(*t));
	cs_err e;
	size_t i, bad = 0;
	int want;

	for (i = 0; t != NULL && i < n_vectors; i++) {
		want = vec_reason(vectors[i].name);
		if (want == CS_R_NONE)
			continue;
		bad++;
		e = (cs_err){0};
		if (!ok(cs_tbs_parse(cs_buf_span(vectors[i].der), 0, t, &e) ==
		    CS_EFORMAT && e.detail == want, "%s", vectors[i].name))
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	}
	ok(bad >= 70 && n_vectors - bad == GOOD, "%zu good, %zu bad vectors",
	    n_vectors - bad, bad);
	free(t);
}

static void
test_sweeps(void)
{
	cs_span s;
	size_t i;

	for (i = 0; i < GOOD; i++) {
		s = vec_find(vectors, n_vectors, good[i].name);
		ok(vec_prefixes(s, probe) == 0, "%s: prefixes", good[i].name);
		ok(vec_trailing(s, probe) == 0, "%s: trailing", good[i].name);
		if (s.n > 1024)
			continue;
		ok(vec_flips(s, probe) == 0, "%s: flips", good[i].name);
		ok(vec_trees(s, probe) == 0, "%s: elements", good[i].name);
	}
}

static bool
writes(const cs_tbs *t, int reason)
{
	cs_buf *out = cs_buf_new(2 * CS_TBS_MAX);
	cs_err e = {0};
	int r = cs_tbs_put(t, out, &e);

	cs_buf_free(&out);
	if (r != CS_OK && reason == CS_R_NONE)
		printf("# %s\n", e.text);
	return reason == CS_R_NONE ? r == CS_OK :
	    r == CS_EFORMAT && e.detail == reason;
}

static void
test_bounds(cs_tbs *t)
{
	base(t);
	t->max_lifetime = 31536000;
	t->max_issuances = 1000000;
	ok(writes(t, CS_R_NONE), "largest limits");
	t->max_lifetime++;
	ok(!writes(t, CS_R_NONE), "lifetime above");
	t->max_lifetime = 0;
	ok(writes(t, CS_R_MALFORMED), "lifetime 0");
	t->max_lifetime = -1;
	ok(writes(t, CS_R_MALFORMED), "lifetime -1");
	t->max_lifetime = 1;
	t->max_issuances = 1000001;
	ok(writes(t, CS_R_MALFORMED), "issuances above");
	t->max_issuances = 0;
	ok(writes(t, CS_R_MALFORMED), "issuances 0");
	t->max_issuances = 1;
	t->not_after = t->not_before;
	ok(writes(t, CS_R_NONE), "a window of one second");
	t->not_after--;
	ok(writes(t, CS_R_MALFORMED), "a window that ends before it starts");
	t->not_before = 946684800;
	t->not_after = 253402300799;
	ok(writes(t, CS_R_NONE), "2000 to 9999");
	t->not_before--;
	ok(writes(t, CS_R_MALFORMED), "1999");
	t->not_before = 253402300799;
	t->not_after++;
	ok(!writes(t, CS_R_NONE), "10000");
}

static void
test_lengths(cs_tbs *t)
{
	static const struct {
		size_t n;
		bool fine;
	} nonces[] = {{0, false}, {15, false}, {16, true}, {64, true}};
	char text[1026];
	size_t i;

	base(t);
	for (i = 0; i < sizeof(nonces) / sizeof(nonces[0]); i++) {
		t->nonce = fill(0x44, nonces[i].n);
		ok(writes(t, nonces[i].fine ? CS_R_NONE : CS_R_MALFORMED),
		    "nonce of %zu", nonces[i].n);
	}
	base(t);
	memset(text, 'x', sizeof(text));
	t->purpose = cs_span_of(text, 1024);
	ok(writes(t, CS_R_NONE), "purpose of 1024");
	t->purpose = cs_span_of(text, 1025);
	ok(writes(t, CS_R_MALFORMED), "purpose of 1025");
	t->purpose = cs_span_of(text, 0);
	ok(writes(t, CS_R_MALFORMED), "purpose of 0");
	base(t);
	t->n_subjects = 0;
	ok(writes(t, CS_R_MALFORMED), "no subject");
	make_batch(t);
	ok(writes(t, CS_R_NONE), "64 subjects");
	t->subjects[63] = t->subjects[0];
	ok(writes(t, CS_R_MALFORMED), "two alike");
	t->subjects[63].request_digest = fill(0x66, 32);
	ok(writes(t, CS_R_NONE), "two requests of one agent");
	make_batch_keys(t);
	t->nonce = fill(0x44, 16);
	ok(writes(t, CS_R_MALFORMED), "a nonce for a batch");
	t->n_subjects = CS_SUBJECTS_MAX + 1;
	ok(writes(t, CS_R_MALFORMED), "65 subjects");
}

/* An approval of exactly `size` octets, by an extension. */
static bool
sized(cs_tbs *t, size_t size, int reason)
{
	static const uint8_t oid[] = {0x2b, 0x06, 0x01};
	cs_buf *out = cs_buf_new(2 * CS_TBS_MAX), *ext, *fat;
	size_t pad = size, n;
	bool good_answer;
	int r;

	do {
		ext = cs_buf_new(2 * CS_TBS_MAX);
		fat = cs_buf_new(pad);
		while (cs_buf_room(fat) != 0)
			if (cs_buf_put_byte(fat, 'x') != CS_OK)
				break;
		n = cs_der_begin(ext, CS_DER_SEQ);
		cs_der_put(ext, CS_DER_OID, cs_span_of(oid, sizeof(oid)));
		cs_der_put(ext, CS_DER_OCTETS, cs_buf_span(fat));
		cs_der_close(ext, n);
		base(t);
		t->extensions = cs_buf_span(ext);
		cs_buf_reset(out);
		r = cs_tbs_put(t, out, NULL);
		n = cs_buf_len(out);
		pad -= n - size;
		good_answer = n != size || writes(t, reason);
		cs_buf_free(&fat);
		cs_buf_free(&ext);
	} while (n != size);
	cs_buf_free(&out);
	return good_answer && (r == CS_OK) == (reason == CS_R_NONE);
}

int
main(void)
{
	cs_tbs *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	prepare();
	n_vectors = vec_load("tbs", vectors);
	test_golden();
	test_vectors();
	test_bounds(t);
	test_lengths(t);
	ok(sized(t, CS_TBS_MAX, CS_R_NONE), "16 KiB");
	ok(sized(t, CS_TBS_MAX + 1, CS_R_TOO_LARGE), "and one octet");
	ok(cs_tbs_parse((cs_span){0}, 0, t, NULL) != CS_OK, "absent");
	ok(cs_tbs_parse(vec_find(vectors, n_vectors, "extensions"),
	    CS_DER_DEPTH - 4, t, NULL) == CS_OK, "at depth 28 of 32");
	ok(cs_tbs_parse(vec_find(vectors, n_vectors, "extensions"),
	    CS_DER_DEPTH - 3, t, NULL) != CS_OK, "at depth 29");
	test_sweeps();
	vec_free(vectors, n_vectors);
	free(t);
	return done_testing();
}
