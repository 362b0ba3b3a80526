/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/attstmt.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define ALG "63616c6726"
#define SIG "6373696743736967"
#define X5C(n, certs) "63783563" n certs
#define LEAF "446c656166"
#define CA "426361"

static const struct {
	const char *format, *hex, *what;
	int reason;
} rows[] = {
	{"none", "a0", "none", CS_R_NONE},
	{"packed", "a2" ALG SIG, "packed by the key itself", CS_R_NONE},
	{"packed", "a3" ALG SIG X5C("81", LEAF), "packed", CS_R_NONE},
	{"packed", "a3" ALG SIG X5C("82", LEAF CA), "packed, of two",
	    CS_R_NONE},
	{"packed", "a3" ALG SIG X5C("84", LEAF CA CA CA), "packed, of four",
	    CS_R_NONE},
	{"packed", "a3" "63616c67390100" SIG X5C("81", LEAF), "packed, RS256",
	    CS_R_NONE},
	{"fido-u2f", "a2" SIG X5C("81", LEAF), "fido-u2f", CS_R_NONE},
	{"fido-u2f", "a3" ALG SIG X5C("81", LEAF), "fido-u2f of libfido2",
	    CS_R_NONE},
	{"none", "a1" ALG, "none with a member", CS_R_UNSUPPORTED},
	{"none", "a1" SIG, "none with a signature", CS_R_UNSUPPORTED},
	{"packed", "a0", "packed and empty", CS_R_MALFORMED},
	{"packed", "a1" ALG, "packed without signature", CS_R_MALFORMED},
	{"packed", "a1" SIG, "packed without algorithm", CS_R_MALFORMED},
	{"packed", "a2" ALG "6373696740", "an empty signature",
	    CS_R_MALFORMED},
	{"packed", "a3" ALG SIG X5C("80", ""), "no certificate",
	    CS_R_MALFORMED},
	{"packed", "a3" ALG SIG X5C("81", "64") "6c656166", "a text",
	    CS_R_MALFORMED},
	{"packed", "a3" ALG SIG X5C("", LEAF), "no array", CS_R_MALFORMED},
	{"packed", "a3" ALG SIG X5C("85", LEAF CA CA CA CA), "five",
	    CS_R_TOO_LARGE},
	{"packed", "a3" SIG ALG X5C("81", LEAF), "not sorted",
	    CS_R_MALFORMED},
	{"packed", "a3" ALG SIG SIG, "twice", CS_R_MALFORMED},
	{"packed", "a3" ALG SIG "6a65636461614b65794964" "40", "ECDAA",
	    CS_R_UNSUPPORTED},
	{"packed", "a3" "0100" ALG SIG, "a number for a name",
	    CS_R_UNSUPPORTED},
	{"packed", "a2" "63616c67" "6126" SIG, "an algorithm in text",
	    CS_R_MALFORMED},
	{"packed", "a2" ALG "63736967" "63736967", "a signature in text",
	    CS_R_MALFORMED},
	{"packed", "a2" ALG SIG "00", "an octet behind", CS_R_MALFORMED},
	{"packed", "80", "an array", CS_R_MALFORMED},
	{"packed", "", "nothing", CS_R_MALFORMED},
	{"packed", "bbffffffffffffffff", "2^64-1 members", CS_R_MALFORMED},
	{"packed", "a3" ALG SIG X5C("9bffffffffffffffff", ""), "and as many "
	    "certificates", CS_R_MALFORMED},
	{"fido-u2f", "a1" SIG, "fido-u2f without certificate",
	    CS_R_MALFORMED},
	{"fido-u2f", "a2" SIG X5C("82", LEAF CA), "fido-u2f with two",
	    CS_R_MALFORMED},
	{"fido-u2f", "a1" X5C("81", LEAF), "fido-u2f without signature",
	    CS_R_MALFORMED},
	{"fido-u2f", "a3" "63616c6727" SIG X5C("81", LEAF), "of EdDSA",
	    CS_R_UNSUPPORTED},
	{"tpm", "a0", "tpm", CS_R_UNSUPPORTED},
	{"apple", "a0", "apple", CS_R_UNSUPPORTED},
	{"", "a0", "no format", CS_R_UNSUPPORTED},
	{"None", "a0", "None", CS_R_UNSUPPORTED},
	{"none ", "a0", "none and a blank", CS_R_UNSUPPORTED},
};

