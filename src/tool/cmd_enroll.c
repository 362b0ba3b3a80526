/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/names.h"
#include "tool/enroll.h"

typedef struct cs_enroll_opts opts;

static const opts defaults = {.access = CS_KEY_DEFAULTS};

static const struct cs_opt rows[] = {
    {"fido2", 0, CS_OPT_FLAG, offsetof(opts, fido2), NULL,
	"make a new key on a security key", 0, 0, CS_COMPLETE_NONE},
    {"key", 0, CS_OPT_STRING, offsetof(opts, key), "URI",
	"or a key that is there: pkcs11:, tpm2:, ssh-agent: or file:", 0, 0,
	CS_COMPLETE_KEY},
    {"owner", 0, CS_OPT_STRING, offsetof(opts, owner), "OWNER",
	"whose key it is, such as mailto:alice@corp.example", 0, 0,
	CS_COMPLETE_NONE},
    {"agents", 0, CS_OPT_LIST, offsetof(opts, agents), "ID...",
	"agents that it may approve, and what is below them", 0, 0,
	CS_COMPLETE_NONE},
    {"rp-id", 0, CS_OPT_STRING, offsetof(opts, rp_id), "RPID",
	"--fido2: the name that approvals have on the device", 0, 0,
	CS_COMPLETE_NONE},
    {"device", 0, CS_OPT_STRING, offsetof(opts, device), "PATH",
	"--fido2: which device, where several are plugged in", 0, 0,
	CS_COMPLETE_FILE},
    {"alg", 0, CS_OPT_CHOICE, offsetof(opts, alg), "es256|eddsa",
	"--fido2: the kind of key (es256)", 0, 0, CS_COMPLETE_NONE},
    {"resident", 0, CS_OPT_FLAG, offsetof(opts, resident), NULL,
	"--fido2: keep the key's name on the device, too", 0, 0,
	CS_COMPLETE_NONE},
    {"name", 0, CS_OPT_STRING, offsetof(opts, name), "NAME",
	"--fido2: the key's name here, fido2:NAME (the RP ID)", 0, 0,
	CS_COMPLETE_NONE},
    {"verify-required", 0, CS_OPT_FLAG, offsetof(opts, verify_required), NULL,
	"want PIN or fingerprint for each approval", 0, 0, CS_COMPLETE_NONE},
    {"no-touch-required", 0, CS_OPT_FLAG, offsetof(opts, no_touch_required),
	NULL, "--key: do without proof of presence", 0, 0, CS_COMPLETE_NONE},
    {"attestation-roots", 0, CS_OPT_STRING, offsetof(opts, roots), "DIR",
	"manufacturers' certificates, PEM, that prove what a key is", 0, 0,
	CS_COMPLETE_DIR},
    {"piv-attestation", 0, CS_OPT_STRING, offsetof(opts, piv), "FILE",
	"--key: what a YubiKey says of it, PEM", 0, 0, CS_COMPLETE_FILE},
    {"evidence", 0, CS_OPT_STRING, offsetof(opts, evidence), "FILE",
	"--key tpm2: write an offer, for the server to challenge the TPM", 0,
	0, CS_COMPLETE_FILE},
    {"respond", 0, CS_OPT_STRING, offsetof(opts, respond), "CHALLENGE",
	"--key tpm2: write the evidence that answers the server", 0, 0,
	CS_COMPLETE_FILE},
    {"ek-cert", 0, CS_OPT_STRING, offsetof(opts, ek_cert), "FILE",
	"certificates of the TPM that are not in it, PEM or one in DER", 0, 0,
	CS_COMPLETE_FILE},
    {"comment", 0, CS_OPT_STRING, offsetof(opts, comment), "TEXT",
	"a note at the end of the line", 0, 0, CS_COMPLETE_NONE},
    CS_DOCUMENT_ROWS(opts),
    CS_TCTI_ROW(opts),
    CS_KEY_ROWS(opts),
    CS_COMMON_ROWS(opts),
};

static const struct cs_opt_spec spec = {
    .verb = "enroll",
    .synopsis = "",
    .summary = "make an owner's key, and the line of it for a server",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 0,
    .max_operands = 0,
    .operand_complete = CS_COMPLETE_NONE,
};

/* Options that say nothing of this kind of key. */
static int
check_kind(const opts *o, cs_err *e)
{
	const struct cs_goes rules[] = {
	    {"rp-id", "fido2", o->rp_id != NULL && !o->fido2},
	    {"device", "fido2", o->device != NULL && !o->fido2},
	    {"alg", "fido2", o->alg != NULL && !o->fido2},
	    {"name", "fido2", o->name != NULL && !o->fido2},
	    {"resident", "fido2", o->resident && !o->fido2},
	    {"piv-attestation", "key", o->piv != NULL && o->fido2},
	    {"no-touch-required", "key", o->no_touch_required && o->fido2},
	    {"evidence", "key", o->evidence != NULL && o->fido2},
	    {"respond", "key", o->respond != NULL && o->fido2},
	    {"piv-attestation", "attestation-roots", o->piv != NULL &&
		o->roots == NULL},
	    {"attestation-roots", "piv-attestation", o->roots != NULL &&
		!o->fido2 && o->piv == NULL}};

	if (o->fido2 == (o->key != NULL))
		return cs_fail(e, CS_EUSAGE, "enroll", "expected one of "
		    "--fido2 and --key, found %s", o->fido2 ? "both" :
		    "none");
	return cs_tool_goes(rules, sizeof(rules) / sizeof(rules[0]), e);
}

