/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "fmt/cms.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

static bool
same_octets(const ASN1_OCTET_STRING *a, cs_span b)
{
	return a != NULL && cs_span_eq(cs_span_of(ASN1_STRING_get0_data(a),
	    (size_t)ASN1_STRING_length(a)), b);
}

static bool
same_alg(const X509_ALGOR *a, cs_span want)
{
	unsigned char *p = NULL;
	int n = i2d_X509_ALGOR(a, &p);
	bool same = n > 0 && cs_span_eq(cs_span_of(p, (size_t)n), want);

	OPENSSL_free(p);
	return same;
}

/* Does OpenSSL find the same content, digest and signature? */
static bool
same_parts(CMS_ContentInfo *cms, const cs_cms *c)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);
	X509_ALGOR *digest = NULL, *alg = NULL;
	STACK_OF(X509_CRL) *crls = CMS_get1_crls(cms);
	bool no_crls = sk_X509_CRL_num(crls) <= 0;
	CMS_SignerInfo *si;

	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	if (sk_CMS_SignerInfo_num(signers) != 1 || content == NULL)
		return false;
	si = sk_CMS_SignerInfo_value(signers, 0);
	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &alg);
	return no_crls && same_octets(*content, c->tbs) &&
	    same_octets(CMS_SignerInfo_get0_signature(si), c->sig) &&
	    same_alg(digest, c->digest_alg) && same_alg(alg, c->sig_alg) &&
	    CMS_unsigned_get_attr_count(si) <= 0 &&
	    same_octets(CMS_signed_get0_data_by_OBJ(si,
	    OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING),
	    c->message_digest);
}

/* The signed attributes read alone, as an explicit SET OF, are DER. */
static bool
signed_bytes_walk(const cs_cms *c)
{
	cs_buf *b = cs_buf_new(c->signed_attrs.n);
	bool fine = cs_cms_signed_bytes(c, b, NULL) == CS_OK &&
	    cs_buf_len(b) == c->signed_attrs.n &&
	    cs_der_walk(cs_buf_span(b), 0, NULL) == CS_OK;

	cs_buf_free(&b);
	return fine;
}

/* What OpenSSL cannot read is passed over: a certificate that is none is no
 * matter, the key never comes from there. */
static enum vec_answer
probe(cs_span in)
{
	const unsigned char *p = in.p;
	CMS_ContentInfo *cms;
	cs_err e = {0};
	bool same;
	cs_cms c;

	if (cs_cms_parse(in, 0, &c, &e) != CS_OK)
		return e.cls == CS_EFORMAT && e.detail != CS_R_NONE &&
		    e.text[0] != '\0' ? VEC_REFUSED : VEC_BROKEN;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)in.n);
	ERR_clear_error();
	same = cms == NULL || (p == in.p + in.n && same_parts(cms, &c));
	CMS_ContentInfo_free(cms);
	return same && signed_bytes_walk(&c) ? VEC_ACCEPTED : VEC_BROKEN;
}

static X509 *
first_certificate(cs_span in)
{
	const unsigned char *p = in.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)in.n);
	STACK_OF(X509) *certs = CMS_get1_certs(cms);
	X509 *x = sk_X509_num(certs) > 0 ? sk_X509_shift(certs) : NULL;

	sk_X509_pop_free(certs, X509_free);
	CMS_ContentInfo_free(cms);
	return x;
}

static const EVP_MD *
md_of(const cs_cms *c)
{
	const unsigned char *p = c->digest_alg.p;
	X509_ALGOR *a = d2i_X509_ALGOR(NULL, &p, (long)c->digest_alg.n);
	const EVP_MD *md = EVP_get_digestbyobj(a->algorithm);

	X509_ALGOR_free(a);
	return md;
}

