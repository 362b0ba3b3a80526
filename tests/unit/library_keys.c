/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "include/countersign/countersign.h"
#include "tap.h"
#include "vec.h"

/* A cache of keys from outside: whatever it holds, and however often it is
 * used, the verdicts are those without it. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define FILES_MAX 512
#define OWNERS 24
#define AGENT "wimse://corp.example/agent/alice"

static countersign_error *error;

static countersign_bytes
text(const char *s)
{
	return (countersign_bytes){(const uint8_t *)s, strlen(s)};
}

/* The same numbers each time. */
static size_t
shuffle(size_t n)
{
	static uint32_t state = 20261121;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static countersign_keycache *
new_cache(size_t max)
{
	countersign_keycache *c = NULL;

	ok(countersign_keycache_new(max, &c, error) == COUNTERSIGN_OK &&
	    countersign_keycache_count(c) == 0, "a cache of %zu", max);
	return c;
}

static void
test_bounds(void)
{
	countersign_keycache *c = NULL;

	ok(countersign_keycache_new(0, &c, error) == COUNTERSIGN_EUSAGE &&
	    c == NULL && countersign_error_text(error)[0] != '\0', "no room");
	ok(countersign_keycache_new(COUNTERSIGN_KEYCACHE_MAX + 1, &c, NULL) ==
	    COUNTERSIGN_EUSAGE && c == NULL, "too much room");
	c = new_cache(COUNTERSIGN_KEYCACHE_MAX);
	countersign_keycache_free(&c);
	countersign_keycache_free(&c);
	countersign_keycache_free(NULL);
	ok(c == NULL, "is freed");
}

/* "state reason text" of one verdict. */
static void
judge(const countersign_question *ask, countersign_keycache *keys, char *out,
    size_t n)
{
	countersign_question q = *ask;
	countersign_verdict *v = NULL;
	int r;

	q.keys = keys;
	r = countersign_verify(&q, &v, NULL);
	if (r != COUNTERSIGN_OK)
		(void)snprintf(out, n, "none %d", r);
	else
		(void)snprintf(out, n, "%d %s %s", countersign_verdict_state(v),
		    countersign_verdict_reason(v), countersign_verdict_text(v));
	countersign_verdict_free(&v);
}

static cs_buf *files[FILES_MAX];
static size_t n_files;

static void
load_files(const char *dir)
{
	struct dirent *d;
	char path[4096];
	DIR *at = opendir(dir);
	size_t n;

	while (at != NULL && (d = readdir(at)) != NULL &&
	    n_files < FILES_MAX) {
		n = strlen(d->d_name);
		(void)snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		if (n > 4 && strcmp(d->d_name + n - 4, ".pem") == 0 &&
		    cs_file_read(path, 1 << 20, &files[n_files], NULL) ==
			CS_OK)
			n_files++;
	}
	if (at != NULL)
		(void)closedir(at);
}

/* Every message of the verdict's vectors, in no order, through caches that are
 * too small, and one that is not. */
static void
mix(const countersign_anchors *a)
{
	static const size_t sizes[] = {1, 2, 3, 64};
	countersign_keycache *c[4];
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .anchors = a, .trust_domain = "corp.example"};
	size_t approved = 0, wrong = 0, over = 0, i, k;
	char want[2048], found[2048];

	for (k = 0; k < 4; k++)
		c[k] = new_cache(sizes[k]);
	for (i = 0; i < 2 * n_files; i++) {
		cs_span m = cs_buf_span(files[shuffle(n_files)]);

		ask.message = (countersign_bytes){m.p, m.n};
		judge(&ask, NULL, want, sizeof(want));
		approved += want[0] == '1';
		for (k = 0; k < 4; k++) {
			judge(&ask, c[k], found, sizeof(found));
			if (strcmp(want, found) != 0 && wrong++ < 5)
				printf("# %s, with a cache: %s\n", want, found);
			over += countersign_keycache_count(c[k]) > sizes[k];
		}
	}
	ok(n_files > 300 && approved > 20, "%zu verdicts, %zu of them a yes",
	    2 * n_files, approved);
	ok(wrong == 0, "are the same with a cache");
	ok(over == 0 && countersign_keycache_count(c[3]) > 4,
	    "which holds no more than it may");
	for (k = 0; k < 4; k++)
		countersign_keycache_free(&c[k]);
}

