/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/msg.h"

#include "fmt/reason.h"

/* The shapes that msg.h lists. Every number and length is looked at: whoever
 * sent the frame may be somebody else by now. */

static const char where[] = "server/msg";

#define WORD_MAX 256 /* a request's id, an address, a verb */
#define TEXT_MAX (16 * 1024)
#define KINDS_ALL 3
#define DIGEST_LEN 32

static cs_span
some(cs_span s)
{
	return s.p == NULL ? cs_span_of("", 0) : s;
}

/* A part that says nothing is none. */
static cs_span
opt(cs_span s)
{
	return s.n == 0 ? cs_span_of(NULL, 0) : s;
}

static int
bad(const cs_frame *f, const char *what, cs_err *e)
{
	return cs_fail(e, CS_EFORMAT, where,
	    "a message of type %u and %zu parts: %s", f->type, f->n, what);
}

static int
shape(const cs_frame *f, uint32_t type, size_t least, size_t most, cs_err *e)
{
	if (f->type != type)
		return bad(f, "another type was expected", e);
	if (f->n < least || f->n > most)
		return bad(f, "another number of parts was expected", e);
	return f->fd < 0 ? CS_OK : bad(f, "a descriptor came with it", e);
}

static int
number(const cs_frame *f, size_t i, int64_t most, int64_t *out, cs_err *e)
{
	int rc = cs_frame_get_number(f->part[i], out, e);

	if (rc != CS_OK)
		return rc;
	return *out <= most ? CS_OK : bad(f, "a number is too large", e);
}

static int
octets(const cs_frame *f, size_t i, size_t most, cs_span *out, cs_err *e)
{
	if (f->part[i].n > most)
		return bad(f, "a part is too long", e);
	*out = f->part[i];
	return CS_OK;
}

static void
fill(cs_frame *f, uint32_t type)
{
	*f = (cs_frame){.type = type, .fd = -1};
}

static void
add(cs_frame *f, cs_span s)
{
	f->part[f->n++] = some(s);
}

static void
add_number(cs_frame *f, int64_t v, uint8_t room[8])
{
	f->part[f->n++] = cs_frame_number(v, room);
}

int
cs_ask_issue_put(const cs_ask_issue *a, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	if (a->message.p == NULL || a->kinds < 1 || a->kinds > KINDS_ALL)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected a message and kinds 1 to 3");
	fill(out, CS_MSG_ISSUE);
	add_number(out, (int64_t)a->operation, room->number[0]);
	add_number(out, (int64_t)a->kinds, room->number[1]);
	add(out, a->message);
	add(out, a->evidence);
	add_number(out, a->deadline_ms, room->number[2]);
	add(out, a->request_id);
	add(out, a->address);
	add(out, a->client_cert);
	return CS_OK;
}

/* From the deadline on both are alike. */
static int
get_rest(const cs_frame *f, size_t i, cs_ask_issue *out, cs_err *e)
{
	int rc;

	if ((rc = number(f, i, INT64_MAX, &out->deadline_ms, e)) != CS_OK ||
	    (rc = octets(f, i + 1, WORD_MAX, &out->request_id, e)) != CS_OK)
		return rc;
	return octets(f, i + 2, WORD_MAX, &out->address, e);
}

static int
get_client(const cs_frame *f, size_t i, cs_ask_issue *out, cs_err *e)
{
	int rc = octets(f, i, CS_CLIENT_CERT_MAX, &out->client_cert, e);

	out->client_cert = opt(out->client_cert);
	return rc;
}

int
cs_ask_issue_get(const cs_frame *f, cs_ask_issue *out, cs_err *e)
{
	int64_t operation = 0, kinds = 0;
	int rc;

	*out = (cs_ask_issue){0};
	if ((rc = shape(f, CS_MSG_ISSUE, 8, 8, e)) != CS_OK ||
	    (rc = number(f, 0, UINT32_MAX, &operation, e)) != CS_OK ||
	    (rc = number(f, 1, KINDS_ALL, &kinds, e)) != CS_OK ||
	    (rc = get_rest(f, 4, out, e)) != CS_OK ||
	    (rc = get_client(f, 7, out, e)) != CS_OK)
		return rc;
	if (kinds == 0)
		return bad(f, "no kind of credential is asked for", e);
	out->operation = (uint32_t)operation;
	out->kinds = (unsigned)kinds;
	out->message = f->part[2];
	out->evidence = opt(f->part[3]);
	return CS_OK;
}

