/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmattest.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "tpmattest", __VA_ARGS__)

/* Part 2, 6.2 and 6.9. */
#define GENERATED_VALUE 0xff544347
#define ST_ATTEST_CERTIFY 0x8017

#define DIGEST_MAX 64
#define NAME_MAX_LEN (2 + DIGEST_MAX)
/* TPM2B_DATA holds a TPMT_HA. */
#define EXTRA_MAX (2 + DIGEST_MAX)
#define COORDINATE_MAX 48
#define RSA_SIG_MAX 512

/* A TPM2B_NAME of an object: nameAlg, then its digest. */
static int
read_name(cs_span *in, const char *what, cs_span *out, cs_err *e)
{
	cs_span rest = {0};
	uint16_t alg = 0;
	int r;

	if ((r = cs_tpm_sized(in, NAME_MAX_LEN, out, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	rest = *out;
	if ((r = cs_tpm_u16(&rest, &alg, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	if (cs_tpm_digest_len(alg) == 0 || rest.n != cs_tpm_digest_len(alg))
		return BAD(e, CS_R_MALFORMED, "%s: expected a Name of SHA-256, "
		    "SHA-384 or SHA-512, found algorithm 0x%04x and %zu octets",
		    what, (unsigned)alg, rest.n);
	return CS_OK;
}

static int
read_head(cs_span *in, cs_err *e)
{
	uint32_t magic = 0;
	uint16_t type = 0;
	int r;

	if ((r = cs_tpm_u32(in, &magic, e)) != CS_OK ||
	    (r = cs_tpm_u16(in, &type, e)) != CS_OK)
		return r;
	if (magic != GENERATED_VALUE)
		return BAD(e, CS_R_MALFORMED, "expected the magic 0x%08lx, "
		    "found 0x%08lx", (unsigned long)GENERATED_VALUE,
		    (unsigned long)magic);
	if (type != ST_ATTEST_CERTIFY)
		return BAD(e, CS_R_UNSUPPORTED, "expected what TPM2_Certify "
		    "makes, type 0x%04x, found 0x%04x",
		    (unsigned)ST_ATTEST_CERTIFY, (unsigned)type);
	return CS_OK;
}

/* TPMS_CLOCK_INFO, 10.11.1, and the firmware's version: of no use here. */
static int
pass_clock(cs_span *in, cs_err *e)
{
	uint64_t clock = 0, firmware = 0;
	uint32_t resets = 0, restarts = 0;
	uint8_t safe = 0;
	int r;

	if ((r = cs_tpm_u64(in, &clock, e)) != CS_OK ||
	    (r = cs_tpm_u32(in, &resets, e)) != CS_OK ||
	    (r = cs_tpm_u32(in, &restarts, e)) != CS_OK ||
	    (r = cs_tpm_u8(in, &safe, e)) != CS_OK)
		return r;
	if (safe > 1)
		return BAD(e, CS_R_MALFORMED, "expected YES or NO, found "
		    "0x%02x", (unsigned)safe);
	return cs_tpm_u64(in, &firmware, e);
}

static int
read_attest(cs_span in, cs_tpmattest *out, cs_err *e)
{
	int r;

	out->whole = in;
	if ((r = read_head(&in, e)) != CS_OK ||
	    (r = read_name(&in, "qualifiedSigner", &out->signer, e)) !=
	    CS_OK ||
	    (r = cs_tpm_sized(&in, EXTRA_MAX, &out->extra, e)) != CS_OK ||
	    (r = pass_clock(&in, e)) != CS_OK ||
	    (r = read_name(&in, "name", &out->name, e)) != CS_OK ||
	    (r = read_name(&in, "qualifiedName", &out->qualified_name, e)) !=
	    CS_OK)
		return r;
	return cs_tpm_end(in, "the attestation", e);
}

int
cs_tpmattest_parse(cs_span in, cs_tpmattest *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (in.n > CS_TPMATTEST_MAX)
		return BAD(e, CS_R_TOO_LARGE, "TPM attestation of %zu octets, "
		    "at most %d", in.n, CS_TPMATTEST_MAX);
	if ((r = read_attest(in, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM attestation");
	}
	return CS_OK;
}

static int
read_filled(cs_span *in, size_t max, cs_span *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_sized(in, max, out, e)) != CS_OK)
		return r;
	return out->n != 0 ? CS_OK :
	    BAD(e, CS_R_MALFORMED, "expected a number, found it empty");
}

static int
read_signature(cs_span in, cs_tpmsig *out, cs_err *e)
{
	int r;

	if ((r = cs_tpm_u16(&in, &out->alg, e)) != CS_OK)
		return r;
	if (out->alg != CS_TPM_ALG_ECDSA && out->alg != CS_TPM_ALG_RSASSA &&
	    out->alg != CS_TPM_ALG_RSAPSS)
		return BAD(e, CS_R_UNSUPPORTED, "expected ECDSA, RSASSA or "
		    "RSAPSS, found algorithm 0x%04x", (unsigned)out->alg);
	if ((r = cs_tpm_u16(&in, &out->hash, e)) != CS_OK)
		return r;
	if (cs_tpm_digest_len(out->hash) == 0)
		return BAD(e, CS_R_UNSUPPORTED, "expected SHA-256, SHA-384 or "
		    "SHA-512, found algorithm 0x%04x", (unsigned)out->hash);
	if (out->alg != CS_TPM_ALG_ECDSA)
		r = read_filled(&in, RSA_SIG_MAX, &out->sig, e);
	else if ((r = read_filled(&in, COORDINATE_MAX, &out->r, e)) == CS_OK)
		r = read_filled(&in, COORDINATE_MAX, &out->s, e);
	return r != CS_OK ? r : cs_tpm_end(in, "the signature", e);
}

int
cs_tpmsig_parse(cs_span in, cs_tpmsig *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (in.n > CS_TPMSIG_MAX)
		return BAD(e, CS_R_TOO_LARGE, "TPM signature of %zu octets, "
		    "at most %d", in.n, CS_TPMSIG_MAX);
	if ((r = read_signature(in, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM signature");
	}
	return CS_OK;
}

int
cs_tpmsig_put(const cs_tpmsig *s, cs_buf *out, cs_err *e)
{
	size_t m;

	if (s->alg != CS_TPM_ALG_ECDSA) {
		cs_der_put_raw(out, s->sig);
		return cs_der_done(out, e);
	}
	m = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_bigint(out, s->r);
	cs_der_put_bigint(out, s->s);
	cs_der_close(out, m);
	return cs_der_done(out, e);
}
