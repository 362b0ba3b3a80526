/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/der.h"
#include "fmt/ssh.h"
#include "fmt/sshsig.h"
#include "fuzz.h"

/* What was read is written back as the same bytes: nothing is left over and
 * nothing was overlooked. */
static void
check_back(const cs_sshsig *s)
{
	cs_buf *sig = cs_buf_new(CS_SSHSIG_MAX), *b = cs_buf_new(CS_SSHSIG_MAX);
	const char *type = s->key.type;

	CHECK(sig != NULL && b != NULL);
	if (s->key.kind == CS_KEY_RSA)
		type = s->rsa_sha512 ? "rsa-sha2-512" : "rsa-sha2-256";
	cs_ssh_put_string(sig, cs_span_str(type));
	cs_ssh_put_string(sig, s->sig);
	if (s->key.is_sk) {
		CHECK((s->flags & ~5) == 0);
		CHECK(s->present == ((s->flags & 1) != 0));
		CHECK(s->verified == ((s->flags & 4) != 0));
		CHECK(cs_buf_put_byte(sig, s->flags) == CS_OK);
		cs_ssh_put_u32(sig, s->counter);
	} else {
		CHECK(s->flags == 0 && !s->present && !s->verified);
	}
	CHECK(cs_sshsig_put(s->key.blob, s->sha512, cs_buf_span(sig), b,
	    NULL) == CS_OK);
	CHECK(cs_span_eq(cs_buf_span(b), s->blob));
	cs_buf_free(&b);
	cs_buf_free(&sig);
}

static void
check_pair(const cs_sshsig *s)
{
	cs_buf *b = cs_buf_new(128);

	CHECK(b != NULL);
	CHECK(cs_sshsig_ec(s, b, NULL) == CS_OK);
	CHECK(cs_der_walk(cs_buf_span(b), 0, NULL) == CS_OK);
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_sshsig s;

	if (cs_sshsig_parse(in, &s, NULL) != CS_OK) {
		CHECK(s.blob.p == NULL && s.key.type == NULL);
		return 0;
	}
	CHECK(cs_span_eq(s.blob, in));
	check_back(&s);
	if (s.key.kind == CS_KEY_P256 || s.key.kind == CS_KEY_P384)
		check_pair(&s);
	return 0;
}
