/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/owners_opt.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define WORD_MAX 64

/* What attested="NAME:..." may say, and of which keys. */
static const struct {
	const char *prefix;
	enum cs_proof proof;
	unsigned types;
} proofs[] = {
	{"yubikey-piv:", CS_PROOF_YUBIKEY_PIV, CS_ANCHOR_SPKI},
	{"tpm2:", CS_PROOF_TPM2, CS_ANCHOR_SPKI},
	{"fido2:", CS_PROOF_FIDO2, CS_ANCHOR_FIDO2 | CS_ANCHOR_SK},
	{"u2f:", CS_PROOF_U2F, CS_ANCHOR_FIDO2 | CS_ANCHOR_SK},
};

static int
attested_bad(cs_span value, const char *expected, cs_err *e)
{
	return CS_BAD(e, CS_R_MALFORMED, "owners",
	    "expected %s, found \"%.*s\"", expected, CS_SHOW(value));
}

/* Takes "KEY=" and a word up to `,` or the end off *in. */
static bool
policy_next(cs_span *in, const char *key, cs_span *policy)
{
	size_t n;

	if (!cs_scan_starts(*in, key))
		return false;
	*in = cs_scan_from(*in, strlen(key));
	n = cs_scan_find(*in, ",");
	*policy = cs_span_cut(*in, 0, n);
	*in = cs_scan_from(*in, n);
	return true;
}

/* SERIAL,touch=POLICY,pin=POLICY */
static int
piv_check(cs_span in, cs_anchor *a, cs_err *e)
{
	static const char expected[] = "yubikey-piv:SERIAL,"
	    "touch=always|cached|never,pin=always|once|never";
	cs_span rest = in, touch = {0}, pin = {0};
	size_t n = cs_scan_find(in, ",");

	rest = cs_scan_from(in, n);
	if (n < 1 || n > 10 ||
	    !cs_scan_all(cs_span_cut(in, 0, n), "0123456789") ||
	    !policy_next(&rest, ",touch=", &touch) ||
	    !policy_next(&rest, ",pin=", &pin) || rest.n != 0)
		return attested_bad(in, expected, e);
	a->touch_always = cs_span_is(touch, "always");
	a->pin_always = cs_span_is(pin, "always");
	if ((!a->touch_always && !cs_span_is(touch, "cached") &&
	    !cs_span_is(touch, "never")) ||
	    (!a->pin_always && !cs_span_is(pin, "once") &&
	    !cs_span_is(pin, "never")))
		return attested_bad(in, expected, e);
	return CS_OK;
}

/* A manufacturer, an AAGUID or a hash: one word. */
static int
proof_word_check(cs_span in, cs_err *e)
{
	if (in.n < 1 || in.n > WORD_MAX || !cs_scan_all(in,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._:-"))
		return attested_bad(in, "one word of letters, digits and "
		    "\"._:-\" behind the proof's name", e);
	return CS_OK;
}

int
cs_owners_attested(cs_span value, enum cs_anchor_type type, cs_anchor *a,
    cs_err *e)
{
	size_t i;

	for (i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		if ((proofs[i].types & (unsigned)type) != 0 &&
		    cs_scan_starts(value, proofs[i].prefix))
			break;
	}
	if (i == sizeof(proofs) / sizeof(proofs[0]))
		return attested_bad(value, type == CS_ANCHOR_SPKI ?
		    "yubikey-piv: or tpm2: for a key of type spki" :
		    "fido2: or u2f: for a key of this type", e);
	a->proof = proofs[i].proof;
	value = cs_scan_from(value, strlen(proofs[i].prefix));
	if (a->proof == CS_PROOF_YUBIKEY_PIV)
		return piv_check(value, a, e);
	return proof_word_check(value, e);
}
