/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "fmt/pem.h"
#include "signer/tpm2area.h"
#include "signer/tpm2key.h"
#include "signer/tpm2look.h"
#include "signer/tpm2uri.h"

/* A new key in a TPM, and the file that it is kept in. */

#define PIN_MAX 32 /* SHA-256, the nameAlg of every new key */
#define RSA_BITS 2048

static const char where[] = "signer/tpm2";

struct job {
	const cs_to_make *what;
	const char *path;
	cs_buf *pin; /* NULL: none */
	cs_tpm2 *t;
	ESYS_TR parent, session;
	TPM2B_PRIVATE *private_part;
	TPM2B_PUBLIC *public_part;
};

static int
check(const struct job *j, cs_err *e)
{
	const cs_to_make *w = j->what;

	if (j->path == NULL || strcmp(j->path, "-") == 0)
		return cs_fail(e, CS_EUSAGE, where, "expected tpm2:FILE, the "
		    "file that is to keep the new key");
	if (w->kind != CS_KEY_P256 && w->kind != CS_KEY_P384 &&
	    w->kind != CS_KEY_RSA)
		return cs_fail(e, CS_EUSAGE, where, "TPMs make keys of P-256, "
		    "P-384 and RSA-2048");
	if (w->parent != 0 && (w->parent < CS_TPM2_FIRST ||
	    w->parent > CS_TPM2_LAST))
		return cs_fail(e, CS_EUSAGE, where, "expected a persistent "
		    "handle as parent, 0x81000000 to 0x81ffffff, found "
		    "0x%08x", w->parent);
	if (!w->force && cs_file_exists(j->path))
		return cs_fail(e, CS_EIO, where, "%s exists, -f replaces it",
		    j->path);
	return CS_OK;
}

static int
ask(struct job *j, const cs_signer_env *env, cs_err *e)
{
	struct cs_pin_ask a = {.tries_left = -1, .fresh = true};
	char what[1024];
	int rc;

	if (j->what->no_pin)
		return CS_OK;
	if (env->ui == NULL || env->ui->pin == NULL)
		return cs_fail(e, CS_ENEEDED, where,
		    "a new PIN is needed and nobody can be asked");
	(void)snprintf(what, sizeof(what), "new PIN for %s", j->path);
	a.what = what;
	if ((rc = env->ui->pin(env->ui->arg, &a, &j->pin, e)) != CS_OK)
		return rc;
	if (cs_buf_len(j->pin) > PIN_MAX)
		return cs_fail(e, CS_EAUTH, where, "expected a PIN of at most "
		    "%d octets, found %zu", PIN_MAX, cs_buf_len(j->pin));
	if (cs_buf_len(j->pin) == 0)
		cs_buf_free(&j->pin);
	return CS_OK;
}

static int
check_parent(uint32_t handle, const TPMT_PUBLIC *p, cs_err *e)
{
	const TPMA_OBJECT a = p->objectAttributes;

	if ((a & TPMA_OBJECT_RESTRICTED) == 0 ||
	    (a & TPMA_OBJECT_DECRYPT) == 0)
		return cs_fail(e, CS_EUSAGE, where, "0x%08x is no storage "
		    "key: expected a key that is restricted and decrypts, "
		    "found one that is %srestricted and %s", handle,
		    (a & TPMA_OBJECT_RESTRICTED) != 0 ? "" : "not ",
		    (a & TPMA_OBJECT_DECRYPT) != 0 ? "decrypts" :
		    "does not decrypt");
	if (p->type != TPM2_ALG_RSA && p->type != TPM2_ALG_ECC)
		return cs_fail(e, CS_EUSAGE, where, "0x%08x is a symmetric "
		    "storage key; expected one of RSA or elliptic curves",
		    handle);
	if ((a & TPMA_OBJECT_FIXEDTPM) == 0)
		return cs_fail(e, CS_EUSAGE, where, "0x%08x can be moved to "
		    "another TPM, and a key below it with it", handle);
	return CS_OK;
}

