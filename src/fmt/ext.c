/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ext.h"

#include "fmt/der.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "extension", __VA_ARGS__)

int
cs_seen_add(cs_seen *s, cs_span oid, const char *what, cs_err *e)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (cs_span_eq(s->oid[i], oid))
			return BAD(e, CS_R_MALFORMED, "%s is repeated", what);
	if (s->n == CS_EXTENSIONS_MAX)
		return BAD(e, CS_R_TOO_LARGE, "more than %d of %s",
		    CS_EXTENSIONS_MAX, what);
	s->oid[s->n++] = oid;
	return CS_OK;
}

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTETS } */
int
cs_ext_next(cs_span *list, cs_seen *seen, cs_ext *out, cs_err *e)
{
	cs_span in = {0}, critical = {0};
	int r;

	*out = (cs_ext){.critical = false};
	if ((r = cs_der_get(list, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OID, &out->oid, e)) != CS_OK ||
	    (r = cs_seen_add(seen, out->oid, "an extension", e)) != CS_OK ||
	    (r = cs_der_opt(&in, CS_DER_BOOLEAN, &critical, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OCTETS, &out->value, e)) != CS_OK ||
	    (r = cs_der_end(in, "an extension", e)) != CS_OK)
		return r;
	if (critical.p != NULL && critical.p[0] == 0x00)
		return BAD(e, CS_R_NOT_DER, "critical FALSE is written out");
	out->critical = critical.p != NULL;
	return CS_OK;
}

cs_ext_open
cs_ext_begin(cs_buf *b, enum cs_oid id, bool critical)
{
	cs_ext_open o = {.ext = cs_der_begin(b, CS_DER_SEQ)};
	static const uint8_t yes = 0xff;

	cs_der_put(b, CS_DER_OID, cs_oid(id));
	if (critical)
		cs_der_put(b, CS_DER_BOOLEAN, cs_span_of(&yes, 1));
	o.value = cs_der_begin(b, CS_DER_OCTETS);
	return o;
}

void
cs_ext_close(cs_buf *b, cs_ext_open o)
{
	cs_der_close(b, o.value);
	cs_der_close(b, o.ext);
}