#define THREADS 4

/* What threads share: anchors, and the messages. */
static const countersign_anchors *shared;
static char *answers[FILES_MAX];

struct runner {
	pthread_t thread;
	size_t start, wrong;
};

/* Every message once, with a cache of its own. */
static void *
run(void *arg)
{
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .anchors = shared, .trust_domain = "corp.example"};
	countersign_keycache *keys = NULL;
	struct runner *self = arg;
	char found[2048];
	size_t i, at;

	if (countersign_keycache_new(2, &keys, NULL) != COUNTERSIGN_OK)
		self->wrong++;
	for (i = 0; i < n_files; i++) {
		at = (self->start + i) % n_files;
		ask.message = (countersign_bytes){cs_buf_span(files[at]).p,
		    cs_buf_len(files[at])};
		judge(&ask, keys, found, sizeof(found));
		self->wrong += strcmp(found, answers[at]) != 0;
	}
	countersign_keycache_free(&keys);
	return NULL;
}

static void
test_threads(const countersign_anchors *a, const char *name)
{
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .anchors = a, .trust_domain = "corp.example"};
	struct runner r[THREADS] = {{.wrong = 0}};
	size_t i, wrong = 0, yes = 0;
	char found[2048];

	shared = a;
	for (i = 0; i < n_files; i++) {
		ask.message = (countersign_bytes){cs_buf_span(files[i]).p,
		    cs_buf_len(files[i])};
		judge(&ask, NULL, found, sizeof(found));
		answers[i] = strdup(found);
		yes += found[0] == '1';
	}
	for (i = 0; i < THREADS; i++) {
		r[i].start = i * n_files / THREADS;
		wrong += pthread_create(&r[i].thread, NULL, run, &r[i]) != 0;
	}
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(r[i].thread, NULL);
		wrong += r[i].wrong;
	}
	ok(wrong == 0 && yes > 5, "%d threads agree on %zu by %s", THREADS,
	    n_files, name);
	for (i = 0; i < n_files; i++)
		free(answers[i]);
}

static countersign_anchors *
read_anchors(const char *dir, const char *name)
{
	countersign_anchors *a = NULL;
	cs_buf *b = NULL;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ok(cs_file_read(path, 1 << 20, &b, NULL) == CS_OK &&
	    countersign_anchors_parse(name, cs_buf_span(b).p, cs_buf_len(b),
	    &a, error) == COUNTERSIGN_OK, "%s", name);
	cs_buf_free(&b);
	return a;
}

static void
test_vectors(void)
{
	const char *src = getenv("SRCDIR");
	countersign_anchors *a, *ca;
	char dir[2048];
	size_t i;

	(void)snprintf(dir, sizeof(dir), "%s/tests/vectors/verdict",
	    src == NULL ? "." : src);
	load_files(dir);
	a = read_anchors(dir, "owners");
	ca = read_anchors(dir, "owners-ca");
	if (a != NULL && ca != NULL) {
		test_threads(a, "owners");
		test_threads(ca, "owners-ca");
		mix(a);
	}
	countersign_anchors_free(&a);
	countersign_anchors_free(&ca);
	for (i = 0; i < n_files; i++)
		cs_buf_free(&files[i]);
}

/* Owners of our own, more than fit. */
struct owner {
	EVP_PKEY *key;
	X509 *cert; /* that OpenSSL wants beside a key */
	char name[64];
	uint8_t hash[32];
};

