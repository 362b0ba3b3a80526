/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/reqfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "crypt/pubkey.h"
#include "fmt/message.h"
#include "fmt/names.h"
#include "tool/subject.h"

static int
check(cs_reqfile *f, cs_span bytes, cs_err *e)
{
	int r;

	if ((r = cs_request_read(bytes, &f->csr, e)) != CS_OK ||
	    (r = cs_csr_verify(f->csr, e)) != CS_OK ||
	    (r = cs_subject_check(f->csr->subject, e)) != CS_OK ||
	    (r = cs_request_digest(f->csr, f->digest, e)) != CS_OK ||
	    (r = cs_key_hash(&f->csr->key, f->agent_hash, e)) != CS_OK)
		return r;
	cs_code(cs_span_of(f->digest, sizeof(f->digest)), f->code);
	if ((f->authority = cs_buf_new(CS_AUTHORITY_MAX)) == NULL)
		return cs_nomem(e, "request");
	return cs_authority_default(f->csr->trust_domain, f->authority, e);
}

int
cs_reqfile_read(const char *path, cs_reqfile **out, cs_err *e)
{
	cs_reqfile *f = NULL;
	cs_buf *b = NULL;
	int r;

	*out = NULL;
	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->path = strdup(path)) == NULL)
		r = cs_nomem(e, "request");
	else if ((r = check(f, cs_buf_span(b), e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	if (r == CS_OK) {
		*out = f;
		f = NULL; /* transferred */
	}
	cs_reqfile_free(&f);
	cs_buf_free(&b);
	return r;
}

void
cs_reqfile_free(cs_reqfile **fp)
{
	cs_reqfile *f;

	if (fp == NULL || (f = *fp) == NULL)
		return;
	free(f->path);
	cs_csr_free(&f->csr);
	cs_buf_free(&f->authority);
	free(f);
	*fp = NULL;
}

cs_subject
cs_reqfile_subject(const cs_reqfile *f, enum cs_subject_kind kind)
{
	cs_subject s = {.kind = kind, .agent_id = f->csr->agent_id,
	    .agent_key_hash = cs_span_of(f->agent_hash,
		sizeof(f->agent_hash))};

	if (kind == CS_SUBJECT_REQUEST)
		s.request_digest = cs_span_of(f->digest, sizeof(f->digest));
	return s;
}
