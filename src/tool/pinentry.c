/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/pinentry.h"

#include "tool/assuan.h"
#include "tool/helper.h"

struct line {
	cs_helper helper;
	cs_wait *wait;
};

static int
get(void *arg, cs_buf *in, bool *end, cs_err *e)
{
	struct line *l = arg;

	return cs_helper_get(&l->helper, l->wait, in, end, e);
}

static int
put(void *arg, cs_span text, cs_err *e)
{
	struct line *l = arg;

	return cs_helper_put(&l->helper, l->wait, text, e);
}

int
cs_pinentry(const char *path, const char *description, int64_t deadline_ms,
    cs_buf **secret, cs_err *e)
{
	struct line l = {.wait = NULL};
	const cs_assuan_peer peer = {&l, get, put};
	int r;

	*secret = NULL;
	if ((r = cs_wait_begin(deadline_ms, &l.wait, e)) != CS_OK)
		return r;
	if ((r = cs_helper_start(&l.helper, path, NULL, e)) == CS_OK)
		r = cs_assuan_getpin(&peer, description, secret, e);
	cs_helper_kill(&l.helper);
	cs_wait_end(&l.wait);
	return r == CS_OK ? r : cs_wrap(e, "pinentry");
}
