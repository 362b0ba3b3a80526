/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/cmscert.h"

#include "base/time.h"
#include "crypt/privkey.h"
#include "fmt/der.h"
#include "fmt/oid.h"

/* RFC 5280 4.1. */

#define SERIAL_LEN 16
#define NO_EXPIRY 253402300799 /* 99991231235959Z, 4.1.2.5 */
#define GENTIME_FROM 2524608000 /* 20500101000000Z */

static const char where[] = "crypt/cmscert";

static void
put_oid(cs_buf *b, enum cs_oid id)
{
	cs_der_put(b, CS_DER_OID, cs_oid(id));
}

static void
put_name(cs_buf *b, const char *common_name)
{
	static const char id_at_common_name[] = "\x55\x04\x03";
	size_t name, rdn, pair;

	name = cs_der_begin(b, CS_DER_SEQ);
	rdn = cs_der_begin(b, CS_DER_SET);
	pair = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put(b, CS_DER_OID, cs_span_str(id_at_common_name));
	cs_der_put(b, CS_DER_UTF8, cs_span_str(common_name));
	cs_der_close(b, pair);
	cs_der_close(b, rdn);
	cs_der_close(b, name);
}

static void
put_time(cs_buf *b, int64_t t)
{
	char text[16];

	if (t < GENTIME_FROM && cs_gentime_put(t, text))
		cs_der_put(b, CS_DER_UTCTIME, cs_span_str(text + 2));
	else
		cs_der_put_gentime(b, t);
}

static void
put_validity(cs_buf *b, int64_t now)
{
	const size_t m = cs_der_begin(b, CS_DER_SEQ);

	put_time(b, now);
	put_time(b, NO_EXPIRY);
	cs_der_close(b, m);
}

static void
put_extension(cs_buf *b, enum cs_oid id, bool critical, cs_span value)
{
	const size_t m = cs_der_begin(b, CS_DER_SEQ);

	put_oid(b, id);
	if (critical)
		cs_der_put(b, CS_DER_BOOLEAN, cs_span_of("\xff", 1));
	cs_der_put(b, CS_DER_OCTETS, value);
	cs_der_close(b, m);
}

static void
put_extensions(cs_buf *b, const uint8_t key_hash[CS_SHA256_LEN])
{
	static const uint8_t digital_signature[] = {3, 2, 7, 0x80};
	static const uint8_t not_a_ca[] = {CS_DER_SEQ, 0};
	uint8_t key_id[2 + CS_SHA256_LEN] = {CS_DER_OCTETS, CS_SHA256_LEN};
	size_t ctx, list, i;

	for (i = 0; i < CS_SHA256_LEN; i++)
		key_id[2 + i] = key_hash[i];
	ctx = cs_der_begin(b, CS_DER_CTXC(3));
	list = cs_der_begin(b, CS_DER_SEQ);
	put_extension(b, CS_OID_CE_SUBJECT_KEY_ID, false,
	    cs_span_of(key_id, sizeof(key_id)));
	put_extension(b, CS_OID_CE_KEY_USAGE, true,
	    cs_span_of(digital_signature, sizeof(digital_signature)));
	put_extension(b, CS_OID_CE_BASIC_CONSTRAINTS, true,
	    cs_span_of(not_a_ca, sizeof(not_a_ca)));
	cs_der_close(b, list);
	cs_der_close(b, ctx);
}

static int
put_body(const cs_spki *k, const cs_alg *alg, int64_t now, cs_buf *b,
    cs_err *e)
{
	uint8_t serial[SERIAL_LEN], key_hash[CS_SHA256_LEN];
	char subject[10 + 52] = "owner key ";
	size_t body, m;
	int rc;

	if ((rc = cs_random(serial, sizeof(serial), e)) != CS_OK ||
	    (rc = cs_key_hash(k, key_hash, e)) != CS_OK)
		return rc;
	serial[0] |= 1; /* 4.1.2.2: never zero */
	cs_fingerprint(key_hash, subject + 10);
	body = cs_der_begin(b, CS_DER_SEQ);
	m = cs_der_begin(b, CS_DER_CTXC(0));
	cs_der_put_uint(b, CS_DER_INTEGER, 2);
	cs_der_close(b, m);
	cs_der_put_bigint(b, cs_span_of(serial, sizeof(serial)));
	cs_der_put_raw(b, alg->sig_alg);
	put_name(b, "nobody: this only names a key");
	put_validity(b, now);
	put_name(b, subject);
	cs_der_put_raw(b, k->der);
	put_extensions(b, key_hash);
	cs_der_close(b, body);
	return cs_der_done(b, e);
}

static int
sign_body(const cs_alg *alg, cs_span body, cs_buf *sig, cs_err *e)
{
	cs_privkey *k = NULL;
	int rc;

	if ((rc = cs_privkey_generate("p256", &k, e)) == CS_OK)
		rc = cs_privkey_sign(k, alg, body, sig, e);
	cs_privkey_free(&k);
	return rc;
}

int
cs_cms_cert(const cs_spki *k, int64_t now, cs_buf *out, cs_err *e)
{
	const cs_alg *alg = cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10);
	cs_buf *body = cs_buf_new(512 + k->der.n), *sig = cs_buf_new(128);
	size_t m;
	int rc;

	if (body == NULL || sig == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = put_body(k, alg, now, body, e)) == CS_OK)
		rc = sign_body(alg, cs_buf_span(body), sig, e);
	if (rc == CS_OK) {
		m = cs_der_begin(out, CS_DER_SEQ);
		cs_der_put_raw(out, cs_buf_span(body));
		cs_der_put_raw(out, alg->sig_alg);
		cs_der_put_bits(out, cs_buf_span(sig));
		cs_der_close(out, m);
		rc = cs_der_done(out, e);
	}
	cs_buf_free(&body);
	cs_buf_free(&sig);
	return rc;
}
