/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/fido2assert.h"

#include <string.h>

#include <fido.h>

#include "crypt/assertion.h"
#include "fmt/cbor.h"
#include "signer/fido2dev.h"
#include "signer/fido2node.h"

#define TRIES 8 /* CTAP 2.1 section 6.5.5.2: of a PIN, after a right one */
#define ASKED_MAX 1600 /* of what stands in an error */

static const char where[] = "signer/fido2";

typedef int with_signed(void *arg, cs_span auth, cs_span sig, cs_err *e);

struct search { /* borrows but for the job */
	const cs_fido_wish *wish;
	uint8_t question[CS_SHA256_LEN], hash[CS_SHA256_LEN];
	cs_fido_job *found;   /* open */
	size_t n_unsure;
	cs_fido_key unsure;   /* the first device that cannot tell */
	cs_buf *asked;        /* their names, for a person */
};

static int
get(cs_fido_job *j)
{
	const char *pin =
	    j->proof == CS_FIDO_PIN ? cs_buf_cstr(j->pin) : NULL;
	int answer = fido_assert_set_uv(j->assert,
	    j->proof == CS_FIDO_BUILT_IN ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);

	return answer == FIDO_OK ?
	    fido_dev_get_assert(j->dev, j->assert, pin) : answer;
}

static int
prepare(cs_fido_job *j, const cs_fido_wish *w, const uint8_t *hash, bool touch,
    cs_err *e)
{
	cs_span id = cs_buf_span(w->file->id);
	fido_assert_t *a;

	fido_assert_free(&j->assert);
	if ((a = j->assert = fido_assert_new()) == NULL)
		return cs_nomem(e, where);
	j->call = get;
	if (fido_assert_set_clientdata_hash(a, hash, CS_SHA256_LEN) ==
		FIDO_OK &&
	    fido_assert_set_rp(a, w->file->rp_id) == FIDO_OK &&
	    (id.n == 0 || fido_assert_allow_cred(a, id.p, id.n) == FIDO_OK) &&
	    fido_assert_set_up(a, touch ? FIDO_OPT_OMIT : FIDO_OPT_FALSE) ==
		FIDO_OK)
		return CS_OK;
	return cs_fail(e, CS_EBUG, where, "libfido2 refuses the request");
}

/* A credential that is protected shows only to who is verified, and a device
 * that verifies always may want that even now. */
static bool
cannot_tell(const cs_fido_job *j, const cs_fido_wish *w, int answer)
{
	switch (answer) {
	case FIDO_ERR_PIN_REQUIRED:
	case FIDO_ERR_UP_REQUIRED:
		return true;
	case FIDO_ERR_UNSUPPORTED_OPTION:
	case FIDO_ERR_INVALID_OPTION:
		return fido_dev_is_fido2(j->dev);
	case FIDO_ERR_NO_CREDENTIALS:
		return w->verify && (fido_dev_has_pin(j->dev) ||
		    fido_dev_has_uv(j->dev));
	default:
		return false;
	}
}

static int
note(struct search *s, const cs_fido_key *k, const cs_err *why)
{
	int rc = cs_buf_printf(s->asked, "%s%.200s",
	    cs_buf_len(s->asked) == 0 ? "" : ", ",
	    why == NULL ? k->name : why->text);

	return rc == CS_OK || cs_buf_failed(s->asked) ? CS_OK : rc;
}

/* libfido2 gives authenticator data as the byte string of CBOR that it came
 * in. Without a credential id several may have signed. */
static int
take_each(const cs_fido_job *j, with_signed *take, void *arg, cs_err *e)
{
	const fido_assert_t *a = j->assert;
	size_t i, n = fido_assert_count(a);
	cs_span in, auth, sig;
	int rc = cs_fail(e, CS_EDEVICE, where, "%s signed nothing",
	    j->key.name);

	for (i = 0; i < n && rc != CS_OK; i++) {
		in = cs_span_of(fido_assert_authdata_ptr(a, i),
		    fido_assert_authdata_len(a, i));
		sig = cs_span_of(fido_assert_sig_ptr(a, i),
		    fido_assert_sig_len(a, i));
		if ((rc = cs_cbor_bytes(&in, &auth, e)) == CS_OK &&
		    (rc = cs_cbor_end(in, "authenticator data", e)) == CS_OK)
			rc = take(arg, auth, sig, e);
		if (rc == CS_EBUG)
			break;
	}
	return rc;
}

/* Random octets, which are no client data: what is signed of them is of no use
 * to anybody. */
static int
make_question(struct search *s, cs_err *e)
{
	int rc = cs_random(s->question, sizeof(s->question), e);

	return rc != CS_OK ? rc : cs_sha256(cs_span_of(s->question,
	    sizeof(s->question)), s->hash, e);
}

static int
check_answer(void *arg, cs_span auth, cs_span sig, cs_err *e)
{
	const struct search *s = arg;
	const cs_spki *key = &s->wish->file->key;
	cs_pubkey *pub = NULL;
	int rc;

	if ((rc = cs_pubkey_new(key, &pub, e)) != CS_OK)
		return rc;
	rc = cs_assertion_verify(pub, key->kind, auth,
	    cs_span_of(s->question, sizeof(s->question)), sig, e);
	cs_pubkey_free(&pub);
	return rc;
}

/* A device may say that it holds any key, and so be given the PIN of another:
 * one that has not signed is no more than one that cannot tell. U2F signs
 * nothing without a touch, and takes no PIN. */
