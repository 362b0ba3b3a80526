/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/owners.h"
#include "fmt/reason.h"
#include "lines.h"
#include "tap.h"

#define ED "MCowBQYDK2VwAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00GpcxILucvqJSI="
#define P256 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEORN+eKFdiqRJnzT7HsOfIdSEq/2s" \
	"JyDD+IOGMiyrymRfj8ytm2ki9oYrRfsqwczpmTArEw+bSnyxp+bLOtXBkw=="
#define P384 \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEmV+Gcp7E6r7Kh3zrg+hu9lAu0/xKwjax" \
	"63Wo5NeLHWyf7iqQ5rr+sG9h47cfPCU3dUDnHWlxYDiI6CYIn+qy//WqqWpQmeDX" \
	"iIAxQL1JbChLq1IWSo+NczRNXlBTeG+n"
#define OWNER "mailto:alice@corp.example"
#define PIV "attested=\"yubikey-piv:123,touch=always,pin=always\""

static const char sample[] =
    "# the build farm\n"
    "\n"
    OWNER " agents=\"wimse://corp.example/ci spiffe://corp.example/b\","
    "no-touch-required,grants spki " P256 " build farm, \xc3\xa4\n"
    "  # indented\r\n"
    "https://corp.example/bob\t-\tspki\t" ED "\r\n"
    "urn:x:carol max-lifetime=1h,max-issuances=12,max-window=2d,"
    "valid-after=20260101000000Z,valid-before=2027-01-01T00:00:00Z,"
    "revoked=20260601Z,group=\"two persons\",shared-key,hardware,"
    "hardware-required,verify-required,"
    "attested=\"yubikey-piv:4711,touch=always,pin=always\" spki " P384
    " carol's key\n";

static lines *
parse(const char *text, size_t n, cs_err *e)
{
	lines *o = NULL;
	char *copy = malloc(n + 1); /* exact, for the sanitizers */
	int r;

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, n);
	r = lines_parse("owners", cs_span_of(copy, n), &o, e);
	free(copy); /* the records own what they show */
	if ((r == CS_OK) != (o != NULL)) {
		lines_free(&o);
		(void)cs_fail(e, CS_EBUG, "test", "no object, or one too many");
	}
	return o;
}

static void
check_first(const cs_anchor *a)
{
	ok(a->line == 3 && strcmp(a->file, "owners") == 0, "line and file");
	ok(cs_span_is(a->owner, OWNER), "owner");
	ok(cs_span_is(a->agents, "wimse://corp.example/ci "
	    "spiffe://corp.example/b"), "agents");
	ok(cs_span_is(a->comment, "build farm, \xc3\xa4"), "comment");
	ok(a->grants && a->no_touch_required, "its flags");
	ok(!a->shared_key && !a->hardware && !a->hardware_required &&
	    !a->verify_required && !a->touch_always && !a->pin_always,
	    "no other flag");
	ok(a->proof == CS_PROOF_NONE && a->proof_text.p == NULL &&
	    a->group.p == NULL, "no proof, no group");
	ok(a->max_lifetime == 0 && a->max_issuances == 0 &&
	    a->max_window == 0 && !a->has_valid_after &&
	    !a->has_valid_before && !a->has_revoked, "no limit");
	ok(a->key.kind == CS_KEY_P256 && a->key.der.n == 91, "key");
}

static void
check_third(const cs_anchor *a)
{
	ok(a->line == 6 && cs_span_is(a->comment, "carol's key"),
	    "third: line and comment");
	ok(a->max_lifetime == 3600 && a->max_issuances == 12 &&
	    a->max_window == 172800, "third: limits");
	ok(a->has_valid_after && a->valid_after == 1767225600, "valid-after");
	ok(a->has_valid_before && a->valid_before == 1798761600,
	    "valid-before");
	ok(a->has_revoked && a->revoked == 1780272000, "revoked");
	ok(cs_span_is(a->group, "two persons"), "group");
	ok(a->shared_key && a->hardware && a->hardware_required &&
	    a->verify_required && !a->grants && !a->no_touch_required,
	    "third: flags");
	ok(a->proof == CS_PROOF_YUBIKEY_PIV && a->touch_always &&
	    a->pin_always && cs_span_is(a->proof_text,
	    "yubikey-piv:4711,touch=always,pin=always"), "proof");
	ok(a->key.kind == CS_KEY_P384, "third: key");
}

