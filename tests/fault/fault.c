/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/fault.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/chain.h"
#include "crypt/cmscert.h"
#include "crypt/ossl.h"
#include "crypt/pubkey.h"
#include "crypt/sshverify.h"
#include "fmt/oid.h"
#include "signer/plain.h"
#include "tests/fault/attest.h"
#include "tests/fault/fixture.h"
#include "tests/fault/keys.h"
#include "tests/fault/plugin.h"
#include "tests/fault/store.h"
#include "tests/fault/tpm.h"
#include "tests/unit/tap.h"
#include "verify/verify.h"

/*
 * Each operation again and again, each time with the next call failing, until
 * none is left to fail. A failure may refuse what is good; it never accepts
 * what is bad, hands nothing out, leaks nothing, and says so.
 */

#define BROKEN 1 /* no class: the operation broke its word */
#define MOST 100000
#define EACH 16 /* so many of OpenSSL's allocations one by one */

static struct fixture f;

static int
good_plugin(cs_err *e)
{
	return plugin_good(&f, e);
}

static int
forged_plugin(cs_err *e)
{
	return plugin_forged(&f, e);
}

static int
certified_plugin(cs_err *e)
{
	return plugin_certified(&f, e);
}

static int
reloaded_plugin(cs_err *e)
{
	return plugin_reload(&f, e);
}

struct op {
	const char *name;
	int (*run)(cs_err *e);
	int want;  /* without a fault: CS_OK, or a class */
	int once;  /* not 0: the kind of key makes no difference */
};

/* Once, and memory of libconfuse's and asprintf's is freed, so that what is
 * kept cannot be counted here. */
#define FOREIGN 2

static long uncounted;

/* The first of all: there is no context yet. */
static int
first_hash(cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];

	return cs_sha256(cs_span_str("first"), hash, e);
}

static int
request(cs_span der, cs_err *e)
{
	cs_csr *c = NULL;
	int rc = cs_csr_parse(der, &c, e);

	if (rc != CS_OK)
		return c == NULL ? rc : BROKEN;
	rc = cs_csr_verify(c, e);
	cs_csr_free(&c);
	return rc;
}

static int
good_request(cs_err *e)
{
	return request(cs_buf_span(f.request), e);
}

static int
forged_request(cs_err *e)
{
	return request(cs_buf_span(f.forged_request), e);
}

static int
digest(cs_err *e)
{
	uint8_t out[CS_SHA256_LEN];
	cs_csr *c = NULL;
	int rc;

	if ((rc = cs_csr_parse(cs_buf_span(f.request), &c, e)) == CS_OK)
		rc = cs_request_digest(c, out, e);
	cs_csr_free(&c);
	return rc;
}

static int
tbs(cs_err *e)
{
	static cs_tbs t;

	return cs_tbs_parse(cs_buf_span(f.tbs), 0, &t, e);
}

static int
approval(cs_err *e)
{
	cs_approval *a = NULL;
	const int rc = cs_approval_parse(cs_buf_span(f.approval), 0, &a, e);

	if ((rc == CS_OK) != (a != NULL))
		return BROKEN;
	cs_approval_free(&a);
	return rc;
}

static int
honest(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	(void)arg;
	return cs_privkey_sign(f.owner, alg, bytes, sig, e);
}

static int
liar(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	(void)arg;
	return cs_privkey_sign(f.agent, alg, bytes, sig, e);
}

static int
sign(cs_raw_sign *how, cs_span certs, cs_err *e)
{
	const cs_to_sign what = {.tbs = cs_buf_span(f.tbs),
	    .now = FIXTURE_NOW, .certs = certs};
	const cs_plain p = {.what = &what,
	    .spki = cs_buf_span(f.owner_spki),
	    .pss = f.pss,
	    .sign = how};
	static cs_buf *out;
	int rc;

	if (out == NULL && (out = cs_buf_new(CS_APPROVAL_MAX)) == NULL)
		return cs_nomem(e, "test");
	rc = cs_plain_sign(&p, out, e);
	if ((rc == CS_OK) != (cs_buf_len(out) != 0))
		rc = BROKEN;
	cs_buf_free(&out);
	return rc;
}

