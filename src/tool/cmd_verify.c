/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/pubkey.h"
#include "fmt/names.h"
#include "tool/tool.h"
#include "verify/verify.h"

#define LINE_ROOM 192 /* of what stands beside an owner's name */

struct opts {
	struct cs_common common;
	const char *owners, *authority, *trust_domain, *group;
	int64_t quorum;
	bool composite;
	int64_t at, last_counter;
};

static const struct opts defaults = {.at = -1, .last_counter = -1};

static const struct cs_opt rows[] = {
    {"owners", 0, CS_OPT_STRING, offsetof(struct opts, owners), "PATH",
	"the owners file, or a directory of *.owners files", 0, 0,
	CS_COMPLETE_FILE},
    {"authority", 0, CS_OPT_STRING, offsetof(struct opts, authority), "URI",
	"the authority that the approval has to name", 0, 0,
	CS_COMPLETE_NONE},
    {"trust-domain", 0, CS_OPT_STRING, offsetof(struct opts, trust_domain),
	"NAME", "refuse agents of other trust domains", 0, 0,
	CS_COMPLETE_NONE},
    {"quorum", 0, CS_OPT_COUNT, offsetof(struct opts, quorum), "N",
	"refuse unless so many owners approve", 1, CS_APPROVALS_MAX,
	CS_COMPLETE_NONE},
    {"quorum-group", 0, CS_OPT_STRING, offsetof(struct opts, group), "NAME",
	"count only owners of this group", 0, 0, CS_COMPLETE_NONE},
    {"composite", 0, CS_OPT_FLAG, offsetof(struct opts, composite), NULL,
	"as issuers: no approvals beside a request", 0, 0, CS_COMPLETE_NONE},
    {"at", 0, CS_OPT_TIME, offsetof(struct opts, at), "TIME",
	"judge as of this time instead of now", 0, 0, CS_COMPLETE_NONE},
    {"last-counter", 0, CS_OPT_COUNT, offsetof(struct opts, last_counter),
	"N", "the security key's counter in its last approval", 0, UINT32_MAX,
	CS_COMPLETE_NONE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "verify",
    .synopsis = "FILE",
    .summary = "check a request and its approvals",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

static void
put_assurance(const cs_assurance *a, cs_out *out)
{
	cs_out_object(out, "assurance", NULL);
	cs_out_bool(out, "hardware", NULL, a->hardware);
	cs_out_bool(out, "asserted", NULL, a->asserted);
	cs_out_bool(out, "present", NULL, a->present);
	cs_out_bool(out, "verified", NULL, a->verified);
	cs_out_bool(out, "by_policy", NULL, a->by_policy);
	cs_out_close(out);
}

static const char *
presence(const cs_assurance *a)
{
	if (a->verified)
		return a->present ? "touch and PIN" : "PIN without touch";
	if (a->present)
		return a->by_policy ? "touch by policy" : "touch";
	return "no presence";
}

static const char *
protection(const cs_assurance *a)
{
	if (a->hardware)
		return "hardware";
	return a->asserted ? "hardware asserted" : "hardware unproven";
}

/* Whose hardware a TPM is stands in the line: `no presence` of it is for ever,
 * not for once. */
static int
put_protection(const cs_verdict *v, cs_buf *b)
{
	cs_assurance as = cs_verdict_assurance(v);
	const cs_anchor *k = &cs_verdict_at(v, 0)->anchor;

	if (cs_buf_put_str(b, protection(&as)) != CS_OK)
		return CS_EBUG;
	if (!as.hardware || cs_verdict_count(v) != 1 ||
	    k->proof != CS_PROOF_TPM2)
		return CS_OK;
	return cs_buf_printf(b, " %.*s", (int)k->proof_text.n,
	    k->proof_text.p);
}

static const char *
role_name(enum cs_role role)
{
	static const char *const names[] = {
		[CS_ROLE_OWN] = "own",
		[CS_ROLE_GRANT] = "grant",
		[CS_ROLE_USE] = "use",
	};

	return names[role];
}

/* A key without a counter has no member. */
static void
put_counter(const cs_counter *c, cs_out *out)
{
	if (!c->given)
		return;
	cs_out_int(out, "counter", NULL, c->value);
	if (c->compared)
		cs_out_bool(out, "counter_regressed", NULL, c->regressed);
}

static void
put_approval(const cs_approved *a, cs_out *out)
{
	const cs_tbs *t = &a->approval->tbs;

	cs_out_object(out, NULL, NULL);
	cs_out_str(out, "role", NULL, role_name(a->role));
	cs_out_span(out, "owner", NULL, t->owner);
	cs_out_hash(out, "owner_key", NULL, t->owner_key_hash);
	cs_out_hex(out, "approval_id", NULL, t->approval_id);
	cs_out_hex(out, "tbs_sha256", NULL,
	    cs_span_of(a->tbs_hash, sizeof(a->tbs_hash)));
	cs_out_str(out, "type", NULL, cs_carrier_name(a->approval->carrier));
	cs_out_time(out, "not_before", NULL, t->not_before);
	cs_out_time(out, "not_after", NULL, t->not_after);
	cs_out_duration(out, "max_lifetime", NULL, t->max_lifetime);
	cs_out_int(out, "max_issuances", NULL, t->max_issuances);
	put_assurance(&a->assurance, out);
	if (a->anchor.proof_text.p != NULL)
		cs_out_span(out, "attested", NULL, a->anchor.proof_text);
	else
		cs_out_null(out, "attested");
	put_counter(&a->counter, out);
	cs_out_str(out, "anchor_file", NULL, a->anchor.file);
	cs_out_int(out, "anchor_line", NULL, a->anchor.line);
	cs_out_bool(out, "shared_key", NULL, a->anchor.shared_key);
	cs_out_bool(out, "other_eku", NULL, a->anchor.eku.p != NULL);
	cs_out_close(out);
}

/* The one line; two owners, "A and B". */
static int
put_line(const cs_verdict *v, cs_out *out, cs_err *e)
{
	cs_assurance as = cs_verdict_assurance(v);
	size_t i, n = cs_verdict_count(v);
	cs_buf *b = cs_buf_new(CS_AGENT_ID_MAX + (n + 1) * (CS_OWNER_MAX + LINE_ROOM));
	cs_span id = cs_verdict_request(v)->agent_id;
	const cs_approved *a;
	char until[24] = "";
	int r = CS_OK;

	if (b == NULL || !cs_rfc3339_put(cs_verdict_not_after(v), until))
		goto fail;
	r = cs_buf_put(b, id);
	for (i = 0; r == CS_OK && i < n; i++) {
		a = cs_verdict_at(v, i);
		if (a->role == CS_ROLE_USE)
			continue; /* its grant says whose */
		r = cs_buf_put_str(b, i == 0 ? " by " : " and ");
		if (r == CS_OK)
			r = cs_buf_put(b, a->approval->tbs.owner);
		if (r == CS_OK && a->role == CS_ROLE_GRANT)
			r = cs_buf_put_str(b, " under a grant");
	}
	if (r != CS_OK || cs_buf_put_str(b, " (") != CS_OK ||
	    put_protection(v, b) != CS_OK || cs_buf_printf(b,
	    ", %s) until %s", presence(&as), until) != CS_OK)
		goto fail;
	cs_out_span(out, NULL, "approved", cs_buf_span(b));
	cs_buf_free(&b);
	return CS_OK;
fail:
	cs_buf_free(&b);
	return cs_nomem(e, "verify");
}

/* Whose line has counter-strict is refused, all others hear of it. */
static void
put_regressed(const cs_verdict *v, cs_out *out)
{
	const cs_approved *a;
	size_t i;

	for (i = 0; i < cs_verdict_count(v); i++) {
		a = cs_verdict_at(v, i);
		if (a->counter.regressed)
			cs_out_printf(out, NULL, "warning", "expected a "
			    "counter above %" PRIu32 ", found %" PRIu32
			    ": the key may have been copied, %s:%u",
			    a->counter.last, a->counter.value, a->anchor.file,
			    a->anchor.line);
	}
}

static int
put_approved(const cs_verdict *v, cs_out *out, cs_err *e)
{
	cs_assurance as = cs_verdict_assurance(v);
	size_t i;
	int r;

	if ((r = put_line(v, out, e)) != CS_OK)
		return r;
	put_regressed(v, out);
	cs_out_span(out, "owner", NULL, cs_verdict_at(v, 0)->approval->tbs.owner);
	cs_out_time(out, "not_after", NULL, cs_verdict_not_after(v));
	cs_out_duration(out, "max_lifetime", NULL,
	    cs_verdict_max_lifetime(v));
	cs_out_int(out, "max_issuances", NULL, cs_verdict_max_issuances(v));
	put_assurance(&as, out);
	cs_out_list(out, "approvals", NULL);
	for (i = 0; i < cs_verdict_count(v); i++)
		put_approval(cs_verdict_at(v, i), out);
	cs_out_close(out);
	return CS_OK;
}

static int
put_refused(const char *state, const cs_err *why, cs_out *out, cs_err *e)
{
	const char *reason = cs_reason_name(why->detail);

	cs_out_on_failure(out, CS_OUT_ANSWER);
	cs_out_str(out, "reason", NULL, reason);
	cs_out_printf(out, NULL, state, "%s: %s", reason, why->text);
	return cs_fail_detail(e, CS_EREFUSED, why->detail, "verify", "%s",
	    why->text);
}

static int
put_denied(const cs_verdict *v, cs_out *out, cs_err *e)
{
	const cs_err *why = cs_verdict_error(v);
	const cs_approved *a = cs_verdict_denial(v);

	cs_out_on_failure(out, CS_OUT_ANSWER);
	cs_out_span(out, "owner", NULL, a->approval->tbs.owner);
	cs_out_time(out, "not_after", NULL, a->approval->tbs.not_after);
	cs_out_printf(out, NULL, "denied", "%s", why->text);
	return cs_fail(e, CS_EREFUSED, "verify", "denied %s", why->text);
}

static int
put_request(const cs_csr *csr, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN], digest[CS_SHA256_LEN];
	int r;

	if (csr == NULL)
		return CS_OK;
	if ((r = cs_key_hash(&csr->key, hash, e)) != CS_OK ||
	    (r = cs_request_digest(csr, digest, e)) != CS_OK)
		return r;
	cs_out_span(out, "agent", NULL, csr->agent_id);
	cs_out_hash(out, "agent_key", NULL, cs_span_of(hash, sizeof(hash)));
	cs_out_hex(out, "request_digest", NULL,
	    cs_span_of(digest, sizeof(digest)));
	return CS_OK;
}

static const char *
state_name(enum cs_state s)
{
	switch (s) {
	case CS_APPROVED:
		return "approved";
	case CS_DENIED:
		return "denied";
	case CS_PENDING:
		return "pending";
	case CS_REFUSED:
		break;
	}
	return "refused";
}

static int
put_verdict(const cs_verdict *v, cs_out *out, cs_err *e)
{
	const char *state = state_name(cs_verdict_state(v));
	int r;

	if ((r = put_request(cs_verdict_request(v), out, e)) != CS_OK)
		return r;
	cs_out_str(out, "state", NULL, state);
	if (cs_verdict_state(v) == CS_APPROVED)
		return put_approved(v, out, e);
	if (cs_verdict_state(v) == CS_DENIED)
		return put_denied(v, out, e);
	return put_refused(state, cs_verdict_error(v), out, e);
}

static int
check(const struct opts *o, cs_err *e)
{
	if (o->owners == NULL || o->authority == NULL)
		return cs_fail(e, CS_EUSAGE, "verify", "--%s is missing",
		    o->owners == NULL ? "owners" : "authority");
	if (o->group != NULL && o->quorum == 0)
		return cs_fail(e, CS_EUSAGE, "verify",
		    "--quorum-group without --quorum");
	if (cs_authority_check(cs_span_str(o->authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	return CS_OK;
}

/* --last-counter, and the one key that it is of. */
struct last {
	uint32_t last;
	bool asked;
	uint8_t key_hash[CS_SHA256_LEN];
};

static int
remember(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e)
{
	struct last *m = arg;

	(void)tbs_hash;
	if (m->asked && !cs_span_eq(cs_span_of(m->key_hash, CS_SHA256_LEN),
	    cs_span_of(key_hash, CS_SHA256_LEN)))
		return cs_fail(e, CS_EUSAGE, "verify", "--last-counter: "
		    "expected one security key, found approvals of several");
	memcpy(m->key_hash, key_hash, CS_SHA256_LEN);
	m->asked = true;
	out->known = true;
	out->value = m->last;
	return CS_OK;
}

static int
judge(const struct opts *o, cs_span message, const cs_anchors *anchors,
    int64_t now, cs_out *out, cs_err *e)
{
	cs_verify_in in = {.message = message, .anchors = anchors,
	    .authority = cs_span_str(o->authority),
	    .trust_domain = cs_span_str(o->trust_domain),
	    .quorum = (size_t)o->quorum,
	    .quorum_group = cs_span_str(o->group),
	    .composite = o->composite, .now = now};
	struct last m = {.last = (uint32_t)o->last_counter};
	const cs_memory memory = {.arg = &m, .counter = remember};
	cs_verdict *v = NULL;
	int r;

	if (o->last_counter >= 0)
		in.memory = &memory;
	if ((r = cs_verify(&in, &v, e)) == CS_OK) {
		cs_out_time(out, "at", NULL, now);
		r = put_verdict(v, out, e);
	}
	cs_verdict_free(&v);
	return r;
}

/* Too large to be read is a verdict too: of the message, not of the call. */
static int
read_message(const char *path, cs_buf **b, cs_out *out, cs_err *e)
{
	cs_err why = {0};
	int r = cs_file_read(path, CS_MESSAGE_MAX, b, &why);

	if (r != CS_EFORMAT) {
		if (r != CS_OK)
			*e = why;
		return r;
	}
	why.detail = CS_R_TOO_LARGE;
	cs_out_str(out, "state", NULL, "refused");
	return put_refused("refused", &why, out, e);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	cs_anchors *anchors = NULL;
	cs_buf *b = NULL;
	int r;

	(void)t;
	if ((r = check(o, e)) == CS_OK &&
	    (r = cs_anchors_load(o->owners, geteuid(), &anchors, e)) ==
		CS_OK &&
	    (r = read_message(w->v[0], &b, out, e)) == CS_OK)
		r = judge(o, cs_buf_span(b), anchors,
		    o->at >= 0 ? o->at : cs_time_now(), out, e);
	cs_buf_free(&b);
	cs_anchors_free(&anchors);
	return r;
}

const struct cs_verb cs_cmd_verify = {
    &spec, sizeof(struct opts), &defaults, run};
