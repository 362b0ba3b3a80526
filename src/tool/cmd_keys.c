/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "tool/access.h"
#include "tool/keyentry.h"

/* Which keys an owner can sign with, before there is anything to sign. */

struct opts {
	struct cs_common common;
	const char *module;
	bool login, all;
	struct cs_key_opts access;
};

static const struct opts defaults = {.access = CS_KEY_DEFAULTS};

/* Three lists in this order: what is broken, the keys, the tokens that show
 * none. Each is open while it is filled. */
enum part { PROBLEMS, KEYS, CLOSED, DONE };

struct list {
	const struct opts *o;
	cs_out *out;
	enum part part;
	int64_t keys, flawed, closed;
	size_t tokens, wanting;
	bool narrowed;
};

static void
go_on_to(struct list *l, enum part part)
{
	static const char *const names[] = {"problems", "keys",
	    "closed_tokens"};

	while (l->part < part) {
		cs_out_close(l->out);
		if (++l->part < DONE)
			cs_out_list(l->out, names[l->part], NULL);
	}
}

/* At once: it may be about the last question, before the next one. */
static void
trouble(void *arg, const cs_err *why)
{
	struct list *l = arg;

	cs_out_trouble(l->out, "keys", why);
	cs_out_object(l->out, NULL, NULL);
	cs_out_str(l->out, "class", NULL, cs_class_name(why->cls));
	cs_out_str(l->out, "text", NULL, why->text);
	cs_out_close(l->out);
}

static int
each(void *arg, const cs_signer_entry *k, cs_err *e)
{
	struct list *l = arg;

	(void)e;
	go_on_to(l, k->is_token ? CLOSED : KEYS);
	if (k->is_token) {
		l->closed++;
		cs_keyentry_put_closed(k, l->out);
		return CS_OK;
	}
	l->flawed += k->flaw[0] != '\0';
	if (k->flaw[0] == '\0' || l->o->all) {
		l->keys++;
		cs_keyentry_put(k, l->out);
	}
	return CS_OK;
}

static int
nothing(const struct list *l, cs_err *e)
{
	const struct opts *o = l->o;

	cs_out_on_failure(l->out, CS_OUT_ADVICE);
	if (!o->login && l->wanting > 0)
		cs_out_printf(l->out, NULL, "", "--login asks for the PIN of "
		    "each token (%zu) and lists what shows after it",
		    l->wanting);
	if (o->module == NULL)
		cs_out_text(l->out, "", cs_span_str("--module PATH looks into "
		    "a module that p11-kit does not know"));
	if (l->flawed > 0)
		cs_out_printf(l->out, NULL, "", "--all lists keys that cannot "
		    "sign, and why (%" PRId64 ")", l->flawed);
	if (l->tokens == 0)
		return cs_fail(e, CS_EDEVICE, "keys", "no token is there%s",
		    l->narrowed ? ", or none that was meant" : "");
	return cs_fail(e, CS_EDEVICE, "keys", "no key that could sign %s "
	    "(tokens: %zu)", o->login ? "was found" : "shows without a login",
	    l->tokens);
}

static int
conclude(struct list *l, int r, cs_err *e)
{
	go_on_to(l, DONE);
	cs_out_int(l->out, "unusable", NULL, l->flawed);
	if (r != CS_OK && l->keys + l->closed == 0)
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

static int
run(const cs_tool *t, const void *options, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = options;
	struct list l = {.o = o, .out = out, .narrowed = w->n > 0};
	cs_signer_survey s = {.uri = w->n > 0 ? w->v[0] : "pkcs11:",
	    .module = o->module, .login = o->login,
	    .one_pin = o->access.pin_fd >= 0, .n_tokens = &l.tokens,
	    .n_closed = &l.wanting, .arg = &l, .each = each,
	    .trouble = trouble};
	cs_access x = {0};
	int r;

	if (!o->login && (s.one_pin || o->access.allow_last_try))
		return cs_fail(e, CS_EUSAGE, "keys", "%s goes with --login",
		    s.one_pin ? "--pin-fd" : "--allow-last-try");
	if ((r = cs_access_open(t, &o->access, "keys", o->common.json, &x,
	    e)) != CS_OK)
		return r;
	cs_out_list(out, "problems", NULL);
	r = cs_signer_look(&s, &x.signer, e);
	cs_access_close(&x);
	return conclude(&l, r, e);
}

static const struct cs_opt rows[] = {
    {"module", 0, CS_OPT_STRING, offsetof(struct opts, module), "PATH",
	"look into this PKCS#11 module only", 0, 0, CS_COMPLETE_FILE},
    {"login", 0, CS_OPT_FLAG, offsetof(struct opts, login), NULL,
	"ask for the PIN of each token, and list what it hides", 0, 0,
	CS_COMPLETE_NONE},
    {"all", 0, CS_OPT_FLAG, offsetof(struct opts, all), NULL,
	"list keys that cannot sign, too, and why", 0, 0, CS_COMPLETE_NONE},
    CS_KEY_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "keys",
    .synopsis = "[KEY]",
    .summary = "list the keys that an owner can sign with",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 0,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

const struct cs_verb cs_cmd_keys = {
    &spec, sizeof(struct opts), &defaults, run};
