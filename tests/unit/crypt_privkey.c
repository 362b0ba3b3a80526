/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "crypt/privkey.h"
#include "crypt/pubkey.h"
#include "fmt/reason.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* Private keys that OpenSSL writes in each of its forms. */

enum form { PKCS8, PKCS8_ENC, OLD, OLD_ENC };

/* A person who answers, or not, and is counted. */
struct person {
	const char *word;
	int rc, asked, told;
	bool named;
};

static int
answer(void *arg, const struct cs_pin_ask *ask, cs_buf **pin, cs_err *e)
{
	struct person *p = arg;

	p->asked++;
	p->named = ask->what != NULL && strstr(ask->what, "passphrase") != NULL;
	if (p->rc != CS_OK)
		return cs_fail(e, p->rc, "test", "the person went away");
	*pin = cs_secret_new(64);
	if (*pin == NULL || cs_buf_put_str(*pin, p->word) != CS_OK)
		return cs_nomem(e, "test");
	return CS_OK;
}

static void
tell(void *arg, const char *text)
{
	struct person *p = arg;

	(void)text;
	p->told++;
}

static cs_ui
ui_of(struct person *p)
{
	return (cs_ui){.arg = p, .pin = answer, .notice = tell};
}

/* Appends the PEM that OpenSSL writes; takes nothing. */
static bool
put_pem(cs_buf *out, EVP_PKEY *k, enum form f, const char *word)
{
	const EVP_CIPHER *c = word == NULL ? NULL : EVP_aes_256_cbc();
	BIO *b = BIO_new(BIO_s_mem());
	char *w = word == NULL ? NULL : strdup(word), *p = NULL;
	const int n = w == NULL ? 0 : (int)strlen(w);
	long len;
	bool good;

	if (f == PKCS8 || f == PKCS8_ENC)
		good = PEM_write_bio_PKCS8PrivateKey(b, k, c, w, n, NULL,
		    NULL) == 1;
	else
		good = PEM_write_bio_PrivateKey_traditional(b, k, c,
		    (unsigned char *)w, n, NULL, NULL) == 1;
	len = BIO_get_mem_data(b, &p);
	good = good && cs_buf_put(out, cs_span_of(p, (size_t)len)) == CS_OK;
	BIO_free(b);
	free(w);
	return good;
}

static cs_buf *
pem_of(EVP_PKEY *k, enum form f, const char *word)
{
	cs_buf *b = cs_buf_new(CS_KEYFILE_MAX);

	if (k == NULL || b == NULL || !put_pem(b, k, f, word))
		cs_buf_free(&b);
	return b;
}

/* Does a key read from `pem` have OpenSSL's public key, and sign for it? */
static bool
reads_as(cs_span pem, const cs_ui *ui, EVP_PKEY *k, cs_err *e)
{
	static const char text[] = "text";
	cs_privkey *priv = NULL;
	cs_pubkey *pub = NULL;
	cs_buf *spki = cs_buf_new(1024), *sig = cs_buf_new(512);
	uint8_t *der = NULL;
	const int n = i2d_PUBKEY(k, &der);
	const cs_alg *a;
	cs_spki s;
	bool good;

	good = cs_privkey_read(pem, ui, "passphrase for test", &priv, e) ==
	    CS_OK && cs_privkey_spki(priv, spki, e) == CS_OK && n > 0 &&
	    cs_span_eq(cs_buf_span(spki), cs_span_of(der, (size_t)n)) &&
	    cs_spki_parse(cs_buf_span(spki), &s, e) == CS_OK &&
	    (a = cs_alg_for_key(s.kind, CS_USE_CMS)) != NULL &&
	    cs_privkey_sign(priv, a, cs_span_str(text), sig, e) == CS_OK &&
	    cs_pubkey_new(&s, &pub, e) == CS_OK &&
	    cs_pubkey_verify(pub, a, cs_span_str(text), cs_buf_span(sig), e) ==
	    CS_OK;
	OPENSSL_free(der);
	cs_privkey_free(&priv);
	cs_pubkey_free(&pub);
	cs_buf_free(&spki);
	cs_buf_free(&sig);
	return good;
}

static int
read_only(cs_span pem, const cs_ui *ui, cs_err *e)
{
	cs_privkey *k = NULL;
	int rc;

	cs_err_clear(e);
	rc = cs_privkey_read(pem, ui, "passphrase for test", &k, e);
	if (rc != CS_OK && (k != NULL || e->cls != rc))
		rc = 1;
	cs_privkey_free(&k);
	return rc;
}

