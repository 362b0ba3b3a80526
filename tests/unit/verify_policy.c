/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "../tests/unit/tap.h"

/* What a line asks of presence and hardware. No owners file brings about all of
 * it: a line that wants verification and can never have it is not loaded. */

#define AGENT "wimse://corp.example/agent/a"

static const struct row {
	int reason;
	const char *what;
	bool verify, no_touch, hardware_required, hardware;
	enum cs_proof proof;
	bool touch, pin;
} rows[] = {
	{CS_R_NONE, "nothing wanted, nothing proven", .no_touch = true},
	{CS_R_TOUCH_MISSING, "presence is wanted unless waived",
	    .no_touch = false},
	{CS_R_NONE, "a touch", .proof = CS_PROOF_YUBIKEY_PIV, .touch = true},
	{CS_R_TOUCH_MISSING, "a PIN is no touch",
	    .proof = CS_PROOF_YUBIKEY_PIV, .pin = true},
	{CS_R_TOUCH_MISSING, "a touch without the proof of it",
	    .touch = true, .pin = true},
	{CS_R_TOUCH_MISSING, "the word of another proof",
	    .proof = CS_PROOF_TPM2, .touch = true, .pin = true},
	{CS_R_VERIFICATION_MISSING, "verification, nothing proven",
	    .verify = true, .no_touch = true},
	{CS_R_VERIFICATION_MISSING, "pin=once proves none", .verify = true,
	    .proof = CS_PROOF_YUBIKEY_PIV, .touch = true},
	{CS_R_VERIFICATION_MISSING, "nor do a TPM's own words",
	    .verify = true, .no_touch = true, .proof = CS_PROOF_TPM2,
	    .pin = true},
	{CS_R_TOUCH_MISSING, "touch comes before verification",
	    .verify = true, .hardware_required = true},
	{CS_R_VERIFICATION_MISSING, "verification comes before hardware",
	    .verify = true, .no_touch = true, .hardware_required = true},
	{CS_R_TOUCH_MISSING, "touch comes before hardware",
	    .hardware_required = true},
	{CS_R_TOUCH_MISSING, "verification is no touch", .verify = true,
	    .proof = CS_PROOF_YUBIKEY_PIV, .pin = true},
	{CS_R_NONE, "all of it", .verify = true, .hardware_required = true,
	    .proof = CS_PROOF_YUBIKEY_PIV, .touch = true, .pin = true},
	{CS_R_NOT_HARDWARE, "hardware", .no_touch = true,
	    .hardware_required = true},
	{CS_R_NOT_HARDWARE, "the operator's word", .no_touch = true,
	    .hardware_required = true, .hardware = true},
	{CS_R_NONE, "a TPM", .no_touch = true, .hardware_required = true,
	    .proof = CS_PROOF_TPM2},
};

static void
check(const struct row *r)
{
	static const cs_approval approval = {.carrier = CS_CARRIER_CMS};
	const cs_csr csr = {.agent_id = cs_span_str(AGENT)};
	const cs_verify_in in = {.now = 0};
	const struct cs_step s = {.in = &in, .csr = &csr};
	cs_approved a = {.approval = &approval, .anchor = {.file = "owners",
	    .line = 1, .agents = cs_span_str(AGENT),
	    .verify_required = r->verify, .no_touch_required = r->no_touch,
	    .hardware_required = r->hardware_required,
	    .hardware = r->hardware, .proof = r->proof,
	    .touch_always = r->touch, .pin_always = r->pin}};
	cs_err e = {0};
	int rc = cs_step_policy(&s, &a, &e);

	ok(e.detail == r->reason && (rc == CS_OK) == (r->reason == CS_R_NONE),
	    "%s", r->what);
	ok(a.assurance.asserted == r->hardware &&
	    a.assurance.hardware == (r->proof != CS_PROOF_NONE),
	    "%s: hardware", r->what);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
	return done_testing();
}
