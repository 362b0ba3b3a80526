/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "crypt/assertion.h"
#include "fmt/clientdata.h"
#include "tool/describe.h"

/* What stands around the TBS when a security key or an OpenSSH key signs it. */

#define SPKI_ROOM 1024

static void
put_person(bool present, bool verified, uint32_t counter, cs_out *out)
{
	cs_out_bool(out, "presence", "presence, by its flag", present);
	cs_out_bool(out, "verification", "PIN or fingerprint, by its flag",
	    verified);
	cs_out_int(out, "counter", "counter", counter);
}

/* Where it stands in client data of the one right form; what has another form
 * is told to be of another. */
static cs_span
find_origin(cs_span client_data)
{
	static const char key[] = "\"origin\":\"";
	const uint8_t *p = memmem(client_data.p, client_data.n, key,
	    sizeof(key) - 1);
	const uint8_t *end;
	cs_span rest;

	if (p == NULL)
		return (cs_span){NULL, 0};
	p += sizeof(key) - 1;
	rest = cs_span_of(p, client_data.n - (size_t)(p - client_data.p));
	end = rest.n == 0 ? NULL : memchr(rest.p, '"', rest.n);
	if (end == NULL)
		return (cs_span){NULL, 0};
	return cs_span_of(p, (size_t)(end - p));
}

static int
put_client_data(const cs_webauthn *w, cs_out *out, cs_err *e)
{
	cs_span origin = find_origin(w->client_data);
	uint8_t challenge[CS_SHA256_LEN];
	cs_err why = {0};
	int r;

	if ((r = cs_assertion_challenge(w->tbs, challenge, e)) != CS_OK)
		return r;
	if (origin.p != NULL)
		cs_out_span(out, "origin", "origin", origin);
	else
		cs_out_null(out, "origin");
	r = cs_clientdata_check(w->client_data, cs_span_of(challenge,
	    sizeof(challenge)), origin, &why);
	cs_out_bool(out, "client_data_fits", NULL, r == CS_OK);
	cs_out_str(out, NULL, "client data", r == CS_OK ?
	    "of this approval" : why.text);
	cs_out_span(out, "client_data", r == CS_OK ? NULL : "client data is",
	    w->client_data);
	return CS_OK;
}

int
cs_describe_webauthn(const cs_webauthn *w, cs_out *out, cs_err *e)
{
	const cs_authdata *a = &w->auth;

	put_person(a->present, a->verified, a->counter, out);
	cs_out_bool(out, "backup_eligible",
	    a->backup_eligible ? "the key may leave its device" : NULL,
	    a->backup_eligible);
	cs_out_bool(out, "backed_up", a->backed_up ? "it is backed up" : NULL,
	    a->backed_up);
	cs_out_hex(out, "rp_id_hash", "RP ID hash", a->rp_id_hash);
	if (a->extensions.p != NULL)
		cs_out_hex(out, "authenticator_extensions",
		    "authenticator's extensions", a->extensions);
	return put_client_data(w, out, e);
}

int
cs_describe_sshkey(const cs_sshkey *k, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_sha256(k->blob, hash, e)) != CS_OK)
		return r;
	cs_out_str(out, "ssh_type", "OpenSSH type", k->type);
	cs_out_hash(out, "ssh_fingerprint", "OpenSSH fingerprint",
	    cs_span_of(hash, sizeof(hash)));
	if (k->is_sk)
		cs_out_span(out, "application", "application",
		    k->application);
	return CS_OK;
}

static int
put_spki_hash(const cs_sshkey *k, cs_out *out, cs_err *e)
{
	cs_buf *spki = cs_buf_new(SPKI_ROOM);
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if (spki == NULL)
		return cs_nomem(e, "describe");
	if ((r = cs_sshkey_spki(k, spki, e)) == CS_OK &&
	    (r = cs_sha256(cs_buf_span(spki), hash, e)) == CS_OK)
		cs_out_hash(out, "key_hash", "its key hash",
		    cs_span_of(hash, sizeof(hash)));
	cs_buf_free(&spki);
	return r;
}

int
cs_describe_sshsig(const cs_sshsig *s, cs_out *out, cs_err *e)
{
	int r;

	if ((r = cs_describe_sshkey(&s->key, out, e)) != CS_OK ||
	    (r = put_spki_hash(&s->key, out, e)) != CS_OK)
		return r;
	cs_out_str(out, "hash", "hash", s->sha512 ? "sha512" : "sha256");
	if (s->key.kind == CS_KEY_RSA)
		cs_out_str(out, "algorithm", "signed with", s->rsa_sha512 ?
		    "rsa-sha2-512" : "rsa-sha2-256");
	if (s->key.is_sk)
		put_person(s->present, s->verified, s->counter, out);
	else
		cs_out_str(out, NULL, "presence",
		    "cannot be proven by a key of this type");
	return CS_OK;
}
