/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/storeverb.h"

#include <inttypes.h>

#include "base/enc.h"
#include "base/time.h"
#include "fmt/names.h"
#include "fmt/reason.h"

#define WAIT_MS 10000

int
cs_store_verb_env(const cs_tool *t, const char *uri, const char *authority,
    int64_t now, cs_store_env *env, cs_err *e)
{
	if (uri == NULL)
		return cs_fail(e, CS_EUSAGE, "tool", "--store is missing");
	if (authority != NULL &&
	    cs_authority_check(cs_span_str(authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	*env = (cs_store_env){.module_dir = t->module_dir,
	    .authority = cs_span_str(authority), .now = now};
	return CS_OK;
}

int
cs_store_verb_open(const cs_tool *t, const char *uri, const char *authority,
    enum cs_db_mode mode, int64_t now, cs_store **out, cs_err *e)
{
	cs_store_env env;
	int r;

	*out = NULL;
	if ((r = cs_store_verb_env(t, uri, authority, now, &env, e)) != CS_OK)
		return r;
	env.mode = mode;
	r = cs_store_open(uri, &env, out, e);
	if (r == CS_EIO)
		e->detail = CS_R_STORE_UNAVAILABLE; /* whoever found it */
	return r;
}

int64_t
cs_store_verb_deadline(void)
{
	return cs_time_mono_ms() + WAIT_MS;
}

static void
put_head(const cs_store_head *h, cs_out *out)
{
	cs_span hash = cs_span_of(h->hash, sizeof(h->hash));
	cs_buf *b = cs_buf_new(2 * sizeof(h->hash));

	cs_out_object(out, "audit_head", NULL);
	cs_out_int(out, "sequence", NULL, h->sequence);
	cs_out_hex(out, "hash", NULL, hash);
	cs_out_close(out);
	if (b != NULL && cs_hex_put(b, hash) == CS_OK)
		cs_out_printf(out, NULL, "audit head", "%" PRId64 ":%s",
		    h->sequence, cs_buf_cstr(b));
	cs_buf_free(&b);
}

void
cs_store_verb_put(const cs_store_info *i, cs_out *out)
{
	cs_out_str(out, "engine", "engine", i->engine);
	cs_out_str(out, "authority", "authority", i->authority);
	cs_out_int(out, "schema", "schema", i->schema);
	if (i->floor != 0)
		cs_out_time(out, "floor", "floor", i->floor);
	else
		cs_out_null(out, "floor");
	cs_out_bool(out, "backup", i->is_backup ? "backup" : NULL,
	    i->is_backup);
	cs_out_int(out, "claims", NULL, i->claims);
	cs_out_int(out, "live", NULL, i->live);
	cs_out_printf(out, NULL, "claims", "%" PRId64 ", live: %" PRId64,
	    i->claims, i->live);
	cs_out_int(out, "approvals", "approvals", i->approvals);
	cs_out_int(out, "revocations", "revocations", i->revocations);
	cs_out_int(out, "denials", "denials", i->denials);
	put_head(&i->head, out);
}