static int
good_sign(cs_err *e)
{
	return sign(honest, (cs_span){0}, e);
}

static int
false_sign(cs_err *e)
{
	return sign(liar, (cs_span){0}, e);
}

static int
certified_sign(cs_err *e)
{
	return sign(honest, cs_buf_span(f.ca.certs), e);
}

static int
plain_key(cs_err *e)
{
	return keys_read(f.pem, "", e);
}

static int
encrypted_key(cs_err *e)
{
	return keys_read(f.encrypted_pem, FIXTURE_WORD, e);
}

static int
wrong_word(cs_err *e)
{
	return keys_read(f.encrypted_pem, "open simsim", e);
}

static int
certificate(cs_err *e)
{
	cs_buf *out = cs_buf_new(4096);
	cs_spki k;
	int rc;

	if (out == NULL)
		return cs_nomem(e, "test");
	if ((rc = cs_spki_parse(cs_buf_span(f.owner_spki), &k, e)) == CS_OK)
		rc = cs_cms_cert(&k, FIXTURE_NOW, out, e);
	if ((rc == CS_OK) != (cs_buf_len(out) != 0))
		rc = BROKEN;
	cs_buf_free(&out);
	return rc;
}

static int
verdict(const cs_buf *message, const cs_anchors *anchors, cs_err *e)
{
	const cs_verify_in in = {
		.message = cs_buf_span(message),
		.anchors = anchors,
		.authority = cs_span_str(FIXTURE_AUTHORITY),
		.now = FIXTURE_NOW,
	};
	cs_verdict *v = NULL;
	int rc = cs_verify(&in, &v, e);

	if ((rc == CS_OK) != (v != NULL))
		rc = BROKEN;
	else if (rc == CS_OK && cs_verdict_state(v) != CS_APPROVED) {
		*e = *cs_verdict_error(v);
		rc = CS_EREFUSED;
	}
	cs_verdict_free(&v);
	return rc;
}

static int
verify(const cs_buf *owners, const cs_buf *message, cs_err *e)
{
	cs_anchors *a = NULL;
	int rc;

	if ((rc = cs_anchors_parse("owners", cs_buf_span(owners), &a, e)) ==
	    CS_OK)
		rc = verdict(message, a, e);
	cs_anchors_free(&a);
	return rc;
}

static int
good_message(cs_err *e)
{
	return verify(f.owners, f.message, e);
}

static int
forged_message(cs_err *e)
{
	return verify(f.owners, f.forged_message, e);
}

static int
ca_message(cs_err *e)
{
	return verify(f.ca_owners, f.ca_message, e);
}

static int
forged_ca_message(cs_err *e)
{
	return verify(f.ca_owners, f.forged_ca_message, e);
}

/* All that is asked of certificates, where there are lists. */
static int
chain(const cs_buf *certs, cs_buf *owner, const cs_ca *ca, cs_err *e)
{
	const cs_span eku = cs_oid(CS_OID_KP_OWNER_APPROVAL);
	cs_span issuer, serial;
	uint8_t hash[CS_SHA256_LEN];
	cs_chain *c = NULL;
	int rc;

	if ((rc = cs_sha256(cs_buf_span(f.owner_spki), hash, e)) != CS_OK ||
	    (rc = cs_chain_read(cs_buf_span(certs), cs_span_of(hash,
	    sizeof(hash)), &c, e)) != CS_OK)
		return c == NULL ? rc : BROKEN;
	if ((rc = cs_chain_path(c, ca, eku, FIXTURE_NOW, e)) == CS_OK &&
	    (rc = cs_chain_profile(c, eku, e)) == CS_OK &&
	    (rc = cs_chain_current(c, FIXTURE_NOW, e)) == CS_OK &&
	    (rc = cs_chain_issuer(c, &issuer, &serial, e)) == CS_OK)
		rc = cs_chain_owner(c, cs_span_str("email:*@corp.example"),
		    owner, e);
	cs_chain_free(&c);
	return rc;
}

