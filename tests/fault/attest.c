/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/attest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/fido.h"
#include "attest/piv.h"
#include "base/file.h"

#define NOW INT64_C(1800000000)

static cs_roots *roots;
static cs_buf *good, *u2f, *forged, *unproven, *piv, *bare, *slot;
static char dir[] = "./fault-roots.XXXXXX";

static bool
load(const char *name, cs_buf **out)
{
	const char *srcdir = getenv("SRCDIR");
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/tests/%s",
	    srcdir == NULL ? "." : srcdir, name);
	return cs_file_read(path, 65536, out, NULL) == CS_OK;
}

bool
attest_start(void)
{
	cs_buf *pem = NULL;
	char path[64];
	bool done;

	if (mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(path, sizeof(path), "%s/root.pem", dir);
	done = load("vectors/attest/root.pem", &pem) &&
	    cs_file_write(path, cs_buf_span(pem), 0600, false, NULL) ==
	    CS_OK && cs_roots_load(dir, &roots, NULL) == CS_OK &&
	    load("fuzz/corpus/fido/proven-p256", &good) &&
	    load("fuzz/corpus/fido/proven-u2f", &u2f) &&
	    load("fuzz/corpus/fido/refused-signature", &forged) &&
	    load("fuzz/corpus/fido/unattested-ca", &unproven) &&
	    load("fuzz/corpus/piv/proven-always", &piv) &&
	    load("fuzz/corpus/piv/proven-bare", &bare) &&
	    load("fuzz/corpus/piv/refused-slot", &slot);
	cs_buf_free(&pem);
	(void)unlink(path);
	(void)rmdir(dir);
	return done;
}

void
attest_finish(void)
{
	cs_buf **const all[] = {&good, &u2f, &forged, &unproven, &piv, &bare,
	    &slot};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		cs_buf_free(all[i]);
	cs_roots_free(&roots);
}

static size_t
length_at(cs_span in, size_t at)
{
	return (size_t)in.p[at] << 8 | in.p[at + 1];
}

/* As tests/fuzz/fido.c says. */
static int
fido(const cs_buf *from, cs_err *e)
{
	cs_span in = cs_buf_span(from);
	size_t len = length_at(in, 2);
	cs_fido_claim c = {.rp_id = cs_span_str("approve.corp.example"),
	    .format = cs_span_str(in.p[0] == 0 ? "packed" : "fido-u2f"),
	    .kind = CS_KEY_P256, .authdata = cs_span_cut(in, 4, len),
	    .statement = cs_span_cut(in, 4 + len, in.n - 4 - len)};
	cs_fido_proof p = {0};
	int r;

	memset(c.client_data_hash, 0x5a, sizeof(c.client_data_hash));
	if ((r = cs_fido_attest(&c, roots, NOW, &p, e)) == CS_OK &&
	    p.proof == CS_PROOF_NONE)
		r = cs_fail(e, CS_EREFUSED, "test", "%s", p.why);
	return r;
}

/* As tests/fuzz/piv.c says. */
static int
statement(const cs_buf *from, cs_err *e)
{
	cs_span in = cs_buf_span(from), certs[4] = {{0}};
	cs_piv_proof p = {0};
	cs_attcert *leaf = NULL;
	cs_spki key = {0};
	size_t n, len;
	int r;

	for (n = 0; in.n > 2 && n < 4; n++) {
		len = length_at(in, 0);
		certs[n] = cs_span_cut(in, 2, len);
		in = cs_span_cut(in, 2 + len, in.n - 2 - len);
	}
	if ((r = cs_attcert_new(certs[0], &leaf, e)) == CS_OK &&
	    (r = cs_attcert_key(leaf, &key, e)) == CS_OK)
		r = cs_piv_attest(certs, n, key.der, roots, NOW, &p, e);
	cs_attcert_free(&leaf);
	return r;
}

int
attest_good(cs_err *e)
{
	return fido(good, e);
}

int
attest_u2f(cs_err *e)
{
	return fido(u2f, e);
}

int
attest_forged(cs_err *e)
{
	return fido(forged, e);
}

int
attest_unproven(cs_err *e)
{
	return fido(unproven, e);
}

int
attest_piv(cs_err *e)
{
	return statement(piv, e);
}

int
attest_piv_bare(cs_err *e)
{
	return statement(bare, e);
}

int
attest_piv_forged(cs_err *e)
{
	return statement(slot, e);
}
