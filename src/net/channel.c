/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "net/framep.h"

#define ROOM (1 + CS_PACKET_MAX)
#define SEND_ROOM (4 * CS_PACKET_MAX)
#define FDS_MAX 4        /* room for more than may come: they are closed */
#define PACKETS_A_TURN 32 /* more than any frame has that is not long */

static const char where[] = "net/channel";

struct cs_channel {
	int fd;
	/* Not one mutex that is held while sending: who waits has a deadline,
	 * and tools that look at threads know no pthread_mutex_clocklock. */
	pthread_mutex_t lock;
	pthread_cond_t free;
	bool sending;
	size_t out_max;
	/* The receiver's alone */
	size_t in_max;
	cs_buf *whole; /* of a frame that has not ended; NULL: none */
	int came;      /* the descriptor with it, or -1 */
	bool ended;
	uint8_t room[ROOM];
};

typedef struct packet {
	cs_span data;
	int fd;
	int flags; /* what recvmsg says */
	size_t fds;
	bool odd;  /* came with what is no descriptor */
} packet;

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int
cs_channel_pair(int out[2], cs_err *e)
{
	int room = SEND_ROOM, i;

	out[0] = out[1] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) != 0)
		return cs_fail(e, CS_EIO, where, "socketpair: %s",
		    strerror(errno));
	/* Where the system's default is less than one packet */
	for (i = 0; i < 2; i++)
		(void)setsockopt(out[i], SOL_SOCKET, SO_SNDBUF, &room,
		    sizeof(room));
	return CS_OK;
}

static int
check_socket(int fd, cs_err *e)
{
	socklen_t n = sizeof(int);
	int type = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return cs_fail(e, CS_EIO, where, "descriptor %d: %s", fd,
		    strerror(errno));
	if (type != SOCK_SEQPACKET)
		return cs_fail(e, CS_EIO, where,
		    "descriptor %d: expected a SOCK_SEQPACKET socket", fd);
	return CS_OK;
}

/* Deadlines are the monotonic clock's. */
static bool
make_lock(cs_channel *c)
{
	pthread_condattr_t attr;
	bool done;

	if (pthread_mutex_init(&c->lock, NULL) != 0)
		return false;
	done = pthread_condattr_init(&attr) == 0;
	if (done) {
		done = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
		    pthread_cond_init(&c->free, &attr) == 0;
		(void)pthread_condattr_destroy(&attr);
	}
	if (!done)
		(void)pthread_mutex_destroy(&c->lock);
	return done;
}

int
cs_channel_new(int fd, cs_channel **out, cs_err *e)
{
	cs_channel *c = NULL;
	int rc;

	*out = NULL;
	if ((rc = check_socket(fd, e)) != CS_OK)
		goto out;
	if ((c = calloc(1, sizeof(*c))) == NULL || !make_lock(c)) {
		rc = cs_nomem(e, where);
		goto out;
	}
	c->fd = fd;
	fd = -1; /* transferred */
	c->came = -1;
	c->in_max = c->out_max = CS_FRAME_MAX;
	*out = c;
	c = NULL; /* transferred */
out:
	free(c);
	close_fd(&fd);
	return rc;
}

void
cs_channel_long(cs_channel *c, unsigned ways)
{
	if ((ways & CS_LONG_IN) != 0)
		c->in_max = CS_FRAME_LONG;
	if ((ways & CS_LONG_OUT) != 0)
		c->out_max = CS_FRAME_LONG;
}

size_t
cs_channel_most(const cs_channel *c)
{
	return c->out_max;
}

void
cs_channel_free(cs_channel **cp)
{
	cs_channel *c;

	if (cp == NULL || (c = *cp) == NULL)
		return;
	close_fd(&c->fd);
	close_fd(&c->came);
	cs_buf_free(&c->whole);
	(void)pthread_cond_destroy(&c->free);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
	*cp = NULL;
}

int
cs_channel_fd(const cs_channel *c)
{
	return c->fd;
}

/* Until the socket can be written to, or read from, or has ended. */
static int
wait_for(int fd, short events, int64_t deadline_ms, cs_err *e)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = -1;
	int n;

	do {
		if (deadline_ms != 0)
			left = deadline_ms - cs_time_mono_ms();
		if (deadline_ms != 0 && left < 0)
			left = 0;
		n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return cs_fail(e, CS_EIO, where, "poll: %s", strerror(errno));
	if (n == 0)
		return cs_fail(e, CS_ETIMEOUT, where, events == POLLOUT ?
		    "the peer does not read" : "the peer says nothing");
	return CS_OK;
}

