/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/fido.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "fmt/reason.h"
#include "tests/unit/attcerts.h"
#include "tests/unit/fidoclaim.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

#define MODEL {0x2f, 0xc0, 0x57, 0x9f, 0x81, 0x13, 0x47, 0xea, 0xb1, 0x16, \
	0xbb, 0x5a, 0x8d, 0xb9, 0x20, 0x2a}
#define MODEL_HEX "2fc0579f811347eab116bb5a8db9202a"
#define MODEL_UUID "fido2:2fc0579f-8113-47ea-b116-bb5a8db9202a"
#define MODEL_EXT {AAGUID_OID, "0410" MODEL_HEX, false}

static const struct att_plan root_plan = {.cn = "Root", .bc = "CA:TRUE"};
static const struct att_plan middle_plan = {.cn = "Middle", .bc = "CA:TRUE"};
static const struct att_plan leaf_plan = {.c = "SE", .o = "Maker",
    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE",
    .ext = {MODEL_EXT}};
static const struct att_plan u2f_plan = {.cn = "U2F 1"};
static const struct fc_answer packed = {.kind = "P-256", .rp_id = RP_ID,
    .flags = UP | AT, .aaguid = MODEL, .id = "credential",
    .format = "packed", .alg = -7};

static struct att_cert root, middle, leaf;
static cs_roots *roots;
static char dir[] = "./attest_fido.XXXXXX";

static int
ask(struct fc_answer *a, cs_fido_proof *out, cs_err *e)
{
	cs_err_clear(e);
	fc_make(a);
	return cs_fido_attest(&a->claim, roots, NOW, out, e);
}

static bool
is_unattested(int r, const cs_fido_proof *p, const char *why)
{
	return r == CS_OK && p->proof == CS_PROOF_NONE &&
	    p->attested[0] == '\0' && p->why[0] != '\0' &&
	    strstr(p->why, why) != NULL && ERR_peek_error() == 0;
}

static bool
is_refused(int r, const cs_fido_proof *p, const cs_err *e, const char *text)
{
	return (r == CS_EREFUSED || r == CS_EFORMAT) &&
	    p->proof == CS_PROOF_NONE && p->attested[0] == '\0' &&
	    strstr(e->text, text) != NULL && ERR_peek_error() == 0;
}

/* Signed by the leaf, which comes along. */
static struct fc_answer
answer_of(const struct att_cert *by)
{
	struct fc_answer a = packed;

	a.by = by->key;
	a.certs[0] = att_der(by);
	a.n = 1;
	return a;
}

static void
test_packed(void)
{
	struct fc_answer a = answer_of(&leaf);
	cs_fido_proof p = {0};
	cs_roots *kept = roots;
	cs_err e = {0};

	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_FIDO2 &&
	    strcmp(p.attested, MODEL_UUID) == 0, "packed: %s %s%s",
	    p.attested, p.why, e.text);
	a.flags |= UV;
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_FIDO2,
	    "with verification that nobody asked for");
	a.flags = UP | AT | BE;
	ok(is_unattested(ask(&a, &p, &e), &p, "leave"), "eligible for backup: "
	    "%s%s", p.why, e.text);
	a.flags = UP | AT;
	roots = NULL;
	ok(is_unattested(ask(&a, &p, &e), &p, "no roots"), "no roots: %s",
	    p.why);
	roots = att_roots(dir, &middle, NULL);
	ok(is_unattested(ask(&a, &p, &e), &p, "no path"), "another root: %s",
	    p.why);
	cs_roots_free(&roots);
	roots = att_roots(dir, &leaf, NULL);
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_FIDO2,
	    "its certificate as a root: %s", p.why);
	cs_roots_free(&roots);
	roots = kept;
	a.break_sig = true;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "signature"),
	    "a wrong signature: %s", e.text);
	a.break_sig = false;
	a.by = NULL;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "signature"),
	    "the signature of the key itself: %s", e.text);
	fc_free(&a);
}

