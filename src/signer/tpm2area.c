/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2area.h"

#include <tss2/tss2_mu.h>

#include "fmt/tpmattest.h"

static const char where[] = "signer/tpm2";

static int
give(TSS2_RC answer, const uint8_t *octets, size_t n, const char *what,
    cs_buf **out, cs_err *e)
{
	if (answer != TSS2_RC_SUCCESS)
		return cs_fail(e, CS_EBUG, where, "%s has no encoding "
		    "(0x%08x)", what, answer);
	if ((*out = cs_buf_dup(cs_span_of(octets, n))) == NULL)
		return cs_nomem(e, where);
	return CS_OK;
}

int
cs_tpm2_area_put(const TPM2B_PUBLIC *area, cs_buf **out, cs_err *e)
{
	uint8_t octets[CS_TPMPUB_MAX];
	size_t n = 0;
	TSS2_RC answer;

	*out = NULL;
	answer = Tss2_MU_TPMT_PUBLIC_Marshal(&area->publicArea, octets,
	    sizeof(octets), &n);
	return give(answer, octets, n, "a public area", out, e);
}

int
cs_tpm2_signature_put(const TPMT_SIGNATURE *s, cs_buf **out, cs_err *e)
{
	uint8_t octets[CS_TPMSIG_MAX];
	size_t n = 0;
	TSS2_RC answer;

	*out = NULL;
	answer = Tss2_MU_TPMT_SIGNATURE_Marshal(s, octets, sizeof(octets),
	    &n);
	return give(answer, octets, n, "a signature", out, e);
}

int
cs_tpm2_public_put(const TPM2B_PUBLIC *area, cs_buf **out, cs_err *e)
{
	uint8_t octets[CS_TPMPUB_MAX];
	size_t n = 0;
	TSS2_RC answer;

	*out = NULL;
	answer = Tss2_MU_TPM2B_PUBLIC_Marshal(area, octets, sizeof(octets),
	    &n);
	return give(answer, octets, n, "a public area", out, e);
}

int
cs_tpm2_private_put(const TPM2B_PRIVATE *part, cs_buf **out, cs_err *e)
{
	uint8_t octets[sizeof(*part)];
	size_t n = 0;
	TSS2_RC answer;

	*out = NULL;
	answer = Tss2_MU_TPM2B_PRIVATE_Marshal(part, octets, sizeof(octets),
	    &n);
	return give(answer, octets, n, "a private part", out, e);
}
