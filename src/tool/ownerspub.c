/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownerspub.h"

#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/scheme.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "fmt/scan.h"
#include "signer/fido2file.h"
#include "tool/grant.h"

#define SPKI_ROOM 2048

static const char where[] = "public key";

void
cs_ownerspub_clear(cs_ownerspub *p)
{
	cs_buf_free(&p->key);
	cs_buf_free(&p->rp_id);
	cs_buf_free(&p->credential_id);
	cs_buf_free(&p->comment);
	memset(p, 0, sizeof(*p));
}

static int
keep(cs_span v, cs_buf **out, cs_err *e)
{
	if (v.n == 0)
		return CS_OK;
	return (*out = cs_buf_dup(v)) == NULL ? cs_nomem(e, where) : CS_OK;
}

bool
cs_ownerspub_is_ssh(cs_span in)
{
	static const char *const begins[] = {"ssh-", "ecdsa-sha2-", "sk-ssh-",
	    "sk-ecdsa-sha2-"};
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (cs_scan_starts(in, begins[i]))
			return true;
	return false;
}

/* TYPE BASE64 COMMENT, as ssh-keygen(1) writes it. */
static int
parse_ssh(cs_span in, cs_ownerspub *out, cs_err *e)
{
	size_t end = cs_scan_find(in, "\r\n");
	cs_span line = cs_span_cut(in, 0, end), rest = cs_scan_from(in, end);
	cs_span type = {0}, base64 = {0};
	cs_sshkey k = {0};
	int r;

	if (rest.n > 2 || (rest.n == 2 && rest.p[0] != '\r'))
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected one line of an OpenSSH public key, found more");
	if (!cs_scan_word(&line, &type) || !cs_scan_word(&line, &base64))
		return CS_BAD(e, CS_R_MALFORMED, where, "expected a key "
		    "behind %.*s, found none", CS_SHOW(type));
	if ((out->key = cs_buf_new(CS_SSHKEY_MAX)) == NULL)
		return cs_nomem(e, where);
	if (cs_base64_get(out->key, base64, false, NULL) != CS_OK)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected base64 behind %.*s", CS_SHOW(type));
	if ((r = cs_sshkey_parse(cs_buf_span(out->key), &k, e)) != CS_OK)
		return r;
	if (!cs_span_is(type, k.type))
		return CS_BAD(e, CS_R_MALFORMED, where, "expected a key of "
		    "type %.*s, found one of %s", CS_SHOW(type), k.type);
	out->type = k.is_sk ? CS_ANCHOR_SK : CS_ANCHOR_SSH;
	return keep(cs_scan_from(line, line.n > 0 ? 1 : 0), &out->comment, e);
}

static int
take(const cs_anchor *a, cs_ownerspub *out, cs_err *e)
{
	int r;

	if (out->type != CS_ANCHOR_NONE || a->type != CS_ANCHOR_FIDO2)
		return CS_BAD(e, CS_R_MALFORMED, where, "expected one line of "
		    "type fido2, as countersign enroll writes it");
	out->type = a->type;
	out->verify_required = a->verify_required;
	if ((r = keep(a->key.der, &out->key, e)) != CS_OK ||
	    (r = keep(a->rp_id, &out->rp_id, e)) != CS_OK ||
	    (r = keep(a->credential_id, &out->credential_id, e)) != CS_OK)
		return r;
	return keep(a->comment, &out->comment, e);
}

static int
each(void *arg, const cs_anchor *a, cs_err *e)
{
	return take(a, arg, e);
}

static int
parse_other(cs_span in, cs_ownerspub *out, cs_err *e)
{
	out->type = CS_ANCHOR_SPKI;
	if ((out->key = cs_buf_new(SPKI_ROOM)) == NULL)
		return cs_nomem(e, where);
	return cs_holder_parse(in, out->key, e);
}

/* A key file has no mark of its own but that a reader of owners files takes
 * it. */
static bool
is_key_file(cs_span in)
{
	return cs_owners_parse("", in, NULL, NULL, NULL) == CS_OK;
}

