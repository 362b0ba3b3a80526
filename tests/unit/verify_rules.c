/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "sample.h"
#include "tap.h"
#include "vec.h"
#include "verify/verify.h"

/* Every name of a rule, and every question to the memory, against every good
 * message of the verdict vectors: own approvals, grants, batches, quorums, by
 * request and by key, in each carrier. */

#define S(s) cs_span_str(s)
#define LINE "policy:7"
#define YEAR (INT64_C(366) * 86400)

static cs_anchors *plain, *grouped; /* as they are; each line with a group */

struct past { /* what is remembered */
	const cs_memory *counters;
	unsigned asked, grants;
	cs_span owner, key_hash, agent_id, tbs_hash, approval_id;
	int fails;
	int64_t denied;
	const uint8_t *request;
};

static int
counter(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e)
{
	const cs_memory *m = ((const struct past *)arg)->counters;

	return m->counter(m->arg, key_hash, tbs_hash, out, e);
}

static int
revoked(void *arg, const cs_revoked_in *in, bool *found, char *text, size_t n,
    cs_err *e)
{
	struct past *p = arg;

	p->asked++;
	p->grants += in->is_grant;
	if (p->fails != CS_OK)
		return cs_fail(e, p->fails, "test", "no store");
	*found = cs_span_eq(in->owner, p->owner) ||
	    cs_span_eq(in->key_hash, p->key_hash) ||
	    cs_span_eq(in->agent_id, p->agent_id) ||
	    cs_span_eq(in->tbs_hash, p->tbs_hash) ||
	    cs_span_eq(in->approval_id, p->approval_id);
	if (*found)
		(void)snprintf(text, n, "it was stolen");
	return CS_OK;
}

static int
denied(void *arg, const uint8_t digest[CS_SHA256_LEN], int64_t now,
    int64_t *not_after, char *owner, size_t n, cs_err *e)
{
	struct past *p = arg;

	*not_after = p->denied == 0 ? 0 : now + p->denied;
	(void)snprintf(owner, n, "mailto:dan@corp.example");
	p->request = digest;
	return p->fails == CS_OK ? CS_OK :
	    cs_fail(e, p->fails, "test", "no store");
}

/* One question, put together and asked. */
struct asks {
	const char *name;
	cs_verify_in in;
	cs_rule rules[3];
	size_t n;
	struct past past;
	cs_memory memory;
};

static cs_verdict *
judge(struct asks *a, int *rc)
{
	cs_policy *p = NULL;
	cs_verdict *v = NULL;
	cs_err e = {0};

	if (a->n != 0 && cs_policy_new(a->rules, a->n, &p, &e) != CS_OK) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	a->in.policy = p;
	*rc = cs_verify(&a->in, &v, &e);
	a->in.policy = NULL;
	cs_policy_free(&p);
	return v;
}

/* Nothing: approved; -1: denied. */
static void
gives(struct asks *a, int want, const char *text, const char *what)
{
	int rc, found = CS_R_INTERNAL;
	cs_verdict *v = judge(a, &rc);
	bool good = rc == CS_OK && v != NULL;

	if (good) {
		found = cs_verdict_state(v) == CS_DENIED ? -1 :
		    cs_verdict_state(v) == CS_APPROVED ? CS_R_NONE :
		    cs_verdict_error(v)->detail;
		good = found == want && (text == NULL ||
		    strstr(cs_verdict_error(v)->text, text) != NULL) &&
		    (cs_verdict_count(v) != 0) == (want == CS_R_NONE) &&
		    (want > CS_R_NONE) ==
		    (cs_verdict_state(v) == CS_REFUSED);
	}
	if (!ok(good, "%s: %s", a->name, what))
		printf("# %s: %s\n", cs_reason_name(found),
		    v == NULL ? "no verdict" : cs_verdict_error(v)->text);
	cs_verdict_free(&v);
}

static void
with(struct asks *a, cs_rule r, int want, const char *what)
{
	a->rules[0] = r;
	a->n = 1;
	gives(a, want, want > CS_R_NONE ? LINE : NULL, what);
}

