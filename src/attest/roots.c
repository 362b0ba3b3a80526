/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/roots.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "fmt/pem.h"
#include "fmt/reason.h"

#define FILE_MAX (4 * 1024 * 1024)

static const char where[] = "roots";

struct cs_roots {
	cs_attroots *certs;
	size_t n;
};

static int
add(void *arg, cs_span der, cs_err *e)
{
	cs_roots *roots = arg;

	roots->n++;
	return cs_attroots_add(roots->certs, der, e);
}

static int
add_file(void *arg, const char *path, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if ((r = cs_file_read_trusted(path, geteuid(), FILE_MAX, &b, e)) !=
	    CS_OK)
		return r;
	if ((r = cs_pem_each(cs_buf_span(b), CS_PEM_CERTIFICATE, add, arg,
	    e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

int
cs_roots_load(const char *dir, cs_roots **out, cs_err *e)
{
	cs_roots *roots;
	int r;

	*out = NULL;
	if ((roots = calloc(1, sizeof(*roots))) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_attroots_new(&roots->certs, e)) == CS_OK &&
	    (r = cs_dir_each_trusted(dir, geteuid(), NULL, add_file, roots,
	    e)) == CS_OK && roots->n == 0)
		r = CS_BAD(e, CS_R_MALFORMED, where,
		    "%s: expected files with certificates, found none", dir);
	if (r == CS_OK) {
		*out = roots;
		roots = NULL; /* transferred */
	}
	cs_roots_free(&roots);
	return r;
}

void
cs_roots_free(cs_roots **r)
{
	if (r == NULL || *r == NULL)
		return;
	cs_attroots_free(&(*r)->certs);
	free(*r);
	*r = NULL;
}

int
cs_roots_verify(const cs_roots *r, const cs_attpath *p,
    uint8_t root[CS_SHA256_LEN], cs_err *e)
{
	return cs_attroots_path(r->certs, p, root, e);
}
