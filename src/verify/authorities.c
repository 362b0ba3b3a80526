/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/authorities.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define EKU_MAX 64

static const char where[] = "authorities";

/* Beside the file that the line is in, unless the name is absolute. */
static int
crl_path(const cs_anchor *line, char **out, cs_err *e)
{
	const char *slash = strrchr(line->file, '/');
	bool alone = line->crl.p[0] == '/' || slash == NULL;
	char path[PATH_MAX];
	int n;

	n = snprintf(path, sizeof(path), "%.*s%.*s",
	    alone ? 0 : (int)(slash - line->file + 1), line->file,
	    (int)line->crl.n, (const char *)line->crl.p);
	if (n < 0 || (size_t)n >= sizeof(path))
		return CS_BAD(e, CS_R_TOO_LARGE, where,
		    "option \"crl\": a path of %d bytes", n);
	*out = strdup(path);
	return *out == NULL ? cs_nomem(e, where) : CS_OK;
}

static int
crls_add(cs_anchor_ca *a, uid_t reader, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if ((r = crl_path(&a->line, &a->crl, e)) != CS_OK)
		return r;
	r = cs_file_read_trusted(a->crl, reader, CS_CRL_FILE_MAX, &b, e);
	if (r == CS_OK &&
	    (r = cs_ca_add_crls(a->ca, cs_buf_span(b), e)) != CS_OK)
		(void)cs_wrap(e, "%s", a->crl);
	cs_buf_free(&b);
	return r;
}

static int
eku_get(const cs_anchor *line, cs_buf *out, cs_err *e)
{
	int r = line->eku.p == NULL ?
	    cs_buf_put(out, cs_oid(CS_OID_KP_OWNER_APPROVAL)) :
	    cs_oid_get(out, line->eku);

	return r == CS_OK ? CS_OK : CS_BAD(e, CS_R_MALFORMED, where,
	    "option \"eku\": no object identifier");
}

static int
fill(cs_anchor_ca *a, uid_t reader, cs_err *e)
{
	int r;

	if ((a->eku = cs_buf_new(EKU_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((r = eku_get(&a->line, a->eku, e)) != CS_OK ||
	    (r = cs_ca_new(a->line.ca, &a->ca, e)) != CS_OK)
		return r;
	return a->line.no_revocation ? CS_OK : crls_add(a, reader, e);
}

int
cs_authorities_add(cs_authorities *l, const cs_anchor *line, uid_t reader,
    cs_err *e)
{
	cs_anchor_ca *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	int r;

	if (v == NULL)
		return cs_nomem(e, where);
	l->v = v;
	v[l->n] = (cs_anchor_ca){.line = *line};
	if ((r = fill(&v[l->n++], reader, e)) != CS_OK)
		(void)cs_wrap(e, "%s:%u", line->file, line->line);
	return r;
}

void
cs_authorities_free(cs_authorities *l)
{
	while (l->n != 0) {
		cs_ca_free(&l->v[--l->n].ca);
		cs_buf_free(&l->v[l->n].eku);
		free(l->v[l->n].crl);
	}
	free(l->v);
	*l = (cs_authorities){0};
}
