/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "tool/describetpm.h"
#include "tool/document.h"
#include "tool/tool.h"
#include "tool/tpmfile.h"

/* A server's challenge to the TPM of an offered key: what can be told of the
 * offer is told, whether it is true shows the answer. */

struct opts {
	struct cs_common common;
	struct cs_document_opts document;
	const char *ek_roots, *keep;
	int64_t valid;
};

static const struct opts defaults = {.valid = CS_TPM_CHALLENGE_SECONDS};

static const struct cs_opt rows[] = {
    {"ek-roots", 0, CS_OPT_STRING, offsetof(struct opts, ek_roots), "DIR",
	"manufacturers' certificates, PEM, that vouch for TPMs", 0, 0,
	CS_COMPLETE_DIR},
    {"keep", 0, CS_OPT_STRING, offsetof(struct opts, keep), "SECRET",
	"write what the answer is held against, for owners add", 0, 0,
	CS_COMPLETE_FILE},
    {"valid", 0, CS_OPT_DURATION, offsetof(struct opts, valid), "DURATION",
	"how long there is to answer (1h; at most 24h)", 0, 0,
	CS_COMPLETE_NONE},
    CS_DOCUMENT_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "owners challenge",
    .synopsis = "OFFER",
    .summary = "challenge the TPM that an offered key is in",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

static const char where[] = "owners";

static int
check(const struct opts *o, const char *offer, cs_err *e)
{
	const struct cs_document_opts *d = &o->document;
	int r;

	if (o->ek_roots == NULL || o->keep == NULL)
		return cs_fail(e, CS_EUSAGE, where, "--%s is missing",
		    o->ek_roots == NULL ? "ek-roots" : "keep");
	if (strcmp(o->keep, "-") == 0)
		return cs_fail(e, CS_EUSAGE, where, "--keep: expected a file, "
		    "which stays here until the answer has come");
	if (o->valid > CS_TPM_CHALLENGE_SECONDS_MAX)
		return cs_fail(e, CS_EUSAGE, where, "--valid: at most %d "
		    "hours", CS_TPM_CHALLENGE_SECONDS_MAX / 3600);
	if ((r = cs_document_check(d->path, d->force, e)) != CS_OK ||
	    (r = cs_document_check(o->keep, d->force, e)) != CS_OK ||
	    (r = cs_document_apart(d->path, o->keep, e)) != CS_OK ||
	    (r = cs_document_apart(d->path, offer, e)) != CS_OK)
		return r;
	return cs_document_apart(o->keep, offer, e);
}

/* What goes away, and what stays here. */
struct made {
	cs_buf *challenge, *secret;
};

/* Both files, or none of them. */
static int
put(const cs_tool *t, const struct opts *o, const struct made *m, cs_out *out,
    cs_err *e)
{
	int r;

	if ((r = cs_tpmkept_write(o->keep, cs_buf_span(m->secret),
	    o->document.force, e)) != CS_OK)
		return r;
	r = cs_document_put_pem(t, &o->document, "challenge",
	    CS_PEM_TPM_CHALLENGE, cs_buf_span(m->challenge), out, e);
	if (r != CS_OK)
		(void)unlink(o->keep);
	return r;
}

static int
challenge(const cs_tool *t, const struct opts *o, const cs_tpmoffer *offer,
    int64_t now, cs_out *out, cs_err *e)
{
	struct made m = {cs_buf_new(CS_TPM_EVIDENCE_MAX),
	    cs_secret_new(CS_TPM_EVIDENCE_MAX)};
	int r;

	if (m.challenge == NULL || m.secret == NULL)
		r = cs_nomem(e, where);
	else
		r = cs_tpm_challenge(offer, now + o->valid, m.challenge,
		    m.secret, e);
	if (r == CS_OK) {
		cs_out_time(out, "not_after", "to be answered until",
		    now + o->valid);
		cs_out_str(out, "kept", "kept", o->keep);
		cs_out_text(out, "note", cs_span_str("nothing is proven yet; "
		    "compare the key hash with the one that the owner reads "
		    "to you"));
		r = put(t, o, &m, out, e);
	}
	cs_buf_free(&m.challenge);
	cs_buf_free(&m.secret);
	return r;
}

static int
run(const cs_tool *t, const void *options, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = options;
	const char *path = w->v[0];
	int64_t now = cs_time_now();
	cs_tpm_proof proof = {0};
	cs_tpmoffer offer = {0};
	cs_roots *roots = NULL;
	cs_buf *der = NULL;
	int r;

	if ((r = check(o, path, e)) != CS_OK)
		return r;
	if ((r = cs_roots_load(o->ek_roots, &roots, e)) != CS_OK)
		return cs_wrap(e, "--ek-roots");
	if ((r = cs_tpmfile_read(path, CS_PEM_TPM_OFFER, &der, e)) != CS_OK)
		goto out;
	if ((r = cs_tpmoffer_parse(cs_buf_span(der), &offer, e)) != CS_OK ||
	    (r = cs_tpm_offer_check(&offer, roots, now, &proof, e)) !=
	    CS_OK)
		(void)cs_wrap(e, "%s", path);
	else if ((r = cs_describe_tpmproof(&proof, out, e)) == CS_OK)
		r = challenge(t, o, &offer, now, out, e);
out:
	cs_tpm_proof_clear(&proof);
	cs_buf_free(&der);
	cs_roots_free(&roots);
	return r;
}

const struct cs_verb cs_cmd_owners_challenge = {
    &spec, sizeof(struct opts), &defaults, run};
