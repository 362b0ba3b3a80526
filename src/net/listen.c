/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "net/unixaddr.h"

#define BACKLOG 1024
#define HOST_MAX 253 /* of a name, RFC 1035 2.3.4 without the root */
#define FIRST_FD 3
#define PASSED_MAX 64
#define LOCK_TRIES 100
#define LOCK_WAIT_NS 10000000

static const char where[] = "net/listen";

typedef struct place {
	const char *path;        /* unix socket; NULL: host and port */
	char host[HOST_MAX + 1]; /* "*": all */
	char port[6];
	bool v6;                 /* host stood in brackets */
} place;

static int
fail_errno(cs_err *e, const char *what, const char *address)
{
	return cs_fail(e, CS_EIO, where, "%s %s: %s", what, address,
	    strerror(errno));
}

/* Digits alone, at most `max`. */
static bool
get_number(const char *s, long max, long *out)
{
	long v = 0;

	if (s == NULL || *s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (*s - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

static int
get_host(const char *address, cs_span host, place *p, cs_err *e)
{
	struct in6_addr a6;

	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
		p->v6 = true;
		host = cs_span_cut(host, 1, host.n - 2);
	}
	if (host.n == 0 || host.n > HOST_MAX)
		return cs_fail(e, CS_EUSAGE, where,
		    "%s: a host has 1 to %d characters; * is all of them",
		    address, HOST_MAX);
	memcpy(p->host, host.p, host.n);
	p->host[host.n] = '\0';
	if (p->v6 && inet_pton(AF_INET6, p->host, &a6) != 1)
		return cs_fail(e, CS_EUSAGE, where,
		    "%s: %s is no IPv6 address", address, p->host);
	if (!p->v6 && strpbrk(p->host, ":[]/ ") != NULL)
		return cs_fail(e, CS_EUSAGE, where, "%s: expected unix:PATH, "
		    "HOST:PORT, [IPV6]:PORT or *:PORT", address);
	return CS_OK;
}

static int
parse(const char *address, place *p, cs_err *e)
{
	struct sockaddr_un a;
	const char *colon = strrchr(address, ':');
	socklen_t len;
	long port = 0;

	*p = (place){.path = NULL};
	if (strncmp(address, "unix:", 5) == 0) {
		p->path = address + 5;
		return cs_unix_address(p->path, false, &a, &len, e);
	}
	if (colon == NULL || strlen(colon + 1) >= sizeof(p->port) ||
	    !get_number(colon + 1, 65535, &port))
		return cs_fail(e, CS_EUSAGE, where,
		    "%s: expected unix:PATH or a port from 0 to 65535 behind "
		    "HOST:", address);
	memcpy(p->port, colon + 1, strlen(colon + 1) + 1);
	return get_host(address, cs_span_of(address,
	    (size_t)(colon - address)), p, e);
}

int
cs_listen_check(const char *address, cs_err *e)
{
	place p;

	return parse(address, &p, e);
}

static bool
set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/* -1 and errno */
static int
listen_inet(const struct addrinfo *ai, bool all, const cs_listen_env *env)
{
	int fd, err;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    ai->ai_protocol);
	if (fd < 0)
		return -1;
	if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
	    (!env->reuse_port || set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
	    (ai->ai_family != AF_INET6 ||
	    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !all)) &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, env->backlog) == 0)
		return fd;
	err = errno;
	(void)close(fd);
	errno = err;
	return -1;
}

/* Where there is no IPv6, "*" is IPv4 alone. */
static int
listen_all(const place *p, const cs_listen_env *env)
{
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
	struct sockaddr_in a4 = {.sin_family = AF_INET};
	struct addrinfo ai = {.ai_family = AF_INET6,
	    .ai_addr = (struct sockaddr *)&a6, .ai_addrlen = sizeof(a6)};
	long port = 0;
	int fd;

	(void)get_number(p->port, 65535, &port);
	a6.sin6_port = a4.sin_port = htons((uint16_t)port);
	fd = listen_inet(&ai, true, env);
	if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return fd;
	ai.ai_family = AF_INET;
	ai.ai_addr = (struct sockaddr *)&a4;
	ai.ai_addrlen = sizeof(a4);
	return listen_inet(&ai, true, env);
}

