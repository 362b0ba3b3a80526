/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/relying.h"

#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/pubkey.h"
#include "fmt/names.h"
#include "issue/bundle.h"
#include "issue/crl.h"
#include "rely/presented.h"
#include "rely/rely.h"
#include "tool/told.h"

#define LINE_ROOM 192      /* of what stands beside the names */
#define LISTS_MAX (8 * CS_CRL_MAX)

/* All that is read. */
struct asked {
	cs_buf *bundle, *crls, *credential;
	cs_presented presented;
	cs_trust *trust;
	cs_anchors *owners;
};

/* Who may write the bundle says who issues: it is held to the rules of the
 * owners file. Lists are signed. */
static int
read_trust(const cs_relying *o, struct asked *a, cs_err *e)
{
	cs_trust_in in = {.trust_domain = cs_span_str(o->trust_domain),
	    .authority = cs_span_str(o->authority)};
	int r;

	if ((r = cs_file_read_trusted(o->bundle, geteuid(), CS_BUNDLE_LEN_MAX,
	    &a->bundle, e)) != CS_OK)
		return r;
	if (o->crl != NULL &&
	    (r = cs_file_read(o->crl, LISTS_MAX, &a->crls, e)) != CS_OK)
		return r;
	in.bundle = cs_buf_span(a->bundle);
	in.crls = cs_buf_span(a->crls);
	if ((r = cs_trust_new(&in, &a->trust, e)) == CS_EUSAGE)
		return cs_wrap(e, o->trust_domain == NULL ?
		    "--trust-domain is missing" : "--trust-domain");
	if (r != CS_OK)
		return o->crl == NULL ? cs_wrap(e, "%s", o->bundle) :
		    cs_wrap(e, "%s with %s", o->bundle, o->crl);
	if (o->owners != NULL)
		r = cs_anchors_load(o->owners, geteuid(), &a->owners, e);
	return r;
}

/* What is wrong with the credential is an answer, of whatever size it is. */
static int
read_credential(const char *path, struct asked *a, cs_err *e)
{
	int r;

	if ((r = cs_file_read(path, CS_PRESENTED_MAX, &a->credential, e)) ==
	    CS_EFORMAT && e != NULL)
		e->detail = CS_R_TOO_LARGE;
	if (r == CS_OK)
		r = cs_presented_read(cs_buf_span(a->credential),
		    &a->presented, e);
	return r;
}

static cs_assurance
assurance(unsigned bits)
{
	return (cs_assurance){.hardware = (bits & CS_BOUND_HARDWARE) != 0,
	    .asserted = (bits & CS_BOUND_ASSERTED) != 0,
	    .present = (bits & CS_BOUND_PRESENT) != 0,
	    .verified = (bits & CS_BOUND_VERIFIED) != 0};
}

/* What holds for all of them. */
static cs_assurance
assurance_of_all(const cs_bindings *b)
{
	unsigned bits = ~0u;
	size_t i;

	for (i = 0; i < b->n; i++)
		bits &= b->at[i].assurance;
	return assurance(bits);
}

static void
put_assurance(cs_assurance a, cs_out *out)
{
	cs_out_object(out, "assurance", NULL);
	cs_out_bool(out, "hardware", NULL, a.hardware);
	cs_out_bool(out, "asserted", NULL, a.asserted);
	cs_out_bool(out, "present", NULL, a.present);
	cs_out_bool(out, "verified", NULL, a.verified);
	cs_out_close(out);
}

static int
put_binding(const cs_binding *b, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_key_hash(&b->key, hash, e)) != CS_OK)
		return r;
	cs_out_object(out, NULL, NULL);
	cs_out_span(out, "owner", NULL, b->owner);
	cs_out_hash(out, "owner_key", NULL, cs_span_of(hash, sizeof(hash)));
	cs_out_hex(out, "approval_id", NULL, b->approval_id);
	cs_out_str(out, "approval", NULL,
	    b->full.p != NULL ? "full" : "digest");
	put_assurance(assurance(b->assurance), out);
	cs_out_close(out);
	return CS_OK;
}

static int
put_owners(const cs_bindings *b, cs_out *out, cs_err *e)
{
	int r = CS_OK;
	size_t i;

	cs_out_list(out, "owners", NULL);
	for (i = 0; i < b->n && r == CS_OK; i++)
		r = put_binding(&b->at[i], out, e);
	cs_out_close(out);
	return r;
}

/* Another approval of an owner who is named already, a use or a second key's,
 * names nobody. */
static bool
is_named(const cs_bindings *b, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (cs_span_eq(b->at[j].owner, b->at[i].owner))
			return true;
	return false;
}

