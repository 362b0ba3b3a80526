/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmpub.h"

#include <string.h>

#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "tpmpub", __VA_ARGS__)

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define RSA_EXPONENT 65537
#define POINT_MAX (1 + 2 * 48)
/* TPMI_ALG_PUBLIC has these, too: Part 2, 12.2.2. */
#define ALG_KEYEDHASH 0x0008
#define ALG_SYMCIPHER 0x0025

static const uint32_t attributes_known = CS_TPMA_FIXED_TPM |
    CS_TPMA_ST_CLEAR | CS_TPMA_FIXED_PARENT | CS_TPMA_SENSITIVE_DATA_ORIGIN |
    CS_TPMA_USER_WITH_AUTH | CS_TPMA_ADMIN_WITH_POLICY | CS_TPMA_NO_DA |
    CS_TPMA_ENCRYPTED_DUPLICATION | CS_TPMA_RESTRICTED | CS_TPMA_DECRYPT |
    CS_TPMA_SIGN;

/* TPM_ECC_CURVE, Part 2, 6.4. */
static const struct curve {
	uint16_t id;
	enum cs_key_kind kind;
	unsigned bits;
} curves[] = {
	{0x0003, CS_KEY_P256, 256},
	{0x0004, CS_KEY_P384, 384},
};

static int
read_hash(cs_span *in, const char *what, uint16_t *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_u16(in, out, e)) != CS_OK)
		return r;
	if (cs_tpm_digest_len(*out) == 0)
		return BAD(e, CS_R_UNSUPPORTED, "expected SHA-256, SHA-384 or "
		    "SHA-512 as %s, found algorithm 0x%04x", what,
		    (unsigned)*out);
	return CS_OK;
}

static int
read_attributes(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	uint32_t other;
	int r;

	if ((r = cs_tpm_u32(in, &out->attributes, e)) != CS_OK)
		return r;
	if ((other = out->attributes & ~attributes_known) != 0)
		return BAD(e, CS_R_UNSUPPORTED, "attributes that are reserved, "
		    "or not known here: 0x%08lx", (unsigned long)other);
	return CS_OK;
}

/* A digest of nameAlg, or none. */
static int
read_policy(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	const size_t n = cs_tpm_digest_len(out->name_alg);
	int r;

	if ((r = cs_tpm_sized(in, n, &out->policy, e)) != CS_OK)
		return cs_wrap(e, "authPolicy");
	if (out->policy.n != 0 && out->policy.n != n)
		return BAD(e, CS_R_MALFORMED, "expected an authPolicy of %zu "
		    "octets or none, found %zu", n, out->policy.n);
	return CS_OK;
}

/* TPMT_SYM_DEF_OBJECT, 11.1.7. */
static int
read_symmetric(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_u16(in, &out->sym, e)) != CS_OK ||
	    out->sym == CS_TPM_ALG_NULL)
		return r;
	if (out->sym != CS_TPM_ALG_AES)
		return BAD(e, CS_R_UNSUPPORTED, "expected AES or no symmetric "
		    "algorithm, found 0x%04x", (unsigned)out->sym);
	if ((r = cs_tpm_u16(in, &out->sym_bits, e)) != CS_OK ||
	    (r = cs_tpm_u16(in, &out->sym_mode, e)) != CS_OK)
		return r;
	if ((out->sym_bits != 128 && out->sym_bits != 192 &&
	    out->sym_bits != 256) || out->sym_mode != CS_TPM_ALG_CFB)
		return BAD(e, CS_R_UNSUPPORTED, "expected AES of 128, 192 or "
		    "256 bits in the mode CFB, found %u bits and mode 0x%04x",
		    (unsigned)out->sym_bits, (unsigned)out->sym_mode);
	return CS_OK;
}

/* TPMT_RSA_SCHEME and TPMT_ECC_SCHEME, 11.2.4.2 and 11.2.5.6. */
static int
read_scheme(cs_span *in, bool is_rsa, cs_tpmpub *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_u16(in, &out->scheme, e)) != CS_OK)
		return r;
	out->scheme_hash = CS_TPM_ALG_NULL;
	if (out->scheme == CS_TPM_ALG_NULL)
		return CS_OK;
	if (is_rsa ? out->scheme != CS_TPM_ALG_RSASSA &&
	    out->scheme != CS_TPM_ALG_RSAPSS : out->scheme != CS_TPM_ALG_ECDSA)
		return BAD(e, CS_R_UNSUPPORTED, "expected %s or no scheme, "
		    "found algorithm 0x%04x", is_rsa ? "RSASSA, RSAPSS" :
		    "ECDSA", (unsigned)out->scheme);
	return read_hash(in, "the scheme's hash", &out->scheme_hash, e);
}

/* TPMS_RSA_PARMS, 12.2.3.5, and TPM2B_PUBLIC_KEY_RSA. */
static int
read_rsa(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	uint16_t bits = 0;
	uint32_t exponent = 0;
	int r;

	if ((r = read_symmetric(in, out, e)) != CS_OK ||
	    (r = read_scheme(in, true, out, e)) != CS_OK ||
	    (r = cs_tpm_u16(in, &bits, e)) != CS_OK ||
	    (r = cs_tpm_u32(in, &exponent, e)) != CS_OK)
		return r;
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || bits % 8 != 0)
		return BAD(e, CS_R_UNSUPPORTED, "expected RSA of %d to %d "
		    "bits, found %u", RSA_BITS_MIN, RSA_BITS_MAX,
		    (unsigned)bits);
	if (exponent != 0 && exponent != RSA_EXPONENT)
		return BAD(e, CS_R_UNSUPPORTED, "expected the RSA exponent "
		    "%d, found %lu", RSA_EXPONENT, (unsigned long)exponent);
	if ((r = cs_tpm_sized(in, bits / 8, &out->modulus, e)) != CS_OK)
		return cs_wrap(e, "modulus");
	if (out->modulus.n != bits / 8)
		return BAD(e, CS_R_MALFORMED, "expected a modulus of %u "
		    "octets, found %zu", (unsigned)bits / 8, out->modulus.n);
	out->kind = CS_KEY_RSA;
	out->bits = bits;
	return CS_OK;
}

