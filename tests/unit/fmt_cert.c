/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "base/time.h"
#include "fmt/cert.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

/* The oracle: OpenSSL reads what cs_cert_parse accepts, to its end, and finds
 * the same in it. */

static bool
same_key(X509 *x, const cs_cert *c)
{
	unsigned char *p = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &p);
	bool same = n > 0 && cs_span_eq(cs_span_of(p, (size_t)n), c->key.der);

	OPENSSL_free(p);
	return same;
}

static bool
same_time(const ASN1_TIME *t, int64_t want)
{
	struct cs_civil c = {0};
	struct tm tm = {0};
	int64_t found = 0;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	c = (struct cs_civil){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_hour, tm.tm_min, tm.tm_sec};
	return cs_civil_to_time(&c, &found) && found == want;
}

static bool
same_names(X509 *x, const cs_cert *c)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL,
	    NULL);
	int n = names == NULL ? 0 : sk_GENERAL_NAME_num(names), i;
	bool same = (size_t)n == c->n_names && c->has_san == (n != 0);
	const GENERAL_NAME *name;
	size_t uris = 0;

	for (i = 0; same && i < n; i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		same = uris < c->n_uris && cs_span_eq(c->uris[uris],
		    cs_span_of(ASN1_STRING_get0_data(name->d.ia5),
		    (size_t)ASN1_STRING_length(name->d.ia5)));
		uris++;
	}
	GENERAL_NAMES_free(names);
	return same && uris == c->n_uris;
}

static bool
same_usage(X509 *x, const cs_cert *c)
{
	ASN1_BIT_STRING *bits = X509_get_ext_d2i(x, NID_key_usage, NULL, NULL);
	bool same = (bits != NULL) == c->has_key_usage;
	int i;

	for (i = 0; same && bits != NULL && i < 16; i++)
		same = ASN1_BIT_STRING_get_bit(bits, i) ==
		    (int)(c->key_usage >> i & 1);
	ASN1_BIT_STRING_free(bits);
	return same;
}

static bool
same_uses(X509 *x, const cs_cert *c)
{
	EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(x, NID_ext_key_usage, NULL,
	    NULL);
	int n = uses == NULL ? 0 : sk_ASN1_OBJECT_num(uses);
	bool same = (size_t)n == c->n_uses && c->has_uses == (n != 0);

	sk_ASN1_OBJECT_pop_free(uses, ASN1_OBJECT_free);
	return same;
}

static bool
same_constraints(X509 *x, const cs_cert *c)
{
	BASIC_CONSTRAINTS *b = X509_get_ext_d2i(x, NID_basic_constraints, NULL,
	    NULL);
	bool same = (b != NULL) == c->has_constraints;

	if (same && b != NULL)
		same = (b->ca != 0) == c->ca && (b->pathlen == NULL ?
		    c->path_len == -1 :
		    ASN1_INTEGER_get(b->pathlen) == (long)c->path_len);
	BASIC_CONSTRAINTS_free(b);
	return same;
}

static bool
oracle(cs_span in, const cs_cert *c)
{
	const unsigned char *p = in.p;
	X509 *x = d2i_X509(NULL, &p, (long)in.n);
	const char *fault = NULL;

	if (x == NULL || p != in.p + in.n)
		fault = "OpenSSL does not read it";
	else if (!same_key(x, c))
		fault = "another key";
	else if (!same_time(X509_get0_notBefore(x), c->not_before) ||
	    !same_time(X509_get0_notAfter(x), c->not_after))
		fault = "another time";
	else if (!same_names(x, c))
		fault = "other names";
	else if (!same_usage(x, c))
		fault = "another key usage";
	else if (!same_uses(x, c))
		fault = "other extended key usages";
	else if (!same_constraints(x, c))
		fault = "other constraints";
	X509_free(x);
	if (fault != NULL)
		printf("# %s\n", fault);
	return fault == NULL;
}

static enum vec_answer
probe(cs_span in)
{
	enum vec_answer a;
	cs_cert *c = NULL;
	cs_err e = {0};

	if (cs_cert_parse(in, &c, &e) != CS_OK)
		return c == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE && e.text[0] != '\0' ? VEC_REFUSED :
		    VEC_BROKEN;
	a = cs_span_eq(c->der, in) && oracle(in, c) ? VEC_ACCEPTED :
	    VEC_BROKEN;
	cs_cert_free(&c);
	return a;
}

