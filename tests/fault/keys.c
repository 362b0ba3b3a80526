/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/keys.h"

#include <stdio.h>

#include "crypt/privkey.h"

#define BROKEN 1 /* as in fault.c */

static int
answer(void *arg, const struct cs_pin_ask *ask, cs_buf **pin, cs_err *e)
{
	(void)ask;
	*pin = cs_secret_new(64);
	if (*pin == NULL)
		return cs_nomem(e, "test");
	return cs_buf_put_str(*pin, arg) == CS_OK ? CS_OK : CS_EBUG;
}

int
keys_read(const cs_buf *pem, const char *word, cs_err *e)
{
	char text[32];
	const cs_ui ui = {.arg = text, .pin = answer};
	cs_privkey *k = NULL;
	int rc;

	(void)snprintf(text, sizeof(text), "%s", word);
	rc = cs_privkey_read(cs_buf_span(pem), &ui, "passphrase", &k, e);
	if ((rc == CS_OK) != (k != NULL))
		rc = BROKEN;
	cs_privkey_free(&k);
	return rc;
}

int
keys_new(cs_err *e)
{
	cs_buf *pem = NULL, *spki = cs_buf_new(1024);
	cs_privkey *k = NULL;
	int rc;

	if (spki == NULL)
		rc = cs_nomem(e, "test");
	else if ((rc = cs_privkey_generate("p256", &k, e)) == CS_OK &&
	    (rc = cs_privkey_spki(k, spki, e)) == CS_OK)
		rc = cs_privkey_write(k, &pem, e);
	if ((rc == CS_OK) != (pem != NULL))
		rc = BROKEN;
	cs_privkey_free(&k);
	cs_buf_free(&spki);
	cs_buf_free(&pem);
	return rc;
}

int
keys_sign(cs_err *e)
{
	const cs_alg *a = cs_alg_for_key(CS_KEY_P256, CS_USE_CMS);
	cs_buf *out = cs_buf_new(1024);
	cs_privkey *k = NULL;
	cs_err why = {0};
	int rc, i, first = CS_OK;

	if (out == NULL)
		return cs_nomem(e, "test");
	rc = cs_privkey_generate("p256", &k, e);
	if (rc == CS_OK)
		rc = cs_privkey_ready(k, e);
	for (i = 0; rc == CS_OK && i < 2; i++) {
		cs_buf_reset(out);
		rc = cs_privkey_sign(k, a, cs_span_str("text"), out, &why);
		if ((rc == CS_OK) != (cs_buf_len(out) != 0))
			rc = BROKEN;
		if (i == 0 && rc != BROKEN) {
			first = rc;
			rc = CS_OK;
		}
		if (first != CS_OK || rc != CS_OK)
			*e = why;
	}
	cs_privkey_free(&k);
	cs_buf_free(&out);
	return rc != CS_OK ? rc : first;
}
