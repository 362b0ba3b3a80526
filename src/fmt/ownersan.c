/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ownersan.h"

#include <string.h>

#include "fmt/names.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "owner-san", __VA_ARGS__)

#define MAILTO "mailto:"

static cs_span
behind(cs_span s, const char *prefix)
{
	return cs_scan_from(s, strlen(prefix));
}

bool
cs_owner_san_is_email(cs_span pattern)
{
	return cs_scan_starts(pattern, CS_OWNER_SAN_EMAIL);
}

static int
email_check(cs_span domain, cs_err *e)
{
	if (domain.n == 0 || domain.n > CS_OWNER_MAX || !cs_scan_all(domain,
	    "abcdefghijklmnopqrstuvwxyz0123456789._-"))
		return BAD(e, "expected a lowercase domain behind \"%s\", found "
		    "\"%.*s\"", CS_OWNER_SAN_EMAIL, CS_SHOW(domain));
	return CS_OK;
}

/* "." or "..", as they stand or percent-encoded. */
static bool
is_dots(cs_span segment)
{
	size_t i, n = 0;

	for (i = 0; i < segment.n; n++) {
		if (segment.p[i] == '.')
			i++;
		else if (segment.n - i >= 3 && segment.p[i] == '%' &&
		    segment.p[i + 1] == '2' && (segment.p[i + 2] | 0x20) ==
		    'e')
			i += 3;
		else
			return false;
	}
	return n == 1 || n == 2;
}

/* Who resolves them (RFC 3986 5.2.4) leaves what the name begins with. */
static bool
has_dots(cs_span uri)
{
	size_t n;

	uri = cs_span_cut(uri, 0, cs_scan_find(uri, "?"));
	do {
		n = cs_scan_find(uri, "/");
		if (is_dots(cs_span_cut(uri, 0, n)))
			return true;
		uri = cs_scan_from(uri, n + 1);
	} while (uri.n > 0);
	return false;
}

/* An email address has one form, and it is the other pattern. */
static int
uri_check(cs_span prefix, cs_err *e)
{
	int r;

	if ((r = cs_owner_check(prefix, e)) != CS_OK)
		return r;
	if (cs_scan_starts(prefix, MAILTO))
		return BAD(e, "expected %sDOMAIN for email addresses, found "
		    "\"uri:%.*s\"", CS_OWNER_SAN_EMAIL, CS_SHOW(prefix));
	if (has_dots(prefix))
		return BAD(e, "expected no segment \".\" or \"..\", found "
		    "\"uri:%.*s\"", CS_SHOW(prefix));
	if (prefix.p[prefix.n - 1] == '/')
		return BAD(e, "expected whole segments without \"/\" behind "
		    "them, found \"uri:%.*s\"", CS_SHOW(prefix));
	return CS_OK;
}

int
cs_owner_san_check(cs_span pattern, cs_err *e)
{
	if (cs_owner_san_is_email(pattern))
		return email_check(behind(pattern, CS_OWNER_SAN_EMAIL), e);
	if (cs_scan_starts(pattern, CS_OWNER_SAN_URI))
		return uri_check(behind(pattern, CS_OWNER_SAN_URI), e);
	return BAD(e, "expected \"email:*@DOMAIN\" or \"uri:PREFIX\", found "
	    "\"%.*s\"", CS_SHOW(pattern));
}

bool
cs_owner_san_match(cs_span pattern, cs_span owner)
{
	cs_span domain;
	size_t at;

	if (!cs_owner_san_is_email(pattern))
		return cs_scan_starts(pattern, CS_OWNER_SAN_URI) &&
		    cs_agent_id_under(owner, behind(pattern,
		    CS_OWNER_SAN_URI)) && !has_dots(owner);
	if (!cs_scan_starts(owner, MAILTO))
		return false;
	domain = behind(pattern, CS_OWNER_SAN_EMAIL);
	at = cs_scan_find(owner, "@");
	return at != owner.n && cs_span_eq(cs_scan_from(owner, at + 1), domain);
}
