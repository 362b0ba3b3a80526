/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/unit/agentfake.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fmt/ssh.h"

#define MESSAGE_MAX (512 * 1024)

void
fake_put_message(cs_buf *out, uint8_t type, cs_span body)
{
	cs_ssh_put_u32(out, (uint32_t)body.n + 1);
	if (cs_buf_put_byte(out, type) != CS_OK ||
	    (body.n != 0 && cs_buf_put(out, body) != CS_OK))
		abort();
}

static bool
read_exactly(int fd, uint8_t *out, size_t n)
{
	ssize_t got;

	for (; n > 0; out += got, n -= (size_t)got)
		if ((got = recv(fd, out, n, 0)) <= 0)
			return false;
	return true;
}

static void
answer(const struct fake_agent *a, cs_span question, cs_buf *out)
{
	cs_span blob, data;
	uint32_t flags = 0;
	uint8_t type = 0;

	if (cs_ssh_byte(&question, &type, NULL) != CS_OK)
		abort();
	if (type == 11) {
		if (a->list.n != 0 && cs_buf_put(out, a->list) != CS_OK)
			abort();
	} else if (type != 13 ||
	    cs_ssh_string(&question, &blob, NULL) != CS_OK ||
	    cs_ssh_string(&question, &data, NULL) != CS_OK ||
	    cs_ssh_u32(&question, &flags, NULL) != CS_OK || question.n != 0) {
		abort();
	} else {
		a->sign(a->arg, blob, data, flags, out);
	}
}

static void
send_all(int fd, cs_span s)
{
	ssize_t n;

	for (; s.n > 0; s = cs_span_cut(s, (size_t)n, s.n - (size_t)n))
		if ((n = send(fd, s.p, s.n, MSG_NOSIGNAL)) <= 0)
			return;
}

/* Until the other side is gone, as a real agent waits. */
static void
serve(const struct fake_agent *a, int fd)
{
	uint8_t head[4] = {0}, body[8192], rest;
	cs_span in = cs_span_of(head, 4);
	cs_buf *out = cs_buf_new(MESSAGE_MAX);
	uint32_t n = 0;

	if (out == NULL)
		abort();
	if (read_exactly(fd, head, 4) && cs_ssh_u32(&in, &n, NULL) == CS_OK &&
	    n <= sizeof(body) && read_exactly(fd, body, n)) {
		answer(a, cs_span_of(body, n), out);
		send_all(fd, cs_buf_span(out));
		while (!a->hangs_up && recv(fd, &rest, 1, 0) > 0)
			continue;
	}
	cs_buf_free(&out);
}

static void *
run(void *arg)
{
	const struct fake_agent *a = arg;
	struct pollfd p[2] = {{.fd = a->fd, .events = POLLIN},
	    {.fd = a->stop[0], .events = POLLIN}};
	int fd;

	for (;;) {
		if (poll(p, 2, -1) < 0 || p[1].revents != 0)
			return NULL;
		if ((fd = accept(a->fd, NULL, NULL)) < 0)
			continue;
		serve(a, fd);
		(void)close(fd);
	}
}

bool
fake_agent_start(struct fake_agent *a)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(a->dir, "/tmp/agentXXXXXX", sizeof("/tmp/agentXXXXXX"));
	if (mkdtemp(a->dir) == NULL || pipe(a->stop) != 0)
		return false;
	(void)snprintf(a->path, sizeof(a->path), "%s/agent", a->dir);
	memcpy(sun.sun_path, a->path, strlen(a->path) + 1);
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return a->fd >= 0 &&
	    bind(a->fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 &&
	    listen(a->fd, 8) == 0 &&
	    pthread_create(&a->thread, NULL, run, a) == 0;
}

void
fake_agent_stop(struct fake_agent *a)
{
	if (write(a->stop[1], "", 1) != 1)
		abort();
	(void)pthread_join(a->thread, NULL);
	(void)close(a->fd);
	(void)close(a->stop[0]);
	(void)close(a->stop[1]);
	(void)unlink(a->path);
	(void)rmdir(a->dir);
}
