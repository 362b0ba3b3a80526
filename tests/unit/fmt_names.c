/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/names.h"
#include "fmt/reason.h"
#include "tap.h"

struct row {
	const char *name;
	bool good;
};

static const struct row agents[] = {
	{"wimse://corp.example/agent", true},
	{"spiffe://corp.example/agent", true},
	{"wimse://corp.example/agent/alice/Deploy-Bot_2.0", true},
	{"wimse://a/b", true},
	{"wimse://10.corp/b", true},
	{"wimse://corp_1.ex-ample/b", true},
	{"wimse://1.2.3.4a/b", true},
	{"wimse://corp.example/...", true},
	{"wimse://corp.example/.a", true},
	{"wimse://corp.example", false},
	{"wimse://corp.example/", false},
	{"wimse://corp.example/a/", false},
	{"wimse://corp.example//a", false},
	{"wimse://corp.example/a//b", false},
	{"wimse://corp.example/.", false},
	{"wimse://corp.example/..", false},
	{"wimse://corp.example/a/../b", false},
	{"wimse://corp.example/a/./b", false},
	{"wimse:///a", false},
	{"wimse://", false},
	{"wimse:/corp.example/a", false},
	{"wimse:corp.example/a", false},
	{"wimse", false},
	{"", false},
	{"WIMSE://corp.example/a", false},
	{"Spiffe://corp.example/a", false},
	{"wimse://Corp.example/a", false},
	{"https://corp.example/a", false},
	{"urn:wimse://corp.example/a", false},
	{" wimse://corp.example/a", false},
	{"wimse://corp.example/a ", false},
	{"wimse://corp.example/a\n", false},
	{"wimse://corp.example:8443/a", false},
	{"wimse://alice@corp.example/a", false},
	{"wimse://corp.example/a?x=1", false},
	{"wimse://corp.example/a#x", false},
	{"wimse://corp.example/a%2fb", false},
	{"wimse://corp.ex%61mple/a", false},
	{"wimse://127.0.0.1/a", false},
	{"wimse://127.0.0.1./a", false},
	{"wimse://2130706433/a", false},
	{"wimse://corp.1/a", false},
	{"wimse://corp.example./a", false},
	{"wimse://./a", false},
	{"wimse://[::1]/a", false},
	{"wimse://corp.example/a~b", false},
	{"wimse://corp.example/\xc3\xa4", false},
	{"wimse://corp.ex\xd0\xb0mple/a", false},
	{"wimse://corp.example/a\\b", false},
	{"wimse://corp.example/a:b", false},
	{"wimse://corp.example/a,b", false},
	{"wimse://corp.example/*", false},
};

static const struct row owners[] = {
	{"mailto:alice@corp.example", true},
	{"mailto:a.b+c_d-e@x", true},
	{"https://corp.example/people/Alice", true},
	{"https://corp.example", true},
	{"https://corp.example:8443/x?y=Z%2F", true},
	{"https://[2001:db8::1]/alice", true},
	{"https://corp.example?alice@home", true},
	{"https://corp.example/alice@home", true},
	{"urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", true},
	{"acct:alice@corp.example", true},
	{"ldap://corp.example/cn=Alice", true},
	{"did:web:corp.example", true},
	{"tel:+1-201-555-0123", true},
	{"ftp://alice@corp.example/x", true},
	{"", false},
	{"*", false},
	{"alice@corp.example", false},
	{"alice", false},
	{":alice", false},
	{"mailto:", false},
	{"urn:", false},
	{"1urn:alice", false},
	{"Mailto:alice@corp.example", false},
	{"MAILTO:alice@corp.example", false},
	{"HTTPS://corp.example/a", false},
	{"https://Corp.example/a", false},
	{"ftp://alice@Corp.example/a", false},
	{"mailto:Alice@corp.example", false},
	{"mailto:alice@corp.Example", false},
	{"mailto:alice", false},
	{"mailto:alice@", false},
	{"mailto:@corp.example", false},
	{"mailto:alice@corp@example", false},
	{"mailto:alice@corp.example,bob@corp.example", false},
	{"mailto:alice@corp.example?subject=x", false},
	{"mailto:al%69ce@corp.example", false},
	{"mailto://alice@corp.example", false},
	{"https://corp.example/a#b", false},
	{"https://corp.example#b", false},
	{"mailto:alice@corp.example#x", false},
	{"https://alice@corp.example/a", false},
	{"https://alice:pw@corp.example/a", false},
	{"https://@corp.example/a", false},
	{"https:///a", false},
	{"https://:443/a", false},
	{"https:corp.example", false},
	{"https:/corp.example", false},
	{"https://corp.example:https/a", false},
	{"https://corp.example:1:2/a", false},
	{"https://[::1/a", false},
	{"https://[]/a", false},
	{"https://[::1]x/a", false},
	{"https://[2001:DB8::1]/a", false},
	{"https://corp.example/[a]", false},
	{"https://corp.example/%", false},
	{"https://corp.example/%4", false},
	{"https://corp.example/%zz", false},
	{"wimse://corp.example/agent", false},
	{"spiffe://corp.example/agent", false},
	{"wimse:alice", false},
	{"mailto:alice @corp.example", false},
	{"https://corp.example/a b", false},
	{"https://corp.example/\"", false},
	{"https://corp.example/<", false},
	{"https://corp.example/>", false},
	{"https://corp.example/\\", false},
	{"https://corp.example/^", false},
	{"https://corp.example/{", false},
	{"https://corp.example/|", false},
	{"https://corp.example/}", false},
	{"https://corp.example/`", false},
	{"https://corp.example/\x7f", false},
	{"https://corp.example/\x1b[2J", false},
	{"https://corp.ex\xd0\xb0mple/a", false},
	{"mailto:alice@corp.example\n", false},
};