int
cs_ask_approve_put(const cs_ask_issue *a, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	if (a->message.p == NULL)
		return cs_fail(e, CS_EUSAGE, where, "expected a message");
	fill(out, CS_MSG_APPROVE);
	add(out, a->message);
	add_number(out, a->deadline_ms, room->number[0]);
	add(out, a->request_id);
	add(out, a->address);
	add(out, a->client_cert);
	return CS_OK;
}

int
cs_ask_approve_get(const cs_frame *f, cs_ask_issue *out, cs_err *e)
{
	int rc;

	*out = (cs_ask_issue){0};
	if ((rc = shape(f, CS_MSG_APPROVE, 5, 5, e)) != CS_OK ||
	    (rc = get_rest(f, 1, out, e)) != CS_OK ||
	    (rc = get_client(f, 4, out, e)) != CS_OK)
		return rc;
	out->message = f->part[0];
	return CS_OK;
}

int
cs_ask_lookup_put(const cs_ask_lookup *a, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	if (a->request_digest.n != DIGEST_LEN || a->kinds < 1 ||
	    a->kinds > KINDS_ALL)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected a digest of 32 octets and kinds 1 to 3");
	fill(out, CS_MSG_LOOKUP);
	add(out, a->request_digest);
	add_number(out, (int64_t)a->kinds, room->number[0]);
	add_number(out, a->deadline_ms, room->number[1]);
	add(out, a->request_id);
	add(out, a->address);
	return CS_OK;
}

int
cs_ask_lookup_get(const cs_frame *f, cs_ask_lookup *out, cs_err *e)
{
	cs_ask_issue rest = {0};
	int64_t kinds = 0;
	int rc;

	*out = (cs_ask_lookup){0};
	if ((rc = shape(f, CS_MSG_LOOKUP, 5, 5, e)) != CS_OK ||
	    (rc = number(f, 1, KINDS_ALL, &kinds, e)) != CS_OK ||
	    (rc = get_rest(f, 2, &rest, e)) != CS_OK)
		return rc;
	if (kinds == 0 || f->part[0].n != DIGEST_LEN)
		return bad(f, "no digest, or no kind of credential", e);
	*out = (cs_ask_lookup){.request_digest = f->part[0],
	    .kinds = (unsigned)kinds, .deadline_ms = rest.deadline_ms,
	    .request_id = rest.request_id, .address = rest.address};
	return CS_OK;
}

int
cs_told_issue_put(const cs_told_issue *t, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	size_t i;

	if (t->n_chain > CS_CHAIN_MAX)
		return cs_fail(e, CS_EUSAGE, where, "%zu certificates, at "
		    "most %d", t->n_chain, CS_CHAIN_MAX);
	fill(out, CS_MSG_ISSUED);
	add_number(out, (int64_t)t->outcome, room->number[0]);
	add_number(out, t->reason, room->number[1]);
	add(out, t->text);
	add_number(out, t->retry_after, room->number[2]);
	add(out, t->request_digest);
	add(out, t->agent);
	add(out, t->cert);
	add(out, t->wit);
	add_number(out, t->not_after, room->number[3]);
	for (i = 0; i < t->n_chain; i++)
		add(out, t->chain[i]);
	return CS_OK;
}

#define CHAIN_AT 9

static int
get_told(const cs_frame *f, cs_told_issue *out, cs_err *e)
{
	int64_t outcome = 0, reason = 0;
	int rc;

	if ((rc = number(f, 0, CS_OUTCOME_UNKNOWN, &outcome, e)) != CS_OK ||
	    (rc = number(f, 1, CS_R_END - 1, &reason, e)) != CS_OK ||
	    (rc = octets(f, 2, TEXT_MAX, &out->text, e)) != CS_OK ||
	    (rc = number(f, 3, INT64_MAX, &out->retry_after, e)) != CS_OK ||
	    (rc = number(f, 8, INT64_MAX, &out->not_after, e)) != CS_OK)
		return rc;
	out->outcome = (enum cs_outcome)outcome;
	out->reason = (int)reason;
	out->request_digest = opt(f->part[4]);
	out->agent = opt(f->part[5]);
	out->cert = opt(f->part[6]);
	out->wit = opt(f->part[7]);
	return CS_OK;
}

/* Nothing is a credential unless it says so. */
static int
check_told(const cs_frame *f, const cs_told_issue *t, cs_err *e)
{
	bool has = t->cert.p != NULL || t->wit.p != NULL;

	if (has != (t->outcome == CS_OUTCOME_ISSUED))
		return bad(f, "a credential that was not issued, or the "
		    "reverse", e);
	if (t->request_digest.p != NULL && t->request_digest.n != DIGEST_LEN)
		return bad(f, "no digest", e);
	return CS_OK;
}

