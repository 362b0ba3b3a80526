/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cose.h"

#include "fmt/cbor.h"
#include "fmt/reason.h"
#include "fmt/spki.h"

#define UNSUPPORTED(e, ...) CS_BAD(e, CS_R_UNSUPPORTED, "cose", __VA_ARGS__)

/* Labels, RFC 9052 section 7 and RFC 9053 section 7. */
enum label { KTY = 1, ALG = 3, CRV = -1, X = -2, Y = -3 };
enum kty { OKP = 1, EC2 = 2 };

static const struct row {
	int64_t alg, kty, crv;
	enum cs_key_kind kind;
	size_t len; /* of a coordinate */
} rows[] = {
	{-7, EC2, 1, CS_KEY_P256, 32},
	{-9, EC2, 1, CS_KEY_P256, 32},
	{-35, EC2, 2, CS_KEY_P384, 48},
	{-51, EC2, 2, CS_KEY_P384, 48},
	{-8, OKP, 6, CS_KEY_ED25519, 32},
	{-19, OKP, 6, CS_KEY_ED25519, 32},
};

struct key {
	size_t left; /* members that are still to be read */
	const struct row *row;
	cs_span x, y;
};

/* The members are sorted, so that the next one is this or it is not there. */
static int
take_label(cs_span *in, struct key *k, enum label want, cs_err *e)
{
	const int type = cs_cbor_peek(*in);
	int64_t label = 0;
	int r;

	if (k->left == 0)
		return UNSUPPORTED(e, "the key has no member %d", want);
	if (type != CS_CBOR_UINT && type != CS_CBOR_NINT)
		return UNSUPPORTED(e, "the key has a member without a number");
	if ((r = cs_cbor_int(in, &label, e)) != CS_OK)
		return r;
	if (label != (int64_t)want)
		return UNSUPPORTED(e, "expected the key's member %d, found "
		    "%lld", want, (long long)label);
	k->left--;
	return CS_OK;
}

static int
take_int(cs_span *in, struct key *k, enum label want, int64_t *out, cs_err *e)
{
	int r = take_label(in, k, want, e);

	return r != CS_OK ? r : cs_cbor_int(in, out, e);
}

static int
take_bytes(cs_span *in, struct key *k, enum label want, cs_span *out,
    cs_err *e)
{
	int r = take_label(in, k, want, e);

	if (r != CS_OK)
		return r;
	if (cs_cbor_peek(*in) == CS_CBOR_SIMPLE)
		return UNSUPPORTED(e, "expected an uncompressed point");
	return cs_cbor_bytes(in, out, e);
}

static const struct row *
row_of(int64_t alg, int64_t kty)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].alg == alg && rows[i].kty == kty)
			return &rows[i];
	return NULL;
}

/* What it is comes before what it has. */
static int
read_kind(cs_span *in, struct key *k, cs_err *e)
{
	int64_t kty = 0, alg = 0;
	int r;

	if ((r = take_int(in, k, KTY, &kty, e)) != CS_OK ||
	    (r = take_int(in, k, ALG, &alg, e)) != CS_OK)
		return r;
	if ((k->row = row_of(alg, kty)) == NULL)
		return UNSUPPORTED(e, "expected ES256, ES384 or EdDSA, found "
		    "algorithm %lld of key type %lld", (long long)alg,
		    (long long)kty);
	return CS_OK;
}

static int
read_point(cs_span *in, struct key *k, cs_err *e)
{
	int64_t crv = 0;
	int r;

	if ((r = take_int(in, k, CRV, &crv, e)) != CS_OK ||
	    (r = take_bytes(in, k, X, &k->x, e)) != CS_OK)
		return r;
	if (k->row->kty == EC2 && (r = take_bytes(in, k, Y, &k->y, e)) != CS_OK)
		return r;
	if (crv != k->row->crv || k->x.n != k->row->len ||
	    (k->row->kty == EC2 && k->y.n != k->row->len))
		return UNSUPPORTED(e, "expected coordinates of %zu octets on "
		    "curve %lld, found %zu and %zu on %lld", k->row->len,
		    (long long)k->row->crv, k->x.n, k->y.n, (long long)crv);
	return CS_OK;
}

static int
read_key(cs_span in, struct key *k, cs_err *e)
{
	cs_span whole = {0};
	int r;

	if ((r = cs_cbor_any(&in, &whole, e)) != CS_OK ||
	    (r = cs_cbor_end(in, "the key", e)) != CS_OK ||
	    (r = cs_cbor_begin(&whole, CS_CBOR_MAP, &k->left, e)) != CS_OK ||
	    (r = read_kind(&whole, k, e)) != CS_OK ||
	    (r = read_point(&whole, k, e)) != CS_OK)
		return r;
	if (k->left != 0)
		return UNSUPPORTED(e, "the key has %zu members too many",
		    k->left);
	return CS_OK;
}

static int
put_ec(const struct key *k, cs_buf *out, cs_err *e)
{
	cs_buf *point = cs_buf_new(1 + k->x.n + k->y.n);
	int r;

	if (point == NULL)
		return cs_nomem(e, "cose");
	if (cs_buf_put_byte(point, 0x04) != CS_OK ||
	    cs_buf_put(point, k->x) != CS_OK ||
	    cs_buf_put(point, k->y) != CS_OK)
		r = cs_fail(e, CS_EBUG, "cose", "no room for a point");
	else
		r = cs_spki_put_ec(out, k->row->kind, cs_buf_span(point), e);
	cs_buf_free(&point);
	return r;
}

int
cs_cose_spki(cs_span cose_key, cs_buf *out, cs_err *e)
{
	struct key k = {0};
	int r;

	if ((r = read_key(cose_key, &k, e)) != CS_OK)
		return cs_wrap(e, "COSE key");
	return k.row->kty == EC2 ? put_ec(&k, out, e) :
	    cs_spki_put_ed25519(out, k.x, e);
}