static void
test_algorithms(void)
{
	static const struct {
		const char *kind;
		int alg;
		bool good;
	} rows[] = {{"P-256", -7, true}, {"P-256", -9, true},
	    {"P-256", -8, false}, {"P-256", -35, false}, {"P-384", -35, true},
	    {"ED25519", -8, true}, {"ED25519", -19, true},
	    {"ED25519", -7, false}};
	struct att_cert by = {0};
	struct fc_answer a;
	cs_fido_proof p = {0};
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		att_make(&by, rows[i].kind, &leaf_plan, &root);
		a = answer_of(&by);
		a.alg = rows[i].alg;
		r = ask(&a, &p, &e);
		ok(rows[i].good ? r == CS_OK && p.proof == CS_PROOF_FIDO2 :
		    is_refused(r, &p, &e, ""), "an attestation key of %s, "
		    "algorithm %d: %s%s", rows[i].kind, rows[i].alg, p.why,
		    e.text);
		fc_free(&a);
		att_free(&by);
	}
	att_make(&by, "RSA", &leaf_plan, &root);
	a = answer_of(&by);
	a.alg = -257;
	ok(is_unattested(ask(&a, &p, &e), &p, "RSA"), "of RSA: %s", p.why);
	fc_free(&a);
	att_free(&by);
	a = answer_of(&leaf);
	a.kind = "ED25519";
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_FIDO2,
	    "a key of Ed25519: %s", e.text);
	fc_free(&a);
}

static const struct {
	const char *name;
	struct att_plan plan;
	const char *why; /* NULL: proven */
} leaves[] = {
	{"without a model", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE"},
	    "names no model"},
	{"without basicConstraints", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One",
	    .ext = {MODEL_EXT}}, NULL},
	{"of a CA", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:TRUE",
	    .ext = {MODEL_EXT}}, "a CA's"},
	{"of one who signs certificates", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One",
	    .usage = "keyCertSign", .ext = {MODEL_EXT}}, "a CA's"},
	{"of version 1", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .version = 1},
	    "version 3"},
	{"of another unit", {.c = "SE", .o = "Maker", .ou = "Sales",
	    .cn = "One", .bc = "CA:FALSE", .ext = {MODEL_EXT}}, "subject"},
	{"without a unit", {.c = "SE", .o = "Maker", .cn = "One",
	    .bc = "CA:FALSE", .ext = {MODEL_EXT}}, "subject"},
	{"without a country", {.o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE",
	    .ext = {MODEL_EXT}}, "subject"},
	{"without an organisation", {.c = "SE",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE",
	    .ext = {MODEL_EXT}}, "subject"},
	{"without a name", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .bc = "CA:FALSE",
	    .ext = {MODEL_EXT}}, "subject"},
	{"without a subject", {.bc = "CA:FALSE", .ext = {MODEL_EXT}},
	    "subject"},
	{"that has expired", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE",
	    .ext = {MODEL_EXT}, .until = NOW - 1}, "expired"},
	{"of tomorrow", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE",
	    .ext = {MODEL_EXT}, .from = NOW + 1}, "not yet valid"},
	{"with a critical model", {.c = "SE", .o = "Maker",
	    .ou = "Authenticator Attestation", .cn = "One", .bc = "CA:FALSE",
	    .ext = {{AAGUID_OID, "0410" MODEL_HEX, true}}}, "critical"},
};

static void
test_leaves(void)
{
	struct att_cert by = {0};
	struct fc_answer a;
	cs_fido_proof p = {0};
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		att_make(&by, "P-256", &leaves[i].plan, &root);
		a = answer_of(&by);
		r = ask(&a, &p, &e);
		ok(leaves[i].why == NULL ? r == CS_OK &&
		    p.proof == CS_PROOF_FIDO2 :
		    is_unattested(r, &p, leaves[i].why), "a certificate %s: "
		    "%s%s", leaves[i].name, p.why, e.text);
		fc_free(&a);
	}
	att_free(&by);
}

