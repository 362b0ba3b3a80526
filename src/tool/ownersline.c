/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownersline.h"

#include "crypt/pubkey.h"
#include "fmt/cert.h"
#include "fmt/names.h"
#include "fmt/ownersput.h"
#include "fmt/reason.h"
#include "fmt/scan.h"
#include "tool/certfile.h"

#define SPKI_ROOM 2048

typedef struct cs_owners_add_opts opts;

/* What evidence proves needs nobody's word, and is of no other kind of key. */
static int
check_evidence(const opts *o, cs_err *e)
{
	const struct cs_clash words[] = {{"attested", o->attested != NULL},
	    {"hardware", o->hardware}, {"rp-id", o->rp_id != NULL},
	    {"credential-id", o->credential_id != NULL},
	    {"origins", o->origins != NULL},
	    {"counter-strict", o->counter_strict}};

	return o->evidence == NULL ? CS_OK : cs_tool_clash(words,
	    sizeof(words) / sizeof(words[0]), "evidence", e);
}

static int
check(const opts *o, cs_err *e)
{
	const struct cs_goes goes[] = {
	    {"evidence", "challenge", o->evidence != NULL &&
		o->challenge == NULL},
	    {"evidence", "ek-roots", o->evidence != NULL &&
		o->ek_roots == NULL},
	    {"challenge", "evidence", o->challenge != NULL &&
		o->evidence == NULL},
	    {"ek-roots", "evidence", o->ek_roots != NULL &&
		o->evidence == NULL}};
	int n = (o->key != NULL) + (o->public_key != NULL) + (o->ca != NULL) +
	    (o->evidence != NULL), r;

	if ((r = cs_tool_goes(goes, sizeof(goes) / sizeof(goes[0]), e)) !=
	    CS_OK || (r = check_evidence(o, e)) != CS_OK)
		return r;
	if (n != 1)
		return cs_fail(e, CS_EUSAGE, "owners", "expected one of --key, "
		    "--public-key, --evidence and --ca, found %s", n == 0 ?
		    "none" : "more");
	if (o->ca != NULL && o->owner != NULL)
		return cs_fail(e, CS_EUSAGE, "owners", "--owner: the "
		    "authority's certificates name the owners, --owner-san "
		    "says which");
	if ((o->ca == NULL && o->owner == NULL) || o->agents.n == 0)
		return cs_fail(e, CS_EUSAGE, "owners", "--%s is missing",
		    o->ca == NULL && o->owner == NULL ? "owner" : "agents");
	if (o->owner != NULL &&
	    cs_owner_check(cs_span_str(o->owner), e) != CS_OK)
		return cs_tool_usage(e, "--owner");
	return CS_OK;
}

int
cs_owners_agents(const cs_opt_list *agents, cs_buf **out, cs_err *e)
{
	size_t i, room = 0;

	*out = NULL;
	for (i = 0; i < agents->n; i++)
		room += cs_span_str(agents->v[i]).n + 1;
	if (room == 0)
		return CS_OK;
	if ((*out = cs_buf_new(room)) == NULL)
		return cs_nomem(e, "owners");
	for (i = 0; i < agents->n; i++)
		if (cs_buf_printf(*out, "%s%s", i == 0 ? "" : " ",
		    agents->v[i]) != CS_OK)
			return cs_nomem(e, "owners");
	return CS_OK;
}

static int
key_of_signer(const cs_tool *t, const opts *o, cs_ownerspub *out, cs_err *e)
{
	cs_access x = {0};
	int r;

	if ((r = cs_access_open(t, &o->access, "owners add", o->common.json,
	    &x, e)) != CS_OK)
		return r;
	r = cs_ownerspub_open(o->key, &x.signer, out, e);
	cs_access_close(&x);
	return r;
}

/* A credential that a browser made comes as a plain public key; what is known
 * of it otherwise is said twice to no harm, but not in two ways. */
static int
fill_fido(const opts *o, cs_anchor *a, cs_err *e)
{
	if (o->rp_id != NULL && a->type == CS_ANCHOR_SPKI)
		a->type = CS_ANCHOR_FIDO2;
	if (o->rp_id != NULL && a->rp_id.p != NULL &&
	    !cs_span_is(a->rp_id, o->rp_id))
		return cs_fail(e, CS_EUSAGE, "owners", "--rp-id: the key file "
		    "says %.*s", CS_SHOW(a->rp_id));
	if (o->rp_id != NULL)
		a->rp_id = cs_span_str(o->rp_id);
	if (o->credential_id != NULL)
		a->credential_id = cs_span_str(o->credential_id);
	return CS_OK;
}

