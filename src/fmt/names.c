/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/names.h"

#include <string.h>

#include "base/text.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define TRUST_DOMAIN_MAX 255

/* One kind of name: what to call it, and where it may go wrong. */
struct uri_rule {
	const char *what;
	size_t max;
	bool agent_scheme; /* may be wimse: or spiffe: */
};

struct uri {
	cs_span scheme, rest; /* rest: behind the colon */
	cs_span host;         /* absent without "//" */
	bool has_userinfo;
};

static const char agent_segment[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789._-";
static const char trust_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
static const char scheme_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789+.-";
static const char mail_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789._+-";
/* RFC 3986 reg-name: unreserved, sub-delims and "%", lowercase. */
static const char host_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789._~-"
				 "!$&'()*+,;=%";
/* RFC 3986 pchar, "/" and "?": what may stand behind an authority. */
static const char path_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789._~-"
				 "!$&'()*+,;=%:@/?";

static bool
is_one_of(uint8_t c, const char *set)
{
	return cs_scan_all(cs_span_of(&c, 1), set);
}

/* Behind the last `c`; the whole without one. */
static cs_span
behind_last(cs_span s, uint8_t c)
{
	size_t i;

	for (i = s.n; i > 0; i--) {
		if (s.p[i - 1] == c)
			break;
	}
	return cs_scan_from(s, i);
}

static int
trust_domain_check(cs_span td, cs_err *e)
{
	if (td.n < 1 || td.n > TRUST_DOMAIN_MAX)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "trust domain: expected 1 to %d bytes, found %zu",
		    TRUST_DOMAIN_MAX, td.n);
	if (!cs_scan_all(td, trust_chars))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "trust domain: expected only a-z, 0-9, \".\", \"_\" and "
		    "\"-\", found \"%.*s\"", CS_SHOW(td));
	/* An empty last label too: with a dot behind it an IPv4 address is
	 * still one to many readers. */
	if (cs_scan_all(behind_last(td, '.'), "0123456789"))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "trust domain: expected a last label that is not a number, "
		    "found \"%.*s\"", CS_SHOW(td));
	return CS_OK;
}

/* `path` starts with its slash, or is empty. */
static int
agent_path_check(cs_span path, cs_err *e)
{
	cs_span seg;
	size_t n;

	if (path.n < 2)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "agent identifier: expected at least one path segment "
		    "behind the trust domain, found none");
	while (path.n > 0) {
		path = cs_scan_from(path, 1);
		n = cs_scan_find(path, "/");
		seg = cs_span_cut(path, 0, n);
		path = cs_scan_from(path, n);
		if (seg.n == 0 || !cs_scan_all(seg, agent_segment) ||
		    cs_span_is(seg, ".") || cs_span_is(seg, ".."))
			return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
			    "agent identifier: expected path segments of A-Z, "
			    "a-z, 0-9, \".\", \"_\" and \"-\", none empty, "
			    "\".\" or \"..\", found \"%.*s\"", CS_SHOW(seg));
	}
	return CS_OK;
}

int
cs_agent_id_check(cs_span in, cs_span *trust_domain, cs_err *e)
{
	cs_span td = {0}, rest = {0};
	size_t n;
	int r;

	if (trust_domain != NULL)
		*trust_domain = (cs_span){0};
	if (in.n > CS_AGENT_ID_MAX)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "agent identifier: expected at most %d bytes, found %zu",
		    CS_AGENT_ID_MAX, in.n);
	if (cs_scan_starts(in, "wimse://"))
		n = strlen("wimse://");
	else if (cs_scan_starts(in, "spiffe://"))
		n = strlen("spiffe://");
	else
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "agent identifier: expected wimse:// or spiffe://, found "
		    "\"%.*s\"", CS_SHOW(in));
	rest = cs_scan_from(in, n);
	n = cs_scan_find(rest, "/");
	td = cs_span_cut(rest, 0, n);
	if ((r = trust_domain_check(td, e)) != CS_OK ||
	    (r = agent_path_check(cs_scan_from(rest, n), e)) != CS_OK)
		return r;
	if (trust_domain != NULL)
		*trust_domain = td;
	return CS_OK;
}

