/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/agentkeys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/pubkey.h"
#include "signer/agentmsg.h"

#define SPKI_MAX 1024
#define SHOWN_MAX 8
#define COMMENT_SHOWN 60
#define SCHEME "ssh-agent:"
#define SOCKET "socket="
#define FINGERPRINT "SHA256:"

static const char where[] = "signer/agentkeys";

int
cs_agent_uri_parse(const char *uri, cs_agent_uri *out, cs_err *e)
{
	const char *rest = uri + sizeof(SCHEME) - 1, *end;

	memset(out, 0, sizeof(*out));
	if (strncmp(uri, SCHEME, sizeof(SCHEME) - 1) != 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "expected " SCHEME ", found %s", uri);
	out->key = rest;
	if (strncmp(rest, SOCKET, sizeof(SOCKET) - 1) != 0)
		return CS_OK;
	rest += sizeof(SOCKET) - 1;
	if ((end = strchr(rest, ';')) == NULL)
		end = rest + strlen(rest);
	if (rest[0] != '/')
		return cs_fail(e, CS_EUSAGE, where,
		    "expected an absolute path behind " SOCKET ", found %.*s",
		    (int)(end - rest), rest);
	out->socket = cs_span_of(rest, (size_t)(end - rest));
	out->key = end[0] == ';' ? end + 1 : end;
	return CS_OK;
}

void
cs_agent_uri_put(cs_span socket, const uint8_t hash[CS_SHA256_LEN], char *out,
    size_t n)
{
	char found[52];
	int len;

	cs_fingerprint(hash, found);
	if (socket.p == NULL)
		len = snprintf(out, n, SCHEME "%s", found);
	else
		len = snprintf(out, n, SCHEME SOCKET "%.*s;%s", (int)socket.n,
		    (const char *)socket.p, found);
	if (len < 0 || (size_t)len >= n)
		out[0] = '\0';
}

/* All that is known without its private half. */
static int
judge(cs_agent_key *k, cs_err *e)
{
	cs_pubkey *pub = NULL;
	cs_spki spki;
	int r;

	if ((r = cs_sshkey_parse(k->blob, &k->ssh, e)) != CS_OK ||
	    (r = cs_sshkey_spki(&k->ssh, k->spki, e)) != CS_OK ||
	    (r = cs_spki_parse(cs_buf_span(k->spki), &spki, e)) != CS_OK)
		return r;
	cs_spki_name(&spki, k->name);
	r = cs_pubkey_new(&spki, &pub, e);
	cs_pubkey_free(&pub);
	return r;
}