/* What the extension holds, and what the device says. */
static void
test_models(void)
{
	static const struct {
		const char *value;
		bool good;
	} rows[] = {{"0410" MODEL_HEX, true},
	    {"0410" "00000000000000000000000000000000", false},
	    {"0410" "2fc0579f811347eab116bb5a8db9202b", false},
	    {MODEL_HEX, false}, {"", false}, {"04", false}, {"0410", false},
	    {"0410" MODEL_HEX "00", false}, {"040f" MODEL_HEX, false},
	    {"0411" MODEL_HEX "00", false}, {"0310" MODEL_HEX, false},
	    {"048110" MODEL_HEX, false}, {"3012" "0410" MODEL_HEX, false}};
	struct att_plan plan = leaf_plan;
	struct att_cert by = {0};
	struct fc_answer a;
	cs_fido_proof p = {0};
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan.ext[0].value = rows[i].value;
		att_make(&by, "P-256", &plan, &root);
		a = answer_of(&by);
		r = ask(&a, &p, &e);
		ok(rows[i].good ? r == CS_OK && p.proof == CS_PROOF_FIDO2 :
		    is_refused(r, &p, &e, ""), "the model \"%s\": %s",
		    rows[i].value, e.text);
		fc_free(&a);
	}
	plan.ext[0].value = "0410" MODEL_HEX;
	plan.ext[1] = plan.ext[0];
	att_make(&by, "P-256", &plan, &root);
	a = answer_of(&by);
	ok(is_refused(ask(&a, &p, &e), &p, &e, "found more"),
	    "two models: %s", e.text);
	fc_free(&a);
	plan.ext[0].value = "0410" "00000000000000000000000000000000";
	plan.ext[1] = (struct att_ext){0};
	att_make(&by, "P-256", &plan, &root);
	a = answer_of(&by);
	memset(a.aaguid, 0, sizeof(a.aaguid));
	ok(is_unattested(ask(&a, &p, &e), &p, "names no model"),
	    "a model of zeros: %s", p.why);
	fc_free(&a);
	att_free(&by);
}

static void
test_chain(void)
{
	struct att_cert by = {0};
	struct fc_answer a;
	cs_fido_proof p = {0};
	cs_err e = {0};

	att_make(&by, "P-256", &leaf_plan, &middle);
	a = answer_of(&by);
	ok(is_unattested(ask(&a, &p, &e), &p, "no path"),
	    "an intermediate is missing: %s", p.why);
	a.certs[a.n++] = att_der(&middle);
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_FIDO2,
	    "an intermediate comes along: %s%s", p.why, e.text);
	a.certs[a.n++] = att_der(&root);
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_FIDO2,
	    "and the root: %s%s", p.why, e.text);
	fc_free(&a);
	/* Whose certificate is no CA's, as that of any authenticator. */
	att_make(&by, "P-256", &(struct att_plan){.c = "SE", .o = "Forger",
	    .ou = "Authenticator Attestation", .cn = "Two", .bc = "CA:FALSE",
	    .ext = {MODEL_EXT}}, &leaf);
	a = answer_of(&by);
	a.certs[a.n++] = att_der(&leaf);
	ok(is_unattested(ask(&a, &p, &e), &p, "invalid CA"),
	    "an authenticator as an authority: %s", p.why);
	a.certs[1] = cs_span_str("no certificate");
	ok(is_unattested(ask(&a, &p, &e), &p, "not a certificate"),
	    "no certificate among them: %s", p.why);
	a.certs[0] = a.certs[1];
	a.n = 1;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "not a certificate"),
	    "no certificate: %s", e.text);
	fc_free(&a);
	att_free(&by);
}

static void
test_self(void)
{
	struct fc_answer a = packed;
	cs_fido_proof p = {0};
	cs_err e = {0};

	ok(is_unattested(ask(&a, &p, &e), &p, "self"), "self: %s%s", p.why,
	    e.text);
	a.alg = -8;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "algorithm"),
	    "of another algorithm: %s", e.text);
	a.alg = -7;
	a.break_sig = true;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "signature"),
	    "wrong: %s", e.text);
	a.break_sig = false;
	a.by = leaf.key;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "signature"),
	    "by another key: %s", e.text);
	a.by = NULL;
	fc_free(&a);
	a.kind = "ED25519";
	a.alg = -8;
	ok(is_unattested(ask(&a, &p, &e), &p, "self"), "of Ed25519: %s%s",
	    p.why, e.text);
	fc_free(&a);
}

