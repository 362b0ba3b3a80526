/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tsskey.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "tap.h"
#include "tpmhex.h"
#include "vec.h"

static const struct golden {
	const char *name, *hex;
	bool empty_auth;
	uint32_t parent;
	enum cs_key_kind kind;
} all[] = {
	{"tpm2-openssl", TPMHEX_KEY_OPENSSL, true, 0x40000001, CS_KEY_P256},
	{"tpm2-openssl rsa", TPMHEX_KEY_OPENSSL_RSA, false, 0x40000001,
	    CS_KEY_RSA},
	{"tpm2-tools", TPMHEX_KEY_TOOLS, false, 0x81000001, CS_KEY_P256},
};

static bool
is_same(const cs_tsskey *a, const cs_tsskey *b)
{
	return a->empty_auth == b->empty_auth && a->parent == b->parent &&
	    cs_span_eq(a->public_area, b->public_area) &&
	    cs_span_eq(a->private_area, b->private_area) &&
	    (a->description.p != NULL) == (b->description.p != NULL) &&
	    (a->description.p == NULL ||
	    cs_span_eq(a->description, b->description));
}

/* What we write of it reads as the same, and is DER. */
static bool
goes_back(const cs_tsskey *k)
{
	cs_buf *b = cs_buf_new(CS_TSSKEY_MAX + 64);
	cs_tsskey again;
	bool same = cs_tsskey_put(k, b, NULL) == CS_OK &&
	    cs_der_walk(cs_buf_span(b), 0, NULL) == CS_OK &&
	    cs_tsskey_parse(cs_buf_span(b), &again, NULL) == CS_OK &&
	    is_same(k, &again);

	cs_buf_free(&b);
	return same;
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};
	cs_tsskey k;

	if (cs_tsskey_parse(in, &k, &e) != CS_OK)
		return k.public_area.p == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	return goes_back(&k) ? VEC_ACCEPTED : VEC_BROKEN;
}

static void
test_golden(const struct golden *g)
{
	cs_buf *hex = vec_hex(g->hex);
	cs_span in = cs_buf_span(hex);
	cs_tsskey k;

	ok(cs_tsskey_parse(in, &k, NULL) == CS_OK, "%s", g->name);
	ok(k.empty_auth == g->empty_auth && k.parent == g->parent &&
	    k.pub.kind == g->kind && k.description.p == NULL, "%s: key",
	    g->name);
	ok(k.public_area.n == k.pub.whole.n + 2 && k.private_area.n ==
	    2 + (size_t)(k.private_area.p[0] << 8 | k.private_area.p[1]),
	    "%s: areas", g->name);
	ok(probe(in) == VEC_ACCEPTED, "%s: back", g->name);
	ok(vec_prefixes(in, probe) == 0, "%s: prefixes", g->name);
	ok(vec_trailing(in, probe) == 0, "%s: trailing", g->name);
	ok(vec_flips(in, probe) == 0, "%s: flips", g->name);
	cs_buf_free(&hex);
}

/* A key with these elements behind its type and, in hexadecimal, those behind
 * its parent. */
static void
judge(const char *name, enum cs_oid type, const char *members,
    const char *parent, int want)
{
	cs_buf *front = vec_hex(members), *back = vec_hex(parent);
	cs_buf *good = vec_hex(TPMHEX_KEY_TOOLS), *b = cs_buf_new(1024);
	cs_err e = {0};
	cs_tsskey k;
	size_t m;
	int r = cs_tsskey_parse(cs_buf_span(good), &k, NULL);

	m = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put(b, CS_DER_OID, cs_oid(type));
	cs_der_put_raw(b, cs_buf_span(front));
	cs_der_put_raw(b, cs_buf_span(back));
	cs_der_put(b, CS_DER_OCTETS, k.public_area);
	cs_der_put(b, CS_DER_OCTETS, k.private_area);
	cs_der_close(b, m);
	if (r == CS_OK)
		r = cs_tsskey_parse(cs_buf_span(b), &k, &e);
	if (!ok(want == CS_R_NONE ? r == CS_OK && goes_back(&k) :
	    r == CS_EFORMAT && e.detail == want, "%s", name))
		printf("# %d %s: %s\n", r, cs_reason_name(e.detail), e.text);
	cs_buf_free(&front);
	cs_buf_free(&back);
	cs_buf_free(&good);
	cs_buf_free(&b);
}

#define PARENT "02050081000001"
#define OWNER "020440000001"

static void
test_types(void)
{
	judge("loadable", CS_OID_TPM_LOADABLE_KEY, "", PARENT, CS_R_NONE);
	judge("importable", CS_OID_TPM_IMPORTABLE_KEY, "", PARENT,
	    CS_R_UNSUPPORTED);
	judge("sealed", CS_OID_TPM_SEALED_DATA, "", PARENT, CS_R_UNSUPPORTED);
	judge("another", CS_OID_SHA256, "", PARENT, CS_R_UNSUPPORTED);
}

