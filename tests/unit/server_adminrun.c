/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "net/listen.h"
#include "server/msg.h"
#include "server/role.h"
#include "tap.h"

/* The admin's front as a process in its sandbox, between a master, an issuer
 * and an operator, of whom none is to be trusted with its life. */

#define WAIT_MS 20000

static char dir[] = "server_adminrun.XXXXXX", path[64];

struct process {
	pid_t pid;
	cs_channel *control, *issuer;
};

static bool
start(struct process *p)
{
	static cs_server_conf conf = {.limits = {.queue = 2}};
	const cs_listen_env env = {.mode = 0600};
	int control[2], issuer[2];
	cs_child c = {.role = CS_ROLE_ADMIN, .conf = &conf,
	    .keyholder_fd = -1, .n_listen = 1};
	char address[80];

	*p = (struct process){.pid = -1};
	(void)snprintf(address, sizeof(address), "unix:%s", path);
	if (cs_channel_pair(control, NULL) != CS_OK ||
	    cs_channel_pair(issuer, NULL) != CS_OK ||
	    cs_listen(address, &env, &c.listen[0], NULL) != CS_OK)
		return false;
	fflush(stdout);
	if ((p->pid = fork()) == 0) {
		(void)close(control[0]);
		(void)close(issuer[0]);
		c.peer_fd = issuer[1];
		_exit(cs_channel_new(control[1], &c.control, NULL) == CS_OK ?
		    cs_admin_run(&c) : 99);
	}
	(void)close(control[1]);
	(void)close(issuer[1]);
	(void)close(c.listen[0]);
	return p->pid > 0 &&
	    cs_channel_new(control[0], &p->control, NULL) == CS_OK &&
	    cs_channel_new(issuer[0], &p->issuer, NULL) == CS_OK;
}

/* The exit status, or what ended it, plus 1000. */
static int
ended(struct process *p)
{
	int status = 0;
	pid_t got = waitpid(p->pid, &status, 0);

	cs_channel_free(&p->control);
	cs_channel_free(&p->issuer);
	if (got != p->pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    1000 + WTERMSIG(status);
}

/* Reads up to a frame of this type, and a text in it. */
static bool
hears(cs_channel *c, uint32_t type, const char *text)
{
	int64_t until = cs_time_mono_ms() + WAIT_MS;
	cs_frame *f = NULL;
	bool end = false, found = false;

	while (!found && !end &&
	    cs_channel_receive(c, until, &f, &end, NULL) == CS_OK) {
		if (f != NULL && f->type == CS_MSG_SAY)
			printf("# says: %.*s\n", (int)f->part[1].n,
			    f->part[1].p);
		found = f != NULL && f->type == type && (text == NULL ||
		    memmem(f->part[f->n - 1].p, f->part[f->n - 1].n, text,
		    strlen(text)) != NULL);
		cs_frame_free(&f);
	}
	return found;
}

static bool
tell(cs_channel *c, const cs_frame *f)
{
	return cs_channel_send(c, f, cs_time_mono_ms() + WAIT_MS, NULL) ==
	    CS_OK;
}

static bool
ordered(struct process *p, uint32_t type)
{
	const cs_frame f = {.type = type, .fd = -1};

	return tell(p->control, &f);
}

/* An operator who has asked; -1: none. */
static int
asks(const char *what)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char text[256];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n;

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	n = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n\r\n", what);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    send(fd, text, (size_t)n, MSG_NOSIGNAL) == n)
		return fd;
	(void)close(fd);
	return -1;
}

/* What he is answered: the status; `text` has to be in it. */
static int
answered(int fd, const char *text)
{
	char got[4096] = "";
	size_t n = 0;
	ssize_t more = 1;
	int status = 0;

	while (more > 0 && n < sizeof(got) - 1) {
		more = recv(fd, got + n, sizeof(got) - 1 - n, 0);
		n += more > 0 ? (size_t)more : 0;
	}
	(void)close(fd);
	if (sscanf(got, "HTTP/1.1 %d ", &status) != 1 ||
	    (text != NULL && strstr(got, text) == NULL)) {
		printf("# got: %s\n", got);
		return -1;
	}
	return status;
}

/* The question that the issuer gets; 0: none. */
static uint64_t
asked(struct process *p, const char *verb)
{
	cs_frame *f = NULL;
	cs_ask_admin a = {.uid = -1};
	bool end = false;
	uint64_t id = 0;

	if (cs_channel_receive(p->issuer, cs_time_mono_ms() + WAIT_MS, &f,
	    &end, NULL) == CS_OK && f != NULL &&
	    cs_ask_admin_get(f, &a, NULL) == CS_OK &&
	    cs_span_is(a.verb, verb) && a.uid == geteuid() &&
	    a.pid == getpid())
		id = f->id;
	cs_frame_free(&f);
	return id;
}

static bool
says(struct process *p, uint64_t id, const char *body)
{
	const cs_told_admin t = {200, cs_span_str(body)};
	cs_msg_room room;
	cs_frame f;

	if (cs_told_admin_put(&t, &room, &f, NULL) != CS_OK)
		return false;
	f.id = id;
	return tell(p->issuer, &f);
}

