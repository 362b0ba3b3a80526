/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/piv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "fmt/reason.h"
#include "tests/unit/attcerts.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* What all statements here say but where a test says otherwise. */
#define FIRMWARE {YUBIKEY "3", "050403", false}
#define SERIAL {YUBIKEY "7", "02047fffffff", false}
#define POLICY {YUBIKEY "8", "0202", false}
#define FORM {YUBIKEY "9", "01", false}

static const struct att_plan root_plan = {.cn = "PIV Root CA Serial 1",
    .bc = "CA:TRUE,pathlen:1"};
static const struct att_plan new_root_plan = {.cn = "Attestation Root 1",
    .bc = "critical,CA:TRUE", .usage = "critical,keyCertSign"};
static const struct att_plan middle_plan = {.cn = "Attestation B 1",
    .bc = "critical,CA:TRUE", .usage = "critical,keyCertSign"};
static const struct att_plan f9_plan = {.cn = "PIV Attestation",
    .bc = "critical,CA:TRUE,pathlen:0", .ext = {FIRMWARE}};
static const struct att_plan bare_plan = {.cn = "PIV Attestation",
    .ext = {FIRMWARE}};
static const struct att_plan slot_plan = {.cn = "PIV Attestation 9c",
    .ext = {FIRMWARE, SERIAL, POLICY, FORM}};
static const struct att_plan fake_plan = {.cn = "PIV Attestation 9a",
    .ext = {FIRMWARE, SERIAL, POLICY, FORM}};

static struct att_cert root, new_root, middle, f9, new_f9, bare_f9;
static cs_roots *roots;
static char dir[] = "./attest_piv.XXXXXX";

/* The statement, what leads up from it, and the key of the statement. */
static int
ask(const struct att_cert *slot, const struct att_cert *a,
    const struct att_cert *b, cs_piv_proof *out, cs_err *e)
{
	cs_span certs[3] = {att_der(slot)};
	cs_buf *spki = att_spki(slot);
	size_t n = 1;
	int r;

	if (a != NULL)
		certs[n++] = att_der(a);
	if (b != NULL)
		certs[n++] = att_der(b);
	cs_err_clear(e);
	r = cs_piv_attest(certs, n, cs_buf_span(spki), roots, NOW, out, e);
	cs_buf_free(&spki);
	return r;
}

static bool
refused(int r, const cs_err *e, const char *text)
{
	return (r == CS_EREFUSED || r == CS_EFORMAT) &&
	    strstr(e->text, text) != NULL && ERR_peek_error() == 0;
}

static void
test_good(void)
{
	struct att_cert slot = {0};
	cs_piv_proof p = {0};
	cs_err e = {0};

	att_make(&slot, "P-256", &slot_plan, &f9);
	ok(ask(&slot, &f9, NULL, &p, &e) == CS_OK &&
	    strcmp(p.attested, "yubikey-piv:2147483647,touch=always,pin=once")
	    == 0 && p.firmware[0] == 5 && p.firmware[1] == 4 &&
	    p.firmware[2] == 3 && p.serial == 2147483647 && p.form == 1 &&
	    p.touch == CS_PIV_ALWAYS && p.pin == CS_PIV_ONCE,
	    "a statement under the old root: %s %s", p.attested, e.text);
	att_make(&slot, "P-256", &slot_plan, &new_f9);
	ok(ask(&slot, &new_f9, &middle, &p, &e) == CS_OK,
	    "a statement under the new root: %s", e.text);
	ok(ask(&slot, &middle, &new_f9, &p, &e) == CS_OK,
	    "in whatever order: %s", e.text);
	ok(refused(ask(&slot, &new_f9, NULL, &p, &e), &e, "certificate 1") &&
	    p.attested[0] == '\0', "without the intermediate: %s", e.text);
	ok(refused(ask(&slot, NULL, NULL, &p, &e), &e, "no path"),
	    "alone: %s", e.text);
	ok(cs_piv_attest(NULL, 0, cs_span_str("x"), roots, NOW, &p, &e) ==
	    CS_EFORMAT, "no certificate: %s", e.text);
	att_free(&slot);
}

