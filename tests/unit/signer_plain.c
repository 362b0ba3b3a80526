/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypt/cmscert.h"
#include "crypt/privkey.h"
#include "crypt/pubkey.h"
#include "fmt/pss.h"
#include "fmt/reason.h"
#include "signer/plain.h"
#include "tests/unit/tap.h"

/* What plain keys sign: OpenSSL's CMS is the judge of ours, and ours of what
 * OpenSSL's makes of the same TBS. */

#define NOW 1790000000

struct owner {
	cs_privkey *key;
	bool pss;
	cs_buf *spki, *tbs;
	cs_span certs;
	cs_spki pub;
	uint8_t hash[CS_SHA256_LEN];
};

static bool
put_tbs(struct owner *o, const uint8_t hash[CS_SHA256_LEN])
{
	static const uint8_t id[16] = {1}, digest[32] = {2};
	static cs_tbs t;
	cs_err e = {0};

	t.approval_id = cs_span_of(id, sizeof(id));
	t.decision = CS_APPROVE;
	t.owner = cs_span_str("mailto:alice@corp.example");
	t.owner_key_hash = cs_span_of(hash, CS_SHA256_LEN);
	t.authority = cs_span_str("https://corp.example");
	t.not_before = NOW - 300;
	t.not_after = NOW + 900;
	t.n_subjects = 1;
	t.subjects[0].kind = CS_SUBJECT_REQUEST;
	t.subjects[0].agent_id = cs_span_str("wimse://corp.example/agent/a");
	t.subjects[0].agent_key_hash = cs_span_of(digest, 32);
	t.subjects[0].request_digest = cs_span_of(digest, 32);
	t.max_lifetime = 3600;
	t.max_issuances = 1;
	cs_buf_reset(o->tbs);
	return cs_tbs_put(&t, o->tbs, &e) == CS_OK;
}

/* RSA keys are lent again: under valgrind each takes half a minute. */
static struct {
	cs_privkey *key;
	bool lent;
} kept[2];

static bool
key_new(const char *kind, cs_privkey **key, cs_err *e)
{
	size_t i;

	for (i = 0; strcmp(kind, "rsa2048") == 0 && i < 2; i++) {
		if (kept[i].lent)
			continue;
		if (kept[i].key == NULL &&
		    cs_privkey_generate(kind, &kept[i].key, e) != CS_OK)
			return false;
		*key = kept[i].key;
		return kept[i].lent = true;
	}
	return cs_privkey_generate(kind, key, e) == CS_OK;
}

static void
key_free(cs_privkey **key)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (*key != NULL && *key == kept[i].key) {
			kept[i].lent = false;
			*key = NULL;
		}
	cs_privkey_free(key);
}

static bool
owner_new(struct owner *o, const char *kind)
{
	cs_err e = {0};

	memset(o, 0, sizeof(*o));
	o->pss = strcmp(kind, "rsa2048-pss") == 0;
	if (o->pss)
		kind = "rsa2048";
	o->spki = cs_buf_new(1024);
	o->tbs = cs_buf_new(CS_TBS_MAX);
	return key_new(kind, &o->key, &e) &&
	    cs_privkey_spki(o->key, o->spki, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(o->spki), &o->pub, &e) == CS_OK &&
	    cs_key_hash(&o->pub, o->hash, &e) == CS_OK && put_tbs(o, o->hash);
}

static void
owner_free(struct owner *o)
{
	key_free(&o->key);
	cs_buf_free(&o->spki);
	cs_buf_free(&o->tbs);
}

static int
honest(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	return cs_privkey_sign(((struct owner *)arg)->key, alg, bytes, sig, e);
}

static int
plain_sign(struct owner *o, cs_raw_sign *how, void *arg, cs_buf *out,
    cs_err *e)
{
	const cs_to_sign what = {.tbs = cs_buf_span(o->tbs),
	    .now = NOW, .certs = o->certs};
	const cs_plain p = {.what = &what,
	    .spki = cs_buf_span(o->spki),
	    .pss = o->pss,
	    .sign = how,
	    .arg = arg};

	cs_err_clear(e);
	return cs_plain_sign(&p, out, e);
}