static void
member(const char *name, const char *hex, int want)
{
	judge(name, CS_OID_TPM_LOADABLE_KEY, hex, PARENT, want);
}

static void
test_members(void)
{
	member("emptyAuth ff", "a0030101ff", CS_R_NONE);
	member("emptyAuth 01", "a003010101", CS_R_NONE);
	member("emptyAuth 00", "a003010100", CS_R_NONE);
	member("emptyAuth 02", "a003010102", CS_R_NOT_DER);
	member("emptyAuth empty", "a0020100", CS_R_NOT_DER);
	member("emptyAuth of two octets", "a0040102ffff", CS_R_NOT_DER);
	member("emptyAuth implicit", "8001ff", CS_R_UNSUPPORTED);
	member("emptyAuth bare", "0101ff", CS_R_MALFORMED);
	member("emptyAuth twice", "a0030101ff a0030101ff", CS_R_UNSUPPORTED);
	member("more in emptyAuth", "a0060101ff0101ff", CS_R_MALFORMED);
	member("policy", "a1023000", CS_R_UNSUPPORTED);
	member("secret", "a2030401aa", CS_R_UNSUPPORTED);
	member("authPolicy", "a3023000", CS_R_UNSUPPORTED);
	member("description", "a4050c03616263", CS_R_NONE);
	member("description, empty", "a4020c00", CS_R_NONE);
	member("description, no UTF-8", "a4030c01ff", CS_R_NOT_DER);
	member("description, IA5", "a4051603616263", CS_R_MALFORMED);
	member("description, and more", "a4050c01610500", CS_R_MALFORMED);
	member("description before emptyAuth", "a4020c00 a0030101ff",
	    CS_R_UNSUPPORTED);
	member("rsaParent FALSE", "a503010100", CS_R_NONE);
	member("rsaParent TRUE", "a5030101ff", CS_R_UNSUPPORTED);
	member("parentName", "a6030401aa", CS_R_UNSUPPORTED);
	member("all that we read", "a0030101ff a4020c00 a503010100",
	    CS_R_NONE);
}

static void
parent(const char *name, const char *hex, int want)
{
	judge(name, CS_OID_TPM_LOADABLE_KEY, "a003010100", hex, want);
}

static void
test_parents(void)
{
	parent("owner", OWNER, CS_R_NONE);
	parent("endorsement", "02044000000b", CS_R_NONE);
	parent("platform", "02044000000c", CS_R_NONE);
	parent("null", "020440000007", CS_R_NONE);
	parent("lockout", "02044000000a", CS_R_UNSUPPORTED);
	parent("0", "020100", CS_R_UNSUPPORTED);
	parent("transient", "02050080000000", CS_R_UNSUPPORTED);
	parent("nonvolatile", "020401c00002", CS_R_UNSUPPORTED);
	parent("last persistent", "02050081ffffff", CS_R_NONE);
	parent("negative", "020481000001", CS_R_MALFORMED);
	parent("padded", "02050040000001", CS_R_NOT_DER);
	parent("33 bits", "02050181000001", CS_R_MALFORMED);
	parent("eight octets", "020900ffffffffffffffff", CS_R_MALFORMED);
	parent("none", "", CS_R_MALFORMED);
}

