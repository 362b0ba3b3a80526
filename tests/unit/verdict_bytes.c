/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "../tests/unit/sample.h"
#include "../tests/unit/tap.h"
#include "../tests/unit/vec.h"
#include "fmt/der.h"
#include "fmt/pem.h"

/* Good messages of every kind, cut at every octet and with every octet
 * changed: no verdict may be but a refusal. Only where the agent has not signed
 * the approvals, in a bundle, are there octets that nobody signed: the signer
 * identifier, which is never compared (section 5). Those change nothing. */

#define PARTS_MAX (CS_APPROVALS_MAX + 1)

static const struct message {
	const char *name, *owners;
	size_t quorum;
	enum cs_state state;
} messages[] = {
	{"approved", "owners", 0, CS_APPROVED},
	{"approved-pair", "owners", 0, CS_APPROVED},
	{"approved-batch", "owners", 0, CS_APPROVED},
	{"approved-quorum", "owners", 2, CS_APPROVED},
	{"approved-quorum-pair", "owners", 2, CS_APPROVED},
	{"approved-ed25519", "owners", 0, CS_APPROVED},
	{"approved-pss", "owners", 0, CS_APPROVED},
	{"approved-agent-ed25519", "owners", 0, CS_APPROVED},
	{"approved-agent-pss", "owners", 0, CS_APPROVED},
	{"approved-ca-intermediate", "owners-ca", 0, CS_APPROVED},
	{"denied-behind", "owners", 0, CS_DENIED},
	{"approved-bundle", "owners", 0, CS_APPROVED},
	{"approved-bundle-pair", "owners", 0, CS_APPROVED},
	{"approved-bundle-batch", "owners", 0, CS_APPROVED},
	{"approved-bundle-quorum", "owners", 2, CS_APPROVED},
	{"approved-bundle-algorithms", "owners", 0, CS_APPROVED},
	{"approved-ca-bundle", "owners-ca", 0, CS_APPROVED},
	{"denied-bundle", "owners", 0, CS_DENIED},
};

static char dir[4096];

/* A message taken apart: the request, then approvals that lie beside it. */
struct parts {
	const struct message *of;
	cs_anchors *anchors;
	cs_buf *own[PARTS_MAX];
	cs_span der[PARTS_MAX]; /* one of them is changed */
	size_t n;
	cs_span tbs[PARTS_MAX];
	size_t n_tbs;
};

static cs_buf *
slurp(const char *name, const char *suffix)
{
	char path[8192];
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	if (cs_file_read(path, CS_MESSAGE_MAX, &b, &e) != CS_OK) {
		printf("Bail out! %s: %s\n", path, e.text);
		exit(99);
	}
	return b;
}

static cs_verdict *
judge(const struct parts *p)
{
	cs_verify_in in = {.anchors = p->anchors, .quorum = p->of->quorum,
	    .authority = cs_span_str("https://corp.example")};
	size_t i, room = 0;
	cs_verdict *v = NULL;
	cs_buf *b = NULL;
	cs_err e = {0};
	int r;

	for (i = 0; i < p->n; i++)
		room += cs_pem_max(p->der[i].n);
	if ((b = cs_buf_new(room)) == NULL)
		exit(98);
	for (i = 0, r = CS_OK; r == CS_OK && i < p->n; i++)
		r = cs_pem_put(b, i == 0 ? CS_PEM_REQUEST : CS_PEM_APPROVAL,
		    p->der[i], &e);
	in.message = cs_buf_span(b);
	if (r != CS_OK ||
	    cs_time_parse("2026-11-21T12:00:00Z", &in.now, &e) != CS_OK ||
	    cs_verify(&in, &v, &e) != CS_OK)
		printf("# no verdict: %s\n", e.text);
	cs_buf_free(&b);
	return v;
}

/* The same answer, by the very same words: nothing that somebody could gain. */
static bool
is_same(const struct parts *p, const cs_verdict *v)
{
	const cs_approved *a = cs_verdict_denial(v);
	size_t i, j, n = cs_verdict_count(v), found = 0;

	if (cs_verdict_state(v) != p->of->state)
		return false;
	for (i = 0; i < (a != NULL ? 1 : n); i++)
		for (j = 0; j < p->n_tbs; j++)
			found += cs_span_eq(p->tbs[j], (a != NULL ? a :
			    cs_verdict_at(v, i))->approval->tbs.der);
	return found == (a != NULL ? 1 : p->n_tbs) &&
	    cs_span_eq(cs_verdict_request(v)->der, p->der[0]);
}

enum answer { REFUSED, SAME, WRONG };

static enum answer
answer_of(const struct parts *p)
{
	cs_verdict *v = judge(p);
	const cs_err *why;
	enum answer a = WRONG;

	if (v == NULL)
		return WRONG;
	why = cs_verdict_error(v);
	if (cs_verdict_state(v) != CS_REFUSED)
		a = is_same(p, v) ? SAME : WRONG;
	else if (why->detail != CS_R_NONE && why->detail != CS_R_INTERNAL &&
	    why->text[0] != '\0')
		a = REFUSED;
	if (a == WRONG)
		printf("# state %d, %s: %s\n", cs_verdict_state(v),
		    cs_reason_name(why->detail), why->text);
	cs_verdict_free(&v);
	return a;
}

