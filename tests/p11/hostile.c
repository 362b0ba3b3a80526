/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A PKCS#11 module with one token, one P-256 key (id 01, label "key", PIN
 * 1234), that lies as the environment says when it is initialized:
 *
 *	HOSTILE       words, each one lie; see has() below
 *	HOSTILE_FLAGS more flags of the token, hexadecimal
 *	HOSTILE_FAIL  "C_Name N": the Nth call of C_Name fails
 *	HOSTILE_LOG   every call's name and result is appended to this file
 *
 * It signs nothing: 64 times 0x5a.
 */

#define PUBLIC 1
#define PRIVATE 2
#define TWIN 3
#define CERT 4
#define SLOT 4711

static struct {
	char lies[200], fail[40];
	unsigned long fail_at, calls;
	CK_FLAGS flags;
	const char *log;
	bool logged_in, stale, context, signing;
	unsigned long infos, found;
	CK_OBJECT_CLASS want;
	bool any_class;
} h;
static bool initialized;

/* The generator of P-256: a point that is on the curve. */
static const uint8_t point[67] = {0x04, 0x41, 0x04,
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0,
    0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
    0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
    0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
static const uint8_t p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};

static bool
has(const char *lie)
{
	const char *s = strstr(h.lies, lie);
	size_t n = strlen(lie);

	return s != NULL && (s == h.lies || s[-1] == ' ') &&
	    (s[n] == 0 || s[n] == ' ');
}

static CK_RV
told(const char *name, CK_RV rv)
{
	FILE *f = h.log == NULL ? NULL : fopen(h.log, "a");

	if (strcmp(name, h.fail) == 0 && ++h.calls == h.fail_at)
		rv = CKR_DEVICE_ERROR;
	if (f != NULL) {
		fprintf(f, "%s %lx\n", name, (unsigned long)rv);
		fclose(f);
	}
	return rv;
}
/* Decides before the function acts, so that a call that fails did nothing. */
#define CALL(name) \
	do { \
		CK_RV rv_ = told(name, CKR_OK); \
		if (rv_ != CKR_OK) \
			return rv_; \
	} while (0)

static void
copy_env(const char *name, char *out, size_t n)
{
	const char *s = getenv(name);

	(void)snprintf(out, n, "%s", s == NULL ? "" : s);
}

static CK_RV
initialize(void *args)
{
	char text[60], *end;

	if (initialized)
		return told("C_Initialize", CKR_CRYPTOKI_ALREADY_INITIALIZED);
	memset(&h, 0, sizeof(h));
	h.log = getenv("HOSTILE_LOG");
	copy_env("HOSTILE", h.lies, sizeof(h.lies));
	copy_env("HOSTILE_FLAGS", text, sizeof(text));
	h.flags = strtoul(text, NULL, 16);
	copy_env("HOSTILE_FAIL", text, sizeof(text));
	end = strchr(text, ' ');
	if (end != NULL) {
		*end = 0;
		(void)snprintf(h.fail, sizeof(h.fail), "%.39s", text);
		h.fail_at = strtoul(end + 1, NULL, 10);
	}
	h.stale = has("stale") || has("stuck");
	if (args != NULL && has("cant-lock"))
		return told("C_Initialize", CKR_CANT_LOCK);
	CALL("C_Initialize");
	initialized = true;
	return CKR_OK;
}

static CK_RV
finalize(void *reserved)
{
	(void)reserved;
	if (!initialized)
		return told("C_Finalize", CKR_CRYPTOKI_NOT_INITIALIZED);
	initialized = false;
	return told("C_Finalize", CKR_OK);
}

static CK_RV
get_info(CK_INFO *i)
{
	memset(i, ' ', sizeof(*i));
	i->cryptokiVersion.major = 2;
	i->cryptokiVersion.minor = 40;
	i->flags = 0;
	i->libraryVersion.major = 1;
	i->libraryVersion.minor = 2;
	return told("C_GetInfo", CKR_OK);
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
	(void)present;
	CALL("C_GetSlotList");
	if (list != NULL && *n > 0)
		list[0] = SLOT;
	*n = has("no-slots") ? 0 : 1;
	if (has("huge-slots"))
		*n = ~0UL / 16;
	return CKR_OK;
}

static CK_RV
get_slot_info(CK_SLOT_ID id, CK_SLOT_INFO *i)
{
	(void)id;
	memset(i, ' ', sizeof(*i));
	i->flags = CKF_TOKEN_PRESENT;
	return told("C_GetSlotInfo", CKR_OK);
}

static void
fill(uint8_t *out, size_t n, const char *s)
{
	memset(out, has("nul-strings") ? 0 : ' ', n);
	memcpy(out, s, strlen(s) < n ? strlen(s) : n);
	if (has("full-strings"))
		memset(out, 0x9b, n);
}

