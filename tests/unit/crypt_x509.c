/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/x509.h"

#include <string.h>

#include "crypt/cmscert.h"
#include "crypt/privkey.h"
#include "fmt/csr.h"
#include "fmt/reason.h"
#include "tests/unit/tap.h"

#define ID "wimse://corp.example/agent/a"

struct heard {
	unsigned names, texts, times, oids;
	bool uri;
};

static void
name(void *arg, const char *what, cs_span s)
{
	(void)what;
	((struct heard *)arg)->names += s.p != NULL;
}

static void
text(void *arg, const char *what, cs_span s)
{
	struct heard *h = arg;

	h->texts++;
	if (strcmp(what, "name-uri") == 0 && cs_span_is(s, ID))
		h->uri = true;
}

static void
when(void *arg, const char *what, int64_t t)
{
	(void)what;
	((struct heard *)arg)->times += t != 0;
}

static void
oid(void *arg, const char *what, cs_span s)
{
	(void)what;
	((struct heard *)arg)->oids += s.n != 0;
}

typedef int reader(cs_span der, const cs_x509_each *each, cs_err *e);

static int
hear(reader *read, cs_span der, struct heard *h, cs_err *e)
{
	const cs_x509_each each = {h, name, text, when, oid};

	memset(h, 0, sizeof(*h));
	return read(der, &each, e);
}

/* A certificate and a request of one fresh key. */
static bool
make(cs_buf *spki, cs_buf *cert, cs_buf *csr)
{
	cs_privkey *k = NULL;
	cs_buf *info = cs_buf_new(4096), *sig = cs_buf_new(1024);
	const cs_alg *alg = cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10);
	cs_csr_new n = {.agent_id = cs_span_str(ID)};
	cs_spki key = {0};
	cs_err e = {0};
	bool good;

	good = cs_privkey_generate("p256", &k, &e) == CS_OK &&
	    cs_privkey_spki(k, spki, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(spki), &key, &e) == CS_OK &&
	    cs_cms_cert(&key, 1800000000, cert, &e) == CS_OK;
	n.spki = cs_buf_span(spki);
	good = good && cs_csr_put_info(&n, info, &e) == CS_OK &&
	    cs_privkey_sign(k, alg, cs_buf_span(info), sig, &e) == CS_OK &&
	    cs_csr_put(cs_buf_span(info), alg->sig_alg, cs_buf_span(sig), csr,
		&e) == CS_OK;
	if (!good)
		printf("# %s\n", e.text);
	cs_privkey_free(&k);
	cs_buf_free(&info);
	cs_buf_free(&sig);
	return good;
}

static void
broken(reader *read, cs_span der, const char *what)
{
	cs_buf *copy = cs_buf_new(der.n + 1);
	struct heard h;
	size_t i, refused = 0;
	cs_err e = {0};
	uint8_t *p;

	for (i = 0; i < der.n; i++)
		refused += hear(read, cs_span_cut(der, 0, i), &h, NULL) !=
		    CS_OK;
	ok(refused == der.n, "%s: every prefix is refused", what);
	ok(copy != NULL && cs_buf_put(copy, der) == CS_OK &&
	    cs_buf_put_byte(copy, 0) == CS_OK &&
	    hear(read, cs_buf_span(copy), &h, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "%s: a trailing byte", what);
	p = cs_buf_tail(copy) - der.n - 1;
	for (i = 0; i < der.n; i++) {
		p[i] ^= 0x81;
		(void)!hear(read, cs_span_of(p, der.n), &h, NULL);
		p[i] ^= 0x81;
	}
	ok(hear(read, cs_span_of(p, der.n), &h, &e) == CS_OK,
	    "%s: lives through every flip", what);
	cs_buf_free(&copy);
}

int
main(void)
{
	cs_buf *spki = cs_buf_new(1024), *cert = cs_buf_new(8192),
	       *csr = cs_buf_new(8192), *got = cs_buf_new(1024);
	struct heard h;
	cs_err e = {0};

	ok(make(spki, cert, csr), "a certificate and a request");
	ok(hear(cs_cert_read, cs_buf_span(cert), &h, &e) == CS_OK &&
	    h.names == 2 && h.times == 2 && h.oids != 0,
	    "a certificate: names, times, extensions");
	ok(hear(cs_req_read, cs_buf_span(csr), &h, &e) == CS_OK &&
	    h.names == 1 && h.uri && h.oids != 0,
	    "a request: subject, names, attributes");
	ok(cs_cert_spki(cs_buf_span(cert), got, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(got), cs_buf_span(spki)),
	    "a certificate's key");
	cs_buf_reset(got);
	ok(cs_req_spki(cs_buf_span(csr), got, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(got), cs_buf_span(spki)),
	    "a request's key");
	ok(cs_cert_spki(cs_buf_span(csr), got, &e) == CS_EFORMAT,
	    "a request is no certificate");
	ok(cs_req_spki(cs_buf_span(cert), got, &e) == CS_EFORMAT,
	    "a certificate is no request");
	broken(cs_cert_read, cs_buf_span(cert), "certificate");
	broken(cs_req_read, cs_buf_span(csr), "request");
	cs_buf_free(&spki);
	cs_buf_free(&cert);
	cs_buf_free(&csr);
	cs_buf_free(&got);
	return done_testing();
}
