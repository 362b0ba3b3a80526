/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/ck.h"

#include <string.h>

#define WHERE "p11 token"
#define BATCH 32

static const char *
meaning(CK_RV rv)
{
	static const struct {
		CK_RV rv;
		const char *text;
	} known[] = {
		{CKR_HOST_MEMORY, "the module is out of memory"},
		{CKR_SLOT_ID_INVALID, "the slot is gone"},
		{CKR_GENERAL_ERROR, "the module failed"},
		{CKR_FUNCTION_FAILED, "the module failed"},
		{CKR_ARGUMENTS_BAD, "the module refuses its arguments"},
		{CKR_CANT_LOCK, "the module cannot work with threads"},
		{CKR_DATA_LEN_RANGE, "the length does not suit the key"},
		{CKR_DEVICE_ERROR, "the device failed"},
		{CKR_DEVICE_MEMORY, "the device is out of memory"},
		{CKR_DEVICE_REMOVED, "the device was taken away"},
		{CKR_FUNCTION_NOT_SUPPORTED, "the module cannot do this"},
		{CKR_KEY_HANDLE_INVALID, "the key is gone"},
		{CKR_KEY_SIZE_RANGE, "the key's size is not supported"},
		{CKR_KEY_TYPE_INCONSISTENT, "not with a key of this type"},
		{CKR_KEY_FUNCTION_NOT_PERMITTED, "the key may not sign"},
		{CKR_MECHANISM_INVALID, "the mechanism is not supported"},
		{CKR_MECHANISM_PARAM_INVALID,
		    "the mechanism's parameters are not supported"},
		{CKR_OBJECT_HANDLE_INVALID, "the object is gone"},
		{CKR_OPERATION_ACTIVE, "another operation is not at its end"},
		{CKR_SESSION_CLOSED, "the session was closed"},
		{CKR_SESSION_COUNT, "the token has no session left"},
		{CKR_SESSION_HANDLE_INVALID, "the session is gone"},
		{CKR_TOKEN_NOT_PRESENT, "no token is in the slot"},
		{CKR_TOKEN_NOT_RECOGNIZED, "the token is of no known kind"},
		{CKR_USER_NOT_LOGGED_IN, "the login is gone"},
		{CKR_USER_PIN_NOT_INITIALIZED, "the token has no PIN yet"},
		{CKR_BUFFER_TOO_SMALL, "the answer is too long"},
		{CKR_CRYPTOKI_NOT_INITIALIZED,
		    "the module was ended by somebody else"},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].rv == rv)
			return known[i].text;
	return "the module failed";
}

int
cs_ck_fail(cs_err *e, const char *call, CK_RV rv)
{
	return cs_fail(e, CS_EDEVICE, WHERE, "%s: %s (CKR 0x%lx)",
	    call, meaning(rv), (unsigned long)rv);
}

void
cs_ck_field(char *out, const CK_UTF8CHAR *in, size_t n)
{
	const CK_UTF8CHAR *nul = memchr(in, 0, n);

	if (nul != NULL)
		n = (size_t)(nul - in);
	while (n > 0 && in[n - 1] == ' ')
		n--;
	memcpy(out, in, n);
	out[n] = 0;
}

int
cs_ck_session_open(CK_FUNCTION_LIST *f, CK_SLOT_ID slot, cs_ck_session *out,
    cs_err *e)
{
	CK_SESSION_HANDLE h = 0;
	CK_RV rv;

	out->f = NULL;
	rv = f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &h);
	if (rv != CKR_OK)
		return cs_ck_fail(e, "C_OpenSession", rv);
	out->f = f;
	out->h = h;
	return CS_OK;
}

void
cs_ck_session_close(cs_ck_session *s)
{
	if (s->f != NULL)
		(void)s->f->C_CloseSession(s->h);
	s->f = NULL;
}

/* CKR_ATTRIBUTE_SENSITIVE and _TYPE_INVALID: the object does not show it. */
static bool
is_absent(CK_RV rv, CK_ULONG n)
{
	return rv == CKR_ATTRIBUTE_SENSITIVE ||
	    rv == CKR_ATTRIBUTE_TYPE_INVALID ||
	    (rv == CKR_OK && n == CK_UNAVAILABLE_INFORMATION);
}

