/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2conn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypt/ossl.h"

#define AUTHS_MAX 4

static const char where[] = "signer/tpm2";

struct cs_tpm2 {
	cs_tpm2_wire *wire;
	ESYS_CONTEXT *esys;
	uint32_t srk_hierarchy;
	ESYS_TR srk;
	ESYS_TR session; /* the last one that was started */
	struct auth {
		ESYS_TR key;
		UINT16 n; /* octets */
	} auths[AUTHS_MAX];
	size_t n_auths;
	bool is_masked;
	sigset_t mask; /* as it was */
	int signals;
};

/* The signals that end a process; those that are ignored would stay pending
 * for ever. */
static void
ending_signals(sigset_t *out)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction sa;
	size_t i;

	(void)sigemptyset(out);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (sigaction(all[i], NULL, &sa) == 0 &&
		    sa.sa_handler != SIG_IGN)
			(void)sigaddset(out, all[i]);
}

/* A TCTI writes to a TPM that may be gone. */
static void
hold_pipe(cs_tpm2 *t)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, &t->mask);
	t->is_masked = true;
}

static int
hold_signals(cs_tpm2 *t, cs_err *e)
{
	sigset_t set;

	ending_signals(&set);
	if ((t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return cs_fail(e, CS_EBUG, where, "signalfd: %s",
		    strerror(errno));
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	return CS_OK;
}

static void
release_signals(cs_tpm2 *t)
{
	const struct timespec now = {0};
	sigset_t set;

	if (!t->is_masked)
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	if (sigismember(&t->mask, SIGPIPE) == 0)
		(void)sigtimedwait(&set, NULL, &now);
	(void)pthread_sigmask(SIG_SETMASK, &t->mask, NULL);
}

static int
device_failed(const char *path, cs_err *e)
{
	const int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	const int why = fd >= 0 ? 0 : errno;

	if (fd >= 0)
		(void)close(fd);
	if (why == ENOENT || why == ENXIO || why == ENODEV)
		return cs_fail(e, CS_EDEVICE, where, "there is no TPM here: "
		    "%s: %s", path, strerror(why));
	if (why == EACCES || why == EPERM)
		return cs_fail(e, CS_EDEVICE, where, "%s: permission denied: "
		    "who may use the TPM is in the group tss, and "
		    "countersign-tpm(7) says what that group may do", path);
	if (why == EBUSY)
		return cs_fail(e, CS_EDEVICE, where, "%s is in use by another "
		    "process; the kernel's resource manager is "
		    CS_TPM2_TCTI, path);
	return cs_fail(e, CS_EDEVICE, where, "the TPM at %s does not answer%s"
	    "%s", path, why == 0 ? "" : ": ", why == 0 ? "" : strerror(why));
}

/* The TCTI would write commands into a file of this name. */
static int
check_device(const cs_tpm2_way *w, cs_err *e)
{
	struct stat st;

	if (strcmp(w->name, "device") != 0 || w->conf == NULL ||
	    stat(w->conf, &st) != 0 || S_ISCHR(st.st_mode))
		return CS_OK;
	return cs_fail(e, CS_EDEVICE, where, "%s is no device", w->conf);
}

static int
way_failed(const cs_tpm2_way *w, TSS2_RC rc, cs_err *e)
{
	if (rc == TSS2_TCTI_RC_NOT_SUPPORTED)
		return cs_fail(e, CS_EDEVICE, where, "the TCTI %s is not "
		    "installed: no %s; Debian has it in %s", w->name,
		    w->library, w->package);
	if (rc == TSS2_TCTI_RC_BAD_VALUE && w->conf != NULL)
		return cs_fail(e, CS_EUSAGE, where, "the TCTI %s does not "
		    "take \"%s\"", w->name, w->conf);
	if (rc == TSS2_TCTI_RC_MEMORY)
		return cs_nomem(e, where);
	if (strcmp(w->name, "device") == 0 && w->conf != NULL)
		return device_failed(w->conf, e);
	return cs_fail(e, CS_EDEVICE, where, "no TPM answers at %s%s%s (TCTI "
	    "error 0x%08x)", w->name, w->conf == NULL ? "" : ":",
	    w->conf == NULL ? "" : w->conf, rc);
}

/* Nothing is held yet, so that whoever waits here may be killed; but threads
 * that a TCTI starts must not take the signals instead of us. */
static int
start(cs_tpm2 *t, const cs_tpm2_way *w, int64_t deadline_ms, cs_err *e)
{
	TSS2_RC trc;
	int rc;

	if ((rc = check_device(w, e)) != CS_OK)
		return rc;
	hold_pipe(t);
	if (w->has_threads && (rc = hold_signals(t, e)) != CS_OK)
		return rc;
	rc = cs_tpm2_wire_new(w, deadline_ms, &t->wire, &trc, e);
	if (trc != TSS2_RC_SUCCESS)
		return way_failed(w, trc, e);
	if (rc != CS_OK ||
	    (!w->has_threads && (rc = hold_signals(t, e)) != CS_OK))
		return rc;
	cs_tpm2_wire_watch(t->wire, t->signals);
	trc = Esys_Initialize(&t->esys, cs_tpm2_wire_tcti(t->wire), NULL);
	return cs_tpm2_rc(t, trc, "start the TPM's library", e);
}

int
cs_tpm2_open(const cs_signer_env *env, cs_tpm2 **out, cs_err *e)
{
	cs_tpm2_way way;
	cs_tpm2 *t;
	int rc;

	*out = NULL;
	if ((rc = cs_ossl_start(e)) != CS_OK ||
	    (rc = cs_tpm2_way_parse(env->tcti == NULL ? CS_TPM2_TCTI :
	    env->tcti, &way, e)) != CS_OK)
		return rc;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return cs_nomem(e, where);
	t->srk = t->session = ESYS_TR_NONE;
	t->signals = -1;
	if ((rc = start(t, &way, env->deadline_ms, e)) == CS_OK) {
		*out = t;
		t = NULL; /* transferred */
	}
	cs_tpm2_close(&t);
	return rc;
}

/* A session has a copy of the auth value that it last was used with. One more
 * command, which goes nowhere, puts another of this length in its place. */
static void
wipe_session(cs_tpm2 *t, const struct auth *a)
{
	const TPMT_TK_HASHCHECK no_proof = {.tag = TPM2_ST_HASHCHECK,
		.hierarchy = TPM2_RH_NULL};
	const TPMT_SIG_SCHEME keys_own = {.scheme = TPM2_ALG_NULL};
	const TPM2B_DIGEST nothing = {.size = 32};
	TPM2B_AUTH other = {.size = a->n};

	if (t->session == ESYS_TR_NONE)
		return;
	memset(other.buffer, 0xff, sizeof(other.buffer));
	(void)Esys_TR_SetAuth(t->esys, a->key, &other);
	cs_tpm2_wire_mute(t->wire, true);
	(void)Esys_Sign_Async(t->esys, a->key, t->session, ESYS_TR_NONE,
	    ESYS_TR_NONE, &nothing, &keys_own, &no_proof);
	cs_tpm2_wire_mute(t->wire, false);
}

/* ESYS frees what it has without wiping it. */
static void
wipe_auths(cs_tpm2 *t)
{
	const TPM2B_AUTH none = {0};
	size_t i;

	for (i = 0; i < t->n_auths; i++) {
		wipe_session(t, &t->auths[i]);
		(void)Esys_TR_SetAuth(t->esys, t->auths[i].key, &none);
	}
	t->n_auths = 0;
}

void
cs_tpm2_close(cs_tpm2 **tp)
{
	cs_tpm2 *t;

	if (tp == NULL || (t = *tp) == NULL)
		return;
	if (t->esys != NULL) {
		wipe_auths(t);
		Esys_Finalize(&t->esys);
	}
	cs_tpm2_wire_free(&t->wire);
	if (t->signals >= 0)
		(void)close(t->signals);
	*tp = NULL;
	release_signals(t);
	free(t);
}

ESYS_CONTEXT *
cs_tpm2_esys(cs_tpm2 *t)
{
	return t->esys;
}

cs_tpm2_wire *
cs_tpm2_wire_of(cs_tpm2 *t)
{
	return t->wire;
}

static void
forget_auth(cs_tpm2 *t, ESYS_TR handle)
{
	const TPM2B_AUTH none = {0};
	size_t i;

	for (i = 0; i < t->n_auths; i++) {
		if (t->auths[i].key != handle)
			continue;
		(void)Esys_TR_SetAuth(t->esys, handle, &none);
		t->auths[i] = t->auths[--t->n_auths];
		return;
	}
}

void
cs_tpm2_flush(cs_tpm2 *t, ESYS_TR *handle)
{
	if (*handle == ESYS_TR_NONE)
		return;
	forget_auth(t, *handle);
	if (*handle == t->srk)
		t->srk = ESYS_TR_NONE;
	if (*handle == t->session)
		t->session = ESYS_TR_NONE;
	(void)Esys_FlushContext(t->esys, *handle);
	*handle = ESYS_TR_NONE;
}

int
cs_tpm2_auth(cs_tpm2 *t, ESYS_TR key, cs_span auth, cs_err *e)
{
	cs_buf *b = cs_secret_new(sizeof(TPM2B_AUTH));
	TPM2B_AUTH *a;
	TSS2_RC rc;

	if (b == NULL)
		return cs_nomem(e, where);
	a = (void *)cs_buf_tail(b);
	if (t->n_auths == AUTHS_MAX || auth.n > sizeof(a->buffer) ||
	    cs_buf_grew(b, sizeof(*a)) != CS_OK) {
		cs_buf_free(&b);
		return cs_fail(e, CS_EBUG, where, "no room for an auth value");
	}
	a->size = (UINT16)auth.n;
	if (auth.n > 0)
		memcpy(a->buffer, auth.p, auth.n);
	t->auths[t->n_auths++] = (struct auth){key, a->size};
	rc = Esys_TR_SetAuth(t->esys, key, a);
	cs_buf_free(&b);
	return cs_tpm2_rc(t, rc, "set the auth value", e);
}

static int
primary_failed(cs_tpm2 *t, TSS2_RC rc, ESYS_TR hierarchy, cs_err *e)
{
	const TSS2_RC code = cs_tpm2_code(rc);
	const char *name = hierarchy == ESYS_TR_RH_OWNER ? "owner" :
	    hierarchy == ESYS_TR_RH_ENDORSEMENT ? "endorsement" : "platform";

	if (code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL)
		return cs_fail(e, CS_EDEVICE, where, "the TPM's %s hierarchy "
		    "has an auth value, which countersign does not ask for; "
		    "a key below a persistent parent needs none of it", name);
	if (code == TPM2_RC_HIERARCHY)
		return cs_fail(e, CS_EDEVICE, where, "the TPM's %s hierarchy "
		    "is disabled", name);
	return cs_tpm2_rc(t, rc, "make the primary key", e);
}

int
cs_tpm2_primary(cs_tpm2 *t, ESYS_TR hierarchy, const TPM2B_PUBLIC *in,
    ESYS_TR *out, TPM2B_PUBLIC *area, cs_err *e)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPML_PCR_SELECTION no_pcr = {0};
	const TPM2B_DATA no_data = {0};
	TPM2B_PUBLIC *made = NULL;
	TSS2_RC rc;

	*out = ESYS_TR_NONE;
	rc = Esys_CreatePrimary(t->esys, hierarchy, ESYS_TR_PASSWORD,
	    ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, in, &no_data, &no_pcr, out,
	    &made, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		*out = ESYS_TR_NONE;
		return primary_failed(t, rc, hierarchy, e);
	}
	if (area != NULL)
		*area = *made;
	Esys_Free(made);
	return CS_OK;
}

static int
hierarchy_of(uint32_t handle, ESYS_TR *out, cs_err *e)
{
	switch (handle) {
	case TPM2_RH_OWNER:
		*out = ESYS_TR_RH_OWNER;
		return CS_OK;
	case TPM2_RH_ENDORSEMENT:
		*out = ESYS_TR_RH_ENDORSEMENT;
		return CS_OK;
	case TPM2_RH_PLATFORM:
		*out = ESYS_TR_RH_PLATFORM;
		return CS_OK;
	default:
		return cs_fail(e, CS_EDEVICE, where, "expected a parent of "
		    "the owner, endorsement or platform hierarchy, found "
		    "0x%08x", handle);
	}
}

int
cs_tpm2_srk(cs_tpm2 *t, uint32_t hierarchy, ESYS_TR *out, cs_err *e)
{
	const TPM2B_PUBLIC in = {.publicArea = {
		.type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_USERWITHAUTH |
		    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
		    TPMA_OBJECT_NODA | TPMA_OBJECT_FIXEDTPM |
		    TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN,
		.parameters.eccDetail = {
		    .symmetric = {.algorithm = TPM2_ALG_AES,
			.keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB},
		    .scheme.scheme = TPM2_ALG_NULL,
		    .curveID = TPM2_ECC_NIST_P256,
		    .kdf.scheme = TPM2_ALG_NULL}}};
	ESYS_TR root = ESYS_TR_NONE;
	int rc;

	*out = t->srk;
	if (t->srk != ESYS_TR_NONE && t->srk_hierarchy == hierarchy)
		return CS_OK;
	if ((rc = hierarchy_of(hierarchy, &root, e)) != CS_OK ||
	    (rc = cs_tpm2_primary(t, root, &in, out, NULL, e)) != CS_OK)
		return rc;
	t->srk = *out;
	t->srk_hierarchy = hierarchy;
	return CS_OK;
}

int
cs_tpm2_session(cs_tpm2 *t, ESYS_TR salt, ESYS_TR *out, cs_err *e)
{
	const TPMT_SYM_DEF aes = {.algorithm = TPM2_ALG_AES,
		.keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	const TPMA_SESSION wanted = TPMA_SESSION_CONTINUESESSION |
	    TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;
	TSS2_RC rc;

	*out = ESYS_TR_NONE;
	rc = Esys_StartAuthSession(t->esys, salt, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &aes,
	    TPM2_ALG_SHA256, out);
	if (rc != TSS2_RC_SUCCESS)
		*out = ESYS_TR_NONE;
	else
		rc = Esys_TRSess_SetAttributes(t->esys, *out, wanted, 0xff);
	t->session = *out;
	return cs_tpm2_rc(t, rc, "start a session", e);
}
