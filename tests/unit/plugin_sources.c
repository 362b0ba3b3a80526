/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/sources.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "plugbed.h"
#include "plugin/owner.h"
#include "tap.h"

/* Owners and policy: when they are read anew, and what is said of those that
 * will not load. */

static struct bed bed;
static cs_set_holder *sets;
static int64_t mono; /* grows by what a test says */

static const char closed[] = "domain corp.example { path \"/agent\" { } }\n";

/* A look, `ms` after the last one. 1: another set, 0: nothing, else the class
 * of a complaint, which has `what` in it. */
static int
watch(int64_t ms, const char *what)
{
	bool changed = false;
	cs_err e = {0};
	int r;

	mono += ms;
	r = cs_set_watch(sets, mono, &changed, &e);
	if (r == CS_OK)
		return changed;
	if (changed || strstr(e.text, what) == NULL) {
		printf("# %s\n", e.text);
		return 99;
	}
	return r;
}

/* How many rules, how many anchors. */
static bool
has(size_t rules, size_t anchors)
{
	const cs_set *s = cs_set_hold(sets);
	bool yes = cs_policy_count(s->policy) == rules &&
	    cs_anchors_count(s->anchors) == anchors &&
	    cs_set_is_current(sets, s);

	if (!yes)
		printf("# %zu rules, %zu anchors\n",
		    cs_policy_count(s->policy), cs_anchors_count(s->anchors));
	cs_set_drop(sets, s);
	return yes;
}

static const char two[] = "domain corp.example { path \"/agent\" { }\n"
    "path \"/ci\" { } }\n";

static void
test_policy(size_t n)
{
	const cs_set *old = cs_set_hold(sets);

	ok(has(1, n), "one rule");
	ok(watch(1000, "") == 0 && watch(1000, "") == 0 && has(1, n),
	    "nothing changes");
	ok(bed_put_str(bed.policy, two) && watch(999, "") == 0 && has(1, n),
	    "a change is not seen at once");
	ok(watch(1, "") == 1 && has(2, n), "but in a second");
	ok(cs_policy_count(old->policy) == 1 && !cs_set_is_current(sets, old),
	    "who holds the old set has it still");
	cs_set_drop(sets, old);
	ok(bed_put_str(bed.policy, "domian") &&
	    watch(1000, bed.policy) == CS_EFORMAT && has(2, n),
	    "one that is broken leaves the set, and is told");
	ok(watch(1000, "") == 0 && watch(1000, "") == 0 &&
	    watch(20000, "") == 0, "once");
	ok(bed_put_str(bed.policy, "dimoan") &&
	    watch(1000, bed.policy) == CS_EFORMAT && watch(1000, "") == 0,
	    "and once more, broken otherwise");
	ok(unlink(bed.policy) == 0 && watch(1000, bed.policy) == CS_EIO &&
	    watch(1000, "") == 0 && has(2, n), "gone");
	ok(bed_put_str(bed.policy, closed) && watch(1000, "") == 1 && has(1, n),
	    "and there again");
	ok(chmod(bed.policy, 0666) == 0 &&
	    watch(1000, bed.policy) == CS_EIO, "writable for anybody");
	ok(chmod(bed.policy, 0600) == 0 && watch(1000, "") == 1,
	    "and not any more");
}

static void
test_owners(size_t n)
{
	cs_buf *owners = bed_vector("owners");

	ok(bed_put_str(bed.owners, "# nobody\n") && watch(1000, "") == 1 &&
	    has(1, 0), "owners");
	ok(bed_put_str(bed.owners, "nonsense\n") &&
	    watch(1000, ":1") == CS_EFORMAT && has(1, 0), "broken");
	ok(cs_set_reload(sets, NULL) == CS_EFORMAT && has(1, 0) &&
	    cs_set_reload(sets, NULL) == CS_EFORMAT,
	    "whoever asks is told each time");
	ok(watch(1000, "") == 0, "and the others not again");
	ok(bed_put(bed.owners, cs_buf_span(owners)) &&
	    cs_set_reload(sets, NULL) == CS_OK && has(1, n), "reloaded");
	ok(watch(1000, "") == 0, "which is no change afterwards");
	cs_buf_free(&owners);
}

/* A line that names a list, and the list itself. */
static void
test_lists(void)
{
	cs_buf *owners = bed_vector("../credential/owners-ca"),
	    *crl = bed_vector("../credential/ca.crl");
	char list[128];
	const cs_set *s;
	size_t n;

	(void)snprintf(list, sizeof(list), "%s/ca.crl", bed.dir);
	if (!ok(owners != NULL && crl != NULL, "owners by certificate"))
		return;
	ok(bed_put(bed.owners, cs_buf_span(owners)) &&
	    watch(1000, "ca.crl") == CS_EIO, "their list is not there");
	ok(bed_put(list, cs_buf_span(crl)) && watch(1000, "") == 0,
	    "it comes");
	ok(watch(10000, "") == 1, "which is tried now and then");
	s = cs_set_hold(sets);
	n = cs_anchors_count(s->anchors);
	cs_set_drop(sets, s);
	ok(n > 0 && watch(1000, "") == 0, "nothing changes");
	ok(bed_put_str(list, "no list") && watch(1000, list) != 0 &&
	    watch(1000, "") == 0 && has(1, n), "a list that is broken");
	ok(bed_put(list, cs_buf_span(crl)) && watch(1000, "") == 1 &&
	    has(1, n), "and a new one");
	cs_buf_free(&owners);
	cs_buf_free(&crl);
}

/* What is no refusal is no answer either. */
static void
test_refusals(void)
{
	static const int fatal[] = {CS_EUSAGE, CS_EFORMAT, CS_EAUTH,
	    CS_EDEVICE, CS_ETIMEOUT, CS_ENEEDED, CS_EPENDING, CS_EBUG};
	cs_err e = {.detail = CS_R_REPLAYED};
	size_t i;

	ok(cs_refusal(CS_EREFUSED, &e) == CS_OK && e.detail == CS_R_REPLAYED,
	    "a refusal keeps its reason");
	e.detail = CS_R_NONE;
	ok(cs_refusal(CS_EREFUSED, &e) == CS_OK && e.detail == CS_R_NONE,
	    "or has none");
	ok(cs_refusal(CS_EIO, &e) == CS_OK &&
	    e.detail == CS_R_STORE_UNAVAILABLE, "the store's trouble is one");
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		e.detail = CS_R_NONE;
		ok(cs_refusal(fatal[i], &e) == fatal[i] &&
		    e.detail == CS_R_NONE, "class %d is none", fatal[i]);
	}
}

int
main(void)
{
	const cs_set *s;
	cs_err e = {0};
	size_t n;

	if (!ok(bed_start(&bed), "a folder"))
		return done_testing();
	ok(cs_set_holder_new(bed.owners, "./nothing-here", &sets, &e) ==
	    CS_EIO && sets == NULL, "no policy, no set");
	ok(bed_put_str(bed.policy, closed) && cs_set_holder_new(bed.owners,
	    bed.policy, &sets, &e) == CS_OK, "a set");
	mono = cs_time_mono_ms();
	s = cs_set_hold(sets);
	n = cs_anchors_count(s->anchors);
	cs_set_drop(sets, s);
	test_policy(n);
	test_owners(n);
	test_lists();
	test_refusals();
	cs_set_holder_free(&sets);
	cs_set_holder_free(&sets);
	bed_stop(&bed);
	return done_testing();
}