static void
test_encrypted(EVP_PKEY *k, enum form f, const char *name)
{
	struct person p = {.word = "open sesame"};
	cs_ui ui = ui_of(&p);
	cs_buf *pem = pem_of(k, f, "open sesame");
	const cs_span s = cs_buf_span(pem);
	cs_err e = {0};

	ok(reads_as(s, &ui, k, &e) && p.asked == 1 && p.named,
	    "%s: the passphrase opens it, asked once", name);
	p = (struct person){.word = "open simsim"};
	ok(read_only(s, &ui, &e) == CS_EAUTH && p.asked == 1,
	    "%s: the wrong one does not, asked once", name);
	ok(strstr(e.text, "simsim") == NULL, "%s: nor is it told", name);
	p = (struct person){.word = ""};
	ok(read_only(s, &ui, &e) == CS_EAUTH, "%s: an empty one", name);
	p = (struct person){.rc = CS_ETIMEOUT};
	ok(read_only(s, &ui, &e) == CS_ETIMEOUT && p.asked == 1 &&
	    strcmp(e.text, "the person went away") == 0,
	    "%s: the person's absence is passed on", name);
	ok(read_only(s, NULL, &e) == CS_ENEEDED, "%s: nobody to ask", name);
	cs_buf_free(&pem);
}

/* Is the signature that `k` makes of `text` one of that, and of no more? */
static bool
signs(cs_privkey *k, const cs_spki *s, const char *text, cs_err *e)
{
	const cs_alg *a = cs_alg_for_key(s->kind, CS_USE_CMS);
	cs_buf *sig = cs_buf_new(512);
	cs_span bytes = cs_span_str(text), fewer = bytes;
	cs_pubkey *pub = NULL;
	bool good;

	fewer.n--;
	good = a != NULL && cs_privkey_sign(k, a, bytes, sig, e) == CS_OK &&
	    cs_pubkey_new(s, &pub, e) == CS_OK &&
	    cs_pubkey_verify(pub, a, bytes, cs_buf_span(sig), e) == CS_OK &&
	    cs_pubkey_verify(pub, a, fewer, cs_buf_span(sig), NULL) ==
	    CS_EREFUSED;
	cs_pubkey_free(&pub);
	cs_buf_free(&sig);
	return good;
}

static void
test_ready(EVP_PKEY *pkey, const char *name)
{
	static const char *const texts[] = {"one", "another", "a third"};
	cs_buf *pem = pem_of(pkey, PKCS8, NULL), *spki = cs_buf_new(1024);
	cs_privkey *k = NULL;
	cs_err e = {0};
	size_t i;
	cs_spki s;
	bool good;

	good = cs_privkey_read(cs_buf_span(pem), NULL, "", &k, &e) == CS_OK &&
	    cs_privkey_spki(k, spki, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(spki), &s, &e) == CS_OK &&
	    cs_privkey_ready(k, &e) == CS_OK &&
	    cs_privkey_ready(k, &e) == CS_OK;
	for (i = 0; good && i < sizeof(texts) / sizeof(texts[0]); i++)
		good = signs(k, &s, texts[i], &e);
	ok(good, "%s: ready, it signs one text after another", name);
	cs_privkey_free(&k);
	cs_buf_free(&spki);
	cs_buf_free(&pem);
}

static void
test_kind(EVP_PKEY *k, const char *name)
{
	const bool is_old = EVP_PKEY_is_a(k, "ED25519") == 0;
	struct person p = {.word = "x"};
	cs_ui ui = ui_of(&p);
	cs_buf *pkcs8 = pem_of(k, PKCS8, NULL), *old = NULL;
	cs_err e = {0};

	ok(reads_as(cs_buf_span(pkcs8), &ui, k, &e) && p.asked == 0,
	    "%s: PKCS#8", name);
	test_encrypted(k, PKCS8_ENC, name);
	test_ready(k, name);
	cs_buf_free(&pkcs8);
	if (!is_old) /* RFC 8410 has PKCS#8 alone */
		return;
	old = pem_of(k, OLD, NULL);
	ok(reads_as(cs_buf_span(old), NULL, k, &e), "%s: the older form",
	    name);
	test_encrypted(k, OLD_ENC, name);
	cs_buf_free(&old);
}

