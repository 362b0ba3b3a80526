/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/agentmsg.h"

#include "fmt/ssh.h"

static const char where[] = "signer/agentmsg";

enum { /* message numbers */
	FAILURE = 5,
	REQUEST_IDENTITIES = 11,
	IDENTITIES_ANSWER = 12,
	SIGN_REQUEST = 13,
	SIGN_RESPONSE = 14
};
#define RSA_SHA2_512 4 /* a flag of SIGN_REQUEST */

static int
done(const cs_buf *out, cs_err *e)
{
	return !cs_buf_failed(out) ? CS_OK :
	    cs_fail(e, CS_EBUG, where, "no room for a message");
}

static void
put_byte(cs_buf *out, uint8_t b)
{
	if (cs_buf_put_byte(out, b) != CS_OK)
		cs_buf_fail(out);
}

int
cs_agentmsg_put_list(cs_buf *out, cs_err *e)
{
	cs_ssh_put_u32(out, 1);
	put_byte(out, REQUEST_IDENTITIES);
	return done(out, e);
}

int
cs_agentmsg_put_sign(const cs_sshkey *key, cs_span data, cs_buf *out,
    cs_err *e)
{
	const size_t n = 1 + 4 + key->blob.n + 4 + data.n + 4;

	if (n > CS_AGENT_MESSAGE_MAX)
		return cs_fail(e, CS_EBUG, where, "%zu octets to sign",
		    data.n);
	cs_ssh_put_u32(out, (uint32_t)n);
	put_byte(out, SIGN_REQUEST);
	cs_ssh_put_string(out, key->blob);
	cs_ssh_put_string(out, data);
	cs_ssh_put_u32(out, key->kind == CS_KEY_RSA ? RSA_SHA2_512 : 0);
	return done(out, e);
}

/* The bytes are the agent's, whatever a reader calls them. */
static int
blame(cs_err *e, const cs_err *why)
{
	return cs_fail(e, CS_EDEVICE, where, "the agent's answer is "
	    "malformed: %s", why->text);
}

int
cs_agentmsg_length(cs_span head, size_t *out, cs_err *e)
{
	cs_err why = {0};
	uint32_t n = 0;

	*out = 0;
	if (cs_ssh_u32(&head, &n, &why) != CS_OK ||
	    cs_ssh_end(head, "a length", &why) != CS_OK)
		return blame(e, &why);
	if (n < 1 || n > CS_AGENT_MESSAGE_MAX)
		return cs_fail(e, CS_EDEVICE, where,
		    "the agent announces an answer of %lu octets, expected 1 "
		    "to %d", (unsigned long)n, CS_AGENT_MESSAGE_MAX);
	*out = n;
	return CS_OK;
}

static int
expect(cs_span *msg, uint8_t want, const char *to_what, cs_err *e)
{
	cs_err why = {0};
	uint8_t type = 0;

	if (cs_ssh_byte(msg, &type, &why) != CS_OK)
		return blame(e, &why);
	if (type == FAILURE && msg->n == 0)
		return cs_fail(e, CS_EREFUSED, where, "the agent refuses to %s",
		    to_what);
	if (type != want)
		return cs_fail(e, CS_EDEVICE, where,
		    "expected an answer of type %u from the agent, found %u",
		    want, type);
	return CS_OK;
}

/* Once without `each`, to see the end. */
static int
read_keys(cs_span in, cs_agentmsg_each *each, void *arg, cs_err *e)
{
	cs_span blob = {0}, comment = {0};
	cs_err why = {0};
	uint32_t n = 0;
	int r;

	if (cs_ssh_u32(&in, &n, &why) != CS_OK)
		return blame(e, &why);
	if (n > CS_AGENT_KEYS_MAX)
		return cs_fail(e, CS_EDEVICE, where,
		    "the agent announces %lu keys, at most %d are read",
		    (unsigned long)n, CS_AGENT_KEYS_MAX);
	for (; n > 0; n--) {
		if (cs_ssh_string(&in, &blob, &why) != CS_OK ||
		    cs_ssh_string(&in, &comment, &why) != CS_OK)
			return blame(e, &why);
		if (each != NULL && (r = each(arg, blob, comment, e)) != CS_OK)
			return r;
	}
	return cs_ssh_end(in, "the list of keys", &why) == CS_OK ? CS_OK :
	    blame(e, &why);
}

int
cs_agentmsg_keys(cs_span msg, cs_agentmsg_each *each, void *arg, cs_err *e)
{
	int r = expect(&msg, IDENTITIES_ANSWER, "list its keys", e);

	if (r != CS_OK || (r = read_keys(msg, NULL, NULL, e)) != CS_OK)
		return r;
	return read_keys(msg, each, arg, e);
}

int
cs_agentmsg_signature(cs_span msg, cs_span *out, cs_err *e)
{
	cs_err why = {0};
	int r;

	*out = (cs_span){0};
	if ((r = expect(&msg, SIGN_RESPONSE, "sign", e)) != CS_OK)
		return r;
	if (cs_ssh_string(&msg, out, &why) == CS_OK &&
	    cs_ssh_end(msg, "the signature", &why) == CS_OK)
		return CS_OK;
	*out = (cs_span){0};
	return blame(e, &why);
}
