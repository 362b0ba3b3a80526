/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/enc.h"
#include "base/time.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "hookbed.h"
#include "plugbed.h"
#include "store/claim.h"
#include "store/memory.h"
#include "store/revoke.h"
#include "tap.h"

/* Calls of a CA, over the built plugin and a store: what is claimed, what is
 * given again, and what may be signed. */

#define DAY 86400
#define THREADS 8

/* Vectors share an identifier, and not a key. */
static const char policy[] =
    "domain \"corp.example\" { path \"/agent\" {\n"
    "groups = {\"*\"} presence = no grants = yes batches = yes\n"
    "move-key = yes move-owner = yes } }\n";

static struct bed plug;
static cs_server_conf conf;
static cs_hook h;

struct agent { /* a vector's, and what it was answered */
	cs_buf *der, *enrich;
	cs_csr *csr;
	cs_hook_told told;
	json_t *data;
};

static void
agent_clear(struct agent *a)
{
	cs_buf_free(&a->der);
	cs_buf_free(&a->enrich);
	cs_csr_free(&a->csr);
	cs_hook_told_clear(&a->told);
	json_decref(a->data);
	*a = (struct agent){.der = NULL};
}

static struct agent
agent(const char *vector)
{
	struct agent a = {.der = NULL};
	cs_buf *pem = bed_vector(vector);

	if (pem == NULL || cs_pem_one(cs_buf_span(pem), CS_PEM_REQUEST, false,
	    &a.der, NULL) != CS_OK ||
	    cs_request_read(cs_buf_span(a.der), &a.csr, NULL) != CS_OK)
		exit(99);
	a.enrich = hookbed_enrich(cs_buf_span(a.der));
	cs_buf_free(&pem);
	return a;
}

static bool
says(const cs_hook_told *t, int status, const char *code)
{
	json_t *root = t->body == NULL ? NULL :
	    json_loads(cs_buf_cstr(t->body), 0, NULL);
	const char *found = json_string_value(json_object_get(
	    json_object_get(root, "error"), "code"));
	bool good = t->status == status && (code == NULL ?
	    t->allowed && json_is_true(json_object_get(root, "allow")) :
	    !t->allowed && json_is_false(json_object_get(root, "allow")) &&
	    found != NULL && strcmp(found, code) == 0);

	if (!good)
		printf("# %d %s: %s\n", t->status, found == NULL ? "" : found,
		    t->why.text);
	json_decref(root);
	return good;
}

static int64_t
soon(void)
{
	return cs_time_mono_ms() + 10000;
}

static bool
enrich(struct agent *a, int64_t now, const char *code)
{
	json_t *root;

	cs_hook_told_clear(&a->told);
	json_decref(a->data);
	a->data = NULL;
	cs_hook_answer(&h, CS_HOOK_ENRICHING, cs_buf_span(a->enrich), now,
	    soon(), &a->told);
	root = json_loads(cs_buf_cstr(a->told.body), 0, NULL);
	a->data = json_incref(json_object_get(root, "data"));
	json_decref(root);
	return says(&a->told, 200, code);
}

static int64_t
time_of(const struct agent *a, const char *name)
{
	int64_t t = 0;

	(void)!cs_rfc3339_get(cs_span_str(json_string_value(
	    json_object_get(a->data, name))), &t);
	return t;
}

/* The certificate of the data, with something else in it. */
static cs_buf *
authorizing(const struct agent *a, const char *from, const char *to)
{
	cs_buf *b = cs_buf_new(64 * 1024), *body, *other = NULL;
	hookbed_cert c = {.key = a->csr->key.der,
	    .agent = json_string_value(json_object_get(a->data, "agent")),
	    .not_before = time_of(a, "notBefore"),
	    .not_after = time_of(a, "notAfter")};
	const json_t *x = json_array_get(json_object_get(a->data,
	    "extensions"), 0);

	if (cs_base64_get(b, cs_span_str(json_string_value(json_object_get(x,
	    "value"))), false, NULL) != CS_OK)
		exit(99);
	c.bindings = cs_buf_span(b);
	body = hookbed_authorize(&c);
	if (from != NULL) {
		other = hookbed_swap(body, from, to);
		cs_buf_free(&body);
		body = other;
	}
	cs_buf_free(&b);
	return body;
}

