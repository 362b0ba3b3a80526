/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/time.h"
#include "../tests/unit/expect.h"
#include "../tests/unit/sample.h"
#include "../tests/unit/tap.h"
#include "../tests/unit/vec.h"
#include "fmt/pem.h"

/* Every message of tests/vectors/verdict gives the verdict that its name
 * begins with. The vectors come from make.py there, not from this code. */

static cs_anchors *anchors;
static cs_keycache *cache; /* small, so that keys leave it */
static int seen[CS_R_END];
static bool by_flags; /* presence is signed, and no policy of a token */

/* The longest reason that the name begins with. */
static int
reason_of(const char *name)
{
	size_t best = 0, n;
	int i, found = CS_R_NONE;

	for (i = CS_R_NONE + 1; i < CS_R_END; i++) {
		n = strlen(cs_reason_name(i));
		if (n > best && strncmp(name, cs_reason_name(i), n) == 0 &&
		    (name[n] == '\0' || name[n] == '-')) {
			best = n;
			found = i;
		}
	}
	return found;
}

/* roles=: a letter each, own, grant and use; o is what they are without it. */
static void
check_roles(const char *name, const char *options, const cs_verdict *v)
{
	char roles[CS_APPROVALS_MAX + 1] = "o", pair[3] = "";
	cs_span want = expect_option(options, "roles=", roles, sizeof(roles));
	size_t i, n = cs_verdict_count(v);
	const cs_approved *a;

	ok(want.p == NULL || n == want.n, "%s: how many", name);
	for (i = 0; i < n; i++) {
		a = cs_verdict_at(v, i);
		ok("ogu"[a->role] == (want.p == NULL ? 'o' : roles[i]),
		    "%s: role %zu", name, i);
		pair[0] = "ogu"[a->role];
		pair[1] = "ogu"[cs_verdict_at(v, a->link)->role];
		ok(strcmp(pair, "oo") == 0 ? a->link == i :
		    strcmp(pair, "gu") == 0 ? a->link == i + 1 :
		    strcmp(pair, "ug") == 0 && a->link == i - 1,
		    "%s: link %zu", name, i);
	}
}

/* counter=: of the signature, and whether it regressed. */
static void
check_counter(const char *name, const char *options, const cs_verdict *v)
{
	const cs_counter *c = &cs_verdict_at(v, 0)->counter;
	char want[16];

	if (expect_option(options, "counter=", want, sizeof(want)).p == NULL)
		return;
	ok(c->given && c->value == strtoul(want, NULL, 10), "%s: counter",
	    name);
	ok(c->regressed == (strstr(options, "regressed") != NULL),
	    "%s: regressed", name);
	ok(c->compared == (strstr(options, "last=") != NULL &&
	    strstr(options, "last=none") == NULL), "%s: compared", name);
}

static void
check_limits(const char *name, const char *options, const cs_verdict *v)
{
	char text[32];
	int64_t t = 0;

	if (expect_option(options, "lifetime=", text, sizeof(text)).p != NULL)
		ok(cs_verdict_max_lifetime(v) == strtol(text, NULL, 10),
		    "%s: strictest", name);
	if (expect_option(options, "issuances=", text, sizeof(text)).p != NULL)
		ok(cs_verdict_max_issuances(v) == strtol(text, NULL, 10),
		    "%s: fewest", name);
	if (expect_option(options, "until=", text, sizeof(text)).p != NULL)
		ok(cs_time_parse(text, &t, NULL) == CS_OK &&
		    cs_verdict_not_after(v) == t, "%s: until", name);
}