/* Keys of other kinds, and a neighbour's. */
static void
test_keys(void)
{
	static const char *const kinds[] = {"P-384", "RSA", "ED25519"};
	struct att_cert slot = {0};
	cs_span certs[2];
	cs_piv_proof p = {0};
	cs_err e = {0};
	cs_buf *spki;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		att_make(&slot, kinds[i], &slot_plan, &f9);
		ok(ask(&slot, &f9, NULL, &p, &e) == CS_OK, "a key of %s: %s",
		    kinds[i], e.text);
		att_free(&slot);
	}
	att_make(&slot, "P-521", &slot_plan, &f9);
	ok(refused(ask(&slot, &f9, NULL, &p, &e), &e, "statement's key"),
	    "a key that nobody verifies: %s", e.text);
	att_free(&slot);
	att_make(&slot, "P-256", &slot_plan, &f9);
	certs[0] = att_der(&slot);
	certs[1] = att_der(&f9);
	spki = att_spki(&f9);
	ok(refused(cs_piv_attest(certs, 2, cs_buf_span(spki), roots, NOW, &p,
	    &e), &e, "another key"), "the statement of another key: %s",
	    e.text);
	cs_buf_free(&spki);
	ok(refused(ask(&f9, &slot, NULL, &p, &e), &e, "of a CA first"),
	    "the attestation's own certificate: %s", e.text);
	att_free(&slot);
}

static const struct {
	const char *name, *policy, *expected;
} policies[] = {
	{"nothing", "0101", "touch=never,pin=never"},
	{"a cached touch", "0203", "touch=cached,pin=once"},
	{"a PIN each time", "0302", "touch=always,pin=always"},
	{"a finger once", "0402", "touch=always,pin=once"},
	{"a finger each time", "0501", "touch=never,pin=always"},
	{"an unknown PIN policy", "0602", NULL},
	{"an unknown touch policy", "0204", NULL},
	{"a PIN policy of zero", "0002", NULL},
	{"a touch policy of zero", "0200", NULL},
	{"policies at the end of what a byte holds", "ffff", NULL},
};

static void
test_policies(void)
{
	struct att_plan plan = slot_plan;
	struct att_cert slot = {0};
	cs_piv_proof p = {0};
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		plan.ext[2].value = policies[i].policy;
		att_make(&slot, "P-256", &plan, &f9);
		r = ask(&slot, &f9, NULL, &p, &e);
		if (policies[i].expected == NULL)
			ok(refused(r, &e, "policy"), "%s: %s",
			    policies[i].name, e.text);
		else
			ok(r == CS_OK && strstr(p.attested,
			    policies[i].expected) != NULL, "%s: %s %s",
			    policies[i].name, p.attested, e.text);
	}
	att_free(&slot);
}

/* Each of the four with other bytes. NULL: not there at all. */
static const struct {
	size_t at;
	const char *value;
	bool good;
} values[] = {
	{0, NULL, false}, {0, "", false}, {0, "05", false}, {0, "0504", false},
	{0, "05040300", false}, {0, "0403050403", false},
	{1, NULL, false}, {1, "", false}, {1, "02", false}, {1, "0201", false},
	{1, "020105", true}, {1, "02010500", false}, {1, "02020005", false},
	{1, "0201ff", false}, {1, "020500ffffffff", true},
	{1, "02050100000000", false}, {1, "0401ff", false},
	{1, "0281010f", false}, {1, "30030201ff", false},
	{2, NULL, false}, {2, "", false}, {2, "02", false},
	{2, "020202", false}, {2, "04020202", false},
	{3, NULL, true}, {3, "", false}, {3, "c1", true}, {3, "0101", false},
};

static void
test_values(void)
{
	struct att_cert slot = {0};
	struct att_plan plan;
	cs_piv_proof p = {0};
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		plan = slot_plan;
		plan.ext[values[i].at].value = values[i].value;
		if (values[i].value == NULL)
			plan.ext[values[i].at] = (struct att_ext){
			    "1.3.6.1.4.1.41482.3.10", "00", false};
		att_make(&slot, "P-256", &plan, &f9);
		r = ask(&slot, &f9, NULL, &p, &e);
		ok(values[i].good ? r == CS_OK : refused(r, &e, ""),
		    "%s \"%s\": %s", slot_plan.ext[values[i].at].oid,
		    values[i].value == NULL ? "(not there)" : values[i].value,
		    e.text);
	}
	plan = slot_plan;
	plan.ext[4] = (struct att_ext)POLICY;
	att_make(&slot, "P-256", &plan, &f9);
	ok(refused(ask(&slot, &f9, NULL, &p, &e), &e, "found more"),
	    "policies twice: %s", e.text);
	att_free(&slot);
}

/* What a YubiKey 4 leaves out of the certificate of its attestation key, and
 * who else would like to. */
