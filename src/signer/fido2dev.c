/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/fido2dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fido.h>

#include "crypt/ossl.h"
#include "signer/fido2node.h"

#define DENIED_MAX 1500 /* of what stands in an error */
#define PIN_MIN 4 /* CTAP 2.1 section 6.5.1: code points, and bytes */
#define PIN_MAX 63

static const char where[] = "signer/fido2";

static void
no_log(const char *text)
{
	(void)text;
}

/* Both settings of libfido2 are of the thread. FIDO_DEBUG in the environment
 * would have it print what goes over the wire. A FIDO2 device whose first
 * answer is broken is not tried as an older one: it would seem to have neither
 * PIN nor resident keys. Devices that speak only U2F are used as such. */
static int
begin(cs_err *e)
{
	int rc;

	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	fido_init(FIDO_DISABLE_U2F_FALLBACK);
	fido_set_log_handler(no_log);
	return CS_OK;
}

static void
set_name(const fido_dev_info_t *i, cs_fido_key *k)
{
	const char *product = fido_dev_info_product_string(i);
	const char *path = fido_dev_info_path(i);

	if (product == NULL || product[0] == '\0')
		product = "security key";
	if (path == NULL)
		path = "";
	(void)snprintf(k->path, sizeof(k->path), "%s", path);
	(void)snprintf(k->name, sizeof(k->name), "\"%.48s\" (%s)", product,
	    path);
}

int
cs_fido_find(cs_fido_keys *out, cs_err *e)
{
	fido_dev_info_t *info;
	size_t i, n = 0;
	int answer, rc;

	memset(out, 0, sizeof(*out));
	if ((rc = begin(e)) != CS_OK)
		return rc;
	if ((info = fido_dev_info_new(CS_FIDO_KEYS_MAX)) == NULL)
		return cs_nomem(e, where);
	answer = fido_dev_info_manifest(info, CS_FIDO_KEYS_MAX, &n);
	for (i = 0; answer == FIDO_OK && i < n; i++)
		set_name(fido_dev_info_ptr(info, i), &out->key[out->n++]);
	fido_dev_info_free(&info, CS_FIDO_KEYS_MAX);
	if (answer != FIDO_OK)
		return cs_fail(e, CS_EDEVICE, where,
		    "no list of security keys: %s", fido_strerr(answer));
	return CS_OK;
}

int
cs_fido_nothing(cs_err *e)
{
	cs_buf *why = cs_buf_new(DENIED_MAX);
	int rc;

	if (why == NULL || cs_fido_denied(why) != CS_OK)
		rc = cs_nomem(e, where);
	else if (cs_buf_len(why) != 0)
		rc = cs_fail(e, CS_EDEVICE, where, "%s", cs_buf_cstr(why));
	else
		rc = cs_fail(e, CS_EDEVICE, where,
		    "no security key is plugged in");
	cs_buf_free(&why);
	return rc;
}

void
cs_fido_close(cs_fido_job **jp)
{
	cs_fido_job *j;

	if (jp == NULL || (j = *jp) == NULL)
		return;
	fido_assert_free(&j->assert);
	fido_cred_free(&j->cred);
	if (j->dev != NULL)
		(void)fido_dev_close(j->dev);
	fido_dev_free(&j->dev);
	cs_buf_free(&j->pin);
	free(j);
	*jp = NULL;
}

int
cs_fido_open(const cs_fido_key *k, cs_fido_job **out, cs_err *e)
{
	cs_fido_job *j = calloc(1, sizeof(*j));
	int answer, rc;

	*out = NULL;
	if (j == NULL)
		return cs_nomem(e, where);
	j->key = *k;
	if ((rc = begin(e)) != CS_OK)
		goto out;
	if ((j->dev = fido_dev_new()) == NULL) {
		rc = cs_nomem(e, where);
		goto out;
	}
	(void)fido_dev_set_timeout(j->dev, CS_FIDO_SILENT_MS);
	if ((answer = fido_dev_open(j->dev, k->path)) != FIDO_OK) {
		rc = cs_fail(e, CS_EDEVICE, where, "%s cannot be opened, does "
		    "another program use it? (%s)", k->name,
		    fido_strerr(answer));
		goto out;
	}
	*out = j;
	j = NULL; /* transferred */
out:
	cs_fido_close(&j);
	return rc;
}