static const char *format; /* of the probe */

static int
reason_of(cs_span in, cs_attstmt *out)
{
	cs_err e = {0};

	return cs_attstmt_parse(cs_span_str(format), in, out, &e) == CS_OK ?
	    CS_R_NONE : e.cls == CS_EFORMAT ? e.detail : CS_R_INTERNAL;
}

static bool
is_within(cs_span part, cs_span in)
{
	return part.p >= in.p && part.p + part.n <= in.p + in.n;
}

static enum vec_answer
probe(cs_span in)
{
	cs_attstmt a;
	size_t i;
	int r = reason_of(in, &a);

	if (r != CS_R_NONE)
		return r == CS_R_INTERNAL ? VEC_BROKEN : VEC_REFUSED;
	if (a.format == CS_ATTFMT_NONE)
		return a.sig.p == NULL && a.n == 0 ? VEC_ACCEPTED : VEC_BROKEN;
	for (i = 0; i < a.n; i++)
		if (!is_within(a.certs[i], in))
			return VEC_BROKEN;
	return is_within(a.sig, in) && a.sig.n != 0 &&
	    a.n <= CS_ATTSTMT_CERTS ? VEC_ACCEPTED : VEC_BROKEN;
}

static void
test_rows(void)
{
	cs_attstmt a;
	cs_buf *b;
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = vec_hex(rows[i].hex);
		format = rows[i].format;
		r = reason_of(cs_buf_span(b), &a);
		if (!ok(b != NULL && r == rows[i].reason, "%s", rows[i].what))
			printf("# %s\n", cs_reason_name(r));
		if (r == CS_R_NONE) {
			ok(vec_prefixes(cs_buf_span(b), probe) == 0,
			    "%s: prefixes", rows[i].what);
			ok(vec_trailing(cs_buf_span(b), probe) == 0,
			    "%s: trailing", rows[i].what);
			ok(vec_flips(cs_buf_span(b), probe) == 0, "%s: flips",
			    rows[i].what);
		}
		cs_buf_free(&b);
	}
}

static void
test_fields(void)
{
	cs_buf *b = vec_hex("a3" "63616c67390100" SIG X5C("82", LEAF CA));
	cs_attstmt a;

	format = "packed";
	ok(reason_of(cs_buf_span(b), &a) == CS_R_NONE &&
	    a.format == CS_ATTFMT_PACKED && a.alg == -257 &&
	    cs_span_is(a.sig, "sig") && a.n == 2 &&
	    cs_span_is(a.certs[0], "leaf") && cs_span_is(a.certs[1], "ca"),
	    "fields");
	cs_buf_free(&b);
}

/* A statement of exactly `n` octets. */
static int
sized(size_t n)
{
	static const uint8_t zeros[CS_ATTSTMT_MAX];
	cs_buf *b = cs_buf_new(n), *head = vec_hex("a2" ALG "63736967" "59");
	size_t pad = n - cs_buf_len(head) - 2;
	cs_attstmt a;
	int r = CS_R_INTERNAL;

	format = "packed";
	if (cs_buf_put(b, cs_buf_span(head)) == CS_OK &&
	    cs_buf_put_byte(b, (uint8_t)(pad >> 8)) == CS_OK &&
	    cs_buf_put_byte(b, (uint8_t)pad) == CS_OK &&
	    cs_buf_put(b, cs_span_of(zeros, pad)) == CS_OK)
		r = reason_of(cs_buf_span(b), &a);
	cs_buf_free(&head);
	cs_buf_free(&b);
	return r;
}

int
main(void)
{
	test_rows();
	test_fields();
	ok(sized(CS_ATTSTMT_MAX) == CS_R_NONE, "16 KiB");
	ok(sized(CS_ATTSTMT_MAX + 1) == CS_R_TOO_LARGE, "and one octet");
	return done_testing();
}
