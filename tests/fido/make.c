/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "tests/fido/softkey.h"

/* authenticatorMakeCredential, CTAP 2.1, 6.1.2. */

#define PERMISSION 1

struct making {
	struct span hash, rp_id, user, in;
	uint8_t rp[HASH_LEN];
	int alg, protect;
	bool resident, uv, has_protect;
};

static bool
text_at(struct span map, int64_t key, const char *name, struct span *out)
{
	struct span v;

	return cbor_find(map, key, &v) && cbor_find_text(v, name, &v) &&
	    cbor_get_string(v, CBOR_TEXT, out);
}

static bool
option(struct span map, const char *name, bool otherwise)
{
	struct span v;
	bool b = otherwise;

	if (cbor_find(map, 7, &v) && cbor_find_text(v, name, &v))
		(void)cbor_get_bool(v, &b);
	return b;
}

/* The first of pubKeyCredParams that we have. */
static int
choose(struct span in, int *alg)
{
	struct span v, item;
	struct walk w;
	int64_t a;

	if (!cbor_find(in, 4, &v) || !cbor_enter(v, &w))
		return CTAP_MISSING_PARAMETER;
	while (cbor_next(&w, &item)) {
		if (cbor_find_text(item, "alg", &v) && cbor_get_int(v, &a) &&
		    (a == ES256 || a == EDDSA)) {
			*alg = (int)a;
			return CTAP_OK;
		}
	}
	return CTAP_UNSUPPORTED_ALGORITHM;
}

static void
read_protect(const struct softkey *k, struct making *m)
{
	struct span v;
	int64_t n;

	m->protect = 1;
	if (k->opt.cred_protect && cbor_find(m->in, 6, &v) &&
	    cbor_find_text(v, "credProtect", &v) && cbor_get_int(v, &n) &&
	    n >= 1 && n <= 3) {
		m->protect = (int)n;
		m->has_protect = true;
	}
}

static int
read_request(const struct softkey *k, struct making *m)
{
	struct span v;

	if (!cbor_find(m->in, 1, &v) ||
	    !cbor_get_string(v, CBOR_BYTES, &m->hash) ||
	    !text_at(m->in, 2, "id", &m->rp_id) ||
	    !cbor_find(m->in, 3, &v) || !cbor_get_item(v, &m->user))
		return CTAP_MISSING_PARAMETER;
	if (m->hash.n != HASH_LEN ||
	    m->user.n > sizeof(k->store.resident[0].user))
		return CTAP_INVALID_LENGTH;
	sha256(m->rp_id.p, m->rp_id.n, m->rp);
	m->resident = option(m->in, "rk", false);
	read_protect(k, m);
	if (!option(m->in, "up", true))
		return CTAP_INVALID_OPTION;
	return choose(m->in, &m->alg);
}

static bool
is_excluded(const struct softkey *k, const struct making *m)
{
	struct span v, item, id;
	struct credential c;
	struct walk w;

	if (!cbor_find(m->in, 5, &v) || !cbor_enter(v, &w))
		return false;
	while (cbor_next(&w, &item)) {
		if (cbor_find_text(item, "id", &v) &&
		    cbor_get_string(v, CBOR_BYTES, &id) &&
		    credential_known(k, m->rp, id, &c))
			return true;
	}
	return false;
}

static bool
same_user(const struct resident *r, const struct making *m)
{
	struct span a, b, u = {r->user, r->n_user};

	return memcmp(r->rp, m->rp, HASH_LEN) == 0 &&
	    cbor_find_text(u, "id", &a) &&
	    cbor_get_string(a, CBOR_BYTES, &a) &&
	    cbor_find_text(m->user, "id", &b) &&
	    cbor_get_string(b, CBOR_BYTES, &b) && a.n == b.n &&
	    memcmp(a.p, b.p, a.n) == 0;
}

/* One account of an RP has one credential: a new one takes its place. */
static int
keep(struct softkey *k, const struct making *m, const struct credential *c)
{
	struct store *st = &k->store;
	size_t i = 0;

	while (i < st->n_resident && !same_user(&st->resident[i], m))
		i++;
	if (i == MAX_RESIDENT)
		return CTAP_KEY_STORE_FULL;
	if (i == st->n_resident)
		st->n_resident++;
	memcpy(st->resident[i].id, c->id, ID_LEN);
	memcpy(st->resident[i].rp, m->rp, HASH_LEN);
	memcpy(st->resident[i].user, m->user.p, m->user.n);
	st->resident[i].n_user = m->user.n;
	return CTAP_OK;
}

static void
put_authdata(struct softkey *k, const struct making *m,
    const struct credential *c, EVP_PKEY *key, struct out *o)
{
	uint32_t n = store_count(k);
	uint8_t count[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16),
	    (uint8_t)(n >> 8), (uint8_t)n}, len[2] = {0, ID_LEN};
	uint8_t flags = FLAG_UP | FLAG_AT;

	if (m->uv)
		flags |= FLAG_UV;
	if (m->has_protect)
		flags |= FLAG_ED;
	if (has_fault(k, "be", true))
		flags |= FLAG_BE;
	put_raw(o, m->rp, HASH_LEN);
	if (has_fault(k, "badrp", true))
		o->b[0] ^= 1;
	put_raw(o, &flags, 1);
	put_raw(o, count, sizeof(count));
	put_raw(o, k->opt.aaguid, sizeof(k->opt.aaguid));
	put_raw(o, len, sizeof(len));
	put_raw(o, c->id, ID_LEN);
	put_cose(o, key, c->alg);
	if (m->has_protect) {
		put_head(o, CBOR_MAP, 1);
		put_text(o, "credProtect");
		put_int(o, m->protect);
	}
}

static int
make(struct softkey *k, const struct making *m, struct out *o)
{
	struct out authdata = {.n = 0};
	struct span a = {authdata.b, 0};
	struct credential c;
	EVP_PKEY *key;
	int r;

	credential_new(k, m->rp, m->alg, m->protect, &c);
	if (m->resident && (r = keep(k, m, &c)) != CTAP_OK)
		return r;
	key = credential_key(k, &c);
	put_authdata(k, m, &c, key, &authdata);
	a.n = authdata.n;
	put_head(o, CBOR_MAP, 3);
	put_int(o, 1);
	put_text(o, k->opt.no_attestation ? "none" : "packed");
	put_int(o, 2);
	put_bytes(o, a.p, a.n);
	put_int(o, 3);
	if (k->opt.no_attestation)
		put_head(o, CBOR_MAP, 0);
	else
		put_attestation(k, o, key, m->alg, a, m->hash);
	EVP_PKEY_free(key);
	return CTAP_OK;
}

int
make_credential(struct softkey *k, struct span in, struct out *o)
{
	struct making m = {.in = in};
	struct uv_ask ask = {.param = 8, .options = 7,
	    .permission = PERMISSION};
	int r = read_request(k, &m);

	note("makeCredential rp=%.*s alg=%d rk=%d", (int)m.rp_id.n,
	    (const char *)m.rp_id.p, m.alg, m.resident);
	ask.hash = m.hash;
	if (r != CTAP_OK ||
	    (r = user_verified(k, in, &ask, &m.uv)) != CTAP_OK)
		return r;
	if (k->store.pin_set && !m.uv)
		return CTAP_PUAT_REQUIRED;
	if ((r = touch(k)) != CTAP_OK)
		return r;
	k->agree.permissions = 0;
	if (is_excluded(k, &m))
		return CTAP_CREDENTIAL_EXCLUDED;
	return make(k, &m, o);
}