static int
write_line(const cs_said *s, const char *word, cs_buf *b)
{
	const cs_assurance a = assurance_of_all(s->bindings);
	char until[24] = "";
	size_t i;
	int r;

	if (!cs_rfc3339_put(s->not_after, until))
		return CS_EBUG;
	r = cs_buf_put(b, s->agent_id);
	for (i = 0; r == CS_OK && i < s->bindings->n; i++)
		if (!is_named(s->bindings, i) && (r = cs_buf_put_str(b,
		    i == 0 ? " of " : " and ")) == CS_OK)
			r = cs_buf_put(b, s->bindings->at[i].owner);
	return r != CS_OK ? r : cs_buf_printf(b, " (%s, %s, %s) until %s",
	    word, cs_told_protection(&a), cs_told_presence(&a), until);
}

static int
put_line(const cs_said *s, const char *word, cs_out *out, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_AGENT_ID_MAX +
	    (s->bindings->n + 1) * (CS_OWNER_MAX + LINE_ROOM));
	int r = b == NULL ? CS_EBUG : write_line(s, word, b);

	if (r == CS_OK)
		cs_out_span(out, NULL, "valid", cs_buf_span(b));
	cs_buf_free(&b);
	return r == CS_OK ? CS_OK : cs_nomem(e, "verify");
}

static int
put_valid(const struct asked *a, const cs_relied *x, cs_out *out, cs_err *e)
{
	bool proven = cs_relied_state(x) == CS_CREDENTIAL_PROVEN;
	const cs_said *s = cs_relied_said(x);
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = put_line(s, proven ? "owner's signature" : "issuer's word",
	    out, e)) != CS_OK ||
	    (r = cs_key_hash(&s->key, hash, e)) != CS_OK)
		return r;
	cs_out_str(out, "state", NULL, "valid");
	cs_out_str(out, "kind", NULL,
	    a->presented.token.p != NULL ? "wit" : "x509");
	cs_out_span(out, "trust_domain", NULL, cs_trust_domain(a->trust));
	cs_out_span(out, "agent", NULL, s->agent_id);
	cs_out_hash(out, "agent_key", NULL, cs_span_of(hash, sizeof(hash)));
	cs_out_span(out, "owner", NULL, s->bindings->at[0].owner);
	cs_out_str(out, "proof", NULL, proven ? "owner" : "issuer");
	cs_out_hex(out, "serial", NULL, cs_relied_serial(x));
	cs_out_time(out, "not_before", NULL, s->not_before);
	cs_out_time(out, "not_after", NULL, s->not_after);
	put_assurance(assurance_of_all(s->bindings), out);
	return put_owners(s->bindings, out, e);
}

/* Who has pinned owners asks for their signatures. */
static bool
will_do(const cs_relying *o, const cs_relied *x)
{
	switch (cs_relied_state(x)) {
	case CS_CREDENTIAL_PROVEN:
		return true;
	case CS_CREDENTIAL_ISSUER_ONLY:
		return o->owners == NULL;
	case CS_CREDENTIAL_REFUSED:
		break;
	}
	return false;
}

static int
put_refused(const cs_err *why, cs_out *out, cs_err *e)
{
	return cs_told_put(&(cs_told){.reason = why->detail,
	    .text = why->text}, out, e);
}

static int
judge(const cs_relying *o, const struct asked *a, cs_out *out, cs_err *e)
{
	const cs_rely_in in = {.trust = a->trust,
	    .certificate = a->presented.certificate,
	    .token = a->presented.token, .anchors = a->owners,
	    .agent = cs_span_str(o->agent), .owner = cs_span_str(o->owner),
	    .now = o->now};
	cs_relied *x = NULL;
	int r;

	if (o->crl != NULL && a->presented.token.p != NULL)
		return cs_fail(e, CS_EUSAGE, "verify", "--crl does not go with "
		    "a token: no list has tokens");
	if ((r = cs_rely(&in, &x, e)) != CS_OK)
		return r;
	r = will_do(o, x) ? put_valid(a, x, out, e) :
	    put_refused(cs_relied_error(x), out, e);
	cs_relied_free(&x);
	return r;
}

int
cs_relying_put(const cs_relying *o, cs_out *out, cs_err *e)
{
	struct asked a = {.bundle = NULL};
	cs_err why = {0};
	int r;

	if ((r = read_trust(o, &a, e)) != CS_OK)
		goto out;
	cs_out_time(out, "at", NULL, o->now);
	if ((r = read_credential(o->credential, &a, &why)) == CS_OK)
		r = judge(o, &a, out, e);
	else if (r == CS_EFORMAT)
		r = put_refused(&why, out, e);
	else if (e != NULL)
		*e = why;
out:
	cs_presented_clear(&a.presented);
	cs_anchors_free(&a.owners);
	cs_trust_free(&a.trust);
	cs_buf_free(&a.credential);
	cs_buf_free(&a.crls);
	cs_buf_free(&a.bundle);
	return r;
}