static int
read_curve(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	uint16_t id = 0;
	size_t i;
	int r;

	if ((r = cs_tpm_u16(in, &id, e)) != CS_OK)
		return r;
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].id == id) {
			out->kind = curves[i].kind;
			out->bits = curves[i].bits;
			return CS_OK;
		}
	return BAD(e, CS_R_UNSUPPORTED, "expected the curve P-256 or P-384, "
	    "found 0x%04x", (unsigned)id);
}

static int
read_coordinate(cs_span *in, size_t field, cs_span *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_sized(in, field, out, e)) != CS_OK)
		return cs_wrap(e, "coordinate");
	return out->n != 0 ? CS_OK :
	    BAD(e, CS_R_MALFORMED, "expected a coordinate, found it empty");
}

/* TPMS_ECC_PARMS, 12.2.3.6, and TPMS_ECC_POINT. */
static int
read_ecc(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	uint16_t kdf = 0;
	int r;

	if ((r = read_symmetric(in, out, e)) != CS_OK ||
	    (r = read_scheme(in, false, out, e)) != CS_OK ||
	    (r = read_curve(in, out, e)) != CS_OK ||
	    (r = cs_tpm_u16(in, &kdf, e)) != CS_OK)
		return r;
	if (kdf != CS_TPM_ALG_NULL)
		return BAD(e, CS_R_UNSUPPORTED, "expected no KDF, found "
		    "algorithm 0x%04x", (unsigned)kdf);
	if ((r = read_coordinate(in, out->bits / 8, &out->x, e)) != CS_OK)
		return r;
	return read_coordinate(in, out->bits / 8, &out->y, e);
}

static int
read_public(cs_span in, cs_tpmpub *out, cs_err *e)
{
	uint16_t type = 0;
	int r;

	out->whole = in;
	if ((r = cs_tpm_u16(&in, &type, e)) != CS_OK)
		return r;
	if (type != CS_TPM_ALG_RSA && type != CS_TPM_ALG_ECC)
		return BAD(e, CS_R_UNSUPPORTED, "expected an RSA or ECC key, "
		    "found %s: type 0x%04x", type == ALG_KEYEDHASH ?
		    "sealed data or an HMAC key" : type == ALG_SYMCIPHER ?
		    "a symmetric key" : "another object", (unsigned)type);
	if ((r = read_hash(&in, "nameAlg", &out->name_alg, e)) != CS_OK ||
	    (r = read_attributes(&in, out, e)) != CS_OK ||
	    (r = read_policy(&in, out, e)) != CS_OK)
		return r;
	r = type == CS_TPM_ALG_RSA ? read_rsa(&in, out, e) :
	    read_ecc(&in, out, e);
	return r != CS_OK ? r : cs_tpm_end(in, "the public area", e);
}

int
cs_tpmpub_parse(cs_span in, cs_tpmpub *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (in.n > CS_TPMPUB_MAX)
		return BAD(e, CS_R_TOO_LARGE, "public area of %zu octets, at "
		    "most %d", in.n, CS_TPMPUB_MAX);
	if ((r = read_public(in, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM public area");
	}
	return CS_OK;
}

int
cs_tpmpub_sized(cs_span *in, cs_tpmpub *out, cs_err *e)
{
	cs_span rest = *in, area = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = cs_tpm_sized(&rest, CS_TPMPUB_MAX, &area, e)) != CS_OK)
		return cs_wrap(e, "TPM public area");
	if ((r = cs_tpmpub_parse(area, out, e)) == CS_OK)
		*in = rest;
	return r;
}

/* A TPM may leave leading zeros away. */
static void
fill(uint8_t *to, size_t n, cs_span number)
{
	memcpy(to + n - number.n, number.p, number.n);
}

static int
put_ecc(const cs_tpmpub *p, cs_buf *out, cs_err *e)
{
	uint8_t point[POINT_MAX] = {0x04};
	const size_t n = p->bits / 8;

	fill(point + 1, n, p->x);
	fill(point + 1 + n, n, p->y);
	return cs_spki_put_ec(out, p->kind, cs_span_of(point, 1 + 2 * n), e);
}

int
cs_tpmpub_spki(const cs_tpmpub *p, cs_buf *out, cs_err *e)
{
	unsigned bits = 0;
	int r;

	if (p->kind != CS_KEY_RSA)
		return put_ecc(p, out, e);
	if ((r = cs_spki_check(CS_KEY_RSA, p->modulus, &bits, e)) != CS_OK)
		return r;
	if (bits != p->bits)
		return BAD(e, CS_R_UNSUPPORTED, "expected a modulus of %u "
		    "bits, found one of %u", p->bits, bits);
	return cs_spki_put_rsa(out, p->modulus, e);
}
