/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/enroll.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypt/pubkey.h"
#include "fmt/ownersput.h"
#include "tool/describetpm.h"
#include "tool/ownersline.h"
#include "tool/ownerswarn.h"

static const char where[] = "enroll";

int
cs_enroll_line(cs_enrolment *n, cs_err *e)
{
	int r;

	cs_buf_free(&n->agents);
	cs_buf_free(&n->text);
	if ((r = cs_owners_agents(&n->o->agents, &n->agents, e)) != CS_OK)
		return r;
	/* Written out where nobody was named, for the operator to fill in. */
	n->a.agents = n->agents == NULL ? cs_span_str("") :
	    cs_buf_span(n->agents);
	if ((n->text = cs_buf_new(CS_OWNERS_LINE_ROOM)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_owners_put(n->text, &n->a, e)) == CS_EFORMAT)
		r = cs_tool_usage(e, "these options make no line");
	return r;
}

/* What is said of a line; to standard output it comes before it, as comments
 * that an owners file may keep. */
struct teller {
	const cs_enrolment *n;
	cs_out *out;
	bool comments;
};

CS_PRINTF(3, 4) static void
say(const struct teller *t, const char *label, const char *fmt, ...)
{
	char line[2048], name[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)snprintf(name, sizeof(name), "%s%s", t->comments ? "# " : "",
	    label);
	cs_out_text(t->out, name, cs_span_str(line));
}

static void
tell_proof(const struct teller *t)
{
	const cs_enrolment *n = t->n;

	cs_out_object(t->out, "attestation", NULL);
	if (n->format[0] != '\0')
		cs_out_str(t->out, "format", NULL, n->format);
	else
		cs_out_null(t->out, "format");
	if (n->attested[0] != '\0')
		cs_out_str(t->out, "attested", NULL, n->attested);
	else
		cs_out_null(t->out, "attested");
	if (n->why[0] != '\0')
		cs_out_str(t->out, "unattested_because", NULL, n->why);
	else
		cs_out_null(t->out, "unattested_because");
	cs_out_close(t->out);
	if (n->attested[0] != '\0')
		say(t, "attested", "%s", n->attested);
	else if (n->why[0] != '\0')
		say(t, "not attested", "%s", n->why);
}

/* Why nothing tells that somebody is there, and what the line needs then.
 * Whether to do without is the operator's decision. */
static const char *
unproven(const struct teller *t, const cs_anchor *a)
{
	if (t->n->pub.is_tpm || a->proof == CS_PROOF_TPM2)
		return CS_TPM_PRESENCE "; approvals are refused unless the "
		    "operator decides for no-touch-required";
	if (a->proof == CS_PROOF_YUBIKEY_PIV)
		return "not proven: a touch policy other than always lets a "
		    "signature pass without a touch; approvals are refused "
		    "unless the operator decides for no-touch-required";
	if (a->type == CS_ANCHOR_SPKI)
		return "not proven: only a YubiKey's PIV key can prove it, "
		    "with --piv-attestation; approvals are refused unless the "
		    "operator decides for no-touch-required";
	return "not proven, as of any plain key of an agent: approvals are "
	    "refused unless the operator decides for no-touch-required";
}

/* Who was there when it signs. */
static void
tell_presence(const struct teller *t, const cs_anchor *a)
{
	bool tpm = t->n->pub.is_tpm || a->proof == CS_PROOF_TPM2;
	const char *word = "not-proven", *text = unproven(t, a);

	if ((a->type & (CS_ANCHOR_FIDO2 | CS_ANCHOR_SK)) != 0) {
		word = "signed";
		text = "each signature tells of its touch";
	} else if (a->touch_always) {
		word = "policy";
		text = "touch by policy, as attested";
	} else if (a->no_touch_required) {
		word = "waived";
		text = tpm ? CS_TPM_PRESENCE "; not asked for "
		    "(no-touch-required)" : "not proven, and not asked for (no-touch-required)";
	}
	cs_out_str(t->out, "presence", NULL, word);
	say(t, "presence", "%s", text);
}

static void
put_warning(const struct teller *t, const char *warning, const char *text)
{
	cs_out_object(t->out, NULL, NULL);
	cs_out_str(t->out, "warning", NULL, warning);
	cs_out_str(t->out, "text", NULL, text);
	cs_out_close(t->out);
	/* Said of presence already, with what to do. */
	if (strcmp(warning, "touch-missing") != 0)
		say(t, "warning", "%s", text);
}

