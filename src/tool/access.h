/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_ACCESS_H
#define CS_TOOL_ACCESS_H

#include "keys/keys.h"
#include "signer/signer.h"
#include "tool/pin.h"
#include "tool/settings.h"
#include "tool/tool.h"
#include "tool/watchdog.h"

/* What a verb needs that uses a private key: the settings, one deadline for
 * everything that waits, where PINs come from. */

struct cs_key_opts {
	const char *timeout; /* seconds, or with a unit */
	const char *tcti;    /* of verbs with CS_TCTI_ROW */
	int64_t pin_fd;
	bool allow_last_try;
	bool pss; /* of verbs with CS_PSS_ROW */
	bool verify; /* of verbs with CS_VERIFY_ROW */
};
#define CS_KEY_DEFAULTS \
	{ \
		.timeout = NULL, .pin_fd = -1, .allow_last_try = false \
	}
#define CS_KEY_ROWS(type) \
	{"timeout", 0, CS_OPT_STRING, offsetof(type, access.timeout), \
	    "DURATION", "give up waiting after this long (60s)", 0, 0, \
	    CS_COMPLETE_NONE}, \
	{"pin-fd", 0, CS_OPT_COUNT, offsetof(type, access.pin_fd), "FD", \
	    "read the PIN or passphrase from this descriptor", 0, 1023, \
	    CS_COMPLETE_NONE}, \
	{ \
		"allow-last-try", 0, CS_OPT_FLAG, \
		    offsetof(type, access.allow_last_try), NULL, \
		    "use the last PIN try that a token has left", 0, 0, \
		    CS_COMPLETE_NONE \
	}

/* Verbs that use owners' keys */
#define CS_TCTI_ROW(type) \
	{ \
		"tcti", 0, CS_OPT_STRING, offsetof(type, access.tcti), \
		    "TCTI", "keys in a TPM: how to reach it " \
		    "(device:/dev/tpmrm0)", 0, 0, CS_COMPLETE_NONE \
	}

#define CS_PSS_ROW(type) \
	{ \
		"pss", 0, CS_OPT_FLAG, offsetof(type, access.pss), NULL, \
		    "RSA keys: RSASSA-PSS instead of PKCS #1 v1.5", 0, 0, \
		    CS_COMPLETE_NONE \
	}

#define CS_VERIFY_ROW(type) \
	{ \
		"verify-required", 0, CS_OPT_FLAG, \
		    offsetof(type, access.verify), NULL, \
		    "security keys: prove who signs, by PIN or fingerprint", \
		    0, 0, CS_COMPLETE_NONE \
	}

typedef struct cs_access {
	cs_settings settings;
	cs_pin_source source;
	cs_ui ui;
	char *key_dir; /* NULL: no home */
	cs_signer_env signer;
	cs_keys_env keys;
	int64_t deadline_ms;
	cs_watchdog *watchdog;
} cs_access;

/* Fills *a, which must not move while it is used. */
CS_USE int cs_access_open(const cs_tool *t, const struct cs_key_opts *o,
    const char *verb, bool json, cs_access *a, cs_err *e);
void cs_access_close(cs_access *a);

#endif
