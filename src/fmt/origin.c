/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/origin.h"

#include <string.h>

#include "fmt/reason.h"
#include "fmt/scan.h"

#define LABEL_MAX 63
#define PORT_MAX 65535
#define DIGITS "0123456789"
#define BAD(e, ...) CS_BAD(e, CS_R_BAD_IDENTIFIER, "origin", __VA_ARGS__)

static bool
is_label(cs_span s)
{
	return s.n > 0 && s.n <= LABEL_MAX && s.p[0] != '-' &&
	    s.p[s.n - 1] != '-' &&
	    cs_scan_all(s, "abcdefghijklmnopqrstuvwxyz" DIGITS "-");
}

/* With a number at its end a browser takes it for an IPv4 address, which is
 * no RP ID. */
static bool
is_host(cs_span s)
{
	cs_span label = {0};
	size_t n;

	if (s.n > CS_RP_ID_MAX)
		return false;
	do {
		n = cs_scan_find(s, ".");
		label = cs_span_cut(s, 0, n);
		if (!is_label(label) || n + 1 == s.n)
			return false;
		s = cs_scan_from(s, n < s.n ? n + 1 : n);
	} while (s.n > 0);
	return !cs_scan_all(label, DIGITS);
}

int
cs_rp_id_check(cs_span in, cs_err *e)
{
	if (is_host(in))
		return CS_OK;
	return BAD(e, "RP ID: expected a host's name in lowercase, found "
	    "\"%.*s\"", CS_SHOW(in));
}

/* 1 to 65535 without a leading zero, and not what the scheme implies. */
static bool
is_port(cs_span s, unsigned implied)
{
	unsigned v = 0;
	size_t i;

	if (s.n < 1 || s.n > 5 || s.p[0] == '0' || !cs_scan_all(s, DIGITS))
		return false;
	for (i = 0; i < s.n; i++)
		v = v * 10 + (unsigned)(s.p[i] - '0');
	return v <= PORT_MAX && v != implied;
}

/* W3C Secure Contexts 3.1: this machine needs no TLS. */
static bool
is_local(cs_span host)
{
	static const char suffix[] = ".localhost";
	size_t n = sizeof(suffix) - 1;

	return cs_span_is(host, "localhost") || (host.n > n &&
	    cs_span_is(cs_scan_from(host, host.n - n), suffix));
}

static bool
is_origin(cs_span in)
{
	bool tls = cs_scan_starts(in, "https://");
	cs_span host, rest;
	size_t n;

	if (!tls && !cs_scan_starts(in, "http://"))
		return false;
	rest = cs_scan_from(in, strlen(tls ? "https://" : "http://"));
	n = cs_scan_find(rest, ":");
	host = cs_span_cut(rest, 0, n);
	if (n < rest.n && !is_port(cs_scan_from(rest, n + 1), tls ? 443 : 80))
		return false;
	return is_host(host) && (tls || is_local(host));
}

int
cs_origin_check(cs_span in, cs_err *e)
{
	if (is_origin(in))
		return CS_OK;
	return BAD(e, "origin: expected https://HOST or https://HOST:PORT in "
	    "lowercase, found \"%.*s\"", CS_SHOW(in));
}
