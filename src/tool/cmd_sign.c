/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "fmt/message.h"
#include "fmt/names.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "tool/access.h"
#include "tool/approve.h"
#include "tool/document.h"
#include "tool/pending.h"

struct opts {
	struct cs_common common;
	struct cs_key_opts access;
	struct cs_document_opts document;
	const char *key, *owner, *authority, *purpose, *tbs_out;
	int64_t window, max_lifetime, uses;
	bool yes;
};

static const struct opts defaults = {.access = CS_KEY_DEFAULTS,
    .window = 15 * 60,
    .max_lifetime = 60 * 60,
    .uses = 1};

static const struct cs_opt rows[] = {
    {"key", 0, CS_OPT_STRING, offsetof(struct opts, key), "URI",
	"the owner's key: file: or pkcs11:", 0, 0, CS_COMPLETE_FILE},
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, owner), "OWNER",
	"who signs, such as mailto:alice@corp.example", 0, 0,
	CS_COMPLETE_NONE},
    {"authority", 0, CS_OPT_STRING, offsetof(struct opts, authority), "URI",
	"where it counts (https:// and the trust domain)", 0, 0,
	CS_COMPLETE_NONE},
    {"for", 0, CS_OPT_DURATION, offsetof(struct opts, window), "DURATION",
	"how long it can be used (15m)", 0, 0, CS_COMPLETE_NONE},
    {"max-lifetime", 0, CS_OPT_DURATION, offsetof(struct opts, max_lifetime),
	"DURATION", "how long each credential may live (1h)", 0, 0,
	CS_COMPLETE_NONE},
    {"uses", 0, CS_OPT_COUNT, offsetof(struct opts, uses), "N",
	"how many credentials of each kind (1)", 1, 1000000,
	CS_COMPLETE_NONE},
    {"purpose", 0, CS_OPT_STRING, offsetof(struct opts, purpose), "TEXT",
	"the owner's own words, part of what is signed", 0, 0,
	CS_COMPLETE_NONE},
    {"yes", 0, CS_OPT_FLAG, offsetof(struct opts, yes), NULL,
	"do not ask (never skips a PIN or a touch)", 0, 0,
	CS_COMPLETE_NONE},
    {"tbs-out", 0, CS_OPT_STRING, offsetof(struct opts, tbs_out), "FILE",
	"also write the bytes that are signed, DER", 0, 0,
	CS_COMPLETE_FILE},
    CS_DOCUMENT_ROWS(struct opts),
    CS_KEY_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "sign",
    .synopsis = "REQUEST",
    .summary = "review an agent's request and approve it",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

/* The owner's own words are shown to others as they are, or not signed. */
static int
check_purpose(cs_span in, cs_err *e)
{
	uint32_t cp = 0;

	if (cs_purpose_check(in, true, e) != CS_OK)
		return cs_tool_usage(e, "--purpose");
	while (in.n != 0)
		if (!cs_utf8_next(&in, &cp) || !cs_text_shown(cp))
			return cs_fail(e, CS_EUSAGE, "sign", "--purpose: "
			    "U+%04X cannot be shown as it is (right-to-left "
			    "or combining, or of a script that is not shown); "
			    "write it without", (unsigned int)cp);
	return CS_OK;
}

#define LIFETIME_MAX 31536000 /* countersign-formats(5), section 4 */

