/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "holdbed.h"
#include "tap.h"

/* Every rule of the revocation lists that may be signed. */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define SKEW 300

static bed b;
static bed_ca ca, other, token;
static cs_allow rules;

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
other_name(void)
{
	b.crl.issuer = other.cert->name;
}

static void
other_key_id(void)
{
	b.crl.authority_key_id = other.cert->key_id;
}

static void
short_key_id(void)
{
	b.crl.authority_key_id.n--;
}

static void
other_alg(void)
{
	b.crl.sig_alg = cs_alg_for_key(CS_KEY_RSA,
	    CS_USE_PKCS10)->sig_alg;
}

static void
other_hash(void)
{
	b.crl.sig_alg = cs_alg_for_key(CS_KEY_P384,
	    CS_USE_PKCS10)->sig_alg;
}

static cs_crl_entry had[3];

static void
number_same(void)
{
	b.crl.number = 6;
}

static void
number_less(void)
{
	b.crl.number = 5;
}

#define LAST_NUMBER ((BED_NOW + SKEW) * CS_CRL_NUMBERS + CS_CRL_NUMBERS - 1)

static void
number_of_then(void)
{
	b.crl.number = LAST_NUMBER;
}

static void
number_above(void)
{
	b.crl.number = LAST_NUMBER + 1;
}

static void
number_last(void)
{
	b.crl.number = INT64_MAX;
}

static void
update(int64_t at)
{
	b.crl.this_update = BED_NOW + at;
	b.crl.next_update = BED_NOW + at + BED_HOUR;
}

static void
ahead(void)
{
	update(SKEW);
}

static void
too_far_ahead(void)
{
	update(SKEW + 1);
}

static void
before_last(void)
{
	update(-SKEW + 199); /* the last one is of 100 s ago */
}

static void
clock_went_back(void)
{
	rules.now = BED_NOW - BED_HOUR;
	update(-BED_HOUR);
	b.crl.n = 0;
	b.crl.at = NULL;
}

static void
too_late(void)
{
	update(-SKEW - 1);
}

static void
whole_life(void)
{
	b.crl.next_update = b.crl.this_update + BED_CRL_LIFE;
}

static void
too_much_life(void)
{
	b.crl.next_update = b.crl.this_update + BED_CRL_LIFE + 1;
}

static void
entry_gone(void)
{
	b.crl.n = 2;
}

static void
entry_gone_first(void)
{
	b.crl.at = &b.at[1];
	b.crl.n = 2;
}

static void
all_gone(void)
{
	b.crl.n = 0;
	b.crl.at = NULL;
}

static void
entry_later(void)
{
	b.at[1].revoked++;
}

static void
entry_now(void)
{
	b.at[1].revoked = BED_NOW;
}

static void
entry_to_come(void)
{
	b.at[1].revoked = BED_NOW + 1;
}

static void
entry_earlier(void)
{
	b.at[1].revoked--;
}

static void
one_more(void)
{
	b.at[3] = (cs_crl_entry){.serial = cs_span_str("\x02"),
	    .revoked = BED_NOW + SKEW};
	b.crl.n = 4;
}

static void
of_the_future(void)
{
	one_more();
	b.at[3].revoked++;
}

/* The oldest is b.at[0]. */
static void
at_age(int64_t age, bool gone)
{
	had[0].revoked = b.at[0].revoked = BED_NOW - age;
	if (gone)
		entry_gone_first();
}

static void
old_enough(void)
{
	at_age(BED_LIFE + BED_CRL_LIFE, true);
}

static void
not_yet(void)
{
	at_age(BED_LIFE + BED_CRL_LIFE - 1, true);
}

static void
old_and_kept(void)
{
	at_age(100 * BED_LIFE, false);
}

static void
old_with_new_time(void)
{
	at_age(100 * BED_LIFE, false);
	b.at[0].revoked++;
}

#define NAME "the issuer's name is not this CA's"
#define KEY "the issuer's key is not this CA's"
#define ALG "this CA signs with another algorithm"
#define GONE "an entry is gone"
#define OTHER_TIME "an entry has another time"
#define NOT_NOW "thisUpdate is not now"
#define CRL_LIFE "nextUpdate is not within the list's life"