static void
owner_new(struct owner *o, size_t i, BIO *lines)
{
	unsigned char *der = NULL, b64[256];
	int n;

	o->key = EVP_EC_gen("P-256");
	(void)snprintf(o->name, sizeof(o->name), "mailto:o%zu@corp.example",
	    i);
	o->cert = X509_new();
	X509_set_version(o->cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(o->cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(o->cert), 60);
	X509_set_pubkey(o->cert, o->key);
	X509_sign(o->cert, o->key, EVP_sha256());
	n = i2d_PUBKEY(o->key, &der);
	SHA256(der, (size_t)n, o->hash);
	EVP_EncodeBlock(b64, der, n);
	OPENSSL_free(der);
	BIO_printf(lines, "%s agents=\"wimse://corp.example/agent\","
	    "no-touch-required spki %s\n", o->name, (char *)b64);
}

static void
owner_free(struct owner *o)
{
	EVP_PKEY_free(o->key);
	X509_free(o->cert);
}

/* A base request for AGENT; its key is gone afterwards. */
static cs_buf *
new_request(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *q = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	BIO *out = BIO_new(BIO_s_mem());
	char *p = NULL;
	cs_buf *b;
	long n;

	X509_REQ_set_pubkey(q, key);
	sk_X509_EXTENSION_push(list, X509V3_EXT_nconf_nid(NULL, NULL,
	    NID_subject_alt_name, "URI:" AGENT));
	X509_REQ_add_extensions(q, list);
	X509_REQ_sign(q, key, EVP_sha256());
	PEM_write_bio_X509_REQ(out, q);
	n = BIO_get_mem_data(out, &p);
	b = cs_buf_dup(cs_span_of(p, (size_t)n));
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	BIO_free(out);
	X509_REQ_free(q);
	EVP_PKEY_free(key);
	return b;
}

/* The request with an approval in the name of `o` behind it, which `by` has
 * signed, as any CMS program does. */
static cs_buf *
new_message(const cs_buf *request, const countersign_request *q,
    const struct owner *o, const struct owner *by)
{
	countersign_subject s = {.size = sizeof(s),
	    .kind = COUNTERSIGN_SUBJECT_REQUEST, .agent = text(AGENT),
	    .agent_key_hash = countersign_request_key_hash(q),
	    .request_digest = countersign_request_digest(q)};
	countersign_terms t = {.size = sizeof(t), .approval_id = {o->hash, 16},
	    .decision = COUNTERSIGN_APPROVE, .owner = text(o->name),
	    .owner_key_hash = {o->hash, 32},
	    .authority = text("https://corp.example"),
	    .not_before = NOON - 60, .not_after = NOON + 60,
	    .max_lifetime = 3600, .max_issuances = 1};
	BIO *out = BIO_new(BIO_s_mem()), *in;
	ASN1_OBJECT *type = OBJ_txt2obj(CS_OID_ARC ".1.1", 1);
	CMS_ContentInfo *cms;
	uint8_t *tbs = NULL;
	cs_buf *b = NULL;
	char *p = NULL;
	size_t n = 0;
	long len;

	if (countersign_tbs_build(&t, &s, 1, &tbs, &n, error) !=
	    COUNTERSIGN_OK)
		goto out;
	in = BIO_new_mem_buf(tbs, (int)n);
	cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL);
	CMS_set1_eContentType(cms, type);
	CMS_add1_signer(cms, by->cert, by->key, EVP_sha256(), CMS_NOCERTS);
	CMS_final(cms, in, NULL, CMS_BINARY);
	PEM_write_bio_CMS_stream(out, cms, NULL, 0);
	len = BIO_get_mem_data(out, &p);
	if ((b = cs_buf_new(8192)) != NULL &&
	    (cs_buf_put(b, cs_buf_span(request)) != CS_OK ||
	    cs_buf_put(b, cs_span_of(p, (size_t)len)) != CS_OK))
		cs_buf_free(&b);
	countersign_free(tbs);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
out:
	ASN1_OBJECT_free(type);
	BIO_free(out);
	return b;
}

/* Each owner's approval, and the same with another's signature. */
static void
ask_all(struct owner *o, const cs_buf *request, const countersign_request *q,
    const countersign_anchors *a, countersign_keycache *keys)
{
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .anchors = a, .trust_domain = "corp.example"};
	size_t i, at, by, wrong = 0, most = 0;
	char found[2048];
	cs_buf *m;

	for (i = 0; i < 8 * OWNERS; i++) {
		at = shuffle(OWNERS);
		by = shuffle(2) == 0 ? at : shuffle(OWNERS);
		m = new_message(request, q, &o[at], &o[by]);
		ask.message = (countersign_bytes){cs_buf_span(m).p,
		    cs_buf_len(m)};
		judge(&ask, keys, found, sizeof(found));
		if (strncmp(found, by == at ? "1 " : "0 signature-invalid ",
			by == at ? 2 : 20) != 0 && wrong++ < 5)
			printf("# owner %zu, key %zu: %s\n", at, by, found);
		if (countersign_keycache_count(keys) > most)
			most = countersign_keycache_count(keys);
		cs_buf_free(&m);
	}
	ok(wrong == 0 && most == 4,
	    "%d owners through 4 places, %zu in use", OWNERS, most);
}

