/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "fmt/ownersput.h"
#include "lines.h"
#include "tap.h"

#define ED "MCowBQYDK2VwAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00GpcxILucvqJSI="
#define SK \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHvz4PM2Tavv+z30+39R" \
	"BK4on+Cxc9NBqXMSC7nL6iUiAAAABHNzaDo="
#define OWNER "mailto:alice@corp.example"
#define AGENTS "wimse://corp.example/agent/alice"
#define AT 1795219200 /* 2026-11-21T00:00:00Z */
#define WHEN "2026-11-21T00:00:00Z"

static cs_buf *key;

static cs_anchor
plain(void)
{
	cs_anchor a = {.type = CS_ANCHOR_SPKI, .owner = cs_span_str(OWNER),
	    .agents = cs_span_str(AGENTS)};

	a.key.der = cs_buf_span(key);
	return a;
}

static bool
gives(const cs_anchor *a, const char *want)
{
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_ROOM);
	cs_err e = {0};
	bool good = cs_owners_put(b, a, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), want);

	if (!good)
		printf("# %s: %s\n", cs_buf_cstr(b), e.text);
	cs_buf_free(&b);
	return good;
}

static bool
refused(const cs_anchor *a, const char *words)
{
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_ROOM);
	cs_err e = {0};
	bool good;

	(void)!cs_buf_put_str(b, "before");
	good = cs_owners_put(b, a, &e) == CS_EFORMAT &&
	    strstr(e.text, words) != NULL &&
	    cs_span_is(cs_buf_span(b), "before");
	if (!good)
		printf("# %s: %s\n", cs_buf_cstr(b), e.text);
	cs_buf_free(&b);
	return good;
}

static void
test_ssh(void)
{
	cs_buf *blob = cs_buf_new(256);
	cs_anchor a = plain();

	a.type = CS_ANCHOR_SK;
	a.key = (cs_spki){0}; /* is made of the blob */
	a.counter_strict = true;
	ok(cs_base64_get(blob, cs_span_str(SK), false, NULL) == CS_OK,
	    "a blob");
	a.ssh.blob = cs_buf_span(blob);
	ok(gives(&a, OWNER " agents=\"" AGENTS "\",counter-strict "
	    "sk-ssh-ed25519@openssh.com " SK), "OpenSSH's key");
	a.type = CS_ANCHOR_SSH;
	ok(refused(&a, ""), "of another type");
	a.type = CS_ANCHOR_SK;
	a.ssh.blob = cs_span_cut(a.ssh.blob, 0, a.ssh.blob.n - 1);
	ok(refused(&a, ""), "and half of it");
	cs_buf_free(&blob);
}

static void
test_golden(void)
{
	cs_anchor a = plain();

	ok(gives(&a, OWNER " agents=\"" AGENTS "\" spki " ED), "a line");
	a.type = CS_ANCHOR_FIDO2;
	a.rp_id = cs_span_str("approve.corp.example");
	a.credential_id = cs_span_str("AAEC");
	a.origins = cs_span_str("https://a https://b:8443");
	a.counter_strict = a.verify_required = true;
	a.proof_text = cs_span_str("fido2:ab-cd");
	ok(gives(&a, OWNER " agents=\"" AGENTS "\",attested=\"fido2:ab-cd\","
	    "counter-strict,credential-id=\"AAEC\",origins=\"https://a "
	    "https://b:8443\",rp-id=\"approve.corp.example\",verify-required"
	    " fido2 " ED), "of a fido2 key");
	a = plain();
	a.comment = cs_span_str("alice's \xc3\xa4 \"key\" # \\");
	ok(gives(&a, OWNER " agents=\"" AGENTS "\" spki " ED
	    " alice's \xc3\xa4 \"key\" # \\"), "with a comment");
	a.agents = a.comment = (cs_span){0};
	ok(gives(&a, OWNER " - spki " ED), "without an option");
	a.proof_text = cs_span_str("yubikey-piv:1,touch=always,pin=always");
	a.group = cs_span_str("two persons");
	a.grants = a.shared_key = a.hardware = a.hardware_required = true;
	a.verify_required = a.no_touch_required = true;
	a.max_lifetime = 5400;
	a.max_issuances = 1000000;
	a.max_window = 14 * 86400;
	a.has_valid_after = a.has_valid_before = a.has_revoked = true;
	a.valid_after = AT - 1;
	a.valid_before = a.revoked = AT;
	ok(gives(&a, OWNER " attested=\"yubikey-piv:1,touch=always,"
	    "pin=always\",grants,group=\"two persons\",hardware,"
	    "hardware-required,max-issuances=1000000,max-lifetime=90m,"
	    "max-window=2w,no-touch-required,revoked=" WHEN ",shared-key,"
	    "valid-after=2026-11-20T23:59:59Z,valid-before=" WHEN
	    ",verify-required spki " ED), "with all of them");
}

