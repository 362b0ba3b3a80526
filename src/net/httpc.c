/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpc.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "net/tlsctx.h"

static const char where[] = "net/httpc";

#define ANSWER_MAX (1024 * (size_t)1024)
#define HEAD_MAX 16384 /* octets of all header lines, trailers too */
#define TIMEOUT_MS 30000
#define RETRY_MAX 999999999

/* One call, and what its callbacks know of it. */
struct asking {
	const cs_httpc_call *c;
	CURL *h;
	CURLU *url;
	char *host;              /* an address without its brackets */
	struct curl_slist *fields;
	size_t max, head;
	bool has_head;           /* of the answer, to its empty line */
	bool bye;                /* TLS has said that nothing follows */
	cs_buf *body;
	cs_err why;              /* a callback gave up, cls is set */
	char said[CURL_ERROR_SIZE];
};

static bool
is_clean(const char *s)
{
	for (; s != NULL && *s != '\0'; s++) {
		if (*s < 0x20 || *s > 0x7e)
			return false;
	}
	return true;
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct asking *a = arg;

	a->head += size * n;
	/* libcurl takes a header that ends with the connection. */
	if (size * n >= 5 && strncmp(p, "HTTP/", 5) == 0)
		a->has_head = false;
	else if (size * n > 0 && (p[0] == '\r' || p[0] == '\n'))
		a->has_head = true;
	if (a->head <= HEAD_MAX)
		return size * n;
	(void)cs_fail(&a->why, CS_EFORMAT, where,
	    "the header of the server's answer is too long");
	return 0;
}

/* Nothing was asked for that would have to be unpacked. */
static bool
is_packed(CURL *h)
{
	struct curl_header *f = NULL;

	return curl_easy_header(h, "Transfer-Encoding", 0, CURLH_HEADER, -1,
	    &f) == CURLHE_OK && (f->amount != 1 ||
	    curl_strequal(f->value, "chunked") == 0);
}

static int
coded(cs_err *e)
{
	return cs_fail(e, CS_EFORMAT, where,
	    "the server's answer is in a coding that is not ours");
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct asking *a = arg;

	if (cs_buf_len(a->body) == 0 && is_packed(a->h))
		(void)coded(&a->why);
	else if (size * n > a->max - cs_buf_len(a->body))
		(void)cs_fail(&a->why, CS_EFORMAT, where,
		    "the server's answer is too long");
	else if (cs_buf_put(a->body, cs_span_of(p, size * n)) == CS_OK)
		return size * n;
	return 0;
}

/* libcurl has begun a context of OpenSSL's. */
static CURLcode
on_tls(CURL *h, void *ssl_ctx, void *arg)
{
	struct asking *a = arg;
	const cs_tls_ask ask = {.host = a->host, .ca = a->c->ca,
	    .cert = a->c->cert, .key = a->c->key, .bye = &a->bye};

	(void)h;
	return cs_tls_client(ssl_ctx, &ask, &a->why) == CS_OK ? CURLE_OK :
	    CURLE_ABORTED_BY_CALLBACK;
}

