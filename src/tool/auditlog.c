/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/auditlog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define GROW_FIRST (64 * 1024)
#define GROW_MAX ((size_t)1 << 30)

int64_t
cs_auditlog_deadline(void)
{
	return cs_time_mono_ms() + DAY_MS;
}

const char *
cs_auditlog_kind(int kind)
{
	return kind == CS_AUDIT_WIT ? "wit" : "x509";
}

const char *
cs_auditlog_role(unsigned role)
{
	static const char *const names[] = {
		[CS_AUDIT_OWN] = "own",
		[CS_AUDIT_GRANT] = "grant",
		[CS_AUDIT_USE] = "use",
	};

	return role <= CS_AUDIT_USE ? names[role] : "unknown";
}

const char *
cs_auditlog_of(int what)
{
	static const char *const names[] = {
		[CS_AUDIT_OF_OWNER] = "owner",
		[CS_AUDIT_OF_KEY] = "key",
		[CS_AUDIT_OF_AGENT] = "agent",
		[CS_AUDIT_OF_GRANT] = "grant",
		[CS_AUDIT_OF_APPROVAL] = "approval",
	};

	return what >= CS_AUDIT_OF_OWNER && what <= CS_AUDIT_OF_APPROVAL ?
	    names[what] : "unknown";
}

int
cs_auditlog_row(int64_t sequence, cs_span der, cs_audit_record **out,
    cs_err *e)
{
	int64_t found;
	int r;

	if ((r = cs_audit_parse(der, out, e)) != CS_OK)
		return r;
	if ((found = (*out)->sequence) == sequence)
		return CS_OK;
	cs_audit_free(out);
	return cs_fail(e, CS_EFORMAT, "audit",
	    "expected the record of this number, found record %" PRId64,
	    found);
}

static int
grow(cs_growing *g, size_t n, cs_err *e)
{
	size_t had = cs_buf_len(g->b), cap = GROW_FIRST;
	cs_buf *b;

	while (cap < had + n && cap < GROW_MAX)
		cap *= 2;
	if (n > GROW_MAX || cap < had + n)
		return cs_fail(e, CS_EIO, "audit", "more than %zu MiB to "
		    "write: --from and --to take it in parts", GROW_MAX >> 20);
	if ((b = cs_buf_new(cap)) == NULL ||
	    (had != 0 && cs_buf_put(b, cs_buf_span(g->b)) != CS_OK)) {
		cs_buf_free(&b);
		return cs_nomem(e, "audit");
	}
	cs_buf_free(&g->b);
	g->b = b;
	return CS_OK;
}

int
cs_growing_put(cs_growing *g, cs_span s, cs_err *e)
{
	int r;

	if ((g->b == NULL || cs_buf_room(g->b) < s.n) &&
	    (r = grow(g, s.n, e)) != CS_OK)
		return r;
	return cs_buf_put(g->b, s) == CS_OK ? CS_OK : cs_nomem(e, "audit");
}

int
cs_growing_json(cs_growing *g, const json_t *v, cs_err *e)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENSURE_ASCII |
	    JSON_PRESERVE_ORDER);
	int r;

	if (text == NULL)
		return cs_nomem(e, "audit");
	if ((r = cs_growing_put(g, cs_span_str(text), e)) == CS_OK)
		r = cs_growing_put(g, cs_span_str("\n"), e);
	free(text);
	return r;
}