static void
check_approved(const char *name, const char *options, const cs_verdict *v)
{
	cs_assurance s = cs_verdict_assurance(v);
	char text[256];
	cs_span want = expect_option(options, "principal=", text, sizeof(text));
	char index[8];
	cs_span at = expect_option(options, "subject=", index, sizeof(index));

	if (!ok(cs_verdict_state(v) == CS_APPROVED, "%s: approved", name))
		printf("# %s: %s\n",
		    cs_reason_name(cs_verdict_error(v)->detail),
		    cs_verdict_error(v)->text);
	ok(s.hardware == (strstr(options, "hardware") != NULL),
	    "%s: hardware", name);
	ok(s.present == (strstr(options, "present") != NULL),
	    "%s: present", name);
	ok(s.verified == (strstr(options, "verified") != NULL),
	    "%s: verified", name);
	ok(s.asserted == (strstr(options, "asserted") != NULL),
	    "%s: asserted", name);
	ok(s.by_policy == (s.present && !by_flags),
	    "%s: presence by policy", name);
	ok(cs_verdict_count(v) >= 1, "%s: has its approvals", name);
	if (cs_verdict_count(v) != 0)
		ok(cs_verdict_at(v, 0)->subject ==
		    (at.p == NULL ? 0 : strtoul(index, NULL, 10)),
		    "%s: subject", name);
	if (want.p != NULL && cs_verdict_count(v) != 0)
		ok(cs_span_eq(cs_verdict_at(v, 0)->approval->tbs.owner, want),
		    "%s: principal", name);
	check_counter(name, options, v);
	check_roles(name, options, v);
	check_limits(name, options, v);
}

/* text=: words of the sentence, "+" between them. */
static void
check_text(const char *name, const char *options, const char *text)
{
	char words[256] = "", *plus;
	cs_span want = expect_option(options, "text=", words, sizeof(words));

	if (want.p == NULL)
		return;
	while ((plus = strchr(words, '+')) != NULL)
		*plus = ' ';
	if (!ok(strstr(text, words) != NULL, "%s: %s", name, words))
		printf("# %s\n", text);
}

static void
check_refused(const char *name, const char *options, int want,
    const cs_verdict *v)
{
	const cs_err *why = cs_verdict_error(v);

	seen[want]++;
	ok(cs_verdict_state(v) == CS_REFUSED, "%s: refused", name);
	if (!ok(why->detail == want, "%s: reason", name))
		printf("# %s: %s\n", cs_reason_name(why->detail), why->text);
	ok(cs_verdict_count(v) == 0 && cs_verdict_at(v, 0) == NULL &&
	    cs_verdict_denial(v) == NULL, "%s: nothing approved", name);
	ok(why->text[0] != '\0', "%s: says why", name);
	check_text(name, options, why->text);
}

static void
check_denied(const char *name, const char *options, const cs_verdict *v)
{
	const cs_err *why = cs_verdict_error(v);
	const cs_approved *d = cs_verdict_denial(v);
	char owner[256] = "";
	cs_span by = expect_option(options, "by=", owner, sizeof(owner));

	if (!ok(cs_verdict_state(v) == CS_DENIED, "%s: denied", name))
		printf("# %s: %s\n", cs_reason_name(why->detail), why->text);
	ok(cs_verdict_count(v) == 0 && cs_verdict_at(v, 0) == NULL,
	    "%s: nothing approved", name);
	ok(d != NULL && cs_span_eq(d->approval->tbs.owner, by) &&
	    d->approval->tbs.decision == CS_DENY, "%s: by whom", name);
	ok(strstr(why->text, owner) != NULL && why->detail == CS_R_NONE,
	    "%s: says so", name);
}

static cs_verify_in
plain(cs_span message)
{
	static struct expect_asked asked;

	return expect_input(&asked, "-", message, anchors);
}

/* Keys that others made before, and whoever's they were, change nothing. */
static void
check_cached(const char *name, cs_verify_in in, const cs_verdict *v)
{
	cs_verdict *again = NULL;
	cs_err e = {0};

	in.keys = cache;
	ok(cs_verify(&in, &again, &e) == CS_OK && again != NULL &&
	    cs_verdict_state(again) == cs_verdict_state(v) &&
	    cs_verdict_error(again)->detail == cs_verdict_error(v)->detail,
	    "%s: with kept keys", name);
	cs_verdict_free(&again);
}

/* An owner's key is kept, and a holder's is not: nobody has vouched for that
 * when it is used. */
static void
holder_kept(void)
{
	cs_buf *file = expect_file("approved-pair", ".pem");
	cs_verify_in in = plain(cs_buf_span(file));
	cs_verdict *v = NULL;
	cs_err e = {0};

	ok(cs_keycache_new(4, &in.keys, &e) == CS_OK &&
	    cs_verify(&in, &v, &e) == CS_OK && cs_verdict_count(v) == 2 &&
	    cs_keycache_count(in.keys) == 1, "a holder's key is not kept");
	cs_verdict_free(&v);
	cs_keycache_free(&in.keys);
	cs_buf_free(&file);
}

