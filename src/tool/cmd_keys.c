/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tool/access.h"
#include "tool/keyentry.h"
#include "tool/keynew.h"

/* Which keys an owner can sign with, before there is anything to sign. */

struct opts {
	struct cs_common common;
	const char *module;
	bool login, all;
	struct cs_keynew_opts new;
	struct cs_key_opts access;
};

static const struct opts defaults = {.access = CS_KEY_DEFAULTS};

/* Where keys are looked for when none is named, in the order of the URIs. */
static const char *const schemes[] = {"fido2:", "pkcs11:", "ssh-agent:",
    "tpm2:"};

/* The keys are put out as they come; tokens that show none, and what is
 * broken, are kept for lists of their own. */
struct list {
	const struct opts *o;
	cs_out *out;
	int64_t keys, flawed;
	size_t tokens, wanting;
	cs_signer_entry *closed;
	size_t n_closed;
	cs_err *problems;
	size_t n_problems;
	bool no_memory;
	const char *uri; /* NULL: all schemes */
	const char *missing[sizeof(schemes) / sizeof(schemes[0])];
	size_t n_missing; /* schemes whose module is not installed */
};

/* Room for one more of what is kept: NULL without memory, which is told at the
 * end. */
static void *
add(struct list *l, void **v, size_t *n, size_t size)
{
	void *more = reallocarray(*v, *n + 1, size);

	if (more == NULL) {
		l->no_memory = true;
		return NULL;
	}
	*v = more;
	return (char *)more + size * (*n)++;
}

/* At once: it may be about the last question, before the next one. */
static void
trouble(void *arg, const cs_err *why)
{
	struct list *l = arg;
	void *v = l->problems;
	cs_err *kept = add(l, &v, &l->n_problems, sizeof(*kept));

	l->problems = v;
	if (kept != NULL)
		*kept = *why;
	cs_out_trouble(l->out, "keys", why);
}

static int
each(void *arg, const cs_signer_entry *k, cs_err *e)
{
	struct list *l = arg;
	void *v = l->closed;
	cs_signer_entry *kept;

	(void)e;
	if (k->is_token) {
		kept = add(l, &v, &l->n_closed, sizeof(*kept));
		l->closed = v;
		if (kept != NULL)
			*kept = *k;
		return CS_OK;
	}
	l->flawed += k->flaw[0] != '\0';
	if (k->flaw[0] == '\0' || l->o->all) {
		l->keys++;
		cs_keyentry_put(k, l->out);
	}
	return CS_OK;
}

static void
put_rest(const struct list *l)
{
	size_t i;

	cs_out_list(l->out, "closed_tokens", NULL);
	for (i = 0; i < l->n_closed; i++)
		cs_keyentry_put_closed(&l->closed[i], l->out);
	cs_out_close(l->out);
	cs_out_list(l->out, "problems", NULL);
	for (i = 0; i < l->n_problems; i++) {
		cs_out_object(l->out, NULL, NULL);
		cs_out_str(l->out, "class", NULL,
		    cs_class_name(l->problems[i].cls));
		cs_out_str(l->out, "text", NULL, l->problems[i].text);
		cs_out_close(l->out);
	}
	cs_out_close(l->out);
	cs_out_int(l->out, "unusable", NULL, l->flawed);
}

static bool
looked_at(const struct list *l, const char *scheme)
{
	return l->uri == NULL || strncmp(l->uri, scheme, strlen(scheme)) == 0;
}

static void
advise(const struct list *l)
{
	size_t i;

	for (i = 0; i < l->n_missing; i++)
		cs_out_printf(l->out, NULL, "", "keys of %s need the package "
		    "countersign-%.*s, which is not installed", l->missing[i],
		    (int)strcspn(l->missing[i], ":"), l->missing[i]);
	if (!l->o->login && l->wanting > 0)
		cs_out_printf(l->out, NULL, "", "--login asks for the PIN of "
		    "each token (%zu) and lists what shows after it",
		    l->wanting);
	if (looked_at(l, "pkcs11:") && l->o->module == NULL)
		cs_out_text(l->out, "", cs_span_str("--module PATH looks into "
		    "a module that p11-kit does not know"));
	if (l->flawed > 0)
		cs_out_printf(l->out, NULL, "", "--all lists keys that cannot "
		    "sign, and why (%" PRId64 ")", l->flawed);
}

