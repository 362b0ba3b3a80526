/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <string.h>

#include "tests/fido/agreement.h"

/* authenticatorClientPIN, CTAP 2.1, 6.5.5, and what its tokens are good for. */

#define MIN_PIN 4
#define PADDED_PIN 64

enum { /* subcommands */
	GET_RETRIES = 1,
	GET_AGREEMENT = 2,
	SET_PIN = 3,
	CHANGE_PIN = 4,
	GET_TOKEN = 5, /* without permissions, CTAP 2.0 */
	GET_TOKEN_BY_UV = 6,
	GET_UV_RETRIES = 7,
	GET_TOKEN_BY_PIN = 9
};

enum { MAKE_AND_GET = 3 }; /* what a token without permissions permits */

struct request {
	struct shared shared;
	struct span all, new_pin, pin_hash, mac;
};

void
agreement_new(struct softkey *k)
{
	EVP_PKEY_free(k->agree.key);
	if ((k->agree.key = EVP_EC_gen("P-256")) == NULL)
		die("no P-256 key");
}

static struct span
bytes_at(struct span map, int64_t key)
{
	struct span v, s;

	if (cbor_find(map, key, &v) && cbor_get_string(v, CBOR_BYTES, &s))
		return s;
	return (struct span){NULL, 0};
}

static int64_t
int_at(struct span map, int64_t key, int64_t otherwise)
{
	struct span v;
	int64_t n;

	return cbor_find(map, key, &v) && cbor_get_int(v, &n) ? n : otherwise;
}

/* Keeps the left half of the PIN's hash. */
int
pin_set(struct softkey *k, const char *pin)
{
	uint8_t hash[HASH_LEN];

	if (strlen(pin) < MIN_PIN)
		return CTAP_PIN_POLICY_VIOLATION;
	sha256(pin, strlen(pin), hash);
	memcpy(k->store.pin, hash, sizeof(k->store.pin));
	k->store.pin_set = true;
	k->store.tries = MAX_PIN_TRIES;
	store_save(k);
	return CTAP_OK;
}

static int
wrong_pin(struct softkey *k)
{
	k->agree.wrong_in_a_row++;
	note("PIN wrong, %d left", k->store.tries);
	agreement_new(k);
	if (k->store.tries == 0)
		return CTAP_PIN_BLOCKED;
	if (k->agree.wrong_in_a_row >= MAX_PIN_ROW)
		return CTAP_PIN_AUTH_BLOCKED;
	return CTAP_PIN_INVALID;
}

static int
check_pin(struct softkey *k, const struct request *r)
{
	uint8_t hash[64];

	if (!k->store.pin_set)
		return CTAP_PIN_NOT_SET;
	if (k->store.tries == 0)
		return CTAP_PIN_BLOCKED;
	if (k->agree.wrong_in_a_row >= MAX_PIN_ROW)
		return CTAP_PIN_AUTH_BLOCKED;
	k->store.tries--;
	store_save(k);
	if (shared_decrypt(&r->shared, r->pin_hash, hash, sizeof(hash)) !=
	    sizeof(k->store.pin) ||
	    memcmp(hash, k->store.pin, sizeof(k->store.pin)) != 0)
		return wrong_pin(k);
	note("PIN right");
	k->store.tries = MAX_PIN_TRIES;
	k->agree.wrong_in_a_row = 0;
	store_save(k);
	return CTAP_OK;
}

static int
new_pin(struct softkey *k, const struct request *r)
{
	char pin[PADDED_PIN + 1] = "";

	if (shared_decrypt(&r->shared, r->new_pin, (uint8_t *)pin,
	    PADDED_PIN) != PADDED_PIN)
		return CTAP_INVALID_PARAMETER;
	return pin_set(k, pin);
}

static int
set_or_change(struct softkey *k, const struct request *r, bool change)
{
	struct out m = {.n = 0};
	int status;

	if (r->new_pin.n == 0 || r->mac.n == 0)
		return CTAP_MISSING_PARAMETER;
	put_raw(&m, r->new_pin.p, r->new_pin.n);
	put_raw(&m, r->pin_hash.p, r->pin_hash.n);
	if (!mac_fits(r->shared.protocol, r->shared.mac,
	    (struct span){m.b, m.n}, r->mac))
		return CTAP_PIN_AUTH_INVALID;
	if (!change && k->store.pin_set)
		return CTAP_NOT_ALLOWED;
	if (change && (status = check_pin(k, r)) != CTAP_OK)
		return status;
	return new_pin(k, r);
}

static int
hand_out(struct softkey *k, const struct request *r, int64_t permissions,
    struct out *o)
{
	if (permissions <= 0)
		return CTAP_INVALID_PARAMETER;
	if (RAND_bytes(k->agree.token, HASH_LEN) != 1)
		die("no random bytes");
	k->agree.permissions = (int)permissions;
	put_head(o, CBOR_MAP, 1);
	put_int(o, 2);
	put_encrypted(o, &r->shared, k->agree.token, HASH_LEN);
	return CTAP_OK;
}