int
cs_ownerspub_parse(const char *name, cs_span in, cs_ownerspub *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (cs_ownerspub_is_ssh(in))
		r = parse_ssh(in, out, e);
	else if (in.n != 0 && in.p[0] >= 0x20 && is_key_file(in)) {
		if ((r = cs_owners_parse(name, in, each, out, e)) == CS_OK &&
		    out->type == CS_ANCHOR_NONE)
			r = CS_BAD(e, CS_R_MALFORMED, where,
			    "no public key in it");
	} else
		r = parse_other(in, out, e);
	if (r != CS_OK)
		cs_ownerspub_clear(out);
	return r;
}

int
cs_ownerspub_read(const char *path, cs_ownerspub *out, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if ((r = cs_ownerspub_parse(path, cs_buf_span(b), out, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

/* A key file that the signer takes; then all that stands in it. */
static int
open_fido(const char *uri, const cs_signer_env *env, cs_ownerspub *out,
    cs_err *e)
{
	cs_fido_file f = {0};
	int r;

	if ((r = cs_fido_file_open(uri, env->key_dir, &f, e)) == CS_OK)
		r = cs_ownerspub_read(f.path, out, e);
	cs_fido_file_clear(&f);
	return r;
}

static int
open_signer(const char *uri, bool is_ssh, const cs_signer_env *env,
    cs_ownerspub *out, cs_err *e)
{
	cs_signer *s = NULL;
	cs_sshkey k = {0};
	int r;

	if ((out->key = cs_buf_new(CS_SSHKEY_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_signer_open(uri, env, &s, e)) != CS_OK)
		return r;
	out->type = CS_ANCHOR_SPKI;
	out->is_tpm = cs_signer_describe(s)->is_tpm;
	if (!is_ssh)
		r = cs_signer_spki(s, out->key, e);
	else if ((r = cs_signer_sshkey(s, out->key, e)) == CS_OK &&
	    (r = cs_sshkey_parse(cs_buf_span(out->key), &k, e)) == CS_OK)
		out->type = k.is_sk ? CS_ANCHOR_SK : CS_ANCHOR_SSH;
	cs_signer_close(&s);
	return r;
}

int
cs_ownerspub_open(const char *uri, const cs_signer_env *env,
    cs_ownerspub *out, cs_err *e)
{
	cs_scheme s;
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = cs_scheme_split(uri, &s, e)) != CS_OK)
		return r;
	r = strcmp(s.name, "fido2") == 0 ? open_fido(uri, env, out, e) :
	    open_signer(uri, strcmp(s.name, "ssh-agent") == 0, env, out, e);
	if (r != CS_OK)
		cs_ownerspub_clear(out);
	return r;
}

int
cs_ownerspub_fill(const cs_ownerspub *p, cs_anchor *a, cs_err *e)
{
	a->type = p->type;
	if (p->type == CS_ANCHOR_SSH || p->type == CS_ANCHOR_SK)
		return cs_sshkey_parse(cs_buf_span(p->key), &a->ssh, e);
	if (p->rp_id != NULL)
		a->rp_id = cs_buf_span(p->rp_id);
	if (p->credential_id != NULL)
		a->credential_id = cs_buf_span(p->credential_id);
	a->verify_required |= p->verify_required;
	return cs_spki_parse(cs_buf_span(p->key), &a->key, e);
}

static int
put_holder(const cs_ownerspub *p, cs_buf *spki, cs_err *e)
{
	cs_sshkey k = {0};
	int r;

	switch (p->type) {
	case CS_ANCHOR_SPKI:
		return cs_buf_put(spki, cs_buf_span(p->key)) == CS_OK ? CS_OK :
		    cs_nomem(e, where);
	case CS_ANCHOR_SSH:
		if ((r = cs_sshkey_parse(cs_buf_span(p->key), &k, e)) != CS_OK)
			return r;
		return cs_sshkey_spki(&k, spki, e);
	default:
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "a security key "
		    "holds no grants: expected a plain key");
	}
}

int
cs_holder_read(const char *path, cs_buf *spki, cs_err *e)
{
	cs_ownerspub p = {0};
	int r;

	if ((r = cs_ownerspub_read(path, &p, e)) == CS_OK &&
	    (r = put_holder(&p, spki, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_ownerspub_clear(&p);
	return r;
}
