/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
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
#define ED2 "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp+1+PX4NTIHO8xTLORm/" \
	"bbzWawUrzt6J94aeHSRFpl66qaFnDfCE1XjicDUSYUdP2uu7ez+xvAGD/JQTJgXl" \
	"JEFgpL+ctfIqxLl9TM+ZYlVtGNWgoVEuQDLAUZLMzvauxLbr2vj6UQrGfmoU5W4m" \
	"JmEQdHmB7zU1QpnLnnlRSZFNmdvL/Y6Z565C/NDl0rrOGPxLK4g0Q+QffVAc1Vus" \
	"Oe7weNJYzWjedO5lmMtI6Yk9RAESQUq6sm3gGCZmGkKemQbDsrm964bhjAn5/cNu" \
	"F2g9KI4+/hcsPlSv6RMY9AtewBGQx2nfyAdz7dvzbIbLl9SsS6xR6zhIZFy6fUVX" \
	"KwIDAQAB"
#define SSH_ED \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHvz4PM2Tavv+z30+39RBK4on+Cxc9NBqXMSC7nL" \
	"6iUi"
#define SSH_P256 \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDkTfnihXYqk" \
	"SZ80+x7DnyHUhKv9rCcgw/iDhjIsq8pkX4/MrZtpIvaGK0X7KsHM6ZkwKxMPm0p8" \
	"safmyzrVwZM="
#define SSH_P384 \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBJlfhnKexOq+" \
	"yod864PobvZQLtP8SsI2set1qOTXix1sn+4qkOa6/rBvYeO3HzwlN3VA5x1pcWA4" \
	"iOgmCJ/qsv/1qqlqUJng14iAMUC9SWwoS6tSFkqPjXM0TV5QU3hvpw=="
#define SSH_RSA \
	"AAAAB3NzaC1yc2EAAAADAQABAAABAQCn7X49fg1Mgc7zFMs5Gb9tvNZrBSvO3on3" \
	"hp4dJEWmXrqpoWcN8ITVeOJwNRJhR0/a67t7P7G8AYP8lBMmBeUkQWCkv5y18irE" \
	"uX1Mz5liVW0Y1aChUS5AMsBRkszO9q7Etuva+PpRCsZ+ahTlbiYmYRB0eYHvNTVC" \
	"mcueeVFJkU2Z28v9jpnnrkL80OXSus4Y/EsriDRD5B99UBzVW6w57vB40ljNaN50" \
	"7mWYy0jpiT1EARJBSrqybeAYJmYaQp6ZBsOyub3rhuGMCfn9w24XaD0ojj7+Fyw+" \
	"VK/pExj0C17AEZDHad/IB3Pt2/NshsuX1KxLrFHrOEhkXLp9RVcr"
#define SK_ED \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIHvz4PM2Tavv+z30+39R" \
	"BK4on+Cxc9NBqXMSC7nL6iUiAAAABHNzaDo="
#define SK_P256 \
	"AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAy" \
	"NTYAAABBBDkTfnihXYqkSZ80+x7DnyHUhKv9rCcgw/iDhjIsq8pkX4/MrZtpIvaG" \
	"K0X7KsHM6ZkwKxMPm0p8safmyzrVwZMAAAANc3NoOmFwcHJvdmFscw=="
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

/* Lines as ssh-keygen's .pub file has the key. */
static const struct {
	const char *key;
	enum cs_anchor_type type;
	enum cs_key_kind kind;
	const char *application, *spki; /* SubjectPublicKeyInfo */
} ssh[] = {
	{"ssh-ed25519 " SSH_ED, CS_ANCHOR_SSH, CS_KEY_ED25519, NULL, ED},
	{"ecdsa-sha2-nistp256 " SSH_P256, CS_ANCHOR_SSH, CS_KEY_P256, NULL,
	    P256},
	{"ecdsa-sha2-nistp384 " SSH_P384, CS_ANCHOR_SSH, CS_KEY_P384, NULL,
	    P384},
	{"ssh-rsa " SSH_RSA, CS_ANCHOR_SSH, CS_KEY_RSA, NULL, RSA},
	{"sk-ssh-ed25519@openssh.com " SK_ED, CS_ANCHOR_SK, CS_KEY_ED25519,
	    "ssh:", ED},
	{"sk-ecdsa-sha2-nistp256@openssh.com " SK_P256, CS_ANCHOR_SK,
	    CS_KEY_P256, "ssh:approvals", P256},
};