/* Verifies one parsed approval as a verifier would, without policy. */
static bool
verifies(const struct owner *o, const cs_approval *a)
{
	cs_buf *bytes = cs_buf_new(a->der.n);
	uint8_t digest[CS_HASH_MAX];
	cs_pubkey *k = NULL;
	cs_alg alg;
	cs_err e = {0};
	bool good;

	good = cs_alg_match(o->pub.kind, CS_USE_CMS, a->cms.sig_alg,
	    a->cms.digest_alg, &alg, &e) == CS_OK &&
	    cs_hash(alg.hash, a->cms.tbs, digest, &e) == CS_OK &&
	    cs_span_eq(a->cms.message_digest,
	    cs_span_of(digest, cs_hash_len(alg.hash))) &&
	    cs_cms_signed_bytes(&a->cms, bytes, &e) == CS_OK &&
	    cs_pubkey_new(&o->pub, &k, &e) == CS_OK &&
	    cs_pubkey_verify(k, &alg, cs_buf_span(bytes), a->cms.sig, &e) ==
	    CS_OK;
	cs_pubkey_free(&k);
	cs_buf_free(&bytes);
	return good;
}

static X509 *
certificate(const struct owner *o)
{
	cs_buf *der = cs_buf_new(4096);
	const uint8_t *p = NULL;
	X509 *x = NULL;
	cs_err e = {0};

	if (cs_cms_cert(&o->pub, NOW, der, &e) == CS_OK) {
		p = cs_buf_span(der).p;
		x = d2i_X509(NULL, &p, (long)cs_buf_len(der));
		if (p != cs_buf_span(der).p + cs_buf_len(der)) {
			X509_free(x);
			x = NULL;
		}
	}
	cs_buf_free(&der);
	return x;
}

/* openssl cms -verify -binary -noverify -certfile */
static bool
openssl_verifies(const struct owner *o, cs_span content_info)
{
	const uint8_t *p = content_info.p;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p,
	    (long)content_info.n);
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *out = BIO_new(BIO_s_mem());
	X509 *x = certificate(o);
	char *data = NULL;
	long n;
	bool good;

	good = ci != NULL && x != NULL && sk_X509_push(certs, x) == 1 &&
	    CMS_verify(ci, certs, NULL, NULL, out,
	    CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	n = BIO_get_mem_data(out, &data);
	good = good && cs_span_eq(cs_span_of(data, (size_t)n),
	    cs_buf_span(o->tbs));
	sk_X509_free(certs);
	X509_free(x);
	BIO_free(out);
	CMS_ContentInfo_free(ci);
	return good;
}

static void
test_certificate(const struct owner *o, const char *kind)
{
	X509 *x = certificate(o);
	const ASN1_OCTET_STRING *id;
	uint8_t *der = NULL;
	int n;

	id = x == NULL ? NULL : X509_get0_subject_key_id(x);
	ok(id != NULL && cs_span_eq(cs_span_of(ASN1_STRING_get0_data(id),
	    (size_t)ASN1_STRING_length(id)), cs_span_of(o->hash, 32)),
	    "%s: the certificate's key identifier is the key hash", kind);
	n = x == NULL ? -1 : i2d_PUBKEY(X509_get0_pubkey(x), &der);
	ok(n > 0 && cs_span_eq(cs_span_of(der, (size_t)n),
	    cs_buf_span(o->spki)), "%s: it holds the key", kind);
	ok(x != NULL && X509_get_version(x) == X509_VERSION_3 &&
	    X509_check_ca(x) == 0 && X509_self_signed(x, 0) == 0 &&
	    (X509_get_extension_flags(x) & EXFLAG_INVALID) == 0,
	    "%s: it is version 3, no CA, not signed by the key", kind);
	OPENSSL_free(der);
	X509_free(x);
}

