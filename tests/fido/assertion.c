/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "tests/fido/softkey.h"

/* authenticatorGetAssertion, CTAP 2.1, 6.2.2. */

#define PERMISSION 2

struct asking {
	struct span hash, rp_id, in;
	uint8_t rp[HASH_LEN];
	bool up, uv, has_list;
};

/* What goes into one answer. */
struct answer {
	struct credential credential;
	struct span user; /* of a resident one */
	uint8_t rp[HASH_LEN];
	struct span hash;
	uint8_t flags;
	size_t total; /* how many there are; told when more than one */
};

static uint8_t
flags_of(const struct softkey *k, bool up, bool uv)
{
	uint8_t f = (up ? FLAG_UP : 0) | (uv ? FLAG_UV : 0);

	if (has_fault(k, "noup", up))
		f &= (uint8_t)~FLAG_UP;
	if (has_fault(k, "nouv", up))
		f &= (uint8_t)~FLAG_UV;
	if (has_fault(k, "be", up))
		f |= FLAG_BE;
	if (has_fault(k, "bs", up))
		f |= FLAG_BS;
	if (has_fault(k, "at", up))
		f |= FLAG_AT;
	return f;
}

static void
put_authdata(struct softkey *k, const struct answer *a, EVP_PKEY *key,
    struct out *o)
{
	bool up = a->flags & FLAG_UP;
	uint32_t n = store_count(k);
	uint8_t count[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16),
	    (uint8_t)(n >> 8), (uint8_t)n}, len[2] = {0, ID_LEN};
	uint8_t flags = flags_of(k, up, a->flags & FLAG_UV);

	put_raw(o, a->rp, HASH_LEN);
	if (has_fault(k, "badrp", up))
		o->b[0] ^= 1;
	put_raw(o, &flags, 1);
	put_raw(o, count, sizeof(count));
	if (flags & FLAG_AT) {
		put_raw(o, k->opt.aaguid, sizeof(k->opt.aaguid));
		put_raw(o, len, sizeof(len));
		put_raw(o, a->credential.id, ID_LEN);
		put_cose(o, key, a->credential.alg);
	}
}

static void
put_credential(const struct softkey *k, const struct answer *a, struct out *o)
{
	uint8_t id[ID_LEN];

	memcpy(id, a->credential.id, ID_LEN);
	if (has_fault(k, "badid", a->flags & FLAG_UP))
		id[ID_LEN - 1] ^= 1;
	put_int(o, 1);
	put_head(o, CBOR_MAP, 2);
	put_text(o, "id");
	put_bytes(o, id, ID_LEN);
	put_text(o, "type");
	put_text(o, "public-key");
}

/* Names are for who has proven to be the user. */
static void
put_user(const struct answer *a, struct out *o)
{
	struct span id;

	put_int(o, 4);
	if ((a->flags & FLAG_UV) || !cbor_find_text(a->user, "id", &id) ||
	    !cbor_get_item(id, &id)) {
		put_raw(o, a->user.p, a->user.n);
		return;
	}
	put_head(o, CBOR_MAP, 1);
	put_text(o, "id");
	put_raw(o, id.p, id.n);
}

static void
put_answer(struct softkey *k, const struct answer *a, struct out *o)
{
	struct out authdata = {.n = 0}, sig = {.n = 0};
	struct credential by = a->credential;
	EVP_PKEY *key = credential_key(k, &by), *signer = key;
	bool up = a->flags & FLAG_UP;

	put_authdata(k, a, key, &authdata);
	if (has_fault(k, "otherkey", up)) {
		by.id[2] ^= 1;
		signer = credential_key(k, &by);
	}
	sign(&sig, signer, by.alg, (struct span){authdata.b, authdata.n},
	    a->hash);
	if (has_fault(k, "badsig", up))
		sig.b[sig.n - 1] ^= 1;
	put_head(o, CBOR_MAP, 3 + (a->user.n > 0) + (a->total > 1));
	put_credential(k, a, o);
	put_int(o, 2);
	put_bytes(o, authdata.b, authdata.n);
	put_int(o, 3);
	put_bytes(o, sig.b, sig.n);
	if (a->user.n > 0)
		put_user(a, o);
	if (a->total > 1) {
		put_int(o, 5);
		put_int(o, (int64_t)a->total);
	}
	if (signer != key)
		EVP_PKEY_free(signer);
	EVP_PKEY_free(key);
}