static int
listen_host(const char *address, const place *p, const cs_listen_env *env,
    int *out, cs_err *e)
{
	struct addrinfo hints = {.ai_family = p->v6 ? AF_INET6 : AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE |
	    AI_NUMERICSERV | (p->v6 ? AI_NUMERICHOST : 0)};
	struct addrinfo *found = NULL, *ai;
	int n;

	if (strcmp(p->host, "*") == 0) {
		*out = listen_all(p, env);
		return *out >= 0 ? CS_OK : fail_errno(e, "listen on", address);
	}
	if ((n = getaddrinfo(p->host, p->port, &hints, &found)) != 0)
		return cs_fail(e, CS_EIO, where, "listen on %s: %s", address,
		    n == EAI_SYSTEM ? strerror(errno) : gai_strerror(n));
	for (ai = found; ai != NULL && *out < 0; ai = ai->ai_next)
		*out = listen_inet(ai, false, env);
	n = errno;
	freeaddrinfo(found);
	errno = n;
	return *out >= 0 ? CS_OK : fail_errno(e, "listen on", address);
}

/* Nobody listens behind it: the one thing that may be replaced. */
static bool
is_stale(const struct sockaddr_un *a, socklen_t len)
{
	struct stat st;
	bool refused;
	int fd;

	if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	/* Non-blocking: who listens and is busy listens, too. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	refused = fd >= 0 && connect(fd, (const struct sockaddr *)a, len) != 0 &&
	    errno == ECONNREFUSED;
	if (fd >= 0)
		(void)close(fd);
	return refused;
}

static bool
bind_unix(int fd, const struct sockaddr_un *a, socklen_t len)
{
	if (bind(fd, (const struct sockaddr *)a, len) == 0)
		return true;
	if (errno != EADDRINUSE)
		return false;
	if (is_stale(a, len))
		return unlink(a->sun_path) == 0 &&
		    bind(fd, (const struct sockaddr *)a, len) == 0;
	errno = EADDRINUSE;
	return false;
}

static bool
lock_waits(int fd)
{
	const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};
	int i;

	for (i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return false;
		(void)nanosleep(&wait, NULL);
	}
	return true;
}

/* Between bind() and listen() a socket looks as if nobody listened on it: two
 * that come at once would take it from each other. The directory is locked, so
 * that no file is left; but whoever may read a directory may lock it, too, for
 * as long as he likes, and is not to keep us from listening: then, or where none
 * can be locked, there is no lock, -1. */
static int
lock_beside(const char *path)
{
	char *dir = cs_path_directory(path);
	int fd = dir == NULL ? -1 :
	    open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(dir);
	if (fd < 0 || lock_waits(fd))
		return fd;
	(void)close(fd);
	return -1;
}

/* Nobody can connect before listen(), so that the mode is right by then. */
static int
listen_at(const char *path, const struct sockaddr_un *a, socklen_t len,
    const cs_listen_env *env, int *out, cs_err *e)
{
	int fd, err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail_errno(e, "listen on", path);
	if (fchmod(fd, env->mode) == 0 && bind_unix(fd, a, len) &&
	    fchmodat(AT_FDCWD, path, env->mode, AT_SYMLINK_NOFOLLOW) == 0 &&
	    listen(fd, env->backlog) == 0) {
		*out = fd;
		return CS_OK;
	}
	err = errno;
	(void)close(fd);
	errno = err;
	return fail_errno(e, "listen on", path);
}

static int
listen_unix(const char *path, const cs_listen_env *env, int *out, cs_err *e)
{
	struct sockaddr_un a;
	socklen_t len;
	int lock, rc;

	if ((rc = cs_unix_address(path, false, &a, &len, e)) != CS_OK)
		return rc;
	lock = lock_beside(path);
	rc = listen_at(path, &a, len, env, out, e);
	if (lock >= 0)
		(void)close(lock);
	return rc;
}

int
cs_listen(const char *address, const cs_listen_env *env, int *out, cs_err *e)
{
	cs_listen_env all = *env;
	place p;
	int rc;

	*out = -1;
	if (all.backlog == 0)
		all.backlog = BACKLOG;
	if ((rc = parse(address, &p, e)) != CS_OK)
		return rc;
	return p.path != NULL ? listen_unix(p.path, &all, out, e) :
	    listen_host(address, &p, &all, out, e);
}

static int
put_name(const struct sockaddr_storage *s, socklen_t len, cs_buf *out)
{
	const struct sockaddr_un *u = (const void *)s;
	const struct sockaddr_in6 *a6 = (const void *)s;
	const struct sockaddr_in *a4 = (const void *)s;
	char text[INET6_ADDRSTRLEN] = "";
	size_t n;

	if (s->ss_family == AF_UNIX) {
		n = len - offsetof(struct sockaddr_un, sun_path);
		if (cs_buf_put_str(out, "unix:") != CS_OK)
			return CS_EBUG;
		if (n > 0 && u->sun_path[0] == '\0')
			return cs_buf_printf(out, "@%.*s", (int)(n - 1),
			    u->sun_path + 1);
		return cs_buf_put(out, cs_span_of(u->sun_path,
		    strnlen(u->sun_path, n)));
	}
	if (s->ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &a6->sin6_addr, text, sizeof(text));
		return cs_buf_printf(out, "[%s]:%u", text,
		    (unsigned)ntohs(a6->sin6_port));
	}
	(void)inet_ntop(AF_INET, &a4->sin_addr, text, sizeof(text));
	return cs_buf_printf(out, "%s:%u", text,
	    (unsigned)ntohs(a4->sin_port));
}