/* What a user may have given, to smuggle something in. */
static const char *const poison[] = {
	"a\nmailto:eve@evil.example - spki " ED,
	"a\r\nmailto:eve@evil.example - spki " ED,
	"\n",
	"a\n",
	"a\r",
	"a\t",
	"a\",no-touch-required,group=\"b",
	"a\"",
	"\"",
	"a\\",
	"a\x1b[2J",
	"a\x7f",
	"a\xc2\x85",                /* NEL */
	"a\xe2\x80\xa8" "b",        /* line separator */
	"a\xe2\x80\xae" "b",        /* right-to-left override */
	"a\xe2\x80\x8b" "b",        /* zero width */
	"\xef\xbb\xbf" "a",         /* byte order mark */
	"a\xff",
	"a\xc0\xaf",
};
#define N_POISON (sizeof(poison) / sizeof(poison[0]))

static void
test_poison(void)
{
	static const size_t at[] = {offsetof(cs_anchor, agents),
	    offsetof(cs_anchor, group), offsetof(cs_anchor, proof_text),
	    offsetof(cs_anchor, owner)};
	cs_anchor a;
	cs_span v;
	size_t i, j;

	for (j = 0; j < N_POISON; j++) {
		v = cs_span_str(poison[j]);
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			a = plain();
			memcpy((char *)&a + at[i], &v, sizeof(v));
			ok(refused(&a, ""), "poison %zu in member %zu", j, i);
		}
		a = plain();
		a.comment = v;
		/* A quote is nothing in a comment, nor is a backslash. */
		ok(strpbrk(poison[j], "\"\\") != NULL &&
		    strpbrk(poison[j], "\n\r\t") == NULL ?
		    !refused(&a, "such a comment is fine") :
		    refused(&a, "comment"), "poison %zu in the comment", j);
	}
}

/* Every single byte in a value, and in the owner: a line of one anchor that
 * says what was meant, or none. */
static void
test_bytes(void)
{
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_ROOM);
	lines *l = NULL;
	char s[4] = "a.b";
	int c, bad = 0, taken = 0, m;
	cs_anchor a;

	for (c = 0; c < 256; c++) {
		s[1] = (char)c;
		for (m = 0; m < 3; m++) {
			a = plain();
			*(m == 0 ? &a.group : m == 1 ? &a.comment :
			    &a.agents) = cs_span_of(s, 3);
			cs_buf_reset(b);
			if (cs_owners_put(b, &a, NULL) != CS_OK)
				continue;
			taken++;
			if (cs_buf_put_byte(b, '\n') != CS_OK ||
			    lines_parse("f", cs_buf_span(b), &l, NULL) !=
			    CS_OK || l->n != 1 ||
			    !cs_span_eq(m == 0 ? l->anchors[0].group :
			    l->anchors[0].comment, cs_span_of(s, 3)))
				bad++;
			lines_free(&l);
		}
	}
	ok(bad == 0 && taken > 2 * 90, "every byte (%d are taken)", taken);
	cs_buf_free(&b);
}

