/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fido/softkey.h"

static void
usage(void)
{
	(void)fputs("usage: softkey [OPTIONS] SOCKET\n"
	    "A FIDO security key: takes and gives 64-byte reports as the\n"
	    "packets of a unix socket. It goes to the background when it\n"
	    "listens, and its process id to standard output. SIGUSR1 is a\n"
	    "touch while it waits for one, SIGTERM pulls it out.\n\n"
	    "  --log FILE         what it is asked, a line each\n"
	    "  --state FILE       what outlives its power; else nothing does\n"
	    "  --seed TEXT        the same keys each time\n"
	    "  --pin PIN          set when none is\n"
	    "  --touch HOW        auto, never (SIGUSR1), deny, or late by so\n"
	    "                     many milliseconds\n"
	    "  --give-up MS       how long it waits for a touch: 30000\n"
	    "  --uv HOW           a fingerprint reader: ok or fail\n"
	    "  --protocols N      of PINs: 1, 2 or 21, the default\n"
	    "  --cred-protect     has this extension\n"
	    "  --aaguid HEX       which model it is\n"
	    "  --attestation KEY,CERTS\n"
	    "                     signs new credentials with this key, whose\n"
	    "                     certificate is the first of CERTS, PEM both;\n"
	    "                     else they sign themselves\n"
	    "  --no-attestation   of format none\n"
	    "  --u2f              knows U2F only; wants --attestation\n"
	    "  --ctap20           knows no CTAP 2.1: a touch before it says that\n"
	    "                     it has no credential, tokens for anything\n"
	    "  --fault NAME       badsig, badrp, badid, otherkey, stuckcounter,\n"
	    "                     zerocounter, be, bs, at, noup, nouv, garbage,\n"
	    "                     truncate, drop, mute (cannot be cancelled),\n"
	    "                     unplug (when a touch is wanted), status=N;\n"
	    "                     probe:NAME: in answers without a touch\n",
	    stderr);
	exit(2);
}

static int
number(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (end == s || *end != 0 || n < 0 || n > 1000000)
		die("%s: no number", s);
	return (int)n;
}

static void
parse_touch(struct options *o, const char *s)
{
	if (strcmp(s, "auto") == 0) {
		o->touch = TOUCH_AUTO;
	} else if (strcmp(s, "never") == 0) {
		o->touch = TOUCH_NEVER;
	} else if (strcmp(s, "deny") == 0) {
		o->touch = TOUCH_DENY;
	} else {
		o->touch = TOUCH_LATE;
		o->touch_ms = number(s);
	}
}

static void
parse_uv(struct options *o, const char *s)
{
	if (strcmp(s, "ok") == 0)
		o->uv = UV_OK;
	else if (strcmp(s, "fail") == 0)
		o->uv = UV_FAIL;
	else
		die("%s: neither ok nor fail", s);
}

static void
parse_aaguid(struct options *o, const char *s)
{
	unsigned v;
	size_t i;

	for (i = 0; i < sizeof(o->aaguid); i++) {
		if (sscanf(s + 2 * i, "%2x", &v) != 1)
			die("%s: no AAGUID", s);
		o->aaguid[i] = (uint8_t)v;
	}
}

static void
parse_attestation(struct options *o, char *s)
{
	char *comma = strchr(s, ',');

	if (comma == NULL)
		die("%s: not KEY,CERTS", s);
	*comma = 0;
	o->attestation_key = s;
	o->attestation_certs = comma + 1;
}

static void
parse_fault(struct options *o, const char *s)
{
	static const char *const known[] = {"badsig", "badrp", "badid",
	    "otherkey", "stuckcounter", "zerocounter", "be", "bs", "at", "noup",
	    "nouv", "garbage", "truncate", "drop", "mute", "unplug"};
	size_t i;

	o->fault_probe = strncmp(s, "probe:", 6) == 0;
	o->fault = s + (o->fault_probe ? 6 : 0);
	if (strncmp(o->fault, "status=", 7) == 0)
		return;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(o->fault, known[i]) == 0)
			return;
	}
	die("%s: no such fault", s);
}

bool
has_fault(const struct softkey *k, const char *name, bool up)
{
	return k->opt.fault != NULL && k->opt.fault_probe == !up &&
	    strcmp(k->opt.fault, name) == 0;
}

enum { LOG, STATE, SEED, PIN, TOUCH, GIVE_UP, UV, PROTOCOLS, CRED_PROTECT,
	AAGUID, ATTESTATION, NO_ATTESTATION, U2F, CTAP20, FAULT };

static const struct option table[] = {
    {"log", required_argument, NULL, LOG},
    {"state", required_argument, NULL, STATE},
    {"seed", required_argument, NULL, SEED},
    {"pin", required_argument, NULL, PIN},
    {"touch", required_argument, NULL, TOUCH},
    {"give-up", required_argument, NULL, GIVE_UP},
    {"uv", required_argument, NULL, UV},
    {"protocols", required_argument, NULL, PROTOCOLS},
    {"cred-protect", no_argument, NULL, CRED_PROTECT},
    {"aaguid", required_argument, NULL, AAGUID},
    {"attestation", required_argument, NULL, ATTESTATION},
    {"no-attestation", no_argument, NULL, NO_ATTESTATION},
    {"u2f", no_argument, NULL, U2F},
    {"ctap20", no_argument, NULL, CTAP20},
    {"fault", required_argument, NULL, FAULT},
    {NULL, 0, NULL, 0}};

static void
option(struct options *o, int which, char *s)
{
	switch (which) {
	case LOG:
		o->log = s;
		break;
	case STATE:
		o->state = s;
		break;
	case SEED:
		o->seed = s;
		break;
	case PIN:
		o->pin = s;
		break;
	case TOUCH:
		parse_touch(o, s);
		break;
	case GIVE_UP:
		o->give_up_ms = number(s);
		break;
	case UV:
		parse_uv(o, s);
		break;
	case PROTOCOLS:
		o->protocols = number(s);
		break;
	case CRED_PROTECT:
		o->cred_protect = true;
		break;
	case AAGUID:
		parse_aaguid(o, s);
		break;
	case ATTESTATION:
		parse_attestation(o, s);
		break;
	case NO_ATTESTATION:
		o->no_attestation = true;
		break;
	case U2F:
		o->u2f = true;
		break;
	case CTAP20:
		o->ctap20 = true;
		o->protocols = 1;
		break;
	case FAULT:
		parse_fault(o, s);
		break;
	default:
		usage();
	}
}

void
options_parse(struct options *o, int argc, char **argv)
{
	int c;

	memset(o, 0, sizeof(*o));
	memcpy(o->aaguid, "countersign test", sizeof(o->aaguid));
	o->give_up_ms = 30000;
	o->protocols = 21;
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1)
		option(o, c, optarg);
	if (optind + 1 != argc || (o->u2f && o->attestation_key == NULL))
		usage();
	o->socket = argv[optind];
}