static void
test_none(void)
{
	struct fc_answer a = packed;
	cs_fido_proof p = {0};
	cs_err e = {0};

	a.format = "none";
	ok(is_unattested(ask(&a, &p, &e), &p, "without"), "none: %s%s", p.why,
	    e.text);
	a.claim.statement = cs_span_of("\xa0", 1);
	ok(is_unattested(cs_fido_attest(&a.claim, roots, NOW, &p, &e), &p,
	    "without"), "none, as it is written: %s", e.text);
	a.claim.statement = cs_span_of("\xa1\x61\x61\x01", 4);
	ok(cs_fido_attest(&a.claim, roots, NOW, &p, &e) != CS_OK ||
	    p.proof == CS_PROOF_NONE, "none, with something in it");
	a.format = "tpm";
	ok(is_unattested(ask(&a, &p, &e), &p, ""), "a format that is not "
	    "read: %s%s", p.why, e.text);
	fc_free(&a);
}

/* 32 octets in hexadecimal behind "u2f:". */
static bool
names_key(const char *attested, const struct att_cert *c)
{
	char hex[80] = "u2f:";
	uint8_t hash[CS_SHA256_LEN] = {0};
	cs_buf *spki = att_spki(c);
	size_t i;

	(void)!cs_sha256(cs_buf_span(spki), hash, NULL);
	for (i = 0; i < sizeof(hash); i++)
		(void)snprintf(hex + 4 + 2 * i, 3, "%02x", hash[i]);
	cs_buf_free(&spki);
	return strcmp(attested, hex) == 0;
}

static void
test_u2f(void)
{
	struct att_cert by = {0};
	struct fc_answer a;
	cs_fido_proof p = {0};
	cs_roots *kept = roots;
	cs_err e = {0};

	att_make(&by, "P-256", &u2f_plan, &root);
	a = answer_of(&by);
	a.format = "fido-u2f";
	memset(a.aaguid, 0, sizeof(a.aaguid));
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_U2F &&
	    names_key(p.attested, &root), "fido-u2f: %s %s%s", p.attested,
	    p.why, e.text);
	roots = NULL;
	ok(is_unattested(ask(&a, &p, &e), &p, "no roots"), "no roots: %s",
	    p.why);
	roots = att_roots(dir, &by, NULL);
	ok(ask(&a, &p, &e) == CS_OK && p.proof == CS_PROOF_U2F &&
	    names_key(p.attested, &by), "its certificate as a root: %s",
	    p.why);
	cs_roots_free(&roots);
	roots = kept;
	a.break_sig = true;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "signature"),
	    "a wrong signature: %s", e.text);
	a.break_sig = false;
	a.aaguid[7] = 1;
	ok(is_unattested(ask(&a, &p, &e), &p, "AAGUID"), "a model: %s",
	    p.why);
	a.aaguid[7] = 0;
	a.certs[a.n++] = att_der(&root);
	ok(is_refused(ask(&a, &p, &e), &p, &e, ""), "two certificates: %s",
	    e.text);
	a.n = 0;
	ok(is_refused(ask(&a, &p, &e), &p, &e, ""), "no certificate: %s",
	    e.text);
	a.n = 1;
	fc_free(&a);
	a.kind = "ED25519";
	ok(is_refused(ask(&a, &p, &e), &p, &e, ""), "a key of Ed25519: %s",
	    e.text);
	fc_free(&a);
	att_free(&by);
	att_make(&by, "P-384", &u2f_plan, &root);
	a = answer_of(&by);
	a.format = "fido-u2f";
	memset(a.aaguid, 0, sizeof(a.aaguid));
	ok(is_refused(ask(&a, &p, &e), &p, &e, "P-256"),
	    "an attestation key of P-384: %s", e.text);
	fc_free(&a);
	att_free(&by);
	att_make(&by, "P-256", &(struct att_plan){.cn = "CA", .bc = "CA:TRUE"},
	    &root);
	a = answer_of(&by);
	a.format = "fido-u2f";
	memset(a.aaguid, 0, sizeof(a.aaguid));
	ok(is_unattested(ask(&a, &p, &e), &p, "CA"), "of a CA: %s", p.why);
	fc_free(&a);
	att_free(&by);
}