static int
read_request(struct asking *q)
{
	struct span v, options;

	q->up = true;
	if (!cbor_find(q->in, 1, &v) ||
	    !cbor_get_string(v, CBOR_TEXT, &q->rp_id) ||
	    !cbor_find(q->in, 2, &v) ||
	    !cbor_get_string(v, CBOR_BYTES, &q->hash))
		return CTAP_MISSING_PARAMETER;
	if (q->hash.n != HASH_LEN)
		return CTAP_INVALID_LENGTH;
	sha256(q->rp_id.p, q->rp_id.n, q->rp);
	q->has_list = cbor_find(q->in, 3, &v);
	if (!cbor_find(q->in, 5, &options))
		return CTAP_OK;
	if (cbor_find_text(options, "up", &v))
		(void)cbor_get_bool(v, &q->up);
	return cbor_find_text(options, "rk", &v) ? CTAP_UNSUPPORTED_OPTION :
	    CTAP_OK;
}

/* credProtect: 2 wants the id or the user's proof, 3 the proof. */
static bool
is_open(const struct asking *q, int protect)
{
	return q->uv || protect < 2 || (protect == 2 && q->has_list);
}

static bool
from_list(const struct softkey *k, const struct asking *q,
    struct credential *out)
{
	struct span v, item, id;
	struct walk w;

	if (!cbor_find(q->in, 3, &v) || !cbor_enter(v, &w))
		return false;
	while (cbor_next(&w, &item)) {
		if (cbor_find_text(item, "id", &v) &&
		    cbor_get_string(v, CBOR_BYTES, &id) &&
		    credential_known(k, q->rp, id, out) &&
		    is_open(q, out->protect))
			return true;
	}
	return false;
}

/* The newest first. */
static void
find_resident(struct softkey *k, const struct asking *q)
{
	struct pending *p = &k->pending;
	struct credential c;
	size_t i;

	p->n = 0;
	for (i = k->store.n_resident; i-- > 0;) {
		const struct resident *r = &k->store.resident[i];

		if (memcmp(r->rp, q->rp, HASH_LEN) == 0 && credential_known(k,
		    q->rp, (struct span){r->id, ID_LEN}, &c) &&
		    is_open(q, c.protect))
			p->which[p->n++] = i;
	}
}

static bool
take_resident(struct softkey *k, struct answer *a)
{
	struct pending *p = &k->pending;
	const struct resident *r;

	if (p->at == p->n)
		return false;
	r = &k->store.resident[p->which[p->at++]];
	memcpy(a->rp, r->rp, HASH_LEN);
	a->user = (struct span){r->user, r->n_user};
	return credential_known(k, r->rp, (struct span){r->id, ID_LEN},
	    &a->credential);
}

static bool
find(struct softkey *k, const struct asking *q, struct answer *a)
{
	k->pending.n = k->pending.at = 0;
	memcpy(a->rp, q->rp, HASH_LEN);
	if (q->has_list)
		return from_list(k, q, &a->credential);
	find_resident(k, q);
	a->total = k->pending.n;
	return take_resident(k, a);
}

int
get_assertion(struct softkey *k, struct span in, struct out *o)
{
	struct asking q = {.in = in};
	struct answer a = {.total = 0};
	struct uv_ask ask = {.param = 6, .options = 5,
	    .permission = PERMISSION};
	int r = read_request(&q);

	ask.hash = q.hash;
	if (r == CTAP_OK)
		r = user_verified(k, in, &ask, &q.uv);
	note("getAssertion rp=%.*s up=%d uv=%d", (int)q.rp_id.n,
	    (const char *)q.rp_id.p, q.up, q.uv);
	if (r != CTAP_OK)
		return r;
	if (!find(k, &q, &a)) {
		if (q.up && k->opt.ctap20 && (r = touch(k)) != CTAP_OK)
			return r;
		return CTAP_NO_CREDENTIALS;
	}
	if (q.up) {
		if ((r = touch(k)) != CTAP_OK)
			return r;
		k->agree.permissions = 0;
	}
	a.hash = q.hash;
	a.flags = (q.up ? FLAG_UP : 0) | (q.uv ? FLAG_UV : 0);
	memcpy(k->pending.client_data_hash, q.hash.p, HASH_LEN);
	k->pending.flags = a.flags;
	put_answer(k, &a, o);
	return CTAP_OK;
}

int
get_next_assertion(struct softkey *k, struct out *o)
{
	struct answer a = {.hash = {k->pending.client_data_hash, HASH_LEN},
	    .flags = k->pending.flags};

	if (!take_resident(k, &a))
		return CTAP_NOT_ALLOWED;
	put_answer(k, &a, o);
	return CTAP_OK;
}
