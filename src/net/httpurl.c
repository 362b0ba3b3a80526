/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpurl.h"

#include <stdio.h>
#include <string.h>

static const char where[] = "net/url";

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static bool
all(cs_span s, const char *more)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!is_alnum((char)s.p[i]) && (s.p[i] == 0 ||
		    strchr(more, s.p[i]) == NULL))
			return false;
	}
	return true;
}

static bool
set(char *to, size_t size, cs_span s)
{
	if (s.n == 0 || s.n >= size)
		return false;
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return true;
}

static bool
set_port(cs_httpurl *u, cs_span s)
{
	unsigned n = 0;
	size_t i;

	if (!set(u->port, sizeof(u->port), s) || s.p[0] == '0')
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s.p[i] - '0');
	}
	return n <= 65535;
}

static size_t
length_to(cs_span s, char c)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != (uint8_t)c)
		i++;
	return i;
}

static bool
set_authority(cs_httpurl *u, cs_span a)
{
	bool v6 = a.n > 0 && a.p[0] == '[';
	size_t end = length_to(a, v6 ? ']' : ':');
	cs_span host = v6 ? cs_span_cut(a, 1, end - 1) : cs_span_cut(a, 0,
	    end);

	if (v6 && end++ == a.n)
		return false;
	u->authority = a;
	if (!set(u->host, sizeof(u->host), host) ||
	    !all(host, v6 ? ":." : "-._"))
		return false;
	if (end == a.n) {
		(void)snprintf(u->port, sizeof(u->port), "%s",
		    u->is_tls ? "443" : "80");
		return true;
	}
	return a.p[end] == ':' &&
	    set_port(u, cs_span_cut(a, end + 1, a.n - end - 1));
}

int
cs_httpurl_parse(const char *url, cs_httpurl *out, cs_err *e)
{
	cs_span s = cs_span_str(url);
	size_t slash;

	*out = (cs_httpurl){0};
	out->is_tls = strncmp(url, "https://", 8) == 0;
	if (!out->is_tls && strncmp(url, "http://", 7) != 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "'%s' is neither https://... nor http://...", url);
	s = cs_span_cut(s, out->is_tls ? 8 : 7, s.n - (out->is_tls ? 8 : 7));
	slash = length_to(s, '/');
	out->target = slash < s.n ? cs_span_cut(s, slash, s.n - slash) :
	    cs_span_str("/");
	if (!set_authority(out, cs_span_cut(s, 0, slash)) ||
	    !all(out->target, "-._~!$&'()*+,;=:@/?%"))
		return cs_fail(e, CS_EUSAGE, where,
		    "'%s' is no URL of ours: SCHEME://HOST[:PORT][/PATH]",
		    url);
	return CS_OK;
}