static const struct row authorities[] = {
	{"https://corp.example", true},
	{"https://ca.corp.example/estate/1", true},
	{"spiffe://corp.example", true},
	{"urn:example:authority", true},
	{"https://Corp.example", false},
	{"https://u@corp.example", false},
	{"https://corp.example/#", false},
	{"corp.example", false},
	{"https://corp.example/ ", false},
	{"", false},
};

static const struct {
	const char *id, *prefix;
	bool under;
} unders[] = {
	{"wimse://c/a", "wimse://c/a", true},
	{"wimse://c/a/b", "wimse://c/a", true},
	{"wimse://c/a/b/c", "wimse://c/a", true},
	{"wimse://c/ab", "wimse://c/a", false},
	{"wimse://c/a", "wimse://c/a/b", false},
	{"wimse://c/a", "spiffe://c/a", false},
	{"wimse://c/a-b", "wimse://c/a", false},
	{"wimse://c/b", "wimse://c/a", false},
	{"wimse://c/a", "", false},
};

static bool
is_bad_identifier(int r, const cs_err *e)
{
	return r == CS_EFORMAT && e->cls == CS_EFORMAT &&
	    e->detail == CS_R_BAD_IDENTIFIER &&
	    strstr(e->text, "expected") != NULL &&
	    strstr(e->text, "found") != NULL;
}

static void
check(const struct row *rows, size_t n, const char *what,
    int (*f)(cs_span in, cs_err *e))
{
	cs_err e;
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		cs_err_clear(&e);
		r = f(cs_span_str(rows[i].name), &e);
		ok(rows[i].good ? r == CS_OK : is_bad_identifier(r, &e),
		    "%s %zu %s", what, i, rows[i].good ? "taken" : "refused");
	}
}

static int
agent(cs_span in, cs_err *e)
{
	return cs_agent_id_check(in, NULL, e);
}

/* `head` filled up with "a" to n bytes: */
static bool
takes_length(int (*f)(cs_span in, cs_err *e), const char *head, size_t n)
{
	char *s = malloc(n);
	bool good;

	if (s == NULL)
		return false;
	memset(s, 'a', n);
	memcpy(s, head, strlen(head));
	good = f(cs_span_of(s, n), NULL) == CS_OK;
	free(s);
	return good;
}

static bool
takes_domain(size_t n)
{
	char s[400] = "wimse://";

	memset(s + strlen(s), 'a', n);
	strcat(s, "/x");
	return cs_agent_id_check(cs_span_str(s), NULL, NULL) == CS_OK;
}

