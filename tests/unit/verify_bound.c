/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/bound.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "expect.h"
#include "fmt/bindings.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/pem.h"
#include "sample.h"
#include "tap.h"
#include "vec.h"
#include "verify/credential.h"
#include "verify/verdict.h"

/* What an approved verdict leaves behind is put into a certificate, and a
 * relying party judges that. */

#define CERT_ROOM (512 * 1024)

static cs_anchors *anchors;

static void
put_extension(cs_buf *b, enum cs_oid id, bool critical, cs_span value)
{
	size_t seq = cs_der_begin(b, CS_DER_SEQ);
	static const uint8_t yes[] = {0xff};

	cs_der_put(b, CS_DER_OID, cs_oid(id));
	if (critical)
		cs_der_put(b, CS_DER_BOOLEAN, cs_span_of(yes, 1));
	cs_der_put(b, CS_DER_OCTETS, value);
	cs_der_close(b, seq);
}

static void
put_extensions(cs_buf *b, const cs_csr *c, cs_span bindings)
{
	size_t box = cs_der_begin(b, CS_DER_CTXC(3));
	size_t list = cs_der_begin(b, CS_DER_SEQ), seq;
	cs_buf *san = cs_buf_new(c->agent_id.n + 32);

	seq = cs_der_begin(san, CS_DER_SEQ);
	cs_der_put(san, CS_DER_CTX(6), c->agent_id);
	cs_der_close(san, seq);
	put_extension(b, CS_OID_CE_SUBJECT_ALT_NAME, true, cs_buf_span(san));
	put_extension(b, CS_OID_PE_OWNER_BINDINGS, false, bindings);
	cs_der_close(b, list);
	cs_der_close(b, box);
	cs_buf_free(&san);
}

static void
put_time(cs_buf *b, int64_t t)
{
	char text[16] = "";

	if (!cs_gentime_put(t, text))
		exit(98);
	cs_der_put(b, CS_DER_UTCTIME, cs_span_of(text + 2, 13));
}

/* Nobody asks here who signed it. */
static cs_buf *
make_cert(const cs_verdict *v, cs_span bindings, int64_t from, int64_t until)
{
	static const uint8_t alg[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x04, 0x03, 0x02}, none[] = {0x30, 0x00};
	const cs_csr *c = cs_verdict_request(v);
	cs_buf *b = cs_buf_new(CERT_ROOM);
	size_t cert = cs_der_begin(b, CS_DER_SEQ), tbs, seq;

	tbs = cs_der_begin(b, CS_DER_SEQ);
	seq = cs_der_begin(b, CS_DER_CTXC(0));
	cs_der_put_uint(b, CS_DER_INTEGER, 2);
	cs_der_close(b, seq);
	cs_der_put_uint(b, CS_DER_INTEGER, 77);
	cs_der_put_raw(b, cs_span_of(alg, sizeof(alg)));
	cs_der_put_raw(b, cs_span_of(none, sizeof(none)));
	seq = cs_der_begin(b, CS_DER_SEQ);
	put_time(b, from);
	put_time(b, until);
	cs_der_close(b, seq);
	cs_der_put_raw(b, cs_span_of(none, sizeof(none)));
	cs_der_put_raw(b, c->key.der);
	put_extensions(b, c, bindings);
	cs_der_close(b, tbs);
	cs_der_put_raw(b, cs_span_of(alg, sizeof(alg)));
	cs_der_put_bits(b, cs_span_of("\x30\x00", 2));
	cs_der_close(b, cert);
	if (cs_der_done(b, NULL) != CS_OK)
		exit(99);
	return b;
}

static bool
may_be_full(const cs_approved *a)
{
	return a->approval->tbs.n_subjects == 1 &&
	    a->approval->tbs.der.n <= 4096;
}

