/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2tcti.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tss2/tss2_tctildr.h>

#include "base/time.h"

#define HEADER 10 /* tag, size, code: Part 1, 18 */
#define MESSAGE_MAX 4096
#define LEFT_MAX 64 /* messages' worth of what nobody wants to read */
#define HANDLES_MAX 16
#define TRIES_MAX 20 /* some seven seconds of pauses */
#define PAUSE_MIN 5
#define PAUSE_MAX 500
/* For the answer that is under way when a signal or the deadline comes, since a
 * handle may be in it; and when it did not come, to flush what there is. */
#define GRACE_SIGNAL 3000
#define GRACE_LATE 700
#define GRACE_FLUSH 500

static const char where[] = "signer/tpm2";

struct cs_tpm2_wire {
	TSS2_TCTI_CONTEXT_COMMON_V2 common; /* first: what ESYS holds */
	TSS2_TCTI_CONTEXT *inner;
	int64_t deadline_ms, last_ms; /* of new commands, of all; 0: none */
	int signals;
	int fd; /* where the answer comes; -1: not known */
	enum cs_tpm2_stop stop;
	bool is_sent, has_answer, is_given_up, is_mute;
	uint8_t command[MESSAGE_MAX], answer[MESSAGE_MAX];
	size_t command_n, answer_n;
	uint32_t handles[HANDLES_MAX]; /* transient ones and sessions */
	size_t n_handles;
};

static uint64_t
magic(void)
{
	return 0x636f756e74657273; /* "counters" */
}

static cs_tpm2_wire *
wire_of(TSS2_TCTI_CONTEXT *tcti)
{
	cs_tpm2_wire *w = (void *)tcti;

	return w != NULL && w->common.v1.magic == magic() ? w : NULL;
}

static uint32_t
number_at(const uint8_t *p, size_t n, size_t at)
{
	if (n < at + 4)
		return 0;
	return (uint32_t)p[at] << 24 | (uint32_t)p[at + 1] << 16 |
	    (uint32_t)p[at + 2] << 8 | p[at + 3];
}

static uint32_t
command_code(const cs_tpm2_wire *w)
{
	return number_at(w->command, w->command_n, 6);
}

/* Commands whose answer begins with a handle that has to be flushed. */
static bool
gives_handle(uint32_t code)
{
	static const uint32_t givers[] = {TPM2_CC_CreatePrimary, TPM2_CC_Load,
		TPM2_CC_LoadExternal, TPM2_CC_CreateLoaded,
		TPM2_CC_StartAuthSession, TPM2_CC_ContextLoad,
		TPM2_CC_HMAC_Start, TPM2_CC_HashSequenceStart};
	size_t i;

	for (i = 0; i < sizeof(givers) / sizeof(givers[0]); i++)
		if (givers[i] == code)
			return true;
	return false;
}

static void
forget(cs_tpm2_wire *w, uint32_t handle)
{
	size_t i;

	for (i = 0; i < w->n_handles; i++)
		if (w->handles[i] == handle)
			break;
	if (i == w->n_handles)
		return;
	memmove(&w->handles[i], &w->handles[i + 1],
	    (w->n_handles - i - 1) * sizeof(w->handles[0]));
	w->n_handles--;
}

static void
note_handles(cs_tpm2_wire *w)
{
	const uint32_t code = command_code(w);

	if (number_at(w->answer, w->answer_n, 6) != TPM2_RC_SUCCESS)
		return;
	if (code == TPM2_CC_FlushContext)
		forget(w, number_at(w->command, w->command_n, HEADER));
	else if (gives_handle(code) && w->answer_n >= HEADER + 4)
		w->handles[w->n_handles++] =
		    number_at(w->answer, w->answer_n, HEADER);
}

static void
stop(cs_tpm2_wire *w, enum cs_tpm2_stop why)
{
	const int64_t now = cs_time_mono_ms();

	if (w->stop != CS_TPM2_RUNS)
		return;
	w->stop = why;
	w->last_ms = now + (why == CS_TPM2_SIGNAL ? GRACE_SIGNAL : GRACE_LATE);
	if (w->deadline_ms != 0 && w->last_ms > w->deadline_ms + GRACE_LATE)
		w->last_ms = w->deadline_ms + GRACE_LATE;
}

static void
look(cs_tpm2_wire *w)
{
	struct pollfd p = {.fd = w->signals, .events = POLLIN};

	if (w->stop != CS_TPM2_RUNS)
		return;
	if (w->deadline_ms != 0 && cs_time_mono_ms() >= w->deadline_ms)
		stop(w, CS_TPM2_LATE);
	else if (w->signals >= 0 && poll(&p, 1, 0) > 0)
		stop(w, CS_TPM2_SIGNAL);
}

