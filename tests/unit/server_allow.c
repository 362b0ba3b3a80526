/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/reason.h"
#include "holdbed.h"
#include "tap.h"

/* Every rule of what may be signed, with a body that breaks it alone. */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define SKEW 300

static bed b;
static bed_ca ca, other, retired, rsa, token;
static cs_spki ours[3];
static cs_allow rules;

static void
start_over(void)
{
	bed_fill(&b, &ca, &token, BED_NOW);
	ours[0] = ca.spki;
	ours[1] = retired.spki;
	ours[2] = token.spki;
	rules = (cs_allow){.trust_domain = cs_span_str("corp.example"),
	    .lifetime = BED_LIFE, .crl_life = BED_CRL_LIFE,
	    .crl_url = cs_span_str(BED_URL), .keys = ours, .n_keys = 3,
	    .now = BED_NOW};
}

struct rule {
	const char *name;
	void (*edit)(void);
	const char *words; /* NULL: it is allowed */
};

/* The words are whole, and the class is a rule's. */
static bool
says(int ret, const cs_err *e, const char *words)
{
	bool good = words == NULL ? ret == CS_OK : ret == CS_EREFUSED &&
	    e->cls == CS_EREFUSED && strcmp(e->text, words) == 0;

	if (!good)
		printf("# %d: %s\n", ret, e->text);
	return good;
}

static void
nothing(void)
{
}

static void
life(int64_t from, int64_t seconds)
{
	b.leaf.not_before = b.wit.iat = BED_NOW + from;
	b.leaf.not_after = b.wit.exp = BED_NOW + from + seconds;
}

static void
soon(void)
{
	life(SKEW, BED_HOUR);
}

static void
too_soon(void)
{
	life(SKEW + 1, BED_HOUR);
}

static void
old(void)
{
	life(-BED_LIFE, BED_LIFE);
}

static void
too_old(void)
{
	life(-BED_LIFE - 1, BED_LIFE);
}

static void
ages_ago(void)
{
	life(1 - BED_NOW, BED_LIFE);
}

static void
too_long(void)
{
	life(-60, BED_LIFE + 1);
}

static void
for_ever(void)
{
	life(-60, INT64_C(200) * 365 * BED_LIFE);
}

static void
other_domain(void)
{
	b.leaf.agent_id = b.wit.sub =
	    cs_span_str("wimse://corp.example.org/agent/alice");
}

static void
below_domain(void)
{
	b.leaf.agent_id = b.wit.sub =
	    cs_span_str("wimse://a.corp.example/agent/alice");
}

static void
no_domain(void)
{
	rules.trust_domain = (cs_span){0};
}

static void
key_of_ca(void)
{
	b.leaf.key = b.wit.key = ca.spki;
}

static void
key_of_retired(void)
{
	b.leaf.key = b.wit.key = retired.spki;
}

static void
key_of_token(void)
{
	b.leaf.key = b.wit.key = token.spki;
}

static void
other_name(void)
{
	b.leaf.issuer = other.cert->name;
}

static void
other_key_id(void)
{
	b.leaf.authority_key_id = other.cert->key_id;
}

static void
short_key_id(void)
{
	b.leaf.authority_key_id.n--;
}

static void
other_alg(void)
{
	b.leaf.sig_alg = cs_alg_for_key(CS_KEY_RSA,
	    CS_USE_PKCS10)->sig_alg;
}

static void
other_hash(void)
{
	b.leaf.sig_alg = cs_alg_for_key(CS_KEY_P384,
	    CS_USE_PKCS10)->sig_alg;
}

static void
before_ca(void)
{
	rules.now = ca.cert->not_before;
	b.leaf.not_before = rules.now - 1;
	b.leaf.not_after = rules.now + BED_HOUR;
}

static void
with_ca(void)
{
	rules.now = b.leaf.not_before = ca.cert->not_before;
	b.leaf.not_after = rules.now + BED_HOUR;
}

static void
until_ca(void)
{
	rules.now = ca.cert->not_after - BED_HOUR;
	b.leaf.not_before = rules.now;
	b.leaf.not_after = ca.cert->not_after;
}

static void
after_ca(void)
{
	until_ca();
	b.leaf.not_after++;
}

static void
no_url(void)
{
	b.leaf.crl_url = (cs_span){0};
}

static void
none_is_ours(void)
{
	rules.crl_url = (cs_span){0};
}

static void
none_at_all(void)
{
	no_url();
	none_is_ours();
}

static void
url_of_other(void)
{
	b.leaf.crl_url = cs_span_str(other.url);
}

static void
url_without_key(void)
{
	b.leaf.crl_url = cs_span_str(BED_URL);
}

