/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "server/holdkeys.h"

/* What a keyholder remembers of its lists when it is started anew: the last one
 * of each CA, in a folder of its own. */

#define LIST_MAX (CS_CRL_MAX + 1024) /* with its signature */

static int
path_of(const char *dir, const cs_held *h, cs_buf **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(4096);

	*out = NULL;
	if (b == NULL)
		return cs_nomem(e, "keyholder");
	if (cs_buf_printf(b, "%s/crl-", dir) != CS_OK ||
	    cs_hex_put(b, h->cert->key_id) != CS_OK ||
	    cs_buf_put_str(b, ".der") != CS_OK) {
		cs_buf_free(&b);
		return cs_fail(e, CS_EUSAGE, "keyholder",
		    "%s is too long for a path", dir);
	}
	*out = b;
	return CS_OK;
}

static int
verify(cs_held *h, const cs_crl *c, cs_err *e)
{
	if (!cs_span_eq(c->sig_alg, h->alg->sig_alg))
		return cs_fail(e, CS_EFORMAT, "keyholder",
		    "another algorithm signed it");
	return cs_pubkey_verify(h->pub, h->alg, c->body, c->sig, e);
}

/* A list that cannot be looked at is not one that never was. */
static int
look(const char *path, bool *there, cs_err *e)
{
	struct stat st;

	*there = lstat(path, &st) == 0;
	if (*there || errno == ENOENT)
		return CS_OK;
	return cs_fail(e, CS_EIO, "keyholder", "stat %s: %s", path,
	    strerror(errno));
}

int
cs_list_load(const char *dir, cs_held *h, cs_err *e)
{
	cs_buf *path = NULL, *der = NULL;
	cs_crl *c = NULL;
	bool there = false;
	int ret;

	if ((ret = path_of(dir, h, &path, e)) != CS_OK ||
	    (ret = look(cs_buf_cstr(path), &there, e)) != CS_OK || !there)
		goto out;
	if ((ret = cs_file_read(cs_buf_cstr(path), LIST_MAX, &der, e)) ==
	    CS_OK &&
	    (ret = cs_crl_parse(cs_buf_span(der), true, &c, e)) == CS_OK &&
	    (ret = verify(h, c, e)) == CS_OK) {
		h->last = c;
		c = NULL; /* transferred */
	} else
		ret = cs_wrap(e, "the last revocation list, %s",
		    cs_buf_cstr(path));
out:
	cs_crl_free(&c);
	cs_buf_free(&der);
	cs_buf_free(&path);
	return ret;
}

int
cs_list_keep(const char *dir, cs_held *h, cs_span body, cs_span sig,
    cs_err *e)
{
	cs_buf *path = NULL, *der = cs_buf_new(LIST_MAX);
	cs_crl *c = NULL;
	int ret;

	if (der == NULL)
		return cs_nomem(e, "keyholder");
	if ((ret = path_of(dir, h, &path, e)) == CS_OK &&
	    (ret = cs_signed_put(body, h->alg->sig_alg, sig, der, e)) ==
	    CS_OK &&
	    (ret = cs_crl_parse(cs_buf_span(der), true, &c, e)) == CS_OK)
		ret = cs_file_write(cs_buf_cstr(path), cs_buf_span(der), 0600,
		    true, e);
	if (ret == CS_OK) {
		cs_crl_free(&h->last);
		h->last = c;
		c = NULL; /* transferred */
	}
	cs_crl_free(&c);
	cs_buf_free(&der);
	cs_buf_free(&path);
	return ret;
}
