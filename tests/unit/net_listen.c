/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/notify.h"
#include "tap.h"

static char dir[] = "/tmp/net_listen.XXXXXX";

/* The name of a socket, as text. */
static const char *
name_of(int fd)
{
	static char text[256];
	cs_buf *b = cs_buf_new(sizeof(text) - 1);
	cs_err e = {0};

	text[0] = '\0';
	if (b != NULL && cs_listen_name(fd, b, &e) == CS_OK)
		(void)snprintf(text, sizeof(text), "%s", cs_buf_cstr(b));
	cs_buf_free(&b);
	return text;
}

static const char *
in_dir(const char *name)
{
	static char path[4][128];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof(path[i]), "unix:%s/%s", dir, name);
	return path[i];
}

/* Connects to a socket that listens. */
static int
connect_to(int fd, int type)
{
	struct sockaddr_storage s = {0};
	socklen_t n = sizeof(s);
	int c;

	if (getsockname(fd, (struct sockaddr *)&s, &n) != 0)
		return -1;
	c = socket(s.ss_family, type | SOCK_CLOEXEC, 0);
	if (connect(c, (struct sockaddr *)&s, n) == 0)
		return c;
	(void)close(c);
	return -1;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
test_forms(cs_err *e)
{
	static const char *const good[] = {"unix:/run/x", "127.0.0.1:80",
	    "localhost:0", "[::1]:65535", "*:443", "[::]:1", "a-b.example:1"};
	static const char *const bad[] = {"", ":", ":80", "x", "x:", "x:65536",
	    "x:-1", "x:+1", "x: 1", "x:1 ", "x:99999999999999999999", "::1:80",
	    "[::1]", "[::1", "[]:1", "[127.0.0.1]:1", "[::1]x:1", "unix:",
	    "http://x:80", "a b:1", "[::1%lo]:1"};
	char path[200], host[300];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(cs_listen_check(good[i], e) == CS_OK, "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(cs_listen_check(bad[i], e) == CS_EUSAGE, "%s: %s", bad[i],
		    e->text);
	(void)snprintf(path, sizeof(path), "unix:/%0106d", 0);
	ok(cs_listen_check(path, e) == CS_OK, "as long a path as can be");
	(void)snprintf(path, sizeof(path), "unix:/%0107d", 0);
	ok(cs_listen_check(path, e) == CS_EUSAGE, "one more: %s", e->text);
	(void)snprintf(host, sizeof(host), "%0254d:1", 0);
	ok(cs_listen_check(host, e) == CS_EUSAGE, "too long a host");
}

static bool
is_ready(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 &&
	    fcntl(fd, F_GETFD) == FD_CLOEXEC && accept(fd, NULL, NULL) < 0 &&
	    errno == EAGAIN;
}

static void
test_inet(cs_err *e)
{
	cs_listen_env env = {0};
	char again[64] = "";
	int a = -1, b = -1, c = -1;

	ok(cs_listen("127.0.0.1:0", &env, &a, e) == CS_OK && is_ready(a),
	    "a free port: %s", name_of(a));
	ok(strncmp(name_of(a), "127.0.0.1:", 10) == 0 &&
	    strcmp(name_of(a), "127.0.0.1:0") != 0, "which can be told");
	(void)snprintf(again, sizeof(again), "%s", name_of(a));
	ok(cs_listen(again, &env, &b, e) == CS_EIO && b == -1, "taken: %s",
	    e->text);
	c = connect_to(a, SOCK_STREAM);
	ok(c >= 0, "connected to");
	shut(&c);
	shut(&a);
	env.reuse_port = true;
	ok(cs_listen("*:0", &env, &a, e) == CS_OK, "all addresses: %s",
	    name_of(a));
	(void)snprintf(again, sizeof(again), "*%s",
	    strrchr(name_of(a), ':'));
	ok(cs_listen(again, &env, &b, e) == CS_OK, "and once more: %s", again);
	shut(&b);
	(void)snprintf(again, sizeof(again), "127.0.0.1%s",
	    strrchr(name_of(a), ':'));
	ok((c = connect_to(a, SOCK_STREAM)) >= 0, "connected to");
	shut(&c);
	shut(&a);
	ok(cs_listen("localhost:0", &env, &a, e) == CS_OK, "a name: %s",
	    name_of(a));
	shut(&a);
	ok(cs_listen("192.0.2.1:1", &env, &a, e) == CS_EIO && a == -1,
	    "not ours: %s", e->text);
	ok(cs_listen("no.such.host.invalid:1", &env, &a, e) == CS_EIO,
	    "no host: %s", e->text);
}

static mode_t
mode_of(const char *address)
{
	struct stat st;

	return lstat(address + 5, &st) == 0 && S_ISSOCK(st.st_mode) ?
	    st.st_mode & 07777 : 0;
}

static void
test_unix(cs_err *e)
{
	cs_listen_env env = {.mode = 0660};
	cs_peer peer;
	gid_t others[64];
	int a = -1, b = -1, c = -1, groups;
	FILE *f;

	(void)umask(077);
	ok(cs_listen(in_dir("s"), &env, &a, e) == CS_OK && is_ready(a) &&
	    mode_of(in_dir("s")) == 0660, "a unix socket of its mode");
	ok(strcmp(name_of(a), in_dir("s")) == 0, "%s", name_of(a));
	ok(cs_listen(in_dir("s"), &env, &b, e) == CS_EIO && b == -1 &&
	    connect_to(a, SOCK_STREAM) >= 0, "one that lives: %s", e->text);
	c = connect_to(a, SOCK_STREAM);
	b = accept(a, NULL, NULL);
	ok(cs_peer_of(b, &peer, e) == CS_OK && peer.uid == geteuid() &&
	    peer.gid == getegid() && peer.pid == getpid(), "who connected");
	ok(cs_peer_is_in(b, getegid()) && !cs_peer_is_in(b, (gid_t)-2),
	    "and his group");
	groups = getgroups(64, others);
	while (groups > 0 && cs_peer_is_in(b, others[groups - 1]))
		groups--;
	ok(groups <= 0, "and his others");
	shut(&b);
	shut(&c);
	shut(&a);
	env.mode = 0600;
	ok(cs_listen(in_dir("s"), &env, &a, e) == CS_OK &&
	    mode_of(in_dir("s")) == 0600, "one that nobody listens on");
	shut(&a);
	f = fopen(in_dir("file") + 5, "w");
	ok(f != NULL && fclose(f) == 0 &&
	    cs_listen(in_dir("file"), &env, &a, e) == CS_EIO &&
	    access(in_dir("file") + 5, F_OK) == 0, "a file: %s", e->text);
	ok(symlink("s", in_dir("link") + 5) == 0 &&
	    cs_listen(in_dir("link"), &env, &a, e) == CS_EIO &&
	    mode_of(in_dir("s")) == 0600, "a link to one: %s", e->text);
	ok(cs_listen(in_dir("no/s"), &env, &a, e) == CS_EIO && strstr(e->text,
	    "No such") != NULL, "%s", e->text);
	ok(cs_listen("127.0.0.1:0", &env, &a, e) == CS_OK &&
	    (c = connect_to(a, SOCK_STREAM)) >= 0 &&
	    cs_peer_of(c, &peer, e) == CS_EIO && peer.uid == (uid_t)-1,
	    "a TCP peer is nobody");
	shut(&a);
	shut(&c);
}

static void
test_lock(cs_err *e)
{
	cs_listen_env env = {.mode = 0600};
	int a = -1, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ok(fd >= 0 && flock(fd, LOCK_EX) == 0 &&
	    cs_listen(in_dir("locked"), &env, &a, e) == CS_OK,
	    "who locks the directory for good keeps nobody from it");
	shut(&a);
	shut(&fd);
	ok(cs_listen(in_dir("locked"), &env, &a, e) == CS_OK,
	    "with a lock of our own");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(flock(fd, LOCK_EX | LOCK_NB) == 0, "and holds no lock");
	shut(&fd);
	shut(&a);
}

#define RACERS 4
#define RACES 400

static pthread_barrier_t start;
static char raced[128];

static void *
race(void *arg)
{
	cs_listen_env env = {.mode = 0600};
	int *fd = arg;

	(void)pthread_barrier_wait(&start);
	(void)!cs_listen(raced, &env, fd, NULL);
	return NULL;
}

/* How many got the socket that a dead server left. */
static int
race_once(int fd[RACERS])
{
	pthread_t t[RACERS];
	int i, n = 0;

	for (i = 0; i < RACERS; i++) {
		fd[i] = -1;
		if (pthread_create(&t[i], NULL, race, &fd[i]) != 0)
			return -1;
	}
	for (i = 0; i < RACERS; i++)
		(void)pthread_join(t[i], NULL);
	for (i = 0; i < RACERS; i++)
		n += fd[i] >= 0;
	return n;
}

static void
test_race(void)
{
	int i, k, fd[RACERS], wrong = 0;

	(void)snprintf(raced, sizeof(raced), "%s", in_dir("raced"));
	(void)pthread_barrier_init(&start, NULL, RACERS);
	for (i = 0; i < RACES; i++) {
		wrong += race_once(fd) != 1;
		for (k = 0; k < RACERS; k++)
			shut(&fd[k]);
	}
	ok(wrong == 0, "one of %d gets it, %d times (%d wrong)", RACERS, RACES,
	    wrong);
	(void)pthread_barrier_destroy(&start);
}

/* What systemd passes, from 3 on. */
static void
test_passed(cs_err *e)
{
	cs_listen_env env = {.mode = 0600};
	char pid[16];
	int a = -1, b = -1, kept[2];
	size_t n = 9;

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	ok(cs_listen_passed(NULL, NULL, &n, e) == CS_OK && n == 0, "none");
	ok(cs_listen_passed("1", "2", &n, e) == CS_OK && n == 0,
	    "another process's");
	ok(cs_listen_passed(pid, "x", &n, e) == CS_EUSAGE &&
	    cs_listen_passed(pid, "-1", &n, e) == CS_EUSAGE &&
	    cs_listen_passed(pid, "", &n, e) == CS_EUSAGE &&
	    cs_listen_passed("1x", "1", &n, e) == CS_EUSAGE &&
	    cs_listen_passed(pid, "65", &n, e) == CS_EUSAGE, "no numbers: %s",
	    e->text);
	if (!ok(cs_listen("127.0.0.1:0", &env, &a, e) == CS_OK &&
	    cs_listen(in_dir("p"), &env, &b, e) == CS_OK, "two sockets"))
		return;
	kept[0] = fcntl(3, F_DUPFD, 50); /* the test driver's, if any */
	kept[1] = fcntl(4, F_DUPFD, 50);
	a = fcntl(a, F_DUPFD, 40);
	b = fcntl(b, F_DUPFD, 40);
	ok(dup2(a, 3) == 3 && dup2(b, 4) == 4 && fcntl(3, F_SETFL, 0) == 0 &&
	    cs_listen_passed(pid, "2", &n, e) == CS_OK && n == 2 &&
	    is_ready(3) && is_ready(4), "two, as they have to be");
	ok(dup2(1, 4) == 4 && cs_listen_passed(pid, "2", &n, e) == CS_EUSAGE &&
	    n == 0, "no socket: %s", e->text);
	shut(&a);
	a = socket(AF_UNIX, SOCK_STREAM, 0);
	ok(dup2(a, 4) == 4 && cs_listen_passed(pid, "2", &n, e) == CS_EUSAGE,
	    "one that does not listen: %s", e->text);
	(void)close(3);
	(void)close(4);
	(void)(kept[0] >= 0 && dup2(kept[0], 3) == 3);
	(void)(kept[1] >= 0 && dup2(kept[1], 4) == 4);
	shut(&a);
	shut(&b);
}

static void
test_notify(cs_err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char got[32] = "", name[64];
	socklen_t n;
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ok(cs_notify(NULL, "READY=1", e) == CS_OK, "nobody wants to know");
	ok(cs_notify(in_dir("n") + 5, "READY=1", e) == CS_EIO, "%s", e->text);
	ok(cs_notify("", "READY=1", e) == CS_EUSAGE &&
	    cs_notify("@", "READY=1", e) == CS_EUSAGE, "%s", e->text);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", in_dir("n") + 5);
	ok(bind(s, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    cs_notify(a.sun_path, "READY=1", e) == CS_OK &&
	    recv(s, got, sizeof(got), MSG_DONTWAIT) == 7 &&
	    memcmp(got, "READY=1", 7) == 0, "told by a path");
	shut(&s);
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)snprintf(name, sizeof(name), "@net_listen-%d", (int)getpid());
	memset(&a, 0, sizeof(a));
	a.sun_family = AF_UNIX;
	memcpy(a.sun_path + 1, name + 1, strlen(name) - 1);
	n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	ok(bind(s, (struct sockaddr *)&a, n) == 0 &&
	    cs_notify(name, "STOPPING=1", e) == CS_OK &&
	    recv(s, got, sizeof(got), MSG_DONTWAIT) == 10,
	    "told by a name in the abstract space");
	shut(&s);
}

static void
clean(void)
{
	static const char *const names[] = {"s", "file", "link", "p", "n",
	    "locked", "raced"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlink(in_dir(names[i]) + 5);
	ok(rmdir(dir) == 0, "nothing else was made");
}

int
main(void)
{
	cs_err e = {0};

	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return done_testing();
	test_forms(&e);
	test_inet(&e);
	test_unix(&e);
	test_lock(&e);
	test_race();
	test_passed(&e);
	test_notify(&e);
	clean();
	return done_testing();
}
