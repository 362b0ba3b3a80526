/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/tls.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tlsctx.h"

static const char where[] = "net/tls";

struct cs_tls {
	SSL_CTX *ctx;
};

int
cs_tls_fail(cs_err *e, int cls, const char *what)
{
	unsigned long n = ERR_peek_last_error();
	const char *reason = n != 0 ? ERR_reason_error_string(n) : NULL;

	ERR_clear_error();
	return cs_fail(e, cls, where, "%s: %s", what,
	    reason != NULL ? reason : "refused");
}

/* Never asks a person. */
static int
no_passphrase(char *buf, int n, int rw, void *arg)
{
	(void)buf;
	(void)n;
	(void)rw;
	(void)arg;
	return -1;
}

static BIO *
reader(cs_span s)
{
	return s.p != NULL && s.n <= INT_MAX ?
	    BIO_new_mem_buf(s.p, (int)s.n) : NULL;
}

/* Calls with each certificate of a bundle, at least one. */
static int
each_cert(cs_span pem, const char *what, int (*fn)(SSL_CTX *c, X509 *x,
    int i), SSL_CTX *c, cs_err *e)
{
	BIO *b = reader(pem);
	X509 *x = NULL;
	int i = 0, rc = CS_OK;

	if (b == NULL)
		return cs_fail(e, CS_EFORMAT, where, "%s: nothing to read",
		    what);
	while (rc == CS_OK && (x = PEM_read_bio_X509(b, NULL, no_passphrase,
	    NULL)) != NULL) {
		if (fn(c, x, i++) != 1)
			rc = cs_tls_fail(e, CS_EFORMAT, what);
		X509_free(x);
	}
	/* The end is where no further block begins. */
	if (rc == CS_OK && (i == 0 || ERR_GET_REASON(ERR_peek_last_error()) !=
	    PEM_R_NO_START_LINE))
		rc = cs_tls_fail(e, CS_EFORMAT, what);
	ERR_clear_error();
	BIO_free(b);
	return rc;
}

static int
add_chain(SSL_CTX *c, X509 *x, int i)
{
	return i == 0 ? SSL_CTX_use_certificate(c, x) :
	    (int)SSL_CTX_add1_chain_cert(c, x);
}

static int
add_trusted(SSL_CTX *c, X509 *x, int i)
{
	(void)i;
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(c), x);
}

static int
add_client_ca(SSL_CTX *c, X509 *x, int i)
{
	return add_trusted(c, x, i) == 1 ? SSL_CTX_add_client_CA(c, x) : 0;
}

/* The certificate before its key. */
static int
use_key(SSL_CTX *c, cs_span pem, cs_err *e)
{
	BIO *b = reader(pem);
	EVP_PKEY *k = NULL;
	int rc = CS_OK;

	if (b != NULL)
		k = PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL);
	if (k == NULL)
		rc = cs_tls_fail(e, CS_EFORMAT, "the TLS key");
	else if (SSL_CTX_use_PrivateKey(c, k) != 1 ||
	    SSL_CTX_check_private_key(c) != 1)
		rc = cs_tls_fail(e, CS_EFORMAT,
		    "the TLS key is not the certificate's");
	EVP_PKEY_free(k);
	BIO_free(b);
	return rc;
}

static int
check_time(SSL_CTX *c, int64_t now, cs_err *e)
{
	const X509 *x = SSL_CTX_get0_certificate(c);
	time_t t = (time_t)now;

	if (X509_cmp_time(X509_get0_notAfter(x), &t) <= 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "the TLS certificate has expired");
	return CS_OK;
}

