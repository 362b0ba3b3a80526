/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/approval.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

static struct vec messages[VEC_FILES_MAX], contents[VEC_FILES_MAX];
static struct vec blobs[VEC_FILES_MAX];
static size_t n_messages, n_contents, n_blobs;

/* The TBS within is written back as the same bytes. */
static bool
holds(const cs_approval *a)
{
	cs_buf *out = cs_buf_new(CS_TBS_MAX);
	bool same = cs_tbs_put(&a->tbs, out, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), a->tbs.der);

	cs_buf_free(&out);
	return same && (a->carrier == CS_CARRIER_CMS ?
	    cs_span_eq(a->tbs.der, a->cms.tbs) : a->cms.sig.p == NULL);
}

static enum vec_answer
probe(cs_span in)
{
	cs_approval *a = NULL;
	enum vec_answer answer;
	cs_err e = {0};

	if (cs_approval_parse(in, 0, &a, &e) != CS_OK)
		return a == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	answer = cs_span_eq(a->der, in) && holds(a) ? VEC_ACCEPTED : VEC_BROKEN;
	cs_approval_free(&a);
	return answer;
}

/* What its own bytes are refused for, before any key is known. */
static int
reason_of(cs_span in, unsigned depth)
{
	cs_approval *a = NULL;
	cs_err e = {0};
	int r = cs_approval_parse(in, depth, &a, &e);

	if (r == CS_OK && a->carrier == CS_CARRIER_CMS)
		r = cs_cms_check_protection(&a->cms, &e);
	cs_approval_free(&a);
	return r == CS_OK ? CS_R_NONE : e.detail;
}

static cs_buf *
around(cs_span content_info)
{
	cs_buf *b = cs_buf_new(content_info.n + 64);

	ok(cs_approval_put_cms(content_info, b, NULL) == CS_OK, "around");
	return b;
}

static void
test_messages(void)
{
	cs_buf *b;
	size_t i;

	for (i = 0; i < n_messages; i++) {
		b = around(cs_buf_span(messages[i].der));
		ok(reason_of(cs_buf_span(b), 0) ==
		    vec_reason(messages[i].name), "%s", messages[i].name);
		cs_buf_free(&b);
	}
}

