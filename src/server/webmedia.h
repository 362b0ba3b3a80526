/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_WEBMEDIA_H
#define CS_SERVER_WEBMEDIA_H

#include "base/buf.h"

/* Media types (RFC 9110 8.3, 12.5.1), compared without regard to the case of
 * ASCII letters. Parameters are read and passed over. */

/* Which of these a Content-Type is; -1: none of them, or no media type. */
int cs_media_type(cs_span value, const char *const *types, size_t n);
/* Which of these a client likes best, the first of several that it likes alike;
 * -1: none. An absent Accept likes everything, and what cannot be read in one
 * asks for nothing. */
int cs_media_accept(cs_span accept, const char *const *types, size_t n);

#endif
