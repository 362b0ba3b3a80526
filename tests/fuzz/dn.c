/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "fmt/dn.h"
#include "fmt/oid.h"
#include "fuzz.h"

struct seen {
	cs_span in;
	const X509_NAME *oracle; /* NULL: OpenSSL does not take it */
	size_t end; /* where the last value ended */
	int n;
};

static void
check_type(cs_span type)
{
	cs_buf *b = cs_buf_new(4 * type.n + 64);

	if (b != NULL && cs_dn_type(type, b, NULL) == CS_OK)
		CHECK(cs_buf_len(b) > 0 && cs_text_plain(cs_buf_span(b)));
	cs_buf_free(&b);
}

static cs_span
string_span(const ASN1_STRING *s)
{
	return cs_span_of(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s));
}

/* The pair is the same one that OpenSSL finds in this place. */
static void
check_oracle(const struct seen *s, cs_span type, cs_span value)
{
	X509_NAME_ENTRY *entry = X509_NAME_get_entry(s->oracle, s->n);
	const ASN1_OBJECT *o;

	CHECK(entry != NULL);
	o = X509_NAME_ENTRY_get_object(entry);
	CHECK(cs_span_eq(type, cs_span_of(OBJ_get0_data(o),
	    OBJ_length(o))));
	CHECK(value.n == 0 ||
	    cs_span_eq(value, string_span(X509_NAME_ENTRY_get_data(entry))));
}

static int
each(void *arg, cs_span type, cs_span value, cs_err *e)
{
	struct seen *s = arg;

	(void)e;
	CHECK(type.n > 0 && type.p >= s->in.p + s->end);
	CHECK(value.p != NULL && value.p >= type.p + type.n);
	s->end = (size_t)(value.p + value.n - s->in.p);
	CHECK(s->end <= s->in.n);
	CHECK(cs_utf8_valid(value));
	check_type(type);
	if (s->oracle != NULL)
		check_oracle(s, type, value);
	s->n++;
	return CS_OK;
}

static int
refuse(void *arg, cs_span type, cs_span value, cs_err *e)
{
	(void)type;
	(void)value;
	++*(int *)arg;
	return cs_fail(e, CS_EREFUSED, "fuzz", "enough");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const unsigned char *p = data;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)n);
	struct seen s = {.in = cs_span_of(data, n), .oracle = name};
	cs_err e = {0};
	int calls = 0;

	ERR_clear_error();
	if (cs_dn_each(s.in, each, &s, &e) == CS_OK) {
		CHECK(name == NULL || (s.n == X509_NAME_entry_count(name) &&
		    p == data + n));
		CHECK(cs_dn_each(s.in, refuse, &calls, NULL) ==
		    (s.n == 0 ? CS_OK : CS_EREFUSED));
		CHECK(calls == (s.n != 0));
	} else
		CHECK(e.text[0] != '\0');
	X509_NAME_free(name);
	return 0;
}