static int
find_parent(struct job *j, cs_err *e)
{
	ESYS_CONTEXT *esys = cs_tpm2_esys(j->t);
	const uint32_t handle = j->what->parent;
	TPM2B_PUBLIC *area = NULL;
	int rc;

	if (handle == 0)
		return cs_tpm2_srk(j->t, TPM2_RH_OWNER, &j->parent, e);
	if ((rc = cs_tpm2_rc(j->t, Esys_TR_FromTPMPublic(esys, handle,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &j->parent),
	    "find the parent", e)) == CS_OK &&
	    (rc = cs_tpm2_rc(j->t, Esys_ReadPublic(esys, j->parent,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &area, NULL, NULL),
	    "read the parent", e)) == CS_OK)
		rc = check_parent(handle, &area->publicArea, e);
	else
		rc = cs_wrap(e, "0x%08x", handle);
	Esys_Free(area);
	return rc;
}

/* What is wrong with the TPM or the parent is told before a new PIN is thought
 * of. */
static int
look(struct job *j, const cs_signer_env *env, cs_err *e)
{
	int rc;

	if ((rc = cs_tpm2_open(env, &j->t, e)) == CS_OK &&
	    j->what->parent != 0)
		rc = find_parent(j, e);
	cs_tpm2_close(&j->t);
	return rc;
}

/* Without a PIN there are no wrong ones to count, and wrong ones of other keys
 * are to lock nothing out here. */
static void
set_template(const struct job *j, TPM2B_PUBLIC *out)
{
	TPMT_PUBLIC *p = &out->publicArea;

	memset(out, 0, sizeof(*out));
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
	    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
	    TPMA_OBJECT_SIGN_ENCRYPT;
	if (j->pin == NULL)
		p->objectAttributes |= TPMA_OBJECT_NODA;
	if (j->what->kind == CS_KEY_RSA) {
		p->type = TPM2_ALG_RSA;
		p->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
		p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
		p->parameters.rsaDetail.keyBits = RSA_BITS;
		return;
	}
	p->type = TPM2_ALG_ECC;
	p->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
	p->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
	p->parameters.eccDetail.curveID = j->what->kind == CS_KEY_P384 ?
	    TPM2_ECC_NIST_P384 : TPM2_ECC_NIST_P256;
	p->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
}

/* An auth value that the parent has is not asked for. */
static int
parent_rc(struct job *j, TSS2_RC answer, const char *what, cs_err *e)
{
	const TSS2_RC code = cs_tpm2_code(answer);

	if (code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL ||
	    code == TPM2_RC_AUTH_UNAVAILABLE)
		return cs_fail(e, CS_EDEVICE, where, "the parent 0x%08x has "
		    "an auth value or a policy, which countersign does not "
		    "ask for", j->what->parent);
	return cs_tpm2_rc(j->t, answer, what, e);
}

static int
create(struct job *j, cs_err *e)
{
	cs_buf *own = cs_secret_new(sizeof(TPM2B_SENSITIVE_CREATE));
	static const TPML_PCR_SELECTION no_pcr = {0};
	static const TPM2B_DATA no_data = {0};
	const cs_span pin = cs_buf_span(j->pin);
	TPM2B_SENSITIVE_CREATE *s;
	TPM2B_PUBLIC in;
	TSS2_RC answer;

	if (own == NULL)
		return cs_nomem(e, where);
	s = (void *)cs_buf_tail(own);
	if (cs_buf_grew(own, sizeof(*s)) != CS_OK) {
		cs_buf_free(&own);
		return cs_nomem(e, where);
	}
	memset(s, 0, sizeof(*s));
	s->sensitive.userAuth.size = (UINT16)pin.n;
	if (pin.n != 0)
		memcpy(s->sensitive.userAuth.buffer, pin.p, pin.n);
	set_template(j, &in);
	answer = Esys_Create(cs_tpm2_esys(j->t), j->parent, j->session,
	    ESYS_TR_NONE, ESYS_TR_NONE, s, &in, &no_data, &no_pcr,
	    &j->private_part, &j->public_part, NULL, NULL, NULL);
	cs_buf_free(&own);
	return parent_rc(j, answer, "make the key", e);
}