static void
golden(void)
{
	cs_err e = {0};
	lines *o = parse(sample, sizeof(sample) - 1, &e);
	const cs_anchor *b;

	if (!ok(o != NULL, "sample parses: %s", e.text))
		return;
	ok(o->n == 3, "three");
	check_first(&o->anchors[0]);
	b = &o->anchors[1];
	ok(b->line == 5 && cs_span_is(b->owner, "https://corp.example/bob") &&
	    b->comment.p == NULL && b->agents.p == NULL &&
	    b->key.kind == CS_KEY_ED25519, "a line with nothing optional");
	check_third(&o->anchors[2]);
	lines_free(&o);
	ok(o == NULL, "freed");
	o = parse("", 0, &e);
	ok(o != NULL && o->n == 0, "empty file");
	lines_free(&o);
}

/* OPTIONS that a spki line takes. */
static const char *const good[] = {
	"-",
	"agents=\"\"",
	"agents=\"wimse://c/a  wimse://c/b \"",
	"grants",
	"max-lifetime=90s",
	"max-issuances=1",
	"max-issuances=1000000",
	"group=\"\xc3\xa4\"",
	"attested=\"tpm2:IFX\"",
	"attested=\"tpm2:id:494E5443\"",
	"attested=\"yubikey-piv:0,touch=cached,pin=once\"",
	"attested=\"yubikey-piv:4294967295,touch=never,pin=never\",hardware",
	(PIV ",verify-required"),
	("verify-required," PIV),
	"hardware,hardware-required,no-touch-required,shared-key",
	"valid-after=20260101Z,valid-before=20260102Z",
	"revoked=202601011200Z",
};

#define LINE(options) OWNER " " options " spki " ED
#define TYPED(owner, options, type) owner " " options " " type " AAAA"