/* What the approvals of a message are, without any rule. */
struct facts {
	cs_rule rule; /* that lets them by, and no more than that */
	bool hardware, present, verified, pair, batch;
	size_t n;
	unsigned keys; /* that the memory is asked about */
	int64_t not_before;
};

static void
add_group(cs_rule *r, cs_span group)
{
	size_t i;

	for (i = 0; i < r->n_groups; i++)
		if (cs_span_eq(r->groups[i], group))
			return;
	r->groups[r->n_groups++] = group;
}

static void
add_facts(struct facts *f, const cs_approved *a)
{
	const cs_tbs *t = &a->approval->tbs;
	int64_t window = t->not_after - t->not_before;

	add_group(&f->rule, a->anchor.group);
	if (window > f->rule.max_window)
		f->rule.max_window = window;
	if (t->max_lifetime > f->rule.max_lifetime)
		f->rule.max_lifetime = t->max_lifetime;
	if (t->not_before > f->not_before)
		f->not_before = t->not_before;
	f->pair = f->pair || a->role != CS_ROLE_OWN;
	f->batch = f->batch || t->n_subjects > 1;
	f->keys++;
	while (a->path->chain != NULL &&
	    cs_chain_key_hash(a->path->chain, f->keys - f->n) != NULL)
		f->keys++;
	f->n++;
	if (a->role == CS_ROLE_USE)
		return;
	f->hardware = f->hardware && a->assurance.hardware;
	f->present = f->present && a->assurance.present;
	f->verified = f->verified && a->assurance.verified;
}

static struct facts
facts_of(const cs_verdict *v)
{
	struct facts f = {.hardware = true, .present = true,
	    .verified = true};
	size_t i;

	for (i = 0; i < cs_verdict_count(v); i++) {
		struct facts one = f;

		one.keys = one.n = 0;
		add_facts(&one, cs_verdict_at(v, i));
		one.keys += f.keys;
		one.n += f.n;
		f = one;
	}
	f.rule.trust_domain = S("corp.example");
	f.rule.path = S("/agent");
	f.rule.file = "policy";
	f.rule.line = 7;
	f.rule.quorum = 1;
	f.rule.grants = f.pair;
	f.rule.batches = f.batch;
	f.rule.hardware = f.hardware;
	f.rule.presence = f.present;
	f.rule.verification = f.verified;
	return f;
}

static void
groups(struct asks *a, const struct facts *f)
{
	cs_rule r = f->rule;
	size_t i;

	for (i = 0; i < f->rule.n_groups; i++) {
		r.groups[i] = S("staffx");
		with(a, r, CS_R_POLICY_REFUSED, "without one group");
		r.groups[i] = S("staf");
		with(a, r, CS_R_POLICY_REFUSED, "with half a group");
		r.groups[i] = f->rule.groups[i];
	}
	r.groups[r.n_groups++] = S("others");
	with(a, r, CS_R_NONE, "with a group more");
	r.n_groups = 0;
	with(a, r, CS_R_POLICY_REFUSED, "without a group");
	r.any_group = true;
	with(a, r, CS_R_NONE, "with every group");
	a->in.anchors = plain;
	with(a, r, CS_R_NONE, "with every group, owners in none");
	r.any_group = false;
	r.groups[0] = S("staff");
	r.n_groups = 1;
	with(a, r, CS_R_POLICY_REFUSED, "with a group, owners in none");
	a->in.anchors = grouped;
}

static void
flags(struct asks *a, const struct facts *f)
{
	cs_rule r = f->rule;

	r.hardware = true;
	with(a, r, f->hardware ? CS_R_NONE : CS_R_NOT_HARDWARE, "hardware");
	r = f->rule;
	r.presence = true;
	with(a, r, f->present ? CS_R_NONE : CS_R_TOUCH_MISSING, "presence");
	r = f->rule;
	r.verification = true;
	with(a, r, f->verified ? CS_R_NONE : CS_R_VERIFICATION_MISSING,
	    "verification");
	r.presence = r.hardware = true;
	with(a, r, !f->present ? CS_R_TOUCH_MISSING :
	    !f->verified ? CS_R_VERIFICATION_MISSING :
	    !f->hardware ? CS_R_NOT_HARDWARE : CS_R_NONE, "all three");
	r = f->rule;
	r.grants = false;
	with(a, r, f->pair ? CS_R_POLICY_REFUSED : CS_R_NONE, "no grants");
	r.grants = true;
	r.batches = false;
	with(a, r, f->batch ? CS_R_POLICY_REFUSED : CS_R_NONE, "no batches");
	r.batches = true;
	with(a, r, CS_R_NONE, "grants and batches");
}

