/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/bundle.h"

#include "fmt/der.h"
#include "fmt/oid.h"

/* RFC 5652 5.1: version 1, since the content is data and there is nothing but
 * certificates. */
static void
put_signed_data(const cs_span *certs, size_t n, cs_buf *out)
{
	size_t data = cs_der_begin(out, CS_DER_SEQ), content, set, i;

	cs_der_put_uint(out, CS_DER_INTEGER, 1);
	cs_der_put(out, CS_DER_SET, cs_span_str(""));
	content = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_DATA));
	cs_der_close(out, content);
	set = cs_der_begin(out, CS_DER_CTXC(0));
	for (i = 0; i < n; i++)
		cs_der_put_raw(out, certs[i]);
	cs_der_sort(out, set);
	cs_der_close(out, set);
	cs_der_put(out, CS_DER_SET, cs_span_str(""));
	cs_der_close(out, data);
}

int
cs_certs_only_put(const cs_span *certs, size_t n, cs_buf *out, cs_err *e)
{
	size_t info, box, i;
	cs_span in;
	int r;

	if (n == 0)
		return cs_fail(e, CS_EUSAGE, "est", "no certificate");
	for (i = 0; i < n; i++) {
		in = certs[i];
		if ((r = cs_der_get(&in, CS_DER_SEQ, NULL, e)) != CS_OK ||
		    (r = cs_der_end(in, "a certificate", e)) != CS_OK)
			return r;
	}
	info = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_SIGNED_DATA));
	box = cs_der_begin(out, CS_DER_CTXC(0));
	put_signed_data(certs, n, out);
	cs_der_close(out, box);
	cs_der_close(out, info);
	return cs_der_done(out, e);
}

/* RFC 9908 3.2: the bare OID of an attribute asks for it. A name that the
 * client has to fill in has no place in a value of extensionRequest there. */
int
cs_csrattrs_put(cs_buf *out, cs_err *e)
{
	static const enum cs_oid wanted[] = {
		CS_OID_EXTENSION_REQUEST,
		CS_OID_AT_OWNER_APPROVALS,
		CS_OID_AT_INTENDED_OWNER,
		CS_OID_AT_AGENT_PURPOSE,
		CS_OID_AA_EVIDENCE,
	};
	size_t list = cs_der_begin(out, CS_DER_SEQ), i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cs_der_put(out, CS_DER_OID, cs_oid(wanted[i]));
	cs_der_close(out, list);
	return cs_der_done(out, e);
}
