/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/certfile.h"

#include "base/file.h"
#include "fmt/der.h"
#include "fmt/pem.h"

struct certs {
	cs_buf *der;
	size_t n;
};

static int
add(void *arg, cs_span der, cs_err *e)
{
	struct certs *c = arg;
	cs_span in = der, whole = {0};
	int r;

	if ((r = cs_der_whole(&in, CS_DER_SEQ, &whole, e)) != CS_OK ||
	    (r = cs_der_end(in, "a certificate", e)) != CS_OK)
		return r;
	c->n++;
	return cs_buf_put(c->der, der) == CS_OK ? CS_OK :
	    cs_nomem(e, "certificate");
}

int
cs_certfile_read(const char *path, size_t cap, cs_buf **out, size_t *n,
    cs_err *e)
{
	struct certs c = {0};
	cs_buf *b = NULL;
	cs_span in;
	int r;

	*out = NULL;
	*n = 0;
	if ((r = cs_file_read(path, cap, &b, e)) != CS_OK)
		return r;
	in = cs_buf_span(b);
	if ((c.der = cs_buf_new(in.n)) == NULL)
		r = cs_nomem(e, "certificate");
	else if (cs_der_peek(in, CS_DER_SEQ))
		r = add(&c, in, e);
	else
		r = cs_pem_each(in, CS_PEM_CERTIFICATE, add, &c, e);
	if (r == CS_OK) {
		*n = c.n;
		*out = c.der;
		c.der = NULL; /* transferred */
	} else
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&c.der);
	cs_buf_free(&b);
	return r;
}