static void
limits(struct asks *a, const struct facts *f)
{
	cs_rule r = f->rule;

	r.max_window = YEAR;
	r.max_lifetime = YEAR;
	with(a, r, CS_R_NONE, "wide limits");
	r = f->rule;
	if (--r.max_window > 0)
		with(a, r, CS_R_WINDOW_TOO_LONG, "a second less of window");
	r = f->rule;
	if (--r.max_lifetime > 0)
		with(a, r, CS_R_LIFETIME_EXCEEDED, "a second less of life");
}

/* The stricter of the caller's number and the rule's. */
static void
quorum(struct asks *a, const struct facts *f)
{
	size_t given = a->in.quorum, n, most = 1;
	cs_rule r = f->rule;
	cs_verdict *v;
	int rc;

	for (n = 2; n <= f->n + 1; n++) {
		a->in.quorum = n;
		a->n = 0;
		v = judge(a, &rc);
		if (cs_verdict_state(v) == CS_APPROVED)
			most = n;
		cs_verdict_free(&v);
	}
	a->in.quorum = 0;
	r.quorum = most;
	with(a, r, CS_R_NONE, "as many owners as there are");
	r.quorum = most + 1;
	with(a, r, CS_R_QUORUM_MISSING, "one owner more");
	a->in.quorum = 1;
	with(a, r, CS_R_QUORUM_MISSING, "one more, the caller wants one");
	a->in.quorum = most + 1;
	r.quorum = 1;
	with(a, r, CS_R_QUORUM_MISSING, "the caller wants one more");
	a->in.quorum = given;
}

static void
evidence(struct asks *a, const struct facts *f)
{
	cs_rule r = f->rule;

	a->in.evidence_given = true;
	with(a, r, CS_R_NONE, "evidence that nobody asks for");
	r.evidence = true;
	with(a, r, CS_R_EVIDENCE_REFUSED, "evidence that is not affirmed");
	a->in.evidence_affirmed = true;
	with(a, r, CS_R_NONE, "evidence");
	a->in.evidence_given = false;
	with(a, r, CS_R_EVIDENCE_MISSING, "no evidence, affirmed");
	a->in.evidence_affirmed = false;
	with(a, r, CS_R_EVIDENCE_MISSING, "no evidence");
}

/* The longest path alone; nothing is inherited. */
static void
paths(struct asks *a, const struct facts *f)
{
	cs_rule r = f->rule;

	r.path = S("/agen");
	a->rules[0] = r;
	a->n = 1;
	gives(a, CS_R_POLICY_REFUSED, "expected a rule", "another path");
	a->rules[0].path = S("/agent/alice/x");
	gives(a, CS_R_POLICY_REFUSED, "expected a rule", "a longer path");
	a->rules[0].trust_domain = S("corp.exampl");
	gives(a, CS_R_WRONG_TRUST_DOMAIN, "corp.example", "another domain");
	a->rules[0] = f->rule;
	a->rules[0].path = S("/");
	with(a, a->rules[0], CS_R_NONE, "the whole domain");
	a->rules[1] = f->rule;
	a->rules[1].line = 8;
	a->rules[1].n_groups = 0;
	a->n = 2;
	gives(a, CS_R_POLICY_REFUSED, "policy:8", "a longer one without");
	a->rules[1] = f->rule;
	a->rules[0].n_groups = 0;
	gives(a, CS_R_NONE, NULL, "a shorter one without");
	a->in.trust_domain = S("other.example");
	gives(a, CS_R_WRONG_TRUST_DOMAIN, "other.example", "the caller's");
	a->in.trust_domain = (cs_span){0};
}