static int
path(const cs_buf *certs, cs_err *e)
{
	cs_buf *owner = cs_buf_new(1024);
	cs_ca *ca = NULL;
	int rc;

	if (owner == NULL)
		return cs_nomem(e, "test");
	if ((rc = cs_ca_new(cs_buf_span(f.ca.root), &ca, e)) == CS_OK &&
	    (rc = cs_ca_add_crls(ca, cs_buf_span(f.ca.lists), e)) == CS_OK)
		rc = chain(certs, owner, ca, e);
	if (rc == CS_OK && !cs_span_is(cs_buf_span(owner),
	    "mailto:alice@corp.example"))
		rc = BROKEN;
	cs_ca_free(&ca);
	cs_buf_free(&owner);
	return rc;
}

static int
good_path(cs_err *e)
{
	return path(f.ca.certs, e);
}

/* The same certificate twice is one. */
static int
doubled_path(cs_err *e)
{
	cs_buf *two = cs_buf_new(2 * cs_buf_len(f.ca.certs));
	int rc;

	if (two == NULL)
		return cs_nomem(e, "test");
	rc = cs_buf_put(two, cs_buf_span(f.ca.certs)) == CS_OK &&
	    cs_buf_put(two, cs_buf_span(f.ca.certs)) == CS_OK ?
	    path(two, e) : CS_EBUG;
	cs_buf_free(&two);
	return rc;
}

static int
revoked_path(cs_err *e)
{
	return path(f.ca.gone, e);
}

static int
good_direct(cs_err *e)
{
	return authority_issued(&f.ca, f.ca.direct, e);
}

static int
forged_direct(cs_err *e)
{
	return authority_issued(&f.ca, f.ca.forged, e);
}

static int
would_issue(cs_err *e)
{
	return authority_would(&f.ca, f.ca.forged, e);
}

static int
would_not_issue(cs_err *e)
{
	return authority_would(&f.ca, f.ca.direct, e);
}

static int
good_assertion(cs_err *e)
{
	return verify(f.fido_owners, f.fido_message, e);
}

static int
forged_assertion(cs_err *e)
{
	return verify(f.fido_owners, f.forged_fido_message, e);
}

/* Of these bytes, or of others: a signature by OpenSSH's rules. */
static int
openssh(bool good, cs_err *e)
{
	cs_approval *a = NULL;
	cs_pubkey *k = NULL;
	cs_span message;
	cs_spki spki;
	int rc;

	if ((rc = cs_approval_parse(cs_buf_span(f.openssh), 0, &a, e)) ==
	    CS_OK && (rc = cs_spki_parse(cs_buf_span(f.owner_spki), &spki,
	    e)) == CS_OK && (rc = cs_pubkey_new(&spki, &k, e)) == CS_OK) {
		message = a->tbs.der;
		message.n -= !good;
		rc = cs_sshsig_verify(k, &a->sshsig, message, e);
	}
	cs_pubkey_free(&k);
	cs_approval_free(&a);
	return rc;
}

static int
good_openssh(cs_err *e)
{
	return openssh(true, e);
}

static int
forged_openssh(cs_err *e)
{
	return openssh(false, e);
}

