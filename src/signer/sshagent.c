/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "crypt/ossl.h"
#include "crypt/sshverify.h"
#include "signer/agent.h"
#include "signer/agentkeys.h"
#include "signer/agentmsg.h"
#include "signer/signer.h"
#include "signer/tbskey.h"

/* The module of "ssh-agent:" owner keys: countersign-formats(5), section 5,
 * carrier sshsig. */

#define SPKI_MAX 1024
#define REQUEST_MAX (CS_SSHKEY_MAX + 512)
#define ASK_MS 10000   /* for what an agent does by itself */
#define SIGN_MS 120000 /* for what a person may have to do, when nobody says */
#define SILENCE_MS 1000 /* until the person is told that we wait */

static const char where[] = "signer/ssh-agent";

struct owner_key {
	char *socket;
	cs_buf *blob, *spki;
	cs_sshkey ssh; /* borrows from blob */
	cs_spki pub;   /* borrows from spki */
	uint8_t hash[CS_SHA256_LEN];
	char what[128];
	const cs_ui *ui;
	bool verify;
	int64_t deadline_ms;
};

static int64_t
until(int64_t deadline_ms, int64_t ms)
{
	int64_t at = cs_time_mono_ms() + ms;

	return deadline_ms != 0 && deadline_ms < at ? deadline_ms : at;
}

/* Gives the path, for free(). */
static int
find_socket(const cs_agent_uri *u, const cs_signer_env *env, char **out,
    cs_err *e)
{
	*out = NULL;
	if (u->socket.p == NULL && env->agent_socket == NULL)
		return cs_fail(e, CS_EDEVICE, where,
		    "no agent: SSH_AUTH_SOCK is not set; start ssh-agent, or "
		    "name its socket, ssh-agent:socket=PATH;KEY");
	*out = u->socket.p == NULL ? strdup(env->agent_socket) :
	    strndup((const char *)u->socket.p, u->socket.n);
	return *out == NULL ? cs_nomem(e, where) : CS_OK;
}

/* One question and its answer, on a connection of its own. */
static int
ask_keys(const char *path, int64_t deadline_ms, cs_agent_keys *out, cs_err *e)
{
	cs_buf *ask = cs_buf_new(16), *answer = NULL;
	cs_agent *a = NULL;
	int64_t at = until(deadline_ms, ASK_MS);
	int r;

	if (ask == NULL)
		return cs_nomem(e, where);
	if ((r = cs_agentmsg_put_list(ask, e)) == CS_OK &&
	    (r = cs_agent_open(path, at, &a, e)) == CS_OK &&
	    (r = cs_agent_send(a, cs_buf_span(ask), at, e)) == CS_OK &&
	    (r = cs_agent_receive(a, at, &answer, e)) == CS_OK)
		r = cs_agent_keys_read(&answer, out, e);
	if (r == CS_EREFUSED) /* nobody was asked: a word of the agent's own */
		r = cs_fail(e, CS_EDEVICE, where,
		    "the agent at %s refuses to list its keys", path);
	cs_agent_close(&a);
	cs_buf_free(&answer);
	cs_buf_free(&ask);
	return r;
}

static void
name_key(const cs_agent_key *k, char *out, size_t n)
{
	char found[52];
	cs_span c = k->comment;

	cs_fingerprint(k->ssh_hash, found);
	if (c.n == 0)
		(void)snprintf(out, n, "key %s of ssh-agent", found);
	else
		(void)snprintf(out, n, "key \"%.*s\" of ssh-agent",
		    c.n > 60 ? 60 : (int)c.n, (const char *)c.p);
}

static void
describe(const cs_agent_key *k, cs_span socket, cs_signer_info *out)
{
	cs_agent_uri_put(socket, k->ssh_hash, out->uri, sizeof(out->uri));
	name_key(k, out->where, sizeof(out->where));
	memcpy(out->key, k->name, sizeof(out->key));
	out->is_software = !k->ssh.is_sk; /* as far as an agent tells */
}

static void
agent_close(void *h)
{
	struct owner_key *k = h;

	if (k == NULL)
		return;
	free(k->socket);
	cs_buf_free(&k->blob);
	cs_buf_free(&k->spki);
	free(k);
}