bool
cs_agent_id_under(cs_span id, cs_span prefix)
{
	if (prefix.n == 0 || id.n < prefix.n ||
	    memcmp(id.p, prefix.p, prefix.n) != 0)
		return false;
	return id.n == prefix.n || id.p[prefix.n] == '/';
}

static bool
is_hex(uint8_t c)
{
	return is_one_of(c, "0123456789abcdefABCDEF");
}

static bool
percents_fit(cs_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && (s.n - i < 3 || !is_hex(s.p[i + 1]) ||
		    !is_hex(s.p[i + 2])))
			return false;
	}
	return true;
}

/* 0x21-0x7E without what RFC 3986 forbids anywhere in a URI. */
static int
uri_bytes_check(cs_span in, const struct uri_rule *rule, cs_err *e)
{
	size_t i;

	if (in.n < 1 || in.n > rule->max)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected a URI of 1 to %zu bytes, found %zu",
		    rule->what, rule->max, in.n);
	for (i = 0; i < in.n; i++) {
		if (in.p[i] < 0x21 || in.p[i] > 0x7e ||
		    is_one_of(in.p[i], "\"<>\\^{|}`"))
			return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
			    "%s: expected only bytes that a URI may have, "
			    "found 0x%02x at offset %zu", rule->what, in.p[i],
			    i);
	}
	if (cs_scan_find(in, "#") != in.n)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected a URI without a fragment, found \"%.*s\"",
		    rule->what, CS_SHOW(in));
	if (!percents_fit(in))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected two hexadecimal digits behind each \"%%\", "
		    "found \"%.*s\"", rule->what, CS_SHOW(in));
	return CS_OK;
}

static int
scheme_split(cs_span in, const struct uri_rule *rule, struct uri *u, cs_err *e)
{
	size_t n = cs_scan_find(in, ":");

	u->scheme = cs_span_cut(in, 0, n);
	if (n == in.n || n == 0 || !cs_scan_all(u->scheme, scheme_chars) ||
	    !is_one_of(in.p[0], "abcdefghijklmnopqrstuvwxyz"))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected a URI with a lowercase scheme, found "
		    "\"%.*s\"", rule->what, CS_SHOW(in));
	u->rest = cs_scan_from(in, n + 1);
	if (u->rest.n == 0)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected a name behind \"%.*s:\", found nothing",
		    rule->what, CS_SHOW(u->scheme));
	if (!rule->agent_scheme && (cs_span_is(u->scheme, "wimse") ||
	    cs_span_is(u->scheme, "spiffe")))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected another scheme than an agent's, found "
		    "\"%.*s:\"", rule->what, CS_SHOW(u->scheme));
	return CS_OK;
}

/* host [ ":" port ]: a name, or an address in brackets. */
static bool
is_host_port(cs_span s, cs_span *host)
{
	cs_span inner, port;
	size_t n;

	if (s.n > 0 && s.p[0] == '[') {
		n = cs_scan_find(s, "]");
		inner = cs_span_cut(s, 1, n - 1);
		if (n == s.n || inner.n == 0 ||
		    !cs_scan_all(inner, "0123456789abcdef:."))
			return false;
		n++;
	} else {
		n = cs_scan_find(s, ":");
		if (!cs_scan_all(cs_span_cut(s, 0, n), host_chars))
			return false;
	}
	*host = cs_span_cut(s, 0, n);
	if (n == s.n)
		return true;
	port = cs_scan_from(s, n + 1);
	return s.p[n] == ':' && cs_scan_all(port, "0123456789");
}