static bool
authorize(const struct agent *a, const char *from, const char *to,
    int64_t now, const char *code)
{
	cs_buf *body = authorizing(a, from, to);
	cs_hook_told t;
	bool good;

	cs_hook_answer(&h, CS_HOOK_AUTHORIZING, cs_buf_span(body), now,
	    soon(), &t);
	good = says(&t, 200, code);
	cs_hook_told_clear(&t);
	cs_buf_free(&body);
	return good;
}

static const char *
serial(const struct agent *a)
{
	return json_string_value(json_object_get(a->data, "serialNumber"));
}

struct seen {
	int n, recorded;
	bool body;
};

static int
see(void *arg, const cs_stored_claim *c, cs_err *e)
{
	struct seen *s = arg;

	(void)e;
	s->n++;
	s->recorded += c->recorded;
	s->body = s->body || (c->credential.n > 0 &&
	    c->credential.p[0] == '{');
	return CS_OK;
}

static struct seen
claims(void)
{
	const cs_claim_ask ask = {.with_credential = true};
	struct seen s = {.n = 0};

	if (cs_claims(h.store, &ask, soon(), see, &s, NULL) != CS_OK)
		s.n = -1;
	return s;
}

static void
test_life(void)
{
	struct agent a = agent("approved.pem"), b = agent("approved.pem");
	int64_t life;

	ok(enrich(&a, BED_NOON, NULL), "an approved request");
	life = time_of(&a, "notAfter") - time_of(&a, "notBefore");
	ok(time_of(&a, "notBefore") <= BED_NOON && life > 0 && life <= DAY &&
	    cs_span_is(cs_buf_span(a.told.agent), BED_AGENT) &&
	    a.told.has_digest, "for its agent, and so long");
	ok(enrich(&b, BED_NOON + 60, NULL) && json_equal(a.data, b.data),
	    "the same again");
	ok(claims().n == 1 && claims().recorded == 0, "one claim");
	ok(authorize(&a, "\"isCA\":false", "\"isCA\":true", BED_NOON,
	    "policy-refused") && claims().recorded == 0,
	    "a CA's certificate is not recorded");
	ok(authorize(&a, NULL, NULL, BED_NOON, NULL) &&
	    claims().recorded == 1 && claims().body, "its certificate is");
	ok(authorize(&a, NULL, NULL, BED_NOON + 1, NULL) && claims().n == 1,
	    "twice");
	ok(enrich(&b, BED_NOON + 120, NULL) && json_equal(a.data, b.data),
	    "and the request may come again");
	ok(authorize(&a, "\"dnsNames\":null", "\"dnsNames\":[\"x\"]",
	    BED_NOON, "binding-mismatch"), "another name");
	ok(authorize(&a, "\"extKeyUsage\":[\"serverAuth\",", "\"extKeyUsage\":"
	    "[\"any\",\"serverAuth\",", BED_NOON, "policy-refused"),
	    "another use");
	agent_clear(&a);
	agent_clear(&b);
}