static int
adopt(struct owner_key *o, const cs_agent_key *k, cs_err *e)
{
	int r;

	if ((o->blob = cs_buf_dup(k->blob)) == NULL ||
	    (o->spki = cs_buf_dup(cs_buf_span(k->spki))) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_sshkey_parse(cs_buf_span(o->blob), &o->ssh, e)) != CS_OK ||
	    (r = cs_spki_parse(cs_buf_span(o->spki), &o->pub, e)) != CS_OK ||
	    (r = cs_key_hash(&o->pub, o->hash, e)) != CS_OK)
		return r;
	name_key(k, o->what, sizeof(o->what));
	if (o->verify && !o->ssh.is_sk)
		return cs_fail(e, CS_EUSAGE, where, "%s (%s) proves nothing "
		    "about who uses it; only a security key does", o->what,
		    o->ssh.type);
	return CS_OK;
}

static int
choose(struct owner_key *o, const cs_agent_uri *u, cs_signer_info *info,
    cs_err *e)
{
	const cs_agent_key *k = NULL;
	cs_agent_keys all = {0};
	int r;

	if ((r = ask_keys(o->socket, o->deadline_ms, &all, e)) != CS_OK)
		return r;
	if ((r = cs_agent_keys_pick(&all, u, &k, e)) == CS_OK &&
	    (r = adopt(o, k, e)) == CS_OK)
		describe(k, u->socket, info);
	cs_agent_keys_clear(&all);
	return r;
}

static int
agent_open(const char *uri, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	struct owner_key *o = NULL;
	cs_agent_uri u;
	int r;

	*h = NULL;
	if (env->pss)
		return cs_fail(e, CS_EUSAGE, where,
		    "an agent signs with RSA as rsa-sha2-512, never RSASSA-PSS");
	if ((r = cs_ossl_start(e)) != CS_OK ||
	    (r = cs_agent_uri_parse(uri, &u, e)) != CS_OK)
		return r;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return cs_nomem(e, where);
	o->ui = env->ui;
	o->verify = env->verify;
	o->deadline_ms = env->deadline_ms;
	if ((r = find_socket(&u, env, &o->socket, e)) == CS_OK &&
	    (r = choose(o, &u, info, e)) == CS_OK) {
		*h = o;
		o = NULL; /* transferred */
	}
	agent_close(o);
	return r;
}

