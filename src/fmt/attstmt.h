/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_ATTSTMT_H
#define CS_FMT_ATTSTMT_H

#include "base/buf.h"

/* Attestation statements of an enrolment: WebAuthn sections 8.2, 8.6, 8.7. */

#define CS_ATTSTMT_MAX (16 * 1024)
#define CS_ATTSTMT_CERTS 4

enum cs_attfmt { CS_ATTFMT_NONE = 0, CS_ATTFMT_PACKED, CS_ATTFMT_U2F };

typedef struct cs_attstmt { /* borrows */
	enum cs_attfmt format;
	int64_t alg;  /* COSE; of packed */
	cs_span sig;
	cs_span certs[CS_ATTSTMT_CERTS]; /* DER, the leaf first */
	size_t n;     /* 0: the credential's own key signed, or nobody */
} cs_attstmt;

/* `format` is the word beside the statement. Another format, and members that
 * the format has not, are CS_R_UNSUPPORTED; a statement or its certificates
 * beyond the limits CS_R_TOO_LARGE; members missing, not in the order of
 * fmt/cbor.h, or of another type CS_R_MALFORMED. Of fido-u2f an alg of ES256 is
 * taken, too: libfido2 writes one. */
CS_USE int cs_attstmt_parse(cs_span format, cs_span in, cs_attstmt *out,
    cs_err *e);

#endif