/* Milliseconds until the next thing to look at, 0 when none are left. */
static int
time_left(const cs_tpm2_wire *w)
{
	const int64_t end = w->stop == CS_TPM2_RUNS ? w->deadline_ms :
	    w->last_ms;
	const int64_t left = end - cs_time_mono_ms();

	if (end == 0 || left > 1000)
		return 1000;
	return left < 0 ? 0 : (int)left;
}

/* False: there is no time, or a reason to stop that was none before. */
static bool
sleep_for(cs_tpm2_wire *w, int ms)
{
	const enum cs_tpm2_stop before = w->stop;
	const int left = time_left(w);
	struct pollfd p = {.fd = before == CS_TPM2_RUNS ? w->signals : -1,
	    .events = POLLIN};

	(void)poll(&p, 1, ms < left ? ms : left);
	look(w);
	return w->stop == before && time_left(w) > 0;
}

/* The lowest descriptor that is free: what the next one to be opened gets. */
static int
lowest_free(void)
{
	const int fd = open("/", O_PATH | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd;
}

static int
socket_at(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? fd :
	    -1;
}

/* The TCTI for swtpm does not tell what to wait for, nor does it wait with a
 * limit; it opens a socket for each command. */
static TSS2_RC
send_command(cs_tpm2_wire *w)
{
	TSS2_TCTI_POLL_HANDLE p = {.fd = -1};
	size_t n = 1;
	const int next = lowest_free();
	TSS2_RC rc;

	if ((rc = Tss2_Tcti_Transmit(w->inner, w->command_n, w->command)) !=
	    TSS2_RC_SUCCESS) {
		stop(w, CS_TPM2_BROKEN);
		return rc;
	}
	rc = Tss2_Tcti_GetPollHandles(w->inner, &p, &n);
	w->fd = rc == TSS2_RC_SUCCESS && n == 1 ? p.fd : socket_at(next);
	return TSS2_RC_SUCCESS;
}

enum came {
	CAME_PART,
	CAME_ALL,
	CAME_NONSENSE
};

/* Whether what came through a socket is all of it: the TCTI would wait for the
 * rest without a limit. */
static enum came
what_came(int fd, bool is_end)
{
	uint8_t b[HEADER];
	uint32_t size;
	const ssize_t n = recv(fd, b, sizeof(b), MSG_PEEK | MSG_DONTWAIT);
	int all = 0;

	if (n < 6)
		/* No socket, or its end: the TCTI sees it. */
		return n <= 0 || is_end ? CAME_ALL : CAME_PART;
	size = number_at(b, (size_t)n, 2);
	if (size < HEADER || size > MESSAGE_MAX)
		return CAME_NONSENSE;
	if (is_end)
		return CAME_ALL;
	return ioctl(fd, FIONREAD, &all) == 0 && (uint32_t)all < size ?
	    CAME_PART : CAME_ALL;
}

/* False: nothing new, or a reason to stop. */
static bool
is_readable(const cs_tpm2_wire *w, int ms, bool *is_end)
{
	struct pollfd p[2] = {{.fd = w->fd, .events = POLLIN | POLLRDHUP},
		{.fd = w->stop == CS_TPM2_RUNS ? w->signals : -1,
		    .events = POLLIN}};

	if (poll(p, 2, ms) <= 0 || p[0].revents == 0)
		return false;
	*is_end = (p[0].revents & ~POLLIN) != 0;
	return true;
}

/* The TCTI for swtpm takes no other command before it has an answer: the end of
 * the connection will do, with nothing left to read before it. */
static void
hang_up(cs_tpm2_wire *w)
{
	size_t n = sizeof(w->answer);
	int i;

	w->answer_n = 0;
	if (socket_at(w->fd) < 0)
		return;
	(void)shutdown(w->fd, SHUT_RDWR); /* may have ended already */
	for (i = 0; i < LEFT_MAX && recv(w->fd, w->answer, n, MSG_DONTWAIT) >
	    0; i++)
		;
	if (i < LEFT_MAX)
		(void)Tss2_Tcti_Receive(w->inner, &n, w->answer, 0);
}

static TSS2_RC
garbled(cs_tpm2_wire *w)
{
	hang_up(w);
	stop(w, CS_TPM2_GARBLED);
	return TSS2_TCTI_RC_MALFORMED_RESPONSE;
}

/* Part 2, 6.6.1: a TPM's code has bit 7 or 8, but for success and BAD_TAG. ESYS
 * would take others for its own, and wait for one that says to try again. */
static bool
is_code(uint32_t rc)
{
	switch (rc >> TSS2_RC_LAYER_SHIFT) {
	case TSS2_TPM_RC_LAYER >> TSS2_RC_LAYER_SHIFT:
		return rc == TPM2_RC_SUCCESS || rc == TPM2_RC_BAD_TAG ||
		    (rc <= 0xfff && (rc & (TPM2_RC_VER1 | TPM2_RC_FMT1)) != 0);
	case TSS2_RESMGR_RC_LAYER >> TSS2_RC_LAYER_SHIFT:
	case TSS2_RESMGR_TPM_RC_LAYER >> TSS2_RC_LAYER_SHIFT:
		return (rc & 0xffff) != TSS2_BASE_RC_TRY_AGAIN;
	default:
		return false;
	}
}

static TSS2_RC
wait_answer(cs_tpm2_wire *w)
{
	enum came came;
	bool is_end;
	int left;

	while ((left = time_left(w)) > 0 || w->stop == CS_TPM2_RUNS) {
		if (w->fd < 0)
			return TSS2_RC_SUCCESS;
		if (is_readable(w, left, &is_end)) {
			if ((came = what_came(w->fd, is_end)) == CAME_ALL)
				return TSS2_RC_SUCCESS;
			if (came == CAME_NONSENSE)
				return garbled(w);
			(void)sleep_for(w, PAUSE_MIN);
		}
		look(w);
	}
	hang_up(w);
	if (!w->is_given_up)
		w->last_ms = cs_time_mono_ms() + GRACE_FLUSH;
	w->is_given_up = true;
	return TSS2_TCTI_RC_IO_ERROR;
}

static TSS2_RC
take_answer(cs_tpm2_wire *w)
{
	TSS2_RC rc;

	do {
		if ((rc = wait_answer(w)) != TSS2_RC_SUCCESS)
			return rc;
		w->answer_n = sizeof(w->answer);
		rc = Tss2_Tcti_Receive(w->inner, &w->answer_n, w->answer,
		    time_left(w));
		if (rc == TSS2_TCTI_RC_TRY_AGAIN)
			look(w);
	} while (rc == TSS2_TCTI_RC_TRY_AGAIN);
	if (rc == TSS2_TCTI_RC_INSUFFICIENT_BUFFER)
		return garbled(w);
	if (rc != TSS2_RC_SUCCESS) {
		w->answer_n = 0;
		stop(w, CS_TPM2_BROKEN);
		return rc;
	}
	if (w->answer_n < HEADER || w->answer_n > sizeof(w->answer) ||
	    number_at(w->answer, w->answer_n, 2) != w->answer_n ||
	    !is_code(number_at(w->answer, w->answer_n, 6)))
		return garbled(w);
	return TSS2_RC_SUCCESS;
}

static bool
is_busy(const cs_tpm2_wire *w)
{
	const uint32_t code = number_at(w->answer, w->answer_n, 6);

	return code == TPM2_RC_RETRY || code == TPM2_RC_YIELDED ||
	    code == TPM2_RC_TESTING;
}

/* What the TPM had no time for, it has not done: Part 3, 4. ESYS would try at
 * once, and five times. */
static TSS2_RC
get_answer(cs_tpm2_wire *w)
{
	int tries, pause = PAUSE_MIN;
	TSS2_RC rc;

	for (tries = 0;; tries++) {
		if ((rc = take_answer(w)) != TSS2_RC_SUCCESS || !is_busy(w))
			return rc;
		if (tries == TRIES_MAX)
			stop(w, CS_TPM2_BUSY);
		if (tries == TRIES_MAX || !sleep_for(w, pause))
			return TSS2_TCTI_RC_IO_ERROR;
		pause = pause * 2 > PAUSE_MAX ? PAUSE_MAX : pause * 2;
		if ((rc = send_command(w)) != TSS2_RC_SUCCESS)
			return rc;
	}
}

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *tcti, size_t n, const uint8_t *command)
{
	cs_tpm2_wire *w = wire_of(tcti);
	TSS2_RC rc;

	if (w == NULL || command == NULL)
		return TSS2_TCTI_RC_BAD_REFERENCE;
	if (w->is_sent)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (w->is_mute)
		return TSS2_TCTI_RC_IO_ERROR;
	if (n < HEADER || n > sizeof(w->command))
		return TSS2_TCTI_RC_BAD_VALUE;
	memcpy(w->command, command, n);
	w->command_n = n;
	w->answer_n = 0;
	look(w);
	if (w->stop != CS_TPM2_RUNS &&
	    command_code(w) != TPM2_CC_FlushContext)
		return TSS2_TCTI_RC_IO_ERROR;
	if (gives_handle(command_code(w)) && w->n_handles == HANDLES_MAX)
		return TSS2_TCTI_RC_MEMORY;
	rc = send_command(w);
	w->is_sent = rc == TSS2_RC_SUCCESS;
	return rc;
}