/* Of each approval, its owner, key, agent, bytes and number. */
static void
revocations(struct asks *a, const struct facts *f, const cs_verdict *v)
{
	const cs_approved *one;
	struct past none = a->past;
	const cs_tbs *t;
	size_t i;

	with(a, f->rule, CS_R_NONE, "nothing is revoked");
	ok(a->past.asked == f->keys, "%s: asked of each key", a->name);
	ok((a->past.grants != 0) == f->pair, "%s: and of a grant", a->name);
	for (i = 0; i < cs_verdict_count(v); i++) {
		one = cs_verdict_at(v, i);
		t = &one->approval->tbs;
		a->past = none;
		a->past.owner = t->owner;
		gives(a, CS_R_REVOKED, "it was stolen", "its owner");
		a->past = none;
		a->past.key_hash = t->owner_key_hash;
		gives(a, CS_R_REVOKED, "it was stolen", "its key");
		a->past = none;
		a->past.tbs_hash = cs_span_of(one->tbs_hash, CS_SHA256_LEN);
		gives(a, CS_R_REVOKED, "it was stolen", "what was signed");
		a->past = none;
		a->past.approval_id = t->approval_id;
		gives(a, CS_R_REVOKED, "it was stolen", "its number");
	}
	a->past = none;
	a->past.agent_id = cs_verdict_request(v)->agent_id;
	gives(a, CS_R_REVOKED, "it was stolen", "the agent");
	a->past = none;
}

static void
no_store(struct asks *a)
{
	cs_verdict *v;
	int rc;

	a->past.fails = CS_EIO;
	gives(a, CS_R_STORE_UNAVAILABLE, "no store", "no store");
	a->past.fails = CS_EBUG;
	v = judge(a, &rc);
	ok(rc == CS_EBUG && v == NULL, "%s: a failure of ours", a->name);
	a->past.fails = CS_OK;
	a->memory.revoked = NULL;
	gives(a, CS_R_NONE, NULL, "nobody remembers revocations");
	a->past.fails = CS_EIO;
	a->past.denied = 60;
	gives(a, CS_R_STORE_UNAVAILABLE, "no store", "no store of denials");
	a->past.fails = CS_OK;
	a->past.denied = 0;
	a->memory.revoked = revoked;
}

static void
denials(struct asks *a)
{
	cs_verdict *v;
	int rc;

	a->past.denied = 60;
	gives(a, -1, "mailto:dan@corp.example until 2026-11-21T12:01:00Z",
	    "denied before");
	v = judge(a, &rc);
	ok(cs_verdict_denial(v) == NULL && cs_verdict_denied_until(v) ==
	    a->in.now + 60 && cs_span_is(cs_verdict_denier(v),
	    "mailto:dan@corp.example"), "%s: by whom, until when", a->name);
	cs_verdict_free(&v);
	a->in.quorum = CS_APPROVALS_MAX;
	gives(a, -1, NULL, "a denial comes before the quorum");
	a->in.quorum = 0;
	a->past.denied = 0;
}

static void
tell(struct asks *a, const struct facts *f)
{
	cs_policy *p = NULL;
	cs_verdict *v = NULL;
	cs_err e = {0};

	if (cs_policy_new(&f->rule, 1, &p, &e) != CS_OK)
		exit(99);
	a->in.policy = p;
	ok(cs_verify(&a->in, &v, &e) == CS_OK &&
	    cs_verdict_state(v) == CS_APPROVED &&
	    cs_verdict_rule(v) == cs_policy_find(p, S("corp.example"),
	    cs_verdict_request(v)->agent_id) && cs_verdict_rule(v) != NULL &&
	    cs_verdict_not_before(v) == f->not_before, "%s: its rule",
	    a->name);
	cs_verdict_free(&v);
	cs_policy_free(&p);
	a->in.policy = NULL;
}

