/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/ssh.h"
#include "fmt/sshsig.h"
#include "signer/agentkeys.h"
#include "signer/agentmsg.h"
#include "tap.h"
#include "vec.h"

/* An agent's answers, and which of its keys is meant. The keys are those of
 * the vectors. */

static struct vec values[VEC_FILES_MAX];
static size_t n_values;

static cs_sshsig
vector(const char *name)
{
	cs_sshsig s = {0};
	cs_span tbs;

	if (cs_sshsig_read(vec_find(values, n_values, name), &tbs, &s, NULL) !=
	    CS_OK)
		abort();
	return s;
}

static void
put_key(cs_buf *b, const char *name, cs_span comment)
{
	cs_ssh_put_string(b, vector(name).key.blob);
	cs_ssh_put_string(b, comment);
}

static cs_buf *
begin(uint32_t n)
{
	cs_buf *b = cs_buf_new(CS_AGENT_MESSAGE_MAX);

	if (cs_buf_put_byte(b, 12) != CS_OK)
		abort();
	cs_ssh_put_u32(b, n);
	return b;
}

/* Three keys, two with one comment, and one that signs no approvals. */
static cs_buf *
some_keys(void)
{
	cs_buf *b = begin(5);

	put_key(b, "keygen-ed25519", cs_span_str("alice"));
	put_key(b, "keygen-p256", cs_span_str("laptop"));
	put_key(b, "edited-sk-ed25519", cs_span_str("laptop"));
	put_key(b, "keygen-ed25519", cs_span_str("alice again"));
	cs_ssh_put_string(b, cs_span_str("\0\0\0\7ssh-dss"));
	cs_ssh_put_string(b, cs_span_str("alice"));
	return b;
}

static int
count(void *arg, cs_span blob, cs_span comment, cs_err *e)
{
	(void)blob;
	(void)comment;
	(void)e;
	++*(size_t *)arg;
	return CS_OK;
}

static enum vec_answer
probe_list(cs_span in)
{
	cs_err e = {0};
	size_t n = 0;
	int r = cs_agentmsg_keys(in, count, &n, &e);

	if (r == CS_OK)
		return n * 8 <= in.n ? VEC_ACCEPTED : VEC_BROKEN;
	return n == 0 && (r == CS_EDEVICE || r == CS_EREFUSED) ? VEC_REFUSED :
	    VEC_BROKEN;
}

static enum vec_answer
probe_signature(cs_span in)
{
	cs_err e = {0};
	cs_span sig;
	int r = cs_agentmsg_signature(in, &sig, &e);

	if (r == CS_OK)
		return sig.p == in.p + 5 && sig.n == in.n - 5 ? VEC_ACCEPTED :
		    VEC_BROKEN;
	return sig.p == NULL && (r == CS_EDEVICE || r == CS_EREFUSED) ?
	    VEC_REFUSED : VEC_BROKEN;
}

static void
sweep(const char *name, cs_span in, vec_probe *p)
{
	ok(p(in) == VEC_ACCEPTED, "%s", name);
	ok(vec_prefixes(in, p) == 0, "%s: prefixes", name);
	ok(vec_trailing(in, p) == 0, "%s: trailing", name);
	ok(vec_flips(in, p) == 0, "%s: flips", name);
}

static void
test_answers(void)
{
	cs_buf *list = some_keys(), *none = begin(0), *many = begin(1025);
	cs_buf *sig = cs_buf_new(512);
	cs_err e = {0};
	size_t n = 0;

	sweep("a list", cs_buf_span(list), probe_list);
	sweep("an empty list", cs_buf_span(none), probe_list);
	ok(cs_buf_put_byte(sig, 14) == CS_OK, "a signature");
	cs_ssh_put_string(sig, cs_span_str("?"));
	sweep("a signature", cs_buf_span(sig), probe_signature);
	ok(cs_agentmsg_keys(cs_span_of("\5", 1), count, &n, &e) ==
	    CS_EREFUSED, "refuses to list");
	ok(cs_agentmsg_keys(cs_span_of("\5\0", 2), count, &n, &e) ==
	    CS_EDEVICE, "a refusal with an octet behind");
	ok(cs_agentmsg_keys(cs_buf_span(sig), count, &n, &e) == CS_EDEVICE,
	    "a signature for a list");
	for (n = 0; n < 1025; n++) {
		cs_ssh_put_u32(many, 0);
		cs_ssh_put_u32(many, 0);
	}
	n = 0;
	ok(cs_agentmsg_keys(cs_buf_span(many), count, &n, &e) == CS_EDEVICE &&
	    n == 0 && strstr(e.text, "1025") != NULL, "too many keys");
	cs_buf_free(&list);
	cs_buf_free(&none);
	cs_buf_free(&many);
	cs_buf_free(&sig);
}