/* One sends; the others wait. */
static int
begin_sending(cs_channel *c, int64_t deadline_ms, cs_err *e)
{
	struct timespec ts = {.tv_sec = (time_t)(deadline_ms / 1000),
	    .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
	int err = 0;

	(void)pthread_mutex_lock(&c->lock);
	while (c->sending && err == 0)
		err = deadline_ms == 0 ? pthread_cond_wait(&c->free, &c->lock) :
		    pthread_cond_timedwait(&c->free, &c->lock, &ts);
	if (err == 0)
		c->sending = true;
	(void)pthread_mutex_unlock(&c->lock);
	return err == 0 ? CS_OK : cs_fail(e, CS_ETIMEOUT, where,
	    "others wait to send, too");
}

static void
end_sending(cs_channel *c)
{
	(void)pthread_mutex_lock(&c->lock);
	c->sending = false;
	(void)pthread_mutex_unlock(&c->lock);
	(void)pthread_cond_signal(&c->free); /* who wakes finds it free */
}

static void
attach(struct msghdr *m, void *control, size_t room, int fd)
{
	struct cmsghdr *c;

	m->msg_control = control;
	m->msg_controllen = room;
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* The packet at *at, and moves it behind that. False: not now (EAGAIN), or the
 * socket is broken (errno). */
static bool
send_packet(cs_channel *c, cs_span data, int fd, size_t *at)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	size_t left = data.n - *at;
	size_t n = left > CS_PACKET_MAX ? CS_PACKET_MAX : left;
	uint8_t flags = (uint8_t)((*at == 0 ? CS_PACKET_FIRST : 0) |
	    (n == left ? CS_PACKET_LAST : 0));
	struct iovec v[2] = {{&flags, 1},
	    {(void *)(uintptr_t)(data.p + *at), n}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
	ssize_t sent;

	if (fd >= 0 && *at == 0)
		attach(&m, control, sizeof(control), fd);
	do {
		sent = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return false;
	*at += n; /* a packet goes whole or not at all */
	return true;
}

int
cs_channel_push(cs_channel *c, cs_span data, int fd, size_t *at, cs_err *e)
{
	while (*at < data.n)
		if (!send_packet(c, data, fd, at))
			return errno == EAGAIN ? CS_OK : cs_fail(e, CS_EIO,
			    where, "send: %s", strerror(errno));
	return CS_OK;
}

static int
send_all(cs_channel *c, cs_span data, int fd, int64_t deadline_ms, cs_err *e)
{
	size_t at = 0;
	int rc;

	while ((rc = cs_channel_push(c, data, fd, &at, e)) == CS_OK &&
	    at < data.n)
		if ((rc = wait_for(c->fd, POLLOUT, deadline_ms, e)) != CS_OK)
			return rc;
	return rc;
}

int
cs_channel_send(cs_channel *c, const cs_frame *f, int64_t deadline_ms,
    cs_err *e)
{
	cs_buf *data = NULL;
	size_t n = 0;
	int rc;

	if ((rc = cs_frame_size(f, c->out_max, &n, e)) != CS_OK)
		return rc;
	if ((data = cs_buf_new(n)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_frame_put(f, data, e)) == CS_OK &&
	    (rc = begin_sending(c, deadline_ms, e)) == CS_OK) {
		rc = send_all(c, cs_buf_span(data), f->fd, deadline_ms, e);
		end_sending(c);
	}
	cs_buf_free(&data);
	return rc;
}

/* Every descriptor that came is ours to close; one may be kept. */
static void
take_fds(struct msghdr *m, packet *p)
{
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			p->odd = true;
			continue;
		}
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			close_fd(&p->fd);
			p->fd = fd;
			p->fds++;
		}
	}
}

/* One packet, waiting for it where `flags` has no MSG_DONTWAIT; false: none is
 * there, or the socket is broken (errno). */