/* What is refused, why, and a part of the words. */
static const struct {
	const char *line;
	int reason;
	const char *words;
} bad[] = {
	{OWNER, CS_R_MALFORMED, "found one field"},
	{OWNER " -", CS_R_MALFORMED, "found two fields"},
	{OWNER " - spki", CS_R_MALFORMED, "found three fields"},
	{OWNER " spki " ED, CS_R_MALFORMED, "found three fields"},
	{OWNER " spki " ED " comment", CS_R_MALFORMED, "key type"},
	{OWNER " agents=\"x spki " ED, CS_R_MALFORMED, "does not end"},
	{OWNER " - spkj " ED, CS_R_MALFORMED, "did you mean spki?"},
	{OWNER " - SPKI " ED, CS_R_MALFORMED, "found \"SPKI\""},
	{OWNER " - ssh-ed25518 " ED, CS_R_MALFORMED, "mean ssh-ed25519?"},
	{OWNER " - x509 " ED, CS_R_MALFORMED, "expected spki, fido2, x509-ca"},
	{OWNER " - " ED " spki", CS_R_MALFORMED, "key type"},
	{"alice@corp.example - spki " ED, CS_R_BAD_IDENTIFIER, "owner"},
	{"wimse://corp.example/a - spki " ED, CS_R_BAD_IDENTIFIER, "agent's"},
	{"mailto:Alice@corp.example - spki " ED, CS_R_BAD_IDENTIFIER,
	    "lowercase"},
	{"* - spki " ED, CS_R_BAD_IDENTIFIER, "expected a URI"},
	{OWNER " - x509-ca " ED, CS_R_BAD_IDENTIFIER, "expected \"*\""},
	{OWNER " - spki A", CS_R_MALFORMED, "base64"},
	{OWNER " - spki MCow*", CS_R_MALFORMED, "base64"},
	{OWNER " - spki MCow", CS_R_NOT_DER, ""},
	{OWNER " - spki " ED "AAAA", CS_R_MALFORMED, "base64"},
	{OWNER " - spki MCowBQYDK2VwAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00Gp"
	    "cxILucvqJSI", CS_R_MALFORMED, "base64"},
	{OWNER " - spki MCowBQYDK2VuAyEAe/Pg8zZNq+/7PfT7f1EEriif4LFz00Gp"
	    "cxILucvqJSI=", CS_R_UNSUPPORTED, ""},
	/* the line's bytes */
	{LINE("-") " \xff", CS_R_MALFORMED, "UTF-8"},
	{LINE("-") " \x1b[2J", CS_R_MALFORMED, "U+001B"},
	{LINE("-") " \x7f", CS_R_MALFORMED, "U+007F"},
	{LINE("-") " \xc2\x9b", CS_R_MALFORMED, "U+009B"},
	{LINE("-") " a\rb", CS_R_MALFORMED, "U+000D"},
	{LINE("-") "\r\r", CS_R_MALFORMED, "U+000D"},
	{"\xef\xbb\xbf" LINE("-"), CS_R_MALFORMED, "U+FEFF"},
	{"# \x01", CS_R_MALFORMED, "U+0001"},
	{"\x0c", CS_R_MALFORMED, "U+000C"},
	/* the shape of options */
	{LINE("grants,"), CS_R_MALFORMED, "comma"},
	{LINE(",grants"), CS_R_MALFORMED, "comma"},
	{LINE("grants,,hardware"), CS_R_MALFORMED, "comma"},
	{LINE("=1h"), CS_R_MALFORMED, "comma"},
	{LINE("-,grants"), CS_R_MALFORMED, "unknown option \"-\""},
	{LINE("grants,-"), CS_R_MALFORMED, "unknown option \"-\""},
	{LINE("grants=yes"), CS_R_MALFORMED, "\"grants\": expected no value"},
	{LINE("grants="), CS_R_MALFORMED, "expected no value"},
	{LINE("grants=\"\""), CS_R_MALFORMED, "expected no value"},
	{LINE("grant"), CS_R_MALFORMED, "did you mean grants?"},
	{LINE("Grants"), CS_R_MALFORMED, "did you mean grants?"},
	{LINE("no-touch-require"), CS_R_MALFORMED, "mean no-touch-required?"},
	{LINE("max-lifetimes=1h"), CS_R_MALFORMED, "did you mean max-life"},
	{LINE("cert-authority"), CS_R_MALFORMED,
	    "unknown option \"cert-authority\""},
	{LINE("grants,grants"), CS_R_MALFORMED, "found twice"},
	{LINE("max-window=1h,max-window=1h"), CS_R_MALFORMED, "found twice"},
	{LINE("agents"), CS_R_MALFORMED, "agents=\"...\""},
	{LINE("max-window"), CS_R_MALFORMED, "max-window=..."},
	{LINE("agents=wimse://c/a"), CS_R_MALFORMED, "in double quotes"},
	{LINE("max-window=\"1h\""), CS_R_MALFORMED, "without double quotes"},
	{LINE("group=\"a\"b"), CS_R_MALFORMED, "no quote within"},
	{LINE("group=\"a\"\"b\""), CS_R_MALFORMED, "no quote within"},
	{LINE("group=\"a\\\",grants"), CS_R_MALFORMED, "backslash"},
	{LINE("group=\"a\\x\""), CS_R_MALFORMED, "backslash"},
	{LINE("max-window=1h\"\""), CS_R_MALFORMED, "no quote within"},
	{LINE("group=\"a\" ,grants"), CS_R_MALFORMED, "key type"},
	/* values */
	{LINE("agents=\"wimse://corp.example\""), CS_R_BAD_IDENTIFIER,
	    "\"agents\": agent identifier"},
	{LINE("agents=\"wimse://c/a,wimse://c/b\""), CS_R_BAD_IDENTIFIER,
	    "\"agents\""},
	{LINE("agents=\"wimse://c/a\twimse://c/b\""), CS_R_BAD_IDENTIFIER,
	    "\"agents\""},
	{LINE("agents=\"*\""), CS_R_BAD_IDENTIFIER, "\"agents\""},
	{LINE("agents=\"wimse://c/a wimse://C/b\""), CS_R_BAD_IDENTIFIER,
	    "\"agents\""},
	{LINE("group=\"\""), CS_R_MALFORMED, "\"group\""},
	{LINE("group=\"a\xe2\x80\xae\""), CS_R_MALFORMED, "\"group\""},
	{LINE("max-lifetime=1"), CS_R_MALFORMED, "\"max-lifetime\""},
	{LINE("max-lifetime=0s"), CS_R_MALFORMED, "\"max-lifetime\""},
	{LINE("max-lifetime=-1h"), CS_R_MALFORMED, "\"max-lifetime\""},
	{LINE("max-lifetime="), CS_R_MALFORMED, "\"max-lifetime\""},
	{LINE("max-issuances=0"), CS_R_MALFORMED, "\"max-issuances\""},
	{LINE("max-issuances=01"), CS_R_MALFORMED, "\"max-issuances\""},
	{LINE("max-issuances=+1"), CS_R_MALFORMED, "\"max-issuances\""},
	{LINE("max-issuances=1000001"), CS_R_MALFORMED, "1 to 1000000"},
	{LINE("max-issuances=99999999999999999999999999"), CS_R_MALFORMED,
	    "1 to 1000000"},
	{LINE("max-issuances=1x"), CS_R_MALFORMED, "\"max-issuances\""},
	{LINE("valid-after=20260101"), CS_R_MALFORMED, "\"valid-after\""},
	{LINE("valid-after=2026-01-01"), CS_R_MALFORMED, "\"valid-after\""},
	{LINE("valid-before=20261301Z"), CS_R_MALFORMED, "\"valid-before\""},
	{LINE("revoked=always"), CS_R_MALFORMED, "\"revoked\""},
	{LINE("revoked"), CS_R_MALFORMED, "revoked=..."},
	{LINE("valid-after=20260102Z,valid-before=20260101Z"), CS_R_MALFORMED,
	    "\"valid-before\""},
	{LINE("valid-after=20260101Z,valid-before=20260101Z"), CS_R_MALFORMED,
	    "\"valid-before\""},
	{LINE("revoked=20260101000000000000000000000000000000000000000000000"
	    "000000000000000000Z"), CS_R_MALFORMED, "1 to 64 bytes"},
	/* attested */
	{LINE("attested=\"\""), CS_R_MALFORMED, "yubikey-piv: or tpm2:"},
	{LINE("attested=\"yubikey\""), CS_R_MALFORMED, "yubikey-piv:"},
	{LINE("attested=\"fido2:00\""), CS_R_MALFORMED, "type spki"},
	{LINE("attested=\"u2f:00\""), CS_R_MALFORMED, "type spki"},
	{LINE("attested=\"tpm2:\""), CS_R_MALFORMED, "one word"},
	{LINE("attested=\"tpm2:a b\""), CS_R_MALFORMED, "one word"},
	{LINE("attested=\"yubikey-piv:1\""), CS_R_MALFORMED, "touch="},
	{LINE("attested=\"yubikey-piv:1,xouch=always,pin=always\""),
	    CS_R_MALFORMED, "touch="},
	{LINE("attested=\"yubikey-piv:1,touch=always,xin=always\""),
	    CS_R_MALFORMED, "pin="},
	{LINE("attested=\"yubikey-piv:1,touch=always\""), CS_R_MALFORMED,
	    "touch="},
	{LINE("attested=\"yubikey-piv:1,pin=always,touch=always\""),
	    CS_R_MALFORMED, "touch="},
	{LINE("attested=\"yubikey-piv:,touch=always,pin=always\""),
	    CS_R_MALFORMED, "SERIAL"},
	{LINE("attested=\"yubikey-piv:x,touch=always,pin=always\""),
	    CS_R_MALFORMED, "SERIAL"},
	{LINE("attested=\"yubikey-piv:1,touch=alway,pin=always\""),
	    CS_R_MALFORMED, "touch="},
	{LINE("attested=\"yubikey-piv:1,touch=once,pin=always\""),
	    CS_R_MALFORMED, "touch="},
	{LINE("attested=\"yubikey-piv:1,touch=always,pin=cached\""),
	    CS_R_MALFORMED, "pin="},
	{LINE("attested=\"yubikey-piv:1,touch=always,pin=always,x\""),
	    CS_R_MALFORMED, "pin="},
	{LINE("verify-required"), CS_R_MALFORMED, "pin=always"},
	{LINE("verify-required,attested=\"tpm2:IFX\""), CS_R_MALFORMED,
	    "pin=always"},
	{LINE("verify-required,attested=\"yubikey-piv:1,touch=always,"
	    "pin=once\""), CS_R_MALFORMED, "pin=always"},
	/* options of other types */
	{LINE("rp-id=\"a.example\""), CS_R_MALFORMED, "\"rp-id\": expected"},
	{LINE("credential-id=\"AA\""), CS_R_MALFORMED, "\"credential-id\""},
	{LINE("origins=\"https://a\""), CS_R_MALFORMED, "\"origins\""},
	{LINE("counter-strict"), CS_R_MALFORMED, "\"counter-strict\""},
	{LINE("owner-san=\"email:*@c\""), CS_R_MALFORMED, "\"owner-san\""},
	{LINE("crl=\"c.crl\""), CS_R_MALFORMED, "\"crl\""},
	{LINE("eku=1.2.3"), CS_R_MALFORMED, "\"eku\""},
	{LINE("no-revocation"), CS_R_MALFORMED, "\"no-revocation\""},
	{TYPED("*", "shared-key", "x509-ca"), CS_R_MALFORMED,
	    "\"shared-key\""},
	{TYPED(OWNER, "rp-id=\"a\"", "ssh-ed25519"), CS_R_MALFORMED,
	    "\"rp-id\""},
	{TYPED(OWNER, PIV, "fido2"), CS_R_MALFORMED, "fido2: or u2f:"},
	{TYPED(OWNER, PIV, "ssh-rsa"), CS_R_MALFORMED, "\"attested\""},
	{TYPED("*", PIV, "x509-ca"), CS_R_MALFORMED, "\"attested\""},
	{TYPED("*", "owner-san=\"email:*@c\",crl=\"c.crl\",eku=1.2.3,"
	    "no-revocation", "x509-ca"), CS_R_MALFORMED, "found both"},
	{TYPED("*", "owner-san=\"email:*@c\"", "x509-ca"), CS_R_MALFORMED,
	    "found neither"},
	{TYPED("*", "no-revocation", "x509-ca"), CS_R_MALFORMED,
	    "\"owner-san\""},
	{TYPED("*", "owner-san=\"email:*@C\"", "x509-ca"), CS_R_MALFORMED,
	    "lowercase domain"},
	{TYPED("*", "owner-san=\"email:*@c\",no-revocation,verify-required",
	    "x509-ca"), CS_R_MALFORMED, "\"verify-required\""},
	{TYPED("*", "owner-san=\"email:*@c\",no-revocation", "x509-ca"),
	    CS_R_NOT_DER, "certificate"},
	{TYPED("*", "eku=1.40.1", "x509-ca"), CS_R_MALFORMED, "\"eku\""},
	{TYPED("*", "eku=1.2..3", "x509-ca"), CS_R_MALFORMED, "\"eku\""},
	{TYPED("*", "eku=1.02", "x509-ca"), CS_R_MALFORMED, "\"eku\""},
	{TYPED("*", "eku=1.2.4294967296", "x509-ca"), CS_R_MALFORMED,
	    "\"eku\""},
	{TYPED("*", "eku=2.5.29.37.0", "x509-ca"), CS_R_MALFORMED, "found any"},
	{TYPED("*", "eku=clientAuth", "x509-ca"), CS_R_MALFORMED, "\"eku\""},
	{TYPED(OWNER, "-", "ecdsa-sha2-nistp521"), CS_R_UNSUPPORTED,
	    "P-256 or P-384"},
};

