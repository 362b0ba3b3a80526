/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/hosts.h"

#include <string.h>

#include "tap.h"

static void
host(const char *uri, const char *want)
{
	cs_span h = cs_host_of(cs_span_str(uri));

	ok(want == NULL ? h.p == NULL : cs_span_is(h, want), "host of %s",
	    uri);
}

static void
compare(const char *a, const char *b, enum cs_lookalike want)
{
	enum cs_lookalike got =
	    cs_host_compare(cs_span_str(a), cs_span_str(b));

	ok(got == want, "%s for %s: %d", a, b, (int)got);
}

static void
test_hosts(void)
{
	host("wimse://corp.example/agent/a", "corp.example");
	host("https://corp.example", "corp.example");
	host("https://corp.example:8443/x?y", "corp.example");
	host("mailto:alice@corp.example", "corp.example");
	host("ssh://corp.example@evil.test/", "evil.test");
	host("ssh://a:b@c@evil.test:22/x@y", "evil.test");
	host("https://corp.example/a@b", "corp.example");
	host("urn:uuid:1", NULL);
	host("mailto:alice", NULL);
	ok(cs_host_of(cs_span_of(NULL, 0)).p == NULL, "host of nothing");
}

int
main(void)
{
	char big[2000];

	test_hosts();
	compare("corp.example", "corp.example", CS_HOST_PLAIN);
	compare("other.example", "corp.example", CS_HOST_PLAIN);
	compare("ca.corp.example", "corp.example", CS_HOST_PLAIN);
	compare("c0rp.example", "corp.example", CS_HOST_CONFUSABLE);
	compare("corp.examp1e", "corp.example", CS_HOST_CONFUSABLE);
	compare("corp.exampie", "corp.example", CS_HOST_CONFUSABLE);
	compare("corp.exarnple", "corp.example", CS_HOST_CONFUSABLE);
	compare("wonder.example", "vvonder.example", CS_HOST_CONFUSABLE);
	compare("c1oud.example", "cloud.example", CS_HOST_CONFUSABLE);
	compare("dock.example", "c1ock.example", CS_HOST_CONFUSABLE);
	compare("c-orp.example", "corp.example", CS_HOST_CONFUSABLE);
	compare("corp.example.evil.test", "corp.example", CS_HOST_PREFIX);
	compare("corp.example-evil.test", "corp.example", CS_HOST_PREFIX);
	compare("corp.examples", "corp.example", CS_HOST_PLAIN);
	compare("xn--crp-ppa.example", "corp.example", CS_HOST_PUNYCODE);
	compare("a.xn--crp-ppa.example", NULL, CS_HOST_PUNYCODE);
	compare("axn--b.example", NULL, CS_HOST_PLAIN);
	compare("xn--a.example", "xn--a.example", CS_HOST_PUNYCODE);
	compare(NULL, "corp.example", CS_HOST_PLAIN);
	compare("corp.example", NULL, CS_HOST_PLAIN);
	memset(big, '1', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ok(cs_host_compare(cs_span_str(big), cs_span_str("l")) ==
	    CS_HOST_PLAIN, "a name too long to be one");
	return done_testing();
}
