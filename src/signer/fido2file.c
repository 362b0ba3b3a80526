/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/fido2file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "fmt/reason.h"

#define FILE_MAX CS_OWNERS_LINE_MAX

static const char where[] = "signer/fido2";

bool
cs_fido_is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return name[0] != '\0' && name[0] != '.' &&
	    strspn(name, letters) == strlen(name);
}

int
cs_fido_path(const char *uri, const char *key_dir, char **out, cs_err *e)
{
	static const char scheme[] = "fido2:";
	const char *rest = uri;
	int n;

	*out = NULL;
	if (strncmp(uri, scheme, sizeof(scheme) - 1) == 0)
		rest += sizeof(scheme) - 1;
	if (strchr(rest, '/') != NULL) {
		if ((*out = strdup(rest)) == NULL)
			return cs_nomem(e, where);
		return CS_OK;
	}
	if (!cs_fido_is_name(rest))
		return cs_fail(e, CS_EUSAGE, where, "expected fido2:NAME, of "
		    "letters, digits and ._- with no dot in front, or "
		    "fido2:PATH with a slash in it, found \"%s\"", uri);
	if (key_dir == NULL)
		return cs_fail(e, CS_EUSAGE, where, "%s: no home folder to "
		    "look for key files in; name the file, as fido2:/PATH",
		    uri);
	n = asprintf(out, "%s/%s", key_dir, rest);
	if (n < 0) {
		*out = NULL;
		return cs_nomem(e, where);
	}
	return CS_OK;
}

void
cs_fido_file_clear(cs_fido_file *f)
{
	free(f->path);
	cs_buf_free(&f->id);
	cs_buf_free(&f->der);
	memset(f, 0, sizeof(*f));
}

static int
take_id(cs_span text, cs_fido_file *f, cs_err *e)
{
	if ((f->id = cs_buf_new(CS_FIDO_ID_MAX)) == NULL)
		return cs_nomem(e, where);
	if (text.p == NULL)
		return CS_OK;
	return cs_base64url_get(f->id, text, e);
}

static int
take(const cs_anchor *a, cs_fido_file *f, cs_err *e)
{
	if (f->der != NULL)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected one line, found another one");
	if (a->type != CS_ANCHOR_FIDO2)
		return CS_BAD(e, CS_R_MALFORMED, where, "expected a key of "
		    "type fido2, found another");
	if (a->rp_id.n == 0 || a->rp_id.n >= sizeof(f->rp_id) ||
	    memchr(a->rp_id.p, 0, a->rp_id.n) != NULL)
		return CS_BAD(e, CS_R_MALFORMED, where, "option \"rp-id\": "
		    "expected 1 to %zu bytes, found %zu",
		    sizeof(f->rp_id) - 1, a->rp_id.n);
	memcpy(f->rp_id, a->rp_id.p, a->rp_id.n);
	f->verify_required = a->verify_required;
	if ((f->der = cs_buf_dup(a->key.der)) == NULL)
		return cs_nomem(e, where);
	return take_id(a->credential_id, f, e);
}

static int
each(void *arg, const cs_anchor *a, cs_err *e)
{
	return take(a, arg, e);
}

static int
parse(cs_span in, cs_fido_file *f, cs_err *e)
{
	int rc;

	if ((rc = cs_owners_parse(f->path, in, each, f, e)) != CS_OK)
		return rc;
	if (f->der == NULL)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "%s: expected one line, found none", f->path);
	if ((rc = cs_spki_parse(cs_buf_span(f->der), &f->key, e)) != CS_OK)
		return rc;
	if (f->key.kind == CS_KEY_RSA)
		return CS_BAD(e, CS_R_UNSUPPORTED, where, "%s: expected a key "
		    "of P-256, P-384 or Ed25519, found RSA", f->path);
	return CS_OK;
}

int
cs_fido_file_read(const char *path, cs_fido_file *out, cs_err *e)
{
	cs_buf *text = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!cs_file_exists(path))
		return cs_fail(e, CS_EDEVICE, where, "%s: no such key file; "
		    "countersign enroll --fido2 makes one", path);
	if ((out->path = strdup(path)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_file_read_trusted(path, geteuid(), FILE_MAX, &text,
	    e)) == CS_OK)
		rc = parse(cs_buf_span(text), out, e);
	cs_buf_free(&text);
	if (rc != CS_OK)
		cs_fido_file_clear(out);
	return rc;
}

int
cs_fido_file_open(const char *uri, const char *key_dir, cs_fido_file *out,
    cs_err *e)
{
	char *path = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = cs_fido_path(uri, key_dir, &path, e)) == CS_OK)
		rc = cs_fido_file_read(path, out, e);
	free(path);
	return rc;
}