static int
agent_spki(void *h, cs_buf *out, cs_err *e)
{
	const struct owner_key *o = h;

	if (cs_buf_put(out, cs_buf_span(o->spki)) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static int
agent_sshkey(void *h, cs_buf *out, cs_err *e)
{
	const struct owner_key *o = h;

	if (cs_buf_put(out, o->ssh.blob) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static int
check_what(const struct owner_key *o, const cs_to_sign *what, cs_err *e)
{
	if (what->certs.p != NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "an OpenSSH signature carries no certificates");
	return cs_tbs_key_check(what->tbs, o->hash, !o->ssh.is_sk, e);
}

static int
put_request(const struct owner_key *o, cs_span tbs, cs_buf *out, cs_err *e)
{
	cs_buf *bytes = cs_buf_new(512);
	int r;

	if (bytes == NULL)
		return cs_nomem(e, where);
	if ((r = cs_sshsig_to_sign(true, tbs, bytes, e)) == CS_OK)
		r = cs_agentmsg_put_sign(&o->ssh, cs_buf_span(bytes), out, e);
	cs_buf_free(&bytes);
	return r;
}

static void
notice(const struct owner_key *o, const char *text)
{
	if (o->ui->notice != NULL)
		o->ui->notice(o->ui->arg, text);
}

/* An agent may ask its owner first (ssh-add -c), where we cannot see it. */
static int
await_agent(const struct owner_key *o, cs_agent *a, cs_err *e)
{
	struct pollfd p = {.fd = cs_agent_fd(a), .events = POLLIN};
	const struct cs_touch_ask ask = {.what = o->what};

	if (o->ssh.is_sk)
		return o->ui->touch(o->ui->arg, &ask, cs_agent_fd(a), e);
	if (poll(&p, 1, SILENCE_MS) == 0)
		notice(o, "waiting for the agent; it may be asking somewhere "
		    "whether to sign");
	return CS_OK;
}

static int
ask_signature(const struct owner_key *o, cs_span request, cs_buf **answer,
    cs_err *e)
{
	int64_t at = until(o->deadline_ms, ASK_MS);
	cs_agent *a = NULL;
	int r;

	if (o->ssh.is_sk && o->ui->touch == NULL)
		return cs_fail(e, CS_ENEEDED, where,
		    "%s wants to be touched, and nobody is here", o->what);
	if ((r = cs_agent_open(o->socket, at, &a, e)) == CS_OK &&
	    (r = cs_agent_send(a, request, at, e)) == CS_OK &&
	    (r = await_agent(o, a, e)) == CS_OK)
		r = cs_agent_receive(a, until(o->deadline_ms, SIGN_MS),
		    answer, e);
	cs_agent_close(&a);
	return r;
}

/* An agent tells no reasons. */
static int
fail_refused(const struct owner_key *o, cs_err *e)
{
	if (o->ssh.is_sk)
		return cs_fail(e, CS_EDEVICE, where, "the agent did not sign "
		    "with %s: it is not plugged in, was not touched in time, "
		    "or wants a PIN that the agent cannot ask for", o->what);
	return cs_fail(e, CS_EREFUSED, where, "the agent did not sign with "
	    "%s: somebody declined, or the agent was locked or has the key no "
	    "more", o->what);
}

static int
get_signature(const struct owner_key *o, cs_span tbs, cs_buf **answer,
    cs_span *sig, cs_err *e)
{
	cs_buf *request = cs_buf_new(REQUEST_MAX);
	int r;

	if (request == NULL)
		return cs_nomem(e, where);
	if ((r = put_request(o, tbs, request, e)) == CS_OK &&
	    (r = ask_signature(o, cs_buf_span(request), answer, e)) == CS_OK &&
	    (r = cs_agentmsg_signature(cs_buf_span(*answer), sig, e)) ==
	    CS_EREFUSED)
		r = fail_refused(o, e);
	cs_buf_free(&request);
	return r;
}

/* A fault can give the key away with the wrong signature, and an agent can lie:
 * nothing leaves unchecked. */
static int
check_signature(const struct owner_key *o, cs_span blob, cs_span tbs,
    cs_sshsig *s, cs_err *e)
{
	cs_pubkey *k = NULL;
	cs_err why = {0};
	int r;

	if (cs_sshsig_parse(blob, s, &why) != CS_OK)
		return cs_fail(e, CS_EDEVICE, where, "the agent's signature "
		    "was discarded: %s", why.text);
	if ((r = cs_pubkey_new(&o->pub, &k, e)) != CS_OK)
		return r;
	r = cs_sshsig_verify(k, s, tbs, e);
	cs_pubkey_free(&k);
	if (r != CS_EREFUSED)
		return r;
	return cs_fail(e, CS_EDEVICE, where,
	    "the agent gave a signature that the public key does not verify; "
	    "it was discarded");
}

/* What a verifier will see, told while the owner is still here. */
static void
tell_flags(const struct owner_key *o, const cs_sshsig *s)
{
	if (!s->key.is_sk)
		return;
	if (!s->present)
		notice(o, "the signature proves no touch: the key was made "
		    "with no-touch-required, and verifiers that want one will "
		    "refuse the approval");
	if (o->verify && !s->verified)
		notice(o, "the signature proves neither PIN nor fingerprint: "
		    "the key was made without verify-required");
}

static int
put_approval(const struct owner_key *o, cs_span tbs, cs_span sig, cs_buf *out,
    cs_err *e)
{
	cs_buf *blob = cs_buf_new(CS_SSHSIG_MAX), *value = NULL;
	cs_sshsig s;
	int r;

	if (blob == NULL || (value = cs_buf_new(tbs.n + CS_SSHSIG_MAX + 64)) ==
	    NULL) {
		r = cs_nomem(e, where);
		goto out;
	}
	if (sig.n > CS_SSHSIG_MAX / 2)
		r = cs_fail(e, CS_EDEVICE, where,
		    "the agent gave a signature of %zu octets", sig.n);
	else if ((r = cs_sshsig_put(o->ssh.blob, true, sig, blob, e)) ==
	    CS_OK &&
	    (r = check_signature(o, cs_buf_span(blob), tbs, &s, e)) == CS_OK &&
	    (r = cs_sshsig_put_value(tbs, cs_buf_span(blob), value, e)) ==
	    CS_OK &&
	    (r = cs_approval_put_sshsig(cs_buf_span(value), out, e)) == CS_OK)
		tell_flags(o, &s);
out:
	cs_buf_free(&value);
	cs_buf_free(&blob);
	return r;
}

static int
agent_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	const struct owner_key *o = h;
	cs_buf *answer = NULL;
	cs_span sig = {0};
	int r;

	if ((r = check_what(o, what, e)) == CS_OK &&
	    (r = get_signature(o, what->tbs, &answer, &sig, e)) == CS_OK)
		r = put_approval(o, what->tbs, sig, out, e);
	cs_buf_free(&answer);
	return r;
}

typedef int each_key(void *arg, const cs_agent_key *k, cs_span socket,
    cs_err *e);

static int
for_each_key(const char *uri, const cs_signer_env *env, each_key *each,
    void *arg, cs_err *e)
{
	cs_agent_keys all = {0};
	char *path = NULL;
	cs_agent_uri u;
	size_t i;
	int r;

	if ((r = cs_ossl_start(e)) != CS_OK ||
	    (r = cs_agent_uri_parse(uri, &u, e)) != CS_OK ||
	    (r = find_socket(&u, env, &path, e)) != CS_OK)
		return r;
	r = ask_keys(path, env->deadline_ms, &all, e);
	for (i = 0; r == CS_OK && i < all.n; i++)
		if (cs_agent_key_matches(&all.keys[i], u.key))
			r = each(arg, &all.keys[i], u.socket, e);
	cs_agent_keys_clear(&all);
	free(path);
	return r;
}

struct list_arg {
	int (*each)(void *arg, const cs_signer_info *info, cs_err *e);
	void *arg;
};

static int
list_one(void *arg, const cs_agent_key *k, cs_span socket, cs_err *e)
{
	const struct list_arg *a = arg;
	cs_signer_info info = {0};

	if (k->flaw[0] != '\0')
		return CS_OK;
	describe(k, socket, &info);
	return a->each(a->arg, &info, e);
}

static int
agent_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e)
{
	struct list_arg a = {each, arg};

	return for_each_key(uri, env, list_one, &a, e);
}

static void
copy_text(cs_span s, char *out, size_t n)
{
	(void)snprintf(out, n, "%.*s", s.n >= n ? (int)n - 1 : (int)s.n,
	    s.n == 0 ? "" : (const char *)s.p);
}

static int
look_one(void *arg, const cs_agent_key *k, cs_span socket, cs_err *e)
{
	const cs_signer_survey *s = arg;
	cs_signer_entry x = {0};
	int r;

	describe(k, socket, &x.info);
	copy_text(k->comment, x.label, sizeof(x.label));
	memcpy(x.ssh_hash, k->ssh_hash, sizeof(x.ssh_hash));
	memcpy(x.flaw, k->flaw, sizeof(x.flaw));
	if (k->flaw[0] == '\0') {
		if ((r = cs_sha256(cs_buf_span(k->spki), x.hash, e)) != CS_OK)
			return r;
		x.has_hash = true;
		copy_text(cs_span_str(k->ssh.type), x.ssh_type,
		    sizeof(x.ssh_type));
		copy_text(k->ssh.application, x.rp_id, sizeof(x.rp_id));
	}
	if (k->ssh.is_sk)
		x.touch = x.verification = CS_PROVES_MADE;
	return s->each(s->arg, &x, e);
}

static int
agent_look(const cs_signer_survey *s, const cs_signer_env *env, cs_err *e)
{
	if (s->module != NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "a PKCS#11 module knows no keys of an agent");
	return for_each_key(s->uri, env, look_one, (void *)(uintptr_t)s, e);
}

extern const struct cs_signer_ops countersign_signer;
const struct cs_signer_ops countersign_signer = {
	.abi = CS_SIGNER_ABI,
	.scheme = "ssh-agent",
	.open = agent_open,
	.spki = agent_spki,
	.sign = agent_sign,
	.list = agent_list,
	.look = agent_look,
	.sshkey = agent_sshkey,
	.close = agent_close,
};
