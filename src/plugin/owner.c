/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "fmt/names.h"
#include "plugin/sized.h"
#include "store/store.h"

static const char where[] = "plugin";

#define LOG_MAX (sizeof(cs_err) + 64)
#define ANSWER_AT offsetof(struct answer, pub)
_Static_assert(ANSWER_AT == offsetof(struct claim, pub),
    "release() finds what it is");
_Static_assert((int)COUNTERSIGN_EUSAGE == CS_EUSAGE &&
    (int)COUNTERSIGN_EIO == CS_EIO && (int)COUNTERSIGN_EBUG == CS_EBUG,
    "the classes of base/");

/* What a call returns: `e` in words, too. */
static int
tell(const cs_err *e, char *why, size_t why_len)
{
	if (why != NULL && why_len != 0)
		(void)snprintf(why, why_len, "%s", e->text);
	return e->cls;
}

void
cs_owner_log(const countersign_instance *i, int level, const char *what,
    const cs_err *e)
{
	char text[LOG_MAX];

	if (i->log == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%s%s%s", what,
	    e == NULL ? "" : ": ", e == NULL ? "" : e->text);
	i->log(i->log_arg, level, text);
}

static int
check_config(const countersign_verifier_config *c, cs_err *e)
{
	int r;

	if (c->owners == NULL || c->policy == NULL || c->authority == NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "config: expected owners, policy and authority");
	if ((r = cs_authority_check(cs_span_str(c->authority), e)) != CS_OK)
		return cs_wrap(e, "config: authority");
	if ((r = cs_sized_number(c->skip_watch, "config: skip_watch", 0, 1,
	    e)) != CS_OK)
		return r;
	return cs_sized_number(c->check_only, "config: check_only", 0, 1, e);
}

static int
start(countersign_instance *i, const countersign_verifier_config *c,
    cs_err *e)
{
	cs_store_env env = {
		.module_dir = c->modules == NULL ? CS_MODULE_DIR : c->modules,
		.now = cs_time_now(),
		.mode = i->check_only ? CS_DB_READ : CS_DB_WRITE,
	};
	int r;

	if ((i->authority = strdup(c->authority)) == NULL)
		return cs_nomem(e, where);
	env.authority = cs_span_str(i->authority);
	if ((r = cs_set_holder_new(c->owners, c->policy, &i->sets, e)) !=
	    CS_OK)
		return r;
	return c->store == NULL ? CS_OK :
	    cs_store_open(c->store, &env, &i->store, e);
}

static void
close_instance(countersign_instance *i)
{
	if (i == NULL)
		return;
	cs_store_close(&i->store);
	cs_set_holder_free(&i->sets);
	cs_keypool_stop(&i->keys);
	free(i->authority);
	free(i);
}

static int
open_instance(const countersign_verifier_config *config,
    countersign_instance **out, char *why, size_t why_len)
{
	countersign_verifier_config c;
	countersign_instance *i = NULL;
	cs_err e = {0};

	if (out == NULL)
		return CS_EUSAGE;
	*out = NULL;
	if (cs_sized_get(config, "config",
	    CS_SIZED_TO(countersign_verifier_config, authority), &c, sizeof(c),
	    &e) != CS_OK || check_config(&c, &e) != CS_OK)
		return tell(&e, why, why_len);
	if ((i = calloc(1, sizeof(*i))) == NULL) {
		(void)cs_nomem(&e, where);
		return tell(&e, why, why_len);
	}
	cs_keypool_start(&i->keys);
	i->watches = c.skip_watch == 0;
	i->check_only = c.check_only != 0;
	i->log = c.log;
	i->log_arg = c.log_arg;
	if (start(i, &c, &e) != CS_OK) {
		close_instance(i);
		return tell(&e, why, why_len);
	}
	*out = i;
	return CS_OK;
}

static int
reload(countersign_instance *i, char *why, size_t why_len)
{
	cs_err e = {0};

	if (i == NULL)
		return CS_EUSAGE;
	if (cs_set_reload(i->sets, &e) == CS_OK) {
		cs_owner_log(i, COUNTERSIGN_LOG_INFO,
		    "owners and policy were read anew", NULL);
		return CS_OK;
	}
	cs_owner_log(i, COUNTERSIGN_LOG_ERROR,
	    "owners and policy stay as they were", &e);
	return tell(&e, why, why_len);
}

