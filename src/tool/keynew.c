/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/keynew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scheme.h"
#include "base/time.h"
#include "fmt/names.h"
#include "tool/enroll.h"

static enum cs_key_kind
kind_asked(const char *alg)
{
	if (alg == NULL || strcmp(alg, "p256") == 0)
		return CS_KEY_P256;
	return strcmp(alg, "p384") == 0 ? CS_KEY_P384 : CS_KEY_RSA;
}

/* A handle as tpm2-tools write it, 0x and eight digits; which handles there can
 * be, the signer knows. */
static int
read_parent(const char *s, uint32_t *out, cs_err *e)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	*out = 0;
	if (s == NULL)
		return CS_OK;
	if (strncmp(s, "0x", 2) == 0 && strlen(s) == 10 &&
	    strspn(s + 2, digits) == 8)
		*out = (uint32_t)strtoul(s + 2, NULL, 16);
	return *out != 0 ? CS_OK : cs_fail(e, CS_EUSAGE, "keys",
	    "--parent: expected a persistent handle, such as 0x81000001, "
	    "found %s", s);
}

int
cs_keynew_check(const struct cs_keynew_opts *o, cs_err *e)
{
	uint32_t parent;
	cs_scheme s;
	int r;

	if ((r = cs_scheme_split(o->uri, &s, e)) != CS_OK)
		return cs_tool_usage(e, "--new");
	if (strcmp(s.name, "tpm2") != 0)
		return cs_fail(e, CS_EUSAGE, "keys", "--new: expected "
		    "tpm2:FILE, found %s%s", o->uri,
		    strcmp(s.name, "fido2") == 0 ? "; countersign enroll "
		    "--fido2 makes a key on a security key" : "");
	return read_parent(o->parent, &parent, e);
}

/* What the line, and what is told of it, has from the key. */
static int
take(cs_enrolment *n, cs_made *made, cs_err *e)
{
	int r;

	n->made = true;
	n->no_pin = made->no_pin;
	n->pub = (cs_ownerspub){.type = CS_ANCHOR_SPKI, .key = made->spki,
	    .is_tpm = made->info.is_tpm};
	made->spki = NULL; /* transferred */
	(void)snprintf(n->where, sizeof(n->where), "%s", made->info.where);
	if ((r = cs_ownerspub_fill(&n->pub, &n->a, e)) != CS_OK)
		return r;
	return n->a.owner.p == NULL ? CS_OK : cs_enroll_line(n, e);
}

static int
make(cs_enrolment *n, const cs_to_make *what, cs_out *out, cs_err *e)
{
	cs_made made = {0};
	int r;

	if ((r = cs_signer_make(n->o->key, what, &n->access->signer, &made,
	    e)) != CS_OK)
		return r;
	if ((r = take(n, &made, e)) == CS_OK)
		r = cs_enroll_tell(n, out, e);
	if (r != CS_OK) {
		cs_out_on_failure(out, CS_OUT_ADVICE);
		cs_out_printf(out, NULL, "", "the key is made: %s",
		    n->o->key);
	}
	cs_made_clear(&made);
	return r;
}

int
cs_keynew_make(const cs_tool *t, const struct cs_keynew_opts *o,
    const cs_access *x, cs_out *out, cs_err *e)
{
	const char *owner = o->owner != NULL ? o->owner : x->settings.owner;
	const struct cs_enroll_opts as_enroll = {.key = o->uri};
	cs_to_make what = {.kind = kind_asked(o->alg), .no_pin = o->no_pin,
	    .force = o->force};
	cs_enrolment n = {.o = &as_enroll, .t = t, .access = x,
	    .now = cs_time_now(), .a = {.owner = cs_span_str(owner)}};
	int r;

	if ((r = read_parent(o->parent, &what.parent, e)) != CS_OK)
		return r;
	if (owner != NULL && cs_owner_check(n.a.owner, e) != CS_OK)
		return cs_tool_usage(e, "--owner");
	if ((n.path = strdup(strchr(o->uri, ':') + 1)) == NULL)
		return cs_nomem(e, "keys");
	r = make(&n, &what, out, e);
	cs_enroll_clear(&n);
	return r;
}