int
cs_told_issue_get(const cs_frame *f, cs_told_issue *out, cs_err *e)
{
	cs_told_issue t = {0};
	int rc;

	*out = (cs_told_issue){0};
	if ((rc = shape(f, CS_MSG_ISSUED, CHAIN_AT, CHAIN_AT + CS_CHAIN_MAX,
	    e)) != CS_OK || (rc = get_told(f, &t, e)) != CS_OK ||
	    (rc = check_told(f, &t, e)) != CS_OK)
		return rc;
	for (; CHAIN_AT + t.n_chain < f->n; t.n_chain++) {
		t.chain[t.n_chain] = f->part[CHAIN_AT + t.n_chain];
		if (t.chain[t.n_chain].n == 0)
			return bad(f, "an empty certificate", e);
	}
	*out = t;
	return CS_OK;
}

int
cs_told_given_put(const cs_told_given *t, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	if (t->octets.p == NULL && t->reason == CS_R_NONE)
		return cs_fail(e, CS_EUSAGE, where,
		    "nothing is given, and no reason");
	fill(out, CS_MSG_GIVEN);
	add_number(out, t->number, room->number[0]);
	add(out, t->octets);
	add_number(out, t->reason, room->number[1]);
	add(out, t->text);
	return CS_OK;
}

int
cs_told_given_get(const cs_frame *f, cs_told_given *out, cs_err *e)
{
	int64_t reason = 0;
	int rc;

	*out = (cs_told_given){0};
	if ((rc = shape(f, CS_MSG_GIVEN, 4, 4, e)) != CS_OK ||
	    (rc = number(f, 0, INT64_MAX, &out->number, e)) != CS_OK ||
	    (rc = number(f, 2, CS_R_END - 1, &reason, e)) != CS_OK ||
	    (rc = octets(f, 3, TEXT_MAX, &out->text, e)) != CS_OK)
		return rc;
	out->reason = (int)reason;
	out->octets = opt(f->part[1]);
	return (out->octets.p != NULL) == (reason == CS_R_NONE) ? CS_OK :
	    bad(f, "nothing is given without a reason, or the reverse", e);
}

int
cs_ask_admin_put(const cs_ask_admin *a, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	if (a->verb.n == 0 || a->uid < 0 || a->gid < 0 || a->pid < 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected a verb and who asks");
	fill(out, CS_MSG_ADMIN);
	add_number(out, a->uid, room->number[0]);
	add_number(out, a->gid, room->number[1]);
	add_number(out, a->pid, room->number[2]);
	add(out, a->verb);
	add(out, a->body);
	return CS_OK;
}

int
cs_ask_admin_get(const cs_frame *f, cs_ask_admin *out, cs_err *e)
{
	int rc;

	*out = (cs_ask_admin){0};
	if ((rc = shape(f, CS_MSG_ADMIN, 5, 5, e)) != CS_OK ||
	    (rc = number(f, 0, UINT32_MAX, &out->uid, e)) != CS_OK ||
	    (rc = number(f, 1, UINT32_MAX, &out->gid, e)) != CS_OK ||
	    (rc = number(f, 2, INT32_MAX, &out->pid, e)) != CS_OK ||
	    (rc = octets(f, 3, WORD_MAX, &out->verb, e)) != CS_OK)
		return rc;
	out->body = f->part[4];
	return out->verb.n != 0 ? CS_OK : bad(f, "no verb", e);
}

int
cs_told_admin_put(const cs_told_admin *t, cs_msg_room *room, cs_frame *out,
    cs_err *e)
{
	if (t->status < 100 || t->status > 599)
		return cs_fail(e, CS_EUSAGE, where, "no status %d", t->status);
	fill(out, CS_MSG_ADMINISTERED);
	add_number(out, t->status, room->number[0]);
	add(out, t->body);
	return CS_OK;
}

int
cs_told_admin_get(const cs_frame *f, cs_told_admin *out, cs_err *e)
{
	int64_t status = 0;
	int rc;

	*out = (cs_told_admin){0};
	if ((rc = shape(f, CS_MSG_ADMINISTERED, 2, 2, e)) != CS_OK ||
	    (rc = number(f, 0, 599, &status, e)) != CS_OK)
		return rc;
	if (status < 100)
		return bad(f, "no status", e);
	out->status = (int)status;
	out->body = f->part[1];
	return CS_OK;
}
