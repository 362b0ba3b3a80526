/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_SIGNINGCERT_H
#define CS_FMT_SIGNINGCERT_H

#include "base/buf.h"

/* The signed attribute signingCertificateV2, RFC 5035 sections 3 and 4: which
 * certificate, of all that there may be of a key, the signer meant. */

typedef struct cs_signing_cert { /* borrows from the parsed bytes */
	cs_span alg;    /* AlgorithmIdentifier, whole; absent: SHA-256 */
	cs_span hash;   /* of the certificate */
	cs_span issuer; /* Name, whole; absent: not said, nor the serial */
	cs_span serial; /* content of the INTEGER */
} cs_signing_cert;

/* One SigningCertificateV2, which fills `in`. CS_R_NOT_DER, also for SHA-256
 * written out where it is the DEFAULT; CS_R_MALFORMED; CS_R_UNSUPPORTED: more
 * than one certificate, or policies, both of which would narrow the path. */
CS_USE int cs_signing_cert_parse(cs_span in, cs_signing_cert *out, cs_err *e);
/* Appends one; `issuer` absent: without issuerSerial. */
CS_USE int cs_signing_cert_put(const cs_signing_cert *c, cs_buf *out,
    cs_err *e);

#endif