static int
add(void *arg, cs_span blob, cs_span comment, cs_err *e)
{
	cs_agent_keys *all = arg;
	cs_agent_key *k = &all->keys[all->n];
	cs_err why = {0};
	size_t i;
	int r;

	for (i = 0; i < all->n; i++)
		if (cs_span_eq(all->keys[i].blob, blob))
			return CS_OK;
	k->blob = blob;
	k->comment = comment;
	if ((k->spki = cs_buf_new(SPKI_MAX)) == NULL)
		return cs_nomem(e, where);
	all->n++;
	if ((r = cs_sha256(blob, k->ssh_hash, e)) != CS_OK)
		return r;
	if ((r = judge(k, &why)) == CS_EBUG)
		return cs_fail(e, r, where, "%s", why.text);
	if (r != CS_OK) {
		(void)snprintf(k->flaw, sizeof(k->flaw), "%.255s", why.text);
		cs_buf_free(&k->spki);
	}
	return CS_OK;
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

int
cs_agent_keys_read(cs_buf **answer, cs_agent_keys *out, cs_err *e)
{
	size_t n = 0;
	cs_span in;
	int r;

	memset(out, 0, sizeof(*out));
	out->answer = *answer;
	*answer = NULL; /* transferred */
	in = cs_buf_span(out->answer);
	r = cs_agentmsg_keys(in, count, &n, e);
	if (r == CS_OK && n > 0) {
		if ((out->keys = calloc(n, sizeof(*out->keys))) == NULL)
			r = cs_nomem(e, where);
		else
			r = cs_agentmsg_keys(in, add, out, e);
	}
	if (r != CS_OK)
		cs_agent_keys_clear(out);
	return r;
}

void
cs_agent_keys_clear(cs_agent_keys *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		cs_buf_free(&k->keys[i].spki);
	free(k->keys);
	cs_buf_free(&k->answer);
	memset(k, 0, sizeof(*k));
}

/* A comment is anybody's word who may add a key: none is taken for a
 * fingerprint. */
bool
cs_agent_key_matches(const cs_agent_key *k, const char *named)
{
	char found[52];

	if (named[0] == '\0')
		return true;
	if (strncmp(named, FINGERPRINT, sizeof(FINGERPRINT) - 1) != 0)
		return cs_span_is(k->comment, named);
	cs_fingerprint(k->ssh_hash, found);
	return strcmp(named, found) == 0;
}

/* Adds one, if room is left for " and N more" behind it. */
static bool
put_candidate(cs_buf *text, cs_span socket, const cs_agent_key *k)
{
	const size_t n = k->comment.n;
	char uri[512];

	cs_agent_uri_put(socket, k->ssh_hash, uri, sizeof(uri));
	if (uri[0] == '\0' || strlen(uri) + COMMENT_SHOWN + 80 >
	    cs_buf_room(text))
		return false;
	return cs_buf_printf(text, " '%s' (%s%s%.*s)", uri, k->name,
	    n == 0 ? "" : ", ", n > COMMENT_SHOWN ? COMMENT_SHOWN : (int)n,
	    n == 0 ? "" : (const char *)k->comment.p) == CS_OK;
}

/* With all usable keys, or those alone that match. */
static int
fail_listing(const cs_agent_keys *all, const cs_agent_uri *u, bool matching,
    const char *head, cs_err *e)
{
	cs_buf *text = cs_buf_new(sizeof(e->text) - 1);
	size_t i, shown = 0, n = 0;
	int r;

	if (text == NULL)
		return cs_nomem(e, where);
	r = cs_buf_put_str(text, head);
	for (i = 0; r == CS_OK && i < all->n; i++) {
		if (all->keys[i].flaw[0] != '\0' || (matching &&
		    !cs_agent_key_matches(&all->keys[i], u->key)))
			continue;
		n++;
		if (shown < SHOWN_MAX)
			shown += put_candidate(text, u->socket, &all->keys[i]);
	}
	if (r == CS_OK && shown < n)
		r = cs_buf_printf(text, " and %zu more", n - shown);
	r = cs_fail(e, CS_EDEVICE, where, "%s", r == CS_OK ?
	    cs_buf_cstr(text) : "several keys match");
	cs_buf_free(&text);
	return r;
}

static int
fail_none(const cs_agent_keys *all, const cs_agent_uri *u,
    const cs_agent_key *flawed, size_t n_usable, cs_err *e)
{
	char head[400];

	if (all->n == 0)
		return cs_fail(e, CS_EDEVICE, where,
		    "the agent has no keys; ssh-add adds one, or ssh-add -X "
		    "unlocks the agent if it is locked");
	if (flawed != NULL)
		return cs_fail(e, CS_EDEVICE, where, "%s%s of the agent can "
		    "sign approvals: %s", u->key[0] == '\0' ? "no key" :
		    "no key ", u->key, flawed->flaw);
	(void)snprintf(head, sizeof(head), "the agent has no key %.200s%s",
	    u->key, n_usable == 0 ? ", and none that signs approvals" :
	    "; it has:");
	return fail_listing(all, u, false, head, e);
}

int
cs_agent_keys_pick(const cs_agent_keys *all, const cs_agent_uri *u,
    const cs_agent_key **out, cs_err *e)
{
	const cs_agent_key *found = NULL, *flawed = NULL, *k;
	size_t i, n = 0, n_usable = 0;
	char head[400];

	*out = NULL;
	for (i = 0; i < all->n; i++) {
		k = &all->keys[i];
		n_usable += k->flaw[0] == '\0';
		if (!cs_agent_key_matches(k, u->key))
			continue;
		if (k->flaw[0] != '\0') {
			flawed = k;
			continue;
		}
		found = k;
		n++;
	}
	if (n == 0)
		return fail_none(all, u, flawed, n_usable, e);
	if (n > 1) {
		(void)snprintf(head, sizeof(head), "%zu keys of the agent "
		    "match%s%.200s, nothing was signed. Pick one:", n,
		    u->key[0] == '\0' ? "" : " ", u->key);
		return fail_listing(all, u, true, head, e);
	}
	*out = found;
	return CS_OK;
}