/* The signature is over cs_cms_signed_bytes(), and the digest over the TBS. */
static bool
verifies(const cs_cms *c, EVP_PKEY *key, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cs_buf *b = cs_buf_new(4096);
	unsigned char md[EVP_MAX_MD_SIZE];
	EVP_PKEY_CTX *pctx = NULL;
	unsigned int n = 0;
	bool fine;

	fine = cs_cms_signed_bytes(c, b, NULL) == CS_OK &&
	    EVP_DigestVerifyInit(ctx, &pctx, md_of(c), NULL, key) == 1 &&
	    (!pss || EVP_PKEY_CTX_set_rsa_padding(pctx,
	    RSA_PKCS1_PSS_PADDING) == 1) &&
	    EVP_DigestVerify(ctx, c->sig.p, c->sig.n, cs_buf_span(b).p,
	    cs_buf_len(b)) == 1 &&
	    EVP_Digest(c->tbs.p, c->tbs.n, md, &n, md_of(c), NULL) == 1 &&
	    cs_span_eq(c->message_digest, cs_span_of(md, n));
	EVP_MD_CTX_free(ctx);
	cs_buf_free(&b);
	return fine;
}

static X509 *
certificate_for(const char *name)
{
	static const char *const from[] = {"p256", "p384", "rsa2048"};
	char file[32];
	size_t i;

	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if (strstr(name, from[i]) != NULL) {
			(void)snprintf(file, sizeof(file), "openssl-%s",
			    from[i]);
			return first_certificate(vec_find(vectors, n_vectors,
			    file));
		}
	return NULL;
}

static void
test_good(const struct vec *v, cs_span tbs)
{
	X509 *x = certificate_for(v->name);
	cs_err e = {0};
	cs_cms c;

	if (!ok(cs_cms_parse(cs_buf_span(v->der), 0, &c, &e) == CS_OK, "%s",
	    v->name)) {
		printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
		X509_free(x);
		return;
	}
	ok(probe(cs_buf_span(v->der)) == VEC_ACCEPTED, "%s: oracle", v->name);
	ok(cs_span_eq(c.tbs, tbs), "%s: the TBS", v->name);
	ok(x != NULL && verifies(&c, X509_get0_pubkey(x),
	    strstr(v->name, "pss") != NULL), "%s: verifies", v->name);
	ok(cs_cms_check_protection(&c, &e) == CS_OK, "%s: protection",
	    v->name);
	ok((c.signing_cert.p != NULL) == (strstr(v->name, "cades") != NULL),
	    "%s: signing certificate", v->name);
	X509_free(x);
}

static void
test_vectors(cs_span tbs)
{
	cs_err e;
	cs_cms c;
	size_t i, bad = 0;
	int r, want;

	for (i = 0; i < n_vectors; i++) {
		want = vec_reason(vectors[i].name);
		if (want == CS_R_NONE) {
			test_good(&vectors[i], tbs);
			continue;
		}
		bad++;
		e = (cs_err){0};
		r = cs_cms_parse(cs_buf_span(vectors[i].der), 0, &c, &e);
		if (r == CS_OK)
			r = cs_cms_check_protection(&c, &e);
		if (!ok(r == CS_EFORMAT && e.detail == want, "%s",
		    vectors[i].name))
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	}
	ok(n_vectors - bad >= 17 && bad >= 65, "%zu good, %zu bad vectors",
	    n_vectors - bad, bad);
}

static void
test_sweeps(void)
{
	cs_span s;
	size_t i;

	for (i = 0; i < n_vectors; i++) {
		if (vec_reason(vectors[i].name) != CS_R_NONE)
			continue;
		s = cs_buf_span(vectors[i].der);
		ok(vec_prefixes(s, probe) == 0, "%s: prefixes",
		    vectors[i].name);
		ok(vec_trailing(s, probe) == 0, "%s: trailing",
		    vectors[i].name);
		if (s.n > 820) /* certificates, which are passed over */
			continue;
		ok(vec_flips(s, probe) == 0, "%s: flips", vectors[i].name);
		ok(vec_trees(s, probe) == 0, "%s: elements", vectors[i].name);
	}
}

/* A message of ours, with other parts than the vectors have. */
static cs_buf *
written(int64_t time, cs_span tbs, cs_span digest)
{
	static const uint8_t sha384[] = {0x30, 0x0b, 0x06, 0x09, 0x60, 0x86,
	    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
	static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x04, 0x03, 0x03};
	static const uint8_t hash[32] = {1, 2, 3};
	cs_buf *attrs = cs_buf_new(512), *out = cs_buf_new(tbs.n + 1024);
	cs_cms_new n = {.tbs = tbs, .key_hash = cs_span_of(hash, 32),
	    .digest_alg = cs_span_of(sha384, sizeof(sha384)),
	    .sig_alg = cs_span_of(ecdsa, sizeof(ecdsa)),
	    .sig = cs_span_str("a signature")};
	cs_err e = {0};

	if (!ok(cs_cms_put_attrs(digest, time, NULL, attrs, &e) == CS_OK,
	    "attributes"))
		printf("# %s\n", e.text);
	n.attrs = cs_buf_span(attrs);
	ok(cs_cms_put(&n, out, &e) == CS_OK, "message");
	cs_buf_free(&attrs);
	return out;
}

