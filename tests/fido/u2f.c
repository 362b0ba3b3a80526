/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "tests/fido/softkey.h"

/* FIDO U2F 1.2 raw messages: what a key before CTAP2 speaks. */

enum { REGISTER = 1, AUTHENTICATE = 2, GET_VERSION = 3 };
enum { CHECK_ONLY = 7, ENFORCE = 3 };
enum {
	SW_OK = 0x9000,
	SW_CONDITIONS = 0x6985,
	SW_WRONG_DATA = 0x6a80,
	SW_WRONG_LENGTH = 0x6700,
	SW_INSTRUCTION = 0x6d00
};

#define HEADER 7 /* CLA INS P1 P2 and a length of three bytes */
#define POINT_LEN 65

static int
enrol(struct softkey *k, struct span in, struct out *o)
{
	const uint8_t *challenge = in.p, *rp = in.p + HASH_LEN;
	struct out m = {.n = 0}, sig = {.n = 0};
	uint8_t point[POINT_LEN], first[2] = {5, ID_LEN};
	struct credential c;
	EVP_PKEY *key;

	note("u2f register");
	if (in.n != 2 * HASH_LEN)
		return SW_WRONG_LENGTH;
	if (k->attestation_key == NULL)
		return SW_INSTRUCTION;
	if (!touch_u2f(k))
		return SW_CONDITIONS;
	credential_new(k, rp, ES256, 1, &c);
	key = credential_key(k, &c);
	(void)point_of(key, point, sizeof(point));
	put_raw(&m, "", 1);
	put_raw(&m, rp, HASH_LEN);
	put_raw(&m, challenge, HASH_LEN);
	put_raw(&m, c.id, ID_LEN);
	sign(&sig, k->attestation_key, ES256, (struct span){m.b, m.n},
	    (struct span){point, sizeof(point)});
	if (has_fault(k, "badsig", true))
		sig.b[sig.n - 1] ^= 1;
	put_raw(o, first, 1);
	put_raw(o, point, sizeof(point));
	put_raw(o, first + 1, 1);
	put_raw(o, c.id, ID_LEN);
	put_raw(o, k->leaf.p, k->leaf.n);
	put_raw(o, sig.b, sig.n);
	EVP_PKEY_free(key);
	return SW_OK;
}

static void
put_assertion(struct softkey *k, const struct credential *c,
    const uint8_t *challenge, const uint8_t *rp, struct out *o)
{
	uint32_t n = store_count(k);
	uint8_t head[5] = {FLAG_UP, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
	    (uint8_t)(n >> 8), (uint8_t)n};
	struct out m = {.n = 0}, sig = {.n = 0};
	EVP_PKEY *key = credential_key(k, c);

	put_raw(&m, rp, HASH_LEN);
	put_raw(&m, head, sizeof(head));
	sign(&sig, key, ES256, (struct span){m.b, m.n},
	    (struct span){challenge, HASH_LEN});
	if (has_fault(k, "badsig", true))
		sig.b[sig.n - 1] ^= 1;
	put_raw(o, head, sizeof(head));
	put_raw(o, sig.b, sig.n);
	EVP_PKEY_free(key);
}

static int
authenticate(struct softkey *k, int control, struct span in, struct out *o)
{
	const uint8_t *challenge = in.p, *rp = in.p + HASH_LEN;
	struct credential c;
	struct span id;

	note("u2f authenticate up=%d", control != CHECK_ONLY);
	if (in.n < 2 * HASH_LEN + 1 || in.n != 2 * HASH_LEN + 1 +
	    (size_t)in.p[2 * HASH_LEN])
		return SW_WRONG_LENGTH;
	id.p = in.p + 2 * HASH_LEN + 1;
	id.n = in.n - 2 * HASH_LEN - 1;
	if (!credential_known(k, rp, id, &c) || c.alg != ES256)
		return SW_WRONG_DATA;
	if (control != ENFORCE || !touch_u2f(k))
		return SW_CONDITIONS;
	put_assertion(k, &c, challenge, rp, o);
	return SW_OK;
}

static int
instruction(struct softkey *k, const uint8_t *head, struct span data,
    struct out *o)
{
	switch (head[1]) {
	case REGISTER:
		return enrol(k, data, o);
	case AUTHENTICATE:
		return authenticate(k, head[2], data, o);
	case GET_VERSION:
		put_raw(o, "U2F_V2", 6);
		return SW_OK;
	default:
		return SW_INSTRUCTION;
	}
}

/* Extended APDUs: two bytes of expected length may follow the data. */
void
u2f(struct softkey *k, struct span in, struct out *o)
{
	struct span data = {in.p + HEADER, 0};
	int sw = SW_WRONG_LENGTH;
	uint8_t end[2];

	if (in.n >= HEADER && in.p[4] == 0)
		data.n = (size_t)in.p[5] << 8 | in.p[6];
	if (in.n >= HEADER && data.n <= in.n - HEADER)
		sw = instruction(k, in.p, data, o);
	if (sw != SW_OK)
		o->n = 0;
	end[0] = (uint8_t)(sw >> 8);
	end[1] = (uint8_t)sw;
	put_raw(o, end, sizeof(end));
}