static cs_span
into(cs_span in, unsigned tag)
{
	cs_span body = {0};

	if (cs_der_get(&in, tag, &body, NULL) != CS_OK)
		exit(97);
	return body;
}

static cs_span
behind(cs_span in)
{
	if (cs_der_any(&in, NULL, NULL, NULL, NULL) != CS_OK)
		exit(96);
	return in;
}

/* The content of the signer identifier, RFC 5652 5.3: ours are [0]. */
static cs_span
signer_id(cs_span approval)
{
	cs_span in = behind(into(approval, CS_DER_SEQ));

	in = into(behind(into(in, CS_DER_SEQ)), CS_DER_CTXC(0));
	in = behind(behind(behind(into(in, CS_DER_SEQ))));
	if (cs_der_peek(in, CS_DER_CTXC(0)))
		in = behind(in);
	in = into(into(in, CS_DER_SET), CS_DER_SEQ);
	return into(behind(in), CS_DER_CTX(0));
}

/* Each octet of part `k` in turn; `may` are those that nobody signed. */
static void
flips(struct parts *p, size_t k, cs_span may)
{
	static const uint8_t masks[] = {0x01, 0x80};
	size_t n_masks = p->n > 1 && p->n < 4 ? 2 : 1; /* or it takes long */
	cs_span good = p->der[k];
	uint8_t *copy = malloc(good.n);
	size_t i, m, wrong = 0, same = 0, expected = 0;
	enum answer a;

	if (copy == NULL)
		exit(95);
	memcpy(copy, good.p, good.n);
	p->der[k].p = copy;
	for (i = 0; i < good.n; i++)
		for (m = 0; m < n_masks; m++) {
			bool unsigned_one = may.p != NULL &&
			    good.p + i >= may.p && good.p + i < may.p + may.n;

			if (sample_skips())
				continue;
			copy[i] ^= masks[m];
			a = answer_of(p);
			copy[i] = good.p[i];
			same += a == SAME;
			expected += unsigned_one;
			if (a == (unsigned_one ? SAME : REFUSED))
				continue;
			wrong++;
			printf("# octet %zu of part %zu ^ %02x\n", i, k,
			    masks[m]);
		}
	ok(wrong == 0 && same == expected,
	    "%s: part %zu, one octet changed: %zu change nothing, %zu may",
	    p->of->name, k, same, expected);
	p->der[k] = good;
	free(copy);
}

static void
cuts(struct parts *p, size_t k)
{
	cs_span good = p->der[k];
	size_t i, wrong = 0;

	for (i = 0; i < good.n; i++) {
		if (sample_skips())
			continue;
		p->der[k].n = i;
		wrong += answer_of(p) != REFUSED;
	}
	ok(wrong == 0, "%s: part %zu, cut off", p->of->name, k);
	p->der[k] = good;
}

/* Takes what lies in the file apart, and what is approved there. */
static void
take_apart(struct parts *p)
{
	cs_buf *file = slurp(p->of->name, ".pem");
	cs_span in = cs_buf_span(file), label = {0};
	cs_approval *a = NULL;
	cs_message *m = NULL;
	cs_err e = {0};
	size_t i;

	while (cs_pem_next(&in, &label, &p->own[p->n], &e) == CS_OK &&
	    p->own[p->n] != NULL) {
		p->der[p->n] = cs_buf_span(p->own[p->n]);
		p->n++;
	}
	if (cs_message_parse(cs_buf_span(file), &m, &e) != CS_OK)
		exit(94);
	for (i = 0; i < m->n; i++) {
		if (cs_approval_parse(m->approvals[i], 0, &a, &e) != CS_OK)
			exit(93);
		p->own[PARTS_MAX - 1 - i] = cs_buf_dup(a->tbs.der);
		p->tbs[i] = cs_buf_span(p->own[PARTS_MAX - 1 - i]);
		cs_approval_free(&a);
	}
	p->n_tbs = m->n;
	cs_message_free(&m);
	cs_buf_free(&file);
}

static void
try_message(const struct message *of, cs_anchors *anchors)
{
	struct parts p = {.of = of, .anchors = anchors};
	size_t k;

	take_apart(&p);
	ok(p.n != 0 && answer_of(&p) == SAME, "%s: as it was", of->name);
	for (k = 0; k < p.n; k++) {
		cuts(&p, k);
		flips(&p, k, k == 0 ? (cs_span){0} : signer_id(p.der[k]));
	}
	for (k = 0; k < PARTS_MAX; k++)
		cs_buf_free(&p.own[k]);
}

static cs_anchors *
owners(const char *name)
{
	cs_buf *b = slurp(name, "");
	cs_anchors *a = NULL;
	cs_err e = {0};

	if (!ok(cs_anchors_parse(name, cs_buf_span(b), &a, &e) == CS_OK,
	    "%s file", name))
		exit(92);
	cs_buf_free(&b);
	return a;
}

int
main(void)
{
	const char *src = getenv("SRCDIR");
	cs_anchors *a = NULL;
	size_t i;

	if (!vec_has_arc())
		return 0;
	(void)snprintf(dir, sizeof(dir), "%s/tests/vectors/verdict",
	    src == NULL ? "." : src);
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		a = owners(messages[i].owners);
		try_message(&messages[i], a);
		cs_anchors_free(&a);
	}
	return done_testing();
}