static void
test_refused(void)
{
	static const char *const owners[] = {"", "*", "#", "-", "alice",
	    "mailto:Alice@corp.example", "mailto:alice@corp.example -",
	    "wimse://corp.example/a", "#mailto:alice@corp.example"};
	cs_anchor a;
	size_t i;

	for (i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		a = plain();
		a.owner = cs_span_str(owners[i]);
		ok(refused(&a, ""), "owner \"%s\"", owners[i]);
	}
	a = plain();
	a.comment = cs_span_str(" a");
	ok(refused(&a, "blank"), "a comment that begins with a blank");
	a.comment = cs_span_str("a ");
	ok(refused(&a, "blank"), "or ends with one");
	a = plain();
	a.agents = cs_span_str("wimse://corp.example/a,wimse://c/b");
	ok(refused(&a, "agents"), "agents with a comma");
	a = plain();
	a.verify_required = true;
	ok(refused(&a, "attested"), "a line that no approval could meet");
	a = plain();
	a.max_issuances = 1000001;
	ok(refused(&a, "max-issuances"), "too many issuances");
	a.max_issuances = -1;
	ok(refused(&a, "max-issuances"), "too few");
	a = plain();
	a.has_revoked = true;
	a.revoked = INT64_MAX;
	ok(refused(&a, "revoked"), "no such time");
	a = plain();
	a.crl = cs_span_str("x.crl");
	ok(refused(&a, "crl"), "an option of another type");
	a = plain();
	a.type = CS_ANCHOR_FIDO2;
	ok(refused(&a, "rp-id"), "a fido2 key without RP ID");
	a.rp_id = cs_span_str("a\" spki");
	ok(refused(&a, "rp-id"), "and with a wrong one");
	a = plain();
	a.type = CS_ANCHOR_SSH;
	ok(refused(&a, ""), "an OpenSSH key without its blob");
	a = plain();
	a.key.der = cs_span_cut(a.key.der, 0, a.key.der.n - 1);
	ok(refused(&a, ""), "half a key");
	a = plain();
	a.type = CS_ANCHOR_X509;
	a.ca = cs_span_str("no certificate");
	ok(refused(&a, ""), "no certificate");
}

/* A line, and what becomes of it. */
static const struct {
	const char *before, *after;
} revoked[] = {
	{OWNER " - spki " ED, OWNER " revoked=" WHEN " spki " ED},
	{OWNER " grants spki " ED " a  comment - ",
	    OWNER " grants,revoked=" WHEN " spki " ED " a  comment - "},
	{"\t" OWNER "\t  group=\"a, b,revoked=20200101Z\"  spki \t" ED "  ",
	    "\t" OWNER "\t  group=\"a, b,revoked=20200101Z\",revoked=" WHEN
	    "  spki \t" ED "  "},
	{OWNER " revoked=20300101Z spki " ED,
	    OWNER " revoked=" WHEN " spki " ED},
	{OWNER " grants,revoked=20300101Z,hardware spki " ED,
	    OWNER " grants,revoked=" WHEN ",hardware spki " ED},
	{OWNER " grants,revoked=2030-01-01T00:00:00Z spki " ED " -",
	    OWNER " grants,revoked=" WHEN " spki " ED " -"},
};

static void
test_revoke(void)
{
	static const char *const bad[] = {"", "# comment", "  ", "x",
	    OWNER " - spki " ED "\n", OWNER " grants, spki " ED,
	    OWNER " - spki " ED "\n" OWNER " - spki " ED};
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_ROOM);
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(revoked) / sizeof(revoked[0]); i++) {
		cs_buf_reset(b);
		ok(cs_owners_revoke(cs_span_str(revoked[i].before), AT, b,
		    &e) == CS_OK && cs_span_is(cs_buf_span(b),
		    revoked[i].after), "revoke %zu: %s", i, cs_buf_cstr(b));
	}
	cs_buf_reset(b);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cs_owners_revoke(cs_span_str(bad[i]), AT, b, &e) ==
		    CS_EFORMAT && cs_buf_len(b) == 0, "no line %zu: %s", i,
		    e.text);
	ok(cs_owners_revoke(cs_span_str(revoked[0].before), INT64_MAX, b,
	    &e) == CS_EFORMAT && cs_buf_len(b) == 0, "no time: %s", e.text);
	cs_buf_free(&b);
}

int
main(void)
{
	key = cs_buf_new(64);
	if (key == NULL || cs_base64_get(key, cs_span_str(ED), false, NULL) !=
	    CS_OK)
		return 1;
	test_golden();
	test_ssh();
	test_poison();
	test_bytes();
	test_refused();
	test_revoke();
	cs_buf_free(&key);
	return done_testing();
}
