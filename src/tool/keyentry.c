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
		[CS_PIN_REPLUG] = {"replug", "blocked until the device is "
		    "plugged in again; the PIN itself is not"},
	};

	if (states[k->pin].word == NULL)
		cs_out_null(out, "pin");
	else
		cs_out_str(out, "pin", NULL, states[k->pin].word);
	if (states[k->pin].text != NULL)
		cs_out_str(out, NULL, "pin", states[k->pin].text);
}

/* Of a touch or of a PIN or fingerprint: what a signature's flag will prove. */
static const char *
proof_word(enum cs_signer_proof p)
{
	static const char *const words[] = {
	    [CS_PROVES_NEVER] = "no",
	    [CS_PROVES_ASKED] = "when-asked",
	    [CS_PROVES_MADE] = "as-made",
	    [CS_PROVES_ALWAYS] = "yes",
	};

	return words[p];
}

static void
put_presence(const cs_signer_entry *k, cs_out *out)
{
	static const char *const texts[] = {
	    [CS_PROVES_NEVER] = "cannot be proven",
	    [CS_PROVES_ASKED] = "a touch, proven by signatures that ask for it",
	    [CS_PROVES_MADE] = ("a touch, proven by each signature, unless "
		"the key was made to do without"),
	    [CS_PROVES_ALWAYS] = "a touch, proven by each signature",
	};
	bool attestable = k->touch == CS_PROVES_NEVER && k->is_attestable;

	cs_out_str(out, "presence", NULL, attestable ? "needs-attestation" :
	    proof_word(k->touch));
	cs_out_str(out, NULL, "presence", attestable ? "not proven: needs an "
	    "attestation, for countersign enroll" : k->info.is_tpm ?
	    "cannot be proven: a TPM takes a PIN from anybody" :
	    texts[k->touch]);
}

static void
put_verification(const cs_signer_entry *k, cs_out *out)
{
	static const char *const texts[] = {
	    [CS_PROVES_NEVER] = NULL,
	    [CS_PROVES_ASKED] = "PIN or fingerprint, with countersign sign "
				"--verify-required",
	    [CS_PROVES_MADE] = "PIN or fingerprint, if the key was made to "
			       "want them",
	    [CS_PROVES_ALWAYS] = "PIN or fingerprint, proven by each "
				 "signature",
	};

	cs_out_str(out, "verification", NULL, proof_word(k->verification));
	if (texts[k->verification] != NULL)
		cs_out_str(out, NULL, "verification", texts[k->verification]);
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

/* As ssh-add(1) would list it: another hash, of another encoding. */
static void
put_ssh(const cs_signer_entry *k, cs_out *out)
{
	put_str_or_null(out, "ssh_type", "OpenSSH type", k->ssh_type);
	if (k->ssh_type[0] == '\0')
		cs_out_null(out, "ssh_fingerprint");
	else
		cs_out_hash(out, "ssh_fingerprint", "OpenSSH fingerprint",
		    cs_span_of(k->ssh_hash, sizeof(k->ssh_hash)));
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
	put_ssh(k, out);
	put_str_or_null(out, "rp_id", "for", k->rp_id);
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
	put_verification(k, out);
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
