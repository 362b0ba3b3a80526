/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>

#include "crypt/x509.h"
#include "fmt/dn.h"
#include "fmt/oid.h"
#include "fuzz.h"

/* What a certificate says of itself may be anything; it is heard of in spans
 * that can be read to their last byte. */
struct heard {
	unsigned n;
	uint8_t sum;
};

static void
touch(struct heard *h, cs_span s)
{
	size_t i;

	h->n++;
	CHECK(s.p != NULL || s.n == 0);
	for (i = 0; i < s.n; i++)
		h->sum ^= s.p[i];
}

static int
each_attribute(void *arg, cs_span type, cs_span value, cs_err *e)
{
	(void)e;
	touch(arg, type);
	touch(arg, value);
	return CS_OK;
}

static void
each_name(void *arg, const char *what, cs_span name)
{
	CHECK(what != NULL);
	touch(arg, name);
	(void)!cs_dn_each(name, each_attribute, arg, NULL);
}

static void
each_text(void *arg, const char *what, cs_span text)
{
	CHECK(what != NULL);
	touch(arg, text);
}

static void
each_time(void *arg, const char *what, int64_t t)
{
	(void)t;
	CHECK(what != NULL);
	touch(arg, cs_span_of(NULL, 0));
}

static void
each_oid(void *arg, const char *what, cs_span body)
{
	cs_buf *b = cs_buf_new(4 * body.n + 64);

	CHECK(what != NULL);
	touch(arg, body);
	if (b != NULL)
		(void)!cs_oid_text(b, body);
	cs_buf_free(&b);
}

typedef int reader(cs_span der, const cs_x509_each *each, cs_err *e);
typedef int key_reader(cs_span der, cs_buf *out, cs_err *e);

/* A key only comes out of what can be read; nothing is said of the rest, and
 * nothing stays in OpenSSL's queue of errors. */
static bool
check(reader *read, key_reader *read_key, cs_span in)
{
	struct heard h = {0};
	const cs_x509_each each = {&h, each_name, each_text, each_time,
	    each_oid};
	cs_buf *key = cs_buf_new(2 * in.n + 64);
	cs_err e = {0};
	int r = read(in, &each, &e);

	CHECK(r == CS_OK ? h.n != 0 : h.n == 0 && e.text[0] != '\0');
	CHECK(ERR_peek_error() == 0);
	if (key != NULL && read_key(in, key, NULL) == CS_OK)
		CHECK(r == CS_OK && cs_buf_len(key) > 0);
	CHECK(ERR_peek_error() == 0);
	cs_buf_free(&key);
	return r == CS_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	bool cert = check(cs_cert_read, cs_cert_spki, in);
	bool req = check(cs_req_read, cs_req_spki, in);

	CHECK(!cert || !req);
	return 0;
}