void
cs_tls_init(void)
{
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

/* What every context of ours has. */
static bool
harden(SSL_CTX *c, bool tls12)
{
	static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

	SSL_CTX_set_security_level(c, 2);
	(void)SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	(void)SSL_CTX_clear_options(c, SSL_OP_LEGACY_SERVER_CONNECT |
	    SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(c, no_passphrase);
	return SSL_CTX_set_min_proto_version(c, tls12 ? TLS1_2_VERSION :
	    TLS1_3_VERSION) == 1 &&
	    SSL_CTX_set_max_proto_version(c, 0) == 1 &&
	    SSL_CTX_set_cipher_list(c, ciphers) == 1;
}

static SSL_CTX *
server_context(bool tls12)
{
	SSL_CTX *c = NULL;

	cs_tls_init();
	if ((c = SSL_CTX_new(TLS_server_method())) != NULL &&
	    !harden(c, tls12)) {
		SSL_CTX_free(c);
		return NULL;
	}
	return c;
}

/* A client's last word of the handshake has no answer, since there are no
 * tickets, and many hold their request back until it is acknowledged. */
static void
on_state(const SSL *s, int what, int ret)
{
	int one = 1;

	(void)ret;
	if ((what & SSL_CB_HANDSHAKE_DONE) != 0)
		(void)setsockopt(SSL_get_fd(s), IPPROTO_TCP, TCP_QUICKACK,
		    &one, sizeof(one));
}

static int
ask_clients(SSL_CTX *c, const cs_tls_env *env, cs_err *e)
{
	static const unsigned char session[] = "countersign";
	int mode = SSL_VERIFY_PEER;

	if (env->client == CS_TLS_CLIENT_NONE)
		return CS_OK;
	if (env->client == CS_TLS_CLIENT_MUST)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(c, mode, NULL);
	(void)SSL_CTX_set_session_id_context(c, session, sizeof(session) - 1);
	/* A bundle may hold an issuing CA alone. */
	(void)X509_STORE_set_flags(SSL_CTX_get_cert_store(c),
	    X509_V_FLAG_PARTIAL_CHAIN);
	return each_cert(env->client_ca, "the CAs of clients", add_client_ca,
	    c, e);
}

int
cs_tls_new(const cs_tls_env *env, int64_t now, cs_tls **out, cs_err *e)
{
	cs_tls *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (t == NULL)
		return cs_nomem(e, where);
	if ((t->ctx = server_context(env->tls12)) == NULL ||
	    SSL_CTX_set_num_tickets(t->ctx, 0) != 1) {
		rc = cs_tls_fail(e, CS_EBUG, "no TLS");
		goto out;
	}
	(void)SSL_CTX_set_options(t->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_info_callback(t->ctx, on_state);
	if ((rc = each_cert(env->chain, "the TLS certificate", add_chain,
	    t->ctx, e)) != CS_OK ||
	    (rc = use_key(t->ctx, env->key, e)) != CS_OK ||
	    (rc = check_time(t->ctx, now, e)) != CS_OK ||
	    (rc = ask_clients(t->ctx, env, e)) != CS_OK)
		goto out;
	*out = t;
	t = NULL; /* transferred */
out:
	cs_tls_free(&t);
	return rc;
}

void
cs_tls_free(cs_tls **t)
{
	if (t == NULL || *t == NULL)
		return;
	SSL_CTX_free((*t)->ctx);
	free(*t);
	*t = NULL;
}

SSL *
cs_tls_accept(cs_tls *t)
{
	SSL *s = SSL_new(t->ctx);

	if (s != NULL)
		SSL_set_accept_state(s);
	ERR_clear_error();
	return s;
}

int
cs_tls_peer_cert(SSL *s, cs_buf **out, cs_err *e)
{
	X509 *x = SSL_get0_peer_certificate(s);
	uint8_t *der = NULL;
	int n;

	*out = NULL;
	if (x == NULL)
		return CS_OK;
	if (SSL_get_verify_result(s) != X509_V_OK)
		return cs_fail(e, CS_EREFUSED, where,
		    "a certificate that was not checked");
	if ((n = i2d_X509(x, &der)) <= 0)
		return cs_tls_fail(e, CS_EBUG, "the client's certificate");
	*out = cs_buf_dup(cs_span_of(der, (size_t)n));
	OPENSSL_free(der);
	return *out != NULL ? CS_OK : cs_nomem(e, where);
}

void
cs_tls_bye(SSL *s)
{
	if (SSL_is_init_finished(s))
		(void)SSL_shutdown(s);
	ERR_clear_error();
}

static int
trust(SSL_CTX *c, cs_span ca, cs_err *e)
{
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	if (ca.p != NULL) {
		(void)X509_STORE_set_flags(SSL_CTX_get_cert_store(c),
		    X509_V_FLAG_PARTIAL_CHAIN);
		return each_cert(ca, "the CAs of the server", add_trusted, c,
		    e);
	}
	/* Where they are by default, not where the environment says. */
	(void)SSL_CTX_load_verify_file(c, X509_get_default_cert_file());
	(void)SSL_CTX_load_verify_dir(c, X509_get_default_cert_dir());
	ERR_clear_error();
	return CS_OK;
}

static int
expect_host(SSL_CTX *c, const char *host, cs_err *e)
{
	X509_VERIFY_PARAM *p = SSL_CTX_get0_param(c);

	X509_VERIFY_PARAM_set_hostflags(p,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1)
		return CS_OK;
	ERR_clear_error();
	if (X509_VERIFY_PARAM_set1_host(p, host, 0) != 1)
		return cs_tls_fail(e, CS_EUSAGE, "the server's name");
	return CS_OK;
}

static void
on_alert(const SSL *s, int what, int alert)
{
	bool *bye = SSL_CTX_get_app_data(SSL_get_SSL_CTX(s));

	if ((what & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT &&
	    (alert & 0xff) == SSL_AD_CLOSE_NOTIFY)
		*bye = true;
}

int
cs_tls_client(SSL_CTX *c, const cs_tls_ask *ask, cs_err *e)
{
	int rc;

	if (!harden(c, true))
		return cs_tls_fail(e, CS_EBUG, "no TLS");
	if (SSL_CTX_set_app_data(c, ask->bye) != 1)
		return cs_tls_fail(e, CS_EBUG, "no TLS");
	SSL_CTX_set_info_callback(c, on_alert);
	/* libcurl would write them where SSLKEYLOGFILE says. */
	SSL_CTX_set_keylog_callback(c, NULL);
	if ((rc = trust(c, ask->ca, e)) != CS_OK)
		return rc;
	if (ask->cert.p != NULL && ((rc = each_cert(ask->cert,
	    "the client's certificate", add_chain, c, e)) != CS_OK ||
	    (rc = use_key(c, ask->key, e)) != CS_OK))
		return rc;
	return expect_host(c, ask->host, e);
}

int
cs_tls_refused(long verify_result, const char *host, cs_err *e)
{
	return cs_fail(e, CS_EREFUSED, where,
	    "the server's certificate is not good for %s: %s", host,
	    X509_verify_cert_error_string(verify_result));
}