static int
get_host(struct asking *a, cs_err *e)
{
	char *host = NULL;
	size_t n;

	if (curl_url_get(a->url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return cs_fail(e, CS_EUSAGE, where, "'%s' has no host",
		    a->c->url);
	n = strlen(host);
	if (host[0] == '[' && host[n - 1] == ']')
		a->host = strndup(host + 1, n - 2);
	else
		a->host = strdup(host);
	curl_free(host);
	return a->host != NULL ? CS_OK : cs_nomem(e, where);
}

static bool
has_part(CURLU *u, CURLUPart part)
{
	char *s = NULL;
	bool has = curl_url_get(u, part, &s, 0) == CURLUE_OK;

	curl_free(s);
	return has;
}

static int
read_url(struct asking *a, cs_err *e)
{
	const char *url = a->c->url;
	bool tls = strncmp(url, "https://", 8) == 0;
	CURLUcode u;

	if (!tls && strncmp(url, "http://", 7) != 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "'%s' is neither https://... nor http://...", url);
	if (tls == (a->c->socket != NULL))
		return cs_fail(e, CS_EUSAGE, where, "%s", tls ?
		    "https over a unix socket" : "http without a unix socket");
	if ((a->url = curl_url()) == NULL)
		return cs_nomem(e, where);
	u = !is_clean(url) ? CURLUE_MALFORMED_INPUT : curl_url_set(a->url,
	    CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS);
	if (u == CURLUE_OK && has_part(a->url, CURLUPART_FRAGMENT))
		u = CURLUE_BAD_FRAGMENT;
	if (u != CURLUE_OK)
		return cs_fail(e, CS_EUSAGE, where, "'%s' is no URL of ours, "
		    "SCHEME://HOST[:PORT][/PATH]: %s", url,
		    curl_url_strerror(u));
	return get_host(a, e);
}

static bool
add_field(struct asking *a, const char *name, const char *value)
{
	cs_buf *b = cs_buf_new(strlen(name) + 3 + (value == NULL ? 0 :
	    strlen(value)));
	struct curl_slist *l = NULL;

	/* Without a value: libcurl leaves it out. */
	if (b != NULL && cs_buf_printf(b, "%s:%s%s", name, value == NULL ? "" :
	    " ", value == NULL ? "" : value) == CS_OK)
		l = curl_slist_append(a->fields, cs_buf_cstr(b));
	cs_buf_free(&b);
	if (l != NULL)
		a->fields = l;
	return l != NULL;
}

static int
set_request(struct asking *a, cs_err *e)
{
	const cs_httpc_call *c = a->c;
	bool get = c->body.p == NULL && strcmp(c->method, "GET") == 0;
	CURL *h = a->h;
	int rc = 0;

	if (!is_clean(c->method) || !is_clean(c->type) || !is_clean(c->accept)
	    || strcmp(c->method, "HEAD") == 0)
		return cs_fail(e, CS_EUSAGE, where, "no such request");
	if (!add_field(a, "Accept", c->accept) ||
	    !add_field(a, "Content-Type", c->type) ||
	    !add_field(a, "Expect", NULL) ||
	    !add_field(a, "Connection", "close"))
		return cs_nomem(e, where);
	rc |= curl_easy_setopt(h, CURLOPT_CURLU, a->url);
	rc |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, a->fields);
	rc |= curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	if (!get) {
		rc |= curl_easy_setopt(h, CURLOPT_POST, 1L);
		rc |= curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)c->body.n);
		rc |= curl_easy_setopt(h, CURLOPT_POSTFIELDS,
		    c->body.p != NULL ? (const char *)c->body.p : "");
		rc |= curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, c->method);
	}
	return rc == 0 ? CS_OK : cs_fail(e, CS_EBUG, where,
	    "libcurl does not take this request");
}

/* Whom to ask and how: nothing of it is left to a default, to the environment
 * or to the server. */
static int
set_way(struct asking *a, cs_err *e)
{
	int64_t ms = a->c->timeout_ms != 0 ? a->c->timeout_ms : TIMEOUT_MS;
	CURL *h = a->h;
	int rc = 0;

	rc |= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR,
	    a->c->socket != NULL ? "http" : "https");
	rc |= curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, a->c->socket);
	rc |= curl_easy_setopt(h, CURLOPT_PROXY, "");
	rc |= curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	rc |= curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS,
	    ms < LONG_MAX ? (long)ms : LONG_MAX);
	/* on_tls says who is trusted */
	rc |= curl_easy_setopt(h, CURLOPT_CAINFO, NULL);
	rc |= curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	rc |= curl_easy_setopt(h, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, a);
	return rc == 0 ? CS_OK : cs_fail(e, CS_EBUG, where,
	    "libcurl is another one than ours, of OpenSSL");
}