static void
test_approval(const char *kind)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	cs_approval *a = NULL;
	struct owner o, other;
	cs_err e = {0};

	if (!ok(owner_new(&o, kind) && owner_new(&other, kind), "%s keys",
	    kind))
		return;
	ok(plain_sign(&o, honest, &o, out, &e) == CS_OK, "%s signs %s", kind,
	    e.text);
	ok(cs_approval_parse(cs_buf_span(out), 0, &a, &e) == CS_OK,
	    "%s: the approval parses %s", kind, e.text);
	ok(a != NULL && cs_span_eq(a->cms.tbs, cs_buf_span(o.tbs)),
	    "%s: it carries the TBS", kind);
	ok(a != NULL && verifies(&o, a) && !verifies(&other, a),
	    "%s: it verifies, by that key alone", kind);
	ok(a != NULL && cs_pss_is(a->cms.sig_alg) == o.pss,
	    "%s: it is PSS or not", kind);
	/* OpenSSL 3.0's CMS has no Ed25519 (tests/regress/ed25519.sh). */
	if (o.pub.kind != CS_KEY_ED25519) {
		ok(a != NULL && openssl_verifies(&o, a->value),
		    "%s: OpenSSL's CMS finds the signer and verifies", kind);
		ok(a != NULL && !openssl_verifies(&other, a->value),
		    "%s: not with another key's certificate", kind);
	}
	test_certificate(&o, kind);
	cs_approval_free(&a);
	cs_buf_free(&out);
	owner_free(&o);
	owner_free(&other);
}

/* A certificate of each, of a CA that nobody knows. */
static cs_buf *
certificates(const struct owner *a, const struct owner *b, size_t *first)
{
	cs_buf *out = cs_buf_new(8192);
	cs_err e = {0};
	bool good = cs_cms_cert(&a->pub, NOW, out, &e) == CS_OK;

	*first = cs_buf_len(out);
	if (!good || (b != NULL && cs_cms_cert(&b->pub, NOW, out, &e) !=
	    CS_OK))
		cs_buf_free(&out);
	return out;
}

/* openssl cms -verify -cades, with the certificates that came along alone */
static bool
openssl_finds(cs_span content_info)
{
	const uint8_t *p = content_info.p;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p,
	    (long)content_info.n);
	X509_STORE *none = X509_STORE_new();
	bool good;

	good = ci != NULL && CMS_verify(ci, NULL, none, NULL, NULL,
	    CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	X509_STORE_free(none);
	CMS_ContentInfo_free(ci);
	return good;
}

static void
check_certified(const struct owner *o, const char *kind, cs_span own,
    cs_span approval)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_approval *a = NULL;
	cs_signing_cert c = {.alg = {0}};
	cs_err e = {0};

	ok(cs_approval_parse(approval, 0, &a, &e) == CS_OK && verifies(o, a) &&
	    a->cms.certs.n == o->certs.n, "%s: it brings all of them %s", kind,
	    e.text);
	ok(a != NULL && cs_signing_cert_parse(a->cms.signing_cert, &c, &e) ==
	    CS_OK && cs_sha256(own, hash, &e) == CS_OK &&
	    cs_span_eq(c.hash, cs_span_of(hash, sizeof(hash))) &&
	    c.alg.p == NULL && c.issuer.p != NULL,
	    "%s: and says which is its own %s", kind, e.text);
	if (o->pub.kind != CS_KEY_ED25519)
		ok(a != NULL && openssl_finds(a->value),
		    "%s: OpenSSL's CMS needs no other", kind);
	cs_approval_free(&a);
}

static void
test_certified(const char *kind)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX), *mine, *others, *both;
	struct owner o, other;
	size_t n = 0, m = 0;
	cs_err e = {0};

	if (!ok(owner_new(&o, kind) && owner_new(&other, kind), "%s keys",
	    kind))
		return;
	mine = certificates(&o, &other, &n);
	others = certificates(&other, NULL, &m);
	o.certs = cs_buf_span(mine);
	ok(plain_sign(&o, honest, &o, out, &e) == CS_OK,
	    "%s signs with certificates %s", kind, e.text);
	check_certified(&o, kind, cs_span_cut(o.certs, 0, n),
	    cs_buf_span(out));
	cs_buf_reset(out);
	o.certs = cs_buf_span(others);
	ok(plain_sign(&o, honest, &o, out, &e) == CS_EREFUSED && e.detail ==
	    CS_R_UNKNOWN_OWNER_KEY && cs_buf_len(out) == 0,
	    "%s: not with another's alone: %s", kind, e.text);
	both = certificates(&o, &o, &m);
	o.certs = cs_buf_span(both);
	ok(plain_sign(&o, honest, &o, out, &e) == CS_EREFUSED && e.detail ==
	    CS_R_PATH_INVALID && cs_buf_len(out) == 0,
	    "%s: nor with two: %s", kind, e.text);
	o.certs = cs_span_cut(cs_buf_span(mine), 0, n - 1);
	ok(plain_sign(&o, honest, &o, out, &e) == CS_EREFUSED &&
	    cs_buf_len(out) == 0, "%s: nor with a piece of one: %s", kind,
	    e.text);
	cs_buf_free(&mine);
	cs_buf_free(&others);
	cs_buf_free(&both);
	cs_buf_free(&out);
	owner_free(&o);
	owner_free(&other);
}