static int
nothing(const struct list *l, cs_err *e)
{
	cs_out_on_failure(l->out, CS_OUT_ADVICE);
	advise(l);
	if (l->tokens > 0)
		return cs_fail(e, CS_EDEVICE, "keys", "no key that could sign "
		    "%s (tokens: %zu)", l->o->login ? "was found" :
		    "shows without a login", l->tokens);
	if (l->uri == NULL)
		return cs_fail(e, CS_EDEVICE, "keys", "no key that could sign "
		    "was found: no token is there, no security key's file, no "
		    "key in an agent or a TPM");
	if (looked_at(l, "pkcs11:"))
		return cs_fail(e, CS_EDEVICE, "keys", "no token is there%s",
		    strcmp(l->uri, "pkcs11:") == 0 ? "" :
		    ", or none that was meant");
	return cs_fail(e, CS_EDEVICE, "keys",
	    "no key that could sign was found");
}

static int
conclude(struct list *l, int r, cs_err *e)
{
	put_rest(l);
	if (l->no_memory)
		return cs_nomem(e, "keys");
	if (r != CS_OK && l->keys == 0 && l->n_closed == 0)
		return r;
	if (r == CS_OK && l->keys == 0)
		return nothing(l, e);
	/* What went wrong was said when it did; what there is, is listed. */
	cs_out_on_failure(l->out, CS_OUT_ANSWER);
	if (l->flawed > 0 && !l->o->all)
		cs_out_printf(l->out, NULL, "", "keys that cannot sign: %"
		    PRId64 " (--all lists them, and why)", l->flawed);
	return r;
}

/* Who has not installed a module, runs no agent, or has no TPM and names none,
 * misses nothing. */
static bool
is_there(struct list *l, const char *scheme, const cs_signer_env *env)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(scheme, ":"),
	    scheme);
	if (!cs_signer_has(name, env)) {
		l->missing[l->n_missing++] = scheme;
		return false;
	}
	if (strcmp(name, "tpm2") == 0)
		return env->tcti != NULL || cs_file_exists(CS_TPM_DEVICE);
	return strcmp(name, "ssh-agent") != 0 || env->agent_socket != NULL;
}

static bool
was_told(const struct list *l, const cs_err *why)
{
	size_t i;

	for (i = 0; i < l->n_problems; i++)
		if (strcmp(l->problems[i].text, why->text) == 0)
			return true;
	return false;
}

/* One scheme that fails leaves the others; with --login somebody waits for an
 * answer of just that one. */
static int
look_at_all(struct list *l, cs_signer_survey *s, const cs_signer_env *env,
    cs_err *e)
{
	cs_err why = {0};
	size_t i;
	int r, first = CS_OK;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!is_there(l, schemes[i], env))
			continue;
		s->uri = schemes[i];
		if ((r = cs_signer_look(s, env, &why)) == CS_OK)
			continue;
		if (first == CS_OK) {
			first = r;
			*e = why;
		}
		if (r == CS_EBUG || r == CS_ETIMEOUT || r == CS_EINTR) {
			*e = why;
			return r;
		}
		if (!was_told(l, &why))
			trouble(l, &why);
	}
	return l->o->login ? first : CS_OK;
}

static int
look(struct list *l, const cs_access *x, cs_err *e)
{
	const struct opts *o = l->o;
	cs_signer_survey s = {.uri = l->uri, .module = o->module,
	    .login = o->login, .one_pin = o->access.pin_fd >= 0,
	    .n_tokens = &l->tokens, .n_closed = &l->wanting, .arg = l,
	    .each = each, .trouble = trouble};

	return l->uri == NULL ? look_at_all(l, &s, &x->signer, e) :
	    cs_signer_look(&s, &x->signer, e);
}

static int
list_keys(const struct opts *o, const char *uri, const cs_access *x,
    cs_out *out, cs_err *e)
{
	struct list l = {.o = o, .out = out, .uri = uri};
	int r;

	cs_out_list(out, "keys", NULL);
	r = look(&l, x, e);
	cs_out_close(out);
	r = conclude(&l, r, e);
	free(l.closed);
	free(l.problems);
	return r;
}

