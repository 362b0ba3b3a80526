/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/ossl.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "crypt/osslp.h"

struct reasons {
	bool any, nomem;
	char text[256];
};

static void
add_reason(struct reasons *r, unsigned long code)
{
	const char *s = ERR_reason_error_string(code);
	size_t at = strlen(r->text);

	(void)snprintf(r->text + at, sizeof(r->text) - at, "%s%s",
	    r->any ? ", " : ": ", s == NULL ? "no reason given" : s);
	r->any = true;
	if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
		r->nomem = true;
}

static void
drain(struct reasons *r)
{
	unsigned long code;

	while ((code = ERR_get_error()) != 0)
		add_reason(r, code);
}

int
cs_ossl_fail(cs_err *e, const char *where, const char *what)
{
	struct reasons r = {0};

	drain(&r);
	return cs_fail(e, CS_EBUG, where, "%s%s", what, r.text);
}

int
cs_ossl_blame(cs_err *e, int cls, int detail, const char *where,
    const char *what)
{
	struct reasons r = {0};

	drain(&r);
	if (!r.any || r.nomem)
		return cs_fail(e, CS_EBUG, where, "%s%s", what, r.text);
	return cs_fail_detail(e, cls, detail, where, "%s%s", what, r.text);
}

int
cs_ossl_refuse(cs_err *e, int cls, int detail, const char *where,
    const char *what)
{
	struct reasons r = {0};

	drain(&r);
	if (r.nomem)
		return cs_fail(e, CS_EBUG, where, "%s%s", what, r.text);
	return cs_fail_detail(e, cls, detail, where, "%s%s", what, r.text);
}

/* Either of the two is set once and for all. What could not be made is tried
 * again by the next call. */
static atomic_bool is_default;
static _Atomic(OSSL_LIB_CTX *) own;

/* The provider is named: one that OpenSSL falls back on could give way to
 * another. */
static OSSL_LIB_CTX *
make_context(OSSL_PROVIDER **held)
{
	OSSL_LIB_CTX *c = OSSL_LIB_CTX_new();

	if (c == NULL || (*held = OSSL_PROVIDER_load(c, "default")) != NULL)
		return c;
	OSSL_LIB_CTX_free(c);
	return NULL;
}

int
cs_ossl_start(cs_err *e)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return cs_ossl_fail(e, "ossl", "OpenSSL does not start");
	atomic_store(&is_default, true);
	return CS_OK;
}

int
cs_ossl_context(OSSL_LIB_CTX **out, cs_err *e)
{
	OSSL_LIB_CTX *c = atomic_load(&own), *other = NULL;
	OSSL_PROVIDER *held = NULL;

	*out = NULL;
	if (c == NULL && !atomic_load(&is_default)) {
		if ((c = make_context(&held)) == NULL)
			return cs_ossl_fail(e, "ossl",
			    "no context of our own");
		if (!atomic_compare_exchange_strong(&own, &other, c)) {
			/* Another thread's was first. A provider that is held
			 * would outlive its context. */
			(void)OSSL_PROVIDER_unload(held);
			OSSL_LIB_CTX_free(c);
			c = other;
		}
	}
	*out = c;
	return CS_OK;
}