static bool
is_base64(cs_span der, const char *text)
{
	cs_buf *b = cs_buf_new(1024);
	bool yes = cs_base64_put(b, der, 0) == CS_OK &&
	    cs_span_is(cs_buf_span(b), text);

	cs_buf_free(&b);
	return yes;
}

static void
golden_ssh(void)
{
	char text[2048];
	const cs_anchor *a;
	lines *o;
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(ssh) / sizeof(ssh[0]); i++) {
		cs_err_clear(&e);
		(void)snprintf(text, sizeof(text), OWNER " grants %s a b\n"
		    OWNER " - spki " ED2, ssh[i].key);
		o = parse(text, &e);
		if (!ok(o != NULL && o->n == 2, "%.30s %s", ssh[i].key, e.text))
			continue;
		a = &o->anchors[0];
		ok(a->type == ssh[i].type && a->key.kind == ssh[i].kind &&
		    a->ssh.is_sk == (a->type == CS_ANCHOR_SK) &&
		    a->ssh.kind == a->key.kind && a->grants &&
		    cs_span_is(a->comment, "a b"), "its type and kind");
		ok(is_base64(a->key.der, ssh[i].spki) &&
		    is_base64(a->ssh.blob, strchr(ssh[i].key, ' ') + 1),
		    "its two forms");
		ok(ssh[i].application == NULL ? a->ssh.application.p == NULL :
		    cs_span_is(a->ssh.application, ssh[i].application),
		    "its application");
		lines_free(&o);
	}
}

/* OPTIONS of fido2 and of security keys of OpenSSH. */
static const char *const good_sk[] = {
	"-",
	"counter-strict,verify-required,attested=\"fido2:ab-cd\"",
	"attested=\"u2f:abcd\",hardware-required,no-touch-required",
};

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
	/* OpenSSH */
	{OWNER " - ssh-ed25519 " SK_ED, CS_R_MALFORMED,
	    "expected one of type ssh-ed25519, found sk-ssh-ed25519"},
	{OWNER " - sk-ssh-ed25519@openssh.com " SSH_ED, CS_R_MALFORMED,
	    "found ssh-ed25519"},
	{OWNER " - ecdsa-sha2-nistp256 " SSH_P384, CS_R_MALFORMED,
	    "found ecdsa-sha2-nistp384"},
	{OWNER " - ssh-ed25519 " SSH_ED "AAAA", CS_R_MALFORMED, ""},
	{OWNER " - ssh-ed25519 " ED, CS_R_MALFORMED, ""},
	{OWNER " - ssh-ed25519 AAAA", CS_R_MALFORMED, ""},
	{OWNER " - spki " SSH_ED, CS_R_NOT_DER, ""},
	{OWNER " - ssh-ed25519-cert-v01@openssh.com " SSH_ED, CS_R_MALFORMED,
	    "key type"},
	{OWNER " - webauthn-sk-ecdsa-sha2-nistp256@openssh.com " SK_P256,
	    CS_R_MALFORMED, "key type"},
	{OWNER " verify-required ssh-ed25519 " SSH_ED, CS_R_MALFORMED,
	    "never proves verification"},
	{OWNER " counter-strict ssh-ed25519 " SSH_ED, CS_R_MALFORMED,
	    "\"counter-strict\""},
	{OWNER " attested=\"fido2:ab\" ssh-ed25519 " SSH_ED, CS_R_MALFORMED,
	    "\"attested\""},
	{OWNER " shared-key ssh-ed25519 " SSH_ED, CS_R_MALFORMED,
	    "\"shared-key\""},
	{OWNER " rp-id=\"a\" sk-ssh-ed25519@openssh.com " SK_ED,
	    CS_R_MALFORMED, "\"rp-id\""},
	{OWNER " origins=\"https://a\" sk-ssh-ed25519@openssh.com " SK_ED,
	    CS_R_MALFORMED, "\"origins\""},
	{OWNER " attested=\"tpm2:IFX\" sk-ssh-ed25519@openssh.com " SK_ED,
	    CS_R_MALFORMED, "fido2: or u2f:"},
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
options_sk(void)
{
	char text[1024];
	lines *o;
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(good_sk) / sizeof(good_sk[0]); i++) {
		cs_err_clear(&e);
		(void)snprintf(text, sizeof(text), OWNER " %s "
		    "sk-ssh-ed25519@openssh.com " SK_ED, good_sk[i]);
		o = parse(text, &e);
		ok(o != NULL && o->n == 1, "%s %s", good_sk[i], e.text);
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
	golden_ssh();
	options();
	options_sk();
	complaints();
	return done_testing();
}