static void
test_put(int64_t time, unsigned tag, cs_span tbs)
{
	uint8_t digest[48];
	cs_buf *b, *attrs = cs_buf_new(512), *back = cs_buf_new(512);
	const unsigned char *p;
	unsigned char *q = NULL;
	CMS_ContentInfo *cms;
	cs_cms c;
	int n;

	memset(digest, 7, sizeof(digest));
	b = written(time, tbs, cs_span_of(digest, sizeof(digest)));
	ok(probe(cs_buf_span(b)) == VEC_ACCEPTED, "ours is read, %02x", tag);
	ok(cs_cms_parse(cs_buf_span(b), 0, &c, NULL) == CS_OK &&
	    cs_span_eq(c.tbs, tbs) && cs_span_is(c.sig, "a signature") &&
	    cs_span_eq(c.message_digest, cs_span_of(digest, 48)),
	    "as it was written");
	ok(cs_cms_signed_bytes(&c, back, NULL) == CS_OK &&
	    cs_cms_put_attrs(c.message_digest, time, NULL, attrs,
	    NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(back), cs_buf_span(attrs)),
	    "the bytes to sign are the bytes that were signed");
	ok(memchr(cs_buf_span(attrs).p, (int)tag, cs_buf_len(attrs)) != NULL,
	    "the form of the time");
	p = cs_buf_span(b).p;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)cs_buf_len(b));
	n = i2d_CMS_ContentInfo(cms, &q);
	ok(n > 0 && cs_span_eq(cs_span_of(q, (size_t)n), cs_buf_span(b)),
	    "OpenSSL writes the same bytes");
	OPENSSL_free(q);
	CMS_ContentInfo_free(cms);
	cs_buf_free(&attrs);
	cs_buf_free(&back);
	cs_buf_free(&b);
}

/* Empty messages, and the depth that is left to one inside another. */
static void
test_edges(void)
{
	cs_span good = vec_find(vectors, n_vectors, "openssl-p256-small");
	cs_err e = {0};
	cs_cms c;
	cs_cms_new none = {.tbs = {0}};
	cs_buf *b = cs_buf_new(64);

	ok(cs_cms_parse((cs_span){0}, 0, &c, &e) == CS_EFORMAT, "absent");
	ok(cs_cms_parse(cs_span_of("", 0), 0, &c, &e) == CS_EFORMAT, "empty");
	/* ContentInfo, [0], SignedData, SET, SignerInfo, [0], Attribute, SET,
	 * value */
	ok(cs_cms_parse(good, CS_DER_DEPTH - 9, &c, &e) == CS_OK,
	    "nine levels at depth 23");
	ok(cs_cms_parse(good, CS_DER_DEPTH - 8, &c, &e) == CS_EFORMAT &&
	    e.detail == CS_R_NOT_DER, "and at depth 24");
	ok(cs_cms_put(&none, b, &e) == CS_EFORMAT, "nothing to write");
	cs_buf_free(&b);
}

int
main(void)
{
	static struct vec tbs[VEC_FILES_MAX];
	size_t n_tbs = vec_load("tbs", tbs);
	cs_span request = vec_find(tbs, n_tbs, "request");

	if (!vec_has_arc())
		return 0;
	n_vectors = vec_load("cms", vectors);
	if (!ok(request.p != NULL && n_vectors != 0, "vectors"))
		return done_testing();
	test_vectors(request);
	test_put(INT64_C(2524607999), CS_DER_UTCTIME, request);
	test_put(INT64_C(2524608000), CS_DER_GENTIME, request);
	test_edges();
	test_sweeps();
	vec_free(vectors, n_vectors);
	vec_free(tbs, n_tbs);
	return done_testing();
}