static void
length(const char *head, size_t n, size_t want)
{
	size_t found = 1;
	cs_err e = {0};
	int r = cs_agentmsg_length(cs_span_of(head, n), &found, &e);

	ok(want == 0 ? r == CS_EDEVICE && found == 0 :
	    r == CS_OK && found == want, "a length of %zu", want);
}

static void
test_lengths(void)
{
	length("\0\0\0\1", 4, 1);
	length("\0\4\0\0", 4, CS_AGENT_MESSAGE_MAX);
	length("\0\4\0\1", 4, 0);
	length("\377\377\377\377", 4, 0);
	length("\0\0\0\0", 4, 0);
	length("\0\0\0", 3, 0);
	length("\0\0\0\1\0", 5, 0);
}

static void
test_requests(void)
{
	cs_buf *b = cs_buf_new(2048), *want;
	cs_sshsig ed = vector("keygen-ed25519"), rsa = vector("keygen-rsa3072");
	cs_span s;

	ok(cs_agentmsg_put_list(b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), cs_span_of("\0\0\0\1\13", 5)), "list");
	cs_buf_reset(b);
	want = vec_hex("00000044 0d 00000033 0000000b 7373682d65643235353139");
	ok(cs_agentmsg_put_sign(&ed.key, cs_span_str("data"), b, NULL) ==
	    CS_OK && cs_span_eq(cs_span_cut(cs_buf_span(b), 0, 24),
	    cs_buf_span(want)), "sign");
	s = cs_buf_span(b);
	ok(s.n == 4 + 0x44 && cs_span_eq(cs_span_cut(s, s.n - 12, 12),
	    cs_span_of("\0\0\0\4data\0\0\0\0", 12)), "without flags");
	cs_buf_free(&want);
	cs_buf_reset(b);
	ok(cs_agentmsg_put_sign(&rsa.key, cs_span_str("data"), b, NULL) ==
	    CS_OK, "sign with RSA");
	s = cs_buf_span(b);
	ok(cs_span_eq(cs_span_cut(s, s.n - 4, 4),
	    cs_span_of("\0\0\0\4", 4)), "with SHA-512");
	cs_buf_free(&b);
}

static void
uri(const char *text, int want, const char *socket, const char *key)
{
	cs_agent_uri u;
	cs_err e = {0};
	int r = cs_agent_uri_parse(text, &u, &e);

	ok(r == want && (r != CS_OK || ((socket == NULL ? u.socket.p == NULL :
	    cs_span_is(u.socket, socket)) && strcmp(u.key, key) == 0)), "%s",
	    text);
}