/* Takes "//authority" apart; what stands behind it is path and query. */
static int
authority_split(const struct uri_rule *rule, struct uri *u, cs_err *e)
{
	cs_span auth = {0}, path = u->rest, host = {0};
	size_t n;

	if (cs_scan_starts(u->rest, "//")) {
		path = cs_scan_from(path, 2);
		n = cs_scan_find(path, "/?");
		auth = cs_span_cut(path, 0, n);
		path = cs_scan_from(path, n);
		host = behind_last(auth, '@');
		u->has_userinfo = host.n != auth.n;
		if (!is_host_port(host, &u->host) ||
		    !cs_scan_all(cs_span_cut(auth, 0, auth.n - host.n),
		    path_chars))
			return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
			    "%s: expected a lowercase host and perhaps a port "
			    "number, found \"%.*s\"", rule->what, CS_SHOW(auth));
	}
	if (!cs_scan_all(path, path_chars))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected only bytes that a URI's path may have, found "
		    "\"%.*s\"", rule->what, CS_SHOW(path));
	return CS_OK;
}

static int
https_check(const struct uri *u, const struct uri_rule *rule, cs_err *e)
{
	if (u->has_userinfo)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected an https URI without a user, found "
		    "\"https:%.*s\"", rule->what, CS_SHOW(u->rest));
	if (u->host.n == 0)
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected https://host, found \"https:%.*s\"",
		    rule->what, CS_SHOW(u->rest));
	return CS_OK;
}

static int
mailto_check(const struct uri *u, const struct uri_rule *rule, cs_err *e)
{
	size_t n = cs_scan_find(u->rest, "@");
	cs_span local = cs_span_cut(u->rest, 0, n);
	cs_span host = cs_scan_from(u->rest, n + 1);

	if (local.n == 0 || host.n == 0 || !cs_scan_all(local, mail_chars) ||
	    !cs_scan_all(host, mail_chars))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "names",
		    "%s: expected mailto:local@host in lowercase letters, "
		    "digits and \"._+-\", found \"mailto:%.*s\"", rule->what,
		    CS_SHOW(u->rest));
	return CS_OK;
}

static int
uri_check(cs_span in, const struct uri_rule *rule, cs_err *e)
{
	struct uri u = {0};
	int r;

	if ((r = uri_bytes_check(in, rule, e)) != CS_OK ||
	    (r = scheme_split(in, rule, &u, e)) != CS_OK)
		return r;
	if (cs_span_is(u.scheme, "mailto"))
		return mailto_check(&u, rule, e);
	if ((r = authority_split(rule, &u, e)) != CS_OK)
		return r;
	if (cs_span_is(u.scheme, "https"))
		return https_check(&u, rule, e);
	return CS_OK;
}

int
cs_owner_check(cs_span in, cs_err *e)
{
	static const struct uri_rule rule = {"owner", CS_OWNER_MAX, false};

	return uri_check(in, &rule, e);
}

int
cs_authority_check(cs_span in, cs_err *e)
{
	static const struct uri_rule rule = {"authority", CS_AUTHORITY_MAX,
	    true};

	return uri_check(in, &rule, e);
}

int
cs_authority_default(cs_span trust_domain, cs_buf *out, cs_err *e)
{
	int r;

	if ((r = trust_domain_check(trust_domain, e)) != CS_OK)
		return r;
	if (cs_buf_put_str(out, "https://") != CS_OK ||
	    cs_buf_put(out, trust_domain) != CS_OK)
		return cs_fail(e, CS_EBUG, "names", "authority: no room");
	return CS_OK;
}

int
cs_purpose_check(cs_span in, bool plain, cs_err *e)
{
	if (in.n < 1 || in.n > CS_PURPOSE_MAX)
		return CS_BAD(e, CS_R_MALFORMED, "names",
		    "purpose: expected 1 to %d bytes, found %zu",
		    CS_PURPOSE_MAX, in.n);
	if (!cs_utf8_valid(in))
		return CS_BAD(e, CS_R_MALFORMED, "names",
		    "purpose: expected UTF-8, found other bytes");
	if (plain && !cs_text_plain(in))
		return CS_BAD(e, CS_R_MALFORMED, "names",
		    "purpose: expected text without control, bidi or "
		    "invisible characters, found some");
	return CS_OK;
}
