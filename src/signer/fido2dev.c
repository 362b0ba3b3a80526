/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/fido2dev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fido.h>

#include "base/time.h"
#include "crypt/ossl.h"
#include "signer/fido2node.h"

/* What needs no person is answered within this time, or never. */
#define SILENT_MS 3000
/* Longer than a person may take, who is waited for elsewhere. */
#define TOUCH_MS (2 * 3600 * 1000)
/* A device gives up by itself after half a minute; sooner is a refusal. */
#define PATIENCE_MS 5000
#define CANCEL_MS 100
#define CANCELS 10
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
	(void)fido_dev_set_timeout(j->dev, SILENT_MS);
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
	(void)fido_dev_set_timeout(j->dev, SILENT_MS);
	return j->call(j);
}

static int
fail_auth(cs_fido_job *j, int answer, cs_err *e)
{
	char left[32] = "";
	int n = 0;

	switch (answer) {
	case FIDO_ERR_PIN_INVALID:
		(void)fido_dev_set_timeout(j->dev, SILENT_MS);
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
		return cs_fail(e, CS_EDEVICE, where,
		    "%s was unplugged, or does not answer", j->key.name);
	default:
		return cs_fail(e, CS_EDEVICE, where,
		    "%s answered with an error or with garbage: %s (%d)",
		    j->key.name, fido_strerr(answer), answer);
	}
}

/* A device that waited in vain is asked again until whoever waits for it gives
 * up: how long a person may take is not for the device to say. */
static void *
run(void *arg)
{
	cs_fido_job *j = arg;
	int64_t begun;
	ssize_t n;

	do {
		begun = cs_time_mono_ms();
		j->answer = j->call(j);
	} while ((j->answer == FIDO_ERR_USER_ACTION_TIMEOUT ||
		     j->answer == FIDO_ERR_ACTION_TIMEOUT) &&
	    cs_time_mono_ms() - begun >= PATIENCE_MS &&
	    !__atomic_load_n(&j->stop, __ATOMIC_SEQ_CST));
	n = write(j->fd[1], "", 1);
	(void)n; /* a pipe that was just made takes one octet */
	return NULL;
}

/* The thread takes no signals: they are for the one that asks. */
static int
spawn(cs_fido_job *j, pthread_t *thread)
{
	sigset_t all, old;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, run, j);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static bool
has_answered(const cs_fido_job *j, int ms)
{
	struct pollfd p = {.fd = j->fd[0], .events = POLLIN};

	return poll(&p, 1, ms) == 1;
}

/* Without the cancel it would blink on, busy, for half a minute. It is said
 * again because it is lost on a device between two requests. A device of U2F
 * knows no cancel: it is asked time and again, which ends with the process. */
static bool
cancel(cs_fido_job *j)
{
	int i;

	__atomic_store_n(&j->stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < CANCELS && fido_dev_is_fido2(j->dev); i++) {
		(void)fido_dev_cancel(j->dev);
		if (has_answered(j, CANCEL_MS))
			return true;
	}
	return has_answered(j, 0);
}

/* The thread and all that it uses stay for the short rest of the process. */
static void
leave_behind(cs_fido_job **j, pthread_t thread)
{
	(void)pthread_detach(thread);
	*j = NULL;
}