static void
options(void)
{
	char text[1024];
	lines *o;
	cs_err e;
	size_t i;
	int n;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cs_err_clear(&e);
		n = snprintf(text, sizeof(text), OWNER " %s spki " ED "\n",
		    good[i]);
		o = parse(text, (size_t)n, &e);
		ok(o != NULL && o->n == 1, "%s %s", good[i],
		    e.text);
		lines_free(&o);
	}
}

/* Each stands in line 3 of its file and spoils the whole. */
static void
complaints(void)
{
	char text[2048];
	lines *o;
	cs_err e;
	size_t i;
	int n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cs_err_clear(&e);
		n = snprintf(text, sizeof(text), LINE("grants") "\n\n%s\n"
		    "\xff\n", bad[i].line);
		o = parse(text, (size_t)n, &e);
		if (!ok(o == NULL && e.cls == CS_EFORMAT &&
		    e.detail == bad[i].reason &&
		    strncmp(e.text, "owners:3: ", 10) == 0 &&
		    strstr(e.text, bad[i].words) != NULL, "refused %zu", i))
			printf("# %d %s\n", e.detail, e.text);
		lines_free(&o);
	}
}

static bool
same(const cs_anchor *a, const cs_anchor *b)
{
	return cs_span_eq(a->owner, b->owner) && a->line == b->line &&
	    (a->agents.p == NULL ? b->agents.p == NULL :
	    cs_span_eq(a->agents, b->agents)) &&
	    (a->group.p == NULL ? b->group.p == NULL :
	    cs_span_eq(a->group, b->group)) &&
	    a->grants == b->grants && a->shared_key == b->shared_key &&
	    a->hardware == b->hardware &&
	    a->hardware_required == b->hardware_required &&
	    a->verify_required == b->verify_required &&
	    a->no_touch_required == b->no_touch_required &&
	    a->proof == b->proof && a->touch_always == b->touch_always &&
	    a->pin_always == b->pin_always &&
	    a->max_lifetime == b->max_lifetime &&
	    a->max_issuances == b->max_issuances &&
	    a->max_window == b->max_window &&
	    a->has_valid_after == b->has_valid_after &&
	    a->valid_after == b->valid_after &&
	    a->has_valid_before == b->has_valid_before &&
	    a->valid_before == b->valid_before &&
	    a->has_revoked == b->has_revoked && a->revoked == b->revoked &&
	    cs_span_eq(a->key.der, b->key.der);
}

