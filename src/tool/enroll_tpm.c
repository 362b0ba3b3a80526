/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/enroll.h"

#include <string.h>

#include "base/scheme.h"
#include "base/time.h"
#include "tool/certfile.h"
#include "tool/describetpm.h"
#include "tool/ownerkey.h"
#include "tool/tpmfile.h"

/* The owner's half of an attested enrolment: first he offers a key, then he
 * answers the server's challenge. No line is made here: the server makes it,
 * once the evidence has convinced it. */

#define CERTS_CAP (2 * CS_TPM_CERTS_MAX * CS_TPM_CERT_MAX)

static const char where[] = "enroll";

struct job {
	const struct cs_enroll_opts *o;
	struct cs_document_opts document;
	cs_buf *certs;     /* NULL: those that the TPM has */
	cs_buf *challenge; /* NULL: an offer is made */
	cs_buf *message;
};

static int
check(struct job *j, cs_err *e)
{
	const struct cs_enroll_opts *o = j->o;
	const char *path = j->document.path;
	cs_scheme s;
	int r;

	if ((r = cs_scheme_split(o->key, &s, e)) != CS_OK)
		return cs_tool_usage(e, "--key");
	if (strcmp(s.name, "tpm2") != 0)
		return cs_fail(e, CS_EUSAGE, where, "--%s: only a key in a "
		    "TPM has evidence, --key tpm2:, and here is %s",
		    o->respond != NULL ? "respond" : "evidence", o->key);
	if ((r = cs_document_check(path, j->document.force, e)) != CS_OK ||
	    (r = cs_document_apart(path, s.rest, e)) != CS_OK ||
	    (r = cs_document_apart(path, o->respond, e)) != CS_OK)
		return r;
	return cs_document_apart(path, o->ek_cert, e);
}

/* A challenge that is over would cost a PIN for nothing. */
static int
read_challenge(struct job *j, int64_t now, cs_err *e)
{
	cs_tpmchallenge c = {0};
	char when[24];
	int r;

	if ((r = cs_tpmfile_read(j->o->respond, CS_PEM_TPM_CHALLENGE,
	    &j->challenge, e)) != CS_OK)
		return r;
	if ((r = cs_tpmchallenge_parse(cs_buf_span(j->challenge), &c, e)) !=
	    CS_OK)
		return cs_wrap(e, "%s", j->o->respond);
	if (c.not_after > now)
		return CS_OK;
	if (!cs_rfc3339_put(c.not_after, when))
		when[0] = '\0';
	return cs_fail(e, CS_EREFUSED, where, "%s could be answered until %s: "
	    "ask for another challenge", j->o->respond, when);
}

/* Files first, then the key, with its TPM and its PIN. */
static int
read_files(struct job *j, cs_err *e)
{
	size_t n = 0;
	int r;

	if (j->o->ek_cert != NULL && (r = cs_certfile_read(j->o->ek_cert,
	    CERTS_CAP, &j->certs, &n, e)) != CS_OK)
		return r;
	if (j->o->respond != NULL &&
	    (r = read_challenge(j, cs_time_now(), e)) != CS_OK)
		return r;
	j->message = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	return j->message == NULL ? cs_nomem(e, where) : CS_OK;
}

static int
ask_key(struct job *j, cs_signer *s, cs_err *e)
{
	const cs_to_respond what = {.certs = cs_buf_span(j->certs),
	    .challenge = cs_buf_span(j->challenge)};

	return j->challenge == NULL ? cs_signer_offer(s, what.certs,
	    j->message, e) : cs_signer_respond(s, &what, j->message, e);
}

static void
tell(const struct job *j, const cs_signer_info *key,
    const uint8_t hash[CS_SHA256_LEN], cs_out *out)
{
	const char *path = j->document.path, *file = path == NULL ||
	    strcmp(path, "-") == 0 ? "FILE" : path;

	cs_out_str(out, "key", "key", j->o->key);
	cs_out_str(out, "key_type", NULL, key->key);
	cs_out_hash(out, "key_hash", "key hash", cs_span_of(hash,
	    CS_SHA256_LEN));
	cs_out_str(out, "presence", NULL, "not-proven");
	cs_out_str(out, NULL, "presence", CS_TPM_PRESENCE);
	if (j->challenge == NULL)
		cs_out_printf(out, NULL, "next", "who runs the server makes a "
		    "challenge: countersign owners challenge %s --ek-roots "
		    "DIR --keep SECRET", file);
	else
		cs_out_printf(out, NULL, "next", "who runs the server adds the "
		    "key: countersign owners add PATH --evidence %s "
		    "--challenge SECRET --ek-roots DIR", file);
}

static int
run(const cs_tool *t, struct job *j, const cs_access *x, cs_out *out,
    cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_signer *s = NULL;
	int r;

	if ((r = cs_signer_open(j->o->key, &x->signer, &s, e)) != CS_OK)
		return r;
	if ((r = cs_ownerkey_hash(s, hash, e)) == CS_OK &&
	    (r = ask_key(j, s, e)) == CS_OK) {
		tell(j, cs_signer_describe(s), hash, out);
		r = cs_document_put_pem(t, &j->document, j->challenge == NULL ?
		    "offer" : "evidence", j->challenge == NULL ?
		    CS_PEM_TPM_OFFER : CS_PEM_TPM_EVIDENCE,
		    cs_buf_span(j->message), out, e);
	}
	cs_signer_close(&s);
	return r;
}

int
cs_enroll_tpm(const cs_tool *t, const struct cs_enroll_opts *o,
    const cs_access *x, cs_out *out, cs_err *e)
{
	struct job j = {.o = o, .document = o->document};
	int r;

	if (o->evidence != NULL)
		j.document.path = o->evidence;
	if ((r = check(&j, e)) == CS_OK && (r = read_files(&j, e)) == CS_OK)
		r = run(t, &j, x, out, e);
	cs_buf_free(&j.certs);
	cs_buf_free(&j.challenge);
	cs_buf_free(&j.message);
	return r;
}
