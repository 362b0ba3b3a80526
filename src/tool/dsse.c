/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/dsse.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "crypt/alg.h"

#define STATEMENT "https://in-toto.io/Statement/v1"
#define PAYLOAD "application/vnd.in-toto+json"
#define SPKI_ROOM 2048
#define SIG_ROOM 1024

int
cs_dsse_statement(cs_span name, cs_span sha256, json_t *predicate,
    json_t **out, cs_err *e)
{
	cs_buf *hex = cs_buf_new(2 * sha256.n + 1);
	json_t *v = NULL;

	if (hex != NULL && cs_hex_put(hex, sha256) == CS_OK)
		v = json_pack("{s:s, s:[{s:s%, s:{s:s}}], s:s, s:O}",
		    "_type", STATEMENT, "subject", "name",
		    (const char *)name.p, name.n, "digest", "sha256",
		    cs_buf_cstr(hex), "predicateType", CS_DSSE_PREDICATE,
		    "predicate", predicate);
	cs_buf_free(&hex);
	json_decref(predicate);
	*out = v;
	return v == NULL ? cs_nomem(e, "dsse") : CS_OK;
}

static cs_buf *
base64(cs_span s)
{
	cs_buf *b = cs_buf_new(s.n / 3 * 4 + 8);

	if (b != NULL && cs_base64_put(b, s, 0) != CS_OK)
		cs_buf_free(&b);
	return b;
}

/* "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body */
static cs_buf *
pae(cs_span body)
{
	cs_buf *b = cs_buf_new(body.n + 128);

	if (b != NULL && (cs_buf_printf(b, "DSSEv1 %zu %s %zu ",
	    strlen(PAYLOAD), PAYLOAD, body.n) != CS_OK ||
	    cs_buf_put(b, body) != CS_OK))
		cs_buf_free(&b);
	return b;
}

static int
sign(cs_key *k, cs_span bytes, cs_buf *sig, cs_buf *keyid, cs_err *e)
{
	cs_buf *spki = cs_buf_new(SPKI_ROOM);
	const cs_alg *alg = NULL;
	uint8_t hash[CS_SHA256_LEN];
	cs_spki key = {0};
	int r;

	if (spki == NULL)
		return cs_nomem(e, "dsse");
	if ((r = cs_key_spki(k, spki, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(spki), &key, e)) == CS_OK &&
	    (r = cs_sha256(key.der, hash, e)) == CS_OK &&
	    (r = cs_alg_choose(&key, CS_USE_PKCS10, false, &alg, e)) == CS_OK)
		r = cs_key_sign(k, alg, bytes, sig, e);
	if (r == CS_OK && cs_hex_put(keyid, cs_span_of(hash, sizeof(hash))) !=
	    CS_OK)
		r = cs_nomem(e, "dsse");
	cs_buf_free(&spki);
	return r;
}

static json_t *
envelope(cs_span body, cs_span sig, const char *keyid)
{
	cs_buf *payload = base64(body), *value = base64(sig);
	json_t *v = NULL;

	if (payload != NULL && value != NULL)
		v = json_pack("{s:s, s:s, s:[{s:s, s:s}]}",
		    "payload", cs_buf_cstr(payload), "payloadType", PAYLOAD,
		    "signatures", "keyid", keyid, "sig", cs_buf_cstr(value));
	cs_buf_free(&payload);
	cs_buf_free(&value);
	return v;
}

int
cs_dsse_sign(const json_t *statement, cs_key *k, json_t **out, cs_err *e)
{
	char *body = json_dumps(statement, JSON_COMPACT | JSON_ENSURE_ASCII);
	cs_buf *bytes = NULL, *sig = cs_buf_new(SIG_ROOM);
	cs_buf *keyid = cs_buf_new(2 * CS_SHA256_LEN + 1);
	int r;

	*out = NULL;
	if (body == NULL || sig == NULL || keyid == NULL ||
	    (bytes = pae(cs_span_str(body))) == NULL) {
		r = cs_nomem(e, "dsse");
		goto out;
	}
	if ((r = sign(k, cs_buf_span(bytes), sig, keyid, e)) != CS_OK)
		goto out;
	if ((*out = envelope(cs_span_str(body), cs_buf_span(sig),
	    cs_buf_cstr(keyid))) == NULL)
		r = cs_nomem(e, "dsse");
out:
	free(body);
	cs_buf_free(&bytes);
	cs_buf_free(&sig);
	cs_buf_free(&keyid);
	return r;
}