/* A key that no verifier could use is no line. */
static int
fill_key(const opts *o, const cs_ownerspub *p, cs_anchor *a,
    cs_owners_line *line, cs_err *e)
{
	cs_pubkey *k = NULL;
	cs_buf *spki = NULL;
	int r;

	if ((r = cs_ownerspub_fill(p, a, e)) != CS_OK ||
	    (r = fill_fido(o, a, e)) != CS_OK)
		return r;
	if (a->ssh.blob.p != NULL) {
		if ((spki = cs_buf_new(SPKI_ROOM)) == NULL)
			return cs_nomem(e, "owners");
		if ((r = cs_sshkey_spki(&a->ssh, spki, e)) == CS_OK)
			r = cs_spki_parse(cs_buf_span(spki), &a->key, e);
	}
	if (r == CS_OK && (r = cs_pubkey_new(&a->key, &k, e)) == CS_OK)
		r = cs_key_hash(&a->key, line->hash, e);
	if (spki != NULL)
		a->key = (cs_spki){0};
	cs_pubkey_free(&k);
	cs_buf_free(&spki);
	return r;
}

static int
fill_ca(cs_span der, cs_anchor *a, cs_owners_line *line, cs_err *e)
{
	cs_cert *c = NULL;
	int r;

	a->type = CS_ANCHOR_X509;
	a->ca = der;
	if ((r = cs_cert_parse(der, &c, e)) != CS_OK)
		return r;
	r = cs_key_hash(&c->key, line->hash, e);
	cs_cert_free(&c);
	return r;
}

/* What the anchor borrows from. */
struct source {
	cs_ownerspub pub;
	cs_buf *ca;
};

static int
find_ca(const char *path, struct source *own, cs_anchor *a,
    cs_owners_line *line, cs_err *e)
{
	size_t n = 0;
	int r;

	if ((r = cs_certfile_read(path, CS_CERT_MAX, &own->ca, &n, e)) !=
	    CS_OK)
		return r;
	r = n == 1 ? fill_ca(cs_buf_span(own->ca), a, line, e) :
	    CS_BAD(e, CS_R_MALFORMED, "owners",
	    "expected one certificate, found %zu", n);
	return r == CS_OK ? r : cs_wrap(e, "%s", path);
}

static int
find_key(const cs_tool *t, const opts *o, struct source *own, cs_anchor *a,
    cs_owners_line *line, cs_err *e)
{
	cs_span comment = {0};
	int r;

	if (o->ca != NULL)
		return find_ca(o->ca, own, a, line, e);
	if (o->evidence != NULL)
		r = cs_owners_evidence(o, &own->pub, line, e);
	else if (o->public_key != NULL)
		r = cs_ownerspub_read(o->public_key, &own->pub, e);
	else
		r = key_of_signer(t, o, &own->pub, e);
	if (r != CS_OK)
		return r;
	if (o->evidence != NULL)
		a->proof_text = cs_span_str(line->proof.attested);
	if (own->pub.comment != NULL)
		comment = cs_buf_span(own->pub.comment);
	if (o->comment == NULL)
		a->comment = comment;
	return fill_key(o, &own->pub, a, line, e);
}

static void
fill_terms(const opts *o, cs_anchor *a)
{
	a->owner = cs_span_str(o->ca == NULL ? o->owner : "*");
	a->group = cs_span_str(o->group);
	a->comment = cs_span_str(o->comment);
	a->proof_text = cs_span_str(o->attested);
	a->owner_san = cs_span_str(o->owner_san);
	a->eku = cs_span_str(o->eku);
	a->crl = cs_span_str(o->crl);
	a->origins = cs_span_str(o->origins);
	a->counter_strict = o->counter_strict;
	a->grants = o->grants;
	a->shared_key = o->shared_key;
	a->hardware = o->hardware;
	a->hardware_required = o->hardware_required;
	a->verify_required = o->verify_required;
	a->no_touch_required = o->no_touch_required;
	a->no_revocation = o->no_revocation;
	a->max_lifetime = o->max_lifetime;
	a->max_issuances = o->max_issuances;
	a->max_window = o->max_window;
	a->has_valid_after = o->valid_after >= 0;
	a->valid_after = o->valid_after >= 0 ? o->valid_after : 0;
	a->has_valid_before = o->valid_before >= 0;
	a->valid_before = o->valid_before >= 0 ? o->valid_before : 0;
}

int
cs_owners_line_make(const cs_tool *t, const opts *o, cs_owners_line *line,
    cs_err *e)
{
	cs_buf *agents = NULL;
	struct source key = {0};
	cs_anchor a = {0};
	int r;

	*line = (cs_owners_line){.text = cs_buf_new(CS_OWNERS_LINE_ROOM),
	    .kept = {.fd = -1}};
	if (line->text == NULL)
		return cs_nomem(e, "owners");
	fill_terms(o, &a);
	if ((r = check(o, e)) != CS_OK ||
	    (r = cs_owners_agents(&o->agents, &agents, e)) != CS_OK)
		goto out;
	a.agents = cs_buf_span(agents);
	if ((r = find_key(t, o, &key, &a, line, e)) == CS_OK &&
	    (r = cs_owners_put(line->text, &a, e)) == CS_EFORMAT)
		r = cs_tool_usage(e, "these options make no line");
out:
	cs_ownerspub_clear(&key.pub);
	cs_buf_free(&key.ca);
	cs_buf_free(&agents);
	return r;
}

void
cs_owners_line_clear(cs_owners_line *line)
{
	cs_buf_free(&line->text);
	cs_tpm_proof_clear(&line->proof);
	cs_tpmkept_close(&line->kept);
	*line = (cs_owners_line){0};
}
