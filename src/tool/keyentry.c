/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/keyentry.h"

static void
put_login(const cs_signer_entry *k, cs_out *out)
{
	static const struct {
		const char *word, *text;
	} logins[] = {
		[CS_LOGIN_NONE] = {"none", "none"},
		[CS_LOGIN_PIN] = {"pin", "PIN"},
		[CS_LOGIN_EACH] = {"pin-each-time", "PIN"},
		[CS_LOGIN_PASSPHRASE] = {"passphrase", "passphrase"},
	};
	bool is_pin = k->login == CS_LOGIN_PIN || k->login == CS_LOGIN_EACH;
	bool pad = is_pin && k->pin_pad;
	const char *when = k->login == CS_LOGIN_EACH ? ", for each signature" :
	    is_pin && k->is_hidden ? ", perhaps for each signature" : "";

	cs_out_str(out, "login", NULL, logins[k->login].word);
	cs_out_bool(out, "pin_pad", NULL, pad);
	cs_out_printf(out, NULL, "login", "%s%s%s", logins[k->login].text,
	    pad ? " on the reader" : "", when);
}

static void
put_pin(const cs_signer_entry *k, cs_out *out)
{
	static const struct {
		const char *word, *text;
	} states[] = {
		[CS_PIN_NONE] = {NULL, NULL},
		[CS_PIN_OK] = {"ok", NULL},
		[CS_PIN_LOW] = {"wrong-before",
		    "a wrong one was entered since the last right one"},
		[CS_PIN_LAST] = {"last-try",
		    "one try is left; --allow-last-try uses it"},
		[CS_PIN_LOCKED] = {"locked",
		    "locked; unlock it with the vendor's tool"},
		[CS_PIN_UNSET] = {"not-set", "the token has none yet"},
		[CS_PIN_EXPIRED] = {"expired",
		    "expired; set a new one with the vendor's tool"},
	};

	if (states[k->pin].word == NULL)
		cs_out_null(out, "pin");
	else
		cs_out_str(out, "pin", NULL, states[k->pin].word);
	if (states[k->pin].text != NULL)
		cs_out_str(out, NULL, "pin", states[k->pin].text);
}

/* No key of this release proves that anybody was there; what could is said. */
static void
put_presence(const cs_signer_entry *k, cs_out *out)
{
	cs_out_str(out, "presence", NULL,
	    k->is_attestable ? "needs-attestation" : "no");
	cs_out_str(out, NULL, "presence", k->is_attestable ?
	    "not proven: needs an attestation, which this release does not "
	    "read" : "cannot be proven");
}

static void
put_token(const cs_signer_entry *k, cs_out *out)
{
	if (k->token[0] == '\0' && k->model[0] == '\0') {
		cs_out_null(out, "token");
		return;
	}
	cs_out_object(out, "token", NULL);
	cs_out_str(out, "label", NULL, k->token);
	cs_out_str(out, "serial", NULL, k->serial);
	cs_out_str(out, "model", NULL, k->model);
	cs_out_str(out, "manufacturer", NULL, k->manufacturer);
	cs_out_close(out);
}

static void
put_str_or_null(cs_out *out, const char *key, const char *label, const char *v)
{
	if (v[0] == '\0')
		cs_out_null(out, key);
	else
		cs_out_str(out, key, label, v);
}

static void
put_public(const cs_signer_entry *k, cs_out *out)
{
	put_str_or_null(out, "key_type", "key", k->info.key);
	if (k->has_hash)
		cs_out_hash(out, "key_hash", "key hash",
		    cs_span_of(k->hash, sizeof(k->hash)));
	else
		cs_out_null(out, "key_hash");
	put_str_or_null(out, "label", "label", k->label);
	if (k->id.p != NULL)
		cs_out_hex(out, "id", NULL, k->id);
	else
		cs_out_null(out, "id");
}

void
cs_keyentry_put(const cs_signer_entry *k, cs_out *out)
{
	cs_out_object(out, NULL, "key");
	put_str_or_null(out, "uri", "uri", k->info.uri);
	put_public(k, out);
	put_login(k, out);
	put_pin(k, out);
	put_presence(k, out);
	cs_out_bool(out, "private_seen", NULL, !k->is_hidden);
	cs_out_str(out, NULL, "where", k->info.where);
	put_token(k, out);
	cs_out_bool(out, "software", NULL, k->info.is_software);
	cs_out_bool(out, "usable", NULL, k->flaw[0] == '\0');
	put_str_or_null(out, "unusable_because", "unusable", k->flaw);
	cs_out_close(out);
}

void
cs_keyentry_put_closed(const cs_signer_entry *k, cs_out *out)
{
	cs_out_object(out, NULL, "token that shows no key before a login");
	put_str_or_null(out, "uri", "uri", k->info.uri);
	put_login(k, out);
	put_pin(k, out);
	cs_out_str(out, NULL, "where", k->info.where);
	put_token(k, out);
	cs_out_bool(out, "software", NULL, k->info.is_software);
	cs_out_close(out);
}
