/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/pubkey.h"
#include "fmt/names.h"
#include "tool/relying.h"
#include "tool/told.h"
#include "tool/tool.h"
#include "tool/verifier.h"

struct opts {
	struct cs_common common;
	const char *owners, *authority, *trust_domain, *group;
	const char *policy, *store, *kind;
	const char *credential, *bundle, *crl, *agent, *owner;
	int64_t quorum, lifetime;
	bool composite, claim;
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
    {"policy", 0, CS_OPT_STRING, offsetof(struct opts, policy), "FILE",
	"ask the verifier plugin, under this policy", 0, 0, CS_COMPLETE_FILE},
    {"store", 0, CS_OPT_STRING, offsetof(struct opts, store), "URI",
	"what the authority remembers: sqlite:PATH, postgresql:...", 0, 0,
	CS_COMPLETE_FILE},
    {"claim", 0, CS_OPT_FLAG, offsetof(struct opts, claim), NULL,
	"and count it, as before a credential is signed", 0, 0,
	CS_COMPLETE_NONE},
    {"kind", 0, CS_OPT_CHOICE, offsetof(struct opts, kind), "x509|wit",
	"the kind of credential that is claimed; by default x509", 0, 0,
	CS_COMPLETE_NONE},
    {"lifetime", 0, CS_OPT_DURATION, offsetof(struct opts, lifetime),
	"DURATION", "how long it would live; by default as long as may be", 0,
	0, CS_COMPLETE_NONE},
    {"credential", 0, CS_OPT_STRING, offsetof(struct opts, credential),
	"FILE", "check a credential instead: a certificate or a token", 0, 0,
	CS_COMPLETE_FILE},
    {"bundle", 0, CS_OPT_STRING, offsetof(struct opts, bundle), "FILE",
	"whom its relying parties trust, as the issuer publishes it", 0, 0,
	CS_COMPLETE_FILE},
    {"crl", 0, CS_OPT_STRING, offsetof(struct opts, crl), "FILE",
	"refuse certificates on these lists, and without a current one", 0, 0,
	CS_COMPLETE_FILE},
    {"agent", 0, CS_OPT_STRING, offsetof(struct opts, agent), "ID",
	"refuse credentials of other agents", 0, 0, CS_COMPLETE_NONE},
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, owner), "URI",
	"refuse credentials of others' agents", 0, 0, CS_COMPLETE_NONE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "verify",
    .synopsis = "[FILE]",
    .summary = "check a request and its approvals, or a credential",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

/* Hashes of the request, which no verdict keeps. */
struct hashes {
	uint8_t key[CS_SHA256_LEN], digest[CS_SHA256_LEN];
};

static int
tell_request(const cs_csr *csr, struct hashes *h, cs_told *t, cs_err *e)
{
	int r;

	if (csr == NULL)
		return CS_OK;
	if ((r = cs_key_hash(&csr->key, h->key, e)) != CS_OK ||
	    (r = cs_request_digest(csr, h->digest, e)) != CS_OK)
		return r;
	t->agent = csr->agent_id;
	t->agent_key_hash = cs_span_of(h->key, sizeof(h->key));
	t->request_digest = cs_span_of(h->digest, sizeof(h->digest));
	return CS_OK;
}

static void
tell_approval(const cs_approved *a, cs_told_approval *t)
{
	const cs_tbs *b = &a->approval->tbs;

	*t = (cs_told_approval){.role = a->role,
	    .type = cs_carrier_name(a->approval->carrier), .owner = b->owner,
	    .key_hash = b->owner_key_hash, .approval_id = b->approval_id,
	    .tbs_hash = cs_span_of(a->tbs_hash, sizeof(a->tbs_hash)),
	    .not_before = b->not_before, .not_after = b->not_after,
	    .max_lifetime = b->max_lifetime,
	    .max_issuances = b->max_issuances, .assurance = a->assurance,
	    .attested = a->anchor.proof_text, .counter = a->counter,
	    .anchor_file = a->anchor.file, .anchor_line = a->anchor.line,
	    .shared_key = a->anchor.shared_key,
	    .other_eku = a->anchor.eku.p != NULL};
}