static void
one(const char *name, const char *options)
{
	cs_buf *file = expect_file(name, ".pem");
	struct expect_asked asked;
	cs_verify_in in = expect_input(&asked, options, cs_buf_span(file),
	    anchors);
	cs_verdict *v = NULL;
	cs_err e = {0};
	int want = reason_of(name);

	ok(cs_verify(&in, &v, &e) == CS_OK && v != NULL, "%s: a verdict",
	    name);
	if (v != NULL && strncmp(name, "denied", 6) == 0)
		check_denied(name, options, v);
	else if (v != NULL && want == CS_R_NONE)
		check_approved(name, options, v);
	else if (v != NULL)
		check_refused(name, options, want, v);
	if (v != NULL && !sample_skips())
		check_cached(name, in, v);
	cs_verdict_free(&v);
	cs_buf_free(&file);
}

/* Is this anything but a refusal? In a bundle the agent's signature does not
 * cover the approvals, and the signer identifier is a hint that nobody signed:
 * what was approved must then be the very same bytes. */
static bool
is_bad(cs_span message, bool bundle, cs_span tbs, cs_span csr)
{
	cs_verify_in in = plain(message);
	cs_verdict *v = NULL;
	cs_err e = {0};
	bool bad;

	if (cs_verify(&in, &v, &e) != CS_OK)
		return true;
	bad = cs_verdict_state(v) != CS_REFUSED;
	if (bad && bundle && cs_verdict_count(v) == 1)
		bad = !cs_span_eq(cs_verdict_at(v, 0)->approval->tbs.der,
		    tbs) || !cs_span_eq(cs_verdict_request(v)->der, csr);
	cs_verdict_free(&v);
	return bad;
}

/* No cut of a good message, and no message with one octet changed, is
 * approved. */
static void
mangle(const char *name, size_t step, bool bundle)
{
	cs_buf *file = expect_file(name, ".pem");
	cs_span all = cs_buf_span(file), tbs, csr;
	size_t i, bad = 0, end = all.n - strlen("-----\n");
	uint8_t *copy = malloc(all.n);
	cs_verify_in in = plain(all);
	cs_verdict *good = NULL;
	cs_err e = {0};

	if (copy == NULL || cs_verify(&in, &good, &e) != CS_OK ||
	    cs_verdict_count(good) != 1)
		exit(96);
	tbs = cs_verdict_at(good, 0)->approval->tbs.der;
	csr = cs_verdict_request(good)->der;
	memcpy(copy, all.p, all.n);
	for (i = 0; i < end; i += step)
		bad += !sample_skips() &&
		    is_bad(cs_span_of(copy, i), false, tbs, csr);
	ok(bad == 0, "%s: no prefix is approved", name);
	for (i = 0, bad = 0; i < end; i += step) {
		copy[i] ^= 0x01;
		bad += !sample_skips() &&
		    is_bad(cs_span_of(copy, all.n), bundle, tbs, csr);
		copy[i] ^= 0x01;
	}
	ok(bad == 0, "%s: no flip is approved", name);
	cs_verdict_free(&good);
	free(copy);
	cs_buf_free(&file);
}

static struct {
	cs_span csr, approval, tbs;
} good;

/* The good request beside an approval that somebody rewrote: refused with a
 * reason, or still the owner's very words. */
static enum vec_answer
rewritten(cs_span approval)
{
	cs_buf *b = cs_buf_new(cs_pem_max(good.csr.n) +
	    cs_pem_max(approval.n));
	enum vec_answer answer = VEC_BROKEN;
	cs_verdict *v = NULL;
	cs_verify_in in = {0};
	cs_err e = {0};

	if (cs_pem_put(b, CS_PEM_REQUEST, good.csr, &e) == CS_OK &&
	    cs_pem_put(b, CS_PEM_APPROVAL, approval, &e) == CS_OK) {
		in = plain(cs_buf_span(b));
		if (cs_verify(&in, &v, &e) != CS_OK)
			printf("# no verdict: %s\n", e.text);
		else if (cs_verdict_state(v) == CS_REFUSED)
			answer = cs_verdict_error(v)->detail != CS_R_NONE &&
			    cs_verdict_error(v)->detail != CS_R_INTERNAL ?
			    VEC_REFUSED : VEC_BROKEN;
		else if (cs_verdict_count(v) == 1 && cs_span_eq(good.tbs,
		    cs_verdict_at(v, 0)->approval->tbs.der))
			answer = VEC_ACCEPTED;
	}
	cs_verdict_free(&v);
	cs_buf_free(&b);
	return answer;
}