/* A cut file is refused, or means the same as far as it goes. */
static void
prefixes(void)
{
	lines *whole = parse(sample, sizeof(sample) - 1, NULL), *o;
	size_t n, i, taken = 0, refused = 0;
	bool good_prefix;

	for (n = 0; n < sizeof(sample); n++) {
		o = parse(sample, n, NULL);
		good_prefix = true;
		for (i = 0; o != NULL && i < o->n; i++)
			good_prefix = good_prefix &&
			    same(&o->anchors[i], &whole->anchors[i]);
		if (o == NULL)
			refused++;
		else
			taken++;
		lines_free(&o);
		if (!good_prefix)
			ok(false, "prefix of %zu bytes", n);
	}
	ok(taken > 40 && refused > 600, "prefixes: %zu taken, %zu refused",
	    taken, refused);
	lines_free(&whole);
}

/* No flipped bit turns a key into nothing or ends an option early. */
static void
flips(void)
{
	char text[sizeof(sample)];
	size_t i, taken = 0;
	lines *o;
	int bit;

	for (i = 0; i < sizeof(sample) - 1; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(text, sample, sizeof(sample));
			text[i] = (char)(text[i] ^ (1 << bit));
			o = parse(text, sizeof(sample) - 1, NULL);
			if (o != NULL) {
				taken++;
				if (o->n < 2)
					ok(false, "flip %zu:%d", i, bit);
			}
			lines_free(&o);
		}
	}
	ok(taken > 0, "flips: %zu taken", taken);
}