static void
tell_approved(const cs_verdict *v, cs_told *t)
{
	for (; t->n < cs_verdict_count(v); t->n++)
		tell_approval(cs_verdict_at(v, t->n), &t->at[t->n]);
	t->owner = t->at[0].owner;
	t->not_after = cs_verdict_not_after(v);
	t->max_lifetime = cs_verdict_max_lifetime(v);
	t->max_issuances = cs_verdict_max_issuances(v);
	t->assurance = cs_verdict_assurance(v);
}

static int
put_verdict(const cs_verdict *v, cs_out *out, cs_err *e)
{
	const cs_approved *denial = cs_verdict_denial(v);
	cs_told t = {.state = cs_verdict_state(v),
	    .reason = cs_verdict_error(v)->detail,
	    .text = cs_verdict_error(v)->text};
	struct hashes h;
	int r;

	if ((r = tell_request(cs_verdict_request(v), &h, &t, e)) != CS_OK)
		return r;
	if (t.state == CS_APPROVED)
		tell_approved(v, &t);
	if (denial != NULL) {
		t.owner = denial->approval->tbs.owner;
		t.not_after = denial->approval->tbs.not_after;
	}
	return cs_told_put(&t, out, e);
}

static int
check_plugin(const struct opts *o, cs_err *e)
{
	const struct cs_goes goes[] = {
	    {"store", "policy", o->store != NULL && o->policy == NULL},
	    {"claim", "store", o->claim && o->store == NULL},
	    {"kind", "claim", o->kind != NULL && !o->claim},
	    {"lifetime", "claim", o->lifetime != 0 && !o->claim},
	};
	const struct cs_clash decided[] = {
	    {"trust-domain", o->trust_domain != NULL},
	    {"quorum", o->quorum != 0},
	    {"quorum-group", o->group != NULL},
	    {"last-counter", o->last_counter >= 0},
	};
	const struct cs_clash now[] = {{"at", o->at >= 0}};
	int r;

	r = cs_tool_goes(goes, sizeof(goes) / sizeof(goes[0]), e);
	if (r == CS_OK && o->policy != NULL)
		r = cs_tool_clash(decided,
		    sizeof(decided) / sizeof(decided[0]), "policy", e);
	if (r == CS_OK && o->claim)
		r = cs_tool_clash(now, 1, "claim", e);
	return r;
}