static EVP_PKEY *
openssl_key(const struct owner *o)
{
	cs_buf *pem = NULL;
	EVP_PKEY *k = NULL;
	BIO *b = NULL;
	cs_err e = {0};

	if (cs_privkey_write(o->key, &pem, &e) == CS_OK &&
	    (b = BIO_new_mem_buf(cs_buf_span(pem).p, (int)cs_buf_len(pem))) !=
	    NULL)
		k = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	BIO_free(b);
	cs_buf_free(&pem);
	return k;
}

/* openssl cms -sign -binary -nodetach -econtent_type */
static cs_buf *
openssl_signs(const struct owner *o, const EVP_MD *md, unsigned flags,
    int salt)
{
	EVP_PKEY_CTX *pc;
	CMS_SignerInfo *si = NULL;
	const cs_span tbs = cs_buf_span(o->tbs);
	ASN1_OBJECT *type = OBJ_txt2obj(CS_OID_ARC ".1.1", 1);
	BIO *in = BIO_new_mem_buf(tbs.p, (int)tbs.n);
	EVP_PKEY *k = openssl_key(o);
	X509 *x = certificate(o);
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	CMS_ContentInfo *ci;
	uint8_t *der = NULL;
	cs_err e = {0};
	int n = -1;

	flags |= CMS_BINARY | CMS_KEY_PARAM;
	ci = CMS_sign(NULL, NULL, NULL, in, flags | CMS_PARTIAL);
	if (ci != NULL && CMS_set1_eContentType(ci, type) == 1 &&
	    (si = CMS_add1_signer(ci, x, k, md, flags)) != NULL &&
	    (pc = CMS_SignerInfo_get0_pkey_ctx(si)) != NULL && (!o->pss ||
	    (EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, salt) == 1)) &&
	    CMS_final(ci, in, NULL, flags) == 1)
		n = i2d_CMS_ContentInfo(ci, &der);
	if (n <= 0 || cs_approval_put_cms(cs_span_of(der, (size_t)n), out,
	    &e) != CS_OK)
		cs_buf_free(&out);
	OPENSSL_free(der);
	CMS_ContentInfo_free(ci);
	ASN1_OBJECT_free(type);
	BIO_free(in);
	EVP_PKEY_free(k);
	X509_free(x);
	return out;
}

static void
test_foreign(const char *kind, const EVP_MD *md, unsigned flags, int salt)
{
	cs_approval *a = NULL;
	cs_buf *in;
	struct owner o;
	cs_err e = {0};

	if (!ok(owner_new(&o, kind), "%s key", kind))
		return;
	in = openssl_signs(&o, md, flags, salt);
	ok(in != NULL && cs_approval_parse(cs_buf_span(in), 0, &a, &e) ==
	    CS_OK && verifies(&o, a) == (salt == 0 ||
	    salt >= EVP_MD_get_size(md)), "%s: OpenSSL's CMS with %s, flags "
	    "%#x, salt %d %s", kind, EVP_MD_get0_name(md), flags, salt,
	    e.text);
	cs_approval_free(&a);
	cs_buf_free(&in);
	owner_free(&o);
}

/* Keys that lie, or are hit by a fault. */
struct liar {
	struct owner *o;
	enum { FLIP, SHORT, NOTHING, OTHER_BYTES, GIVE_UP } how;
};

static int
lie(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	struct liar *l = arg;
	uint8_t *end;
	int rc;

	if (l->how == NOTHING)
		return CS_OK;
	if (l->how == GIVE_UP)
		return cs_fail(e, CS_EAUTH, "test", "the PIN is wrong");
	if (l->how == OTHER_BYTES)
		bytes.n--;
	if ((rc = cs_privkey_sign(l->o->key, alg, bytes, sig, e)) != CS_OK)
		return rc;
	end = cs_buf_tail(sig);
	if (l->how == FLIP)
		end[-1] ^= 1;
	if (l->how == SHORT)
		cs_buf_truncate(sig, cs_buf_len(sig) - 1);
	return CS_OK;
}

