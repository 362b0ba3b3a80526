/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/settings.h"

#include <string.h>

#include "tap.h"

static const char golden[] = "# mine\n"
			     "owner = \"mailto:alice@corp.example\"\n"
			     "key = 'pkcs11:token=alice;object=approvals'\n"
			     "authority = \"https://corp.example\"\n"
			     "pinentry = \"/usr/bin/pinentry\"\n"
			     "timeout = 30\n";

static void
refused(const char *text, size_t n, const char *why)
{
	cs_settings s = {0};
	cs_err e = {0};
	int r = cs_settings_parse("config", cs_span_of(text, n), &s, &e);

	ok(r == CS_EFORMAT && strstr(e.text, why) != NULL && s.owner == NULL,
	    "refused, %s: %s", why, e.text);
	cs_settings_clear(&s);
}

#define REFUSED(text, why) refused(text, sizeof(text) - 1, why)

/* Nothing leaks and nothing is left behind, whatever it makes of it. */
static void
survives(void)
{
	char bad[sizeof(golden)];
	cs_settings s = {0};
	size_t i;

	for (i = 0; i < sizeof(golden) - 1; i++) {
		(void)!cs_settings_parse("config", cs_span_of(golden, i), &s,
		    NULL);
		cs_settings_clear(&s);
		memcpy(bad, golden, sizeof(golden));
		bad[i] = (char)(bad[i] ^ 0x20);
		(void)!cs_settings_parse("config",
		    cs_span_of(bad, sizeof(bad) - 1), &s, NULL);
		cs_settings_clear(&s);
	}
	ok(s.owner == NULL, "every prefix, every flip");
	memcpy(bad, golden, sizeof(golden));
	bad[sizeof(golden) - 1] = 'x';
	refused(bad, sizeof(bad), "config:7: no such option 'x'");
	bad[sizeof(golden) - 1] = '\0';
	refused(bad, sizeof(bad), "config:7: a NUL byte");
}

int
main(void)
{
	cs_settings s = {0};
	cs_err e = {0};

	ok(cs_settings_parse("config", cs_span_str(golden), &s, &e) == CS_OK,
	    "golden %s", e.text);
	ok(s.owner != NULL && strcmp(s.owner, "mailto:alice@corp.example") ==
	    0, "owner");
	ok(s.key != NULL && strcmp(s.key,
	    "pkcs11:token=alice;object=approvals") == 0, "key");
	ok(s.timeout == 30, "timeout");
	cs_settings_clear(&s);
	ok(cs_settings_parse("config", cs_span_str(""), &s, &e) == CS_OK &&
	    s.owner == NULL && s.timeout == 0, "empty");
	REFUSED("ownr = \"x\"\n", "did you mean owner");
	REFUSED("\nyes = true\n", "config:2: no such option 'yes'");
	REFUSED("owner = \"${HOME}\"\n", "not expanded");
	REFUSED("owner = \"a\"\nowner = \"b\"\n", "config:2: owner is set twice");
	REFUSED("owner = \"a\0b\"\n", "NUL");
	REFUSED("timeout = 99999999999999999999\n", "config:1: timeout: "
	    "expected 1 to 3600, found");
	REFUSED("timeout = 3601\n", "expected 1 to 3600");
	REFUSED("timeout = 010\n", "expected 1 to 3600");
	REFUSED("timeout = 0\n", "expected 1 to 3600");
	REFUSED("key = \"\"\n", "config:1: key: it is empty");
	REFUSED("pinentry = \"pinentry\"\n", "expected an absolute path");
	REFUSED("owner = { \"a\", \"b\" }\n", "expected a value");
	REFUSED("owner { }\n", "config:1: owner: expected =");
	survives();
	return done_testing();
}
