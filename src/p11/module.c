/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/module.h"

#include <stdlib.h>
#include <string.h>

#include "p11/path.h"

#define WHERE "p11 module"
#define SLOTS_MAX 256

/* Field of a PKCS#11 structure against an attribute of the URI. */
#define TAKES(u, a, field) takes((u), (a), (field), sizeof(field))

static bool
takes(const cs_p11_uri *u, enum cs_p11_uri_attr a, const CK_UTF8CHAR *field,
    size_t n)
{
	char s[65];

	cs_ck_field(s, field, n);
	return cs_p11_uri_takes(u, a, cs_span_str(s));
}

static int
load_single(const char *path, cs_p11_modules *out, cs_err *e)
{
	if ((out->path = strdup(path)) == NULL ||
	    (out->list = calloc(2, sizeof(CK_FUNCTION_LIST *))) == NULL)
		return cs_nomem(e, WHERE);
	return cs_p11_path_load(path, &out->list[0], &out->finalize, e);
}

/* What a person knows the module by. */
static void
broken_module(const cs_p11_modules *m, CK_FUNCTION_LIST *f, const char *call,
    CK_RV rv, cs_err *e)
{
	char *file = cs_p11_modules_file(m, f);
	char *name = cs_p11_modules_name(m, f);

	(void)cs_ck_fail(e, call, rv);
	(void)cs_wrap(e, "PKCS#11 module %s", file != NULL ? file :
	    name != NULL ? name : "without a name");
	free(name);
	free(file);
}

static int
no_modules(const cs_p11_kit *kit, cs_err *e)
{
	const char *why = kit->message();

	return cs_fail(e, CS_EDEVICE, WHERE,
	    "p11-kit's PKCS#11 modules cannot be loaded: %s",
	    why == NULL ? "no reason given" : why);
}

/* p11-kit keeps the last of its messages. */
static void
tell_unloaded(const cs_p11_kit *kit, const cs_p11_trouble *trouble)
{
	const char *why = kit->message();
	cs_err e = {0};

	if (why == NULL)
		return;
	(void)cs_fail(&e, CS_EDEVICE, WHERE, "p11-kit: %s", why);
	trouble->tell(trouble->arg, &e);
}

/* p11-kit's own way to initialize all of them does not tell which failed. */
static int
load_told(const cs_p11_trouble *trouble, cs_p11_modules *out, cs_err *e)
{
	const cs_p11_kit *kit = &out->kit;
	CK_FUNCTION_LIST **list = kit->modules_load(NULL, 0);
	size_t i, n = 0;

	if (list == NULL)
		return no_modules(kit, e);
	tell_unloaded(kit, trouble);
	for (i = 0; list[i] != NULL; i++) {
		cs_err why = {0};
		CK_RV rv = kit->module_initialize(list[i]);

		if (rv == CKR_OK) {
			list[n++] = list[i];
			continue;
		}
		broken_module(out, list[i], "C_Initialize", rv, &why);
		trouble->tell(trouble->arg, &why);
		kit->module_release(list[i]);
	}
	list[n] = NULL;
	out->list = list;
	return CS_OK;
}

int
cs_p11_modules_load(const cs_p11_uri *u, const cs_p11_trouble *trouble,
    cs_p11_modules *out, cs_err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (u->attr[CS_P11_A_MODULE_PATH] != NULL)
		return load_single(cs_buf_cstr(u->attr[CS_P11_A_MODULE_PATH]),
		    out, e);
	if ((r = cs_p11_kit_load(&out->kit, e)) != CS_OK)
		return r;
	if (trouble != NULL)
		return load_told(trouble, out, e);
	out->list = out->kit.modules_load_and_initialize(0);
	return out->list != NULL ? CS_OK : no_modules(&out->kit, e);
}

void
cs_p11_modules_unload(cs_p11_modules *m)
{
	if (m->finalize)
		(void)m->list[0]->C_Finalize(NULL);
	if (m->list != NULL && m->path == NULL)
		m->kit.modules_finalize_and_release(m->list);
	else
		free(m->list);
	free(m->path);
	memset(m, 0, sizeof(*m));
}

char *
cs_p11_modules_name(const cs_p11_modules *m, CK_FUNCTION_LIST *f)
{
	if (m->path == NULL)
		return m->kit.module_get_name(f);
	return strdup(strrchr(m->path, '/') + 1);
}

char *
cs_p11_modules_file(const cs_p11_modules *m, CK_FUNCTION_LIST *f)
{
	return m->path == NULL ? m->kit.module_get_filename(f) :
	    strdup(m->path);
}

static bool
has_name(const cs_p11_modules *m, CK_FUNCTION_LIST *f, const cs_p11_uri *u)
{
	char *name = cs_p11_modules_name(m, f);
	bool good = cs_p11_uri_takes(u, CS_P11_A_MODULE_NAME,
	    cs_span_str(name));

	free(name);
	return good;
}