/* Making a key and listing keys are two things. */
static int
check(const struct opts *o, const char *uri, cs_err *e)
{
	const struct cs_keynew_opts *n = &o->new;
	bool making = n->uri != NULL;
	const struct cs_goes rules[] = {
	    {"alg", "new", n->alg != NULL && !making},
	    {"parent", "new", n->parent != NULL && !making},
	    {"owner", "new", n->owner != NULL && !making},
	    {"no-pin", "new", n->no_pin && !making},
	    {"force", "new", n->force && !making},
	    {"pin-fd", making ? "new without --no-pin" : "login",
		o->access.pin_fd >= 0 &&
		    (making ? n->no_pin : !o->login)},
	    {"allow-last-try", "login", o->access.allow_last_try &&
		!o->login}};
	int r;

	if ((r = cs_tool_goes(rules, sizeof(rules) / sizeof(rules[0]), e)) !=
	    CS_OK)
		return r;
	if (making && (uri != NULL || o->module != NULL || o->login ||
	    o->all))
		return cs_fail(e, CS_EUSAGE, "keys", "--new makes a key, and "
		    "%s is of listing them", uri != NULL ? uri :
		    o->module != NULL ? "--module" :
		    o->login ? "--login" : "--all");
	if (o->module != NULL && uri != NULL &&
	    strncmp(uri, "pkcs11:", 7) != 0)
		return cs_fail(e, CS_EUSAGE, "keys",
		    "--module is of keys in tokens, pkcs11:");
	return making ? cs_keynew_check(n, e) : CS_OK;
}

static int
run(const cs_tool *t, const void *options, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = options;
	const char *uri = w->n > 0 ? w->v[0] : NULL;
	cs_access x = {0};
	int r;

	if ((r = check(o, uri, e)) != CS_OK ||
	    (r = cs_access_open(t, &o->access, "keys", o->common.json, &x,
	    e)) != CS_OK)
		return r;
	if (uri == NULL && o->module != NULL)
		uri = "pkcs11:";
	r = o->new.uri != NULL ? cs_keynew_make(t, &o->new, &x, out, e) :
	    list_keys(o, uri, &x, out, e);
	cs_access_close(&x);
	return r;
}

static const struct cs_opt rows[] = {
    {"module", 0, CS_OPT_STRING, offsetof(struct opts, module), "PATH",
	"look into this PKCS#11 module only", 0, 0, CS_COMPLETE_FILE},
    {"login", 0, CS_OPT_FLAG, offsetof(struct opts, login), NULL,
	"ask for the PIN of each token, and list what it hides", 0, 0,
	CS_COMPLETE_NONE},
    {"all", 0, CS_OPT_FLAG, offsetof(struct opts, all), NULL,
	"list keys that cannot sign, too, and why", 0, 0, CS_COMPLETE_NONE},
    {"new", 0, CS_OPT_STRING, offsetof(struct opts, new.uri), "tpm2:FILE",
	"make a key in the TPM, and the line of it for a server", 0, 0,
	CS_COMPLETE_KEY},
    {"alg", 0, CS_OPT_CHOICE, offsetof(struct opts, new.alg),
	"p256|p384|rsa2048", "--new: the kind of key (p256)", 0, 0,
	CS_COMPLETE_NONE},
    {"parent", 0, CS_OPT_STRING, offsetof(struct opts, new.parent), "HANDLE",
	"--new: below this key of the TPM, such as 0x81000001", 0, 0,
	CS_COMPLETE_NONE},
    {"no-pin", 0, CS_OPT_FLAG, offsetof(struct opts, new.no_pin), NULL,
	"--new: a key that needs no PIN", 0, 0, CS_COMPLETE_NONE},
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, new.owner), "OWNER",
	"--new: whose key it is, such as mailto:alice@corp.example", 0, 0,
	CS_COMPLETE_NONE},
    {"force", 'f', CS_OPT_FLAG, offsetof(struct opts, new.force), NULL,
	"--new: replace a file that exists", 0, 0, CS_COMPLETE_NONE},
    CS_TCTI_ROW(struct opts),
    CS_KEY_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "keys",
    .synopsis = "[KEY]",
    .summary = "list the keys that an owner can sign with, or make one",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 0,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_KEY,
};

const struct cs_verb cs_cmd_keys = {
    &spec, sizeof(struct opts), &defaults, run};