static const struct op ops[] = {
	{"starting OpenSSL", cs_ossl_start, CS_OK, false},
	{"a request", good_request, CS_OK, false},
	{"a forged request", forged_request, CS_EFORMAT, false},
	{"a request's digest", digest, CS_OK, true},
	{"an OwnerApprovalTBS", tbs, CS_OK, true},
	{"an approval", approval, CS_OK, true},
	{"signing", good_sign, CS_OK, false},
	{"signing with another key", false_sign, CS_EDEVICE, false},
	{"reading a key", plain_key, CS_OK, true},
	{"reading an encrypted key", encrypted_key, CS_OK, true},
	{"reading it with the wrong word", wrong_word, CS_EAUTH, true},
	{"making a key", keys_new, CS_OK, true},
	{"a key that signs twice", keys_sign, CS_OK, false},
	{"a certificate for CMS", certificate, CS_OK, false},
	{"verifying a message", good_message, CS_OK, false},
	{"verifying a forged message", forged_message, CS_EREFUSED, false},
	{"an assertion", good_assertion, CS_OK, false},
	{"a forged assertion", forged_assertion, CS_EREFUSED, false},
	{"an OpenSSH signature", good_openssh, CS_OK, false},
	{"one of something else", forged_openssh, CS_EREFUSED, false},
	{"signing with certificates", certified_sign, CS_OK, true},
	{"an owner by certificate", ca_message, CS_OK, true},
	{"a forgery by certificate", forged_ca_message, CS_EREFUSED, true},
	{"a path with lists", good_path, CS_OK, false},
	{"a path twice", doubled_path, CS_OK, true},
	{"a path with a revoked certificate", revoked_path, CS_EREFUSED,
	    false},
	{"a certificate of the CA's own", good_direct, CS_OK, false},
	{"another's in its name", forged_direct, CS_EREFUSED, false},
	{"one that the CA may sign", would_issue, CS_OK, false},
	{"one for clients alone", would_not_issue, CS_EREFUSED, false},
	{"an attestation", attest_good, CS_OK, true},
	{"an attestation of U2F", attest_u2f, CS_OK, true},
	{"a forged attestation", attest_forged, CS_EREFUSED, true},
	{"an attestation by a CA", attest_unproven, CS_EREFUSED, true},
	{"a YubiKey's statement", attest_piv, CS_OK, true},
	{"one of a YubiKey 4", attest_piv_bare, CS_OK, true},
	{"one by a slot's key", attest_piv_forged, CS_EREFUSED, true},
	{"a TPM's offer", tpm_offer, CS_OK, true},
	{"a challenge for an EK of RSA", tpm_challenge_rsa, CS_OK, true},
	{"a challenge for an EK of P-384", tpm_challenge_ecc, CS_OK, true},
	{"a plugin's verdict", good_plugin, CS_OK, FOREIGN},
	{"a plugin's verdict on a forgery", forged_plugin, CS_EREFUSED,
	    FOREIGN},
	{"a plugin's verdict on an owner by certificate", certified_plugin,
	    CS_OK, FOREIGN},
	{"a plugin's verdict behind a reload", reloaded_plugin, CS_OK,
	    FOREIGN},
	{"a TPM's evidence", tpm_evidence, CS_OK, true},
	{"evidence that a key of software signed", tpm_forged, CS_EREFUSED,
	    true},
};

/* With a store, where there is an engine for one. The log is as its claims are
 * before a denial that says what its approval does not. */
static const struct op store_ops[] = {
	{"a store that is opened", store_opened, CS_OK, FOREIGN},
	{"a claim and its credential", store_claimed, CS_OK, true},
	{"a claim that is tried", store_tried, CS_OK, true},
	{"a revocation", store_revoked, CS_OK, true},
	{"a log that is verified", store_verified, CS_OK, true},
	{"a denial", store_denied, CS_OK, true},
};

/* Is this what an operation may do with a call of that kind failing? */
static bool
may(const struct op *o, enum fault_kind kind, int rc, const cs_err *e)
{
	if (rc == BROKEN || (rc != CS_OK && e->text[0] == '\0'))
		return false;
	if (kind == FAULT_MEMORY)
		return rc == CS_EBUG; /* no memory is nobody's refusal */
	if (kind == FAULT_CALL)
		return rc != CS_OK;
	return rc != CS_OK || o->want == CS_OK; /* OpenSSL made do */
}