static int
verify(countersign_instance *i, const countersign_verifier_input *in,
    const countersign_verifier_answer **out, char *why, size_t why_len)
{
	struct answer *a = NULL;
	cs_err e = {0};

	if (out == NULL)
		return CS_EUSAGE;
	*out = NULL;
	if (i == NULL)
		return CS_EUSAGE;
	if (cs_owner_verify(i, in, &a, &e) != CS_OK)
		return tell(&e, why, why_len);
	*out = &a->pub;
	return CS_OK;
}

/* What stands before a `pub`, when this instance gave it as that. */
static const struct given *
given_of(const countersign_instance *i, const void *pub, enum given_kind kind,
    cs_err *e)
{
	const struct given *g = pub == NULL ? NULL :
	    (const void *)((const uint8_t *)pub - ANSWER_AT);

	if (g != NULL && g->by == i && g->kind == kind)
		return g;
	(void)cs_fail(e, CS_EUSAGE, where, "expected %s of this instance",
	    kind == GIVEN_ANSWER ? "an answer" : "a claim");
	return NULL;
}

/* How claim and record begin: nothing is given yet, and what was given before
 * is this instance's. */
static int
begin(const countersign_instance *i, const void *pub, enum given_kind kind,
    const countersign_verifier_claim **out, const struct given **g, cs_err *e)
{
	if (out != NULL)
		*out = NULL;
	if (i == NULL || out == NULL)
		return cs_fail(e, CS_EUSAGE, where, "expected an instance and "
		    "a place for the claim");
	*g = given_of(i, pub, kind, e);
	return *g != NULL ? CS_OK : CS_EUSAGE;
}

static int
end(int rc, const struct claim *c, const countersign_verifier_claim **out,
    const cs_err *e, char *why, size_t why_len)
{
	if (rc != CS_OK)
		return tell(e, why, why_len);
	*out = &c->pub;
	return CS_OK;
}

static int
claim(countersign_instance *i, const countersign_verifier_answer *answer,
    const countersign_verifier_terms *terms,
    const countersign_verifier_claim **out, char *why, size_t why_len)
{
	const struct given *g = NULL;
	struct claim *c = NULL;
	cs_err e = {0};
	int rc = begin(i, answer, GIVEN_ANSWER, out, &g, &e);

	if (rc == CS_OK)
		rc = cs_owner_claim(i, (const struct answer *)g, terms, &c, &e);
	return end(rc, c, out, &e, why, why_len);
}

static int
record(countersign_instance *i, const countersign_verifier_claim *claimed,
    const countersign_verifier_record *what,
    const countersign_verifier_claim **out, char *why, size_t why_len)
{
	const struct given *g = NULL;
	struct claim *c = NULL;
	cs_err e = {0};
	int rc = begin(i, claimed, GIVEN_CLAIM, out, &g, &e);

	if (rc == CS_OK)
		rc = cs_owner_record(i, (const struct claim *)g, what, &c, &e);
	return end(rc, c, out, &e, why, why_len);
}

static void
release(countersign_instance *i, const void *given)
{
	struct given *g;
	struct answer *a;
	struct claim *c;

	if (i == NULL || given == NULL)
		return;
	g = (void *)((uintptr_t)given - ANSWER_AT);
	if (g->by != i)
		return;
	if (g->kind == GIVEN_ANSWER) {
		a = (struct answer *)g;
		cs_answer_free(&a);
	} else if (g->kind == GIVEN_CLAIM) {
		c = (struct claim *)g;
		cs_claimed_free(&c);
	}
}

static const countersign_verifier table = {
    .size = sizeof(table),
    .abi = COUNTERSIGN_VERIFIER_ABI,
    .name = "owner",
    .version = PACKAGE_VERSION,
    .open = open_instance,
    .reload = reload,
    .verify = verify,
    .claim = claim,
    .record = record,
    .release = release,
    .close = close_instance,
};

/* The one symbol. */
COUNTERSIGN_API countersign_verifier_entry_fn countersign_verifier_entry;

const countersign_verifier *
countersign_verifier_entry(uint32_t abi)
{
	return abi == COUNTERSIGN_VERIFIER_ABI ? &table : NULL;
}