static int
judge(struct search *s, const cs_fido_job *j, int answer, bool *holds,
    cs_err *e)
{
	cs_err why = {0};
	int rc;

	*holds = answer == FIDO_ERR_USER_PRESENCE_REQUIRED;
	if (answer != FIDO_OK)
		return CS_OK;
	if ((rc = take_each(j, check_answer, s, &why)) == CS_EBUG) {
		*e = why;
		return rc;
	}
	*holds = rc == CS_OK;
	return CS_OK;
}

static int
note_other(struct search *s, cs_fido_job *j, int answer)
{
	cs_err why = {0};

	if ((answer == FIDO_OK || cannot_tell(j, s->wish, answer)) &&
	    s->n_unsure++ == 0)
		s->unsure = j->key;
	if (answer == FIDO_OK || answer == FIDO_ERR_NO_CREDENTIALS)
		return note(s, &j->key, NULL);
	(void)cs_fido_fail(j, answer, &why);
	return note(s, &j->key, &why);
}

/* Asked without a touch whether it holds the credential. */
static int
ask_one(struct search *s, const cs_fido_key *k, cs_err *e)
{
	cs_fido_job *j = NULL;
	cs_err why = {0};
	bool holds = false;
	int answer, rc;

	if ((rc = cs_fido_open(k, &j, &why)) != CS_OK) {
		if (rc == CS_EDEVICE)
			return note(s, k, &why);
		*e = why;
		return rc;
	}
	if ((rc = prepare(j, s->wish, s->hash, false, e)) != CS_OK)
		goto out;
	answer = cs_fido_now(j);
	if ((rc = judge(s, j, answer, &holds, e)) != CS_OK)
		goto out;
	if (holds) {
		s->found = j;
		j = NULL; /* transferred */
	} else
		rc = note_other(s, j, answer);
out:
	cs_fido_close(&j);
	return rc;
}

static int
found_none(struct search *s, cs_err *e)
{
	cs_buf *denied = cs_buf_new(ASKED_MAX);
	int rc;

	if (denied == NULL || cs_fido_denied(denied) != CS_OK) {
		cs_buf_free(&denied);
		return cs_nomem(e, where);
	}
	rc = cs_fail(e, CS_EDEVICE, where, "no security key that is plugged "
	    "in holds the key of %.300s%s; asked: %.700s%s%.900s",
	    s->wish->file->path, s->n_unsure > 1 ? " for sure (more than one "
	    "could, leave the right one in)" : "", cs_buf_cstr(s->asked),
	    cs_buf_len(denied) == 0 ? "" : "; not asked: ",
	    cs_buf_cstr(denied));
	cs_buf_free(&denied);
	return rc;
}

static int
search(struct search *s, cs_err *e)
{
	cs_fido_keys all;
	size_t i;
	int rc;

	if ((rc = cs_fido_find(&all, e)) != CS_OK ||
	    (rc = make_question(s, e)) != CS_OK)
		return rc;
	if (all.n == 0)
		return cs_fido_nothing(e);
	if ((s->asked = cs_buf_new(ASKED_MAX)) == NULL)
		return cs_nomem(e, where);
	for (i = 0; rc == CS_OK && s->found == NULL && i < all.n; i++)
		rc = ask_one(s, &all.key[i], e);
	if (rc != CS_OK || s->found != NULL)
		return rc;
	if (s->n_unsure == 1)
		return cs_fido_open(&s->unsure, &s->found, e);
	return found_none(s, e);
}

int
cs_fido_assert(const cs_fido_wish *w, const cs_signer_env *env, cs_err *e)
{
	struct search s = {.wish = w};
	int rc;

	if ((rc = search(&s, e)) == CS_OK) {
		memcpy(w->device, s.found->key.name,
		    sizeof(s.found->key.name));
		rc = prepare(s.found, w, w->client_data_hash, true, e);
	}
	if (rc == CS_OK &&
	    (rc = cs_fido_do(&s.found, env, w->verify, false, e)) == CS_OK)
		rc = take_each(s.found, w->take, w->arg, e);
	cs_fido_close(&s.found);
	cs_buf_free(&s.asked);
	return rc;
}

static enum cs_signer_pin
pin_state(cs_fido_job *j)
{
	int n = 0;

	if (!fido_dev_is_fido2(j->dev) || !fido_dev_supports_pin(j->dev))
		return CS_PIN_NONE;
	if (!fido_dev_has_pin(j->dev))
		return CS_PIN_UNSET;
	(void)fido_dev_set_timeout(j->dev, CS_FIDO_SILENT_MS);
	if (fido_dev_get_retry_count(j->dev, &n) != FIDO_OK)
		return CS_PIN_NONE;
	if (n <= 1)
		return n <= 0 ? CS_PIN_LOCKED : CS_PIN_LAST;
	return n < TRIES ? CS_PIN_LOW : CS_PIN_OK;
}

int
cs_fido_where(const cs_fido_file *f, cs_fido_seen *out, cs_err *e)
{
	const cs_fido_wish w = {.file = f};
	struct search s = {.wish = &w};
	cs_err why = {0};
	int rc;

	if ((rc = search(&s, &why)) == CS_OK) {
		memcpy(out->device, s.found->key.name, sizeof(out->device));
		out->pin = pin_state(s.found);
	} else if (rc == CS_EDEVICE)
		rc = CS_OK;
	else
		*e = why;
	cs_fido_close(&s.found);
	cs_buf_free(&s.asked);
	return rc;
}
