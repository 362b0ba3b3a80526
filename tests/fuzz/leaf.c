/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cert.h"
#include "fuzz.h"
#include "issue/leaf.h"

/* A credential's body, or a certificate that has one: what is taken is written
 * as the same bytes, and reads as a certificate with one name. What another has
 * written is taken as ours when we write it. */
static void
check(cs_span in)
{
	cs_buf *out = NULL;
	cs_leaf *l = NULL;

	if (cs_leaf_parse(in, &l, NULL) != CS_OK) {
		CHECK(l == NULL);
		return;
	}
	CHECK(in.n <= CS_LEAF_MAX && l->serial.n == CS_SERIAL_LEN);
	CHECK(l->not_before < l->not_after && (l->policies & 1) == 1);
	if ((out = cs_buf_new(in.n + 16)) != NULL) {
		CHECK(cs_leaf_put(l, out, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(out), in));
	}
	cs_buf_free(&out);
	cs_leaf_free(&l);
	CHECK(cs_leaf_parse_any(in, &l, NULL) == CS_OK);
	cs_leaf_free(&l);
}

static void
check_any(cs_span in)
{
	cs_buf *out = cs_buf_new(in.n + 64);
	cs_leaf *l = NULL, *ours = NULL;

	if (out == NULL || in.n > CS_LEAF_MAX - 64 ||
	    cs_leaf_parse_any(in, &l, NULL) != CS_OK)
		goto out;
	CHECK(cs_leaf_put(l, out, NULL) == CS_OK);
	CHECK(cs_leaf_parse(cs_buf_span(out), &ours, NULL) == CS_OK);
	CHECK(cs_span_eq(ours->agent_id, l->agent_id));
	CHECK(cs_span_eq(ours->bindings, l->bindings));
	CHECK(ours->policies == l->policies);
out:
	cs_leaf_free(&ours);
	cs_leaf_free(&l);
	cs_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_leaf *l = NULL;
	cs_cert *c = NULL;

	check(in);
	check_any(in);
	if (cs_cert_parse(in, &c, NULL) == CS_OK) {
		check(c->tbs);
		check_any(c->tbs);
		if (cs_leaf_parse_any(c->tbs, &l, NULL) == CS_OK) {
			CHECK(c->n_names == 1 && c->n_uris == 1 && !c->ca);
			CHECK(cs_span_eq(c->uris[0], l->agent_id));
			CHECK(cs_span_eq(c->bindings, l->bindings));
			CHECK(c->key_usage == CS_KU_DIGITAL_SIGNATURE);
			CHECK(c->n_uses == 2 && c->unknown_critical.p == NULL);
		}
		cs_leaf_free(&l);
	}
	cs_cert_free(&c);
	return 0;
}