static void
warn(void *arg, const cs_anchor *a, const char *warning, const char *text)
{
	(void)a;
	put_warning(arg, warning, text);
}

/* Of the line, where there is one, and of the key. */
static int
tell_warnings(void *arg, const cs_anchor *a, cs_err *e)
{
	const struct teller *t = arg;
	int r = CS_OK;

	cs_out_list(t->out, "warnings", NULL);
	if (t->n->text != NULL)
		r = cs_owners_warnings(a, geteuid(), t->n->now, warn, arg, e);
	if (t->n->no_pin)
		put_warning(t, "no-pin", "the key has no PIN: whoever can use "
		    "this device can use it");
	cs_out_close(t->out);
	return r;
}

/* Where the new key is, for the signer and for its owner. */
static void
tell_made(const struct teller *t)
{
	const struct cs_enroll_opts *o = t->n->o;
	const char *name = o->name != NULL ? o->name : o->rp_id;

	if (o->key != NULL) {
		cs_out_str(t->out, "key", NULL, o->key);
		say(t, "new key", "%s", o->key);
	} else {
		cs_out_printf(t->out, "key", NULL, "fido2:%s", name);
		say(t, "new key", "fido2:%s on %s", name, t->n->where);
	}
	cs_out_str(t->out, "key_file", NULL, t->n->path);
	cs_out_str(t->out, "device", NULL, t->n->where);
	say(t, "key file", "%s", t->n->path);
}

static int
tell_key(const struct teller *t, const cs_anchor *a, cs_err *e)
{
	const cs_enrolment *n = t->n;
	uint8_t hash[CS_SHA256_LEN];
	char name[16], print[52];
	int r;

	if ((r = cs_key_hash(&a->key, hash, e)) != CS_OK)
		return r;
	cs_spki_name(&a->key, name);
	cs_fingerprint(hash, print);
	if (n->path == NULL) {
		cs_out_str(t->out, "key", NULL, n->o->key);
		cs_out_null(t->out, "key_file");
	} else
		tell_made(t);
	cs_out_str(t->out, "key_type", NULL, name);
	cs_out_hash(t->out, "key_hash", NULL, cs_span_of(hash, sizeof(hash)));
	say(t, "key hash", "%s (%s)", print, name);
	return CS_OK;
}

/* The line as the server will read it, or without one the key alone. */
static int
tell_line(void *arg, const cs_anchor *a, cs_err *e)
{
	const struct teller *t = arg;
	int r;

	if (a->owner.p != NULL)
		cs_out_span(t->out, "owner", NULL, a->owner);
	else
		cs_out_null(t->out, "owner");
	if ((r = tell_key(t, a, e)) != CS_OK)
		return r;
	tell_proof(t);
	tell_presence(t, a);
	r = tell_warnings(arg, a, e);
	if (a->type == CS_ANCHOR_SPKI && !a->shared_key && t->n->path == NULL)
		say(t, "note", "a key that approves signs nothing else: make "
		    "a fresh one if this one does");
	return r;
}

/* Nobody has said whose key it is. */
static int
tell_no_line(const cs_enrolment *n, cs_out *out, cs_err *e)
{
	struct teller t = {n, out, false};
	int r = tell_line(&t, &n->a, e);

	cs_out_null(out, "line");
	say(&t, "note", "no owner is named, and so here is no line for a "
	    "server: countersign enroll --key %s --owner OWNER writes it",
	    n->o->key);
	return r;
}

int
cs_enroll_tell(const cs_enrolment *n, cs_out *out, cs_err *e)
{
	const char *path = n->o->document.path;
	bool to_file = path != NULL && strcmp(path, "-") != 0;
	struct teller t = {n, out, !to_file};
	cs_span line = cs_buf_span(n->text);
	int r;

	if (n->text == NULL)
		return tell_no_line(n, out, e);
	if ((r = cs_owners_parse("the new line", line, tell_line, &t, e)) !=
	    CS_OK)
		return r;
	cs_out_span(out, "line", NULL, line);
	if (to_file) {
		cs_out_str(out, "file", "line for the server", path);
		return CS_OK;
	}
	cs_out_raw(out, line);
	cs_out_raw(out, cs_span_str("\n"));
	return CS_OK;
}

void
cs_enroll_clear(cs_enrolment *n)
{
	cs_roots_free(&n->roots);
	cs_ownerspub_clear(&n->pub);
	cs_buf_free(&n->agents);
	cs_buf_free(&n->key);
	cs_buf_free(&n->credential_id);
	cs_buf_free(&n->text);
	free(n->path);
}