static void
lengths(void)
{
	ok(takes_length(agent, "wimse://c/", 2048), "agent of 2048 bytes");
	ok(!takes_length(agent, "wimse://c/", 2049), "agent of 2049 bytes");
	ok(takes_domain(255), "trust domain of 255 bytes");
	ok(!takes_domain(256), "trust domain of 256 bytes");
	ok(takes_length(cs_owner_check, "urn:", 512), "owner of 512 bytes");
	ok(!takes_length(cs_owner_check, "urn:", 513), "owner of 513 bytes");
	ok(takes_length(cs_authority_check, "https://", 512),
	    "authority of 512 bytes");
	ok(!takes_length(cs_authority_check, "https://", 513),
	    "authority of 513 bytes");
}

static void
nul_bytes(void)
{
	ok(cs_agent_id_check(cs_span_of("wimse://c/a\0b", 13), NULL, NULL) ==
	    CS_EFORMAT, "NUL in an agent identifier");
	ok(cs_agent_id_check(cs_span_of("wimse://c\0/a", 12), NULL, NULL) ==
	    CS_EFORMAT, "NUL in a trust domain");
	ok(cs_owner_check(cs_span_of("mailto:a@b\0", 11), NULL) == CS_EFORMAT,
	    "NUL behind an owner");
	ok(cs_agent_id_check((cs_span){0}, NULL, NULL) == CS_EFORMAT,
	    "absent agent identifier");
	ok(cs_owner_check((cs_span){0}, NULL) == CS_EFORMAT, "absent owner");
}

static void
domains(void)
{
	cs_span td = {0};
	cs_buf *b = cs_buf_new(CS_AUTHORITY_MAX);

	ok(cs_agent_id_check(cs_span_str("wimse://corp.example/a/b"), &td,
	    NULL) == CS_OK && cs_span_is(td, "corp.example"),
	    "trust domain of an identifier");
	ok(b != NULL && cs_authority_default(td, b, NULL) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "https://corp.example"),
	    "default authority");
	ok(cs_authority_default(cs_span_str("corp.example/x"), b, NULL) ==
	    CS_EFORMAT, "no default authority of a bad trust domain");
	ok(cs_agent_id_check(cs_span_str("wimse://c/"), &td, NULL) ==
	    CS_EFORMAT && td.p == NULL, "trust domain absent when refused");
	cs_buf_free(&b);
}

static void
purposes(void)
{
	char big[CS_PURPOSE_MAX + 1];
	cs_err e = {0};

	memset(big, 'x', sizeof(big));
	ok(cs_purpose_check(cs_span_str("deploy the shop"), true, &e) == CS_OK,
	    "plain purpose");
	ok(cs_purpose_check(cs_span_of(big, CS_PURPOSE_MAX), true, &e) ==
	    CS_OK, "purpose of 1024 bytes");
	ok(cs_purpose_check(cs_span_of(big, sizeof(big)), true, &e) ==
	    CS_EFORMAT && e.detail == CS_R_MALFORMED,
	    "purpose of 1025 bytes");
	ok(cs_purpose_check(cs_span_str(""), false, &e) == CS_EFORMAT,
	    "empty purpose");
	ok(cs_purpose_check(cs_span_str("a\xff"), false, &e) == CS_EFORMAT,
	    "purpose that is not UTF-8");
	ok(cs_purpose_check(cs_span_str("a\x1b[2J"), false, &e) == CS_OK,
	    "the agent's words may hold controls");
	ok(cs_purpose_check(cs_span_str("a\x1b[2J"), true, &e) == CS_EFORMAT,
	    "the owner's may not");
	ok(cs_purpose_check(cs_span_str("a\xe2\x80\xae" "b"), true, &e) ==
	    CS_EFORMAT, "nor a bidi override");
}

int
main(void)
{
	size_t i;

	check(agents, sizeof(agents) / sizeof(agents[0]), "agent", agent);
	check(owners, sizeof(owners) / sizeof(owners[0]), "owner",
	    cs_owner_check);
	check(authorities, sizeof(authorities) / sizeof(authorities[0]),
	    "authority", cs_authority_check);
	for (i = 0; i < sizeof(unders) / sizeof(unders[0]); i++)
		ok(cs_agent_id_under(cs_span_str(unders[i].id),
		    cs_span_str(unders[i].prefix)) == unders[i].under,
		    "under %zu", i);
	lengths();
	nul_bytes();
	domains();
	purposes();
	return done_testing();
}