static enum cs_credential_state
relied_on(const cs_verdict *v, cs_span bindings, int64_t now, cs_err *why)
{
	cs_buf *cert = make_cert(v, bindings, now,
	    now + cs_verdict_max_lifetime(v));
	cs_credential_in in = {.certificate = cs_buf_span(cert),
	    .anchors = anchors, .authority =
	    cs_verdict_at(v, 0)->approval->tbs.authority, .now = now};
	enum cs_credential_state state = CS_CREDENTIAL_REFUSED;
	cs_credential *c = NULL;

	if (cs_credential_check(&in, &c, why) == CS_OK) {
		state = cs_credential_state(c);
		*why = *cs_credential_error(c);
	}
	cs_credential_free(&c);
	cs_buf_free(&cert);
	return state;
}

static size_t
count_certs(cs_span certs)
{
	size_t n = 0;

	for (; certs.n != 0; n++)
		if (cs_der_get(&certs, CS_DER_SEQ, NULL, NULL) != CS_OK)
			exit(97);
	return n;
}

/* As many as lead to the CA, and without one none. */
static bool
is_bare(const cs_approved *a, const cs_approval *now)
{
	size_t n = 0;

	if (now->carrier != CS_CARRIER_CMS)
		return cs_span_eq(now->der, a->approval->der);
	while (a->path->chain != NULL &&
	    cs_chain_key_hash(a->path->chain, n + 1) != NULL)
		n++;
	return count_certs(now->cms.certs) == n &&
	    cs_span_eq(now->cms.signed_attrs,
	    a->approval->cms.signed_attrs) &&
	    cs_span_eq(now->cms.sig, a->approval->cms.sig);
}

static bool
is_bound(const cs_approved *a, const cs_binding *b, bool digest)
{
	bool full = may_be_full(a) && !digest, good;
	cs_approval *p = NULL;

	good = cs_span_eq(b->owner, a->approval->tbs.owner) &&
	    cs_span_eq(b->key.der, a->key.der) &&
	    b->assurance == cs_assurance_bits(&a->assurance) &&
	    (a->role != CS_ROLE_USE || b->assurance == 0) &&
	    cs_span_eq(b->approval_id, a->approval->tbs.approval_id) &&
	    (b->full.p != NULL) == full && (full || cs_span_eq(b->digest,
	    cs_span_of(a->tbs_hash, CS_SHA256_LEN)));
	if (!good || !full)
		return good;
	good = cs_binding_approval(b, 0, &p, NULL) == CS_OK &&
	    cs_span_eq(p->tbs.der, a->approval->tbs.der) && is_bare(a, p);
	cs_approval_free(&p);
	return good;
}

static size_t seen, proven, grants, quorums;

static void
check(const char *name, const cs_verdict *v, int64_t now, bool digest)
{
	cs_buf *out = cs_buf_new(CERT_ROOM);
	enum cs_credential_state want = digest ? CS_CREDENTIAL_ISSUER_ONLY :
						 CS_CREDENTIAL_PROVEN;
	cs_bindings *b = NULL;
	cs_err e = {0};
	size_t i;

	if (!ok(cs_verdict_bindings(v, digest, out, &e) == CS_OK &&
	    cs_bindings_parse(cs_buf_span(out), 0, &b, &e) == CS_OK &&
	    b->n == cs_verdict_count(v), "%s: bindings", name)) {
		printf("# %s\n", e.text);
		return;
	}
	for (i = 0; i < b->n; i++) {
		ok(is_bound(cs_verdict_at(v, i), &b->at[i], digest),
		    "%s: binding %zu", name, i);
		if (!may_be_full(cs_verdict_at(v, i)))
			want = CS_CREDENTIAL_ISSUER_ONLY;
	}
	proven += want == CS_CREDENTIAL_PROVEN;
	if (!ok(relied_on(v, cs_buf_span(out), now, &e) == want, "%s: %s",
	    name, want == CS_CREDENTIAL_PROVEN ? "proven" : "issuer only"))
		printf("# %s\n", e.text);
	cs_bindings_free(&b);
	cs_buf_free(&out);
}

