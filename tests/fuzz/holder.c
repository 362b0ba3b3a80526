/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/pubkey.h"
#include "fmt/ownersput.h"
#include "fmt/pem.h"
#include "fuzz.h"
#include "tool/grant.h"
#include "tool/ownerspub.h"

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

static bool
is_same(cs_span a, cs_span b)
{
	return (a.n == 0 && b.n == 0) || cs_span_eq(a, b);
}

static int
same_key(void *arg, const cs_anchor *a, cs_err *e)
{
	const cs_anchor *want = arg;

	(void)e;
	CHECK(a->type == want->type);
	CHECK(is_same(a->rp_id, want->rp_id));
	CHECK(is_same(a->credential_id, want->credential_id));
	CHECK(is_same(a->comment, want->comment));
	CHECK(want->ssh.blob.p == NULL ? cs_span_eq(a->key.der, want->key.der) :
	    cs_span_eq(a->ssh.blob, want->ssh.blob));
	return CS_OK;
}

/* It makes a line, and the line holds the same key. */
static void
check_line(const cs_ownerspub *p)
{
	cs_anchor a = {.owner = cs_span_str("mailto:a@b.example")};
	cs_buf *line = cs_buf_new(CS_OWNERS_LINE_ROOM);

	CHECK(cs_ownerspub_fill(p, &a, NULL) == CS_OK);
	CHECK(a.type == p->type);
	if (line == NULL)
		return;
	if (p->comment != NULL)
		a.comment = cs_buf_span(p->comment);
	if (cs_owners_put(line, &a, NULL) == CS_OK)
		CHECK(cs_owners_parse("line", cs_buf_span(line), same_key, &a,
		    NULL) == CS_OK);
	cs_buf_free(&line);
}

/* The files of `sign --holder` and of `owners add --public-key`: a certificate,
 * a public key of several forms, the key file of a security key. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_buf *spki = cs_buf_new(ROOM);
	cs_ownerspub pub = {0};
	cs_err e = {0};

	if (spki == NULL)
		return 0;
	if (cs_ownerspub_parse("in", cs_span_of(data, n), &pub, &e) == CS_OK)
		check_line(&pub);
	else
		CHECK(e.text[0] != '\0' && e.cls != CS_OK && pub.key == NULL);
	cs_ownerspub_clear(&pub);
	cs_err_clear(&e);
	if (cs_holder_parse(cs_span_of(data, n), spki, &e) == CS_OK)
		check_key(cs_buf_span(spki));
	else
		CHECK(e.text[0] != '\0' && e.cls != CS_OK);
	cs_buf_free(&spki);
	return 0;
}
