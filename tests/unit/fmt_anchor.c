/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "fmt/anchor.h"
#include "lines.h"
#include "tap.h"

#define ED "MCowBQYDK2VwAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00GpcxILucvqJSI="
#define P384 \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEmV+Gcp7E6r7Kh3zrg+hu9lAu0/xKwjax" \
	"63Wo5NeLHWyf7iqQ5rr+sG9h47cfPCU3dUDnHWlxYDiI6CYIn+qy//WqqWpQmeDX" \
	"iIAxQL1JbChLq1IWSo+NczRNXlBTeG+n"

static const char short_line[] = "urn:x:a - spki " ED "\n";
/* Every option that a record carries. */
static const char full_line[] =
    "urn:x:carol agents=\"wimse://c/a wimse://c/b\",grants,shared-key,"
    "hardware,hardware-required,verify-required,no-touch-required,"
    "max-lifetime=1h,max-issuances=12,max-window=2d,valid-after=20260101Z,"
    "valid-before=20270101Z,revoked=20260601Z,group=\"two persons\","
    "attested=\"yubikey-piv:4711,touch=always,pin=always\" spki " P384
    " carol's key\n";

static const char fido2_line[] =
    "urn:x:carol rp-id=\"approve.c\",credential-id=\"AAEC\","
    "origins=\"https://a https://b:1\",counter-strict,"
    "attested=\"fido2:ab-cd\" fido2 " P384 "\n";

#define SK \
	"AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAy" \
	"NTYAAABBBDkTfnihXYqkSZ80+x7DnyHUhKv9rCcgw/iDhjIsq8pkX4/MrZtpIvaG" \
	"K0X7KsHM6ZkwKxMPm0p8safmyzrVwZMAAAANc3NoOmFwcHJvdmFscw=="
static const char sk_line[] =
    "urn:x:carol counter-strict,attested=\"u2f:ab\" "
    "sk-ecdsa-sha2-nistp256@openssh.com " SK "\n";

/* By hand after the comment in fmt/anchor.h, but for the check. */
static const char golden_hex[] =
    "70000000" "2d40020b"
    "0000000000000000000000000000000000000000000000000000000000000000"
    "07000000" "01000000" "0100" "0000"
    "010700" "75726e3a783a61"
    "022c00" "302a300506032b65700321007bf3e0f3364dabeffb3df4fb7f5104ae"
    "289fe0b173d341a973120bb9cbea2522"
    "000000";

static lines *
parse(const char *text)
{
	lines *l = NULL;
	cs_err e = {0};

	if (lines_parse("owners", cs_span_str(text), &l, &e) != CS_OK)
		ok(false, "a good line %s", e.text);
	return l;
}

static void
golden(void)
{
	lines *l = parse(short_line);
	cs_buf *hex = cs_buf_new(1024);
	const char *s;

	if (l == NULL || hex == NULL ||
	    cs_hex_put(hex, cs_buf_span(l->records[0])) != CS_OK)
		return;
	s = cs_buf_cstr(hex);
	if (!ok(strcmp(s, golden_hex) == 0, "as the header says"))
		printf("# %s\n", s);
	cs_buf_free(&hex);
	lines_free(&l);
}

static void
everything(void)
{
	lines *l = parse(full_line);
	const cs_anchor *a;

	if (l == NULL)
		return;
	a = &l->anchors[0];
	ok(a->line == 1 && a->type == CS_ANCHOR_SPKI &&
	    cs_span_is(a->owner, "urn:x:carol") &&
	    cs_span_is(a->agents, "wimse://c/a wimse://c/b") &&
	    cs_span_is(a->group, "two persons") &&
	    cs_span_is(a->comment, "carol's key"), "texts");
	ok(a->grants && a->shared_key && a->hardware &&
	    a->hardware_required && a->verify_required &&
	    a->no_touch_required && a->touch_always && a->pin_always,
	    "flags");
	ok(a->proof == CS_PROOF_YUBIKEY_PIV && cs_span_is(a->proof_text,
	    "yubikey-piv:4711,touch=always,pin=always"), "proof");
	ok(a->max_lifetime == 3600 && a->max_issuances == 12 &&
	    a->max_window == 172800 && a->has_valid_after &&
	    a->valid_after == 1767225600 && a->has_valid_before &&
	    a->valid_before == 1798761600 && a->has_revoked &&
	    a->revoked == 1780272000, "numbers");
	ok(a->key.kind == CS_KEY_P384 && a->key.bits == 384 &&
	    a->key.point.n == 97, "key");
	lines_free(&l);
}

static void
everything_fido2(void)
{
	lines *l = parse(fido2_line);
	const cs_anchor *a;

	if (l == NULL)
		return;
	a = &l->anchors[0];
	ok(a->type == CS_ANCHOR_FIDO2 && cs_span_is(a->rp_id, "approve.c") &&
	    cs_span_is(a->credential_id, "AAEC") &&
	    cs_span_is(a->origins, "https://a https://b:1") &&
	    a->counter_strict && a->proof == CS_PROOF_FIDO2, "fido2");
	lines_free(&l);
}