/* One room for all of a verdict, as who records a claim has it. */
static void
audits(const char *name, const cs_verdict *v)
{
	size_t n = cs_verdict_count(v), i, bad = 0;
	cs_buf *own = cs_buf_new(n * CS_AUDITED_MAX);
	cs_audit_approval r[CS_AUDIT_APPROVALS_MAX];
	const cs_approved *a;
	cs_approval *p = NULL;
	char line[64];

	for (i = 0; i < n; i++)
		bad += cs_approved_audit(cs_verdict_at(v, i), &r[i], own,
		    NULL) != CS_OK;
	for (i = 0; bad == 0 && i < n; i++) {
		a = cs_verdict_at(v, i);
		(void)snprintf(line, sizeof(line), "%s:%u", a->anchor.file,
		    a->anchor.line);
		bad += r[i].role != (unsigned)a->role ||
		    !cs_span_eq(r[i].owner, a->approval->tbs.owner) ||
		    !cs_span_eq(r[i].key.der, a->key.der) ||
		    r[i].assurance != cs_assurance_bits(&a->assurance) ||
		    !cs_span_is(r[i].line, line) ||
		    cs_approval_parse(r[i].approval, 0, &p, NULL) != CS_OK ||
		    !cs_span_eq(p->tbs.der, a->approval->tbs.der) ||
		    !is_bare(a, p);
		cs_approval_free(&p);
	}
	ok(bad == 0, "%s: for the audit log", name);
	cs_buf_free(&own);
}

static void
one(const char *name, const char *options)
{
	struct expect_asked asked;
	cs_buf *file = NULL, *out = cs_buf_new(CERT_ROOM);
	cs_verdict *v = NULL;
	cs_verify_in in;
	bool yes = strncmp(name, "approved", 8) == 0;

	if ((!yes && strncmp(name, "denied", 6) != 0) || sample_skips())
		goto out;
	file = expect_file(name, ".pem");
	in = expect_input(&asked, options, cs_buf_span(file), anchors);
	if (!ok(cs_verify(&in, &v, NULL) == CS_OK &&
	    (cs_verdict_state(v) == CS_APPROVED) == yes, "%s", name))
		goto out;
	if (!yes) {
		ok(cs_verdict_bindings(v, false, out, NULL) == CS_EUSAGE &&
		    cs_buf_len(out) == 0, "%s: nothing to bind", name);
		goto out;
	}
	seen++;
	grants += cs_verdict_at(v, 0)->role == CS_ROLE_GRANT;
	quorums += cs_verdict_count(v) > 1 &&
	    cs_verdict_at(v, 0)->role == CS_ROLE_OWN;
	check(name, v, in.now, false);
	check(name, v, in.now, true);
	audits(name, v);
out:
	cs_verdict_free(&v);
	cs_buf_free(&file);
	cs_buf_free(&out);
}

/* The bindings of a bundle; `spare`: with certificates that nobody needs and
 * another name for the signer. */
