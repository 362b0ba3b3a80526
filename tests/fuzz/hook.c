/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fuzz.h"
#include "server/hook.h"

/* A call of a CA. Whatever it says, what was read lies in what was kept, and a
 * certificate that is taken has the one name and no longer a life. */
static void
check_cert(const cs_hook_cert *c)
{
	static const uint8_t none[1];
	const cs_hook_terms t = {.agent = c->uri,
	    .bindings = cs_span_of(none, 0), .not_before = INT64_MIN / 4,
	    .not_after = INT64_MAX / 4};

	CHECK(c->key.p != NULL && c->key.n > 0);
	CHECK(c->uri.p == NULL || c->n_names > 0);
	/* Such bindings are none. */
	CHECK(cs_hook_hold(c, &t, 0, NULL) != CS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_hook_call c;
	cs_err e = {0};

	if (cs_hook_read(CS_HOOK_ENRICHING, in, &c, &e) == CS_OK)
		CHECK(c.request.n > 0 && c.request.p[0] == 0x30);
	else
		CHECK(c.own == NULL && e.text[0] != '\0');
	cs_hook_call_clear(&c);
	if (cs_hook_read(CS_HOOK_AUTHORIZING, in, &c, &e) == CS_OK)
		check_cert(&c.cert);
	else
		CHECK(c.own == NULL && c.cert.key.p == NULL);
	cs_hook_call_clear(&c);
	return 0;
}
