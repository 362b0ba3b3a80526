/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "crypt/privkey.h"
#include "crypt/pubkey.h"
#include "fmt/names.h"
#include "fmt/pem.h"
#include "tool/access.h"
#include "tool/csrmake.h"
#include "tool/document.h"

struct opts {
	struct cs_common common;
	struct cs_key_opts access;
	struct cs_document_opts document;
	const char *id, *key, *new_key, *purpose, *owner;
};

static const struct opts defaults = {.access = CS_KEY_DEFAULTS};

static const struct cs_opt rows[] = {
    {"id", 0, CS_OPT_STRING, offsetof(struct opts, id), "URI",
	"the agent's identifier, wimse:// or spiffe://", 0, 0,
	CS_COMPLETE_NONE},
    {"key", 0, CS_OPT_STRING, offsetof(struct opts, key), "KEY",
	"the agent's key: a file or a pkcs11: URI", 0, 0, CS_COMPLETE_FILE},
    {"new-key", 0, CS_OPT_CHOICE, offsetof(struct opts, new_key),
	"p256|p384|ed25519|rsa3072", "make a new key and write it to the --key file",
	0, 0, CS_COMPLETE_NONE},
    {"purpose", 0, CS_OPT_STRING, offsetof(struct opts, purpose), "TEXT",
	"what the credential is for, in the agent's words", 0, 0,
	CS_COMPLETE_NONE},
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, owner), "OWNER",
	"the owner who is asked", 0, 0, CS_COMPLETE_NONE},
    CS_PSS_ROW(struct opts),
    CS_DOCUMENT_ROWS(struct opts),
    CS_KEY_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "request",
    .synopsis = "",
    .summary = "make an agent's credential request",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

static int
check(const struct opts *o, cs_err *e)
{
	int r;

	if (o->id == NULL || o->key == NULL)
		return cs_fail(e, CS_EUSAGE, "request", "--%s is missing",
		    o->id == NULL ? "id" : "key");
	if ((r = cs_agent_id_check(cs_span_str(o->id), NULL, e)) != CS_OK)
		return cs_tool_usage(e, "--id");
	if (o->purpose != NULL &&
	    (r = cs_purpose_check(cs_span_str(o->purpose), false, e)) != CS_OK)
		return cs_tool_usage(e, "--purpose");
	if (o->owner != NULL &&
	    (r = cs_owner_check(cs_span_str(o->owner), e)) != CS_OK)
		return cs_tool_usage(e, "--owner");
	if ((r = cs_document_apart(o->document.path, o->key, e)) != CS_OK)
		return r;
	return cs_document_check(o->document.path, o->document.force, e);
}

static int
make_key(const struct opts *o, cs_err *e)
{
	const char *path = o->key;
	cs_privkey *k = NULL;
	cs_buf *pem = NULL;
	int r;

	if (strncmp(path, "file:", 5) == 0)
		path += 5;
	if (strncmp(path, "pkcs11:", 7) == 0 || strcmp(path, "-") == 0)
		return cs_fail(e, CS_EUSAGE, "request",
		    "--new-key writes a file, and --key %s is none", o->key);
	if ((r = cs_document_check(path, o->document.force, e)) == CS_OK &&
	    (r = cs_privkey_generate(o->new_key, &k, e)) == CS_OK &&
	    (r = cs_privkey_write(k, &pem, e)) == CS_OK)
		r = cs_file_write(path, cs_buf_span(pem), 0600,
		    o->document.force, e);
	cs_buf_free(&pem);
	cs_privkey_free(&k);
	return r;
}

static int
make_csr(const struct opts *o, cs_key *k, cs_csr **out, cs_err *e)
{
	cs_buf *own = NULL, *info = NULL;
	cs_spki spki = {0};
	cs_csr_new n = {.agent_id = cs_span_str(o->id),
	    .purpose = cs_span_str(o->purpose),
	    .intended_owner = cs_span_str(o->owner)};
	int r;

	if ((r = cs_agent_spki(k, &own, &spki, e)) != CS_OK)
		return r;
	n.spki = spki.der;
	if ((info = cs_buf_new(CS_REQUEST_ROOM)) == NULL)
		r = cs_nomem(e, "request");
	else if ((r = cs_csr_put_info(&n, info, e)) == CS_OK)
		r = cs_agent_sign(k, &spki, cs_buf_span(info), o->access.pss, out,
		    e);
	cs_buf_free(&info);
	cs_buf_free(&own);
	return r;
}

static int
put(const cs_tool *t, const struct opts *o, const cs_csr *csr, cs_out *out,
    cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN], digest[CS_SHA256_LEN];
	char code[8], name[16];
	int r;

	if ((r = cs_key_hash(&csr->key, hash, e)) != CS_OK ||
	    (r = cs_request_digest(csr, digest, e)) != CS_OK)
		return r;
	cs_code(cs_span_of(digest, sizeof(digest)), code);
	cs_spki_name(&csr->key, name);
	cs_out_str(out, "code", NULL, code);
	cs_out_span(out, "agent", NULL, csr->agent_id);
	cs_out_str(out, "key_type", NULL, name);
	cs_out_hash(out, "agent_key", NULL, cs_span_of(hash, sizeof(hash)));
	cs_out_hex(out, "request_digest", NULL,
	    cs_span_of(digest, sizeof(digest)));
	return cs_document_put_pem(t, &o->document, "request", CS_PEM_REQUEST,
	    csr->der, out, e);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	cs_access a = {0};
	cs_key *k = NULL;
	cs_csr *csr = NULL;
	int r;

	(void)w;
	if ((r = check(o, e)) != CS_OK ||
	    (o->new_key != NULL && (r = make_key(o, e)) != CS_OK))
		return r;
	r = cs_access_open(t, &o->access, spec.verb, o->common.json, &a, e);
	if (r == CS_OK && (r = cs_key_open(o->key, &a.keys, &k, e)) == CS_OK)
		r = make_csr(o, k, &csr, e);
	cs_key_close(&k);
	cs_access_close(&a);
	if (r == CS_OK)
		r = put(t, o, csr, out, e);
	cs_csr_free(&csr);
	return r;
}

const struct cs_verb cs_cmd_request = {
    &spec, sizeof(struct opts), &defaults, run};