static int
check(const struct opts *o, cs_err *e)
{
	int r;

	if (o->owner != NULL &&
	    cs_owner_check(cs_span_str(o->owner), e) != CS_OK)
		return cs_tool_usage(e, "--owner");
	if (o->authority != NULL &&
	    cs_authority_check(cs_span_str(o->authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	if (o->purpose != NULL &&
	    (r = check_purpose(cs_span_str(o->purpose), e)) != CS_OK)
		return r;
	if (o->max_lifetime > LIFETIME_MAX)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--max-lifetime: at most a year (365d)");
	if (o->tbs_out != NULL && strcmp(o->tbs_out, "-") == 0)
		return cs_fail(e, CS_EUSAGE, "sign",
		    "--tbs-out: standard output is for the approval");
	if ((r = cs_document_apart(o->document.path, o->key, e)) != CS_OK ||
	    (r = cs_document_apart(o->tbs_out, o->key, e)) != CS_OK ||
	    (r = cs_document_apart(o->document.path, o->tbs_out, e)) != CS_OK ||
	    (r = cs_document_check(o->document.path, o->document.force, e)) !=
	    CS_OK)
		return r;
	return o->tbs_out == NULL ? CS_OK :
	    cs_document_check(o->tbs_out, o->document.force, e);
}

static int
read_request(const char *path, cs_approve *a, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if ((r = cs_request_read(cs_buf_span(b), &a->csr, e)) != CS_OK ||
	    (r = cs_approve_check(a, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

/* The request is never who says which owner signs. */
static int
find_owner(const struct opts *o, const cs_access *x, cs_approve *a, cs_err *e)
{
	a->owner = cs_span_str(o->owner != NULL ? o->owner :
						  x->settings.owner);
	if (a->owner.p == NULL)
		return CS_OK;
	if (o->owner == NULL && cs_owner_check(a->owner, e) != CS_OK)
		return cs_wrap(e, "owner in the configuration");
	if (a->csr->intended_owner.p == NULL ||
	    cs_span_eq(a->csr->intended_owner, a->owner))
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, CS_R_WRONG_OWNER, "sign",
	    "the request asks %.*s, not %.*s",
	    (int)a->csr->intended_owner.n, a->csr->intended_owner.p,
	    (int)a->owner.n, a->owner.p);
}

static int
find_authority(const struct opts *o, const cs_access *x, cs_approve *a,
    cs_err *e)
{
	const char *s = o->authority != NULL ? o->authority :
					       x->settings.authority;

	if ((a->authority = cs_buf_new(CS_AUTHORITY_MAX)) == NULL)
		return cs_nomem(e, "sign");
	if (s == NULL)
		return cs_authority_default(a->csr->trust_domain,
		    a->authority, e);
	if (o->authority == NULL &&
	    cs_authority_check(cs_span_str(s), e) != CS_OK)
		return cs_wrap(e, "authority in the configuration");
	return cs_buf_put_str(a->authority, s) == CS_OK ? CS_OK :
	    cs_nomem(e, "sign");
}

/* Keys that the tokens show without a login; the first few by name. */
#define FOUND_MAX 8
struct found {
	size_t n;
	char uri[FOUND_MAX][sizeof(((cs_signer_info *)0)->uri)];
};

static int
found_key(void *arg, const cs_signer_info *info, cs_err *e)
{
	struct found *f = arg;

	(void)e;
	if (f->n < FOUND_MAX)
		memcpy(f->uri[f->n], info->uri, sizeof(f->uri[0]));
	f->n++;
	return CS_OK;
}

static int
pick_one(const struct found *f, cs_out *out, cs_err *e)
{
	char line[sizeof(f->uri[0]) + 16];
	size_t i;

	if (f->n == 0)
		return cs_fail(e, CS_EDEVICE, "sign", "no key: --key is "
		    "missing, the configuration has none, and no token "
		    "shows one");
	cs_out_on_failure(out, CS_OUT_ADVICE);
	cs_out_list(out, "candidates", NULL);
	for (i = 0; i < f->n && i < FOUND_MAX; i++) {
		cs_out_str(out, NULL, NULL, f->uri[i]);
		(void)snprintf(line, sizeof(line), "    --key '%s'",
		    f->uri[i]);
		cs_out_text(out, "", cs_span_str(line));
	}
	cs_out_close(out);
	return cs_fail(e, CS_EDEVICE, "sign", "%zu keys match pkcs11:; "
	    "nothing was tried, no PIN attempt used. Pick one:", f->n);
}

/* The key of --key, of the configuration, or the only one there is. */
static int
open_key(const struct opts *o, const cs_access *x, cs_approve *a, cs_out *out,
    cs_err *e)
{
	const char *uri = o->key != NULL ? o->key : x->settings.key;
	struct found *f = NULL;
	int r;

	if (uri != NULL)
		return cs_signer_open(uri, &x->signer, &a->signer, e);
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return cs_nomem(e, "sign");
	r = cs_signer_list("pkcs11:", &x->signer, found_key, f, e);
	if (r != CS_OK)
		(void)cs_wrap(e, "no --key, and none found");
	else if (f->n == 1)
		r = cs_signer_open(f->uri[0], &x->signer, &a->signer, e);
	else
		r = pick_one(f, out, e);
	free(f);
	return r;
}

static int
save_pending(const struct opts *o, const cs_approve *a, const char *path,
    cs_out *out, cs_err *e)
{
	cs_command *c = cs_command_new(spec.verb);
	char text[24];
	int r;

	if (c == NULL)
		return cs_nomem(e, "sign");
	if (o->key != NULL)
		cs_command_option(c, "key", o->key);
	if (o->owner != NULL)
		cs_command_option(c, "owner", o->owner);
	if (o->authority != NULL)
		cs_command_option(c, "authority", o->authority);
	if (o->purpose != NULL)
		cs_command_option(c, "purpose", o->purpose);
	cs_duration_put(o->window, text);
	if (o->window != defaults.window)
		cs_command_option(c, "for", text);
	cs_duration_put(o->max_lifetime, text);
	if (o->max_lifetime != defaults.max_lifetime)
		cs_command_option(c, "max-lifetime", text);
	(void)snprintf(text, sizeof(text), "%lld", (long long)o->uses);
	if (o->uses != defaults.uses)
		cs_command_option(c, "uses", text);
	/* what came on standard input is gone: a word to fill in */
	r = cs_pending_save(a->code, a->csr->der,
	    strcmp(path, "-") == 0 ? "REQUEST" : path, c, out, e);
	cs_command_free(&c);
	return r;
}

/* Nobody to ask: the request waits for its owner. */
static int
need_owner(const struct opts *o, const cs_approve *a, const char *path,
    cs_out *out, cs_err *e)
{
	cs_err bug = {0};

	(void)cs_wrap(e, "approval needed, request %s", a->code);
	if (save_pending(o, a, path, out, &bug) != CS_OK) {
		*e = bug;
		return bug.cls;
	}
	return CS_ENEEDED;
}

static int
write_out(const cs_tool *t, const struct opts *o, const cs_approve *a,
    cs_out *out, cs_err *e)
{
	int r;

	if (o->tbs_out != NULL) {
		if ((r = cs_file_write(o->tbs_out, a->tbs.der, t->doc_mode,
			 o->document.force, e)) != CS_OK)
			return r;
		cs_out_str(out, "tbs_file", NULL, o->tbs_out);
	}
	r = cs_document_put_pem(t, &o->document, "approval",
	    CS_PEM_APPROVAL, cs_buf_span(a->approval), out, e);
	/* Nothing is left of what failed. */
	if (r != CS_OK && o->tbs_out != NULL)
		(void)unlink(o->tbs_out);
	return r;
}

/* From the words of the command line to the signature. */
static int
approve(const struct opts *o, const char *path, cs_access *x, cs_approve *a,
    cs_out *out, cs_err *e)
{
	int r;

	if ((r = read_request(path, a, e)) != CS_OK ||
	    (r = find_owner(o, x, a, e)) != CS_OK)
		return r;
	/* Who could answer, before anything that takes time or a PIN. */
	if (!o->yes && (r = cs_approve_terminal(a, x->deadline_ms, e)) != CS_OK)
		return r;
	if (a->owner.p == NULL)
		return cs_fail(e, CS_EUSAGE, "sign", "--owner is missing, and "
		    "the configuration has none");
	if ((r = find_authority(o, x, a, e)) != CS_OK ||
	    (r = open_key(o, x, a, out, e)) != CS_OK ||
	    (r = cs_approve_build(a, e)) != CS_OK ||
	    (r = cs_approve_ask(a, out, e)) != CS_OK)
		return r;
	return cs_approve_sign(a, e);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	cs_access x = {0};
	cs_approve *a = NULL;
	int r;

	if ((r = check(o, e)) != CS_OK)
		return r;
	r = cs_access_open(t, &o->access, spec.verb, o->common.json, &x, e);
	if (r != CS_OK)
		return r;
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		cs_access_close(&x);
		return cs_nomem(e, "sign");
	}
	a->now = cs_time_now();
	a->window = o->window;
	a->max_lifetime = o->max_lifetime;
	a->uses = o->uses;
	a->purpose = cs_span_str(o->purpose);
	a->ascii = t->ascii;
	r = approve(o, w->v[0], &x, a, out, e);
	if (r == CS_ENEEDED && a->csr != NULL)
		r = need_owner(o, a, w->v[0], out, e);
	cs_signer_close(&a->signer);
	cs_access_close(&x);
	if (r == CS_OK)
		r = write_out(t, o, a, out, e);
	cs_approve_free(&a);
	return r;
}

const struct cs_verb cs_cmd_sign = {
    &spec, sizeof(struct opts), &defaults, run};
