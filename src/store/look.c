/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/auditp.h"
#include "store/handle.h"

struct look {
	cs_store_info *out;
	int64_t now;
};

static int
take_counts(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	cs_store_info *o = arg;
	int64_t *const into[] = {&o->claims, &o->live, &o->approvals,
	    &o->denials, &o->revocations};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(into) / sizeof(into[0]); i++)
		if ((rc = cs_col_int(col, n, i, 0, INT64_MAX, into[i], e)) !=
		    CS_OK)
			return rc;
	return CS_OK;
}

static int
look(cs_txn *t, void *arg, cs_err *e)
{
	const struct look *l = arg;
	const cs_db_value now = cs_db_int(l->now);
	cs_store_info *o = l->out;
	int64_t backup = 0;
	int rc;

	if ((rc = cs_meta_get(t, "schema", &o->schema, NULL, e)) != CS_OK ||
	    (rc = cs_meta_get(t, "floor", &o->floor, NULL, e)) != CS_OK ||
	    (rc = cs_meta_get(t, "backup", &backup, NULL, e)) != CS_OK ||
	    (rc = cs_audit_head(t, &o->head, e)) != CS_OK)
		return rc;
	o->is_backup = backup != 0;
	return cs_txn_run(t, CS_SQL_COUNTS, &now, 1, take_counts, o, NULL, e);
}

int
cs_store_look(cs_store *s, int64_t now, int64_t deadline_ms,
    cs_store_info *out, cs_err *e)
{
	const cs_span authority = cs_store_authority(s);
	struct look l = {out, now};

	memset(out, 0, sizeof(*out));
	(void)snprintf(out->authority, sizeof(out->authority), "%.*s",
	    (int)authority.n, (const char *)authority.p);
	(void)snprintf(out->engine, sizeof(out->engine), "%s", s->ops->name);
	return cs_store_read(s, look, &l, deadline_ms, e);
}