static CK_RV
get_token_info(CK_SLOT_ID id, CK_TOKEN_INFO *i)
{
	(void)id;
	memset(i, 0xff, sizeof(*i));
	fill(i->label, sizeof(i->label), has("swapped") && h.infos > 0 ?
	    "other" : "liar");
	fill(i->serialNumber, sizeof(i->serialNumber), "0001");
	fill(i->manufacturerID, sizeof(i->manufacturerID), has("piv") ?
	    "piv_II" : "nobody");
	fill(i->model, sizeof(i->model), "m");
	i->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED |
	    CKF_USER_PIN_INITIALIZED | h.flags;
	if (has("no-pin"))
		i->flags &= ~(CK_FLAGS)CKF_USER_PIN_INITIALIZED;
	h.infos++;
	return told("C_GetTokenInfo", CKR_OK);
}

static CK_RV
get_mechanism_info(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *i)
{
	(void)id;
	(void)type;
	memset(i, 0, sizeof(*i));
	i->flags = has("no-sign-mechanism") ? 0 : CKF_SIGN;
	return told("C_GetMechanismInfo", has("no-mechanism") ?
	    CKR_MECHANISM_INVALID : CKR_OK);
}

static CK_RV
open_session(CK_SLOT_ID id, CK_FLAGS flags, void *app, CK_NOTIFY notify,
    CK_SESSION_HANDLE *s)
{
	(void)id;
	(void)flags;
	(void)app;
	(void)notify;
	CALL("C_OpenSession");
	*s = 1 + h.infos++;
	return CKR_OK;
}

static CK_RV
close_session(CK_SESSION_HANDLE s)
{
	(void)s;
	return told("C_CloseSession", CKR_OK);
}

static CK_RV
close_all(CK_SLOT_ID id)
{
	(void)id;
	return told("C_CloseAllSessions", CKR_OK);
}

static CK_RV
check_pin(const char *name, const uint8_t *pin, CK_ULONG n)
{
	if (pin == NULL)
		return told("C_Login-NULL", n == 0 &&
		    (h.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 ?
		    CKR_OK : CKR_PIN_INCORRECT);
	if (n != 4 || memcmp(pin, "1234", 4) != 0) {
		h.flags |= CKF_USER_PIN_COUNT_LOW;
		if (has("one-try"))
			h.flags |= CKF_USER_PIN_FINAL_TRY;
		return told(name, CKR_PIN_INCORRECT);
	}
	return told(name, CKR_OK);
}

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, uint8_t *pin, CK_ULONG n)
{
	CK_RV rv;

	(void)s;
	if (h.stale)
		return told("C_Login", CKR_USER_ALREADY_LOGGED_IN);
	rv = check_pin(user == CKU_USER ? "C_Login" : "C_Login-context", pin,
	    n);
	if (rv == CKR_OK && user == CKU_USER)
		h.logged_in = true;
	if (rv == CKR_OK && user == CKU_CONTEXT_SPECIFIC)
		h.context = true;
	return rv;
}

static CK_RV
logout(CK_SESSION_HANDLE s)
{
	(void)s;
	CALL("C_Logout");
	h.logged_in = false;
	h.stale = has("stuck");
	return CKR_OK;
}

static CK_RV
find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ULONG i;

	(void)s;
	CALL("C_FindObjectsInit");
	h.found = 0;
	h.any_class = true;
	for (i = 0; i < n; i++)
		if (t[i].type == CKA_CLASS) {
			memcpy(&h.want, t[i].pValue, sizeof(h.want));
			h.any_class = false;
		}
	return CKR_OK;
}

static CK_RV
find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *o, CK_ULONG max, CK_ULONG *n)
{
	CK_ULONG i, have = 0;

	(void)s;
	CALL("C_FindObjects");
	if (has("too-many")) {
		*n = max + 1;
		return CKR_OK;
	}
	if (has("endless")) {
		for (i = 0; i < max; i++)
			o[i] = PUBLIC;
		*n = max;
		return CKR_OK;
	}
	*n = 0;
	if (h.found++ > 0)
		return CKR_OK;
	if (h.want == CKO_PUBLIC_KEY && !has("hidden"))
		o[have++] = PUBLIC;
	if (h.want == CKO_PRIVATE_KEY && h.logged_in && !has("nothing")) {
		o[have++] = PRIVATE;
		if (has("twins") && max > 1)
			o[have++] = TWIN;
	}
	if (h.want == CKO_CERTIFICATE && has("cert") &&
	    (h.logged_in || !has("hidden")))
		o[have++] = CERT;
	while (has("full") && have != 0 && have < max)
		o[have++] = CERT;
	*n = have;
	return CKR_OK;
}

static CK_RV
find_final(CK_SESSION_HANDLE s)
{
	(void)s;
	return told("C_FindObjectsFinal", CKR_OK);
}

