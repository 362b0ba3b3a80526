/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "signer/tpm2uri.h"

/* A handle that is read is the one that is written. */
static void
check_handle(const char *s, const cs_tpm2_uri *u)
{
	char back[64];

	CHECK(u->handle >= CS_TPM2_FIRST && u->handle <= CS_TPM2_LAST);
	(void)snprintf(back, sizeof(back), "tpm2:handle=0x%08x%s", u->handle,
	    u->no_pin ? ";no-pin" : "");
	CHECK(strlen(back) == strlen(s) && strncasecmp(back, s, 64) == 0);
}

static void
check_uri(const char *s)
{
	cs_tpm2_uri u;

	if (cs_tpm2_uri_parse(s, &u, NULL) != CS_OK)
		return;
	CHECK(strncmp(s, "tpm2:", 5) == 0);
	if (u.path == NULL) {
		check_handle(s, &u);
		return;
	}
	CHECK(u.path == s + 5 && u.path[0] != '\0');
	CHECK(strncmp(u.path, "handle=", 7) != 0);
	CHECK(u.handle == 0 && !u.no_pin);
}

/* Nothing that a way names is loaded as it is. */
static void
check_way(const char *s)
{
	cs_tpm2_way w;

	if (cs_tpm2_way_parse(s, &w, NULL) != CS_OK) {
		CHECK(w.library == NULL);
		return;
	}
	CHECK(strncmp(s, w.name, strlen(w.name)) == 0);
	CHECK(strncmp(w.library, "libtss2-tcti-", 13) == 0);
	CHECK(strchr(w.library, '/') == NULL);
	CHECK(w.conf == NULL || w.conf[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *s = malloc(n + 1);
	uint32_t handle;

	if (s == NULL)
		return 0;
	memcpy(s, data, n);
	s[n] = '\0';
	check_uri(s);
	check_way(s);
	if (cs_tpm2_handle_parse(cs_span_of(data, n), &handle))
		CHECK(n == 10 && handle >> 24 == 0x81);
	else
		CHECK(handle == 0);
	free(s);
	return 0;
}