static void
url_elsewhere(void)
{
	static char url[512];

	(void)snprintf(url, sizeof(url), "http://crl.corp.example.org/crl/%s",
	    strrchr(ca.url, '/') + 1);
	b.leaf.crl_url = cs_span_str(url);
}

#define FUTURE "it starts in the future"
#define LONG_AGO "it starts longer ago than it may live"
#define CAP "it lives for 86401 s, over the cap of 86400 s"
#define DOMAIN "the identifier is of another trust domain"
#define OURS "the agent's key is one of ours"
#define NAME "the issuer's name is not this CA's"
#define KEY "the issuer's key is not this CA's"
#define ALG "this CA signs with another algorithm"
#define CA_LIFE "it lives longer than this CA"
#define URL "its revocation list is not where ours is"

/* Of both kinds of credentials */
static const struct rule both[] = {
	{"as it should be", nothing, NULL},
	{"starts in five minutes", soon, NULL},
	{"starts a second later", too_soon, FUTURE},
	{"started a whole life ago", old, NULL},
	{"a second earlier", too_old, LONG_AGO},
	{"in 1970", ages_ago, LONG_AGO},
	{"a second too long", too_long, CAP},
	{"for ever", for_ever, "it lives for 6307200000 s, over the cap of "
	    "86400 s"},
	{"another trust domain", other_domain, DOMAIN},
	{"one below ours", below_domain, DOMAIN},
	{"no trust domain of ours", no_domain, DOMAIN},
	{"the CA's own key", key_of_ca, OURS},
	{"a retired CA's key", key_of_retired, OURS},
	{"a token's key", key_of_token, OURS},
}, certs[] = {
	{"another CA's name", other_name, NAME},
	{"another CA's key", other_key_id, KEY},
	{"a shorter identifier", short_key_id, KEY},
	{"another kind of signature", other_alg, ALG},
	{"another hash", other_hash, ALG},
	{"from the CA's first second", with_ca, NULL},
	{"a second earlier", before_ca, CA_LIFE},
	{"until the CA's last", until_ca, NULL},
	{"a second later", after_ca, CA_LIFE},
	{"no list named", no_url, URL},
	{"a list, and there is none", none_is_ours,
	    "it names a revocation list, and we have none"},
	{"no list, and there is none", none_at_all, NULL},
	{"another CA's list", url_of_other, URL},
	{"a list of no CA", url_without_key, URL},
	{"a list elsewhere", url_elsewhere, URL},
};

static int
ask_cert(const bed_ca *by, cs_err *e)
{
	cs_buf *body = bed_cert_body(&b);
	int ret = 1;

	cs_err_clear(e);
	if (body != NULL)
		ret = cs_allow_cert(&rules, by->cert, cs_buf_span(body), e);
	cs_buf_free(&body);
	return ret;
}

static int
ask_wit(cs_err *e)
{
	cs_buf *input = bed_wit_input(&b);
	int ret = 1;

	cs_err_clear(e);
	if (input != NULL)
		ret = cs_allow_wit(&rules, cs_span_str(token.kid),
		    cs_buf_span(input), e);
	cs_buf_free(&input);
	return ret;
}

static void
test_certs(const struct rule *t, size_t n)
{
	cs_err e = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		start_over();
		t[i].edit();
		ok(says(ask_cert(&ca, &e), &e, t[i].words),
		    "certificate: %s", t[i].name);
	}
}

static void
test_wits(void)
{
	cs_err e = {0};
	size_t i;

	for (i = 0; i < N(both); i++) {
		start_over();
		both[i].edit();
		ok(says(ask_wit(&e), &e, both[i].words), "token: %s",
		    both[i].name);
	}
	start_over();
	b.wit.kid = cs_span_str(ca.kid);
	ok(says(ask_wit(&e), &e, "kid names another key"),
	    "token: another key's");
}

static void
test_other_ca(void)
{
	cs_err e = {0};

	start_over();
	ok(says(ask_cert(&other, &e), &e, NAME), "for another CA");
	bed_fill(&b, &rsa, &token, BED_NOW);
	ok(says(ask_cert(&rsa, &e), &e, NULL), "an RSA CA's");
	b.leaf.sig_alg = cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10)->sig_alg;
	ok(says(ask_cert(&rsa, &e), &e, ALG), "an RSA CA signs no ECDSA");
}

/* What is none of its kind, though a CA could sign it. */

static bool
none(int ret, const cs_err *e)
{
	return ret == CS_EFORMAT && e->detail != CS_R_NONE;
}

