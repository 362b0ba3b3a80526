/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fmt/pem.h"
#include "fmt/reason.h"
#include "issued.h"
#include "rely/rely.h"
#include "rely/trustp.h"
#include "tap.h"
#include "vec.h"

/* CAs that share a key or a name, and lists that are not what they seem. */

#define DAY 86400
#define ROOM 65536

static struct issued world;
static struct issued_ca ca, again, renamed;

static cs_trust *
trusting(struct issued_ca *const *cas, size_t n, cs_span lists)
{
	cs_buf *bundle = issued_bundle(cas, n, NULL);
	cs_trust_in in = {.bundle = cs_buf_span(bundle), .crls = lists};
	cs_trust *t = NULL;
	cs_err e = {0};

	if (cs_trust_new(&in, &t, &e) != CS_OK)
		printf("# %s\n", e.text);
	cs_buf_free(&bundle);
	return t;
}

/* What such a bundle says of a certificate, with serial number `serial`. */
static void
answers(const cs_trust *t, struct issued_ca *by, uint8_t serial, int want,
    const char *what)
{
	const struct issued_how how = {.serial = serial};
	cs_buf *cert = issued_cert(&world, by, &how);
	cs_rely_in in = {.trust = t, .certificate = cs_buf_span(cert),
	    .now = NOON};
	cs_relied *r = NULL;

	if (!ok(t != NULL && cs_rely(&in, &r, NULL) == CS_OK &&
	    cs_relied_error(r)->detail == want, "%s: %s", what,
	    cs_reason_name(want)) && r != NULL)
		printf("# %s\n", cs_relied_error(r)->text);
	cs_relied_free(&r);
	cs_buf_free(&cert);
}

/* Without owners the best is the issuer's word. */
#define GOOD CS_R_UNKNOWN_OWNER_KEY

static void
test_two_certificates(void)
{
	struct issued_ca old = issued_ca_of(ca.key, "CA", "corp.example",
	    NOON - DAY, NOON - 1);
	struct issued_ca *cas[] = {&old, &ca}, *turned[] = {&ca, &old};
	cs_trust *t = trusting(cas, 2, (cs_span){0});

	answers(t, &ca, 1, GOOD, "behind one that has expired");
	cs_trust_free(&t);
	t = trusting(turned, 2, (cs_span){0});
	answers(t, &ca, 1, GOOD, "before it");
	cs_trust_free(&t);
	t = trusting(cas, 1, (cs_span){0});
	answers(t, &ca, 1, CS_R_PATH_INVALID, "that one alone");
	cs_trust_free(&t);
	cs_authority_free(&old.its);
}

/* A list is of the CA whose name and key both are. */
static void
test_names(void)
{
	struct issued_ca *both[] = {&ca, &renamed}, *one[] = {&ca};
	cs_buf *list = issued_list(&ca, 1, NOON - 60, NOON + 60, NULL);
	cs_buf *other = issued_list(&renamed, 2, NOON - 60, NOON + 60, NULL);
	cs_trust *t = trusting(both, 2, cs_buf_span(list));

	answers(t, &ca, 1, CS_R_REVOKED, "its list");
	answers(t, &ca, 2, GOOD, "not on it");
	answers(t, &renamed, 2, CS_R_PATH_INVALID, "its key's other name");
	answers(t, &renamed, 1, CS_R_PATH_INVALID, "with a number on it");
	cs_trust_free(&t);
	ok((t = trusting(one, 1, cs_buf_span(other))) == NULL,
	    "a list by another name");
	cs_buf_free(&list);
	cs_buf_free(&other);
}

/* A CA of the same name whose key is another. */
static void
test_keys(void)
{
	struct issued_ca *both[] = {&again, &ca};
	cs_buf *list = issued_list(&again, 1, NOON - 60, NOON + 60, NULL);
	cs_trust *t = trusting(both, 2, cs_buf_span(list));

	answers(t, &again, 1, CS_R_REVOKED, "the list of the one");
	answers(t, &again, 2, GOOD, "not on it");
	answers(t, &ca, 2, CS_R_PATH_INVALID, "none of the other");
	cs_trust_free(&t);
	cs_buf_free(&list);
}

static void
test_times(void)
{
	struct issued_ca *one[] = {&ca};
	static const struct {
		int64_t from, until;
		int want;
		const char *name;
	} tests[] = {
		{NOON, NOON + 1, GOOD, "its first second and its last"},
		{NOON + 1, NOON + 60, CS_R_PATH_INVALID, "not yet"},
		{NOON - 60, NOON, CS_R_PATH_INVALID, "no more"},
	};
	cs_buf *list;
	cs_trust *t;
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		list = issued_list(&ca, 1, tests[i].from, tests[i].until,
		    NULL);
		t = trusting(one, 1, cs_buf_span(list));
		answers(t, &ca, 2, tests[i].want, tests[i].name);
		answers(t, &ca, 1, CS_R_REVOKED, "but it says who has ended");
		cs_trust_free(&t);
		cs_buf_free(&list);
	}
}

static void
test_many(void)
{
	cs_buf *list = issued_list(&ca, 1, NOON - 60, NOON + 60, NULL);
	cs_buf *pem = cs_buf_new(ROOM);
	struct issued_ca *one[] = {&ca};
	cs_trust *t;
	int i;

	for (i = 0; i < CS_TRUST_LISTS_MAX; i++)
		if (cs_pem_put(pem, CS_PEM_CRL, cs_buf_span(list), NULL) !=
		    CS_OK)
			break;
	t = trusting(one, 1, cs_buf_span(pem));
	answers(t, &ca, 1, CS_R_REVOKED, "as many lists as may be");
	cs_trust_free(&t);
	ok(cs_pem_put(pem, CS_PEM_CRL, cs_buf_span(list), NULL) == CS_OK &&
	    trusting(one, 1, cs_buf_span(pem)) == NULL, "one more");
	cs_buf_free(&pem);
	cs_buf_free(&list);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	world = issued_new();
	ca = issued_ca_new("p256", "CA", "corp.example", NOON - DAY,
	    NOON + DAY);
	again = issued_ca_new("p256", "CA", "corp.example", NOON - DAY,
	    NOON + DAY);
	renamed = issued_ca_of(ca.key, "renamed", "corp.example", NOON - DAY,
	    NOON + DAY);
	test_two_certificates();
	test_names();
	test_keys();
	test_times();
	test_many();
	cs_authority_free(&renamed.its);
	issued_ca_free(&again);
	issued_ca_free(&ca);
	issued_free(&world);
	return done_testing();
}