static const struct rule lists[] = {
	{"as it should be", nothing, NULL},
	{"another CA's name", other_name, NAME},
	{"another CA's key", other_key_id, KEY},
	{"a shorter identifier", short_key_id, KEY},
	{"another kind of signature", other_alg, ALG},
	{"another hash", other_hash, ALG},
	{"the same number", number_same, "the number does not grow"},
	{"a lesser number", number_less, "the number does not grow"},
	{"the number of five minutes from now", number_of_then, NULL},
	{"one above", number_above, "the number is of the future"},
	{"one that leaves none", number_last, "the number is of the future"},
	{"five minutes ahead", ahead, NULL},
	{"a second more", too_far_ahead, NOT_NOW},
	{"a second before the last one", before_last,
	    "it is older than the last one"},
	{"when the clock went back", clock_went_back,
	    "it is older than the last one"},
	{"more than five minutes late", too_late, NOT_NOW},
	{"as long as a list lives", whole_life, NULL},
	{"a second longer", too_much_life, CRL_LIFE},
	{"the last entry gone", entry_gone, GONE},
	{"the first entry gone", entry_gone_first, GONE},
	{"all entries gone", all_gone, GONE},
	{"an entry that is later", entry_later, NULL},
	{"one of now", entry_now, NULL},
	{"one that is put off", entry_to_come, OTHER_TIME},
	{"an entry that is earlier", entry_earlier, OTHER_TIME},
	{"an entry more", one_more, NULL},
	{"an entry of the future", of_the_future, "an entry is of the future"},
	{"an old entry gone", old_enough, NULL},
	{"a second too early", not_yet, GONE},
	{"an old entry kept", old_and_kept, NULL},
	{"an old entry with a later time", old_with_new_time, NULL},
};

/* Number 6, of 100 s ago, with three entries; what is asked for has these. */
static void
start_over(void)
{
	static const char *const serials[] = {"\x10\x01", "\x10\x02",
	    "\x10\x03"};
	size_t i;

	bed_fill(&b, &ca, &token, BED_NOW);
	rules = (cs_allow){.trust_domain = cs_span_str("corp.example"),
	    .lifetime = BED_LIFE, .crl_life = BED_CRL_LIFE, .now = BED_NOW};
	for (i = 0; i < N(had); i++)
		had[i] = b.at[i] = (cs_crl_entry){.serial =
		    cs_span_str(serials[i]), .revoked = BED_NOW - 1000};
	b.crl.n = N(had);
}

static int
ask_crl(bool with_last, cs_err *e)
{
	cs_crl last = b.crl, *parsed = NULL;
	cs_buf *body = bed_crl_body(&b), *was = cs_buf_new(4096);
	int ret = 1;

	last.number = 6;
	last.issuer = ca.cert->name;
	last.authority_key_id = ca.cert->key_id;
	last.this_update = BED_NOW - 100;
	last.next_update = BED_NOW + BED_HOUR;
	last.at = had;
	last.n = N(had);
	cs_err_clear(e);
	if (body != NULL && cs_crl_put(&last, was, e) == CS_OK &&
	    cs_crl_parse(cs_buf_span(was), false, &parsed, e) == CS_OK)
		ret = cs_allow_crl(&rules, ca.cert, with_last ? parsed : NULL,
		    cs_buf_span(body), e);
	cs_crl_free(&parsed);
	cs_buf_free(&body);
	cs_buf_free(&was);
	return ret;
}

static void
test_lists(void)
{
	cs_err e = {0};
	size_t i;

	for (i = 0; i < N(lists); i++) {
		start_over();
		lists[i].edit();
		ok(says(ask_crl(true, &e), &e, lists[i].words), "%s",
		    lists[i].name);
	}
	start_over();
	b.crl.number = 1;
	all_gone();
	ok(says(ask_crl(false, &e), &e, NULL), "the first one");
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	if (!ok(bed_open(&b) && bed_ca_make("p256", "Agents", &ca) &&
	    bed_ca_make("p256", "Others", &other) &&
	    bed_key("p256", &token), "keys"))
		return done_testing();
	test_lists();
	bed_ca_close(&ca);
	bed_ca_close(&other);
	bed_ca_close(&token);
	bed_close(&b);
	return done_testing();
}
