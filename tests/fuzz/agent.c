/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/sshsig.h"
#include "signer/agentkeys.h"
#include "signer/agentmsg.h"
#include "fuzz.h"

/* An agent's answer, as a list of keys and as a signature. */

static bool
is_within(cs_span part, cs_span whole)
{
	return part.p >= whole.p && part.n <= whole.n &&
	    (size_t)(part.p - whole.p) <= whole.n - part.n;
}

static void
check_key(const cs_agent_key *k, cs_span whole)
{
	char uri[128];

	CHECK(is_within(k->blob, whole) && is_within(k->comment, whole));
	CHECK((k->flaw[0] == '\0') == (k->spki != NULL));
	CHECK(k->flaw[0] != '\0' || cs_span_eq(k->ssh.blob, k->blob));
	cs_agent_uri_put((cs_span){0}, k->ssh_hash, uri, sizeof(uri));
	CHECK(cs_agent_key_matches(k, uri + sizeof("ssh-agent:") - 1));
	CHECK(cs_agent_key_matches(k, ""));
}

static void
check_pick(const cs_agent_keys *all)
{
	const cs_agent_key *k = NULL;
	cs_agent_uri u;
	cs_err e = {0};
	int r;

	CHECK(cs_agent_uri_parse("ssh-agent:", &u, NULL) == CS_OK);
	r = cs_agent_keys_pick(all, &u, &k, &e);
	CHECK((r == CS_OK) == (k != NULL));
	CHECK(r == CS_OK ? k->flaw[0] == '\0' : r == CS_EDEVICE);
}

static void
check_list(cs_span in)
{
	cs_buf *answer = cs_buf_dup(in);
	cs_agent_keys all;
	size_t i;

	CHECK(answer != NULL);
	if (cs_agent_keys_read(&answer, &all, NULL) != CS_OK) {
		CHECK(answer == NULL && all.n == 0 && all.keys == NULL);
		return;
	}
	CHECK(all.n <= CS_AGENT_KEYS_MAX && all.n * 8 <= in.n);
	for (i = 0; i < all.n; i++)
		check_key(&all.keys[i], cs_buf_span(all.answer));
	check_pick(&all);
	cs_agent_keys_clear(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n), sig;
	size_t len = 0;

	if (n > CS_AGENT_MESSAGE_MAX)
		return 0;
	check_list(in);
	if (cs_agentmsg_signature(in, &sig, NULL) == CS_OK)
		CHECK(is_within(sig, in) && sig.p + sig.n == in.p + in.n);
	if (cs_agentmsg_length(cs_span_cut(in, 0, n < 4 ? n : 4), &len,
	    NULL) == CS_OK)
		CHECK(len >= 1 && len <= CS_AGENT_MESSAGE_MAX);
	return 0;
}