/* ESYS asks for the size first. */
static TSS2_RC
receive(TSS2_TCTI_CONTEXT *tcti, size_t *n, uint8_t *answer, int32_t timeout)
{
	cs_tpm2_wire *w = wire_of(tcti);
	TSS2_RC rc = TSS2_RC_SUCCESS;
	size_t room;

	(void)timeout;
	if (w == NULL || n == NULL)
		return TSS2_TCTI_RC_BAD_REFERENCE;
	if (!w->is_sent)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (!w->has_answer && (rc = get_answer(w)) != TSS2_RC_SUCCESS) {
		w->is_sent = false;
		return rc;
	}
	if (!w->has_answer)
		note_handles(w);
	w->has_answer = true;
	room = *n;
	*n = w->answer_n;
	if (answer == NULL)
		return TSS2_RC_SUCCESS;
	if (room < w->answer_n)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	memcpy(answer, w->answer, w->answer_n);
	w->is_sent = w->has_answer = false;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC
cancel(TSS2_TCTI_CONTEXT *tcti)
{
	(void)tcti;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC
poll_handles(TSS2_TCTI_CONTEXT *tcti, TSS2_TCTI_POLL_HANDLE *handles, size_t *n)
{
	(void)tcti;
	(void)handles;
	(void)n;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC
set_locality(TSS2_TCTI_CONTEXT *tcti, uint8_t locality)
{
	(void)tcti;
	(void)locality;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC
make_sticky(TSS2_TCTI_CONTEXT *tcti, TPM2_HANDLE *handle, uint8_t sticky)
{
	(void)tcti;
	(void)handle;
	(void)sticky;
	return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static void
fill(cs_tpm2_wire *w)
{
	w->common = (TSS2_TCTI_CONTEXT_COMMON_V2){
		.v1 = {.magic = magic(), .version = 2, .transmit = transmit,
		    .receive = receive, .cancel = cancel,
		    .getPollHandles = poll_handles,
		    .setLocality = set_locality},
		.makeSticky = make_sticky};
}

int
cs_tpm2_wire_new(const cs_tpm2_way *way, int64_t deadline_ms,
    cs_tpm2_wire **out, TSS2_RC *rc, cs_err *e)
{
	cs_tpm2_wire *w = calloc(1, sizeof(*w));

	*out = NULL;
	*rc = TSS2_RC_SUCCESS;
	if (w == NULL)
		return cs_nomem(e, where);
	fill(w);
	w->deadline_ms = deadline_ms;
	w->signals = w->fd = -1;
	*rc = Tss2_TctiLdr_Initialize_Ex(way->library, way->conf, &w->inner);
	if (*rc == TSS2_RC_SUCCESS && w->inner == NULL)
		*rc = TSS2_TCTI_RC_GENERAL_FAILURE;
	if (*rc != TSS2_RC_SUCCESS) {
		free(w);
		return CS_EDEVICE;
	}
	*out = w;
	return CS_OK;
}

void
cs_tpm2_wire_watch(cs_tpm2_wire *w, int signals)
{
	w->signals = signals;
}

void
cs_tpm2_wire_mute(cs_tpm2_wire *w, bool mute)
{
	w->is_mute = mute;
}

/* By hand: an ESYS whose last command failed takes no other one. */
static void
flush_last(cs_tpm2_wire *w)
{
	const uint32_t h = w->handles[w->n_handles - 1];
	const uint8_t command[HEADER + 4] = {0x80, 0x01, 0, 0, 0, HEADER + 4,
		0, 0, TPM2_CC_FlushContext >> 8, TPM2_CC_FlushContext & 0xff,
		(uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8),
		(uint8_t)h};
	TSS2_TCTI_CONTEXT *self = cs_tpm2_wire_tcti(w);
	uint8_t answer[MESSAGE_MAX];
	size_t n = sizeof(answer);

	if (transmit(self, sizeof(command), command) == TSS2_RC_SUCCESS)
		(void)receive(self, &n, answer, TSS2_TCTI_TIMEOUT_BLOCK);
	forget(w, h);
}

void
cs_tpm2_wire_free(cs_tpm2_wire **wp)
{
	cs_tpm2_wire *w;

	if (wp == NULL || (w = *wp) == NULL)
		return;
	while (w->n_handles > 0)
		flush_last(w); /* answered or not: the others have their turn */
	Tss2_TctiLdr_Finalize(&w->inner);
	free(w);
	*wp = NULL;
}

TSS2_TCTI_CONTEXT *
cs_tpm2_wire_tcti(cs_tpm2_wire *w)
{
	return (void *)w;
}

enum cs_tpm2_stop
cs_tpm2_wire_stopped(const cs_tpm2_wire *w)
{
	return w->stop;
}

cs_span
cs_tpm2_wire_answer(const cs_tpm2_wire *w)
{
	return cs_span_of(w->answer, w->answer_n);
}