static void
test_uris(void)
{
	const uint8_t hash[32] = {0};
	char out[128];

	uri("ssh-agent:", CS_OK, NULL, "");
	uri("ssh-agent:alice@laptop", CS_OK, NULL, "alice@laptop");
	uri("ssh-agent:socket=/run/a", CS_OK, "/run/a", "");
	uri("ssh-agent:socket=/run/a;", CS_OK, "/run/a", "");
	uri("ssh-agent:socket=/run/a;my key; it is", CS_OK, "/run/a",
	    "my key; it is");
	uri("ssh-agent:sockets", CS_OK, NULL, "sockets");
	uri("ssh-agent:socket=run/a;k", CS_EUSAGE, NULL, NULL);
	uri("ssh-agent:socket=;k", CS_EUSAGE, NULL, NULL);
	uri("ssh-agent:socket=", CS_EUSAGE, NULL, NULL);
	uri("pkcs11:", CS_EUSAGE, NULL, NULL);
	cs_agent_uri_put(cs_span_str("/run/a"), hash, out, sizeof(out));
	uri(out, CS_OK, "/run/a",
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	cs_agent_uri_put(cs_span_str("/run/a"), hash, out, 40);
	ok(out[0] == '\0', "no room");
}

static void
pick(const cs_agent_keys *all, const char *text, const char *want,
    const char *says)
{
	const cs_agent_key *k = NULL;
	cs_agent_uri u;
	cs_err e = {0};
	int r;

	if ((r = cs_agent_uri_parse(text, &u, &e)) == CS_OK)
		r = cs_agent_keys_pick(all, &u, &k, &e);
	if (want != NULL)
		ok(r == CS_OK && cs_span_eq(k->blob, vector(want).key.blob),
		    "'%s' is %s", text, want);
	else
		ok(r == CS_EDEVICE && k == NULL &&
		    strstr(e.text, says) != NULL, "'%s': %s", text, e.text);
}

static void
test_picking(void)
{
	cs_buf *answer = some_keys();
	cs_agent_keys all;
	char text[128];

	ok(cs_agent_keys_read(&answer, &all, NULL) == CS_OK && all.n == 4 &&
	    answer == NULL, "four keys");
	ok(all.keys[3].flaw[0] != '\0' && all.keys[3].spki == NULL &&
	    all.keys[0].flaw[0] == '\0' && all.keys[0].spki != NULL,
	    "one of them with a flaw");
	cs_agent_uri_put((cs_span){0}, all.keys[2].ssh_hash, text,
	    sizeof(text));
	pick(&all, text, "edited-sk-ed25519", NULL);
	pick(&all, "ssh-agent:alice", "keygen-ed25519", NULL);
	pick(&all, "ssh-agent:laptop", NULL, "2 keys of the agent match lapt");
	pick(&all, "ssh-agent:", NULL, "3 keys of the agent match, nothing");
	pick(&all, "ssh-agent:lap", NULL, "no key lap; it has: 'ssh-agent:SH");
	pick(&all, "ssh-agent:laptop ", NULL, "has no key laptop ");
	text[sizeof("ssh-agent:SHA256:")] ^= 1;
	pick(&all, text, NULL, "the agent has no key SHA256:");
	cs_agent_keys_clear(&all);
}

/* Anybody who may add a key gives it the comment that he likes. */
static void
test_pretender(void)
{
	const size_t scheme = sizeof("ssh-agent:") - 1;
	cs_buf *one = begin(1), *both = begin(2);
	uint8_t hash[CS_SHA256_LEN];
	cs_agent_keys all;
	char text[128];

	ok(cs_sha256(vector("keygen-ed25519").key.blob, hash, NULL) == CS_OK,
	    "a fingerprint");
	cs_agent_uri_put((cs_span){0}, hash, text, sizeof(text));
	put_key(one, "keygen-p384", cs_span_str(text + scheme));
	ok(cs_agent_keys_read(&one, &all, NULL) == CS_OK,
	    "for the comment of another key");
	pick(&all, text, NULL, "the agent has no key SHA256:");
	cs_agent_keys_clear(&all);
	put_key(both, "keygen-p384", cs_span_str(text + scheme));
	put_key(both, "keygen-ed25519", cs_span_str("alice"));
	ok(cs_agent_keys_read(&both, &all, NULL) == CS_OK, "beside its own");
	pick(&all, text, "keygen-ed25519", NULL);
	cs_agent_keys_clear(&all);
}

static void
test_few(void)
{
	cs_buf *none = begin(0), *one = begin(1), *bad = begin(1);
	cs_buf *nul = begin(1);
	cs_agent_keys all;

	ok(cs_agent_keys_read(&none, &all, NULL) == CS_OK, "no key");
	pick(&all, "ssh-agent:", NULL, "no keys; ssh-add adds one");
	cs_agent_keys_clear(&all);
	put_key(one, "keygen-p384", cs_span_of("", 0));
	ok(cs_agent_keys_read(&one, &all, NULL) == CS_OK, "one key");
	pick(&all, "ssh-agent:", "keygen-p384", NULL);
	pick(&all, "ssh-agent:x", NULL, "no key x; it has: 'ssh-agent:SHA");
	cs_agent_keys_clear(&all);
	cs_ssh_put_string(bad, cs_span_str("\0\0\0\7ssh-dss"));
	cs_ssh_put_string(bad, cs_span_str("old"));
	ok(cs_agent_keys_read(&bad, &all, NULL) == CS_OK, "one bad key");
	pick(&all, "ssh-agent:", NULL, "no key of the agent can sign");
	pick(&all, "ssh-agent:old", NULL, "no key old of the agent can sign");
	pick(&all, "ssh-agent:new", NULL, "and none that signs approvals");
	cs_agent_keys_clear(&all);
	put_key(nul, "keygen-p384", cs_span_of("a\0b", 3));
	ok(cs_agent_keys_read(&nul, &all, NULL) == CS_OK, "a NUL within");
	pick(&all, "ssh-agent:a", NULL, "no key a;");
	cs_agent_keys_clear(&all);
}

/* As many as fit into the text of an error, and how many do not. */
static void
test_crowd(void)
{
	cs_buf *b = begin(14);
	cs_agent_keys all;
	size_t i, n = 0;

	for (i = 0; i < n_values && n < 14; i++)
		if (vec_is(&values[i], "keygen-") ||
		    vec_is(&values[i], "edited-")) {
			put_key(b, values[i].name, cs_span_str("one of many "
			    "keys, with a comment that is much too long"));
			n++;
		}
	ok(n == 14 && cs_agent_keys_read(&b, &all, NULL) == CS_OK, "a crowd");
	pick(&all, "ssh-agent:", NULL, " more");
	cs_agent_keys_clear(&all);
}

int
main(void)
{
	n_values = vec_load("sshsig", values);
	if (!ok(n_values != 0, "vectors"))
		return done_testing();
	test_answers();
	test_lengths();
	test_requests();
	test_uris();
	test_picking();
	test_pretender();
	test_few();
	test_crowd();
	vec_free(values, n_values);
	return done_testing();
}
