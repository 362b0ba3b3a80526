/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/names.h"
#include "fmt/owners.h"
#include "fuzz.h"

static void
check_anchor(const cs_anchor *a)
{
	cs_spki key;

	CHECK(cs_owner_check(a->owner, NULL) == CS_OK);
	CHECK(cs_spki_parse(a->key.der, &key, NULL) == CS_OK &&
	    key.kind == a->key.kind);
	CHECK(!a->verify_required || a->pin_always);
	CHECK(!(a->touch_always || a->pin_always) ||
	    a->proof == CS_PROOF_YUBIKEY_PIV);
	CHECK((a->proof != CS_PROOF_NONE) == (a->proof_text.p != NULL));
	CHECK(a->max_lifetime >= 0 && a->max_issuances >= 0 &&
	    a->max_window >= 0);
	CHECK(!cs_anchor_allows(a, cs_span_str("wimse://nobody.example")));
	if (a->agents.n > 0 && memchr(a->agents.p, ' ', a->agents.n) == NULL)
		CHECK(cs_anchor_allows(a, a->agents));
}

static cs_owners *
parse(const uint8_t *data, size_t n)
{
	cs_owners *o = NULL;
	uint8_t *copy = malloc(n + 1); /* gone before anything is read */
	cs_err e = {0};

	if (copy == NULL)
		return NULL;
	if (n > 0)
		memcpy(copy + 1, data, n);
	if (cs_owners_parse("f", cs_span_of(copy + 1, n), &o, &e) != CS_OK) {
		CHECK(o == NULL && e.cls == CS_EFORMAT);
		CHECK(strncmp(e.text, "f:", 2) == 0);
	}
	free(copy);
	return o;
}

/* Without its last line a file means the same as far as it goes. */
static void
check_prefix(const uint8_t *data, size_t n, const cs_owners *whole)
{
	cs_owners *o = NULL;
	size_t i;

	while (n > 0 && data[n - 1] != '\n')
		n--;
	CHECK((o = parse(data, n)) != NULL);
	CHECK(cs_owners_count(o) <= cs_owners_count(whole) &&
	    cs_owners_count(o) + 1 >= cs_owners_count(whole));
	for (i = 0; i < cs_owners_count(o); i++)
		CHECK(cs_span_eq(cs_owners_at(o, i)->key.der,
		    cs_owners_at(whole, i)->key.der));
	cs_owners_free(&o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_owners *o = parse(data, n);
	size_t i;

	if (o == NULL)
		return 0;
	for (i = 0; i < cs_owners_count(o); i++)
		check_anchor(cs_owners_at(o, i));
	check_prefix(data, n, o);
	cs_owners_free(&o);
	return 0;
}