/* A key with a parameter or two set before it is generated. */
static EVP_PKEY *
odd_key(const char *type, const char *group, const char *name,
    const char *value, unsigned exponent)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *k = NULL;
	OSSL_PARAM p[3], *q = p;

	if (group != NULL)
		*q++ = OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0);
	if (name != NULL)
		*q++ = OSSL_PARAM_construct_utf8_string(name, (char *)value, 0);
	if (exponent != 0)
		*q++ = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E,
		    &exponent);
	*q = OSSL_PARAM_construct_end();
	if (c == NULL || EVP_PKEY_keygen_init(c) != 1 ||
	    EVP_PKEY_CTX_set_params(c, p) != 1 ||
	    EVP_PKEY_generate(c, &k) != 1)
		k = NULL;
	EVP_PKEY_CTX_free(c);
	return k;
}

static void
test_refused(EVP_PKEY *k, const char *name)
{
	cs_buf *pem = pem_of(k, PKCS8, NULL);
	cs_err e = {0};

	ok(pem != NULL && read_only(cs_buf_span(pem), NULL, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "%s is refused: %s", name, e.text);
	EVP_PKEY_free(k);
	cs_buf_free(&pem);
}

static void
test_unsupported(void)
{
	test_refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "Ed448");
	test_refused(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "X25519");
	test_refused(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"), "P-521");
	test_refused(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),
	    "secp256k1");
	test_refused(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
	    "RSA of 1024 bits");
	if (!sample_on()) {
		test_refused(odd_key("RSA", NULL, NULL, NULL, 3),
		    "RSA with e = 3");
		test_refused(odd_key("RSA-PSS", NULL, NULL, NULL, 65537),
		    "RSA-PSS");
	}
	test_refused(odd_key("EC", "P-256", OSSL_PKEY_PARAM_EC_ENCODING,
	    "explicit", 0), "P-256 by its numbers");
}

/* Numbers of the right size that are no key: size is judged first. */
static EVP_PKEY *
rsa_of_bits(int bits)
{
	static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N,
	    OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
	    OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
	    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
	static uint8_t v[7][1024];
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM p[9];
	EVP_PKEY *k = NULL;
	unsigned e = 65537;
	size_t i, n = (size_t)bits / 8;

	for (i = 0; i < 7; i++) {
		if (i == 2)
			n /= 2;
		memset(v[i], 0xaa + (int)i, n);
		v[i][0] |= 1; /* odd and full, whichever end comes first */
		v[i][n - 1] |= 0x81;
		p[i] = OSSL_PARAM_construct_BN(names[i], v[i], n);
	}
	p[7] = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &e);
	p[8] = OSSL_PARAM_construct_end();
	if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &k, EVP_PKEY_KEYPAIR, p) != 1)
		k = NULL;
	EVP_PKEY_CTX_free(c);
	return k;
}

