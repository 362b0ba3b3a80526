/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_EKCERT_H
#define CS_FMT_EKCERT_H

#include "base/buf.h"

/* What the extensions of an endorsement key's certificate say: TCG EK
 * Credential Profile for TPM Family 2.0, sections 3.2.9 and 3.2.16. */

typedef struct cs_ekname {
	char manufacturer[9]; /* "INTC", blanks and NULs at the end left away;
			       * "00001014" where the octets are others than
			       * letters, digits and "._-" */
} cs_ekname;

/* The value of subjectAltName: one directoryName with tpmManufacturer
 * (2.23.133.2.1, "id:" and eight hexadecimal digits), tpmModel and tpmVersion,
 * each once; in one RDN or in several. CS_R_MALFORMED, CS_R_NOT_DER. */
CS_USE int cs_ekcert_name(cs_span value, cs_ekname *out, cs_err *e);
/* The value of extendedKeyUsage: has it tcg-kp-EKCertificate (2.23.133.8.1)?
 * CS_R_MALFORMED, CS_R_NOT_DER. */
CS_USE int cs_ekcert_usage(cs_span value, bool *is_ek, cs_err *e);

#endif