/* Another issuer, in place of the one before. */
static bool
replaced(struct process *p)
{
	cs_frame f = {.type = CS_MSG_CHANNEL, .n = 1};
	int fd[2];
	bool good;

	f.part[0] = cs_span_str("issuer");
	if (cs_channel_pair(fd, NULL) != CS_OK)
		return false;
	f.fd = fd[1];
	good = tell(p->control, &f);
	(void)close(fd[1]);
	cs_channel_free(&p->issuer);
	return cs_channel_new(fd[0], &p->issuer, NULL) == CS_OK && good;
}

static void
test_answers(struct process *p)
{
	int one, two;
	uint64_t id, other;

	ok(hears(p->control, CS_MSG_READY, NULL), "it is ready");
	one = asks("GET /v1/health");
	id = asked(p, "health");
	ok(id != 0, "the issuer is asked, and told by whom");
	ok(says(p, id + 1, "{\"a\":0}") && says(p, 0, "{\"a\":0}") &&
	    says(p, id, "{\"a\":1}") && says(p, id, "{\"a\":2}"),
	    "it says more than it was asked");
	ok(answered(one, "{\"a\":1}") == 200, "its answer is passed on");
	one = asks("GET /v1/health");
	id = asked(p, "health");
	two = asks("GET /v1/ready");
	other = asked(p, "ready");
	ok(id != other && says(p, other, "{\"a\":2}") &&
	    answered(two, "{\"a\":2}") == 200, "another is before it");
	two = asks("GET /v1/ready");
	other = asked(p, "ready");
	ok(other != 0 && answered(asks("GET /v1/status"), "too many") == 503,
	    "a third has no room");
	(void)close(two);
	ok(says(p, id, "{}") && answered(one, "{}") == 200 &&
	    says(p, other, "{}"), "one who went is not answered");
	ok(answered(asks("GET /nothing"), "not-found") == 404,
	    "what is no question is not asked");
}

static void
test_issuers(struct process *p)
{
	const cs_frame other = {.type = CS_MSG_GIVEN, .id = 0, .fd = -1};
	cs_frame f = other;
	int one = asks("GET /v1/health");

	f.id = asked(p, "health");
	ok(tell(p->issuer, &f) && answered(one, "internal") == 500,
	    "an answer to another question");
	one = asks("GET /v1/health");
	ok(asked(p, "health") != 0 && replaced(p) &&
	    answered(one, "started again") == 503,
	    "another issuer: what the one before was asked is answered");
	one = asks("GET /v1/health");
	ok(says(p, asked(p, "health"), "{}") && answered(one, NULL) == 200,
	    "the next is asked of it");
	one = asks("GET /v1/health");
	ok(asked(p, "health") != 0 && send(cs_channel_fd(p->issuer),
	    "garbage", 7, MSG_NOSIGNAL) == 7 &&
	    answered(one, "started again") == 503, "one that says garbage");
	ok(hears(p->control, CS_MSG_SAY, "the issuer's channel ends: "),
	    "is left, and that is said");
	ok(answered(asks("GET /v1/health"), "Retry-After") == 503,
	    "meanwhile nobody waits");
	ok(replaced(p), "another");
	one = asks("GET /v1/health");
	ok(says(p, asked(p, "health"), "{}") && answered(one, NULL) == 200,
	    "is asked");
	ok(hears(p->control, CS_MSG_ALIVE, NULL), "it lives");
}

/* A channel that is gone for good, while the issuer lives. */
static bool
lose(struct process *p)
{
	(void)snprintf(path, sizeof(path), "%s/lost", dir);
	if (!start(p) || !hears(p->control, CS_MSG_READY, NULL))
		return false;
	cs_channel_free(&p->issuer);
	(void)snprintf(path, sizeof(path), "%s/s", dir);
	return true;
}

static void
test_lost(struct process *p)
{
	ok(hears(p->control, CS_MSG_SAY, "no other came") && ended(p) == 9,
	    "an issuer's channel that ended, and no other: it ends");
	(void)snprintf(path, sizeof(path), "%s/lost", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/s", dir);
}

static void
test_end(struct process *p)
{
	int one = asks("GET /v1/health");
	uint64_t id = asked(p, "health");

	ok(id != 0 && ordered(p, CS_MSG_STOP) && ordered(p, CS_MSG_STOP),
	    "told to end, twice");
	ok(says(p, id, "{}") && answered(one, NULL) == 200,
	    "it answers whom it has");
	ok(ended(p) == 0, "and ends");
	ok(start(p) && hears(p->control, CS_MSG_READY, NULL), "again");
	cs_channel_free(&p->control);
	ok(ended(p) == 0, "without its master it ends");
	ok(start(p) && hears(p->control, CS_MSG_READY, NULL) &&
	    ordered(p, CS_MSG_ISSUE) && ended(p) == 3,
	    "an order that is none");
	ok(start(p) && hears(p->control, CS_MSG_READY, NULL) &&
	    send(cs_channel_fd(p->control), "garbage", 7, MSG_NOSIGNAL) == 7 &&
	    ended(p) == 3, "a master who says garbage");
}

int
main(void)
{
	struct process p, lost;

	if (mkdtemp(dir) == NULL)
		return 1;
	if (!ok(lose(&lost) && start(&p), "an admin's front, and another"))
		return done_testing();
	test_answers(&p);
	test_issuers(&p);
	test_end(&p);
	test_lost(&lost);
	(void)unlink(path);
	ok(rmdir(dir) == 0, "nothing else was written");
	return done_testing();
}