static void
test_compressed(void)
{
	EVP_PKEY *k = odd_key("EC", "P-256",
	    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed", 0);
	cs_buf *pem = pem_of(k, OLD, NULL), *spki = cs_buf_new(256);
	cs_privkey *priv = NULL;
	cs_spki s = {0};
	cs_err e = {0};

	ok(pem != NULL && cs_privkey_read(cs_buf_span(pem), NULL, "", &priv,
	    &e) == CS_OK && cs_privkey_spki(priv, spki, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(spki), &s, &e) == CS_OK &&
	    s.kind == CS_KEY_P256 && s.point.n == 65,
	    "a compressed point is written uncompressed");
	cs_privkey_free(&priv);
	EVP_PKEY_free(k);
	cs_buf_free(&pem);
	cs_buf_free(&spki);
}

static void
test_texts(EVP_PKEY *k, EVP_PKEY *k2)
{
	static const char around[] =
	    "some words\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
	    "-----END EC PARAMETERS-----\n";
	cs_buf *pem = pem_of(k, PKCS8, NULL), *b = cs_buf_new(4096);
	cs_err e = {0};
	cs_span s = cs_buf_span(pem);
	size_t i, refused = 0;

	(void)!cs_buf_put_str(b, around);
	(void)put_pem(b, k, PKCS8, NULL);
	(void)!cs_buf_put_str(b, around);
	ok(reads_as(cs_buf_span(b), NULL, k, &e), "other blocks around");
	(void)put_pem(b, k2, OLD, NULL);
	ok(read_only(cs_buf_span(b), NULL, &e) == CS_EFORMAT,
	    "two keys are one too many");
	ok(read_only(cs_span_str(around), NULL, &e) == CS_EFORMAT &&
	    read_only(cs_span_of("", 0), NULL, &e) == CS_EFORMAT &&
	    read_only((cs_span){NULL, 0}, NULL, &e) == CS_EFORMAT, "no key");
	ok(read_only(cs_span_str("-----BEGIN PRIVATE KEY-----\nAAAA\n"
	    "-----END PRIVATE KEY-----\n"), NULL, &e) == CS_EFORMAT,
	    "rubbish in PEM");
	for (i = 0; i + 2 < s.n; i++)
		refused += sample_skips() || read_only(cs_span_cut(s, 0, i),
		    NULL, &e) == CS_EFORMAT;
	ok(refused == s.n - 2, "every prefix is refused, %zu of %zu", refused,
	    s.n - 2);
	cs_buf_free(&b);
	b = cs_buf_new(CS_KEYFILE_MAX + 1);
	(void)!cs_buf_put(b, s);
	while (cs_buf_room(b) > 0)
		(void)!cs_buf_put_byte(b, '\n');
	ok(read_only(cs_buf_span(b), NULL, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "too large");
	cs_buf_free(&b);
	cs_buf_free(&pem);
}

static void
test_generate(void)
{
	static const char *const kinds[] = {"p256", "p384", "ed25519",
	    "rsa2048"};
	static const char head[] = "-----BEGIN PRIVATE KEY-----\n";
	cs_privkey *k = NULL, *again = NULL;
	cs_buf *a = cs_buf_new(1024), *b = cs_buf_new(1024), *pem = NULL;
	cs_err e = {0};
	size_t i;

	for (i = 0; i < 4; i++) {
		cs_buf_reset(a);
		cs_buf_reset(b);
		ok(cs_privkey_generate(kinds[i], &k, &e) == CS_OK &&
		    cs_privkey_write(k, &pem, &e) == CS_OK &&
		    cs_privkey_read(cs_buf_span(pem), NULL, "", &again, &e) ==
		    CS_OK && cs_privkey_spki(k, a, &e) == CS_OK &&
		    cs_privkey_spki(again, b, &e) == CS_OK &&
		    cs_span_eq(cs_buf_span(a), cs_buf_span(b)),
		    "%s is made, written and read", kinds[i]);
		ok(strncmp(cs_buf_cstr(pem), head, sizeof(head) - 1) == 0,
		    "%s is written as PKCS#8", kinds[i]);
		cs_privkey_free(&k);
		cs_privkey_free(&again);
		cs_buf_free(&pem);
	}
	ok(cs_privkey_generate("rsa1024", &k, &e) == CS_EUSAGE && k == NULL &&
	    cs_privkey_generate("", &k, &e) == CS_EUSAGE &&
	    cs_privkey_generate("ed448", &k, &e) == CS_EUSAGE,
	    "other kinds are not made");
	cs_buf_free(&a);
	cs_buf_free(&b);
}

static int
load(const char *path, mode_t mode, struct person *p)
{
	cs_ui ui = ui_of(p);
	cs_privkey *k = NULL;
	cs_err e = {0};
	int rc;

	(void)chmod(path, mode);
	rc = cs_privkey_load(path, &ui, &k, &e);
	cs_privkey_free(&k);
	return rc;
}

static void
test_load(EVP_PKEY *k)
{
	char dir[] = "crypt_privkey.XXXXXX", path[64];
	cs_buf *pem = pem_of(k, PKCS8, NULL);
	struct person p = {0};
	cs_err e = {0};

	if (!ok(mkdtemp(dir) != NULL, "a folder"))
		return;
	(void)snprintf(path, sizeof(path), "%s/key.pem", dir);
	ok(cs_file_write(path, cs_buf_span(pem), 0600, false, &e) == CS_OK &&
	    load(path, 0600, &p) == CS_OK && p.told == 0, "a key file");
	ok(load(path, 0640, &p) == CS_OK && p.told == 1,
	    "a group that reads it is worth a word");
	ok(load(path, 0620, &p) == CS_EREFUSED &&
	    load(path, 0602, &p) == CS_EREFUSED, "others who write it are not");
	(void)unlink(path);
	ok(load(path, 0600, &p) == CS_EDEVICE, "no file");
	ok(load(dir, 0700, &p) != CS_OK, "a folder is no key");
	(void)rmdir(dir);
	cs_buf_free(&pem);
}

int
main(void)
{
	EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	test_kind(p256, "P-256");
	test_kind(p384, "P-384");
	test_kind(rsa, "RSA");
	test_kind(ed25519, "Ed25519");
	test_unsupported();
	test_refused(rsa_of_bits(8192), "RSA of 8192 bits");
	test_compressed();
	test_texts(p256, p384);
	test_generate();
	test_load(p256);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed25519);
	return done_testing();
}