static void
all_fields(struct asks *a, const cs_verdict *v)
{
	struct facts f = facts_of(v);

	ok(cs_verdict_rule(v) == NULL, "%s: no rule", a->name);
	with(a, f.rule, CS_R_NONE, "the least that is enough");
	tell(a, &f);
	groups(a, &f);
	flags(a, &f);
	limits(a, &f);
	quorum(a, &f);
	evidence(a, &f);
	paths(a, &f);
	a->past.counters = a->in.memory;
	a->memory = (cs_memory){.arg = &a->past, .revoked = revoked,
	    .denied = denied,
	    .counter = a->in.memory != NULL ? counter : NULL};
	a->in.memory = &a->memory;
	revocations(a, &f, v);
	no_store(a);
	a->n = 0;
	gives(a, CS_R_NONE, NULL, "a memory without a policy");
	a->in.quorum = 0;
	denials(a);
}

static size_t seen, pairs, batches, quorums;

static void
approved(const char *name, const char *options)
{
	cs_buf *file;
	struct expect_asked asked;
	struct asks a = {.name = name};
	cs_verdict *v;
	struct facts f;
	int rc;

	if (strncmp(name, "approved", 8) != 0 || sample_skips())
		return;
	file = expect_file(name, ".pem");
	a.in = expect_input(&asked, options, cs_buf_span(file), grouped);
	/* which group is the rule's matter here */
	a.in.quorum_group = (cs_span){0};
	a.in.quorum = 0;
	v = judge(&a, &rc);
	if (ok(v != NULL && cs_verdict_state(v) == CS_APPROVED, "%s", name)) {
		f = facts_of(v);
		seen++;
		pairs += f.pair;
		batches += f.batch;
		quorums += f.n > 1 && !f.pair;
		all_fields(&a, v);
	}
	cs_verdict_free(&v);
	cs_buf_free(&file);
}

static cs_rule
strictest(void)
{
	return (cs_rule){.trust_domain = S("corp.example"),
	    .path = S("/agent"), .groups = {S("nobody")}, .n_groups = 1,
	    .quorum = 1, .hardware = true, .presence = true,
	    .verification = true, .max_lifetime = 1, .max_window = 1,
	    .evidence = true, .file = "policy", .line = 7};
}

static struct asks
ask(const char *name, cs_buf **file)
{
	static struct expect_asked asked;
	struct asks a = {.name = name};

	cs_buf_free(file);
	*file = expect_file(name, ".pem");
	a.in = expect_input(&asked, "-", cs_buf_span(*file), grouped);
	return a;
}

/* Nobody is kept from saying no. */
static void
denying(const char *name)
{
	cs_buf *file = NULL;
	struct asks a = ask(name, &file);
	struct past none = {0};
	cs_rule r = strictest();

	with(&a, r, -1, "under the strictest rule");
	r.n_groups = 0;
	with(&a, r, -1, "under a rule that lets nobody approve");
	r.path = S("/x");
	with(&a, r, -1, "without a rule");
	r.trust_domain = S("other.example");
	a.rules[0] = r;
	gives(&a, CS_R_WRONG_TRUST_DOMAIN, NULL, "without a trust domain");
	a.n = 0;
	a.memory = (cs_memory){.arg = &a.past, .revoked = revoked,
	    .denied = denied};
	a.in.memory = &a.memory;
	a.past.agent_id = S("wimse://corp.example/agent/alice");
	gives(&a, -1, NULL, "of a revoked agent");
	a.past = none;
	a.past.owner = S("mailto:alice@corp.example");
	gives(&a, CS_R_REVOKED, NULL, "by a revoked owner");
	cs_buf_free(&file);
}

/* Where the request names its owner: a member of the rule's quorum may. */
static void
members(void)
{
	cs_buf *file = NULL;
	struct asks a = ask("denied-member-any", &file);
	cs_rule r = strictest();

	r.hardware = r.presence = r.verification = false;
	r.max_window = r.max_lifetime = YEAR;
	r.groups[0] = S("staff");
	a.rules[0] = r;
	a.n = 1;
	gives(&a, CS_R_WRONG_OWNER, "denial by", "no quorum, no member");
	r.quorum = 2;
	with(&a, r, -1, "a member");
	r.groups[0] = S("others");
	a.rules[0] = r;
	gives(&a, CS_R_WRONG_OWNER, "denial by", "of another group");
	r.any_group = true;
	r.n_groups = 0;
	with(&a, r, -1, "everybody is a member");
	r.quorum = 1;
	a.in.quorum = 2;
	with(&a, r, -1, "the caller's quorum");
	a.rules[0].path = S("/x");
	gives(&a, CS_R_WRONG_OWNER, "denial by", "no rule, no member");
	cs_buf_free(&file);
}

