/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <openssl/ssl.h>

#include "net/httpp.h"
#include "net/tlsctx.h"

static const char where[] = "net/http";

#define RECORD_MAX 16384 /* of TLS */

static const struct {
	int status;
	const char *text;
} reasons[] = {
	{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
	{304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"},
	{403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
	{406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"},
	{410, "Gone"}, {413, "Content Too Large"},
	{415, "Unsupported Media Type"}, {417, "Expectation Failed"},
	{422, "Unprocessable Content"}, {429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"}, {501, "Not Implemented"},
	{503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}
};

const char *
http_reason(int status)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].text;
	}
	return status < 400 ? "OK" : "Error";
}

const char *
cs_http_method(const cs_http_request *r)
{
	switch (evhttp_request_get_command(r->req)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "OPTIONS";
	}
}

cs_span
cs_http_path(const cs_http_request *r)
{
	const char *uri = evhttp_request_get_uri(r->req);

	return cs_span_of(uri, strcspn(uri, "?"));
}

cs_span
cs_http_query(const cs_http_request *r)
{
	const char *mark = strchr(evhttp_request_get_uri(r->req), '?');

	return cs_span_str(mark != NULL ? mark + 1 : NULL);
}

int
cs_http_header(const cs_http_request *r, const char *name, cs_span *out,
    cs_err *e)
{
	const struct evkeyval *h;
	bool twice = false;

	*out = (cs_span){0};
	TAILQ_FOREACH(h, evhttp_request_get_input_headers(r->req), next) {
		if (evutil_ascii_strcasecmp(h->key, name) != 0)
			continue;
		twice |= out->p != NULL;
		*out = cs_span_str(h->value);
	}
	if (!twice)
		return CS_OK;
	*out = (cs_span){0};
	return cs_fail(e, CS_EFORMAT, where, "%s is there twice", name);
}

cs_span
cs_http_body(const cs_http_request *r)
{
	struct evbuffer *b = evhttp_request_get_input_buffer(r->req);
	size_t n = evbuffer_get_length(b);

	return n == 0 ? cs_span_str("") :
	    cs_span_of(evbuffer_pullup(b, -1), n);
}

cs_span
cs_http_address(const cs_http_request *r)
{
	return cs_span_str(r->c->name);
}

bool
cs_http_is_unix(const cs_http_request *r, cs_peer *out)
{
	return r->c->is_unix && cs_peer_of(r->c->fd, out, NULL) == CS_OK;
}

bool
cs_http_peer_is_in(const cs_http_request *r, gid_t group)
{
	return r->c->is_unix && cs_peer_is_in(r->c->fd, group);
}

cs_span
cs_http_client_cert(const cs_http_request *r)
{
	struct http_conn *c = r->c;

	if (c->ssl != NULL && c->cert == NULL &&
	    cs_tls_peer_cert(c->ssl, &c->cert, NULL) != CS_OK)
		return (cs_span){0};
	return cs_buf_span(c->cert);
}

static bool
is_clean(const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

static bool
put_field(struct evkeyvalq *to, const char *name, const char *value)
{
	return name == NULL || value == NULL || !is_clean(name) ||
	    !is_clean(value) || evhttp_add_header(to, name, value) == 0;
}

/* What it takes to be read to its end; for HEAD the length alone. */
static bool
put_head(cs_http_request *r, const cs_http_answer *a)
{
	struct evkeyvalq *to = evhttp_request_get_output_headers(r->req);
	bool bare = a->status < 200 || a->status == 204 || a->status == 304;
	char length[24];
	size_t i;

	(void)snprintf(length, sizeof(length), "%zu",
	    a->type != NULL ? a->body.n : 0);
	for (i = 0; i < a->n_fields; i++) {
		if (!put_field(to, a->fields[i].name, a->fields[i].value))
			return false;
	}
	return put_field(to, "Content-Type", a->type) &&
	    (bare || put_field(to, "Content-Length", length)) &&
	    (!r->c->last || put_field(to, "Connection", "close"));
}

/* The head and the body are two pieces, of which libevent would make a record
 * of TLS each, and a write. */
static void
join(const struct http_conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (c->ssl != NULL && evbuffer_get_length(out) <= RECORD_MAX)
		(void)evbuffer_pullup(out, -1);
}

void
cs_http_answer_send(cs_http_request *r, const cs_http_answer *a)
{
	struct http_conn *c = r->c;
	bool is_alone = evbuffer_get_length(bufferevent_get_output(c->bev)) ==
	    0;
	struct evbuffer *body = evbuffer_new();
	bool empty = a->type == NULL || a->body.n == 0 ||
	    evhttp_request_get_command(r->req) == EVHTTP_REQ_HEAD;

	c->last |= a->close || c->h->draining;
	if (body == NULL || !put_head(r, a) || (!empty &&
	    evbuffer_add(body, a->body.p, a->body.n) != 0)) {
		c->last = true;
		evhttp_send_error(r->req, 500, NULL);
	} else {
		evhttp_send_reply(r->req, a->status, http_reason(a->status),
		    body);
		if (is_alone)
			join(c);
	}
	if (body != NULL)
		evbuffer_free(body);
	http_conn_answering(c);
	free(r);
}

void
cs_http_set_data(cs_http_request *r, void *data)
{
	r->data = data;
}

void *
cs_http_data(const cs_http_request *r)
{
	return r->data;
}
