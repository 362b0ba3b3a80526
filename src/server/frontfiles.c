/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/file.h"
#include "base/time.h"
#include "fmt/pem.h"
#include "server/frontp.h"

#define FILE_LEN_MAX (256 * 1024)

int
cs_front_tls(cs_child *c, const cs_server_conf *conf, cs_tls **out, cs_err *e)
{
	cs_buf *b[CS_CHILD_FILES] = {NULL};
	cs_tls_env env = {.client = (enum cs_tls_client)conf->clients,
	    .tls12 = conf->tls12};
	int i, rc = CS_OK;

	*out = NULL;
	for (i = 0; rc == CS_OK && i < CS_CHILD_FILES; i++)
		rc = cs_child_read(c, (enum cs_child_file)i,
		    FILE_LEN_MAX, &b[i], e);
	env.chain = cs_buf_span(b[CS_FILE_TLS_CERT]);
	env.key = cs_buf_span(b[CS_FILE_TLS_KEY]);
	env.client_ca = cs_buf_span(b[CS_FILE_CLIENT_CA]);
	if (rc == CS_OK && env.chain.p != NULL && env.key.p != NULL)
		rc = cs_tls_new(&env, cs_time_now(), out, e);
	for (i = 0; i < CS_CHILD_FILES; i++)
		cs_buf_free(&b[i]);
	return rc == CS_OK ? CS_OK : cs_wrap(e, "TLS");
}

static int
read_ca(const char *path, cs_buf **out, cs_err *e)
{
	cs_buf *text = NULL;
	int rc = cs_file_read(path, FILE_LEN_MAX, &text, e);

	if (rc == CS_OK)
		rc = cs_pem_one(cs_buf_span(text), CS_PEM_CERTIFICATE, false,
		    out, e);
	cs_buf_free(&text);
	return rc == CS_OK ? CS_OK : cs_wrap(e, "ca { cert }: %s", path);
}

int
cs_front_cas(cs_front *f, cs_err *e)
{
	const cs_server_conf *c = f->s.child->conf;
	bool retired;
	size_t i, n = 0, turn;
	int rc = CS_OK;

	for (turn = 0; turn < 2; turn++)
		for (i = 0; rc == CS_OK && i < c->n_ca; i++) {
			retired = turn == 1;
			if (c->ca[i].retired != retired)
				continue;
			rc = read_ca(c->ca[i].cert, &f->ca[n], e);
			f->web.ca[n] = cs_buf_span(f->ca[n]);
			n++;
		}
	f->web.n_ca = n;
	return rc;
}