static void
none_of_all(cs_span in, const char *name, const char *but)
{
	cs_err e = {0};

	if (strcmp(but, "cert") != 0)
		ok(none(cs_allow_cert(&rules, ca.cert, in, &e), &e),
		    "no certificate: %s", name);
	cs_err_clear(&e);
	if (strcmp(but, "wit") != 0)
		ok(none(cs_allow_wit(&rules, cs_span_str(token.kid), in, &e),
		    &e), "no token: %s", name);
	cs_err_clear(&e);
	if (strcmp(but, "crl") != 0)
		ok(none(cs_allow_crl(&rules, ca.cert, NULL, in, &e), &e),
		    "no list: %s", name);
}

static cs_buf *
ca_body(void)
{
	static const uint8_t serial[CS_SERIAL_LEN] = {0x44};
	cs_authority_new a = {.trust_domain = cs_span_str("corp.example"),
	    .name = cs_span_str("CA"), .key = b.from->key,
	    .serial = cs_span_of(serial, sizeof(serial)),
	    .not_before = BED_NOW, .not_after = BED_NOW + BED_HOUR};
	cs_buf *out = cs_buf_new(4096);

	if (cs_ca_body_put(&a, cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10),
	    out, NULL) != CS_OK)
		cs_buf_free(&out);
	return out;
}

static void
test_kinds(void)
{
	cs_buf *cert, *wit, *crl, *sub = ca_body();

	start_over();
	cert = bed_cert_body(&b);
	wit = bed_wit_input(&b);
	crl = bed_crl_body(&b);
	none_of_all(cs_buf_span(cert), "a certificate's body", "cert");
	none_of_all(cs_buf_span(wit), "a token", "wit");
	none_of_all(cs_buf_span(crl), "a list", "crl");
	none_of_all(cs_buf_span(sub), "a CA's body", "");
	none_of_all(cs_buf_span(ca.der), "a whole certificate", "");
	none_of_all(cs_span_str(""), "nothing", "");
	none_of_all(cs_span_of(cs_buf_span(cert).p, cs_buf_len(cert) - 1),
	    "half a body", "");
	ok(cs_buf_put_byte(cert, 0) == CS_OK, "a byte more");
	none_of_all(cs_buf_span(cert), "a byte behind it", "");
	cs_buf_free(&cert);
	cs_buf_free(&wit);
	cs_buf_free(&crl);
	cs_buf_free(&sub);
}

/* Whatever changes on the way: what is allowed is this CA's, and ours. */
static enum vec_answer
probe_cert(cs_span in)
{
	enum vec_answer answer;
	cs_leaf *l = NULL;

	if (cs_allow_cert(&rules, ca.cert, in, NULL) != CS_OK)
		return VEC_REFUSED;
	if (cs_leaf_parse(in, &l, NULL) != CS_OK)
		return VEC_BROKEN;
	answer = cs_span_eq(l->issuer, ca.cert->name) &&
	    cs_span_eq(l->authority_key_id, ca.cert->key_id) &&
	    cs_span_is(l->crl_url, ca.url) && l->agent_id.n > 21 &&
	    memcmp(l->agent_id.p, "wimse://corp.example/", 21) == 0 &&
	    l->not_after - l->not_before <= BED_LIFE &&
	    l->not_before <= BED_NOW + SKEW &&
	    l->not_before >= BED_NOW - BED_LIFE ? VEC_ACCEPTED : VEC_BROKEN;
	cs_leaf_free(&l);
	return answer;
}

static void
test_sweeps(void)
{
	cs_buf *body;
	cs_span in;

	start_over();
	body = bed_cert_body(&b);
	in = cs_buf_span(body);
	ok(probe_cert(in) == VEC_ACCEPTED, "the one that is changed");
	ok(vec_prefixes(in, probe_cert) == 0, "prefixes");
	ok(vec_trailing(in, probe_cert) == 0, "trailing");
	ok(vec_flips(in, probe_cert) == 0, "flips");
	ok(vec_trees(in, probe_cert) == 0, "trees");
	cs_buf_free(&body);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	if (!ok(bed_open(&b) && bed_ca_make("p256", "Agents", &ca) &&
	    bed_ca_make("p256", "Others", &other) &&
	    bed_ca_make("p384", "Agents of old", &retired) &&
	    bed_ca_make("rsa3072", "Agents of RSA", &rsa) &&
	    bed_key("p256", &token), "keys"))
		return done_testing();
	test_certs(both, N(both));
	test_certs(certs, N(certs));
	test_wits();
	test_other_ca();
	test_kinds();
	test_sweeps();
	bed_ca_close(&ca);
	bed_ca_close(&other);
	bed_ca_close(&retired);
	bed_ca_close(&rsa);
	bed_ca_close(&token);
	bed_close(&b);
	return done_testing();
}
