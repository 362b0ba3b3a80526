/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_RELY_PRESENTED_H
#define CS_RELY_PRESENTED_H

#include "base/buf.h"

/* A credential as it is handed over in a file: certificates in PEM, the agent's
 * first, as TLS has them; one in DER; or a token, a newline behind it or not. */
#define CS_PRESENTED_MAX (512 * 1024)

typedef struct cs_presented {
	cs_buf *own;
	cs_span certificate; /* DER, the agent's; or absent, and */
	cs_span token;
} cs_presented;

/* CS_EFORMAT with a detail. What is in it is not looked at. */
CS_USE int cs_presented_read(cs_span in, cs_presented *out, cs_err *e);
void cs_presented_clear(cs_presented *p);

#endif