int
cs_listen_name(int fd, cs_buf *out, cs_err *e)
{
	struct sockaddr_storage s = {0};
	socklen_t len = sizeof(s);

	if (getsockname(fd, (struct sockaddr *)&s, &len) != 0)
		return cs_fail(e, CS_EIO, where, "getsockname: %s",
		    strerror(errno));
	if (s.ss_family != AF_UNIX && s.ss_family != AF_INET &&
	    s.ss_family != AF_INET6)
		return cs_fail(e, CS_EIO, where,
		    "a socket of an unknown kind, %d", (int)s.ss_family);
	return put_name(&s, len, out) == CS_OK ? CS_OK : cs_nomem(e, where);
}

static int
socket_option(int fd, int name)
{
	int value = -1;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &n) == 0 ? value : -1;
}

static int
check_passed(int fd, cs_err *e)
{
	int domain = socket_option(fd, SO_DOMAIN), flags;

	if (socket_option(fd, SO_ACCEPTCONN) != 1 ||
	    socket_option(fd, SO_TYPE) != SOCK_STREAM ||
	    (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6))
		return cs_fail(e, CS_EUSAGE, where, "descriptor %d, which was "
		    "passed: expected a stream socket that listens", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return cs_fail(e, CS_EIO, where, "descriptor %d: %s", fd,
		    strerror(errno));
	return CS_OK;
}

int
cs_listen_passed(const char *pid, const char *fds, size_t *n, cs_err *e)
{
	long whose = 0, count = 0, i;
	int rc;

	*n = 0;
	if (pid == NULL || fds == NULL)
		return CS_OK;
	if (!get_number(pid, INT32_MAX, &whose) ||
	    !get_number(fds, PASSED_MAX, &count))
		return cs_fail(e, CS_EUSAGE, where, "LISTEN_PID=%s, "
		    "LISTEN_FDS=%s: expected numbers, at most %d sockets",
		    pid, fds, PASSED_MAX);
	if (whose != (long)getpid())
		return CS_OK; /* for another process */
	for (i = 0; i < count; i++) {
		if ((rc = check_passed(FIRST_FD + (int)i, e)) != CS_OK)
			return rc;
	}
	*n = (size_t)count;
	return CS_OK;
}

int
cs_peer_of(int fd, cs_peer *out, cs_err *e)
{
	struct ucred c = {0};
	socklen_t n = sizeof(c);

	*out = (cs_peer){.uid = (uid_t)-1, .gid = (gid_t)-1, .pid = -1};
	if (socket_option(fd, SO_DOMAIN) != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) != 0 ||
	    n != sizeof(c))
		return cs_fail(e, CS_EIO, where,
		    "who is at the other end cannot be told");
	*out = (cs_peer){.uid = c.uid, .gid = c.gid, .pid = c.pid};
	return CS_OK;
}

/* The kernel says how many octets it wants when it gets too few. */
static gid_t *
other_groups(int fd, size_t *n)
{
	socklen_t len = 0;
	gid_t *g;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 ||
	    errno != ERANGE || (g = malloc(len)) == NULL)
		return NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, g, &len) != 0)
		len = 0;
	*n = len / sizeof(*g);
	return g;
}

bool
cs_peer_is_in(int fd, gid_t group)
{
	gid_t *g = NULL;
	size_t n = 0, i;
	cs_peer p;
	bool found;

	if (cs_peer_of(fd, &p, NULL) != CS_OK)
		return false;
	g = other_groups(fd, &n);
	found = p.gid == group;
	for (i = 0; i < n; i++)
		found |= g[i] == group;
	free(g);
	return found;
}
