/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "include/countersign/verifier.h"

static char dir[] = "./fault-plugin.XXXXXX";
static char owners[64], ca_owners[64], policy[64];

static const char rules[] = "domain corp.example {\n"
    "\tpath \"/\" { groups = {\"*\"} presence = no }\n}\n";

countersign_verifier_entry_fn countersign_verifier_entry;

static const countersign_verifier *
calls(void)
{
	return countersign_verifier_entry(COUNTERSIGN_VERIFIER_ABI);
}

bool
plugin_start(const struct fixture *f)
{
	if (owners[0] == '\0' && mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(owners, sizeof(owners), "%s/owners", dir);
	(void)snprintf(ca_owners, sizeof(ca_owners), "%s/ca", dir);
	(void)snprintf(policy, sizeof(policy), "%s/policy", dir);
	return cs_file_write(owners, cs_buf_span(f->owners), 0600, true,
	    NULL) == CS_OK && cs_file_write(ca_owners,
	    cs_buf_span(f->ca_owners), 0600, true, NULL) == CS_OK &&
	    cs_file_write(policy, cs_span_str(rules), 0600, true, NULL) ==
	    CS_OK;
}

void
plugin_finish(void)
{
	(void)unlink(owners);
	(void)unlink(ca_owners);
	(void)unlink(policy);
	(void)rmdir(dir);
}

static int
failed(int r, const char *why, cs_err *e)
{
	return cs_fail(e, r, "test", "%s", why);
}

/* An answer as the class of a call: what is not a yes is a refusal. */
static int
ask(countersign_instance *i, const cs_buf *message, cs_err *e)
{
	cs_span s = cs_buf_span(message);
	countersign_verifier_input in = {.size = sizeof(in),
	    .operation = COUNTERSIGN_OP_CHECK, .message = {s.p, s.n},
	    .time = FIXTURE_NOW};
	const countersign_verifier_answer *a = NULL;
	char why[512] = "";
	int r = calls()->verify(i, &in, &a, why, sizeof(why));

	if (r != COUNTERSIGN_OK)
		return a == NULL ? failed(r, why, e) :
		    failed(CS_OK, "an answer of a call that failed", e);
	if (a->state != COUNTERSIGN_APPROVED)
		r = failed(CS_EREFUSED, a->text, e);
	calls()->release(i, a);
	return r;
}

static int
run(const char *by, const cs_buf *message, bool reload, cs_err *e)
{
	countersign_verifier_config c = {.size = sizeof(c),
	    .owners = by, .policy = policy, .skip_watch = 1,
	    .authority = FIXTURE_AUTHORITY};
	countersign_instance *i = NULL;
	char why[512] = "";
	int r = calls()->open(&c, &i, why, sizeof(why));

	if (r != COUNTERSIGN_OK)
		return i == NULL ? failed(r, why, e) : CS_OK;
	if (reload && (r = calls()->reload(i, why, sizeof(why))) !=
	    COUNTERSIGN_OK)
		r = failed(r, why, e);
	else
		r = ask(i, message, e);
	calls()->close(i);
	return r;
}

int
plugin_good(const struct fixture *f, cs_err *e)
{
	return run(owners, f->message, false, e);
}

int
plugin_forged(const struct fixture *f, cs_err *e)
{
	return run(owners, f->forged_message, false, e);
}

int
plugin_reload(const struct fixture *f, cs_err *e)
{
	return run(owners, f->message, true, e);
}

int
plugin_certified(const struct fixture *f, cs_err *e)
{
	return run(ca_owners, f->ca_message, false, e);
}
