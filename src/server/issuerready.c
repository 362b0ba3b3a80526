/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "server/issuerp.h"

/* Can a credential be issued now? */

static const char where[] = "server/ready";

#define THERE_MS 2000 /* until a keyholder that lives has answered */

/* The last one is still given out, and lacks who was revoked since. */
static int
look_at_lists(cs_issuer *i, int64_t now, int64_t deadline_ms, cs_err *e)
{
	cs_crl_state lists;
	cs_buf *crl = NULL;
	int64_t number;
	int rc = cs_issuer_crl(i, (cs_span){0}, now, deadline_ms, &crl,
	    &number, e);

	cs_buf_free(&crl);
	cs_issuer_crl_state(i, &lists);
	if (rc == CS_OK && lists.failing != 0)
		rc = cs_fail(e, CS_EIO, where, "no new revocation list: %s",
		    lists.why.text);
	return rc;
}

/* A list that is current says nothing of the keyholder. */
static int
look_for_keyholder(const cs_issuer *i, int64_t deadline_ms, cs_err *e)
{
	const cs_issuer_env *env = &i->env;
	int64_t soon = cs_time_mono_ms() + THERE_MS;

	if (env->there == NULL || env->there(env->there_arg,
	    deadline_ms < soon ? deadline_ms : soon, e) == CS_OK)
		return CS_OK;
	return cs_wrap(e, "nothing can be signed");
}

int
cs_issuer_ready(cs_issuer *i, int64_t now, int64_t deadline_ms, cs_err *e)
{
	const cs_authority *ca = i->env.ca[0];
	cs_store_info info = {0};
	int rc;

	if ((rc = cs_store_look(i->env.store, now, deadline_ms, &info, e)) !=
	    CS_OK || (rc = look_at_lists(i, now, deadline_ms, e)) != CS_OK ||
	    (rc = look_for_keyholder(i, deadline_ms, e)) != CS_OK)
		return rc;
	return now >= ca->not_before && now < ca->not_after ? CS_OK :
	    cs_fail(e, CS_EIO, where,
	    "the CA's certificate is not valid now");
}