static bool
library_matches(const CK_INFO *i, const cs_p11_uri *u)
{
	if (u->attr[CS_P11_A_LIBRARY_VERSION] != NULL &&
	    (i->libraryVersion.major != u->version_major ||
	    i->libraryVersion.minor != u->version_minor))
		return false;
	return TAKES(u, CS_P11_A_LIBRARY_MANUFACTURER, i->manufacturerID) &&
	    TAKES(u, CS_P11_A_LIBRARY_DESCRIPTION, i->libraryDescription);
}

static bool
slot_matches(CK_FUNCTION_LIST *f, CK_SLOT_ID slot, const cs_p11_uri *u)
{
	CK_SLOT_INFO info = {0};

	if (u->attr[CS_P11_A_SLOT_ID] != NULL && u->slot_id != slot)
		return false;
	if (u->attr[CS_P11_A_SLOT_MANUFACTURER] == NULL &&
	    u->attr[CS_P11_A_SLOT_DESCRIPTION] == NULL)
		return true;
	if (f->C_GetSlotInfo(slot, &info) != CKR_OK)
		return false;
	return TAKES(u, CS_P11_A_SLOT_MANUFACTURER, info.manufacturerID) &&
	    TAKES(u, CS_P11_A_SLOT_DESCRIPTION, info.slotDescription);
}

static bool
token_matches(const CK_TOKEN_INFO *t, const cs_p11_uri *u)
{
	return (t->flags & CKF_TOKEN_INITIALIZED) != 0 &&
	    TAKES(u, CS_P11_A_TOKEN, t->label) &&
	    TAKES(u, CS_P11_A_MANUFACTURER, t->manufacturerID) &&
	    TAKES(u, CS_P11_A_SERIAL, t->serialNumber) &&
	    TAKES(u, CS_P11_A_MODEL, t->model);
}

/* The first call, without room, makes the module look for tokens anew. */
static CK_RV
slot_list(CK_FUNCTION_LIST *f, CK_SLOT_ID slots[SLOTS_MAX], CK_ULONG *n)
{
	CK_RV rv = f->C_GetSlotList(CK_TRUE, NULL, n);

	if (rv != CKR_OK)
		return rv;
	*n = SLOTS_MAX;
	rv = f->C_GetSlotList(CK_TRUE, slots, n);
	return rv == CKR_OK && *n > SLOTS_MAX ? CKR_BUFFER_TOO_SMALL : rv;
}

struct walk {
	const cs_p11_modules *m;
	const cs_p11_uri *u;
	const cs_p11_trouble *trouble;
	int (*each)(void *arg, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
	    const CK_TOKEN_INFO *t, cs_err *e);
	void *arg;
};

/* The walk goes on, unless there is nothing else to walk to. */
static int
pass_over(const struct walk *w, CK_FUNCTION_LIST *f, const char *call,
    CK_RV rv, cs_err *e)
{
	cs_err why = {0};

	if (w->trouble == NULL)
		return w->m->path != NULL ? cs_ck_fail(e, call, rv) : CS_OK;
	broken_module(w->m, f, call, rv, &why);
	w->trouble->tell(w->trouble->arg, &why);
	return CS_OK;
}

static int
module_each(const struct walk *w, CK_FUNCTION_LIST *f, cs_err *e)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_INFO info = {0};
	CK_ULONG i, n = 0;
	CK_RV rv;
	int r = CS_OK;

	if (!has_name(w->m, f, w->u))
		return CS_OK;
	if ((rv = f->C_GetInfo(&info)) != CKR_OK)
		return pass_over(w, f, "C_GetInfo", rv, e);
	if (!library_matches(&info, w->u))
		return CS_OK;
	if ((rv = slot_list(f, slots, &n)) != CKR_OK)
		return pass_over(w, f, "C_GetSlotList", rv, e);
	for (i = 0; i < n && r == CS_OK; i++) {
		CK_TOKEN_INFO t = {0};

		if (!slot_matches(f, slots[i], w->u))
			continue;
		rv = f->C_GetTokenInfo(slots[i], &t);
		if (rv == CKR_OK && token_matches(&t, w->u))
			r = w->each(w->arg, f, slots[i], &t, e);
		else if (rv != CKR_OK && rv != CKR_TOKEN_NOT_PRESENT &&
		    rv != CKR_TOKEN_NOT_RECOGNIZED)
			r = pass_over(w, f, "C_GetTokenInfo", rv, e);
	}
	return r;
}

int
cs_p11_modules_each(const cs_p11_modules *m, const cs_p11_uri *u,
    const cs_p11_trouble *trouble, int (*each)(void *arg, CK_FUNCTION_LIST *f,
    CK_SLOT_ID slot, const CK_TOKEN_INFO *t, cs_err *e), void *arg, cs_err *e)
{
	const struct walk w = {m, u, trouble, each, arg};
	size_t i;
	int r = CS_OK;

	for (i = 0; m->list[i] != NULL && r == CS_OK; i++)
		r = module_each(&w, m->list[i], e);
	return r;
}
