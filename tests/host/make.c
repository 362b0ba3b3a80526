/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tests/host/agents.h"

/*
 * make DIR N [SECONDS]: N approvals for one credential each, of N agents' keys,
 * good from then on (by default from five minutes ago); of each two composite
 * requests, N.a and N.b, of which a host may answer one; and the owners file and
 * the policy that know their owner.
 */

static const char policy[] =
    "domain \"corp.example\" {\n"
    "\tpath \"/agent\" { groups = {\"*\"} }\n"
    "}\n";

static int
make_composite(const struct agent *a, const char *purpose,
    const cs_buf *approval, const char *path, cs_err *e)
{
	cs_buf *der = NULL;
	cs_csr *base = NULL;
	int r;

	if ((r = agent_request(a, purpose, &base, e)) == CS_OK &&
	    (r = agent_compose(a, base, approval, &der, e)) == CS_OK)
		r = cs_file_write(path, cs_buf_span(der), 0644, false, e);
	cs_csr_free(&base);
	cs_buf_free(&der);
	return r;
}

static int
make_one(const struct agent *owner, const char *dir, long from, int i,
    cs_err *e)
{
	struct agent a = {0};
	cs_buf *approval = NULL;
	char path[2][512];
	int r;

	(void)snprintf(a.id, sizeof(a.id), "wimse://corp.example/agent/%d.%ld",
	    i, from);
	(void)snprintf(path[0], sizeof(path[0]), "%s/%d.a", dir, i);
	(void)snprintf(path[1], sizeof(path[1]), "%s/%d.b", dir, i);
	if ((r = agent_new(&a, e)) == CS_OK &&
	    (r = agent_approve(owner, &a, NULL, from, &approval, e)) == CS_OK &&
	    (r = make_composite(&a, "the first", approval, path[0], e)) ==
	    CS_OK)
		r = make_composite(&a, "the other", approval, path[1], e);
	cs_buf_free(&approval);
	agent_clear(&a);
	return r;
}

static int
make_trust(const struct agent *owner, const char *dir, cs_err *e)
{
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path), "%s/owners", dir);
	if ((r = agent_owner_write(owner, "wimse://corp.example/agent", path,
	    e)) != CS_OK)
		return r;
	(void)snprintf(path, sizeof(path), "%s/policy", dir);
	return cs_file_write(path, cs_span_str(policy), 0644, false, e);
}

int
main(int argc, char **argv)
{
	struct agent owner = {0};
	cs_err e = {0};
	long from, n;
	int r;

	if (argc < 3) {
		fputs("make DIR N [SECONDS]\n", stderr);
		return 2;
	}
	from = argc == 3 ? -300 : strtol(argv[3], NULL, 10);
	n = strtol(argv[2], NULL, 10);
	r = agent_new(&owner, &e);
	if (r == CS_OK)
		r = make_trust(&owner, argv[1], &e);
	for (int i = 0; r == CS_OK && i < n; i++)
		r = make_one(&owner, argv[1], from, i, &e);
	if (r != CS_OK)
		fprintf(stderr, "make: %s\n", e.text);
	agent_clear(&owner);
	return -r;
}
