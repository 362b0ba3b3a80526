/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/scheme.h"
#include "tests/unit/tap.h"

static const struct {
	const char *uri, *name, *rest; /* name NULL: refused */
} t[] = {
	{"key.pem", "file", "key.pem"},
	{"/etc/key.pem", "file", "/etc/key.pem"},
	{"./a:b", "file", "./a:b"},
	{"/a:b", "file", "/a:b"},
	{"file:key.pem", "file", "key.pem"},
	{"file:/k:y", "file", "/k:y"},
	{"pkcs11:", "pkcs11", ""},
	{"pkcs11:token=ci;object=a", "pkcs11", "token=ci;object=a"},
	{"tpm2-x:1", "tpm2-x", "1"},
	{"a234567890123456789012345678901:", "a234567890123456789012345678901",
	    ""},
	{"a2345678901234567890123456789012:", NULL, NULL},
	{"", NULL, NULL},
	{"file:", NULL, NULL},
	{":x", NULL, NULL},
	{"C:\\key.pem", NULL, NULL},
	{"c:/key.pem", NULL, NULL},
	{"PKCS11:token=ci", NULL, NULL},
	{"pkcs 11:x", NULL, NULL},
	{"..:x", NULL, NULL},
	{"p\xc3\xa9:x", NULL, NULL},
};

int
main(void)
{
	cs_scheme s;
	cs_err e;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&s, 0, sizeof(s));
		cs_err_clear(&e);
		rc = cs_scheme_split(t[i].uri, &s, &e);
		if (t[i].name == NULL)
			ok(rc == CS_EUSAGE && e.text[0] != '\0',
			    "refused: %s", t[i].uri);
		else
			ok(rc == CS_OK && strcmp(s.name, t[i].name) == 0 &&
			    strcmp(s.rest, t[i].rest) == 0, "%s is %s",
			    t[i].uri, t[i].name);
	}
	return done_testing();
}