static void
test_refused(void)
{
	struct agent a = agent("agent-not-allowed.pem"),
	    o = agent("approved-composite.pem");
	cs_hook_told t;
	cs_buf *key;

	ok(enrich(&a, BED_NOON, "agent-not-allowed"), "nobody's agent");
	ok(enrich(&o, BED_NOON + 400 * DAY, "expired"), "too late");
	cs_hook_answer(&h, CS_HOOK_ENRICHING, cs_span_str("{"), BED_NOON,
	    soon(), &t);
	ok(says(&t, 400, "malformed"), "no call");
	cs_hook_told_clear(&t);
	key = hookbed_enrich(cs_span_of("\x30\x00", 2));
	cs_hook_answer(&h, CS_HOOK_ENRICHING, cs_buf_span(key), BED_NOON,
	    soon(), &t);
	ok(says(&t, 200, "malformed"), "no request");
	cs_hook_told_clear(&t);
	cs_buf_free(&key);
	agent_clear(&a);
	agent_clear(&o);
}

/* Another key, with what was given for the first. */
static void
test_other_key(void)
{
	struct agent a = agent("approved.pem"),
	    other = agent("approved-agent-ed25519.pem");
	cs_spki key;

	ok(enrich(&a, BED_NOON, NULL), "an agent");
	key = a.csr->key;
	a.csr->key = other.csr->key;
	ok(authorize(&a, NULL, NULL, BED_NOON, "no-approval"),
	    "another's key was never brought");
	a.csr->key = key;
	ok(authorize(&a, NULL, NULL, BED_NOON + 400 * DAY, "no-approval"),
	    "nor is one when it has ended");
	agent_clear(&a);
	agent_clear(&other);
}

/* Time between the calls: the window closes, the certificate would live. */
static void
test_between(void)
{
	struct agent a = agent("approved-agent-ed25519.pem");
	cs_revocation r = {.what = CS_REVOKE_AGENT,
	    .name = cs_span_str(BED_AGENT), .time = BED_NOON,
	    .reason = cs_span_str("lost"), .actor = cs_span_str("test")};
	int64_t live = 0;
	cs_err e = {0};

	ok(enrich(&a, BED_NOON, NULL), "once more");
	ok(time_of(&a, "notAfter") > BED_NOON + 960 &&
	    authorize(&a, NULL, NULL, BED_NOON + 960, "expired"),
	    "too late for its approval");
	ok(cs_revoke(h.store, &r, soon(), &live, &e) == CS_OK && live > 0,
	    "revoked: %s", e.text);
	ok(authorize(&a, NULL, NULL, BED_NOON, "revoked"),
	    "what was allowed is not");
	ok(enrich(&a, BED_NOON, "revoked"), "nor is its request");
	ok(cs_revoke_lift(h.store, &r, BED_NOON, soon(), &e) == CS_OK,
	    "lifted: %s", e.text);
	agent_clear(&a);
}

/* By its owner, between the calls and from then on. */
static void
test_denied(void)
{
	struct agent a = agent("approved.pem"), d = agent("denied-own.pem");

	ok(enrich(&a, BED_NOON, NULL), "allowed");
	ok(enrich(&d, BED_NOON, "denied"), "denied");
	ok(authorize(&a, NULL, NULL, BED_NOON, "denied"),
	    "what was allowed is not");
	ok(enrich(&a, BED_NOON, "denied"), "nor is its request");
	agent_clear(&a);
	agent_clear(&d);
}

/* A claim of a server that issues by itself. */
static void
test_foreign(void)
{
	static const uint8_t fields[] = {0x30, 7, 2, 1, 1, 4, 0, 4, 0};
	static const uint8_t serial_of[16] = {1}, digest[32] = {2};
	struct agent a = agent("approved-agent-rsa.pem");
	const cs_question q = {.operation = COUNTERSIGN_OP_ISSUE,
	    .message = cs_buf_span(a.der), .now = BED_NOON,
	    .deadline_ms = soon()};
	countersign_verifier_terms t = {.size = sizeof(t),
	    .kind = COUNTERSIGN_KIND_X509, .time = BED_NOON,
	    .deadline_ms = soon(), .serial = {serial_of, 16},
	    .not_before = BED_NOON - 60, .not_after = BED_NOON + 600,
	    .digest = {digest, 32}, .fields = {fields, sizeof(fields)}};
	cs_judged j = {0};
	cs_claimed c = {0};
	cs_err e = {0};

	ok(cs_plug_judge(&h.plug, &q, &j, &e) == CS_OK &&
	    cs_plug_claim(&h.plug, &j, &t, &c, &e) == CS_OK,
	    "claimed by an issuer: %s", e.text);
	ok(enrich(&a, BED_NOON, "policy-refused"), "is nothing for a webhook");
	cs_claimed_clear(&h.plug, &c);
	cs_judged_clear(&h.plug, &j);
	agent_clear(&a);
}

