/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ssh.h"
#include "fmt/sshkey.h"
#include "fuzz.h"

static void
put_mpint(cs_buf *b, cs_span n)
{
	cs_ssh_put_u32(b, (uint32_t)n.n + (n.p[0] >> 7));
	if ((n.p[0] & 0x80) != 0)
		CHECK(cs_buf_put_byte(b, 0) == CS_OK);
	CHECK(cs_buf_put(b, n) == CS_OK);
}

/* One key has one blob. */
static void
check_back(const cs_sshkey *k)
{
	static const uint8_t f4[] = {1, 0, 1};
	cs_buf *b = cs_buf_new(CS_SSHKEY_MAX);

	CHECK(b != NULL);
	cs_ssh_put_string(b, cs_span_str(k->type));
	if (k->kind == CS_KEY_P256 || k->kind == CS_KEY_P384)
		cs_ssh_put_string(b, cs_span_str(k->kind == CS_KEY_P256 ?
		    "nistp256" : "nistp384"));
	if (k->kind == CS_KEY_RSA) {
		put_mpint(b, cs_span_of(f4, sizeof(f4)));
		put_mpint(b, k->modulus);
	} else {
		cs_ssh_put_string(b, k->point);
	}
	if (k->is_sk)
		cs_ssh_put_string(b, k->application);
	CHECK(!cs_buf_failed(b) && cs_span_eq(cs_buf_span(b), k->blob));
	cs_buf_free(&b);
}

/* And one SubjectPublicKeyInfo, which holds the same numbers. */
static void
check_spki(const cs_sshkey *k)
{
	cs_buf *b = cs_buf_new(1024);
	cs_spki s;

	CHECK(b != NULL);
	CHECK(cs_sshkey_spki(k, b, NULL) == CS_OK);
	CHECK(cs_spki_parse(cs_buf_span(b), &s, NULL) == CS_OK);
	CHECK(s.kind == k->kind);
	CHECK(k->kind == CS_KEY_RSA ? cs_span_eq(s.modulus, k->modulus) :
	    cs_span_eq(s.point, k->point));
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_sshkey k;

	if (cs_sshkey_parse(in, &k, NULL) != CS_OK) {
		CHECK(k.blob.p == NULL && k.type == NULL);
		return 0;
	}
	CHECK(cs_span_eq(k.blob, in));
	CHECK(k.is_sk == (k.application.p != NULL));
	check_back(&k);
	check_spki(&k);
	return 0;
}