static void
test_vectors(const struct vec *v, size_t n)
{
	size_t i, good = 0;
	cs_cert *c;
	cs_err e;
	int want;

	for (i = 0; i < n; i++) {
		want = vec_reason(v[i].name);
		if (want == CS_R_NONE) {
			ok(probe(cs_buf_span(v[i].der)) == VEC_ACCEPTED, "%s",
			    v[i].name);
			good++;
			continue;
		}
		c = NULL;
		e = (cs_err){0};
		ok(cs_cert_parse(cs_buf_span(v[i].der), &c, &e) == CS_EFORMAT &&
		    c == NULL && e.detail == want, "%s", v[i].name);
		if (e.detail != want)
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
		cs_cert_free(&c);
	}
	ok(good >= 10 && n - good >= 35, "%zu good, %zu bad vectors", good,
	    n - good);
}

static cs_cert *
parse(const struct vec *v, size_t n, const char *name)
{
	cs_cert *c = NULL;
	cs_err e = {0};

	ok(cs_cert_parse(vec_find(v, n, name), &c, &e) == CS_OK, "%s is read",
	    name);
	return c;
}

static void
test_fields(const struct vec *v, size_t n)
{
	cs_cert *c = parse(v, n, "openssl-ca");

	ok(c != NULL && c->ca && c->path_len == 1 && c->key_usage ==
	    (CS_KU_KEY_CERT_SIGN | CS_KU_CRL_SIGN) && !c->has_san, "a CA");
	ok(c != NULL && c->key.kind == CS_KEY_RSA && c->n_ignored == 2,
	    "its key, two identifiers passed over");
	cs_cert_free(&c);
	c = parse(v, n, "python-leaf");
	ok(c != NULL && !c->ca && c->san_critical && c->n_names == 1 &&
	    cs_span_is(c->uris[0], "wimse://corp.example/agent/alice") &&
	    c->n_uses == 1 && !c->has_key_usage && c->subject.n == 2,
	    "a leaf");
	ok(c != NULL && c->not_after - c->not_before == 3600 &&
	    c->serial.n == 1 && c->serial.p[0] == 77, "its life and serial");
	cs_cert_free(&c);
	c = parse(v, n, "critical-unknown");
	ok(c != NULL && c->unknown_critical.n == 9 && c->n_ignored == 1,
	    "an unknown critical extension is noted");
	cs_cert_free(&c);
	c = parse(v, n, "other-names");
	ok(c != NULL && c->n_names == 6 && c->n_uris == 2 && !c->san_critical,
	    "names of other kinds");
	ok(c != NULL && c->unknown_critical.p == NULL && c->bindings.p == NULL,
	    "absent ones are absent");
	cs_cert_free(&c);
}

static void
test_sizes(void)
{
	uint8_t *big = calloc(1, CS_CERT_MAX + 1);
	cs_cert *c = NULL;
	cs_err e = {0};

	ok(cs_cert_parse((cs_span){0}, &c, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "absent");
	ok(cs_cert_parse(cs_span_of(big, CS_CERT_MAX + 1), &c, &e) ==
	    CS_EFORMAT && e.detail == CS_R_TOO_LARGE, "too large");
	free(big);
}

static void
test_sweeps(const struct vec *v, size_t n)
{
	static const char *const swept[] = {"all-usage", "openssl-ca",
	    "other-names", "python-leaf", "year-2050"};
	size_t i;
	cs_span s;

	for (i = 0; i < sizeof(swept) / sizeof(swept[0]); i++) {
		s = vec_find(v, n, swept[i]);
		ok(vec_prefixes(s, probe) == 0, "%s: prefixes", swept[i]);
		ok(vec_trailing(s, probe) == 0, "%s: trailing", swept[i]);
		ok(vec_flips(s, probe) == 0, "%s: flips", swept[i]);
		ok(vec_trees(s, probe) == 0, "%s: trees", swept[i]);
	}
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("cert", v);

	if (!vec_has_arc())
		return 0;
	test_vectors(v, n);
	test_fields(v, n);
	test_sizes();
	test_sweeps(v, n);
	vec_free(v, n);
	return done_testing();
}