struct runner {
	pthread_t thread;
	struct agent a;
	bool good;
};

static void *
run(void *arg)
{
	struct runner *r = arg;

	r->good = enrich(&r->a, BED_NOON, NULL) &&
	    authorize(&r->a, NULL, NULL, BED_NOON, NULL);
	return NULL;
}

static void
test_threads(void)
{
	struct runner r[THREADS] = {{.good = false}};
	int i, good = 0, same = 0;

	for (i = 0; i < THREADS; i++) {
		r[i].a = agent("approved-agent-ed25519.pem");
		if (pthread_create(&r[i].thread, NULL, run, &r[i]) != 0)
			exit(99);
	}
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(r[i].thread, NULL);
		good += r[i].good;
		same += json_equal(r[i].a.data, r[0].a.data);
	}
	ok(good == THREADS && same == THREADS, "%d threads, %d the same", good,
	    same);
	for (i = 0; i < THREADS; i++)
		agent_clear(&r[i].a);
}

/* When two thirds of its life are over, what was recorded is issued anew. */
static void
test_renewed(void)
{
	struct agent a = agent("approved-day.pem");
	char *first;

	conf.lifetime = 600;
	ok(enrich(&a, BED_NOON, NULL) && time_of(&a, "notAfter") -
	    time_of(&a, "notBefore") == 600, "as long as the server allows");
	first = strdup(serial(&a));
	ok(enrich(&a, BED_NOON + 500, NULL) && strcmp(serial(&a), first) == 0,
	    "not recorded: the same until it ends");
	ok(authorize(&a, NULL, NULL, BED_NOON + 500, NULL), "it is recorded");
	ok(enrich(&a, BED_NOON + 300, NULL) && strcmp(serial(&a), first) == 0,
	    "the same while it lives");
	ok(enrich(&a, BED_NOON + 341, "exhausted"),
	    "when two thirds are over it is one more, and counted");
	conf.lifetime = DAY;
	agent_clear(&a);
	free(first);
}

static bool
start(void)
{
	static char domain[] = "corp.example", authority[] = BED_AUTHORITY;
	countersign_verifier_config c;
	cs_store_env env = {.authority = cs_span_str(BED_AUTHORITY),
	    .now = BED_NOON - 3600, .mode = CS_DB_WRITE};
	cs_err e = {0};

	if (!bed_load(&plug) || !bed_put_str(plug.policy, policy))
		return false;
	if (!bed_store(&plug)) {
		printf("1..0 # SKIP no SQLite\n");
		bed_stop(&plug);
		return false;
	}
	conf.trust_domain = domain;
	conf.authority = authority;
	conf.lifetime = DAY;
	c = bed_config(&plug);
	c.store = plug.store;
	h.conf = &conf;
	h.plug = (cs_plug){plug.p, bed_open(&plug, &c)};
	env.module_dir = plug.modules;
	return h.plug.instance != NULL && cs_store_open(plug.store, &env,
	    &h.store, &e) == CS_OK;
}

int
main(void)
{
	if (!start())
		return 0;
	test_life();
	test_refused();
	test_other_key();
	test_threads();
	test_foreign();
	test_renewed();
	test_denied();
	test_between();
	cs_store_close(&h.store);
	plug.p->close(h.plug.instance);
	bed_stop(&plug);
	return done_testing();
}
