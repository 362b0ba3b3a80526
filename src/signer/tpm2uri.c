/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2uri.h"

#include <string.h>

#include "signer/signer.h"

#define CONF_MAX 1024

static const char where[] = "signer/tpm2";
static const char scheme[] = "tpm2:";

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
cs_tpm2_handle_parse(cs_span in, uint32_t *out)
{
	uint32_t v = 0;
	size_t i;
	int d;

	*out = 0;
	if (in.n != 10 || in.p[0] != '0' || in.p[1] != 'x')
		return false;
	for (i = 2; i < in.n; i++) {
		if ((d = hex_digit(in.p[i])) < 0)
			return false;
		v = v << 4 | (uint32_t)d;
	}
	if (v < CS_TPM2_FIRST || v > CS_TPM2_LAST)
		return false;
	*out = v;
	return true;
}

static int
read_handle(const char *s, cs_tpm2_uri *out, cs_err *e)
{
	const size_t n = strcspn(s, ";");

	if (!cs_tpm2_handle_parse(cs_span_of(s, n), &out->handle))
		return cs_fail(e, CS_EUSAGE, where, "expected a persistent "
		    "handle, 0x81000000 to 0x81ffffff, found \"%.*s\"",
		    n > 64 ? 64 : (int)n, s);
	if (s[n] == '\0')
		return CS_OK;
	if (strcmp(s + n, ";no-pin") != 0)
		return cs_fail(e, CS_EUSAGE, where, "expected ;no-pin or "
		    "nothing behind the handle, found \"%.64s\"", s + n);
	out->no_pin = true;
	return CS_OK;
}

int
cs_tpm2_uri_parse(const char *uri, cs_tpm2_uri *out, cs_err *e)
{
	static const char handle[] = "handle=";
	const char *s = uri + sizeof(scheme) - 1;

	memset(out, 0, sizeof(*out));
	if (strncmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected %s and a key, found \"%.64s\"", scheme, uri);
	if (strncmp(s, handle, sizeof(handle) - 1) == 0)
		return read_handle(s + sizeof(handle) - 1, out, e);
	if (s[0] == '\0')
		return cs_fail(e, CS_EUSAGE, where, "%s names no key; "
		    "expected %sFILE or %s%s0x81......", scheme, scheme,
		    scheme, handle);
	out->path = s;
	return CS_OK;
}

static const cs_tpm2_way ways[] = {
	{"device", "libtss2-tcti-device.so.0", "libtss2-tcti-device0",
	    CS_TPM_DEVICE, false},
	{"swtpm", "libtss2-tcti-swtpm.so.0", "libtss2-tcti-swtpm0", NULL,
	    false},
	{"mssim", "libtss2-tcti-mssim.so.0", "libtss2-tcti-mssim0", NULL,
	    false},
	{"tabrmd", "libtss2-tcti-tabrmd.so.0", "libtss2-tcti-tabrmd0", NULL,
	    true},
};

static const cs_tpm2_way *
find(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strlen(ways[i].name) == n &&
		    strncmp(ways[i].name, name, n) == 0)
			return &ways[i];
	return NULL;
}

int
cs_tpm2_way_parse(const char *tcti, cs_tpm2_way *out, cs_err *e)
{
	const size_t n = strcspn(tcti, ":");
	const cs_tpm2_way *w = find(tcti, n);

	memset(out, 0, sizeof(*out));
	if (w == NULL)
		return cs_fail(e, CS_EUSAGE, where, "expected a TCTI of "
		    "device, swtpm, mssim or tabrmd, as "
		    "device:" CS_TPM_DEVICE ", found \"%.*s\"",
		    n > 64 ? 64 : (int)n, tcti);
	if (strlen(tcti) - n > CONF_MAX)
		return cs_fail(e, CS_EUSAGE, where, "the TCTI %s has more "
		    "than %d octets behind its name", w->name, CONF_MAX);
	*out = *w;
	if (tcti[n] == ':' && tcti[n + 1] != '\0')
		out->conf = tcti + n + 1;
	return CS_OK;
}