static cs_buf *
bindings_of(const char *name, bool spare)
{
	cs_buf *file = expect_file(name, ".pem"), *der = NULL,
	    *more = expect_file("ca-late.der", ""), *certs = NULL,
	    *out = cs_buf_new(CERT_ROOM), *b = cs_buf_new(CERT_ROOM);
	struct expect_asked asked;
	cs_message *m = NULL;
	cs_approval *a = NULL;
	cs_cms_new n = {0};
	cs_verify_in in;
	cs_verdict *v = NULL;

	if (cs_message_parse(cs_buf_span(file), &m, NULL) != CS_OK ||
	    cs_approval_parse(m->approvals[0], 0, &a, NULL) != CS_OK)
		exit(96);
	certs = cs_buf_new(a->cms.certs.n + cs_buf_len(more));
	der = cs_buf_new(CERT_ROOM);
	n = (cs_cms_new){.tbs = a->cms.tbs, .key_hash = cs_span_str("whoever"),
	    .attrs = a->cms.signed_attrs, .digest_alg = a->cms.digest_alg,
	    .sig_alg = a->cms.sig_alg, .sig = a->cms.sig};
	if (cs_buf_put(certs, a->cms.certs) != CS_OK ||
	    cs_buf_put(certs, cs_buf_span(more)) != CS_OK)
		exit(96);
	n.certs = cs_buf_span(certs);
	if (cs_cms_put(&n, der, NULL) != CS_OK ||
	    cs_approval_put_cms(cs_buf_span(der), b, NULL) != CS_OK ||
	    cs_pem_put(out, CS_PEM_REQUEST, m->csr->der, NULL) != CS_OK ||
	    cs_pem_put(out, CS_PEM_APPROVAL, spare ? cs_buf_span(b) : a->der,
	    NULL) != CS_OK)
		exit(96);
	in = expect_input(&asked, "-", cs_buf_span(out), anchors);
	cs_buf_reset(b);
	ok(cs_verify(&in, &v, NULL) == CS_OK &&
	    cs_verdict_bindings(v, false, b, NULL) == CS_OK, "%s%s", name,
	    spare ? " with more than it needs" : "");
	cs_verdict_free(&v);
	cs_approval_free(&a);
	cs_message_free(&m);
	cs_buf_free(&file);
	cs_buf_free(&der);
	cs_buf_free(&certs);
	cs_buf_free(&more);
	cs_buf_free(&out);
	return b;
}

/* Nothing that the agent chose is left. */
static void
spare(const char *name)
{
	cs_buf *plain = bindings_of(name, false);
	cs_buf *more = bindings_of(name, true);

	ok(cs_buf_len(plain) != 0 &&
	    cs_span_eq(cs_buf_span(plain), cs_buf_span(more)),
	    "%s: the same bindings", name);
	cs_buf_free(&plain);
	cs_buf_free(&more);
}

/* As if one octet more had been signed than may be there in full. */
static void
large(void)
{
	cs_buf *file = expect_file("approved", ".pem"),
	    *out = cs_buf_new(CERT_ROOM);
	struct expect_asked asked;
	cs_verify_in in = expect_input(&asked, "-", cs_buf_span(file),
	    anchors);
	cs_bindings *b = NULL;
	cs_verdict *v = NULL;

	if (!ok(cs_verify(&in, &v, NULL) == CS_OK, "a verdict"))
		exit(95);
	v->approvals[0]->tbs.der.n = 4097;
	ok(cs_verdict_bindings(v, false, out, NULL) == CS_OK &&
	    cs_bindings_parse(cs_buf_span(out), 0, &b, NULL) == CS_OK &&
	    b->at[0].full.p == NULL, "4097 octets are there by their digest");
	cs_bindings_free(&b);
	cs_verdict_free(&v);
	cs_buf_free(&file);
	cs_buf_free(&out);
}

static void
owners(const char *name)
{
	cs_buf *b = expect_file(name, "");
	cs_err e = {0};

	cs_anchors_free(&anchors);
	if (!ok(cs_anchors_parse(name, cs_buf_span(b), &anchors, &e) == CS_OK,
	    "%s", name)) {
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
	owners("owners-ca");
	expect_each(one, "expect-ca");
	spare("approved-ca-bundle");
	owners("owners-sk");
	expect_each(one, "expect-sk");
	owners("owners");
	expect_each(one, "expect");
	expect_each(one, "matrix");
	spare("approved-bundle");
	large();
	ok(sample_on() || (seen > 150 && proven > 140 && grants > 20 &&
	    quorums > 15),
	    "%zu verdicts, %zu proven, %zu by grants, %zu quorums", seen,
	    proven, grants, quorums);
	cs_anchors_free(&anchors);
	return done_testing();
}
