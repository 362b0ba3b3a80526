/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>

#include "lib/credentialp.h"

struct countersign_bundle {
	cs_trust *t;
};

int
countersign_bundle_read(const countersign_bundle_source *source,
    countersign_bundle **out, countersign_error *error)
{
	countersign_bundle *b = NULL;
	cs_trust_in in = {.crls = {0}};
	cs_err e = {0};
	int r;

	*out = NULL;
	if (source->size != sizeof(*source) || source->bundle.ptr == NULL)
		return cs_lib_usage(error,
		    "a source of another size, or without a bundle");
	in.bundle = cs_lib_span(source->bundle);
	in.crls = cs_lib_span(source->crls);
	in.trust_domain = cs_span_str(source->trust_domain);
	in.authority = cs_span_str(source->authority);
	if ((b = calloc(1, sizeof(*b))) == NULL)
		r = cs_nomem(&e, "lib");
	else
		r = cs_trust_new(&in, &b->t, &e);
	if (r == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	} else {
		r = cs_lib_report(error, &e);
	}
	countersign_bundle_free(&b);
	return r;
}

void
countersign_bundle_free(countersign_bundle **bundle)
{
	if (bundle == NULL || *bundle == NULL)
		return;
	cs_trust_free(&(*bundle)->t);
	free(*bundle);
	*bundle = NULL;
}

countersign_bytes
countersign_bundle_trust_domain(const countersign_bundle *bundle)
{
	return cs_lib_bytes(cs_trust_domain(bundle->t));
}

/* One of both, of a bundle. */
static bool
is_asked(const countersign_presented *p)
{
	return p->size == sizeof(*p) && p->bundle != NULL &&
	    (p->certificate.ptr == NULL) != (p->token.ptr == NULL);
}

static int
judge(const countersign_presented *p, countersign_credential *out, cs_err *e)
{
	const cs_rely_in in = {.trust = p->bundle->t,
	    .certificate = cs_lib_span(p->certificate),
	    .token = cs_lib_span(p->token),
	    .anchors = p->anchors == NULL ? NULL : p->anchors->a,
	    .agent = cs_span_str(p->agent), .owner = cs_span_str(p->owner),
	    .now = p->now, .keys = cs_lib_keys(p->keys)};
	int r;

	if ((r = cs_rely(&in, &out->r, e)) != CS_OK)
		return r;
	out->text = cs_lib_escape(cs_span_str(cs_relied_error(out->r)->text));
	return out->text == NULL ? cs_nomem(e, "lib") : CS_OK;
}

int
countersign_credential_verify(const countersign_presented *presented,
    countersign_credential **out, countersign_error *error)
{
	countersign_credential *c = NULL;
	cs_err e = {0};
	int r;

	*out = NULL;
	if (!is_asked(presented))
		return cs_lib_usage(error, "a structure of another size, "
		    "without a bundle, or not one credential");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		r = cs_nomem(&e, "lib");
	else
		r = judge(presented, c, &e);
	if (r == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	} else {
		r = cs_lib_report(error, &e);
	}
	countersign_credential_free(&c);
	return r;
}
