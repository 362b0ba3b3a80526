/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>

#include "base/time.h"
#include "signer/tpm2conn.h"

/* What a TPM and its library answer, in words: Part 2, 6.6. */

static const char where[] = "signer/tpm2";

#define ROOM "; others hold what there is of it. The resource manager makes " \
    "room: --tcti " CS_TPM2_TCTI ", or tabrmd, of the package tpm2-abrmd"

static const struct {
	TSS2_RC code;
	int cls;
	const char *words;
} answers[] = {
	{TPM2_RC_OBJECT_MEMORY, CS_EDEVICE,
	    "the TPM has no room for another key" ROOM},
	{TPM2_RC_OBJECT_HANDLES, CS_EDEVICE,
	    "the TPM has no handle for another key" ROOM},
	{TPM2_RC_SESSION_MEMORY, CS_EDEVICE,
	    "the TPM has no room for another session" ROOM},
	{TPM2_RC_SESSION_HANDLES, CS_EDEVICE,
	    "the TPM has no handle for another session" ROOM},
	{TPM2_RC_MEMORY, CS_EDEVICE, "the TPM is out of memory" ROOM},
	{TPM2_RC_CONTEXT_GAP, CS_EDEVICE, "the TPM has to forget an old "
	    "session first; its resource manager has to be started anew"},
	{TPM2_RC_TOO_MANY_CONTEXTS, CS_EDEVICE, "the TPM has saved too many "
	    "contexts; its resource manager has to be started anew"},
	{TPM2_RC_BAD_AUTH, CS_EAUTH, "wrong PIN. Not retrying. (The TPM does "
	    "not count wrong PINs of this key)"},
	{TPM2_RC_AUTH_UNAVAILABLE, CS_EDEVICE,
	    "the key is not used by a PIN; it wants a policy"},
	{TPM2_RC_AUTH_TYPE, CS_EDEVICE,
	    "the key is not used by a PIN; it wants a policy"},
	{TPM2_RC_POLICY_FAIL, CS_EDEVICE, "the key's policy is not met"},
	{TPM2_RC_INTEGRITY, CS_EDEVICE, "it is not this TPM's key, or its "
	    "parent is another, or the TPM was cleared since it was made"},
	{TPM2_RC_BINDING, CS_EDEVICE,
	    "its public part does not belong to its private part"},
	{TPM2_RC_SENSITIVE, CS_EDEVICE, "it is not this TPM's key, or its "
	    "parent is another, or the TPM was cleared since it was made"},
	{TPM2_RC_PARENT, CS_EDEVICE, "its parent is no storage key"},
	{TPM2_RC_TYPE, CS_EDEVICE,
	    "a key of another type stands where one was expected"},
	{TPM2_RC_HANDLE, CS_EDEVICE, "the TPM has nothing at that handle"},
	{TPM2_RC_REFERENCE_H0, CS_EDEVICE, "the TPM has lost the key; it was "
	    "reset, or another process flushed it"},
	{TPM2_RC_REFERENCE_H1, CS_EDEVICE, "the TPM has lost the key; it was "
	    "reset, or another process flushed it"},
	{TPM2_RC_REFERENCE_S0, CS_EDEVICE, "the TPM has lost the session; it "
	    "was reset, or another process flushed it"},
	{TPM2_RC_HIERARCHY, CS_EDEVICE, "its hierarchy is disabled"},
	{TPM2_RC_CURVE, CS_EDEVICE, "this TPM does not have this curve"},
	{TPM2_RC_KEY_SIZE, CS_EDEVICE,
	    "this TPM does not have keys of this size"},
	{TPM2_RC_HASH, CS_EDEVICE, "this TPM does not have this hash"},
	{TPM2_RC_SCHEME, CS_EDEVICE,
	    "the key, or this TPM, does not sign in this way"},
	{TPM2_RC_ASYMMETRIC, CS_EDEVICE,
	    "this TPM does not have this kind of key"},
	{TPM2_RC_ATTRIBUTES, CS_EDEVICE,
	    "the key's attributes do not allow it"},
	{TPM2_RC_KEY, CS_EDEVICE, "the key is not one to sign with"},
	{TPM2_RC_NV_SPACE, CS_EDEVICE,
	    "the TPM has no room left for what lasts"},
	{TPM2_RC_NV_DEFINED, CS_EDEVICE,
	    "the TPM has something at that handle already"},
	{TPM2_RC_NV_RATE, CS_EDEVICE,
	    "the TPM protects its memory from wear; try again later"},
	{TPM2_RC_NV_UNAVAILABLE, CS_EDEVICE,
	    "the TPM's memory cannot be written now; try again later"},
	{TPM2_RC_LOCALITY, CS_EDEVICE,
	    "the TPM refuses it at this locality"},
	{TPM2_RC_DISABLED, CS_EDEVICE, "the command is disabled in this TPM"},
	{TPM2_RC_COMMAND_CODE, CS_EDEVICE,
	    "this TPM, or its resource manager, does not have the command"},
	{TPM2_RC_CANCELED, CS_EDEVICE, "somebody cancelled the command"},
	{TPM2_RC_INITIALIZE, CS_EDEVICE,
	    "the TPM was not started (tpm2_startup -c)"},
	{TPM2_RC_FAILURE, CS_EDEVICE,
	    "the TPM is in failure mode; only a reset ends that"},
	{TPM2_RC_REBOOT, CS_EDEVICE, "the TPM wants to be reset"},
	{TPM2_RC_UPGRADE, CS_EDEVICE,
	    "the TPM's firmware is being replaced"},
};

