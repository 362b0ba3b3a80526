/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fmt/cert.h"
#include "server/frontp.h"

static bool
begins(cs_span s, const char *with)
{
	return cs_span_is(cs_span_cut(s, 0, strlen(with)), with);
}

static bool
ends(cs_span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && cs_span_is(cs_span_cut(s, s.n - n, n), with);
}

const char *
cs_front_path_class(cs_span path)
{
	static const char *const whole[] = {"/v1/credentials",
	    "/v1/approvals", "/v1/bundle", "/v1/crl"};
	static const char *const est[] = {"/cacerts", "/csrattrs",
	    "/simpleenroll", "/simplereenroll"};
	size_t i;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (cs_span_is(path, whole[i]))
			return whole[i];
	if (begins(path, "/v1/credentials/"))
		return "/v1/credentials/{id}";
	if (begins(path, "/v1/crl/"))
		return "/v1/crl/{id}";
	for (i = 0; begins(path, "/.well-known/est/") &&
	    i < sizeof(est) / sizeof(est[0]); i++)
		if (ends(path, est[i]))
			return est[i] + 1;
	return "(elsewhere)";
}

void
cs_front_client_name(cs_span cert, char *out, size_t out_len)
{
	cs_cert *c = NULL;

	if (cert.p == NULL)
		(void)snprintf(out, out_len, "-");
	else if (cs_cert_parse(cert, &c, NULL) == CS_OK && c->n_uris > 0)
		(void)snprintf(out, out_len, "%.*s",
		    (int)(c->uris[0].n > 512 ? 512 : c->uris[0].n),
		    (const char *)c->uris[0].p);
	else
		(void)snprintf(out, out_len, "(a certificate)");
	cs_cert_free(&c);
}
