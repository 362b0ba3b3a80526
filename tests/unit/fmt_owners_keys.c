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
#define RSA \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp+1+PX4NTIHO8xTLORm/" \
	"bbzWawUrzt6J94aeHSRFpl66qaFnDfCE1XjicDUSYUdP2uu7ez+xvAGD/JQTJgXl" \
	"JEFgpL+ctfIqxLl9TM+ZYlVtGNWgoVEuQDLAUZLMzvauxLbr2vj6UQrGfmoU5W4m" \
	"JmEQdHmB7zU1QpnLnnlRSZFNmdvL/Y6Z565C/NDl0rrOGPxLK4g0Q+QffVAc1Vus" \
	"Oe7weNJYzWjedO5lmMtI6Yk9RAESQUq6sm3gGCZmGkKemQbDsrm964bhjAn5/cNu" \
	"F2g9KI4+/hcsPlSv6RMY9AtewBGQx2nfyAdz7dvzbIbLl9SsS6xR6zhIZFy6fUVX" \
	"KwIDAQAB"
#define OWNER "mailto:alice@corp.example"
#define FIDO2(options) OWNER " " options " fido2 " ED

/* Lines of keys that say more than they are: fido2 and OpenSSH's. */

static lines *
parse(const char *text, cs_err *e)
{
	lines *o = NULL;
	size_t n = strlen(text);
	char *copy = malloc(n + 1); /* exact, for the sanitizers */

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, n);
	if (lines_parse("owners", cs_span_of(copy, n), &o, e) != CS_OK)
		lines_free(&o);
	free(copy); /* the records own what they show */
	return o;
}

static void
golden_fido2(void)
{
	const char *line = OWNER " rp-id=\"approve.corp.example\","
	    "credential-id=\"AAEC\",origins=\"https://a https://b:1\","
	    "counter-strict,verify-required,attested=\"fido2:ab-cd\" fido2 "
	    P256 " alice's key";
	cs_err e = {0};
	lines *o = parse(line, &e);
	const cs_anchor *a;

	if (!ok(o != NULL && o->n == 1, "fido2 parses: %s", e.text))
		return;
	a = &o->anchors[0];
	ok(a->type == CS_ANCHOR_FIDO2 && a->key.kind == CS_KEY_P256 &&
	    cs_span_is(a->comment, "alice's key"), "fido2: key, comment");
	ok(cs_span_is(a->rp_id, "approve.corp.example") &&
	    cs_span_is(a->credential_id, "AAEC") &&
	    cs_span_is(a->origins, "https://a https://b:1"), "its texts");
	ok(a->counter_strict && a->verify_required && !a->touch_always &&
	    !a->pin_always && a->proof == CS_PROOF_FIDO2, "its flags");
	lines_free(&o);
}

/* OPTIONS that a fido2 line takes. */
static const char *const good_fido2[] = {
	"rp-id=\"a\"",
	"rp-id=\"approve.corp.example\"",
	"rp-id=\"xn--bcher-kva.example\"",
	"rp-id=\"1.a-b.2c\",verify-required",
	"rp-id=\"localhost\",no-touch-required",
	"rp-id=\"a\",counter-strict,hardware,hardware-required,grants",
	"rp-id=\"a\",attested=\"fido2:ab-cd\",verify-required",
	"rp-id=\"a\",attested=\"u2f:abcd\"",
	"rp-id=\"a\",credential-id=\"AA\"",
	"rp-id=\"a\",credential-id=\"-_8\"",
	"rp-id=\"a\",origins=\"https://a\"",
	"origins=\" https://b.example:8443  http://localhost:1 \",rp-id=\"a\"",
	"rp-id=\"a\",origins=\"https://a:65535 https://a:80 https://localhost\"",
	"rp-id=\"a\",origins=\"http://localhost http://x.localhost:443\"",
};