/* Format-one codes say which handle, parameter or session; the resource
 * managers put a layer before what the TPM said. */
TSS2_RC
cs_tpm2_code(TSS2_RC rc)
{
	const TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
	const TSS2_RC code = rc & 0xfff;

	if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_RC_LAYER &&
	    layer != TSS2_RESMGR_TPM_RC_LAYER)
		return 0;
	return (code & TPM2_RC_FMT1) != 0 ? code & (TPM2_RC_FMT1 | 0x3f) :
	    code;
}

int
cs_tpm2_tries_read(cs_tpm2 *t, cs_tpm2_tries *out, cs_err *e)
{
	TPMS_CAPABILITY_DATA *c = NULL;
	const TPML_TAGGED_TPM_PROPERTY *p;
	unsigned seen = 0;
	TSS2_RC rc;
	UINT32 i;

	*out = (cs_tpm2_tries){0};
	rc = Esys_GetCapability(cs_tpm2_esys(t), ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_LOCKOUT_COUNTER, 3,
	    NULL, &c);
	if (rc != TSS2_RC_SUCCESS)
		return cs_tpm2_rc(t, rc, "count the tries that are left", e);
	p = &c->data.tpmProperties;
	for (i = 0; c->capability == TPM2_CAP_TPM_PROPERTIES && i < p->count &&
	    i < TPM2_MAX_TPM_PROPERTIES; i++) {
		const TPMS_TAGGED_PROPERTY *x = &p->tpmProperty[i];

		seen += x->property >= TPM2_PT_LOCKOUT_COUNTER &&
		    x->property <= TPM2_PT_LOCKOUT_INTERVAL;
		if (x->property == TPM2_PT_LOCKOUT_COUNTER)
			out->failed = x->value;
		else if (x->property == TPM2_PT_MAX_AUTH_FAIL)
			out->max = x->value;
		else if (x->property == TPM2_PT_LOCKOUT_INTERVAL)
			out->interval = x->value;
	}
	Esys_Free(c);
	if (seen != 3)
		return cs_fail(e, CS_EDEVICE, where,
		    "the TPM does not tell how many tries are left");
	return CS_OK;
}

int
cs_tpm2_lockout(const cs_tpm2_tries *n, cs_err *e)
{
	char time[24] = "", about[32] = "";

	if (n->interval == 0)
		return cs_fail(e, CS_EAUTH, where, "the TPM is locked out: "
		    "%u wrong PINs, of %u that it allows. It forgets none; "
		    "tpm2_dictionarylockout -c, by who has the lockout auth "
		    "value, ends it", n->failed, n->max);
	cs_duration_put(n->interval, time);
	if (n->interval % 60 == 0)
		(void)snprintf(about, sizeof(about), " (%s)", time);
	return cs_fail(e, CS_EAUTH, where, "the TPM is locked out: %u wrong "
	    "PINs, of %u that it allows. It forgets one every %u seconds%s "
	    "while it runs, so a try is free by then; or "
	    "tpm2_dictionarylockout -c, by who has the lockout auth value, "
	    "ends it at once", n->failed, n->max, n->interval, about);
}

static int
say_lockout(cs_tpm2 *t, const char *what, cs_err *e)
{
	cs_tpm2_tries n;
	int rc;

	if ((rc = cs_tpm2_tries_read(t, &n, e)) != CS_OK)
		return rc;
	(void)cs_tpm2_lockout(&n, e);
	return cs_wrap(e, "cannot %s", what);
}