static void
test_liars(const char *kind)
{
	static const char *const names[] = {"a flipped bit", "a byte short",
	    "nothing", "other bytes", "no PIN"};
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	struct owner o, other;
	struct liar l = {.o = &o};
	unsigned i;
	cs_err e = {0};

	if (!ok(owner_new(&o, kind) && owner_new(&other, kind), "%s keys",
	    kind))
		return;
	for (i = FLIP; i <= GIVE_UP; i++) {
		l.how = i;
		ok(plain_sign(&o, lie, &l, out, &e) == (i == GIVE_UP ?
		    CS_EAUTH : CS_EDEVICE) && cs_buf_len(out) == 0,
		    "%s: %s gives no approval: %s", kind, names[i], e.text);
	}
	ok(plain_sign(&o, honest, &other, out, &e) == CS_EDEVICE &&
	    cs_buf_len(out) == 0, "%s: another key's signature", kind);
	ok(put_tbs(&o, other.hash) && plain_sign(&o, honest, &o, out, &e) ==
	    CS_EDEVICE && cs_buf_len(out) == 0,
	    "%s: an approval that names another key: %s", kind, e.text);
	cs_buf_reset(o.tbs);
	(void)!cs_buf_put_str(o.tbs, "0");
	ok(plain_sign(&o, honest, &o, out, &e) == CS_EFORMAT &&
	    cs_buf_len(out) == 0, "%s: what is no approval at all", kind);
	cs_buf_free(&out);
	owner_free(&o);
	owner_free(&other);
}

static void
test_unsupported(void)
{
	static const char *const kinds[] = {"p384", "ed25519", "p256"};
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	struct owner o;
	cs_err e = {0};
	size_t i;

	for (i = 0; i < 3; i++) {
		if (i > 0)
			owner_free(&o);
		ok(owner_new(&o, kinds[i]), "%s key", kinds[i]);
		o.pss = true;
		ok(plain_sign(&o, honest, &o, out, &e) == CS_EUSAGE &&
		    cs_buf_len(out) == 0, "%s: no PSS: %s", kinds[i], e.text);
	}
	o.pss = false;
	cs_buf_free(&out);
	out = cs_buf_new(100);
	ok(plain_sign(&o, honest, &o, out, &e) == CS_EBUG,
	    "no room for the approval");
	cs_buf_free(&out);
	owner_free(&o);
}

int
main(void)
{
	test_approval("p256");
	test_approval("p384");
	test_approval("rsa2048");
	test_approval("rsa2048-pss");
	test_approval("ed25519");
	test_certified("p256");
	test_certified("rsa2048");
	test_certified("rsa2048-pss");
	test_certified("ed25519");
	test_foreign("p256", EVP_sha256(), CMS_NOCERTS, 0);
	test_foreign("p256", EVP_sha512(), CMS_USE_KEYID | CMS_NOCERTS, 0);
	test_foreign("p384", EVP_sha256(), 0, 0);
	test_foreign("p384", EVP_sha384(), CMS_NOSMIMECAP, 0);
	test_foreign("rsa2048", EVP_sha256(), CMS_NOCERTS, 0);
	test_foreign("rsa2048", EVP_sha384(), CMS_USE_KEYID, 0);
	test_foreign("rsa2048-pss", EVP_sha256(), CMS_NOCERTS, 32);
	test_foreign("rsa2048-pss", EVP_sha384(), CMS_USE_KEYID, 48);
	test_foreign("rsa2048-pss", EVP_sha512(), 0, 100);
	test_foreign("rsa2048-pss", EVP_sha256(), 0, 31);
	test_foreign("rsa2048-pss", EVP_sha512(), 0, 32);
	test_liars("p256");
	test_liars("rsa2048");
	test_liars("rsa2048-pss");
	test_liars("ed25519");
	test_unsupported();
	cs_privkey_free(&kept[0].key);
	cs_privkey_free(&kept[1].key);
	return done_testing();
}