static void
limits(void)
{
	size_t n = CS_OWNERS_LINE_MAX + 2;
	char *s = malloc(n);
	lines *o;
	cs_err e = {0};

	if (s == NULL)
		return;
	memset(s, '#', n);
	s[n - 1] = '\n';
	o = parse(s, n, &e);
	ok(o == NULL && e.detail == CS_R_TOO_LARGE && strstr(e.text,
	    "owners:1: ") == e.text, "a line that is too long");
	o = parse(s + 1, n - 1, &e);
	ok(o != NULL, "a line of the greatest length");
	lines_free(&o);
	free(s);
	ok(cs_owners_parse("owners", cs_span_of("", CS_OWNERS_FILE_MAX +
	    (size_t)1), NULL, NULL, &e) == CS_EFORMAT && e.detail == CS_R_TOO_LARGE,
	    "a file that is too large");
	o = parse(LINE("-") "\n" LINE("-") "\n", 2 * sizeof(LINE("-")), &e);
	ok(o != NULL && o->n == 2,
	    "a key twice is the anchors' complaint");
	lines_free(&o);
	o = parse(LINE("-") " x\0y\n", sizeof(LINE("-")) + 4, &e);
	ok(o == NULL && strstr(e.text, "U+0000") != NULL, "a NUL");
}

