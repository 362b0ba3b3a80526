/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_EKCERT_H
#define CS_FMT_EKCERT_H

#include "base/buf.h"

/* What the extensions of an endorsement key's certificate say: TCG EK
 * Credential Profile for TPM Family 2.0, sections 3.2.9 and 3.2.16. */

typedef struct cs_ekname {
	char manufacturer[9]; /* "INTC", or "00001014" where the four octets are
			       * no printable ASCII; blanks and NULs at their
			       * end left away */
} cs_ekname;

/* The value of subjectAltName: one directoryName with tpmManufacturer
 * (2.23.133.2.1, "id:" and eight hexadecimal digits), once, tpmModel and
 * tpmVersion; in one RDN or in several. CS_R_MALFORMED. */
CS_USE int cs_ekcert_name(cs_span value, cs_ekname *out, cs_err *e);
/* The value of extendedKeyUsage: has it tcg-kp-EKCertificate (2.23.133.8.1)?
 * CS_R_MALFORMED. */
CS_USE int cs_ekcert_usage(cs_span value, bool *is_ek, cs_err *e);

#endif