static bool
receive_packet(cs_channel *c, int flags, packet *p)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MAX *
	    sizeof(int))];
	struct iovec v = {c->room, sizeof(c->room)};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n;

	*p = (packet){.fd = -1};
	/* A peer that closed with something unread is an error first, once;
	 * what it has said is still there to be read. */
	do {
		n = recvmsg(c->fd, &m, flags | MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return false;
	take_fds(&m, p);
	p->flags = m.msg_flags;
	p->data = cs_span_of(c->room, (size_t)n);
	return true;
}

static int
check_packet(const cs_channel *c, const packet *p, cs_err *e)
{
	bool first = (p->data.p[0] & CS_PACKET_FIRST) != 0;

	if ((p->flags & MSG_TRUNC) != 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "a packet of more than %d octets", CS_PACKET_MAX);
	if ((p->flags & MSG_CTRUNC) != 0 || p->fds > 1 || p->odd)
		return cs_fail(e, CS_EFORMAT, where,
		    "more than one descriptor with a packet");
	if ((p->data.p[0] & ~(CS_PACKET_FIRST | CS_PACKET_LAST)) != 0)
		return cs_fail(e, CS_EFORMAT, where, "a packet's flags are %02x",
		    p->data.p[0]);
	if (!first && c->whole == NULL)
		return cs_fail(e, CS_EFORMAT, where,
		    "a packet in the middle of no frame");
	if (!first && p->fd >= 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "a descriptor with a later packet");
	if (p->data.n - 1 > c->in_max - (first ? 0 : cs_buf_len(c->whole)))
		return cs_fail(e, CS_EFORMAT, where,
		    "a frame of more than %zu octets", c->in_max);
	return CS_OK;
}

/* Puts a packet behind those before it; *done when it was the last. */
static int
gather(cs_channel *c, packet *p, bool *done, cs_err *e)
{
	cs_span data = cs_span_of(p->data.p + 1, p->data.n - 1);

	*done = (p->data.p[0] & CS_PACKET_LAST) != 0;
	if ((p->data.p[0] & CS_PACKET_FIRST) != 0) {
		cs_buf_free(&c->whole);
		close_fd(&c->came);
		c->came = p->fd;
		p->fd = -1; /* transferred */
		c->whole = cs_buf_new(*done ? data.n : c->in_max);
	}
	if (c->whole == NULL || cs_buf_put(c->whole, data) != CS_OK)
		return cs_nomem(e, where);
	return CS_OK;
}

static int
take_packet(cs_channel *c, packet *p, cs_frame **out, cs_err *e)
{
	bool done = false;
	int rc;

	if ((rc = check_packet(c, p, e)) != CS_OK ||
	    (rc = gather(c, p, &done, e)) != CS_OK || !done)
		return rc;
	if ((rc = cs_frame_take(&c->whole, out, e)) == CS_OK) {
		(*out)->fd = c->came;
		c->came = -1; /* transferred */
	}
	return rc;
}

static void
end_channel(cs_channel *c)
{
	c->ended = true;
	cs_buf_free(&c->whole);
	close_fd(&c->came);
	(void)shutdown(c->fd, SHUT_RDWR);
}

static int
receive_some(cs_channel *c, int flags, cs_frame **out, bool *end, cs_err *e)
{
	packet p;
	int rc = CS_OK, turns;

	*out = NULL;
	for (turns = 0; !c->ended && *out == NULL && turns < PACKETS_A_TURN;
	    turns++) {
		if (!receive_packet(c, flags, &p)) {
			if (errno == EAGAIN)
				break;
			rc = cs_fail(e, CS_EIO, where, "receive: %s",
			    strerror(errno));
			end_channel(c);
		} else if (p.data.n == 0) {
			end_channel(c);
		} else if ((rc = take_packet(c, &p, out, e)) != CS_OK) {
			end_channel(c);
		}
		close_fd(&p.fd);
	}
	*end = c->ended;
	return rc;
}

int
cs_channel_try(cs_channel *c, cs_frame **out, bool *end, cs_err *e)
{
	return receive_some(c, MSG_DONTWAIT, out, end, e);
}

int
cs_channel_receive(cs_channel *c, int64_t deadline_ms, cs_frame **out,
    bool *end, cs_err *e)
{
	/* Without a deadline one call does, in place of one before poll() and
	 * one behind it. */
	int flags = deadline_ms == 0 ? 0 : MSG_DONTWAIT, rc;

	for (;;) {
		rc = receive_some(c, flags, out, end, e);
		if (rc != CS_OK || *out != NULL || *end)
			return rc;
		rc = wait_for(c->fd, POLLIN, deadline_ms, e);
		if (rc != CS_OK)
			return rc;
	}
}