/* Of two faults the earlier one is told, in the order of section 9. */
static void
order(void)
{
	static const struct {
		const char *name;
		bool no_rule;
		int want;
		bool asked;
	} rows[] = {
		{"signature-invalid", true, CS_R_SIGNATURE_INVALID, false},
		{"binding-mismatch", true, CS_R_BINDING_MISMATCH, false},
		{"wrong-authority", true, CS_R_WRONG_AUTHORITY, false},
		{"expired", true, CS_R_POLICY_REFUSED, false},
		{"wrong-nonce", true, CS_R_POLICY_REFUSED, false},
		{"expired", false, CS_R_EXPIRED, false},
		{"wrong-nonce", false, CS_R_WRONG_NONCE, false},
		{"agent-not-allowed", false, CS_R_AGENT_NOT_ALLOWED, false},
		{"lifetime-exceeded", false, CS_R_LIFETIME_EXCEEDED, false},
		{"revoked", false, CS_R_REVOKED, false},
		{"touch-missing", false, CS_R_TOUCH_MISSING, true},
		{"not-hardware-asserted", false, CS_R_NOT_HARDWARE, true},
		{"approved", false, CS_R_POLICY_REFUSED, true},
		{"grant-invalid-no-grants", false, CS_R_POLICY_REFUSED, true},
	};
	cs_buf *file = NULL;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asks a = ask(rows[i].name, &file);

		a.memory = (cs_memory){.arg = &a.past, .revoked = revoked};
		a.in.memory = &a.memory;
		a.rules[0] = strictest();
		a.rules[0].n_groups = rows[i].no_rule ? 0 : 1;
		a.n = 1;
		gives(&a, rows[i].want, NULL, rows[i].no_rule ?
		    "without a rule" : "under the strictest rule");
		ok((a.past.asked != 0) == rows[i].asked, "%s: %s", a.name,
		    rows[i].asked ? "asked" : "not asked");
	}
	cs_buf_free(&file);
}

/* A group in front of the options of each line that has none. */
static void
owners(const char *name)
{
	static const char add[] = "group=\"staff\",";
	cs_buf *b = expect_file(name, ""), *out = cs_buf_new(1 << 20);
	char *text = strdup(cs_buf_cstr(b)), *line, *save = NULL, *at;
	cs_err e = {0};

	cs_anchors_free(&plain);
	cs_anchors_free(&grouped);
	if (cs_anchors_parse(name, cs_buf_span(b), &plain, &e) != CS_OK)
		printf("# %s\n", e.text);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		at = strchr(line, ' ');
		if (line[0] == '#' || strstr(line, "group=") != NULL)
			(void)!cs_buf_printf(out, "%s\n", line);
		else
			(void)!cs_buf_printf(out, "%.*s %s%s\n",
			    (int)(at - line), line, add, at + 1);
	}
	if (!ok(cs_anchors_parse(name, cs_buf_span(out), &grouped, &e) ==
	    CS_OK && plain != NULL, "%s", name)) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	free(text);
	cs_buf_free(&out);
	cs_buf_free(&b);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	owners("owners-ca");
	expect_each(approved, "expect-ca");
	owners("owners-sk");
	expect_each(approved, "expect-sk");
	denying("denied-fido2");
	denying("denied-ssh");
	owners("owners");
	expect_each(approved, "expect");
	expect_each(approved, "matrix");
	ok(sample_on() || (seen > 150 && pairs > 20 && batches > 8 &&
	    quorums > 10),
	    "%zu messages: %zu pairs, %zu batches, %zu quorums", seen, pairs,
	    batches, quorums);
	denying("denied");
	denying("denied-bundle");
	members();
	order();
	cs_anchors_free(&plain);
	cs_anchors_free(&grouped);
	return done_testing();
}