/* One run; false when nothing was left to fail. */
static bool
run(const struct op *o, enum fault_kind kind, size_t n, bool stay,
    size_t *bad)
{
	const long live = fault_live();
	cs_err e = {0};
	bool hit, good;
	int rc;

	fault_arm(kind, n, stay);
	rc = o->run(&e);
	hit = fault_disarm();
	if (o->once == FOREIGN)
		uncounted += fault_live() - live;
	good = (o->once == FOREIGN || fault_live() == live) &&
	    (hit ? may(o, kind, rc, &e) : rc == o->want);
	if (!good) {
		(*bad)++;
		printf("# %zu: %d %s, %ld pieces kept\n", n, rc, e.text,
		    fault_live() - live);
	}
	return hit;
}

/* OpenSSL's decoders allocate tens of thousands of times; $FAULT_ALL makes
 * each of those fail, without it they are sampled. valgrind is too slow for
 * all of the others, too: $FAULT_EACH=N samples every kind, so many one by
 * one. */
static size_t
next(enum fault_kind kind, size_t n)
{
	const char *some = getenv("FAULT_EACH");
	const unsigned long each = some == NULL ? 0 : strtoul(some, NULL, 10);

	if (each > 0)
		return n + 1 + n / each;
	if (kind != FAULT_LIBRARY || getenv("FAULT_ALL") != NULL)
		return n + 1;
	return n + 1 + n / EACH;
}

static void
try(const struct op *o, enum fault_kind kind, const char *what, bool stay)
{
	size_t n, runs = 0, bad = 0;

	for (n = 1; n < MOST && run(o, kind, n, stay, &bad); runs++)
		n = next(kind, n);
	ok(bad == 0 && n < MOST, "%s: %zu %s fail%s", o->name, runs, what,
	    stay ? " and all behind each" : " in turn");
}

static void
test_op(const struct op *o)
{
	int stay;

	for (stay = 0; stay < 2; stay++) {
		try(o, FAULT_MEMORY, "allocations", stay != 0);
		try(o, FAULT_CALL, "calls of OpenSSL", stay != 0);
		try(o, FAULT_LIBRARY, "allocations of OpenSSL", stay != 0);
	}
}

/* Names of temporary files are asprintf's, which the wrap does not see. */
static bool
start_plugin(void)
{
	const long live = fault_live();
	const bool done = plugin_start(&f);

	uncounted += fault_live() - live;
	return done;
}

/* The name of its engine's module is asprintf's. */
static bool
start_store(bool *there)
{
	const long live = fault_live();
	const bool done = store_start(there);

	uncounted += fault_live() - live;
	return done;
}

static void
finish_store(void)
{
	const long live = fault_live();

	store_finish();
	uncounted += fault_live() - live;
}

static void
test_store(void)
{
	bool there = false;
	size_t i;

	if (!ok(start_store(&there), "a store"))
		return;
	if (!there) {
		skip("built without sqlite");
		return;
	}
	if (!ok(store_of(&f), "an approval for it"))
		return;
	for (i = 0; i < sizeof(store_ops) / sizeof(store_ops[0]); i++)
		test_op(&store_ops[i]);
	finish_store();
}

static void
test(const char *kind, bool all)
{
	const struct op *o;

	memset(&f, 0, sizeof(f));
	if (!ok(fixture_make(&f, kind) && start_plugin(),
	    "%s keys and messages", kind))
		return;
	for (o = ops; o < ops + sizeof(ops) / sizeof(ops[0]); o++)
		if (all || !o->once)
			test_op(o);
	if (all)
		test_store();
	fixture_free(&f);
}

int
main(void)
{
	static const struct op first = {"the first hash", first_hash, CS_OK,
	    true};
	long live;

	if (!ok(fault_setup(), "OpenSSL's memory goes through here"))
		return done_testing();
	try(&first, FAULT_CALL, "calls of OpenSSL", false);
	if (!ok(attest_start() && tpm_start(), "attestations"))
		return done_testing();
	live = fault_live(); /* of theirs the C library makes some */
	test("p256", true);
	test("rsa2048", false);
	test("rsa2048-pss", false);
	test("ed25519", false);
	ok(fault_live() == live + uncounted, "%ld pieces of memory are kept",
	    fault_live() - live - uncounted);
	attest_finish();
	tpm_finish();
	plugin_finish();
	return done_testing();
}
