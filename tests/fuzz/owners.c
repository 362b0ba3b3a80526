/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/text.h"
#include "fmt/names.h"
#include "fmt/origin.h"
#include "fmt/ownersput.h"
#include "fuzz.h"
#include "lines.h"

#define LINE_SHORT 32768 /* far enough from where the reader stops */

static void
check_anchor(const cs_anchor *a)
{
	bool ca = a->type == CS_ANCHOR_X509;
	cs_spki key;

	CHECK(ca ? cs_span_is(a->owner, "*") :
	    cs_owner_check(a->owner, NULL) == CS_OK);
	CHECK(ca == (a->ca.p != NULL) && ca == (a->owner_san.p != NULL));
	CHECK(ca == ((a->crl.p != NULL) != a->no_revocation));
	CHECK(cs_spki_parse(a->key.der, &key, NULL) == CS_OK &&
	    key.kind == a->key.kind);
	CHECK(!a->verify_required || a->pin_always ||
	    a->type == CS_ANCHOR_FIDO2 || a->type == CS_ANCHOR_SK);
	CHECK((a->ssh.blob.p != NULL) == (a->type == CS_ANCHOR_SSH ||
	    a->type == CS_ANCHOR_SK));
	CHECK(a->ssh.is_sk == (a->type == CS_ANCHOR_SK));
	CHECK((a->type == CS_ANCHOR_FIDO2) == (a->rp_id.p != NULL));
	CHECK(a->rp_id.p == NULL || cs_rp_id_check(a->rp_id, NULL) == CS_OK);
	CHECK(!(a->touch_always || a->pin_always) ||
	    a->proof == CS_PROOF_YUBIKEY_PIV);
	CHECK((a->proof != CS_PROOF_NONE) == (a->proof_text.p != NULL));
	CHECK(a->max_lifetime >= 0 && a->max_issuances >= 0 &&
	    a->max_window >= 0);
	CHECK(!cs_anchor_allows(a, cs_span_str("wimse://nobody.example")));
	if (a->agents.n > 0 && memchr(a->agents.p, ' ', a->agents.n) == NULL)
		CHECK(cs_anchor_allows(a, a->agents));
}

static lines *
parse(const uint8_t *data, size_t n)
{
	lines *o = NULL;
	uint8_t *copy = malloc(n + 1); /* gone before anything is read */
	cs_err e = {0};

	if (copy == NULL)
		return NULL;
	if (n > 0)
		memcpy(copy + 1, data, n);
	if (lines_parse("f", cs_span_of(copy + 1, n), &o, &e) != CS_OK) {
		CHECK(o == NULL && e.cls == CS_EFORMAT);
		CHECK(strncmp(e.text, "f:", 2) == 0);
	}
	free(copy);
	return o;
}

/* Without its last line a file means the same as far as it goes. */
static void
check_prefix(const uint8_t *data, size_t n, const lines *whole)
{
	lines *o = NULL;
	size_t i;

	while (n > 0 && data[n - 1] != '\n')
		n--;
	CHECK((o = parse(data, n)) != NULL);
	CHECK(o->n <= whole->n &&
	    o->n + 1 >= whole->n);
	for (i = 0; i < o->n; i++)
		CHECK(cs_span_eq(o->anchors[i].key.der,
		    whole->anchors[i].key.der));
	lines_free(&o);
}

struct counts {
	size_t good, bad;
};

static int
count_good(void *arg, const cs_anchor *a, cs_err *e)
{
	(void)a;
	(void)e;
	((struct counts *)arg)->good++;
	return CS_OK;
}

static int
count_bad(void *arg, unsigned line, const cs_err *why, cs_err *e)
{
	(void)e;
	CHECK(line > 0 && why->cls == CS_EFORMAT);
	((struct counts *)arg)->bad++;
	return CS_OK;
}

/* Who hears of every bad line hears of one where the file is bad. */
static void
check_all(cs_span in, const lines *o)
{
	struct counts c = {0};
	cs_err e = {0};

	CHECK(cs_owners_check("f", in, count_good, count_bad, &c, &e) ==
	    CS_OK);
	CHECK((c.bad == 0) == (o != NULL));
	CHECK(o == NULL || c.good == o->n);
}

/* What was read can be written, unless it would not be shown; whatever is
 * written is compared there with what was meant. */
static void
check_put(const cs_anchor *a)
{
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_ROOM);
	cs_err e = {0};
	int r;

	if (b == NULL)
		return;
	r = cs_owners_put(b, a, &e);
	CHECK(r == CS_OK || (r == CS_EFORMAT && cs_buf_len(b) == 0));
	CHECK(r == CS_OK || !cs_text_plain(a->comment) ||
	    a->key.der.n + a->ca.n > LINE_SHORT);
	cs_buf_free(&b);
}

/* Every good line can be revoked. */
static void
check_revoke(cs_span in)
{
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_ROOM);
	const uint8_t *nl;
	lines *o = NULL;
	cs_span line;

	while (b != NULL && in.n != 0) {
		nl = memchr(in.p, '\n', in.n);
		line = cs_span_cut(in, 0, nl == NULL ? in.n :
		    (size_t)(nl - in.p));
		in = cs_span_cut(in, line.n + (nl != NULL),
		    in.n - line.n - (nl != NULL));
		if (nl != NULL && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if ((o = parse(line.p, line.n)) == NULL)
			continue;
		cs_buf_reset(b);
		CHECK(o->n == 0 || line.n > LINE_SHORT ||
		    cs_owners_revoke(line, 1800000000, b, NULL) == CS_OK);
		lines_free(&o);
	}
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	lines *o = parse(data, n);
	size_t i;

	check_all(cs_span_of(data, n), o);
	if (o == NULL)
		return 0;
	for (i = 0; i < o->n; i++) {
		check_anchor(&o->anchors[i]);
		check_put(&o->anchors[i]);
	}
	check_revoke(cs_span_of(data, n));
	check_prefix(data, n, o);
	lines_free(&o);
	return 0;
}