static void
rewrite(const char *name)
{
	cs_buf *file = expect_file(name, ".pem");
	cs_approval *a = NULL;
	cs_message *m = NULL;
	cs_err e = {0};

	if (cs_message_parse(cs_buf_span(file), &m, &e) != CS_OK ||
	    cs_approval_parse(m->approvals[0], 0, &a, &e) != CS_OK)
		exit(95);
	good.csr = m->csr->der;
	good.approval = a->der;
	good.tbs = a->tbs.der;
	ok(rewritten(good.approval) == VEC_ACCEPTED, "%s as it was", name);
	ok(vec_prefixes(good.approval, rewritten) == 0, "prefixes");
	ok(vec_trailing(good.approval, rewritten) == 0, "trailing");
	ok(vec_flips(good.approval, rewritten) == 0, "flips");
	ok(vec_trees(good.approval, rewritten) == 0, "elements");
	cs_approval_free(&a);
	cs_message_free(&m);
	cs_buf_free(&file);
}

/* What no message brings about by itself, and what that wants. All others of the
 * closed list have a vector; countersign-exit(7) has them all. */
static const struct {
	int reason;
	const char *wants;
} elsewhere[] = {
	{CS_R_EVIDENCE_MISSING, "attestation of the agent's machine"},
	{CS_R_EVIDENCE_REFUSED, "attestation of the agent's machine"},
	{CS_R_REPLAYED, "a server's claims"},
	{CS_R_EXHAUSTED, "a server's claims"},
	{CS_R_INTERNAL, "a mistake of ours, or no memory"},
};

static const char *
is_elsewhere(int reason)
{
	size_t i;

	for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (elsewhere[i].reason == reason)
			return elsewhere[i].wants;
	return NULL;
}

static void
closed_list(void)
{
	char path[4200], line[80];
	const char *name, *wants;
	cs_buf *page = NULL;
	cs_err e = {0};
	int i;

	(void)snprintf(path, sizeof(path), "%s/../../../man/countersign-exit.7",
	    expect_dir());
	if (!ok(cs_file_read(path, 1 << 20, &page, &e) == CS_OK, "the page"))
		return;
	for (i = CS_R_NONE + 1; i < CS_R_END; i++) {
		name = cs_reason_name(i);
		wants = is_elsewhere(i);
		ok((seen[i] != 0) == (wants == NULL), "%s: %s", name,
		    wants == NULL ? "has a vector" : wants);
		(void)snprintf(line, sizeof(line), "\n.It Cm %s\n", name);
		ok(strstr(cs_buf_cstr(page), line) != NULL,
		    "%s: countersign-exit(7)", name);
	}
	cs_buf_free(&page);
}

/* From here on, the anchors of this file. */
static void
owners(const char *name)
{
	cs_buf *b = expect_file(name, "");
	cs_err e = {0};

	cs_anchors_free(&anchors);
	if (!ok(cs_anchors_parse(name, cs_buf_span(b), &anchors, &e) == CS_OK,
	    "%s file", name)) {
		printf("Bail out! %s\n", e.text);
		exit(99);
	}
	cs_buf_free(&b);
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	ok(cs_keycache_new(4, &cache, NULL) == CS_OK, "a cache");
	owners("owners-ca");
	expect_each(one, "expect-ca");
	mangle("approved-ca-intermediate", 3, false);
	owners("owners-sk");
	by_flags = true;
	expect_each(one, "expect-sk");
	by_flags = false;
	mangle("approved-fido2", 1, false);
	mangle("approved-fido2-bundle", 3, true);
	mangle("approved-ssh-sk-ed", 3, false);
	mangle("approved-ssh-rsa", 7, false);
	rewrite("approved-fido2-bundle");
	rewrite("approved-ssh-bundle");
	owners("owners");
	expect_each(one, "expect");
	expect_each(one, "matrix");
	holder_kept();
	closed_list();
	mangle("approved", 1, false);
	mangle("approved-bundle", 3, true);
	mangle("approved-rsa", 7, false);
	rewrite("approved-bundle");
	cs_keycache_free(&cache);
	cs_anchors_free(&anchors);
	return done_testing();
}
