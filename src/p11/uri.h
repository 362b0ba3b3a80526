/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_URI_H
#define CS_P11_URI_H

#include "base/buf.h"

/* PKCS#11 URIs, RFC 7512: the attributes that its grammar names, each once and
 * not empty. No vendor attributes: an unknown one would narrow less than its
 * writer thought. */

#define CS_P11_URI_MAX 4096
#define CS_P11_ID_MAX 128
#define CS_P11_LABEL_MAX 255

enum cs_p11_uri_attr {
	CS_P11_A_TOKEN,
	CS_P11_A_MANUFACTURER,
	CS_P11_A_SERIAL,
	CS_P11_A_MODEL,
	CS_P11_A_LIBRARY_MANUFACTURER,
	CS_P11_A_LIBRARY_DESCRIPTION,
	CS_P11_A_LIBRARY_VERSION,
	CS_P11_A_SLOT_MANUFACTURER,
	CS_P11_A_SLOT_DESCRIPTION,
	CS_P11_A_SLOT_ID,
	CS_P11_A_OBJECT,
	CS_P11_A_ID,
	CS_P11_A_TYPE,
	CS_P11_A_MODULE_PATH,
	CS_P11_A_MODULE_NAME,
	CS_P11_A_PIN_SOURCE,
	CS_P11_A_END
};

typedef struct cs_p11_uri {
	cs_buf *text;               /* as it was given, printable ASCII */
	cs_buf *attr[CS_P11_A_END]; /* decoded; NULL when not given */
	unsigned long slot_id;
	unsigned version_major, version_minor;
} cs_p11_uri;

/* Fills *out, which the caller clears on every path. CS_EUSAGE; the text never
 * holds an attribute's value, which may be a PIN. */
CS_USE int cs_p11_uri_parse(const char *s, cs_p11_uri *out, cs_err *e);
void cs_p11_uri_clear(cs_p11_uri *u);
/* The decoded value, absent when not given. Lends. */
cs_span cs_p11_uri_get(const cs_p11_uri *u, enum cs_p11_uri_attr a);
/* Is the attribute not given, or exactly this value? */
bool cs_p11_uri_takes(const cs_p11_uri *u, enum cs_p11_uri_attr a, cs_span v);
/* Appends "SEPname=value", percent-encoded; nothing for an empty value. */
CS_USE int cs_p11_uri_put(cs_buf *out, const char *sep,
    enum cs_p11_uri_attr a, cs_span v);

#endif