static int
wait_for_touch(cs_fido_job **jp, const cs_ui *ui, bool enrol, cs_err *e)
{
	cs_fido_job *j = *jp;
	const struct cs_touch_ask ask = {.what = j->key.name, .enrol = enrol};
	pthread_t thread;
	int rc;

	if (ui == NULL || ui->touch == NULL)
		return cs_fail(e, CS_ENEEDED, where, "%s wants to be touched, "
		    "and nobody can be asked to", j->key.name);
	if (pipe2(j->fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return cs_fail(e, CS_EIO, where, "pipe: %s", strerror(errno));
	(void)fido_dev_set_timeout(j->dev, TOUCH_MS);
	if (spawn(j, &thread) != 0) {
		rc = cs_nomem(e, where);
		goto out;
	}
	rc = ui->touch(ui->arg, &ask, j->fd[0], e);
	if (rc != CS_OK && !cancel(j)) {
		leave_behind(jp, thread);
		return cs_wrap(e, "%s", ask.what);
	}
	(void)pthread_join(thread, NULL);
	if (rc != CS_OK)
		(void)cs_wrap(e, "%s", ask.what);
out:
	(void)close(j->fd[0]);
	(void)close(j->fd[1]);
	return rc;
}

static int
check_pin(cs_buf *pin, cs_err *e)
{
	cs_span v = cs_buf_span(pin);

	/* What cannot be right costs no try. */
	if (v.n < PIN_MIN || v.n > PIN_MAX || memchr(v.p, 0, v.n) != NULL)
		return cs_fail(e, CS_EAUTH, where, "no PIN of a security key: "
		    "expected %d to %d bytes, found %zu; it was not tried",
		    PIN_MIN, PIN_MAX, v.n);
	return CS_OK;
}

static int
get_pin(cs_fido_job *j, const cs_signer_env *env, cs_err *e)
{
	struct cs_pin_ask ask = {.tries_left = -1};
	char what[160];
	int rc;

	if (env->ui == NULL || env->ui->pin == NULL)
		return cs_fail(e, CS_ENEEDED, where,
		    "a PIN is needed and nobody can be asked");
	(void)fido_dev_set_timeout(j->dev, SILENT_MS);
	if (fido_dev_get_retry_count(j->dev, &ask.tries_left) != FIDO_OK)
		ask.tries_left = -1;
	ask.last_try = ask.tries_left == 1;
	if (ask.tries_left == 0)
		return cs_fido_fail(j, FIDO_ERR_PIN_BLOCKED, e);
	if (ask.last_try && !env->allow_last_try)
		return cs_fail(e, CS_EAUTH, where, "last try: one more wrong "
		    "PIN blocks %s; use --allow-last-try", j->key.name);
	(void)snprintf(what, sizeof(what), "PIN for %s", j->key.name);
	ask.what = what;
	cs_buf_free(&j->pin);
	if ((rc = env->ui->pin(env->ui->arg, &ask, &j->pin, e)) == CS_OK)
		rc = check_pin(j->pin, e);
	return rc;
}

/* The next way to prove who is there: the device's own, else its PIN. */
static int
prove(cs_fido_job *j, const cs_signer_env *env, cs_err *e)
{
	if (j->proof == CS_FIDO_NO_PROOF && fido_dev_is_fido2(j->dev) &&
	    fido_dev_has_uv(j->dev)) {
		j->proof = CS_FIDO_BUILT_IN;
		return CS_OK;
	}
	if (!fido_dev_is_fido2(j->dev) || !fido_dev_supports_pin(j->dev))
		return cs_fail(e, CS_EUSAGE, where, "%s can verify nobody: it "
		    "has neither PIN nor fingerprint", j->key.name);
	if (!fido_dev_has_pin(j->dev))
		return cs_fido_fail(j, FIDO_ERR_PIN_NOT_SET, e);
	j->proof = CS_FIDO_PIN;
	return get_pin(j, env, e);
}

static bool
wants_proof(const cs_fido_job *j)
{
	if (j->proof == CS_FIDO_PIN)
		return false;
	if (j->answer == FIDO_ERR_PIN_REQUIRED)
		return true;
	return j->proof == CS_FIDO_BUILT_IN && fido_dev_has_pin(j->dev) &&
	    (j->answer == FIDO_ERR_UV_INVALID ||
		j->answer == FIDO_ERR_UV_BLOCKED);
}

int
cs_fido_do(cs_fido_job **jp, const cs_signer_env *env, bool verify,
    bool enrol, cs_err *e)
{
	cs_fido_job *j = *jp;
	int rc;

	do {
		if (verify && (rc = prove(j, env, e)) != CS_OK)
			return rc;
		if ((rc = wait_for_touch(jp, env->ui, enrol, e)) != CS_OK)
			return rc;
		verify = wants_proof(j);
	} while (verify);
	return j->answer == FIDO_OK ? CS_OK : cs_fido_fail(j, j->answer, e);
}