/* What is refused, why, and a part of the words. */
static const struct {
	const char *line;
	int reason;
	const char *words;
} bad[] = {
	{FIDO2("-"), CS_R_MALFORMED, "\"rp-id\": expected one"},
	{FIDO2("verify-required"), CS_R_MALFORMED, "\"rp-id\""},
	{FIDO2("rp-id=a"), CS_R_MALFORMED, "\"rp-id\""},
	{FIDO2("rp-id=\"\""), CS_R_BAD_IDENTIFIER, "\"rp-id\": RP ID"},
	{FIDO2("rp-id=\"A\""), CS_R_BAD_IDENTIFIER, "found \"A\""},
	{FIDO2("rp-id=\"a.\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\".a\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"a..b\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"-a\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"a-.b\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"a_b\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"a b\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"a:8443\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"https://a\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"192.0.2.1\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"b\xc3\xbc" "cher\""), CS_R_BAD_IDENTIFIER,
	    "\"rp-id\""},
	{FIDO2("rp-id=\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaa\""), CS_R_BAD_IDENTIFIER, "\"rp-id\""},
	{FIDO2("rp-id=\"a\",rp-id=\"a\""), CS_R_MALFORMED, "found twice"},
	{FIDO2("rp-id=\"a\",credential-id=\"\""), CS_R_MALFORMED, "base64url"},
	{FIDO2("rp-id=\"a\",credential-id=\"AA==\""), CS_R_MALFORMED,
	    "base64url"},
	{FIDO2("rp-id=\"a\",credential-id=\"AB\""), CS_R_MALFORMED,
	    "base64url"},
	{FIDO2("rp-id=\"a\",credential-id=\"+/8\""), CS_R_MALFORMED,
	    "base64url"},
	{FIDO2("rp-id=\"a\",origins=\"\""), CS_R_MALFORMED, "\"origins\""},
	{FIDO2("rp-id=\"a\",origins=\"  \""), CS_R_MALFORMED, "found none"},
	{FIDO2("rp-id=\"a\",origins=\"a\""), CS_R_BAD_IDENTIFIER,
	    "\"origins\": origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a https://A\""),
	    CS_R_BAD_IDENTIFIER, "found \"https://A\""},
	{FIDO2("rp-id=\"a\",origins=\"https://a/\""), CS_R_BAD_IDENTIFIER,
	    "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://\""), CS_R_BAD_IDENTIFIER,
	    "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a:\""), CS_R_BAD_IDENTIFIER,
	    "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a:0\""), CS_R_BAD_IDENTIFIER,
	    "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a:443\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a:08443\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a:65536\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://a:1:2\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://x@a\""), CS_R_BAD_IDENTIFIER,
	    "origin"},
	{FIDO2("rp-id=\"a\",origins=\"http://a\""), CS_R_BAD_IDENTIFIER,
	    "origin"},
	{FIDO2("rp-id=\"a\",origins=\"http://localhost:80\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"http://localhost.b\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"http://alocalhost\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",origins=\"https://[::1]\""),
	    CS_R_BAD_IDENTIFIER, "origin"},
	{FIDO2("rp-id=\"a\",shared-key"), CS_R_MALFORMED, "\"shared-key\""},
	{FIDO2("rp-id=\"a\",attested=\"tpm2:IFX\""), CS_R_MALFORMED,
	    "fido2: or u2f:"},
	{OWNER " rp-id=\"a\" fido2 MCow", CS_R_NOT_DER, ""},
	{"* rp-id=\"a\" fido2 " ED, CS_R_BAD_IDENTIFIER, "expected a URI"},
	{OWNER " rp-id=\"a\" fido2 " RSA, CS_R_UNSUPPORTED, "found RSA"},
};

static void
options(void)
{
	char text[1024];
	lines *o;
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(good_fido2) / sizeof(good_fido2[0]); i++) {
		cs_err_clear(&e);
		(void)snprintf(text, sizeof(text), FIDO2("%s") "\n",
		    good_fido2[i]);
		o = parse(text, &e);
		ok(o != NULL && o->n == 1, "%s %s", good_fido2[i], e.text);
		lines_free(&o);
	}
}

static void
complaints(void)
{
	lines *o;
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cs_err_clear(&e);
		o = parse(bad[i].line, &e);
		if (!ok(o == NULL && e.cls == CS_EFORMAT &&
		    e.detail == bad[i].reason &&
		    strncmp(e.text, "owners:1: ", 10) == 0 &&
		    strstr(e.text, bad[i].words) != NULL, "refused %zu", i))
			printf("# %d %s\n", e.detail, e.text);
		lines_free(&o);
	}
}

int
main(void)
{
	golden_fido2();
	options();
	complaints();
	return done_testing();
}
