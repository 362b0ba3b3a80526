/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_CK_H
#define CS_P11_CK_H

#include <p11-kit/pkcs11.h>

#include "base/buf.h"

/* PKCS#11 calls whose answers are not to be believed: lengths are bounded
 * before memory is taken, a second answer may not outgrow the first. */

#define CS_CK_OBJECTS_MAX 1024
#define CS_CK_VALUE_MAX (16 * 1024)

typedef struct cs_ck_session {
	CK_FUNCTION_LIST *f;
	CK_SESSION_HANDLE h;
} cs_ck_session; /* f == NULL: not open */

typedef struct cs_ck_objects {
	size_t n;
	CK_OBJECT_HANDLE h[CS_CK_OBJECTS_MAX];
} cs_ck_objects;

/* CS_EDEVICE "C_Xyz: what the code means (CKR 0x..)". */
int cs_ck_fail(cs_err *e, const char *call, CK_RV rv);
/* Copies a fixed field that is padded with blanks, or ends with a NUL, into
 * out[n + 1]. */
void cs_ck_field(char *out, const CK_UTF8CHAR *in, size_t n);

CS_USE int cs_ck_session_open(CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    cs_ck_session *out, cs_err *e);
void cs_ck_session_close(cs_ck_session *s);

#define CS_CK_SHORT 256
#define CS_CK_KNOWN_MAX 6

/* An object of a session, and what is known of it. */
typedef struct cs_ck_object {
	const cs_ck_session *s;
	CK_OBJECT_HANDLE h;
	size_t n_known;
	struct {
		CK_ATTRIBUTE_TYPE type;
		size_t n;
		uint8_t v[CS_CK_SHORT];
	} known[CS_CK_KNOWN_MAX];
} cs_ck_object;

void cs_ck_object_init(cs_ck_object *o, const cs_ck_session *s,
    CK_OBJECT_HANDLE h);
/* Asks for short attributes in one call, as each may be a round trip to a
 * device. A hint: when the token does not give all of them, and well, nothing
 * is kept, and those below ask for each by itself. */
void cs_ck_prefetch(cs_ck_object *o, const CK_ATTRIBUTE_TYPE *types, size_t n);
/* Gives the attribute's bytes; *out stays NULL when the object has none. A
 * length above `cap`, and one that grows between two calls: CS_EDEVICE. */
CS_USE int cs_ck_bytes(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type,
    size_t cap, cs_buf **out, cs_err *e);
/* False when there is none, or not of this type's size. */
bool cs_ck_ulong(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type,
    CK_ULONG *out);
/* Anything but a clear false is true. */
bool cs_ck_is(const cs_ck_object *o, CK_ATTRIBUTE_TYPE type);

/* The objects of a class; `id` and `label` narrow when present. The token's
 * word for it: the caller compares again. More than CS_CK_OBJECTS_MAX:
 * CS_EDEVICE. */
CS_USE int cs_ck_find(const cs_ck_session *s, CK_OBJECT_CLASS cls, cs_span id,
    cs_span label, cs_ck_objects *out, cs_err *e);
/* Does the session see any object of the class? False on errors. */
bool cs_ck_any(const cs_ck_session *s, CK_OBJECT_CLASS cls);

#endif
