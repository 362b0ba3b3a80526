/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_DESCRIBETPM_H
#define CS_TOOL_DESCRIBETPM_H

#include "attest/tpm.h"
#include "tool/out.h"

/* The messages of an attested enrolment as fields, inside an object that the
 * caller has opened. Nothing of them is checked but that they are whole. */
CS_USE int cs_describe_tpmoffer(cs_span der, cs_out *out, cs_err *e);
CS_USE int cs_describe_tpmchallenge(cs_span der, cs_out *out, cs_err *e);
CS_USE int cs_describe_tpmevidence(cs_span der, cs_out *out, cs_err *e);
/* A TSS2 PRIVATE KEY: its public half, and where its TPM loads it. */
CS_USE int cs_describe_tsskey(cs_span der, cs_out *out, cs_err *e);

/* What is said of presence wherever such a key is enrolled. */
#define CS_TPM_PRESENCE "never proven: a TPM proves a device, and takes a " \
	"PIN from anybody"

/* What was found of an offer that was checked. */
CS_USE int cs_describe_tpmproof(const cs_tpm_proof *p, cs_out *out, cs_err *e);

#endif