static void
test_description(void)
{
	static uint8_t text[CS_TSSKEY_DESCRIPTION_MAX + 1];
	cs_buf *good = vec_hex(TPMHEX_KEY_TOOLS), *b = cs_buf_new(1024);
	cs_err e = {0};
	cs_tsskey k, again;

	memset(text, 'a', sizeof(text));
	ok(cs_tsskey_parse(cs_buf_span(good), &k, NULL) == CS_OK, "a key");
	k.description = cs_span_of(text, sizeof(text) - 1);
	ok(goes_back(&k), "longest description");
	k.description = cs_span_of(text, sizeof(text));
	ok(cs_tsskey_put(&k, b, NULL) == CS_OK &&
	    cs_tsskey_parse(cs_buf_span(b), &again, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "one octet more");
	cs_buf_free(&good);
	cs_buf_free(&b);
}

/* The areas fill their elements. */
static void
test_areas(void)
{
	cs_buf *good = vec_hex(TPMHEX_KEY_TOOLS), *b = cs_buf_new(1024);
	cs_tsskey k, again, changed;
	cs_err e = {0};
	bool refused = true;
	int i;

	ok(cs_tsskey_parse(cs_buf_span(good), &k, NULL) == CS_OK, "a key");
	for (i = 0; i < 5; i++) {
		changed = k;
		if (i == 0)
			changed.public_area.n--;
		else if (i == 1)
			changed.public_area.n++;
		else if (i == 2)
			changed.private_area.n--;
		else if (i == 3)
			changed.private_area = cs_span_of("\0\1\7\7", 4);
		else
			changed.private_area = cs_span_of("\0\0", 2);
		cs_buf_reset(b);
		refused = refused && cs_tsskey_put(&changed, b, NULL) ==
		    CS_OK && cs_tsskey_parse(cs_buf_span(b), &again, &e) ==
		    CS_EFORMAT && e.detail == CS_R_MALFORMED;
	}
	ok(refused, "an area of another size");
	cs_buf_free(&good);
	cs_buf_free(&b);
	b = cs_buf_new(32);
	ok(cs_tsskey_put(&k, b, NULL) == CS_EBUG, "no room");
	cs_buf_free(&b);
}

/* A key with an element too many. */
static void
test_behind(void)
{
	cs_buf *good = vec_hex(TPMHEX_KEY_TOOLS), *b = cs_buf_new(1024);
	cs_span in = cs_buf_span(good), body = {0};
	cs_err e = {0};
	cs_tsskey k;
	size_t m;

	ok(cs_der_get(&in, CS_DER_SEQ, &body, NULL) == CS_OK, "a key");
	m = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put_raw(b, body);
	cs_der_put_uint(b, CS_DER_INTEGER, 0);
	cs_der_close(b, m);
	ok(cs_tsskey_parse(cs_buf_span(b), &k, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "more behind the private area");
	cs_buf_free(&good);
	cs_buf_free(&b);
}

static int
read_text(const char *before, const char *label, const char *end,
    const char *behind, cs_tsskey *k, cs_err *e)
{
	cs_buf *good = vec_hex(TPMHEX_KEY_OPENSSL), *pem = cs_buf_new(2048);
	cs_buf *text = cs_buf_new(4096), *der = NULL;
	cs_span line;
	int r;

	memset(e, 0, sizeof(*e));
	r = cs_pem_put(pem, label, cs_buf_span(good), e) |
	    cs_buf_put_str(text, before);
	for (line = cs_buf_span(pem); line.n != 0; line.p++, line.n--)
		r |= *line.p == '\n' ? cs_buf_put_str(text, end) :
		    cs_buf_put_byte(text, *line.p);
	r |= cs_buf_put_str(text, behind);
	if (r == CS_OK)
		r = cs_tsskey_read(cs_buf_span(text), k, &der, e);
	if (r == CS_OK && (der == NULL || !goes_back(k) ||
	    k->parent != 0x40000001))
		r = CS_EBUG;
	if (r != CS_OK && der != NULL)
		r = CS_EBUG;
	cs_buf_free(&good);
	cs_buf_free(&pem);
	cs_buf_free(&text);
	cs_buf_free(&der);
	return r;
}

static void
test_pem(void)
{
	cs_tsskey k;
	cs_err e;

	ok(read_text("", CS_PEM_TSSKEY, "\n", "", &k, &e) == CS_OK, "PEM");
	ok(read_text("my key\n\n", CS_PEM_TSSKEY, "\r\n", "\r\nend", &k,
	    &e) == CS_OK, "with text around and CRLF");
	ok(read_text("", "PRIVATE KEY", "\n", "", &k, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "another label");
	ok(read_text("", CS_PEM_TSSKEY, "\n", "-----BEGIN X-----\nAAAA\n"
	    "-----END X-----\n", &k, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "a second block");
	ok(read_text("", CS_PEM_TSSKEY, "\n", "-----BEGIN X-----\n", &k,
	    &e) == CS_EFORMAT, "a second block, broken");
	ok(read_text("-----BEGIN X-----\nAAAA\n-----END X-----\n",
	    CS_PEM_TSSKEY, "\n", "", &k, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "a block before");
}

static void
test_no_pem(void)
{
	cs_buf *der = NULL, *hex = vec_hex(TPMHEX_KEY_OPENSSL);
	cs_err e = {0};
	cs_tsskey k;

	ok(cs_tsskey_read(cs_span_str(""), &k, &der, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED && der == NULL, "an empty file");
	ok(cs_tsskey_read(cs_buf_span(hex), &k, &der, &e) == CS_EFORMAT &&
	    der == NULL, "DER");
	cs_buf_free(&hex);
}

static void
test_too_large(void)
{
	static const uint8_t big[CS_TSSKEY_MAX + 1];
	cs_err e = {0};
	cs_tsskey k;

	ok(cs_tsskey_parse(cs_span_of(big, sizeof(big)), &k, &e) ==
	    CS_EFORMAT && e.detail == CS_R_TOO_LARGE, "too large");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		test_golden(&all[i]);
	test_types();
	test_members();
	test_parents();
	test_description();
	test_areas();
	test_behind();
	test_pem();
	test_no_pem();
	test_too_large();
	return done_testing();
}