/* What was made can be used, and is what was asked for. */
static int
try_out(struct job *j, cs_err *e)
{
	ESYS_TR key = ESYS_TR_NONE;
	cs_buf *area = NULL;
	cs_tpmpub p;
	int rc;

	if ((rc = cs_tpm2_area_put(j->public_part, &area, e)) != CS_OK ||
	    (rc = cs_tpmpub_parse(cs_buf_span(area), &p, e)) != CS_OK)
		goto out;
	if (p.kind != j->what->kind || (p.attributes & CS_TPMA_FIXED_TPM) == 0)
		rc = cs_fail(e, CS_EDEVICE, where,
		    "the TPM has made another key than it was asked for");
	else
		rc = parent_rc(j, Esys_Load(cs_tpm2_esys(j->t), j->parent,
		    j->session, ESYS_TR_NONE, ESYS_TR_NONE, j->private_part,
		    j->public_part, &key), "load the new key", e);
	cs_tpm2_flush(j->t, &key);
out:
	cs_buf_free(&area);
	return rc;
}

static int
make(struct job *j, cs_err *e)
{
	int rc;

	if ((rc = find_parent(j, e)) == CS_OK &&
	    (rc = cs_tpm2_session(j->t, j->parent, &j->session, e)) ==
	    CS_OK &&
	    (rc = create(j, e)) == CS_OK)
		rc = try_out(j, e);
	return rc;
}

static int
put_key(const struct job *j, cs_buf *der, cs_err *e)
{
	cs_tsskey k = {.empty_auth = j->pin == NULL,
	    .parent = j->what->parent == 0 ? TPM2_RH_OWNER : j->what->parent};
	cs_buf *pub = NULL, *priv = NULL;
	int rc;

	if ((rc = cs_tpm2_public_put(j->public_part, &pub, e)) == CS_OK &&
	    (rc = cs_tpm2_private_put(j->private_part, &priv, e)) == CS_OK) {
		k.public_area = cs_buf_span(pub);
		k.private_area = cs_buf_span(priv);
		rc = cs_tsskey_put(&k, der, e);
	}
	cs_buf_free(&pub);
	cs_buf_free(&priv);
	return rc;
}

static int
write_key(const struct job *j, cs_err *e)
{
	cs_buf *der = cs_buf_new(CS_TSSKEY_MAX);
	cs_buf *pem = cs_buf_new(cs_pem_max(CS_TSSKEY_MAX));
	int rc;

	if (der == NULL || pem == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = put_key(j, der, e)) == CS_OK &&
	    (rc = cs_pem_put(pem, CS_PEM_TSSKEY, cs_buf_span(der), e)) ==
	    CS_OK)
		rc = cs_file_write(j->path, cs_buf_span(pem), 0600,
		    j->what->force, e);
	cs_buf_free(&der);
	cs_buf_free(&pem);
	return rc;
}

/* As whoever uses it will read it. */
static int
describe(const char *uri, const cs_signer_env *env, cs_made *out, cs_err *e)
{
	cs_tpm2_key k;
	int rc;

	if ((rc = cs_tpm2_key_open(uri, env, &k, e)) == CS_OK &&
	    (rc = cs_tpm2_key_describe(&k, &out->info, e)) == CS_OK) {
		out->no_pin = k.no_pin;
		out->spki = k.spki;
		k.spki = NULL; /* transferred */
	}
	cs_tpm2_key_clear(&k);
	return rc;
}

int
cs_tpm2_make(const char *uri, const cs_to_make *what,
    const cs_signer_env *env, cs_made *out, cs_err *e)
{
	struct job j = {.what = what, .parent = ESYS_TR_NONE,
	    .session = ESYS_TR_NONE};
	cs_tpm2_uri u;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = cs_tpm2_uri_parse(uri, &u, e)) != CS_OK)
		return rc;
	j.path = u.path;
	if ((rc = check(&j, e)) == CS_OK && (rc = look(&j, env, e)) == CS_OK &&
	    (rc = ask(&j, env, e)) == CS_OK &&
	    (rc = cs_tpm2_open(env, &j.t, e)) == CS_OK &&
	    (rc = make(&j, e)) == CS_OK)
		rc = write_key(&j, e);
	cs_tpm2_close(&j.t);
	cs_buf_free(&j.pin);
	Esys_Free(j.private_part);
	Esys_Free(j.public_part);
	return rc == CS_OK ? describe(uri, env, out, e) : rc;
}