static int
say_wrong(cs_tpm2 *t, const char *what, cs_err *e)
{
	cs_tpm2_tries n;
	cs_err why = {0};
	uint32_t left;

	if (cs_tpm2_tries_read(t, &n, &why) != CS_OK)
		return cs_fail(e, CS_EAUTH, where, "cannot %s: wrong PIN, an "
		    "unknown number of tries left. Not retrying.", what);
	left = n.failed < n.max ? n.max - n.failed : 0;
	if (left == 0) {
		(void)cs_tpm2_lockout(&n, e);
		return cs_wrap(e, "cannot %s: wrong PIN", what);
	}
	return cs_fail(e, CS_EAUTH, where, "cannot %s: wrong PIN, %u %s left "
	    "on the TPM. Not retrying.", what, left,
	    left == 1 ? "try" : "tries");
}

static int
say_stopped(cs_tpm2 *t, TSS2_RC rc, const char *what, cs_err *e)
{
	switch (cs_tpm2_wire_stopped(cs_tpm2_wire_of(t))) {
	case CS_TPM2_SIGNAL:
		return cs_fail(e, CS_EINTR, where, "interrupted");
	case CS_TPM2_LATE:
		return cs_fail(e, CS_ETIMEOUT, where,
		    "cannot %s: the TPM did not answer in time", what);
	case CS_TPM2_BUSY:
		return cs_fail(e, CS_EDEVICE, where, "cannot %s: the TPM is "
		    "busy, or tests itself, for too long; try again later",
		    what);
	case CS_TPM2_BROKEN:
		return cs_fail(e, CS_EDEVICE, where, "cannot %s: the TPM is "
		    "gone: no answer came (TCTI error 0x%08x)", what, rc);
	case CS_TPM2_GARBLED:
		return cs_fail(e, CS_EDEVICE, where, "cannot %s: what came "
		    "from the TPM is no answer of a TPM", what);
	case CS_TPM2_RUNS:
		break;
	}
	return CS_OK;
}

/* ESYS refuses answers that it cannot read, or whose HMAC is wrong. */
static int
say_library(TSS2_RC rc, const char *what, cs_err *e)
{
	const TSS2_RC base = rc & ~TSS2_RC_LAYER_MASK;

	if (base == TSS2_BASE_RC_MEMORY)
		return cs_nomem(e, where);
	if (base == TSS2_BASE_RC_RSP_AUTH_FAILED)
		return cs_fail(e, CS_EDEVICE, where, "cannot %s: the answer "
		    "was changed on its way from the TPM", what);
	if (base == TSS2_BASE_RC_MALFORMED_RESPONSE ||
	    base == TSS2_BASE_RC_INSUFFICIENT_RESPONSE ||
	    base == TSS2_BASE_RC_INSUFFICIENT_BUFFER ||
	    base == TSS2_BASE_RC_BAD_SEQUENCE ||
	    base == TSS2_BASE_RC_GENERAL_FAILURE ||
	    (rc & TSS2_RC_LAYER_MASK) == TSS2_MU_RC_LAYER)
		return cs_fail(e, CS_EDEVICE, where, "cannot %s: the TPM's "
		    "answer is malformed (0x%08x)", what, rc);
	return cs_fail(e, CS_EBUG, where, "cannot %s: the TPM's library says "
	    "0x%08x", what, rc);
}

int
cs_tpm2_rc(cs_tpm2 *t, TSS2_RC rc, const char *what, cs_err *e)
{
	const TSS2_RC code = cs_tpm2_code(rc);
	size_t i;
	int cls;

	if (rc == TSS2_RC_SUCCESS)
		return CS_OK;
	if (code == 0)
		return (cls = say_stopped(t, rc, what, e)) != CS_OK ? cls :
		    say_library(rc, what, e);
	if (code == TPM2_RC_LOCKOUT)
		return say_lockout(t, what, e);
	if (code == TPM2_RC_AUTH_FAIL)
		return say_wrong(t, what, e);
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].code == code)
			return cs_fail(e, answers[i].cls, where,
			    "cannot %s: %s (TPM error 0x%03x)", what,
			    answers[i].words, rc & 0xfff);
	return cs_fail(e, CS_EDEVICE, where, "cannot %s: the TPM says 0x%03x",
	    what, rc & 0xfff);
}