static void
test_bare(void)
{
	struct att_cert slot = {0}, fake = {0}, other = {0};
	struct att_plan plan = bare_plan;
	cs_roots *kept = roots;
	cs_piv_proof p = {0};
	cs_err e = {0};

	att_make(&slot, "P-256", &slot_plan, &bare_f9);
	ok(ask(&slot, &bare_f9, NULL, &p, &e) == CS_OK,
	    "an attestation key that does not say that it is a CA: %s",
	    e.text);
	att_make(&fake, "P-256", &fake_plan, &slot);
	ok(refused(ask(&fake, &slot, &bare_f9, &p, &e), &e, "no path"),
	    "a statement by a slot's key: %s", e.text);
	att_make(&slot, "P-256", &slot_plan, &f9);
	att_make(&fake, "P-256", &fake_plan, &slot);
	ok(refused(ask(&fake, &slot, &f9, &p, &e), &e, "no path"),
	    "the same below an attestation key that does: %s", e.text);
	plan.bc = "critical,CA:FALSE";
	att_make(&other, "P-256", &plan, &root);
	att_make(&fake, "P-256", &fake_plan, &other);
	ok(refused(ask(&fake, &other, NULL, &p, &e), &e, "no path"),
	    "a statement by what is no CA: %s", e.text);
	plan.bc = NULL;
	plan.usage = "digitalSignature";
	att_make(&other, "P-256", &plan, &root);
	att_make(&fake, "P-256", &fake_plan, &other);
	ok(refused(ask(&fake, &other, NULL, &p, &e), &e, "no path"),
	    "a statement by a key for other uses: %s", e.text);
	att_make(&other, "P-256", &bare_plan, &middle);
	att_make(&fake, "P-256", &fake_plan, &other);
	ok(refused(ask(&fake, &other, &middle, &p, &e), &e, "no path"),
	    "the old omission further down: %s", e.text);
	roots = att_roots(dir, &middle, NULL);
	ok(refused(ask(&fake, &other, NULL, &p, &e), &e, "no path"),
	    "and below one that is trusted, and no root: %s", e.text);
	cs_roots_free(&roots);
	/* An operator who trusts one YubiKey, by what stands in its f9. */
	roots = att_roots(dir, &f9, NULL);
	att_make(&slot, "P-256", &slot_plan, &f9);
	att_make(&fake, "P-256", &fake_plan, &slot);
	ok(ask(&slot, NULL, NULL, &p, &e) == CS_OK,
	    "one YubiKey as the root: %s", e.text);
	ok(refused(ask(&fake, &slot, NULL, &p, &e), &e, "no path"),
	    "and a statement by its slot's key: %s", e.text);
	cs_roots_free(&roots);
	att_make(&other, "P-256", &(struct att_plan){.cn = "mine",
	    .bc = "CA:TRUE"}, NULL);
	roots = att_roots(dir, &other, NULL);
	att_make(&slot, "P-256", &slot_plan, &other);
	att_make(&fake, "P-256", &fake_plan, &slot);
	ok(ask(&slot, NULL, NULL, &p, &e) == CS_OK,
	    "one YubiKey with a root of its own: %s", e.text);
	ok(refused(ask(&fake, &slot, NULL, &p, &e), &e, "no path"),
	    "and a statement by that one's slot: %s", e.text);
	cs_roots_free(&roots);
	roots = kept;
	att_free(&slot);
	att_free(&fake);
	att_free(&other);
}

static void
test_paths(void)
{
	static const struct {
		const char *name;
		struct att_plan f9;
		const char *text;
	} rows[] = {
		{"expired", {.cn = "f9", .bc = "CA:TRUE", .until = NOW - 1},
		    "expired"},
		{"not yet valid", {.cn = "f9", .bc = "CA:TRUE",
		    .from = NOW + 1}, "not yet valid"},
		{"with SHA-1", {.cn = "f9", .bc = "CA:TRUE", .sha1 = true},
		    "too weak"},
		{"of version 1", {.cn = "f9", .version = 1}, "invalid CA"},
		{"with a critical extension that nobody knows", {.cn = "f9",
		    .bc = "CA:TRUE", .ext = {{YUBIKEY "99", "00", true}}},
		    "critical"},
		{"that is for others to sign", {.cn = "f9", .bc = "CA:TRUE",
		    .usage = "digitalSignature"}, "no path"},
	};
	struct att_cert slot = {0}, stranger = {0}, by = {0};
	cs_piv_proof p = {0};
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		att_make(&by, "P-256", &rows[i].f9, &root);
		att_make(&slot, "P-256", &slot_plan, &by);
		ok(refused(ask(&slot, &by, NULL, &p, &e), &e, rows[i].text),
		    "an attestation key %s: %s", rows[i].name, e.text);
	}
	att_make(&stranger, "RSA", &root_plan, NULL);
	att_make(&by, "P-256", &f9_plan, &stranger);
	att_make(&slot, "P-256", &slot_plan, &by);
	ok(refused(ask(&slot, &by, NULL, &p, &e), &e, "no path"),
	    "the right names by another root: %s", e.text);
	ok(refused(ask(&slot, &by, &stranger, &p, &e), &e, "no path"),
	    "which comes along: %s", e.text);
	att_free(&slot);
	att_free(&by);
	att_free(&stranger);
}