static int
by_fingerprint(const struct softkey *k)
{
	if (k->opt.uv == UV_NONE)
		return CTAP_NOT_ALLOWED;
	note("fingerprint %s", k->opt.uv == UV_OK ? "right" : "wrong");
	return k->opt.uv == UV_OK ? CTAP_OK : CTAP_UV_INVALID;
}

static int
with_secret(struct softkey *k, int64_t sub, const struct request *r,
    struct out *o)
{
	int status;

	if (k->opt.ctap20 && sub > GET_TOKEN)
		return CTAP_INVALID_PARAMETER;
	switch (sub) {
	case SET_PIN:
	case CHANGE_PIN:
		return set_or_change(k, r, sub == CHANGE_PIN);
	case GET_TOKEN:
		if ((status = check_pin(k, r)) != CTAP_OK)
			return status;
		return hand_out(k, r, MAKE_AND_GET, o);
	case GET_TOKEN_BY_PIN:
		if ((status = check_pin(k, r)) != CTAP_OK)
			return status;
		return hand_out(k, r, int_at(r->all, 9, 0), o);
	case GET_TOKEN_BY_UV:
		if ((status = by_fingerprint(k)) != CTAP_OK)
			return status;
		return hand_out(k, r, int_at(r->all, 9, 0), o);
	default:
		return CTAP_INVALID_PARAMETER;
	}
}

static void
put_retries(const struct softkey *k, struct out *o)
{
	put_head(o, CBOR_MAP, 2);
	put_int(o, 3);
	put_int(o, k->store.tries);
	put_int(o, 4); /* powerCycleState */
	put_bool(o, k->agree.wrong_in_a_row >= MAX_PIN_ROW);
}

static bool
has_protocol(const struct softkey *k, int64_t protocol)
{
	return (protocol == 1 || protocol == 2) &&
	    (k->opt.protocols == 21 || k->opt.protocols == protocol);
}

int
client_pin(struct softkey *k, struct span in, struct out *o)
{
	struct request r = {.all = in};
	int64_t protocol = int_at(in, 1, 0), sub = int_at(in, 2, 0);
	struct span cose;

	note("clientPIN %d", (int)sub);
	if (sub == GET_RETRIES) {
		put_retries(k, o);
		return CTAP_OK;
	}
	if (sub == GET_UV_RETRIES) {
		put_head(o, CBOR_MAP, 1);
		put_int(o, 5);
		put_int(o, 3);
		return CTAP_OK;
	}
	if (!has_protocol(k, protocol))
		return CTAP_INVALID_PARAMETER;
	if (sub == GET_AGREEMENT) {
		put_head(o, CBOR_MAP, 1);
		put_int(o, 1);
		put_cose(o, k->agree.key, ECDH_ES);
		return CTAP_OK;
	}
	if (!cbor_find(in, 3, &cose))
		return CTAP_MISSING_PARAMETER;
	if (!shared_derive(k->agree.key, (int)protocol, cose, &r.shared))
		return CTAP_INVALID_PARAMETER;
	r.mac = bytes_at(in, 4);
	r.new_pin = bytes_at(in, 5);
	r.pin_hash = bytes_at(in, 6);
	return with_secret(k, sub, &r, o);
}

/* The option uv: the key's own way, a fingerprint. */
static int
verified_by_option(const struct softkey *k, bool *uv)
{
	if (k->opt.uv == UV_NONE)
		return k->opt.ctap20 ? CTAP_UNSUPPORTED_OPTION :
		    CTAP_INVALID_OPTION;
	if (by_fingerprint(k) != CTAP_OK)
		return k->store.pin_set ? CTAP_PUAT_REQUIRED :
		    CTAP_OPERATION_DENIED;
	*uv = true;
	return CTAP_OK;
}

static int
verified_by_token(struct softkey *k, struct span mac, int64_t protocol,
    const struct uv_ask *ask, bool *uv)
{
	int r;

	if (mac.n == 0) { /* a platform that wants one of several keys touched */
		if ((r = touch(k)) != CTAP_OK)
			return r;
		return k->store.pin_set ? CTAP_PIN_INVALID : CTAP_PIN_NOT_SET;
	}
	if (!has_protocol(k, protocol))
		return CTAP_INVALID_PARAMETER;
	if ((k->agree.permissions & ask->permission) == 0 ||
	    !mac_fits((int)protocol, k->agree.token, ask->hash, mac))
		return CTAP_PIN_AUTH_INVALID;
	*uv = true;
	return CTAP_OK;
}

int
user_verified(struct softkey *k, struct span in, const struct uv_ask *ask,
    bool *uv)
{
	struct span options, v, mac;
	bool wanted = false;

	*uv = false;
	if (cbor_find(in, ask->param, &v)) {
		if (!cbor_get_string(v, CBOR_BYTES, &mac))
			return CTAP_INVALID_CBOR;
		return verified_by_token(k, mac, int_at(in, ask->param + 1, 1),
		    ask, uv);
	}
	if (cbor_find(in, ask->options, &options) &&
	    cbor_find_text(options, "uv", &v))
		(void)cbor_get_bool(v, &wanted);
	return wanted ? verified_by_option(k, uv) : CTAP_OK;
}
