/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/pubkey.h"
#include "fmt/pem.h"
#include "fuzz.h"
#include "tool/grant.h"

#define ROOM (64 * 1024)

/* A key of section 2, and nothing behind it; as the one block of a file it is
 * the same holder. */
static void
check_key(cs_span der)
{
	cs_buf *pem = cs_buf_new(cs_pem_max(der.n)), *back = cs_buf_new(ROOM);
	cs_pubkey *pub = NULL;
	cs_spki key = {0};

	CHECK(cs_spki_parse(der, &key, NULL) == CS_OK);
	CHECK(cs_span_eq(key.der, der));
	if (cs_pubkey_new(&key, &pub, NULL) != CS_OK)
		CHECK(pub == NULL);
	if (pem != NULL && back != NULL) {
		CHECK(cs_pem_put(pem, CS_PEM_PUBLIC_KEY, der, NULL) == CS_OK);
		CHECK(cs_holder_parse(cs_buf_span(pem), back, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(back), der));
	}
	cs_pubkey_free(&pub);
	cs_buf_free(&pem);
	cs_buf_free(&back);
}

/* The file of `sign --holder`: a certificate or a public key. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_buf *spki = cs_buf_new(ROOM);
	cs_err e = {0};

	if (spki == NULL)
		return 0;
	if (cs_holder_parse(cs_span_of(data, n), spki, &e) == CS_OK)
		check_key(cs_buf_span(spki));
	else
		CHECK(e.text[0] != '\0' && e.cls != CS_OK);
	cs_buf_free(&spki);
	return 0;
}