/* A CMS message of ours over any content; the signature is none. */
static cs_buf *
carried(cs_span tbs)
{
	static const uint8_t sha256[] = {0x30, 0x0b, 0x06, 0x09, 0x60, 0x86,
	    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
	static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	static const uint8_t hash[32] = {0};
	cs_buf *attrs = cs_buf_new(512), *cms = cs_buf_new(tbs.n + 1024), *out;
	cs_cms_new n = {.tbs = tbs, .key_hash = cs_span_of(hash, 32),
	    .digest_alg = cs_span_of(sha256, sizeof(sha256)),
	    .sig_alg = cs_span_of(ecdsa, sizeof(ecdsa)),
	    .sig = cs_span_str("sig")};
	int r = cs_cms_put_attrs(cs_span_of(hash, 32), 1767225600, NULL,
	    attrs, NULL);

	n.attrs = cs_buf_span(attrs);
	ok(r == CS_OK && cs_cms_put(&n, cms, NULL) == CS_OK, "carried");
	out = around(cs_buf_span(cms));
	cs_buf_free(&attrs);
	cs_buf_free(&cms);
	return out;
}

/* Each TBS in its carrier is judged as it is alone. */
static void
test_contents(void)
{
	cs_buf *b;
	size_t i;

	for (i = 0; i < n_contents; i++) {
		b = carried(cs_buf_span(contents[i].der));
		ok(reason_of(cs_buf_span(b), 0) ==
		    vec_reason(contents[i].name), "%s", contents[i].name);
		cs_buf_free(&b);
	}
}

/* Seven levels down to the TBS, which has four of its own here. */
static void
test_depth(void)
{
	cs_buf *b = carried(vec_find(contents, n_contents, "extensions"));

	ok(reason_of(cs_buf_span(b), 6) == CS_R_NONE, "within a request");
	ok(reason_of(cs_buf_span(b), CS_DER_DEPTH - 11) == CS_R_NONE,
	    "eleven levels at depth 21");
	ok(reason_of(cs_buf_span(b), CS_DER_DEPTH - 10) == CS_R_NOT_DER,
	    "and at depth 22");
	cs_buf_free(&b);
}

/* A blob as ssh-keygen has written one. */
static cs_span
keygen_blob(void)
{
	cs_span value = vec_find(blobs, n_blobs, "keygen-ed25519"), tbs;
	cs_sshsig s;

	return cs_sshsig_read(value, &tbs, &s, NULL) == CS_OK ? s.blob :
	    (cs_span){0};
}

/* What is around a TBS in webauthn (3) and sshsig (1): octet strings, the first
 * of which are authenticator data and a blob. */
static cs_buf *
enclosed(enum cs_oid oid, cs_span tbs, size_t n)
{
	static const uint8_t auth[37] = {[32] = 0x05};
	cs_span first = oid == CS_OID_APPROVAL_WEBAUTHN ?
	    cs_span_of(auth, sizeof(auth)) : keygen_blob();
	cs_buf *b = cs_buf_new(tbs.n + 512);
	size_t top = cs_der_begin(b, CS_DER_SEQ), value;

	cs_der_put(b, CS_DER_OID, cs_oid(oid));
	value = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put(b, CS_DER_OCTETS, tbs);
	if (n > 0) {
		cs_der_put(b, CS_DER_OCTETS, first);
		n--;
	}
	for (; n > 0; n--)
		cs_der_put(b, CS_DER_OCTETS, cs_span_str("\x30\x80?"));
	cs_der_close(b, value);
	cs_der_close(b, top);
	return b;
}

static void
test_enclosed(enum cs_oid oid, enum cs_carrier carrier, size_t n)
{
	const char *name = cs_carrier_name(carrier);
	cs_span tbs = vec_find(contents, n_contents, "extensions");
	cs_buf *b = enclosed(oid, tbs, n);
	cs_approval *a = NULL;
	size_t i;

	ok(cs_approval_parse(cs_buf_span(b), 0, &a, NULL) == CS_OK &&
	    a->carrier == carrier && cs_span_eq(a->tbs.der, tbs) &&
	    a->webauthn.auth.verified == (n == 3) &&
	    (a->sshsig.blob.p != NULL) == (n == 1), "%s", name);
	cs_approval_free(&a);
	/* three levels down to the TBS, which has four of its own here */
	ok(reason_of(cs_buf_span(b), CS_DER_DEPTH - 7) == CS_R_NONE,
	    "%s: seven levels at depth 25", name);
	ok(reason_of(cs_buf_span(b), CS_DER_DEPTH - 6) == CS_R_NOT_DER,
	    "%s: and at depth 26", name);
	ok(vec_prefixes(cs_buf_span(b), probe) == 0, "%s: prefixes", name);
	ok(vec_trailing(cs_buf_span(b), probe) == 0, "%s: trailing", name);
	ok(vec_flips(cs_buf_span(b), probe) == 0, "%s: flips", name);
	ok(vec_trees(cs_buf_span(b), probe) == 0, "%s: elements", name);
	cs_buf_free(&b);
	for (i = 0; i < 6; i++) {
		b = enclosed(oid, tbs, i);
		ok((reason_of(cs_buf_span(b), 0) == CS_R_NONE) == (i == n),
		    "%s: with %zu", name, i);
		cs_buf_free(&b);
	}
	for (i = 0; i < n_contents; i++) {
		b = enclosed(oid, cs_buf_span(contents[i].der), n);
		ok(reason_of(cs_buf_span(b), 0) ==
		    vec_reason(contents[i].name), "%s: %s", name,
		    contents[i].name);
		cs_buf_free(&b);
	}
}

/* Every good value, through the writer and back; every other is refused for
 * the reason that its name has. */
static void
test_blobs(void)
{
	cs_buf *b;
	size_t i;

	for (i = 0; i < n_blobs; i++) {
		b = cs_buf_new(cs_buf_len(blobs[i].der) + 64);
		ok(cs_approval_put_sshsig(cs_buf_span(blobs[i].der), b,
		    NULL) == CS_OK && reason_of(cs_buf_span(b), 0) ==
		    vec_reason(blobs[i].name), "%s", blobs[i].name);
		cs_buf_free(&b);
	}
}

static void
type(enum cs_oid oid, const char *value, int reason, const char *what)
{
	cs_buf *b = cs_buf_new(256), *v = vec_hex(value);
	size_t m = cs_der_begin(b, CS_DER_SEQ);

	cs_der_put(b, CS_DER_OID, cs_oid(oid));
	cs_der_put_raw(b, cs_buf_span(v));
	cs_der_close(b, m);
	ok(reason_of(cs_buf_span(b), 0) == reason, "%s", what);
	cs_buf_free(&v);
	cs_buf_free(&b);
}

static void
test_types(void)
{
	type(CS_OID_APPROVAL_WEBAUTHN, "3000", CS_R_MALFORMED, "webauthn");
	type(CS_OID_APPROVAL_SSHSIG, "3000", CS_R_MALFORMED, "sshsig");
	type(CS_OID_APPROVAL_SSHSIG, "0500", CS_R_MALFORMED, "a null sshsig");
	type(CS_OID_APPROVAL_SSHSIG, "3004 0400 0400", CS_R_MALFORMED,
	    "an empty blob");
	type(CS_OID_SIGNED_DATA, "3000", CS_R_UNSUPPORTED, "no carrier");
	type(CS_OID_APPROVAL_CMS, "3000", CS_R_MALFORMED, "an empty cms");
	type(CS_OID_APPROVAL_CMS, "0500", CS_R_MALFORMED, "NULL");
	type(CS_OID_APPROVAL_CMS, "", CS_R_MALFORMED, "no value");
	type(CS_OID_APPROVAL_CMS, "3000 3000", CS_R_MALFORMED, "two values");
	type(CS_OID_APPROVAL_SSHSIG, "3000 0500", CS_R_MALFORMED,
	    "and of another type");
	ok(reason_of((cs_span){0}, 0) == CS_R_NOT_DER, "absent");
	ok(reason_of(cs_span_of("", 0), 0) == CS_R_NOT_DER, "empty");
	ok(strcmp(cs_carrier_name(CS_CARRIER_CMS), "cms") == 0 &&
	    strcmp(cs_carrier_name(CS_CARRIER_SSHSIG), "sshsig") == 0,
	    "names");
}

/* [0] with a certificate that is none, of `pad` octets. */
static void
put_filler(cs_buf *b, size_t pad)
{
	static const char filler[CS_APPROVAL_MAX];
	size_t set = cs_der_begin(b, CS_DER_CTXC(0));
	size_t cert = cs_der_begin(b, CS_DER_SEQ);

	cs_der_put(b, CS_DER_OCTETS, cs_span_of(filler, pad));
	cs_der_close(b, cert);
	cs_der_close(b, set);
}

/* A ContentInfo again, with that certificate behind its content. */
static void
put_fat(cs_buf *b, cs_span good, size_t pad)
{
	cs_span top = {0}, box = {0}, data = {0}, part = {0};
	size_t m[3], i;

	if (cs_der_get(&good, CS_DER_SEQ, &top, NULL) != CS_OK ||
	    cs_der_whole(&top, CS_DER_OID, &part, NULL) != CS_OK ||
	    cs_der_get(&top, CS_DER_CTXC(0), &box, NULL) != CS_OK ||
	    cs_der_get(&box, CS_DER_SEQ, &data, NULL) != CS_OK)
		abort();
	m[0] = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put_raw(b, part);
	m[1] = cs_der_begin(b, CS_DER_CTXC(0));
	m[2] = cs_der_begin(b, CS_DER_SEQ);
	for (i = 0; data.n != 0; i++) {
		if (i == 3)
			put_filler(b, pad);
		if (cs_der_any(&data, NULL, NULL, &part, NULL) != CS_OK)
			abort();
		cs_der_put_raw(b, part);
	}
	for (i = 3; i-- > 0;)
		cs_der_close(b, m[i]);
}

/* An approval of exactly `size` octets. */
static cs_buf *
sized(cs_span good, size_t size)
{
	cs_buf *b = cs_buf_new(2 * CS_APPROVAL_MAX), *out = NULL;
	size_t pad = size - good.n;

	do { /* until the framing's share is known */
		cs_buf_free(&out);
		cs_buf_reset(b);
		put_fat(b, good, pad);
		out = around(cs_buf_span(b));
		pad -= cs_buf_len(out) - size;
	} while (cs_buf_len(out) != size);
	cs_buf_free(&b);
	return out;
}

static void
test_sizes(void)
{
	cs_span good = vec_find(messages, n_messages, "openssl-p256-small");
	cs_buf *b = sized(good, CS_APPROVAL_MAX);

	ok(reason_of(cs_buf_span(b), 0) == CS_R_NONE, "24 KiB");
	cs_buf_free(&b);
	b = sized(good, CS_APPROVAL_MAX + 1);
	ok(reason_of(cs_buf_span(b), 0) == CS_R_TOO_LARGE, "and one octet");
	cs_buf_free(&b);
}

static void
test_sweeps(const char *name)
{
	cs_buf *b = around(vec_find(messages, n_messages, name));
	cs_span s = cs_buf_span(b);

	ok(probe(s) == VEC_ACCEPTED, "%s", name);
	ok(vec_prefixes(s, probe) == 0, "%s: prefixes", name);
	ok(vec_trailing(s, probe) == 0, "%s: trailing", name);
	ok(vec_flips(s, probe) == 0, "%s: flips", name);
	ok(vec_trees(s, probe) == 0, "%s: elements", name);
	cs_buf_free(&b);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	n_messages = vec_load("cms", messages);
	n_contents = vec_load("tbs", contents);
	n_blobs = vec_load("sshsig", blobs);
	if (!ok(n_messages != 0 && n_contents != 0 && n_blobs != 0, "vectors"))
		return done_testing();
	test_messages();
	test_contents();
	test_depth();
	test_types();
	test_enclosed(CS_OID_APPROVAL_WEBAUTHN, CS_CARRIER_WEBAUTHN, 3);
	test_enclosed(CS_OID_APPROVAL_SSHSIG, CS_CARRIER_SSHSIG, 1);
	test_blobs();
	test_sizes();
	test_sweeps("openssl-p256-small");
	test_sweeps("openssl-p256-cades");
	test_sweeps("openssl-rsa2048");
	vec_free(messages, n_messages);
	vec_free(contents, n_contents);
	vec_free(blobs, n_blobs);
	return done_testing();
}
