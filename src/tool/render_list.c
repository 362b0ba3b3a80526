/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>

#include "tool/renderpart.h"

/* The page of several requests. Their numbers stay when some are dropped. */

static int
put_item(cs_page *p, const cs_review *r, const cs_tbs *t, size_t i,
    const cs_reqfile *f, cs_err *e)
{
	const cs_subject *s = &t->subjects[i];
	char label[CS_PAGE_MARGIN];

	(void)snprintf(label, sizeof(label), "%zu", f->number);
	cs_page_rowf(p, label, "%s", f->code);
	cs_part_asker(p, "", s, f->csr);
	if (!cs_part_one_place(r))
		cs_page_row(p, "  where", t->authority);
	cs_part_lookout(p, s, t);
	/* Who filled the folder chose the name, too. */
	cs_page_fence(p, "file", cs_span_str(f->path));
	return cs_page_fence_agent(p, f->csr, e);
}

static size_t
count(const cs_review *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->job[i]->tbs.n_subjects;
	return n;
}

int
cs_page_list(cs_page *p, const cs_review *r, cs_err *e)
{
	size_t i, j, n = count(r);
	int rc;

	cs_page_rowf(p, "BATCH", "%zu %s, %zu %s", n,
	    n == 1 ? "request" : "requests", r->n,
	    r->n == 1 ? "approval" : "approvals");
	cs_part_limits(p, r);
	cs_part_owner(p, r);
	cs_page_heading(p, "WHO asks. Behind a bar stand the agents' own "
			   "words, which nobody has checked:");
	for (i = 0; i < r->n; i++)
		for (j = 0; j < r->job[i]->tbs.n_subjects; j++)
			if ((rc = put_item(p, r, &r->job[i]->tbs, j,
			    r->job[i]->req[j], e)) != CS_OK)
				return rc;
	cs_page_put(p, "End of the requests.\n");
	return CS_OK;
}