static int
check_message(const struct opts *o, int operands, cs_err *e)
{
	const struct cs_goes goes[] = {
	    {"bundle", "credential", o->bundle != NULL},
	    {"crl", "credential", o->crl != NULL},
	    {"agent", "credential", o->agent != NULL},
	    {"owner", "credential", o->owner != NULL},
	};

	if (cs_tool_goes(goes, sizeof(goes) / sizeof(goes[0]), e) != CS_OK)
		return CS_EUSAGE;
	if (operands == 0)
		return cs_fail(e, CS_EUSAGE, "verify",
		    "expected a file, or --credential");
	if (o->owners == NULL || o->authority == NULL)
		return cs_fail(e, CS_EUSAGE, "verify", "--%s is missing",
		    o->owners == NULL ? "owners" : "authority");
	if (check_plugin(o, e) != CS_OK)
		return CS_EUSAGE;
	if (o->group != NULL && o->quorum == 0)
		return cs_fail(e, CS_EUSAGE, "verify",
		    "--quorum-group without --quorum");
	if (cs_authority_check(cs_span_str(o->authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	return CS_OK;
}

/* A credential is judged by what is in it: nothing is counted here. */
static int
check_credential(const struct opts *o, int operands, cs_err *e)
{
	const struct cs_clash clash[] = {
	    {"quorum", o->quorum != 0},
	    {"quorum-group", o->group != NULL},
	    {"composite", o->composite},
	    {"last-counter", o->last_counter >= 0},
	    {"policy", o->policy != NULL},
	    {"store", o->store != NULL},
	    {"claim", o->claim},
	    {"kind", o->kind != NULL},
	    {"lifetime", o->lifetime != 0},
	};

	if (cs_tool_clash(clash, sizeof(clash) / sizeof(clash[0]),
	    "credential", e) != CS_OK)
		return CS_EUSAGE;
	if (operands != 0)
		return cs_fail(e, CS_EUSAGE, "verify",
		    "--credential names the file, found another");
	if (o->bundle == NULL)
		return cs_fail(e, CS_EUSAGE, "verify", "--bundle is missing");
	if (o->authority != NULL &&
	    cs_authority_check(cs_span_str(o->authority), e) != CS_OK)
		return cs_tool_usage(e, "--authority");
	if (o->agent != NULL &&
	    cs_agent_id_check(cs_span_str(o->agent), NULL, e) != CS_OK)
		return cs_tool_usage(e, "--agent");
	if (o->owner != NULL &&
	    cs_owner_check(cs_span_str(o->owner), e) != CS_OK)
		return cs_tool_usage(e, "--owner");
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
	return cs_told_put(&(cs_told){.reason = CS_R_TOO_LARGE,
	    .text = why.text}, out, e);
}

static int
judge(const struct opts *o, const char *path, int64_t now, cs_out *out,
    cs_err *e)
{
	cs_verify_in in = {.authority = cs_span_str(o->authority),
	    .trust_domain = cs_span_str(o->trust_domain),
	    .quorum = (size_t)o->quorum,
	    .quorum_group = cs_span_str(o->group),
	    .composite = o->composite, .now = now};
	struct last m = {.last = (uint32_t)o->last_counter};
	const cs_memory memory = {.arg = &m, .counter = remember};
	cs_anchors *anchors = NULL;
	cs_verdict *v = NULL;
	cs_buf *b = NULL;
	int r;

	if (o->last_counter >= 0)
		in.memory = &memory;
	if ((r = cs_anchors_load(o->owners, geteuid(), &anchors, e)) !=
		CS_OK || (r = read_message(path, &b, out, e)) != CS_OK)
		goto out;
	in.message = cs_buf_span(b);
	in.anchors = anchors;
	if ((r = cs_verify(&in, &v, e)) == CS_OK) {
		cs_out_time(out, "at", NULL, now);
		r = put_verdict(v, out, e);
	}
out:
	cs_verdict_free(&v);
	cs_buf_free(&b);
	cs_anchors_free(&anchors);
	return r;
}

static uint32_t
claimed_kind(const struct opts *o)
{
	if (!o->claim)
		return COUNTERSIGN_KIND_NONE;
	return o->kind != NULL && strcmp(o->kind, "wit") == 0 ?
	    COUNTERSIGN_KIND_WIT : COUNTERSIGN_KIND_X509;
}

static int
ask(const cs_tool *t, const struct opts *o, const char *path, int64_t now,
    cs_out *out, cs_err *e)
{
	cs_verifier_ask a = {.module_dir = t->module_dir, .owners = o->owners,
	    .policy = o->policy, .authority = o->authority, .store = o->store,
	    .now = now, .composite = o->composite, .kind = claimed_kind(o),
	    .lifetime = o->lifetime};
	cs_buf *b = NULL;
	int r;

	if ((r = read_message(path, &b, out, e)) == CS_OK) {
		a.message = cs_buf_span(b);
		r = cs_verifier_put(&a, out, e);
	}
	cs_buf_free(&b);
	return r;
}

static int
rely(const struct opts *o, int64_t now, cs_out *out, cs_err *e)
{
	const cs_relying r = {.credential = o->credential,
	    .bundle = o->bundle, .crl = o->crl, .owners = o->owners,
	    .trust_domain = o->trust_domain, .authority = o->authority,
	    .agent = o->agent, .owner = o->owner, .now = now};

	return cs_relying_put(&r, out, e);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	int64_t now = o->at >= 0 ? o->at : cs_time_now();
	int r;

	if ((r = o->credential != NULL ? check_credential(o, w->n, e) :
	    check_message(o, w->n, e)) != CS_OK)
		return r;
	if (o->credential != NULL)
		return rely(o, now, out, e);
	return o->policy == NULL ? judge(o, w->v[0], now, out, e) :
	    ask(t, o, w->v[0], now, out, e);
}

const struct cs_verb cs_cmd_verify = {
    &spec, sizeof(struct opts), &defaults, run};
