/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/anchor.h"

#include <string.h>

#include "fmt/reason.h"
#include "fmt/scan.h"

#define HEAD_LEN 52
#define CHECKED_FROM 8 /* length and check stand before */
#define FIELD_HEAD 3
#define NOWHERE ((size_t)-1)

enum kind {
	TEXT,  /* cs_span: present or absent */
	COUNT, /* int64_t, 0 when absent */
	TIME   /* int64_t with a bool */
};

#define AT(member) offsetof(cs_anchor, member)
/* In the order of the tags. A key that a field holds is parsed once more when
 * it is read: one place decides what a key is. */
static const struct field {
	uint8_t tag;
	enum kind kind;
	size_t at, has;
} fields[] = {
	{1, TEXT, AT(owner), NOWHERE},
	{2, TEXT, AT(key.der), NOWHERE},
	{3, TEXT, AT(agents), NOWHERE},
	{4, TEXT, AT(group), NOWHERE},
	{5, TEXT, AT(comment), NOWHERE},
	{6, TEXT, AT(proof_text), NOWHERE},
	{7, COUNT, AT(max_lifetime), NOWHERE},
	{8, COUNT, AT(max_issuances), NOWHERE},
	{9, COUNT, AT(max_window), NOWHERE},
	{10, TIME, AT(valid_after), AT(has_valid_after)},
	{11, TIME, AT(valid_before), AT(has_valid_before)},
	{12, TIME, AT(revoked), AT(has_revoked)},
	{13, TEXT, AT(ca), NOWHERE},
	{14, TEXT, AT(owner_san), NOWHERE},
	{15, TEXT, AT(eku), NOWHERE},
	{16, TEXT, AT(crl), NOWHERE},
	{17, TEXT, AT(rp_id), NOWHERE},
	{18, TEXT, AT(credential_id), NOWHERE},
	{19, TEXT, AT(origins), NOWHERE},
	{20, TEXT, AT(ssh.blob), NOWHERE},
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Bit by bit from the lowest; the proof's number takes the four highest. */
static const size_t flags[] = {
	AT(grants),
	AT(shared_key),
	AT(hardware),
	AT(hardware_required),
	AT(verify_required),
	AT(no_touch_required),
	AT(touch_always),
	AT(pin_always),
	AT(no_revocation),
	AT(counter_strict),
};
#define N_FLAGS (sizeof(flags) / sizeof(flags[0]))
#define PROOF_SHIFT 12
#undef AT

/* An option that no table above carries would be forgotten between the line
 * and the verdict: who adds a member adds its row, then this number. */
_Static_assert(sizeof(void *) != 8 || sizeof(cs_anchor) == 448,
    "cs_anchor has a member that its record does not carry");

static uint32_t
u32_get(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static unsigned
u16_get(const uint8_t *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static void
le_set(uint8_t *p, uint64_t v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static int
le_put(cs_buf *out, uint64_t v, size_t n)
{
	uint8_t b[8];

	le_set(b, v, n);
	return cs_buf_put(out, cs_span_of(b, n));
}

/* Each step can be undone, so that no change within one word stays unseen.
 * It is there for bits that rot; a file that an enemy writes to is lost
 * anyway. */
static uint32_t
check_of(cs_span s)
{
	uint32_t h = UINT32_C(0x811c9dc5) ^ (uint32_t)s.n;
	size_t i;

	for (i = 0; i + 4 <= s.n; i += 4) {
		h = (h ^ u32_get(s.p + i)) * UINT32_C(0x9e3779b1);
		h ^= h >> 15;
	}
	return h;
}

static bool
flag_at(const cs_anchor *a, size_t at)
{
	return *(const bool *)(const void *)((const char *)a + at);
}

static unsigned
flags_of(const cs_anchor *a)
{
	unsigned bits = (unsigned)a->proof << PROOF_SHIFT;
	size_t i;

	for (i = 0; i < N_FLAGS; i++) {
		if (flag_at(a, flags[i]))
			bits |= 1U << i;
	}
	return bits;
}

static int
field_put(cs_buf *out, const struct field *f, const cs_anchor *a)
{
	const char *base = (const char *)a;
	cs_span text = {0};
	int64_t v = 0;

	if (f->kind == TEXT) {
		memcpy(&text, base + f->at, sizeof(text));
		if (text.p == NULL)
			return CS_OK;
		if (text.n > UINT16_MAX)
			return CS_EBUG;
	} else {
		memcpy(&v, base + f->at, sizeof(v));
		if (f->kind == COUNT ? v == 0 : !flag_at(a, f->has))
			return CS_OK;
	}
	if (cs_buf_put_byte(out, f->tag) != CS_OK ||
	    le_put(out, f->kind == TEXT ? text.n : sizeof(v), 2) != CS_OK)
		return CS_EBUG;
	return f->kind == TEXT ? cs_buf_put(out, text) :
	    le_put(out, (uint64_t)v, sizeof(v));
}

static int
record_put(cs_buf *out, const cs_anchor *a, const cs_anchor_place *at)
{
	size_t i;

	if (at->hash.n != CS_ANCHOR_HASH_LEN || le_put(out, 0, 8) != CS_OK ||
	    cs_buf_put(out, at->hash) != CS_OK ||
	    le_put(out, at->file, 4) != CS_OK ||
	    le_put(out, a->line, 4) != CS_OK ||
	    le_put(out, (uint64_t)a->type, 2) != CS_OK ||
	    le_put(out, flags_of(a), 2) != CS_OK)
		return CS_EBUG;
	for (i = 0; i < N_FIELDS; i++) {
		if (field_put(out, &fields[i], a) != CS_OK)
			return CS_EBUG;
	}
	return CS_OK;
}

int
cs_anchor_put(cs_buf *out, const cs_anchor *a, const cs_anchor_place *at,
    cs_err *e)
{
	size_t start = cs_buf_len(out), n;
	uint8_t *p;

	if (record_put(out, a, at) != CS_OK ||
	    le_put(out, 0, (4 - (cs_buf_len(out) - start) % 4) % 4) != CS_OK)
		return cs_fail(e, CS_EBUG, "anchor",
		    "%s:%u: no room for its record", a->file, a->line);
	n = cs_buf_len(out) - start;
	p = cs_buf_tail(out) - n;
	le_set(p, n, 4);
	le_set(p + 4, check_of(cs_span_of(p + CHECKED_FROM,
	    n - CHECKED_FROM)), 4);
	return CS_OK;
}

static int
bad(cs_err *e, const char *what)
{
	return CS_BAD(e, CS_R_MALFORMED, "anchor", "anchor record: %s", what);
}

size_t
cs_anchor_size(cs_span in)
{
	uint32_t n = in.n < HEAD_LEN ? 0 : u32_get(in.p);

	return n < HEAD_LEN || n % 4 != 0 || n > in.n ||
	    n > CS_ANCHOR_RECORD_MAX ? 0 : n;
}

int
cs_anchor_record(cs_span in, cs_span *record, cs_span *hash, cs_err *e)
{
	size_t n;

	*record = *hash = (cs_span){0};
	if (in.n < HEAD_LEN)
		return bad(e, "cut short");
	if ((n = cs_anchor_size(in)) == 0)
		return bad(e, "of an impossible length");
	if (check_of(cs_span_of(in.p + CHECKED_FROM, n - CHECKED_FROM)) !=
	    u32_get(in.p + 4))
		return bad(e, "its check does not hold");
	*record = cs_span_of(in.p, n);
	*hash = cs_span_of(in.p + CHECKED_FROM, CS_ANCHOR_HASH_LEN);
	return CS_OK;
}

static int
flags_get(unsigned bits, cs_anchor *a, cs_err *e)
{
	unsigned proof = bits >> PROOF_SHIFT;
	size_t i;

	if (proof > CS_PROOF_TPM2 ||
	    (bits & ((1U << PROOF_SHIFT) - 1)) >> N_FLAGS != 0)
		return bad(e, "unknown flags");
	a->proof = (enum cs_proof)proof;
	for (i = 0; i < N_FLAGS; i++)
		*(bool *)(void *)((char *)a + flags[i]) =
		    (bits >> i & 1) != 0;
	return CS_OK;
}

static int
number_get(const struct field *f, cs_span value, cs_anchor *a, cs_err *e)
{
	uint64_t u;
	int64_t v;

	if (value.n != sizeof(v))
		return bad(e, "a number of another length");
	u = (uint64_t)u32_get(value.p) | (uint64_t)u32_get(value.p + 4) << 32;
	memcpy(&v, &u, sizeof(v));
	if (f->kind == COUNT && v <= 0)
		return bad(e, "a limit that limits nothing");
	memcpy((char *)a + f->at, &v, sizeof(v));
	if (f->kind == TIME)
		*(bool *)(void *)((char *)a + f->has) = true;
	return CS_OK;
}

/* Takes one field off *in; *next is the row that the one behind may have. */
static int
field_get(cs_span *in, size_t *next, cs_anchor *a, cs_err *e)
{
	cs_span value;
	size_t n;

	while (*next < N_FIELDS && fields[*next].tag != in->p[0])
		(*next)++;
	if (*next == N_FIELDS)
		return bad(e, "a field unknown or out of order");
	if (in->n < FIELD_HEAD ||
	    (n = u16_get(in->p + 1)) > in->n - FIELD_HEAD)
		return bad(e, "a field longer than the record");
	value = cs_span_cut(*in, FIELD_HEAD, n);
	*in = cs_span_cut(*in, FIELD_HEAD + n, in->n - FIELD_HEAD - n);
	if (fields[*next].kind == TEXT)
		memcpy((char *)a + fields[*next].at, &value, sizeof(value));
	else if (number_get(&fields[*next], value, a, e) != CS_OK)
		return CS_EFORMAT;
	(*next)++;
	return CS_OK;
}

static int
fields_get(cs_span in, cs_anchor *a, cs_err *e)
{
	size_t next = 0;
	int r;

	while (in.n > 0 && in.p[0] != 0) {
		if ((r = field_get(&in, &next, a, e)) != CS_OK)
			return r;
	}
	if (in.n > 3)
		return bad(e, "bytes behind its fields");
	for (; in.n > 0; in = cs_scan_from(in, 1)) {
		if (in.p[0] != 0)
			return bad(e, "bytes behind its fields");
	}
	return CS_OK;
}

/* A key of a security key has what says so, any other has none of it. */
static bool
is_fido_whole(const cs_anchor *a)
{
	if (a->type == CS_ANCHOR_FIDO2)
		return a->rp_id.p != NULL;
	return a->rp_id.p == NULL && a->credential_id.p == NULL &&
	    a->origins.p == NULL &&
	    (a->type == CS_ANCHOR_SK || !a->counter_strict);
}

/* OpenSSH's key, and the one that was made of it, are one. */
static int
ssh_get(cs_anchor *a, cs_err *e)
{
	bool is_ssh = a->type == CS_ANCHOR_SSH || a->type == CS_ANCHOR_SK;
	cs_span blob = a->ssh.blob;
	int r;

	if (is_ssh != (blob.p != NULL))
		return bad(e, "no line that is whole");
	if (!is_ssh)
		return CS_OK;
	if ((r = cs_sshkey_parse(blob, &a->ssh, e)) != CS_OK)
		return cs_wrap(e, "anchor record");
	if (a->ssh.is_sk != (a->type == CS_ANCHOR_SK) ||
	    a->ssh.kind != a->key.kind ||
	    !cs_span_eq(a->ssh.kind == CS_KEY_RSA ? a->ssh.modulus :
	    a->ssh.point, a->ssh.kind == CS_KEY_RSA ? a->key.modulus :
	    a->key.point))
		return bad(e, "two keys that differ");
	return CS_OK;
}

/* An authority has all of its own, any other key has none of it. */
static bool
is_ca_whole(const cs_anchor *a)
{
	if (a->type != CS_ANCHOR_X509)
		return a->ca.p == NULL && a->owner_san.p == NULL &&
		    a->eku.p == NULL && a->crl.p == NULL && !a->no_revocation;
	return a->ca.p != NULL && a->owner_san.p != NULL &&
	    (a->crl.p != NULL) != a->no_revocation;
}

static bool
is_type(enum cs_anchor_type type)
{
	return type == CS_ANCHOR_SPKI || type == CS_ANCHOR_FIDO2 ||
	    type == CS_ANCHOR_X509 || type == CS_ANCHOR_SSH ||
	    type == CS_ANCHOR_SK;
}

int
cs_anchor_get(cs_span record, cs_anchor *a, cs_anchor_place *at, cs_err *e)
{
	const uint8_t *p = record.p;
	cs_span der;
	int r;

	*a = (cs_anchor){0};
	*at = (cs_anchor_place){0};
	if (record.n < HEAD_LEN)
		return bad(e, "cut short");
	at->hash = cs_span_of(p + CHECKED_FROM, CS_ANCHOR_HASH_LEN);
	at->file = u32_get(p + 40);
	a->line = u32_get(p + 44);
	a->type = (enum cs_anchor_type)u16_get(p + 48);
	if (!is_type(a->type))
		return bad(e, "an unknown key type");
	if ((r = flags_get(u16_get(p + 50), a, e)) != CS_OK ||
	    (r = fields_get(cs_span_of(p + HEAD_LEN, record.n - HEAD_LEN), a,
	    e)) != CS_OK)
		return r;
	if (a->owner.n == 0 || a->line == 0 || !is_ca_whole(a) ||
	    !is_fido_whole(a) ||
	    (a->proof != CS_PROOF_NONE) != (a->proof_text.p != NULL))
		return bad(e, "no line that is whole");
	der = a->key.der;
	if ((r = cs_spki_parse(der, &a->key, e)) != CS_OK)
		return cs_wrap(e, "anchor record");
	return ssh_get(a, e);
}