static void
allows(void)
{
	cs_anchor a = {0};
	size_t i;
	static const struct {
		const char *agents, *id;
		bool good;
	} rows[] = {
		{NULL, "wimse://c/a", false},
		{"", "wimse://c/a", false},
		{"  ", "wimse://c/a", false},
		{"wimse://c/a", "wimse://c/a", true},
		{"wimse://c/a", "wimse://c/a/b", true},
		{"wimse://c/a", "wimse://c/ab", false},
		{"wimse://c/a", "spiffe://c/a", false},
		{"wimse://c/x wimse://c/a", "wimse://c/a/b", true},
		{" wimse://c/x  wimse://c/a ", "wimse://c/a", true},
		{"wimse://c/a/b", "wimse://c/a", false},
	};

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a.agents = cs_span_str(rows[i].agents);
		ok(cs_anchor_allows(&a, cs_span_str(rows[i].id)) ==
		    rows[i].good, "allows %zu", i);
	}
}

struct heard {
	unsigned good[8], bad[8];
	size_t n_good, n_bad;
	int stop_at;
};

static int
hear_good(void *arg, const cs_anchor *a, cs_err *e)
{
	struct heard *h = arg;

	(void)e;
	h->good[h->n_good++] = a->line;
	return CS_OK;
}

static int
hear_bad(void *arg, unsigned line, const cs_err *why, cs_err *e)
{
	struct heard *h = arg;
	char at[32];

	(void)snprintf(at, sizeof(at), "owners:%u: ", line);
	h->bad[h->n_bad++] = strncmp(why->text, at, strlen(at)) == 0 ? line :
	    0;
	return --h->stop_at == 0 ? cs_fail(e, CS_EIO, "test", "enough") :
	    CS_OK;
}

static void
every_complaint(void)
{
	static const char text[] = OWNER " - spki " ED "\n"
	    OWNER " agnets=\"\" spki " ED "\n"
	    "# comment\n"
	    "\x01\n"
	    OWNER " grants spki " P256 "\r\n"
	    "x";
	struct heard h = {0};
	cs_err e = {0};

	ok(cs_owners_check("owners", cs_span_str(text), hear_good, hear_bad,
	    &h, &e) == CS_OK && e.cls == CS_OK, "to the end");
	ok(h.n_good == 2 && h.good[0] == 1 && h.good[1] == 5, "good lines");
	ok(h.n_bad == 3 && h.bad[0] == 2 && h.bad[1] == 4 && h.bad[2] == 6,
	    "bad lines");
	h = (struct heard){.stop_at = 2};
	ok(cs_owners_check("owners", cs_span_str(text), hear_good, hear_bad,
	    &h, &e) == CS_EIO && h.n_bad == 2 &&
	    strcmp(e.text, "enough") == 0, "or as long as one listens");
}

int
main(void)
{
	golden();
	every_complaint();
	options();
	complaints();
	prefixes();
	flips();
	limits();
	allows();
	return done_testing();
}