int
cs_fido_now(cs_fido_job *j)
{
	(void)fido_dev_set_timeout(j->dev, CS_FIDO_SILENT_MS);
	return j->call(j);
}

static int
fail_auth(cs_fido_job *j, int answer, cs_err *e)
{
	char left[32] = "";
	int n = 0;

	switch (answer) {
	case FIDO_ERR_PIN_INVALID:
		(void)fido_dev_set_timeout(j->dev, CS_FIDO_SILENT_MS);
		if (fido_dev_get_retry_count(j->dev, &n) == FIDO_OK)
			(void)snprintf(left, sizeof(left), ", %d %s left", n,
			    n == 1 ? "try" : "tries");
		return cs_fail(e, CS_EAUTH, where,
		    "wrong PIN%s on %s. Not retrying.", left, j->key.name);
	case FIDO_ERR_PIN_BLOCKED:
		return cs_fail(e, CS_EAUTH, where, "the PIN of %s is blocked; "
		    "only a reset, which deletes every key on it, makes it "
		    "usable again", j->key.name);
	case FIDO_ERR_PIN_AUTH_BLOCKED:
		return cs_fail(e, CS_EAUTH, where, "%s takes no PIN after so "
		    "many wrong ones: unplug it and plug it in again",
		    j->key.name);
	case FIDO_ERR_PIN_NOT_SET:
		return cs_fail(e, CS_EAUTH, where, "%s has no PIN yet, and one "
		    "is needed: set it with fido2-token -S or the vendor's "
		    "tool", j->key.name);
	case FIDO_ERR_UV_BLOCKED:
		return cs_fail(e, CS_EAUTH, where, "%s takes no fingerprint "
		    "after so many wrong ones", j->key.name);
	case FIDO_ERR_UV_INVALID:
		return cs_fail(e, CS_EAUTH, where,
		    "%s did not recognise who touched it", j->key.name);
	case FIDO_ERR_PIN_AUTH_INVALID:
	case FIDO_ERR_PIN_REQUIRED:
	case FIDO_ERR_PIN_POLICY_VIOLATION:
	case FIDO_ERR_PIN_TOKEN_EXPIRED:
		return cs_fail(e, CS_EAUTH, where, "%s does not take the PIN "
		    "for this (%s)", j->key.name, fido_strerr(answer));
	default:
		return CS_OK;
	}
}

int
cs_fido_fail(cs_fido_job *j, int answer, cs_err *e)
{
	int rc = fail_auth(j, answer, e);

	if (rc != CS_OK)
		return rc;
	switch (answer) {
	case FIDO_ERR_OPERATION_DENIED:
		return cs_fail(e, CS_EREFUSED, where,
		    "declined at %s", j->key.name);
	case FIDO_ERR_USER_ACTION_TIMEOUT:
	case FIDO_ERR_ACTION_TIMEOUT:
		return cs_fail(e, CS_ETIMEOUT, where,
		    "nobody touched %s in time", j->key.name);
	case FIDO_ERR_NO_CREDENTIALS:
	case FIDO_ERR_INVALID_CREDENTIAL:
		return cs_fail(e, CS_EDEVICE, where,
		    "%s does not hold this key", j->key.name);
	case FIDO_ERR_UNSUPPORTED_ALGORITHM:
	case FIDO_ERR_UNSUPPORTED_OPTION:
	case FIDO_ERR_INVALID_OPTION:
		return cs_fail(e, CS_EDEVICE, where, "%s cannot do this (%s)",
		    j->key.name, fido_strerr(answer));
	case FIDO_ERR_KEY_STORE_FULL:
		return cs_fail(e, CS_EDEVICE, where,
		    "%s has no room for another resident key", j->key.name);
	case FIDO_ERR_CHANNEL_BUSY:
		return cs_fail(e, CS_EDEVICE, where,
		    "%s is busy with another program", j->key.name);
	case FIDO_ERR_TX:
	case FIDO_ERR_RX:
		return cs_fail(e, CS_EDEVICE, where, "%s %s", j->key.name,
		    access(j->key.path, F_OK) != 0 ? "was unplugged" :
		    "was unplugged, or does not answer");
	default:
		return cs_fail(e, CS_EDEVICE, where,
		    "%s answered with an error or with garbage: %s (%d)",
		    j->key.name, fido_strerr(answer), answer);
	}
}