void
cs_ck_object_init(cs_ck_object *o, const cs_ck_session *s, CK_OBJECT_HANDLE h)
{
	o->s = s;
	o->h = h;
	o->n_known = 0;
}

static CK_RV
ask(const cs_ck_object *o, CK_ATTRIBUTE *a, CK_ULONG n)
{
	return o->s->f->C_GetAttributeValue(o->s->h, o->h, a, n);
}

void
cs_ck_prefetch(cs_ck_object *o, const CK_ATTRIBUTE_TYPE *types, size_t n)
{
	CK_ATTRIBUTE a[CS_CK_KNOWN_MAX];
	size_t i, at = o->n_known;

	if (n > CS_CK_KNOWN_MAX - at)
		return;
	for (i = 0; i < n; i++)
		a[i] = (CK_ATTRIBUTE){types[i], o->known[at + i].v,
		    CS_CK_SHORT};
	if (ask(o, a, n) != CKR_OK)
		return;
	for (i = 0; i < n; i++) {
		if (a[i].ulValueLen > CS_CK_SHORT)
			return;
		o->known[at + i].type = types[i];
		o->known[at + i].n = a[i].ulValueLen;
	}
	o->n_known += n;
}

static bool
is_known(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type, cs_span *out)
{
	size_t i;

	for (i = 0; i < o->n_known; i++)
		if (o->known[i].type == type) {
			*out = cs_span_of(o->known[i].v, o->known[i].n);
			return true;
		}
	return false;
}

/* The long way: how many, then as many. */
static int
read_measured(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type, size_t cap,
    cs_buf **out, cs_err *e)
{
	CK_ATTRIBUTE a = {type, NULL, 0};
	cs_buf *b = NULL;
	CK_ULONG said;
	CK_RV rv;
	int r = CS_OK;

	rv = ask(o, &a, 1);
	if (is_absent(rv, a.ulValueLen))
		return CS_OK;
	if (rv != CKR_OK)
		return cs_ck_fail(e, "C_GetAttributeValue", rv);
	said = a.ulValueLen;
	if (said > cap)
		return cs_fail(e, CS_EDEVICE, WHERE, "the token says that "
		    "attribute 0x%lx has %lu bytes, the limit is %zu",
		    (unsigned long)type, (unsigned long)said, cap);
	if ((b = cs_buf_new(said)) == NULL)
		return cs_nomem(e, WHERE);
	a.pValue = cs_buf_tail(b);
	rv = ask(o, &a, 1);
	if (is_absent(rv, a.ulValueLen))
		goto out;
	if (rv != CKR_OK) {
		r = cs_ck_fail(e, "C_GetAttributeValue", rv);
		goto out;
	}
	if (a.ulValueLen > said || cs_buf_grew(b, a.ulValueLen) != CS_OK) {
		r = cs_fail(e, CS_EDEVICE, WHERE, "attribute 0x%lx grew from "
		    "%lu to %lu bytes between two calls", (unsigned long)type,
		    (unsigned long)said, (unsigned long)a.ulValueLen);
		goto out;
	}
	*out = b;
	b = NULL; /* transferred */
out:
	cs_buf_free(&b);
	return r;
}

/* Most values are short, and each call may be a round trip to a device. What
 * does not fit, or is not told well, is asked for the long way. */
