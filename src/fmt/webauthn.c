/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/webauthn.h"

#include <string.h>

#include "fmt/clientdata.h"
#include "fmt/der.h"
#include "fmt/reason.h"

static int
check_size(cs_span part, size_t max, const char *what, cs_err *e)
{
	if (part.n > max)
		return CS_BAD(e, CS_R_TOO_LARGE, "webauthn",
		    "%s of %zu octets, at most %zu", what, part.n, max);
	return CS_OK;
}

static int
read_parts(cs_span in, cs_webauthn *out, cs_span *auth, cs_err *e)
{
	cs_span seq = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OCTETS, &out->tbs, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OCTETS, auth, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OCTETS, &out->client_data, e)) !=
	    CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OCTETS, &out->sig, e)) != CS_OK ||
	    (r = cs_der_end(seq, "signature", e)) != CS_OK)
		return r;
	return cs_der_end(in, "the value", e);
}

int
cs_webauthn_read(cs_span walked, cs_webauthn *out, cs_err *e)
{
	cs_span auth = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = read_parts(walked, out, &auth, e)) != CS_OK ||
	    (r = check_size(out->client_data, CS_CLIENTDATA_MAX, "client data",
	    e)) != CS_OK ||
	    (r = check_size(out->sig, CS_WEBAUTHN_SIG_MAX, "a signature",
	    e)) != CS_OK ||
	    (r = cs_authdata_parse(auth, CS_AUTHDATA_ASSERTION, &out->auth,
	    e)) != CS_OK)
		return cs_wrap(e, "webauthn");
	return CS_OK;
}

int
cs_webauthn_put(cs_span tbs, cs_span auth, cs_span client_data, cs_span sig,
    cs_buf *out, cs_err *e)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OCTETS, tbs);
	cs_der_put(out, CS_DER_OCTETS, auth);
	cs_der_put(out, CS_DER_OCTETS, client_data);
	cs_der_put(out, CS_DER_OCTETS, sig);
	cs_der_close(out, m);
	return cs_der_done(out, e);
}
