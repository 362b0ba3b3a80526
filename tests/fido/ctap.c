/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fido/softkey.h"

/* CTAP2's commands, and what goes wrong with their answers. */

enum {
	MAKE_CREDENTIAL = 1,
	GET_ASSERTION = 2,
	GET_INFO = 4,
	CLIENT_PIN = 6,
	RESET = 7,
	GET_NEXT_ASSERTION = 8,
	SELECTION = 11
};

static void
put_option(struct out *o, const char *name, bool v)
{
	put_text(o, name);
	put_bool(o, v);
}

/* Keys in the order of CTAP2's canonical form: by length, then by bytes. */
static void
put_options(const struct softkey *k, struct out *o)
{
	put_int(o, 4);
	put_head(o, CBOR_MAP, 3u + (k->opt.uv != UV_NONE) + !k->opt.ctap20);
	put_option(o, "rk", true);
	put_option(o, "up", true);
	if (k->opt.uv != UV_NONE)
		put_option(o, "uv", true);
	put_option(o, "clientPin", k->store.pin_set);
	if (!k->opt.ctap20)
		put_option(o, "pinUvAuthToken", true);
}

static void
put_algorithm(struct out *o, int alg)
{
	put_head(o, CBOR_MAP, 2);
	put_text(o, "alg");
	put_int(o, alg);
	put_text(o, "type");
	put_text(o, "public-key");
}

static void
put_protocols(const struct softkey *k, struct out *o)
{
	put_int(o, 6);
	put_head(o, CBOR_ARRAY, k->opt.protocols == 21 ? 2 : 1);
	if (k->opt.protocols != 1)
		put_int(o, 2);
	if (k->opt.protocols != 2)
		put_int(o, 1);
}

static void
put_versions(const struct softkey *k, struct out *o)
{
	bool u2f = k->attestation_key != NULL;

	put_int(o, 1);
	put_head(o, CBOR_ARRAY, 1u + u2f + !k->opt.ctap20);
	if (u2f)
		put_text(o, "U2F_V2");
	put_text(o, "FIDO_2_0");
	if (!k->opt.ctap20)
		put_text(o, "FIDO_2_1");
}

static int
get_info(const struct softkey *k, struct out *o)
{
	put_head(o, CBOR_MAP, k->opt.cred_protect ? 8 : 7);
	put_versions(k, o);
	if (k->opt.cred_protect) {
		put_int(o, 2);
		put_head(o, CBOR_ARRAY, 1);
		put_text(o, "credProtect");
	}
	put_int(o, 3);
	put_bytes(o, k->opt.aaguid, sizeof(k->opt.aaguid));
	put_options(k, o);
	put_int(o, 5);
	put_int(o, 1200);
	put_protocols(k, o);
	put_int(o, 9);
	put_head(o, CBOR_ARRAY, 1);
	put_text(o, "usb");
	put_int(o, 10);
	put_head(o, CBOR_ARRAY, 2);
	put_algorithm(o, ES256);
	put_algorithm(o, EDDSA);
	return CTAP_OK;
}

static int
reset(struct softkey *k)
{
	int r = touch(k);

	if (r != CTAP_OK)
		return r;
	store_reset(k);
	store_save(k);
	memset(&k->pending, 0, sizeof(k->pending));
	k->agree.permissions = 0;
	agreement_new(k);
	return CTAP_OK;
}

static int
command(struct softkey *k, int number, struct span in, struct out *o)
{
	switch (number) {
	case MAKE_CREDENTIAL:
		return make_credential(k, in, o);
	case GET_ASSERTION:
		return get_assertion(k, in, o);
	case GET_INFO:
		note("getInfo");
		return get_info(k, o);
	case CLIENT_PIN:
		return client_pin(k, in, o);
	case RESET:
		note("reset");
		return reset(k);
	case GET_NEXT_ASSERTION:
		note("getNextAssertion");
		return get_next_assertion(k, o);
	case SELECTION:
		note("selection");
		return touch(k);
	default:
		return CTAP_INVALID_COMMAND;
	}
}

/* Whether a request wants a touch. */
static bool
wants_touch(int number, struct span in)
{
	struct span v;
	bool up = true;

	if (number == GET_ASSERTION && cbor_find(in, 5, &v) &&
	    cbor_find_text(v, "up", &v))
		(void)cbor_get_bool(v, &up);
	return up;
}

/* The same each time, and no map, which answers are. */
static void
put_garbage(struct out *o)
{
	uint8_t i, hash[HASH_LEN];

	o->n = 0;
	for (i = 0; i < 3; i++) {
		sha256(&i, 1, hash);
		put_raw(o, hash, sizeof(hash));
	}
}

static int
spoil(const struct softkey *k, int status, bool up, struct out *o)
{
	if (has_fault(k, "drop", up))
		return CTAP_SILENCE;
	if (has_fault(k, "truncate", up))
		o->n = o->n / 2;
	if (has_fault(k, "garbage", up)) {
		put_garbage(o);
		return CTAP_OK;
	}
	if (k->opt.fault != NULL && has_fault(k, k->opt.fault, up) &&
	    strncmp(k->opt.fault, "status=", 7) == 0)
		return (int)strtol(k->opt.fault + 7, NULL, 0) & 0xff;
	return status;
}

int
ctap(struct softkey *k, struct span in, struct out *o)
{
	int number = *in.p, status;
	bool up;

	in.p++;
	in.n--;
	if (in.n > 0 && !cbor_whole(in))
		return CTAP_INVALID_CBOR;
	up = wants_touch(number, in);
	status = command(k, number, in, o);
	if (number == MAKE_CREDENTIAL || number == GET_ASSERTION)
		status = spoil(k, status, up, o);
	if (status != CTAP_OK)
		note("status 0x%02x", (unsigned)status);
	return o->overflow ? CTAP_OTHER : status;
}