/* No line is made with these, and nothing of one is asked for. */
static int
check_tpm(const opts *o, cs_err *e)
{
	const char *with = o->respond != NULL ? "respond" : "evidence";
	bool tpm = o->respond != NULL || o->evidence != NULL;
	const struct cs_clash lines[] = {{"owner", o->owner != NULL},
	    {"agents", o->agents.n != 0}, {"comment", o->comment != NULL},
	    {"verify-required", o->verify_required},
	    {"no-touch-required", o->no_touch_required},
	    {"attestation-roots", o->roots != NULL},
	    {"piv-attestation", o->piv != NULL},
	    {"out", o->evidence != NULL && o->document.path != NULL},
	    {"evidence", o->evidence != NULL && o->respond != NULL}};

	if (o->ek_cert != NULL && !tpm)
		return cs_fail(e, CS_EUSAGE, "enroll", "--ek-cert goes with "
		    "--evidence or --respond");
	return tpm ? cs_tool_clash(lines, sizeof(lines) / sizeof(lines[0]),
	    with, e) : CS_OK;
}

/* What holds for either kind, before a key is asked. */
static int
begin(cs_enrolment *n, cs_err *e)
{
	const opts *o = n->o;
	const char *owner = o->owner;
	int r;

	if (owner == NULL)
		owner = n->access->settings.owner;
	if (owner == NULL)
		return cs_fail(e, CS_EUSAGE, "enroll", "--owner is missing, "
		    "and the configuration has none");
	if (cs_owner_check(cs_span_str(owner), e) != CS_OK)
		return cs_tool_usage(e, "--owner");
	n->a.owner = cs_span_str(owner);
	n->a.comment = cs_span_str(o->comment);
	n->a.verify_required = o->verify_required;
	n->a.no_touch_required = o->no_touch_required;
	if ((r = cs_document_check(o->document.path, o->document.force, e)) !=
	    CS_OK ||
	    (r = cs_document_apart(o->document.path, o->key, e)) != CS_OK)
		return r;
	if (o->roots == NULL)
		return CS_OK;
	if ((r = cs_roots_load(o->roots, &n->roots, e)) != CS_OK)
		return cs_wrap(e, "--attestation-roots");
	return CS_OK;
}

/* Both files, or none of them. */
static int
write_files(const cs_enrolment *n, cs_err *e)
{
	const struct cs_document_opts *d = &n->o->document;
	bool to_file = d->path != NULL && strcmp(d->path, "-") != 0;
	cs_buf *text = cs_buf_new(cs_buf_len(n->text) + 1);
	int r = CS_OK;

	if (text == NULL || cs_buf_put(text, cs_buf_span(n->text)) != CS_OK ||
	    cs_buf_put_str(text, "\n") != CS_OK)
		r = cs_nomem(e, "enroll");
	if (r == CS_OK && to_file)
		r = cs_file_write(d->path, cs_buf_span(text), n->t->doc_mode,
		    d->force, e);
	cs_buf_free(&text);
	if (r != CS_OK || n->path == NULL)
		return r;
	r = cs_enroll_fido2_write(n, e);
	if (r != CS_OK && to_file)
		(void)unlink(d->path);
	return r;
}

static int
enroll(cs_enrolment *n, cs_err *e)
{
	int r;

	if (n->o->fido2) {
		if ((r = cs_enroll_fido2_check(n, e)) != CS_OK)
			return r;
		r = cs_enroll_fido2(n, e);
	} else
		r = cs_enroll_key(n, e);
	return r == CS_OK ? cs_enroll_line(n, e) : r;
}

/* A device that has made a key keeps it only when it was told to. */
static void
advise(const cs_enrolment *n, cs_out *out)
{
	if (!n->made)
		return;
	cs_out_on_failure(out, CS_OUT_ADVICE);
	cs_out_bool(out, "key_left_on_device", NULL, n->o->resident);
	cs_out_text(out, "", cs_span_str("no file was written"));
	if (n->o->resident)
		cs_out_text(out, "", cs_span_str("the device holds a key that "
		    "nobody uses: fido2-token -L -k RPID DEVICE shows it, "
		    "fido2-token -D -i ID DEVICE deletes it"));
}

static int
make_line(cs_enrolment *n, cs_out *out, cs_err *e)
{
	int r;

	if ((r = begin(n, e)) == CS_OK && (r = enroll(n, e)) == CS_OK)
		r = write_files(n, e);
	if (r == CS_OK)
		r = cs_enroll_tell(n, out, e);
	else
		advise(n, out);
	cs_enroll_clear(n);
	return r;
}

static int
run(const cs_tool *t, const void *options, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const opts *o = options;
	cs_access x = {0};
	cs_enrolment n = {.o = o, .t = t, .access = &x,
	    .now = cs_time_now()};
	int r;

	(void)w;
	if ((r = check_kind(o, e)) != CS_OK ||
	    (r = check_tpm(o, e)) != CS_OK ||
	    (r = cs_access_open(t, &o->access, spec.verb, o->common.json, &x,
	    e)) != CS_OK)
		return r;
	r = o->evidence != NULL || o->respond != NULL ?
	    cs_enroll_tpm(t, o, &x, out, e) : make_line(&n, out, e);
	cs_access_close(&x);
	return r;
}

const struct cs_verb cs_cmd_enroll = {&spec, sizeof(opts), &defaults, run};