/* CVE-2017-15361 */
static void
test_weak_rsa(void)
{
	static const struct {
		const char *firmware;
		bool good;
	} rows[] = {{"040205", false}, {"040206", false}, {"040304", false},
	    {"040305", true}, {"040400", true}, {"050403", true}};
	struct att_plan plan = slot_plan;
	struct att_cert rsa = {0}, ec = {0};
	cs_piv_proof p = {0};
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan.ext[0].value = rows[i].firmware;
		att_make(&rsa, "RSA", &plan, &f9);
		r = ask(&rsa, &f9, NULL, &p, &e);
		ok(rows[i].good ? r == CS_OK : refused(r, &e, "CVE-2017"),
		    "RSA of firmware %s: %s", rows[i].firmware, e.text);
		att_make(&ec, "P-256", &plan, &f9);
		ok(ask(&ec, &f9, NULL, &p, &e) == CS_OK,
		    "P-256 of firmware %s: %s", rows[i].firmware, e.text);
	}
	att_free(&rsa);
	att_free(&ec);
}

/* Every prefix, every octet changed, octets behind the end. */
static void
test_bytes(void)
{
	struct att_cert slot = {0};
	cs_span certs[2], whole;
	uint8_t copy[2048];
	cs_piv_proof p = {0};
	cs_err e = {0};
	cs_buf *spki;
	size_t i, bad = 0;

	att_make(&slot, "P-256", &slot_plan, &f9);
	spki = att_spki(&slot);
	whole = att_der(&slot);
	certs[1] = att_der(&f9);
	for (i = 0; i < whole.n; i++) {
		certs[0] = cs_span_cut(whole, 0, i);
		bad += !sample_skips() && !refused(cs_piv_attest(certs, 2,
		    cs_buf_span(spki), roots, NOW, &p, &e), &e, "");
	}
	ok(bad == 0, "every prefix (%zu) is refused", whole.n);
	memcpy(copy, whole.p, whole.n);
	certs[0] = cs_span_of(copy, whole.n);
	for (i = 0; i < whole.n; i++) {
		copy[i] ^= 1;
		bad += !sample_skips() && !refused(cs_piv_attest(certs, 2,
		    cs_buf_span(spki), roots, NOW, &p, &e), &e, "");
		copy[i] ^= 1;
	}
	ok(bad == 0, "every changed octet is refused");
	copy[whole.n] = 0;
	certs[0] = cs_span_of(copy, whole.n + 1);
	ok(refused(cs_piv_attest(certs, 2, cs_buf_span(spki), roots, NOW, &p,
	    &e), &e, "behind"), "an octet behind it: %s", e.text);
	cs_buf_free(&spki);
	att_free(&slot);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 99;
	att_make(&root, "RSA", &root_plan, NULL);
	att_make(&new_root, "P-384", &new_root_plan, NULL);
	att_make(&middle, "P-384", &middle_plan, &new_root);
	att_make(&f9, "RSA", &f9_plan, &root);
	att_make(&new_f9, "P-256", &f9_plan, &middle);
	att_make(&bare_f9, "RSA", &bare_plan, &root);
	roots = att_roots(dir, &root, &new_root);
	test_good();
	test_keys();
	test_policies();
	test_values();
	test_bare();
	test_paths();
	test_weak_rsa();
	test_bytes();
	cs_roots_free(&roots);
	att_free(&root);
	att_free(&new_root);
	att_free(&middle);
	att_free(&f9);
	att_free(&new_f9);
	att_free(&bare_f9);
	(void)rmdir(dir);
	return done_testing();
}