/* What was asked for. */
static void
test_asked(void)
{
	struct fc_answer a = answer_of(&leaf);
	cs_fido_proof p = {0};
	cs_err e = {0};

	a.rp_id = "other.corp.example";
	ok(is_refused(ask(&a, &p, &e), &p, &e, "RP ID"), "another RP ID: %s",
	    e.text);
	a.rp_id = RP_ID;
	a.flags = AT;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "touch"), "no touch: %s",
	    e.text);
	a.flags = AT | UV;
	ok(is_refused(ask(&a, &p, &e), &p, &e, "touch"),
	    "verification without a touch: %s", e.text);
	a.flags = AT | UP;
	fc_make(&a);
	a.claim.verify = true;
	ok(is_refused(cs_fido_attest(&a.claim, roots, NOW, &p, &e), &p, &e,
	    "PIN"), "no verification: %s", e.text);
	a.flags = AT | UP | UV;
	fc_make(&a);
	a.claim.verify = true;
	ok(cs_fido_attest(&a.claim, roots, NOW, &p, &e) == CS_OK,
	    "verification");
	a.claim.kind = CS_KEY_ED25519;
	ok(is_refused(cs_fido_attest(&a.claim, roots, NOW, &p, &e), &p, &e,
	    "P-256"), "another kind of key: %s", e.text);
	a.flags = UP;
	ok(is_refused(ask(&a, &p, &e), &p, &e, ""), "no key: %s", e.text);
	a.flags = UP | AT | BS;
	ok(is_refused(ask(&a, &p, &e), &p, &e, ""),
	    "a backup of what has none: %s", e.text);
	a.flags = UP | AT | 0x20;
	ok(is_refused(ask(&a, &p, &e), &p, &e, ""), "a reserved flag: %s",
	    e.text);
	fc_free(&a);
}

/* Every prefix and every octet changed, of both parts: never proven. */
static void
test_bytes(struct fc_answer *a, const char *name)
{
	cs_fido_claim *c = &a->claim;
	cs_span *parts[] = {&c->authdata, &c->statement}, whole;
	uint8_t copy[8192];
	cs_fido_proof p;
	cs_err e = {0};
	size_t i, j, bad = 0;

	fc_make(a);
	for (j = 0; j < 2; j++) {
		whole = *parts[j];
		for (i = 0; i < whole.n; i++) {
			*parts[j] = cs_span_cut(whole, 0, i);
			bad += !sample_skips() && !is_refused(cs_fido_attest(c,
			    roots, NOW, &p, &e), &p, &e, "");
		}
		memcpy(copy, whole.p, whole.n);
		*parts[j] = cs_span_of(copy, whole.n);
		for (i = 0; i < whole.n; i++) {
			copy[i] ^= 1;
			bad += !sample_skips() &&
			    cs_fido_attest(c, roots, NOW, &p, &e) == CS_OK &&
			    p.proof != CS_PROOF_NONE &&
			    !(strcmp(name, "fido-u2f") == 0 && j == 0 &&
			    i >= 32 && i < 37);
			copy[i] ^= 1;
		}
		copy[whole.n] = 0;
		*parts[j] = cs_span_of(copy, whole.n + 1);
		bad += !is_refused(cs_fido_attest(c, roots, NOW, &p, &e), &p,
		    &e, "");
		*parts[j] = whole;
	}
	ok(bad == 0 && ERR_peek_error() == 0,
	    "%s cut, changed, longer: never proven (%zu)", name, bad);
	fc_free(a);
}

static void
test_all_bytes(void)
{
	struct att_cert by = {0};
	struct fc_answer a = answer_of(&leaf);

	test_bytes(&a, "packed");
	att_make(&by, "P-256", &u2f_plan, &root);
	a = answer_of(&by);
	a.format = "fido-u2f";
	memset(a.aaguid, 0, sizeof(a.aaguid));
	test_bytes(&a, "fido-u2f");
	att_free(&by);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 99;
	att_make(&root, "P-256", &root_plan, NULL);
	att_make(&middle, "P-256", &middle_plan, &root);
	att_make(&leaf, "P-256", &leaf_plan, &root);
	roots = att_roots(dir, &root, NULL);
	test_packed();
	test_algorithms();
	test_leaves();
	test_models();
	test_chain();
	test_self();
	test_none();
	test_u2f();
	test_asked();
	test_all_bytes();
	cs_roots_free(&roots);
	att_free(&root);
	att_free(&middle);
	att_free(&leaf);
	(void)rmdir(dir);
	return done_testing();
}
