/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "plugbed.h"
#include "store/revoke.h"
#include "tap.h"
#include "vec.h"

/* Every name of the policy, and what the store remembers, on every way into the
 * verifier: no operation has rules of its own. */

static const struct way {
	uint32_t operation;
	const char *name;
} ways[] = {
	{COUNTERSIGN_OP_ISSUE, "issue"},
	{COUNTERSIGN_OP_RENEW, "renew"},
	{COUNTERSIGN_OP_WEBHOOK, "webhook"},
	{COUNTERSIGN_OP_CHECK, "check"},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static struct bed bed;
static countersign_instance *inst;

/* What is asked beside the message. */
struct beside {
	const char *evidence;
	uint32_t appraisal;
};

/* Reason "": approved; "denied". */
static void
gives(const char *vector, const struct beside *by, const char *want,
    const char *what)
{
	cs_buf *b = bed_vector(vector);
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;
	const char *found;
	char why[512] = "";
	size_t i;

	in.appraisal = by->appraisal;
	if (by->evidence != NULL)
		in.evidence = (countersign_bytes){
		    (const uint8_t *)by->evidence, strlen(by->evidence)};
	for (i = 0; i < WAYS; i++) {
		in.operation = ways[i].operation;
		found = "no answer";
		if (bed.p->verify(inst, &in, &a, why, sizeof(why)) ==
		    COUNTERSIGN_OK)
			found = a->state == COUNTERSIGN_APPROVED ? "" :
			    a->state == COUNTERSIGN_DENIED ? "denied" :
			    cs_reason_name((int)a->reason);
		if (!ok(strcmp(found, want) == 0, "%s, %s, to %s: %s", what,
		    vector, ways[i].name, want[0] == '\0' ? "yes" : want))
			printf("# %s: %s\n", found, a == NULL ? why : a->text);
		bed.p->release(inst, a);
		a = NULL;
	}
	cs_buf_free(&b);
}

static void
rule(const char *path, const char *names)
{
	char text[1024], why[512] = "";

	(void)snprintf(text, sizeof(text), "domain \"corp.example\" {\n"
	    "path \"%s\" { %s }\n}\n", path, names);
	if (!bed_put_str(bed.policy, text) ||
	    bed.p->reload(inst, why, sizeof(why)) != COUNTERSIGN_OK) {
		printf("Bail out! %s: %s\n", text, why);
		exit(99);
	}
}

#define LONG "max-lifetime = 365d max-window = 365d "
#define ANY "groups = {\"*\"} " LONG

static const struct row {
	const char *vector, *names, *want;
} rows[] = {
	{"approved.pem", ANY, ""},
	{"approved.pem", LONG, "policy-refused"},
	{"approved.pem", "groups = {\"ops\"} " LONG, "policy-refused"},
	{"approved-quorum-group.pem", "groups = {\"ops\"} " LONG, ""},
	{"approved-quorum-group.pem", "groups = {\"ops\"} quorum = 2 " LONG,
	    ""},
	{"approved-quorum-group.pem", "groups = {\"ops\"} quorum = 3 " LONG,
	    "quorum-missing"},
	{"approved-quorum-group.pem", "groups = {\"op\", \"opsx\"} " LONG,
	    "policy-refused"},
	{"approved.pem", ANY "quorum = 2", "quorum-missing"},
	{"approved.pem", ANY "hardware = yes", "not-hardware"},
	{"approved-said.pem", ANY "hardware = yes", "not-hardware"},
	{"approved-proven.pem", ANY "hardware = yes", ""},
	{"approved.pem", ANY "presence = yes", "touch-missing"},
	{"approved-piv.pem", ANY "presence = yes", ""},
	{"approved-piv-once.pem", ANY "presence = yes", ""},
	{"approved-piv-once.pem", ANY "verification = yes",
	    "verification-missing"},
	{"approved-piv.pem", ANY "hardware = yes presence = yes "
	    "verification = yes", ""},
	{"approved.pem", "groups = {\"*\"} max-window = 365d "
	    "max-lifetime = 1s", "lifetime-exceeded"},
	{"approved.pem", "groups = {\"*\"} max-window = 1s "
	    "max-lifetime = 365d", "window-too-long"},
	{"approved-year.pem", "groups = {\"*\"}", "lifetime-exceeded"},
	{"approved-pair.pem", ANY, "policy-refused"},
	{"approved-pair.pem", ANY "grants = yes", ""},
	{"approved-batch.pem", ANY, "policy-refused"},
	{"approved-batch.pem", ANY "batches = yes", ""},
	{"approved-batch-keys.pem", ANY, "policy-refused"},
	{"approved-key.pem", ANY, ""},
	{"approved-key.pem", ANY "hardware = yes", "not-hardware"},
	{"denied.pem", LONG "hardware = yes evidence = yes", "denied"},
};

static void
every_name(void)
{
	static const struct beside none = {NULL, 0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rule("/agent", rows[i].names);
		gives(rows[i].vector, &none, rows[i].want, rows[i].names);
	}
	rule("/agen", ANY);
	gives("approved.pem", &none, "policy-refused", "another path");
	gives("denied.pem", &none, "denied", "another path");
	rule("/", ANY);
	gives("approved.pem", &none, "", "every path");
	if (!bed_put_str(bed.policy, "") ||
	    bed.p->reload(inst, NULL, 0) != COUNTERSIGN_OK)
		exit(99);
	gives("approved.pem", &none, "wrong-trust-domain", "no rule at all");
	gives("denied.pem", &none, "wrong-trust-domain", "no rule at all");
}

static void
evidence(void)
{
	static const struct beside none = {NULL, COUNTERSIGN_APPRAISAL_NONE},
	    given = {"cmw", COUNTERSIGN_APPRAISAL_NONE},
	    affirmed = {"cmw", COUNTERSIGN_APPRAISAL_AFFIRMED},
	    refused = {"cmw", COUNTERSIGN_APPRAISAL_REFUSED};

	rule("/agent", ANY "evidence = yes");
	gives("approved.pem", &none, "evidence-missing", "evidence");
	gives("approved.pem", &given, "evidence-refused", "not appraised");
	gives("approved.pem", &refused, "evidence-refused", "refused");
	gives("approved.pem", &affirmed, "", "affirmed");
	rule("/agent", ANY);
	gives("approved.pem", &none, "", "nothing is wanted");
	gives("approved.pem", &given, "", "not appraised, not wanted");
	gives("approved.pem", &refused, "evidence-refused", "refused anyhow");
}

static cs_store *
store(void)
{
	cs_store_env env = {.module_dir = bed.modules, .now = BED_NOON,
	    .authority = cs_span_str(BED_AUTHORITY), .mode = CS_DB_WRITE};
	cs_store *s = NULL;
	cs_err e = {0};

	if (cs_store_open(bed.store, &env, &s, &e) != CS_OK) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	return s;
}

static void
revoke(enum cs_revoke_what what, cs_span name, bool lift)
{
	cs_revocation r = {.what = what, .name = name, .time = BED_NOON - 60,
	    .reason = cs_span_str("lost"), .actor = cs_span_str("uid 0")};
	cs_store *s = store();
	int64_t ended = 0, until = cs_time_mono_ms() + 30000;
	cs_err e = {0};
	int rc = lift ? cs_revoke_lift(s, &r, BED_NOON - 30, until, &e) :
			cs_revoke(s, &r, until, &ended, &e);

	if (!ok(rc == CS_OK, "%s, %s", cs_revoke_name(what),
	    lift ? "lifted" : "revoked"))
		printf("# %s\n", e.text);
	cs_store_close(&s);
}

static void
each_revoked(const char *vector, size_t i, bool grant)
{
	static const struct beside none = {NULL, 0};
	cs_buf *b = bed_vector(vector);
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;
	const countersign_verifier_approval *p;
	cs_span name[6] = {{0}};
	int k;

	if (bed.p->verify(inst, &in, &a, NULL, 0) != COUNTERSIGN_OK ||
	    a->n_approvals <= i)
		exit(98);
	p = a->approvals[i];
	name[CS_REVOKE_OWNER] = cs_span_of(p->owner.ptr, p->owner.len);
	name[CS_REVOKE_KEY] = cs_span_of(p->key_hash.ptr, p->key_hash.len);
	name[CS_REVOKE_AGENT] = cs_span_of(a->agent.ptr, a->agent.len);
	name[CS_REVOKE_GRANT] = cs_span_of(p->tbs_hash.ptr, p->tbs_hash.len);
	name[CS_REVOKE_APPROVAL] = cs_span_of(p->approval_id.ptr,
	    p->approval_id.len);
	for (k = CS_REVOKE_OWNER; k <= CS_REVOKE_APPROVAL; k++) {
		if (k == CS_REVOKE_GRANT && !grant)
			continue;
		revoke((enum cs_revoke_what)k, name[k], false);
		gives(vector, &none, "revoked",
		    cs_revoke_name((enum cs_revoke_what)k));
		revoke((enum cs_revoke_what)k, name[k], true);
		gives(vector, &none, "", "lifted");
	}
	bed.p->release(inst, a);
	cs_buf_free(&b);
}

/* Both are told of a denial that is not in the message. */
static void
by_whom(void)
{
	cs_buf *b = bed_vector("approved.pem");
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;

	ok(bed.p->verify(inst, &in, &a, NULL, 0) == COUNTERSIGN_OK &&
	    a->state == COUNTERSIGN_DENIED && a->not_after > BED_NOON &&
	    cs_span_is(cs_span_of(a->owner.ptr, a->owner.len), BED_ALICE) &&
	    strstr(a->text, BED_ALICE) != NULL, "by whom, until when");
	bed.p->release(inst, a);
	cs_buf_free(&b);
}

/* A denial that was said once holds on every way, and a store that is gone is
 * no yes on any. */
static void
remembered(void)
{
	static const struct beside none = {NULL, 0};
	countersign_verifier_config c = bed_config(&bed);

	bed.p->close(inst);
	c.store = bed.store;
	if (!ok(bed_store(&bed) && (inst = bed_open(&bed, &c)) != NULL,
	    "a store"))
		return;
	rule("/agent", ANY "grants = yes batches = yes");
	gives("approved.pem", &none, "", "an empty store");
	each_revoked("approved.pem", 0, false);
	each_revoked("approved-batch.pem", 0, false);
	each_revoked("approved-quorum.pem", 1, false);
	each_revoked("approved-pair.pem", 0, true);
	each_revoked("approved-pair.pem", 1, false);
	gives("denied.pem", &none, "denied", "a denial");
	gives("approved.pem", &none, "denied", "denied before");
	by_whom();
}

int
main(void)
{
	countersign_verifier_config c;

	if (!vec_has_arc())
		return 0;
	if (!ok(bed_load(&bed), "the module"))
		return done_testing();
	c = bed_config(&bed);
	if (ok((inst = bed_open(&bed, &c)) != NULL, "open")) {
		every_name();
		evidence();
		remembered();
	}
	if (inst != NULL)
		bed.p->close(inst);
	bed_stop(&bed);
	return done_testing();
}
