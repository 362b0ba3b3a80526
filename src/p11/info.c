/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "p11/scan.h"

/* What the caller narrowed by, where the token and the key do not say it. */
#define KEPT(a) {(a), cs_p11_uri_get(u, (a))}

struct part {
	enum cs_p11_uri_attr a;
	cs_span v;
};

static int
put_parts(cs_buf *out, const char *first, const char *next,
    const struct part *part, size_t n)
{
	const char *sep = first;
	size_t i;
	int r = CS_OK;

	for (i = 0; i < n && r == CS_OK; i++) {
		if (part[i].v.n == 0)
			continue;
		r = cs_p11_uri_put(out, sep, part[i].a, part[i].v);
		sep = next;
	}
	return r;
}

/* The label of the object: that of a public object may not be the private
 * key's, so it only stands where no identifier does. */
static cs_span
object_label(const cs_p11_uri *u, const cs_p11_seen *k)
{
	if (k == NULL)
		return cs_p11_uri_get(u, CS_P11_A_OBJECT);
	if (k->n_id > 0 && k->cls != CKO_PRIVATE_KEY)
		return (cs_span){NULL, 0};
	return cs_span_str(k->label);
}

/* A URI that names this key, or all that is known of it, again. */
static int
put_uri(cs_buf *out, const cs_p11_uri *u, const cs_p11_info *i,
    const cs_p11_seen *k, bool with_label)
{
	bool serial = i->serial[0] != 0;
	const struct part path[] = {
		{CS_P11_A_TOKEN, cs_span_str(i->token)},
		{CS_P11_A_SERIAL, cs_span_str(i->serial)},
		{CS_P11_A_MODEL, cs_span_str(serial ? "" : i->model)},
		{CS_P11_A_MANUFACTURER,
		    cs_span_str(serial ? "" : i->manufacturer)},
		{CS_P11_A_ID, k == NULL ? cs_p11_uri_get(u, CS_P11_A_ID) :
		    cs_span_of(k->id, k->n_id)},
		{CS_P11_A_OBJECT, with_label ? object_label(u, k) :
		    (cs_span){NULL, 0}},
		KEPT(CS_P11_A_LIBRARY_MANUFACTURER),
		KEPT(CS_P11_A_LIBRARY_DESCRIPTION),
		KEPT(CS_P11_A_LIBRARY_VERSION),
		KEPT(CS_P11_A_SLOT_MANUFACTURER),
		KEPT(CS_P11_A_SLOT_DESCRIPTION),
		KEPT(CS_P11_A_SLOT_ID),
	};
	const struct part query[] = {
		KEPT(CS_P11_A_MODULE_PATH),
		KEPT(CS_P11_A_MODULE_NAME),
	};
	int r;

	cs_buf_reset(out);
	if ((r = cs_buf_put_str(out, "pkcs11:")) != CS_OK ||
	    (r = put_parts(out, "", ";", path,
	    sizeof(path) / sizeof(path[0]))) != CS_OK)
		return r;
	return put_parts(out, "?", "&", query,
	    sizeof(query) / sizeof(query[0]));
}

static void
fill_uri(const cs_p11_uri *u, const cs_p11_seen *k, cs_p11_info *out)
{
	cs_buf *b = cs_buf_new(sizeof(out->uri) - 1);
	int r;

	if (b == NULL)
		return;
	r = put_uri(b, u, out, k, true);
	if (r != CS_OK && k != NULL && k->n_id > 0)
		r = put_uri(b, u, out, k, false);
	if (r == CS_OK)
		memcpy(out->uri, cs_buf_cstr(b), cs_buf_len(b) + 1);
	cs_buf_free(&b);
}

void
cs_p11_info_fill(const cs_p11_uri *u, const CK_TOKEN_INFO *t,
    const cs_p11_seen *k, cs_p11_info *out)
{
	memset(out, 0, sizeof(*out));
	cs_ck_field(out->token, t->label, sizeof(t->label));
	cs_ck_field(out->serial, t->serialNumber, sizeof(t->serialNumber));
	cs_ck_field(out->model, t->model, sizeof(t->model));
	cs_ck_field(out->manufacturer, t->manufacturerID,
	    sizeof(t->manufacturerID));
	out->login_needed = (t->flags & CKF_LOGIN_REQUIRED) != 0;
	out->protected_path =
	    (t->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	out->is_software = strcmp(out->manufacturer, "SoftHSM project") == 0;
	if (k != NULL) {
		memcpy(out->label, k->label, sizeof(out->label));
		out->kind = k->kind;
		out->bits = k->bits;
		out->always_authenticate = k->always_authenticate;
	}
	fill_uri(u, k, out);
}
