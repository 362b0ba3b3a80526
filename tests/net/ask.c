/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * A client of the module net-http, for http.sh:
 *
 *	ask MODULES [NAME=VALUE...]
 *
 * Names are url, socket, method, type, accept, body, ca, cert, key (files), max
 * and timeout. It says "STATUS TYPE RETRY-AFTER" and the body, or the error,
 * and ends with its class.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/module.h"
#include "net/httpc.h"

static const char *
value(int argc, char **argv, const char *name)
{
	size_t n = strlen(name);
	int i;

	for (i = 2; i < argc; i++) {
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	}
	return NULL;
}

static int64_t
number(int argc, char **argv, const char *name)
{
	const char *v = value(argc, argv, name);

	return v != NULL ? strtol(v, NULL, 10) : 0;
}

static const cs_httpc_ops *
load(const char *dir, cs_err *e)
{
	union {
		void *p;
		cs_httpc_entry_fn *f;
	} sym = {NULL};

	if (cs_module_load(dir, "net", "http", CS_HTTPC_SYMBOL, "none",
	    &sym.p, e) != CS_OK)
		return NULL;
	return sym.f(CS_HTTPC_ABI + 1) != NULL ? NULL : sym.f(CS_HTTPC_ABI);
}

static bool
file(int argc, char **argv, const char *name, cs_buf **keep, cs_span *out,
    cs_err *e)
{
	const char *path = value(argc, argv, name);

	if (path == NULL)
		return true;
	if (cs_file_read(path, 1 << 24, keep, e) != CS_OK)
		return false;
	*out = cs_buf_span(*keep);
	return true;
}

int
main(int argc, char **argv)
{
	cs_httpc_call c = {.method = "GET"};
	cs_buf *keep[4] = {NULL};
	cs_httpc_answer *a = NULL;
	const cs_httpc_ops *ops;
	cs_err e = {0};
	int rc = CS_EBUG;

	if (argc < 2 || (ops = load(argv[1], &e)) == NULL ||
	    !file(argc, argv, "body", &keep[0], &c.body, &e) ||
	    !file(argc, argv, "ca", &keep[1], &c.ca, &e) ||
	    !file(argc, argv, "cert", &keep[2], &c.cert, &e) ||
	    !file(argc, argv, "key", &keep[3], &c.key, &e))
		goto out;
	c.url = value(argc, argv, "url");
	c.socket = value(argc, argv, "socket");
	if (value(argc, argv, "method") != NULL)
		c.method = value(argc, argv, "method");
	c.type = value(argc, argv, "type");
	c.accept = value(argc, argv, "accept");
	c.max_answer = (size_t)number(argc, argv, "max");
	c.timeout_ms = number(argc, argv, "timeout");
	if ((rc = ops->call(&c, &a, &e)) != CS_OK)
		goto out;
	printf("%d %s %d\n", a->status, a->type, (int)a->retry_after);
	(void)fwrite(cs_buf_span(a->body).p, 1, cs_buf_len(a->body), stdout);
	ops->answer_free(&a);
out:
	if (rc != CS_OK)
		fprintf(stderr, "ask: %s\n", e.text);
	cs_buf_free(&keep[0]);
	cs_buf_free(&keep[1]);
	cs_buf_free(&keep[2]);
	cs_buf_free(&keep[3]);
	return -rc;
}