int
cs_ck_bytes(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type, size_t cap,
    cs_buf **out, cs_err *e)
{
	size_t room = cap < CS_CK_SHORT ? cap : CS_CK_SHORT;
	CK_ATTRIBUTE a = {type, NULL, room};
	cs_buf *b;
	cs_span v;
	CK_RV rv;

	*out = NULL;
	if (is_known(o, type, &v) && v.n <= cap) {
		*out = cs_buf_dup(v);
		return *out == NULL ? cs_nomem(e, WHERE) : CS_OK;
	}
	b = cs_buf_new(room);
	if (b == NULL)
		return cs_nomem(e, WHERE);
	a.pValue = cs_buf_tail(b);
	rv = ask(o, &a, 1);
	if (rv == CKR_OK && a.ulValueLen <= room &&
	    cs_buf_grew(b, a.ulValueLen) == CS_OK) {
		*out = b;
		return CS_OK; /* transferred */
	}
	cs_buf_free(&b);
	return is_absent(rv, a.ulValueLen) ? CS_OK :
	    read_measured(o, type, cap, out, e);
}

bool
cs_ck_ulong(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	CK_ULONG v = 0;
	CK_ATTRIBUTE a = {type, &v, sizeof(v)};
	cs_span known;

	if (is_known(o, type, &known)) {
		a.ulValueLen = known.n;
		if (known.n == sizeof(v))
			memcpy(&v, known.p, sizeof(v));
	} else if (ask(o, &a, 1) != CKR_OK) {
		return false;
	}
	if (a.ulValueLen == sizeof(v))
		*out = v;
	return a.ulValueLen == sizeof(v);
}

bool
cs_ck_is(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL v = CK_FALSE;
	CK_ATTRIBUTE a = {type, &v, sizeof(v)};
	cs_span known;
	CK_RV rv;

	if (is_known(o, type, &known))
		return known.n != sizeof(v) || known.p[0] != CK_FALSE;
	rv = ask(o, &a, 1);
	if (is_absent(rv, a.ulValueLen))
		return false;
	return rv != CKR_OK || a.ulValueLen != sizeof(v) || v != CK_FALSE;
}

static int
collect(const cs_ck_session *s, cs_ck_objects *out, cs_err *e)
{
	CK_OBJECT_HANDLE h[BATCH];
	CK_ULONG n;
	CK_RV rv;

	for (;;) {
		n = 0;
		rv = s->f->C_FindObjects(s->h, h, BATCH, &n);
		if (rv != CKR_OK)
			return cs_ck_fail(e, "C_FindObjects", rv);
		if (n == 0)
			return CS_OK;
		if (n > BATCH)
			return cs_fail(e, CS_EDEVICE, WHERE, "the token gave "
			    "%lu objects where %d were asked for",
			    (unsigned long)n, BATCH);
		if (n > CS_CK_OBJECTS_MAX - out->n)
			return cs_fail(e, CS_EDEVICE, WHERE, "the token lists "
			    "more than %d objects; name the key by id=",
			    CS_CK_OBJECTS_MAX);
		memcpy(out->h + out->n, h, n * sizeof(h[0]));
		out->n += n;
	}
}

int
cs_ck_find(const cs_ck_session *s, CK_OBJECT_CLASS cls, cs_span id,
    cs_span label, cs_ck_objects *out, cs_err *e)
{
	CK_ATTRIBUTE t[3] = {{CKA_CLASS, &cls, sizeof(cls)}};
	CK_ULONG n = 1;
	CK_RV rv;
	int r;

	out->n = 0;
	if (id.p != NULL)
		t[n++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id.p, id.n};
	if (label.p != NULL)
		t[n++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label.p,
		    label.n};
	if ((rv = s->f->C_FindObjectsInit(s->h, t, n)) != CKR_OK)
		return cs_ck_fail(e, "C_FindObjectsInit", rv);
	r = collect(s, out, e);
	(void)s->f->C_FindObjectsFinal(s->h);
	return r;
}

bool
cs_ck_any(const cs_ck_session *s, CK_OBJECT_CLASS cls)
{
	CK_ATTRIBUTE t = {CKA_CLASS, &cls, sizeof(cls)};
	CK_OBJECT_HANDLE h = 0;
	CK_ULONG n = 0;
	CK_RV rv;

	if (s->f->C_FindObjectsInit(s->h, &t, 1) != CKR_OK)
		return false;
	rv = s->f->C_FindObjects(s->h, &h, 1, &n);
	(void)s->f->C_FindObjectsFinal(s->h);
	return rv == CKR_OK && n > 0;
}