static int
set_answer(struct asking *a, cs_err *e)
{
	CURL *h = a->h;
	int rc = 0;

	a->max = a->c->max_answer != 0 ? a->c->max_answer : ANSWER_MAX;
	if ((a->body = cs_buf_new(a->max)) == NULL)
		return cs_nomem(e, where);
	rc |= curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	rc |= curl_easy_setopt(h, CURLOPT_HEADERDATA, a);
	rc |= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	rc |= curl_easy_setopt(h, CURLOPT_WRITEDATA, a);
	rc |= curl_easy_setopt(h, CURLOPT_MAXFILESIZE_LARGE,
	    (curl_off_t)a->max);
	rc |= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, a->said);
	return rc == 0 ? CS_OK : cs_fail(e, CS_EBUG, where,
	    "libcurl does not give answers");
}

static int
unconnected(const struct asking *a, const char *said, cs_err *e)
{
	long number = 0;

	if (a->c->socket == NULL)
		return cs_fail(e, CS_EIO, where, "cannot connect to %s: %s",
		    a->host, said);
	(void)curl_easy_getinfo(a->h, CURLINFO_OS_ERRNO, &number);
	return cs_fail(e, CS_EIO, where, "cannot connect: %s", number != 0 ?
	    strerror((int)number) : said);
}

static int
failed(struct asking *a, CURLcode n, cs_err *e)
{
	const char *whom = a->c->socket != NULL ? a->c->socket : a->host;
	const char *said = a->said[0] != '\0' ? a->said :
	    curl_easy_strerror(n);
	long found = 0;

	if (a->why.cls != CS_OK) {
		if (e != NULL)
			*e = a->why;
		return a->why.cls;
	}
	switch (n) {
	case CURLE_OPERATION_TIMEDOUT:
		return cs_fail(e, CS_ETIMEOUT, where,
		    "the server took too long");
	case CURLE_PEER_FAILED_VERIFICATION:
		if (curl_easy_getinfo(a->h, CURLINFO_SSL_VERIFYRESULT,
		    &found) == CURLE_OK && found != 0)
			return cs_tls_refused(found, whom, e);
		return cs_fail(e, CS_EREFUSED, where,
		    "the server's certificate is not good for %s: %s", whom,
		    said);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return unconnected(a, said, e);
	case CURLE_FILESIZE_EXCEEDED:
		return cs_fail(e, CS_EFORMAT, where,
		    "the server's answer is too long");
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
		return cs_fail(e, CS_EIO, where,
		    "the server's answer is cut short: %s", said);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_WRITE_ERROR:
	case CURLE_BAD_CONTENT_ENCODING:
		return cs_fail(e, CS_EFORMAT, where,
		    "the server's answer is no HTTP of ours: %s", said);
	case CURLE_OUT_OF_MEMORY: /* as libcurl also says it of a long line */
		return cs_fail(e, CS_EFORMAT, where,
		    "the server's answer has too long a line, or there is no "
		    "memory for it");
	default:
		return cs_fail(e, CS_EIO, where, "%s: %s", whom, said);
	}
}

/* Its first part, in lowercase; nothing of what is too long. */
static void
put_type(const char *s, cs_httpc_answer *out)
{
	size_t i, n = s == NULL ? 0 : strcspn(s, "; \t");

	for (i = 0; n < sizeof(out->type) && i < n; i++)
		out->type[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ?
		    s[i] - 'A' + 'a' : s[i]);
}

/* libcurl takes the end of TCP for the end of a body without a length, which
 * over TLS anybody could have brought about. */
static bool
is_whole(const struct asking *a, long status)
{
	struct curl_header *f = NULL;
	curl_off_t n = -1;

	if (!a->has_head || curl_easy_getinfo(a->h,
	    CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n) != CURLE_OK)
		return false;
	return n >= 0 || a->c->socket != NULL || a->bye || status == 204 ||
	    status == 304 || curl_easy_header(a->h, "Transfer-Encoding", 0,
	    CURLH_HEADER, -1, &f) == CURLHE_OK;
}