/* Reads `n` bytes of their own, so that the sanitizers see one too far. */
static bool
reads(const uint8_t *p, size_t n, bool checked)
{
	cs_span record = {0}, hash = {0};
	cs_anchor_place at;
	cs_anchor a;
	uint8_t *copy = malloc(n + 1);
	bool good;

	if (copy == NULL)
		return false;
	memcpy(copy + 1, p, n);
	record = cs_span_of(copy + 1, n);
	good = (!checked || cs_anchor_record(cs_span_of(copy + 1, n), &record,
	    &hash, NULL) == CS_OK) && cs_anchor_get(record, &a, &at, NULL) ==
	    CS_OK;
	free(copy);
	return good;
}

static void
mangled(const char *name, const char *line)
{
	lines *l = parse(line);
	size_t i, n, taken = 0;
	uint8_t bytes[1024];
	cs_span s;
	int bit;

	if (l == NULL)
		return;
	s = cs_buf_span(l->records[0]);
	ok(s.n < sizeof(bytes) && reads(s.p, s.n, true), "%s reads", name);
	for (n = 0; n < s.n; n++)
		taken += reads(s.p, n, true);
	ok(taken == 0, "%s: no beginning of it does", name);
	for (i = 0, taken = 0; i < s.n; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(bytes, s.p, s.n);
			bytes[i] ^= (uint8_t)(1 << bit);
			taken += reads(bytes, s.n, true);
			/* behind the check it need not be seen, but must not
			 * lead astray */
			(void)reads(bytes, s.n, false);
		}
	}
	ok(taken == 0, "%s: no flipped bit stays unseen", name);
	for (n = 0; n < s.n; n++)
		(void)reads(s.p, n, false);
	memcpy(bytes, s.p, s.n);
	memset(bytes + s.n, 0xff, 4);
	ok(reads(bytes, s.n + 4, true) && !reads(bytes, s.n + 4, false),
	    "%s: what stands behind it is not its own", name);
	lines_free(&l);
}

/* Records that somebody could have written, all but right. */
static void
refused(void)
{
	lines *l = parse(short_line);
	uint8_t b[256];
	cs_span s;

	if (l == NULL)
		return;
	s = cs_buf_span(l->records[0]);
#define TRY(name, change) \
	memcpy(b, s.p, s.n); \
	change; \
	ok(!reads(b, s.n, false), name)
	TRY("line 0", b[44] = 0);
	TRY("another type", b[48] = 32);
	TRY("a type whose key is not there", b[48] = 8);
	TRY("two types", b[48] = 3);
	TRY("a fido2 key without its RP ID", b[48] = 2);
	TRY("a strict counter of a plain key", b[51] = 2);
	TRY("an unknown flag", b[51] = 4);
	TRY("an unknown proof", b[51] = 0x50);
	TRY("a proof without its text", b[51] = 0x10);
	TRY("an unknown field", b[52] = 200);
	TRY("fields out of order", b[52] = 3);
	TRY("the key as the owner", b[62] = 1);
	TRY("a field that is too long", b[63] = 0xff);
	TRY("a key cut short", b[63] = 0x2b);
	TRY("no zero at the end", b[s.n - 1] = 1);
#undef TRY
	lines_free(&l);
}

static void
refused_ssh(void)
{
	lines *l = parse(sk_line);
	cs_anchor *a;
	cs_span blob;
	uint8_t b[1024];
	size_t at;
	cs_span s;

	if (l == NULL)
		return;
	a = &l->anchors[0];
	s = cs_buf_span(l->records[0]);
	blob = a->ssh.blob;
	at = (size_t)(a->key.point.p - s.p);
	ok(s.n < sizeof(b) && reads(s.p, s.n, false), "OpenSSH's reads");
#define TRY(name, change) \
	memcpy(b, s.p, s.n); \
	change; \
	ok(!reads(b, s.n, false), name)
	TRY("a plain type", b[48] = 8);
	TRY("no OpenSSH type", b[48] = 1);
	TRY("a fido2 one", b[48] = 2);
	TRY("another point", b[at + 7] ^= 1);
	TRY("another blob", b[blob.p - s.p + 70] ^= 1);
	TRY("a blob that is none", b[blob.p - s.p + 5] ^= 1);
#undef TRY
	lines_free(&l);
}

static void
no_room(void)
{
	static const uint8_t hash[CS_ANCHOR_HASH_LEN];
	cs_anchor_place at = {cs_span_of(hash, sizeof(hash)), 0};
	lines *l = parse(short_line);
	cs_buf *b = cs_buf_new(64);
	cs_err e = {0};

	if (l == NULL || b == NULL)
		return;
	ok(cs_anchor_put(b, &l->anchors[0], &at, &e) == CS_EBUG, "no room");
	cs_buf_free(&b);
	lines_free(&l);
}

int
main(void)
{
	golden();
	everything();
	everything_fido2();
	mangled("a short one", short_line);
	mangled("a full one", full_line);
	mangled("a fido2 one", fido2_line);
	mangled("OpenSSH's", sk_line);
	refused_ssh();
	refused();
	no_room();
	return done_testing();
}
