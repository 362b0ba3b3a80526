/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/enc.h"
#include "base/file.h"
#include "crypt/x509.h"
#include "server/hook.h"

/* Who is at the other end of a call: the CA's certificate, as TLS has checked
 * it, its name in there, and its secret. */

static const char where[] = "server/hook";

#define SECRET_FILE_MAX 1024
#define SECRET_MIN 16

struct who {
	const cs_conf_webhook *conf;
	cs_buf *secret; /* NULL: none */
};

struct cs_hook_gate {
	const cs_server_conf *conf;
	struct who who[CS_CONF_WEBHOOKS_MAX];
};

/* Base64, as `step ca provisioner webhook add` prints it, on one line. */
static int
read_secret(const char *path, cs_buf **out, cs_err *e)
{
	cs_buf *text = NULL, *secret = NULL;
	struct stat st;
	cs_span s;
	int rc;

	*out = NULL;
	if (stat(path, &st) != 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", path,
		    strerror(errno));
	if ((st.st_mode & 077) != 0)
		return cs_fail(e, CS_EREFUSED, where, "%s: mode %04o: expected "
		    "0600, so that nobody else reads it", path,
		    (unsigned)st.st_mode & 07777);
	if ((rc = cs_file_read_secret(path, SECRET_FILE_MAX, &text, e)) !=
	    CS_OK)
		return rc;
	s = cs_buf_span(text);
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s = cs_span_cut(s, 0, s.n - 1);
	secret = cs_secret_new(SECRET_FILE_MAX);
	if (secret == NULL)
		rc = cs_nomem(e, where);
	else if (cs_base64_get(secret, s, false, NULL) != CS_OK ||
	    cs_buf_len(secret) < SECRET_MIN)
		rc = cs_fail(e, CS_EFORMAT, where, "%s: expected %d octets or "
		    "more in base64, on one line", path, SECRET_MIN);
	if (rc == CS_OK) {
		*out = secret;
		secret = NULL; /* transferred */
	}
	cs_buf_free(&secret);
	cs_buf_free(&text);
	return rc;
}

int
cs_hook_gate_new(const cs_server_conf *conf, cs_hook_gate **out, cs_err *e)
{
	cs_hook_gate *g = calloc(1, sizeof(*g));
	const char *path;
	size_t i;
	int rc = CS_OK;

	*out = NULL;
	if (g == NULL)
		return cs_nomem(e, where);
	g->conf = conf;
	for (i = 0; rc == CS_OK && i < conf->n_webhook; i++) {
		g->who[i].conf = &conf->webhook[i];
		path = conf->webhook[i].secret_file;
		if (path != NULL &&
		    (rc = read_secret(path, &g->who[i].secret, e)) != CS_OK)
			rc = cs_server_conf_blame(conf, "webhook", i,
			    "secret-file", e);
	}
	if (rc == CS_OK) {
		*out = g;
		g = NULL; /* transferred */
	}
	cs_hook_gate_free(&g);
	return rc;
}

void
cs_hook_gate_free(cs_hook_gate **gp)
{
	size_t i;

	if (gp == NULL || *gp == NULL)
		return;
	for (i = 0; i < CS_CONF_WEBHOOKS_MAX; i++)
		cs_buf_free(&(*gp)->who[i].secret);
	free(*gp);
	*gp = NULL;
}

/* Lowercase, as Go writes it. */
static int
check_signature(const struct who *w, const cs_hook_caller *c, cs_err *e)
{
	uint8_t mac[CS_SHA256_LEN];
	cs_buf *hex = cs_secret_new(2 * sizeof(mac));
	int rc;

	if (hex == NULL)
		return cs_nomem(e, where);
	rc = cs_hmac_sha256(cs_buf_span(w->secret), c->body, mac, e);
	if (rc == CS_OK && cs_hex_put(hex, cs_span_of(mac, sizeof(mac))) !=
	    CS_OK)
		rc = cs_nomem(e, where);
	if (rc == CS_OK && (c->signature.p == NULL ||
	    !cs_secret_eq(cs_buf_span(hex), c->signature)))
		rc = cs_fail(e, CS_EAUTH, where, "webhook %s: its signature "
		    "is %s", w->conf->id, c->signature.p == NULL ? "missing" :
		    "not that of its secret, or step-ca is older than 0.25");
	cs_buf_free(&hex);
	return rc;
}

static int
check_name(const struct who *w, const cs_hook_caller *c, cs_err *e)
{
	bool is = false;
	int rc;

	if ((rc = cs_cert_named(c->client_cert, w->conf->client_name, &is,
	    e)) != CS_OK)
		return rc;
	return is ? CS_OK : cs_fail(e, CS_EAUTH, where, "webhook %s: the "
	    "client's certificate is not for %s", w->conf->id,
	    w->conf->client_name);
}

int
cs_hook_gate_pass(const cs_hook_gate *g, const cs_hook_caller *c, cs_err *e)
{
	const struct who *w = NULL;
	size_t i;
	int rc;

	/* Sockets without TLS are none of ours. */
	if (c->client_cert.p == NULL)
		return cs_fail(e, CS_EAUTH, where, "no client certificate");
	for (i = 0; i < g->conf->n_webhook; i++)
		if (cs_span_is(c->id, g->who[i].conf->id) &&
		    g->who[i].conf->kind == c->kind)
			w = &g->who[i];
	if (w == NULL)
		return cs_fail(e, CS_EAUTH, where, "there is no webhook of "
		    "this kind with the id %.*s", (int)(c->id.n > 128 ? 128 :
		    c->id.n), c->id.p == NULL ? "" : (const char *)c->id.p);
	if (w->conf->client_name != NULL &&
	    (rc = check_name(w, c, e)) != CS_OK)
		return rc;
	return w->secret == NULL ? CS_OK : check_signature(w, c, e);
}

enum cs_conf_hook
cs_hook_kind(cs_span path)
{
	if (cs_span_is(path, "/webhook/enrich"))
		return CS_HOOK_ENRICHING;
	return cs_span_is(path, "/webhook/authorize") ? CS_HOOK_AUTHORIZING :
	    CS_HOOK_NONE;
}