static int
read_answer(struct asking *a, cs_httpc_answer **out, cs_err *e)
{
	cs_httpc_answer *ans = NULL;
	long status = 0, version = 0;
	curl_off_t retry = 0;
	char *type = NULL;
	int rc = 0;

	rc |= curl_easy_getinfo(a->h, CURLINFO_RESPONSE_CODE, &status);
	rc |= curl_easy_getinfo(a->h, CURLINFO_HTTP_VERSION, &version);
	rc |= curl_easy_getinfo(a->h, CURLINFO_CONTENT_TYPE, &type);
	rc |= curl_easy_getinfo(a->h, CURLINFO_RETRY_AFTER, &retry);
	if (!is_whole(a, status))
		return cs_fail(e, CS_EIO, where,
		    "the server's answer is cut short");
	if (rc != 0 || status < 200 || status > 599 ||
	    (version != CURL_HTTP_VERSION_1_1 &&
	    version != CURL_HTTP_VERSION_1_0))
		return cs_fail(e, CS_EFORMAT, where,
		    "the server's answer is no HTTP of ours");
	if (is_packed(a->h))
		return coded(e);
	if ((ans = calloc(1, sizeof(*ans))) == NULL)
		return cs_nomem(e, where);
	ans->status = (int)status;
	put_type(type, ans);
	ans->retry_after = retry > 0 && retry <= RETRY_MAX ? retry : 0;
	ans->body = a->body;
	a->body = NULL; /* transferred */
	*out = ans;
	return CS_OK;
}

static int
call(const cs_httpc_call *c, cs_httpc_answer **out, cs_err *e)
{
	struct asking a = {.c = c, .h = curl_easy_init()};
	CURLcode n;
	int rc;

	if (a.h == NULL)
		return cs_nomem(e, where);
	if ((rc = read_url(&a, e)) != CS_OK ||
	    (rc = set_request(&a, e)) != CS_OK ||
	    (rc = set_way(&a, e)) != CS_OK ||
	    (rc = set_answer(&a, e)) != CS_OK)
		goto out;
	n = curl_easy_perform(a.h);
	rc = n == CURLE_OK ? read_answer(&a, out, e) : failed(&a, n, e);
out:
	curl_easy_cleanup(a.h);
	curl_url_cleanup(a.url);
	curl_slist_free_all(a.fields);
	cs_buf_free(&a.body);
	free(a.host);
	return rc;
}

static int
begin_and_call(const cs_httpc_call *c, cs_httpc_answer **out, cs_err *e)
{
	int rc;

	cs_tls_init();
	/* Counted, and by as many threads as like: what it began it ends. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cs_fail(e, CS_EBUG, where, "libcurl does not begin");
	rc = call(c, out, e);
	curl_global_cleanup();
	return rc;
}

/* OpenSSL writes as if nobody ever closed: what that raises is ours. */
int
cs_httpc(const cs_httpc_call *c, cs_httpc_answer **out, cs_err *e)
{
	const struct timespec now = {0};
	sigset_t pipes, old, pending;
	bool was;
	int rc;

	*out = NULL;
	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE);
	(void)sigpending(&pending);
	was = sigismember(&pending, SIGPIPE) == 1;
	(void)pthread_sigmask(SIG_BLOCK, &pipes, &old);
	rc = begin_and_call(c, out, e);
	if (!was) {
		while (sigtimedwait(&pipes, NULL, &now) < 0 && errno == EINTR)
			continue;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

void
cs_httpc_answer_free(cs_httpc_answer **a)
{
	if (a == NULL || *a == NULL)
		return;
	cs_buf_free(&(*a)->body);
	free(*a);
	*a = NULL;
}

static const cs_httpc_ops ops = {
	.abi = CS_HTTPC_ABI,
	.call = cs_httpc,
	.answer_free = cs_httpc_answer_free
};

cs_httpc_entry_fn countersign_http;

const cs_httpc_ops *
countersign_http(unsigned abi)
{
	return abi == CS_HTTPC_ABI ? &ops : NULL;
}
