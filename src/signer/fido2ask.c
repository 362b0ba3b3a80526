/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fido.h>

#include "base/time.h"
#include "signer/fido2dev.h"

/* Waiting for a person at a device: a touch, a PIN, a finger. */

/* Longer than a person may take, who is waited for elsewhere. */
#define TOUCH_MS (2 * 3600 * 1000)
/* A device gives up by itself after half a minute; sooner is a refusal. */
#define PATIENCE_MS 5000
#define CANCEL_MS 100
#define CANCELS 10
#define PIN_MIN 4 /* CTAP 2.1 section 6.5.1: code points, and bytes */
#define PIN_MAX 63

static const char where[] = "signer/fido2";

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
	(void)fido_dev_set_timeout(j->dev, CS_FIDO_SILENT_MS);
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