/* A line that has gone is gone, whatever is kept. */
static void
test_dropped(const struct owner *o, const cs_buf *request,
    const countersign_request *q, countersign_keycache *keys,
    const countersign_anchors *a)
{
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .anchors = a, .trust_domain = "corp.example"};
	cs_buf *m = new_message(request, q, o, o);
	countersign_anchors *none = NULL;
	char found[2048];

	ask.message = (countersign_bytes){cs_buf_span(m).p, cs_buf_len(m)};
	judge(&ask, keys, found, sizeof(found));
	ok(found[0] == '1', "an owner whose key is kept");
	ok(countersign_anchors_parse("o", "", 0, &none, error) ==
	    COUNTERSIGN_OK, "no owners");
	ask.anchors = none;
	judge(&ask, keys, found, sizeof(found));
	ok(strncmp(found, "0 unknown-owner-key ", 20) == 0, "is none there");
	countersign_anchors_free(&none);
	cs_buf_free(&m);
}

static void
test_owners(void)
{
	static struct owner o[OWNERS];
	countersign_keycache *keys = new_cache(4);
	BIO *lines = BIO_new(BIO_s_mem());
	countersign_anchors *a = NULL;
	countersign_request *q = NULL;
	cs_buf *request = new_request();
	char *p = NULL;
	size_t i;
	long n;

	for (i = 0; i < OWNERS; i++)
		owner_new(&o[i], i, lines);
	n = BIO_get_mem_data(lines, &p);
	if (ok(countersign_anchors_parse("owners", p, (size_t)n, &a, error) ==
	    COUNTERSIGN_OK && countersign_anchors_count(a) == OWNERS &&
	    countersign_request_read(cs_buf_span(request).p,
	    cs_buf_len(request), &q, error) == COUNTERSIGN_OK, "owners")) {
		ask_all(o, request, q, a, keys);
		test_dropped(&o[0], request, q, keys, a);
	} else {
		printf("# %s\n", countersign_error_text(error));
	}
	for (i = 0; i < OWNERS; i++)
		owner_free(&o[i]);
	countersign_request_free(&q);
	countersign_anchors_free(&a);
	countersign_keycache_free(&keys);
	cs_buf_free(&request);
	BIO_free(lines);
}

/* A credential's unpinned key is nothing to keep. */
static void
test_credential(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("credential", v);
	cs_span der = vec_find(v, n, "proven");
	countersign_keycache *keys = new_cache(4);
	countersign_credential_question ask = {.size = sizeof(ask),
	    .certificate = {der.p, der.n}, .now = NOON, .keys = keys,
	    .authority = "https://corp.example"};
	countersign_credential *c = NULL, *again = NULL;
	countersign_anchors *none = NULL;

	ok(countersign_anchors_parse("o", "", 0, &none, error) ==
	    COUNTERSIGN_OK, "nobody is pinned");
	ask.anchors = none;
	ok(countersign_credential_check(&ask, &c, error) == COUNTERSIGN_OK &&
	    countersign_credential_state(c) ==
	    COUNTERSIGN_CREDENTIAL_ISSUER_ONLY &&
	    countersign_keycache_count(keys) == 0, "an unpinned key");
	ask.anchors = NULL;
	ask.owner = "mailto:alice@corp.example";
	ask.owner_key = countersign_credential_owner_key(c, 0);
	ok(countersign_credential_check(&ask, &again, error) ==
	    COUNTERSIGN_OK && countersign_credential_state(again) ==
	    COUNTERSIGN_CREDENTIAL_PROVEN &&
	    countersign_keycache_count(keys) == 1, "a pinned one");
	countersign_credential_free(&again);
	ok(countersign_credential_check(&ask, &again, error) ==
	    COUNTERSIGN_OK && countersign_credential_state(again) ==
	    COUNTERSIGN_CREDENTIAL_PROVEN &&
	    countersign_keycache_count(keys) == 1, "and again");
	countersign_credential_free(&again);
	countersign_credential_free(&c);
	countersign_anchors_free(&none);
	countersign_keycache_free(&keys);
	vec_free(v, n);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	error = countersign_error_new();
	test_bounds();
	test_vectors();
	test_owners();
	test_credential();
	countersign_error_free(&error);
	return done_testing();
}
