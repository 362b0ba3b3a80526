/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/warm.h"

#include <jansson.h>
#include <string.h>

#include "crypt/hash.h"
#include "crypt/privkey.h"
#include "crypt/pubkey.h"

/* Jansson would take the clock where it cannot open /dev/urandom; 0 asks it to
 * look there itself. */
static int
seed_json(cs_err *e)
{
	uint8_t b[sizeof(size_t)];
	size_t seed = 0;
	int rc;

	if ((rc = cs_random(b, sizeof(b), e)) != CS_OK)
		return rc;
	memcpy(&seed, b, sizeof(seed));
	json_object_seed(seed == 0 ? 1 : seed);
	return CS_OK;
}

/* A signature of each kind that is cheap to make, and its verification. */
static int
try_key(const char *kind, cs_err *e)
{
	cs_privkey *key = NULL;
	cs_pubkey *pub = NULL;
	cs_buf *spki = cs_buf_new(1024), *sig = cs_buf_new(1024);
	const cs_alg *alg;
	cs_spki k;
	int rc;

	if (spki == NULL || sig == NULL)
		rc = cs_nomem(e, "server/warm");
	else if ((rc = cs_privkey_generate(kind, &key, e)) == CS_OK &&
	    (rc = cs_privkey_spki(key, spki, e)) == CS_OK &&
	    (rc = cs_spki_parse(cs_buf_span(spki), &k, e)) == CS_OK &&
	    (rc = cs_pubkey_new(&k, &pub, e)) == CS_OK) {
		alg = cs_alg_for_key(k.kind, CS_USE_PKCS10);
		if ((rc = cs_privkey_sign(key, alg, cs_span_str(kind), sig,
		    e)) == CS_OK)
			rc = cs_pubkey_verify(pub, alg, cs_span_str(kind),
			    cs_buf_span(sig), e);
	}
	cs_pubkey_free(&pub);
	cs_privkey_free(&key);
	cs_buf_free(&spki);
	cs_buf_free(&sig);
	return rc;
}

int
cs_server_warm(cs_err *e)
{
	static const char *const kinds[] = {"p256", "p384", "ed25519"};
	size_t i;
	int rc = seed_json(e);

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && rc == CS_OK; i++)
		rc = try_key(kinds[i], e);
	return rc;
}
