/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/tpm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>

#include "fmt/reason.h"
#include "tests/unit/tap.h"
#include "tests/unit/tpmbed.h"

/* What a server has challenged without a look at it first, or with other roots
 * then, and what the TPM has answered well. */

static char dir[] = "./attest_tpmlate.XXXXXX";
static struct bed bed, honest;

/* Everything as it was made. */
static void
reset(void)
{
	bed.key = honest.key;
	bed.ak = honest.ak;
	bed.plan = honest.plan;
	bed.issuer = &bed.middle;
	bed.between = 1;
	cs_buf_free(&bed.key_area);
	cs_buf_free(&bed.ak_area);
	cs_buf_free(&bed.ek_area);
	att_free(&bed.cert);
}

static int
judge(cs_tpm_proof *p, cs_err *e)
{
	int r = CS_EBUG;

	if (bed_offer(&bed) && (r = bed_challenge(&bed, NOW + 60, e)) ==
	    CS_OK)
		r = bed_answer(&bed) ? cs_tpm_evidence_check(&bed.v, &bed.k,
		    bed.roots, NOW, p, e) : CS_EBUG;
	return r;
}

static void
refused(const char *what, const char *text)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};
	int r = judge(&p, &e);

	ok(r == CS_EREFUSED && e.detail == CS_R_EVIDENCE_REFUSED &&
	    strstr(e.text, text) != NULL && p.attested[0] == '\0' &&
	    p.spki == NULL, "%s: %s", what, e.text);
	cs_tpm_proof_clear(&p);
	reset();
}

static void
test_certificates(void)
{
	static const struct att_plan root = {.cn = "EK Root",
	    .bc = "critical,CA:TRUE", .usage = "critical,keyCertSign"};
	struct att_cert own = {0};

	att_make(&own, "P-256", &root, NULL);
	bed.issuer = &own;
	refused("below a root of one's own", "no path");
	att_free(&own);
	bed.between = 0;
	refused("that leads nowhere", "no path");
	bed.cert.key = EVP_EC_gen("P-256");
	refused("with another TPM's certificate", "another key");
	bed.plan.from = NOW - DAY;
	bed.plan.until = NOW - 1;
	refused("of an EK whose time is over", "expired");
	bed.plan.ext[1] = bed.plan.ext[2];
	refused("of what is no EK's certificate", "2.23.133.8.1");
}

static void
test_keys(void)
{
	static const uint8_t any[32] = {1};

	bed.ak.attributes ^= 1 << 16;
	refused("by an unrestricted AK", "restricted");
	bed.key.attributes ^= 1 << 5;
	refused("of an imported key", "sensitiveDataOrigin");
	bed.ak.policy = cs_span_of(any, sizeof(any));
	refused("by an AK with a policy", "policy");
}

int
main(void)
{
	cs_tpm_proof p = {0};
	cs_err e = {0};

	if (mkdtemp(dir) == NULL)
		return 1;
	ok(bed_make(&bed, "P-256", "P-256", "P-256", dir), "a bed");
	honest = bed;
	reset();
	ok(judge(&p, &e) == CS_OK, "as it should be: %s", e.text);
	cs_tpm_proof_clear(&p);
	reset();
	test_certificates();
	test_keys();
	bed_free(&bed);
	(void)rmdir(dir);
	return done_testing();
}
