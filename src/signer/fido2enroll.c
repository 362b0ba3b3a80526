/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <fido.h>

#include "fmt/attstmt.h"
#include "fmt/authdata.h"
#include "signer/fido2dev.h"

#define USER_ID_LEN 32

static const char where[] = "signer/fido2";

static int
list_keys(const cs_fido_keys *all, const char *device, cs_err *e)
{
	char names[1024] = "";
	size_t i, n = 0;

	for (i = 0; i < all->n && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
		    i == 0 ? "" : ", ", all->key[i].name);
	if (device != NULL)
		return cs_fail(e, CS_EDEVICE, where, "%s is no security key; "
		    "plugged in: %s", device, names);
	return cs_fail(e, CS_EDEVICE, where, "%zu security keys are plugged "
	    "in, name one with --device: %s", all->n, names);
}

static int
pick(const char *device, cs_fido_key *out, cs_err *e)
{
	cs_fido_keys all;
	size_t i;
	int rc;

	if ((rc = cs_fido_find(&all, e)) != CS_OK)
		return rc;
	if (all.n == 0)
		return cs_fido_nothing(e);
	for (i = 0; i < all.n; i++) {
		if (device == NULL ? all.n == 1 :
		    strcmp(all.key[i].path, device) == 0) {
			*out = all.key[i];
			return CS_OK;
		}
	}
	return list_keys(&all, device, e);
}

static int
make(cs_fido_job *j)
{
	bool built_in = j->proof == CS_FIDO_BUILT_IN;
	const char *pin =
	    j->proof == CS_FIDO_PIN ? cs_buf_cstr(j->pin) : NULL;
	int answer = fido_cred_set_uv(j->cred,
	    built_in ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);

	return answer == FIDO_OK ? fido_dev_make_cred(j->dev, j->cred, pin) :
	    answer;
}

/* The user handle is random: it says nothing of whose key it is. */
static int
set(cs_fido_job *j, const cs_enroll *w, cs_err *e)
{
	uint8_t id[USER_ID_LEN];
	int alg = w->kind == CS_KEY_ED25519 ? COSE_EDDSA : COSE_ES256;
	fido_cred_t *c;
	int rc;

	if ((rc = cs_random(id, sizeof(id), e)) != CS_OK)
		return rc;
	if ((c = j->cred = fido_cred_new()) == NULL)
		return cs_nomem(e, where);
	j->call = make;
	if (fido_cred_set_type(c, alg) == FIDO_OK &&
	    fido_cred_set_clientdata_hash(c, w->client_data_hash,
		sizeof(w->client_data_hash)) == FIDO_OK &&
	    fido_cred_set_rp(c, w->rp_id, w->rp_id) == FIDO_OK &&
	    fido_cred_set_user(c, id, sizeof(id), w->user, NULL, NULL) ==
		FIDO_OK &&
	    fido_cred_set_rk(c, w->resident ? FIDO_OPT_TRUE :
		FIDO_OPT_OMIT) == FIDO_OK)
		return CS_OK;
	return cs_fail(e, CS_EBUG, where, "libfido2 refuses the request");
}

static int
copy(const uint8_t *p, size_t n, size_t max, const char *what, cs_buf **out,
    cs_err *e)
{
	if (p == NULL || n == 0 || n > max)
		return cs_fail(e, CS_EDEVICE, where, "%s of the new key: "
		    "expected 1 to %zu bytes, found %zu", what, max, n);
	if ((*out = cs_buf_dup(cs_span_of(p, n))) == NULL)
		return cs_nomem(e, where);
	return CS_OK;
}

static int
take(const cs_fido_job *j, cs_enrolled *out, cs_err *e)
{
	const fido_cred_t *c = j->cred;
	const char *format = fido_cred_fmt(c);
	int rc;

	if (format == NULL || strlen(format) >= sizeof(out->format))
		return cs_fail(e, CS_EDEVICE, where,
		    "%s names no format of its attestation", j->key.name);
	(void)snprintf(out->format, sizeof(out->format), "%s", format);
	(void)snprintf(out->where, sizeof(out->where), "%s", j->key.name);
	if ((rc = copy(fido_cred_authdata_raw_ptr(c),
	    fido_cred_authdata_raw_len(c), CS_AUTHDATA_MAX,
	    "authenticator data", &out->authdata, e)) != CS_OK)
		return rc;
	if (strcmp(format, "none") == 0)
		return CS_OK;
	return copy(fido_cred_attstmt_ptr(c), fido_cred_attstmt_len(c),
	    CS_ATTSTMT_MAX, "attestation", &out->statement, e);
}

int
cs_fido_enroll(const cs_enroll *what, const cs_signer_env *env,
    cs_enrolled *out, cs_err *e)
{
	cs_fido_key key;
	cs_fido_job *j = NULL;
	int rc;

	if (what->kind != CS_KEY_P256 && what->kind != CS_KEY_ED25519)
		return cs_fail(e, CS_EUSAGE, where,
		    "security keys make keys of P-256 and Ed25519");
	if ((rc = pick(what->device, &key, e)) == CS_OK &&
	    (rc = cs_fido_open(&key, &j, e)) == CS_OK &&
	    (rc = set(j, what, e)) == CS_OK &&
	    (rc = cs_fido_do(&j, env, what->verify || env->verify, true,
	    e)) == CS_OK)
		rc = take(j, out, e);
	cs_fido_close(&j);
	return rc;
}
