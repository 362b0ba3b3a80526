/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"

#define NOW "2026-11-21T12:00:00Z"

const char *
expect_dir(void)
{
	static char dir[4096];
	const char *src = getenv("SRCDIR");

	(void)snprintf(dir, sizeof(dir), "%s/tests/vectors/verdict",
	    src == NULL ? "." : src);
	return dir;
}

cs_buf *
expect_file(const char *name, const char *suffix)
{
	char path[8192];
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/%s%s", expect_dir(), name,
	    suffix);
	if (cs_file_read(path, CS_MESSAGE_MAX, &b, &e) != CS_OK) {
		printf("Bail out! %s: %s\n", path, e.text);
		exit(99);
	}
	return b;
}

void
expect_each(void (*each)(const char *, const char *), const char *list)
{
	cs_buf *b = expect_file(list, "");
	char *text = strdup(cs_buf_cstr(b)), *line, *save = NULL;
	char name[256], options[256];

	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		if (line[0] != '#' && sscanf(line, "%255s %255s", name,
		    options) == 2)
			each(name, options);
	free(text);
	cs_buf_free(&b);
}

cs_span
expect_option(const char *options, const char *key, char *out, size_t n)
{
	const char *at = strstr(options, key);

	if (at == NULL)
		return (cs_span){NULL, 0};
	(void)snprintf(out, n, "%s", at + strlen(key));
	out[strcspn(out, ",")] = '\0';
	return cs_span_str(out);
}

static cs_span
unhex(cs_span hex, uint8_t *out)
{
	size_t i;
	unsigned v;

	if (hex.p == NULL)
		return hex;
	for (i = 0; i + 1 < hex.n; i += 2) {
		if (sscanf((const char *)hex.p + i, "%2x", &v) != 1)
			exit(98);
		out[i / 2] = (uint8_t)v;
	}
	return cs_span_of(out, hex.n / 2);
}

static int
counter(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e)
{
	const char *options = arg;
	char last[16] = "";

	(void)key_hash;
	(void)tbs_hash;
	(void)expect_option(options, "last=", last, sizeof(last));
	if (strcmp(last, "broken") == 0)
		return cs_fail(e, CS_EIO, "test", "no memory");
	out->known = strcmp(last, "none") != 0;
	out->value = out->known ? (uint32_t)strtoul(last, NULL, 10) : 0;
	out->recorded = strstr(options, "recorded") != NULL;
	return CS_OK;
}

cs_verify_in
expect_input(struct expect_asked *a, const char *options, cs_span message,
    const cs_anchors *anchors)
{
	cs_verify_in in = {.message = message, .anchors = anchors,
	    .authority = cs_span_str("https://corp.example")};
	char number[8] = "0";
	cs_err e = {0};

	*a = (struct expect_asked){.memory = {.arg = a->options}};
	(void)snprintf(a->options, sizeof(a->options), "%s", options);
	in.trust_domain = expect_option(options, "td=", a->td, sizeof(a->td));
	in.nonce = unhex(expect_option(options, "nonce=", a->hex,
	    sizeof(a->hex)), a->nonce);
	in.quorum_group = expect_option(options, "group=", a->group,
	    sizeof(a->group));
	(void)expect_option(options, "quorum=", number, sizeof(number));
	in.quorum = strtoul(number, NULL, 10);
	in.composite = strstr(options, "composite") != NULL;
	if (strstr(options, "last=") != NULL) {
		a->memory.counter = counter;
		in.memory = &a->memory;
	}
	if (cs_time_parse(NOW, &in.now, &e) != CS_OK)
		exit(97);
	return in;
}