/* The honest value of an attribute; NULL when the object has none. */
static const void *
value(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_ULONG *n)
{
	static const CK_ULONG classes[] = {0, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
	    CKO_PRIVATE_KEY, CKO_CERTIFICATE}, ec = CKK_EC;
	static const uint8_t cert[3000] = {0x30, 0x82, 0x0b, 0xb4};
	static const uint8_t odd_id[] = {9}, id[] = {1}, yes = 1, no = 0;
	const void *v = NULL;

	*n = 1;
	if (type == CKA_ID)
		v = has("odd-id") && o != PUBLIC ? odd_id : id;
	else if (type == CKA_ALWAYS_AUTHENTICATE && o != PUBLIC)
		v = has("always") ? &yes : &no;
	else if (type == CKA_SIGN && o != PUBLIC)
		v = has("no-sign") ? &no : &yes;
	else if (type == CKA_CLASS)
		v = &classes[o & 7], *n = sizeof(classes[0]);
	else if (type == CKA_VALUE && o == CERT)
		v = cert, *n = sizeof(cert);
	else if (type == CKA_KEY_TYPE)
		v = &ec, *n = sizeof(ec);
	else if (type == CKA_LABEL)
		v = "key", *n = 3;
	else if (type == CKA_EC_PARAMS)
		v = p256, *n = has("bad-curve") ? 9 : sizeof(p256);
	else if (type == CKA_EC_POINT && o == PUBLIC)
		v = has("raw-point") ? point + 2 : point,
		*n = has("raw-point") ? 65 : has("short-point") ? 66 : 67;
	return v;
}

static CK_RV
get_attribute(CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a)
{
	bool size_only = a->pValue == NULL;
	CK_ULONG n, room = a->ulValueLen;
	const void *v = value(o, a->type, &n);

	a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	if (v == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (has("unavailable"))
		return CKR_OK;
	if (!size_only && room >= n)
		memcpy(a->pValue, v, n);
	a->ulValueLen = n;
	if (has("huge"))
		a->ulValueLen = size_only ? ~0UL / 2 : ~0UL - 1;
	if (has("grow") && !size_only)
		a->ulValueLen = n + 1000;
	if (has("empty"))
		a->ulValueLen = 0;
	return !size_only && room < n ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

static CK_RV
get_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t,
    CK_ULONG n)
{
	CK_RV rv = CKR_OK, one;
	CK_ULONG i;

	(void)s;
	CALL("C_GetAttributeValue");
	if (n > 1 && has("one-by-one"))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (n > 1 && has("many-fail"))
		return CKR_DEVICE_ERROR;
	for (i = 0; i < n && n > 1 && has("many-huge"); i++)
		t[i].ulValueLen = ~0UL - 1;
	for (i = 0; i < n && n > 1 && has("many-long"); i++)
		t[i].ulValueLen = 257;
	if (n > 1 && (has("many-huge") || has("many-long")))
		return CKR_OK;
	for (i = 0; i < n; i++)
		if ((one = get_attribute(o, &t[i])) != CKR_OK)
			rv = one;
	return rv;
}

static CK_RV
sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE o)
{
	(void)s;
	(void)m;
	CALL("C_SignInit");
	if (o != PRIVATE || !h.logged_in)
		return CKR_KEY_HANDLE_INVALID;
	h.signing = true;
	h.context = false;
	return CKR_OK;
}

static CK_RV
sign(CK_SESSION_HANDLE s, uint8_t *in, CK_ULONG n_in, uint8_t *out,
    CK_ULONG *n)
{
	(void)s;
	(void)in;
	(void)n_in;
	CALL("C_Sign");
	if (!h.signing || (has("always") && !h.context))
		return CKR_USER_NOT_LOGGED_IN;
	if (*n < 65)
		return CKR_BUFFER_TOO_SMALL;
	memset(out, 0x5a, 64);
	*n = has("short-sig") ? 63 : has("long-sig") ? 65 :
	    has("no-sig") ? 0 : has("huge-sig") ? ~0UL - 3 : 64;
	return CKR_OK;
}

static CK_RV
get_function_list(CK_FUNCTION_LIST **out);

static CK_FUNCTION_LIST functions = {
	.version = {2, 40},
	.C_Initialize = initialize,
	.C_Finalize = finalize,
	.C_GetInfo = get_info,
	.C_GetFunctionList = get_function_list,
	.C_GetSlotList = get_slot_list,
	.C_GetSlotInfo = get_slot_info,
	.C_GetTokenInfo = get_token_info,
	.C_GetMechanismInfo = get_mechanism_info,
	.C_OpenSession = open_session,
	.C_CloseSession = close_session,
	.C_CloseAllSessions = close_all,
	.C_Login = login,
	.C_Logout = logout,
	.C_FindObjectsInit = find_init,
	.C_FindObjects = find,
	.C_FindObjectsFinal = find_final,
	.C_GetAttributeValue = get_attributes,
	.C_SignInit = sign_init,
	.C_Sign = sign,
};

static CK_RV
get_function_list(CK_FUNCTION_LIST **out)
{
	char lie[20];

	copy_env("HOSTILE", lie, sizeof(lie));
	functions.C_Sign = strcmp(lie, "holes") == 0 ? NULL : sign;
	functions.version.major = strcmp(lie, "old") == 0 ? 1 : 2;
	*out = strcmp(lie, "no-list") == 0 ? NULL : &functions;
	return strcmp(lie, "closed") == 0 ? CKR_GENERAL_ERROR : CKR_OK;
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	return get_function_list(out);
}
