/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "signer/tpm2uri.h"
#include "tests/unit/tap.h"

static const struct {
	const char *uri, *path;
	uint32_t handle; /* and no path: 0, refused */
	bool no_pin;
} keys[] = {
	{"tpm2:alice.pem", "alice.pem", 0, false},
	{"tpm2:/etc/alice.pem", "/etc/alice.pem", 0, false},
	{"tpm2:a;no-pin", "a;no-pin", 0, false},
	{"tpm2:./handle=0x81000001", "./handle=0x81000001", 0, false},
	{"tpm2:Handle=0x81000001", "Handle=0x81000001", 0, false},
	{"tpm2:handle=0x81000000", NULL, 0x81000000, false},
	{"tpm2:handle=0x81000005", NULL, 0x81000005, false},
	{"tpm2:handle=0x81ffffff", NULL, 0x81ffffff, false},
	{"tpm2:handle=0x81aBcDeF", NULL, 0x81abcdef, false},
	{"tpm2:handle=0x81000005;no-pin", NULL, 0x81000005, true},
	{"tpm2:", NULL, 0, false},
	{"tpm2", NULL, 0, false},
	{"tpm:x", NULL, 0, false},
	{"", NULL, 0, false},
	{"tpm2:handle=", NULL, 0, false},
	{"tpm2:handle=0x80ffffff", NULL, 0, false},
	{"tpm2:handle=0x82000000", NULL, 0, false},
	{"tpm2:handle=0x80000000", NULL, 0, false},
	{"tpm2:handle=0x40000001", NULL, 0, false},
	{"tpm2:handle=0x01c00002", NULL, 0, false},
	{"tpm2:handle=0x8100000", NULL, 0, false},
	{"tpm2:handle=0x081000000", NULL, 0, false},
	{"tpm2:handle=81000005", NULL, 0, false},
	{"tpm2:handle=0X81000005", NULL, 0, false},
	{"tpm2:handle=0x8100000g", NULL, 0, false},
	{"tpm2:handle=0x81000005 ", NULL, 0, false},
	{"tpm2:handle= 0x81000005", NULL, 0, false},
	{"tpm2:handle=+0x8100005", NULL, 0, false},
	{"tpm2:handle=2164260869", NULL, 0, false},
	{"tpm2:handle=0x81000005;", NULL, 0, false},
	{"tpm2:handle=0x81000005;no-pin;", NULL, 0, false},
	{"tpm2:handle=0x81000005;no-pins", NULL, 0, false},
	{"tpm2:handle=0x81000005;no-pi", NULL, 0, false},
	{"tpm2:handle=0x81000005;no-pin;no-pin", NULL, 0, false},
	{"tpm2:handle=0x81000005;pin=1", NULL, 0, false},
	{"tpm2:handle=0x81000005,no-pin", NULL, 0, false},
};

static void
test_keys(void)
{
	cs_tpm2_uri u;
	cs_err e;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		cs_err_clear(&e);
		rc = cs_tpm2_uri_parse(keys[i].uri, &u, &e);
		if (keys[i].path == NULL && keys[i].handle == 0)
			ok(rc == CS_EUSAGE && e.text[0] != '\0',
			    "refused: %s", keys[i].uri);
		else if (keys[i].path != NULL)
			ok(rc == CS_OK && u.path != NULL &&
			    strcmp(u.path, keys[i].path) == 0 &&
			    u.handle == 0 && !u.no_pin, "a file: %s",
			    keys[i].uri);
		else
			ok(rc == CS_OK && u.path == NULL &&
			    u.handle == keys[i].handle &&
			    u.no_pin == keys[i].no_pin, "a handle: %s",
			    keys[i].uri);
	}
}

static const struct {
	const char *tcti, *name, *conf; /* name NULL: refused */
} ways[] = {
	{"device", "device", "/dev/tpmrm0"},
	{"device:", "device", "/dev/tpmrm0"},
	{"device:/dev/tpm1", "device", "/dev/tpm1"},
	{"swtpm", "swtpm", NULL},
	{"swtpm:path=/run/x:y", "swtpm", "path=/run/x:y"},
	{"mssim:host=localhost,port=2321", "mssim",
	    "host=localhost,port=2321"},
	{"tabrmd:bus_type=session", "tabrmd", "bus_type=session"},
	{"", NULL, NULL},
	{":", NULL, NULL},
	{"cmd:touch /x", NULL, NULL},
	{"pcap", NULL, NULL},
	{"fuzzing", NULL, NULL},
	{"Device", NULL, NULL},
	{"devic", NULL, NULL},
	{"devices", NULL, NULL},
	{"/tmp/device", NULL, NULL},
	{"./libx.so:conf", NULL, NULL},
	{"libtss2-tcti-device.so.0:/dev/tpm0", NULL, NULL},
	{" device", NULL, NULL},
	{"device /dev/tpm0", NULL, NULL},
};

static void
test_ways(void)
{
	cs_tpm2_way w;
	cs_err e;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		cs_err_clear(&e);
		rc = cs_tpm2_way_parse(ways[i].tcti, &w, &e);
		if (ways[i].name == NULL)
			ok(rc == CS_EUSAGE && e.text[0] != '\0' &&
			    w.library == NULL, "refused: %s", ways[i].tcti);
		else
			ok(rc == CS_OK && strcmp(w.name, ways[i].name) == 0 &&
			    (ways[i].conf == NULL ? w.conf == NULL :
			    w.conf != NULL &&
			    strcmp(w.conf, ways[i].conf) == 0) &&
			    strstr(w.library, ways[i].name) != NULL &&
			    strchr(w.library, '/') == NULL, "a way: %s",
			    ways[i].tcti);
	}
}

static void
test_long(void)
{
	static char s[2048] = "device:";
	cs_tpm2_way w;
	cs_tpm2_uri u;
	cs_err e = {0};

	memset(s + 7, 'x', sizeof(s) - 8);
	ok(cs_tpm2_way_parse(s, &w, &e) == CS_EUSAGE, "a long way");
	s[7 + 1023] = '\0';
	ok(cs_tpm2_way_parse(s, &w, &e) == CS_OK, "one that is not too long");
	memcpy(s, "tpm2:handle=", 12);
	ok(cs_tpm2_uri_parse(s, &u, &e) == CS_EUSAGE, "a long handle");
}

int
main(void)
{
	test_keys();
	test_ways();
	test_long();
	return done_testing();
}
