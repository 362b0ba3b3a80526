/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "masterchild.h"
#include "server/flow.h"
#include "tap.h"

/* The program is its own children, with --role. */

static char top[] = "/tmp/server_master.XXXXXX";

/* ---- the master, in a process of its own ---- */

static void
write_in(const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	if (cs_file_write(path, cs_span_str(text), 0600, true, NULL) != CS_OK)
		exit(1);
}

static cs_server_conf *
new_conf(const char *name, const char *more)
{
	char path[256], text[1024];
	cs_server_conf *c = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	(void)snprintf(text, sizeof(text), "trust-domain = corp.example\n"
	    "tls-cert = c tls-key = k owners = o policy = o/p store = d/s\n"
	    "state = s ca { cert = c key = k } modules = m fronts = 2\n"
	    "listen = 127.0.0.1:0 environment = {SOME} %s\n", more);
	if (cs_file_write(path, cs_span_str(text), 0600, true, &e) != CS_OK ||
	    cs_server_conf_read(path, &c, &e) != CS_OK) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return c;
}

static int log_fd = -1, notify_fd = -1; /* -1: nobody listens */
static char seen[65536]; /* all that the log said */
static pid_t master;

static void
run(const cs_server_conf *conf, unsigned roles, int fd)
{
	static char some[] = "SOME=thing", other[] = "OTHER=thing";
	char *environment[] = {other, some, NULL}, path[256];
	cs_log_env log = {.fd = fd};
	cs_master_env env = {.file = conf->file, .conf = conf, .roles = roles,
	    .environ = environment, .notify = notify_fd < 0 ? NULL : path,
	    .watchdog = "200000",
	    .drain_ms = 500};
	cs_err e = {0};
	int rc;

	(void)snprintf(path, sizeof(path), "%s/notify", top);
	if (cs_log_new(&log, &env.log, NULL) != CS_OK)
		exit(10);
	rc = cs_master_run(&env, &e);
	cs_log_printf(env.log, 2, "test", "ended: %s", e.text);
	cs_log_free(&env.log);
	exit(-rc);
}

static void
start(cs_server_conf *conf, unsigned roles)
{
	int ends[2];

	(void)fflush(stdout);
	seen[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		exit(1);
	master = fork();
	if (master < 0)
		exit(1);
	if (master == 0)
		run(conf, roles, ends[1]);
	(void)close(ends[1]);
	log_fd = ends[0];
}

/* Reads the log until `text` is in it, behind `after` when that is not NULL. */
static const char *
wait_for(const char *text, const char *after)
{
	int64_t end = cs_time_mono_ms() + 20000;
	struct pollfd p = {.fd = log_fd, .events = POLLIN};
	const char *at;
	size_t n;
	ssize_t got;

	for (;;) {
		at = after == NULL ? seen : after;
		if ((at = strstr(at, text)) != NULL)
			return at + strlen(text);
		if (cs_time_mono_ms() > end)
			break;
		(void)poll(&p, 1, 100);
		n = strlen(seen);
		got = read(log_fd, seen + n, sizeof(seen) - 1 - n);
		seen[n + (got > 0 ? (size_t)got : 0)] = '\0';
		if (got == 0 && strstr(at == NULL ? seen : at, text) == NULL)
			break;
	}
	printf("# no '%s' in:\n# %s\n", text, after == NULL ? seen : after);
	return NULL;
}

/* The last process that a role has said of itself. */
static pid_t
pid_of(const char *who)
{
	char text[64];
	const char *at = seen, *last = NULL;

	(void)snprintf(text, sizeof(text), " %s: pid ", who);
	while ((at = strstr(at, text)) != NULL) {
		at += strlen(text);
		last = at;
	}
	return last == NULL ? -1 : (pid_t)strtol(last, NULL, 10);
}

static bool
notified(const char *text)
{
	int64_t end = cs_time_mono_ms() + 20000;
	struct pollfd p = {.fd = notify_fd, .events = POLLIN};
	char got[256];
	ssize_t n;

	while (cs_time_mono_ms() < end && poll(&p, 1, 5000) == 1) {
		n = recv(notify_fd, got, sizeof(got) - 1, 0);
		got[n < 0 ? 0 : n] = '\0';
		if (strstr(got, text) != NULL)
			return true;
	}
	return false;
}

/* Nobody is waited for: what has no room is not told. */
static void
make_room_for_notices(void)
{
	char got[256];

	while (recv(notify_fd, got, sizeof(got), MSG_DONTWAIT) > 0)
		continue;
}

/* Never to 0 or -1, which are groups, or all there is. */
static bool
hit(pid_t pid, int signo)
{
	return pid > 1 && kill(pid, signo) == 0;
}

/* Its exit status; -1: a signal, or it did not end in time. */
static int
ended(int64_t within_ms)
{
	int64_t begin = cs_time_mono_ms();
	int status = 0;
	struct pollfd p = {.fd = log_fd, .events = 0};

	/* The log's other end closes with the master and its children. */
	while (poll(&p, 1, 100) == 0 &&
	    cs_time_mono_ms() - begin < within_ms)
		continue;
	if (cs_time_mono_ms() - begin >= within_ms)
		(void)hit(master, SIGKILL);
	(void)!waitpid(master, &status, 0);
	(void)close(log_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
ask(const char *what, bool on)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/m/%s", top, what);
	if (on)
		(void)!cs_file_write(path, cs_span_str(""), 0600, true, NULL);
	else
		(void)unlink(path);
}

#define ALL \
	(1U << CS_ROLE_FRONT | 1U << CS_ROLE_ADMIN | 1U << CS_ROLE_ISSUER | \
	    1U << CS_ROLE_KEYHOLDER)

static bool
is_gone(pid_t pid)
{
	int64_t end = cs_time_mono_ms() + 5000;

	while (hit(pid, 0) && cs_time_mono_ms() < end)
		(void)poll(NULL, 0, 20);
	return pid > 1 && !hit(pid, 0) && errno == ESRCH;
}

static void
starts(void)
{
	ok(wait_for("serves corp.example", NULL) != NULL, "it serves");
	ok(wait_for("listens on 127.0.0.1:", NULL) != NULL, "says where");
	ok(strstr(seen, " keyholder: pid ") != NULL &&
	    strstr(seen, " issuer: pid ") != NULL &&
	    strstr(seen, " front 1: pid ") != NULL &&
	    strstr(seen, " front 2: pid ") != NULL &&
	    strstr(seen, " admin: pid ") != NULL, "everybody is there");
	ok(strstr(seen, "front 1: pid ") > strstr(seen, "issuer is up") &&
	    strstr(seen, "front 1: pid ") > strstr(seen, "keyholder is up"),
	    "fronts start behind those whom they ask");
	ok(wait_for("front 1: was answered", NULL) != NULL &&
	    wait_for("front 2: was answered", NULL) != NULL,
	    "fronts reach the issuer");
	ok(notified("READY=1"), "the manager is told");
	ok(notified("WATCHDOG=1"), "and that it lives");
}

static void
environment(void)
{
	const char *at = wait_for("keyholder: pid ", NULL);

	ok(at != NULL && strstr(at, "variable thing") != NULL &&
	    strchr(at, '\n') > strstr(at, "variable thing"),
	    "the keyholder has the variable that is listed");
	at = wait_for("issuer: pid ", NULL);
	ok(at != NULL && strchr(at, '\n') > strstr(at, "variable none"),
	    "nobody else");
	at = wait_for("front 1: pid ", NULL);
	ok(at != NULL && strchr(at, '\n') > strstr(at, "sockets 1"),
	    "a front has its socket");
}

static void
killed(const char *who, const char *then)
{
	const char *at = seen + strlen(seen);
	pid_t pid = pid_of(who);
	char text[64];

	(void)snprintf(text, sizeof(text), "%s is up", who);
	ok(pid > 0 && hit(pid, SIGKILL), "%s is killed", who);
	ok(wait_for("died of signal 9", at) != NULL, "that is said");
	ok(wait_for(text, at) != NULL && pid_of(who) != pid,
	    "another is there");
	ok(wait_for(then, at) != NULL, "and joined: %s", then);
}

static void
stopped(const char *who)
{
	const char *at = seen + strlen(seen);

	/* A byte that is no message, as a child in foreign hands would say. */
	ok(hit(pid_of(who), SIGSTOP), "%s stands still", who);
	ok(hit(pid_of(who), SIGKILL) && wait_for("died", at) != NULL &&
	    wait_for("was answered", at) != NULL, "and is replaced");
}

static void
reloads(cs_server_conf *conf)
{
	const char *at = seen + strlen(seen);
	cs_server_conf *c = NULL;
	char path[256], *word;

	write_in("c", "two");
	make_room_for_notices();
	ok(hit(master, SIGHUP) && wait_for("reloaded", at) != NULL,
	    "everybody reloads");
	ok(wait_for("front 1: has certificate two", at) != NULL &&
	    wait_for("front 2: has certificate two", at) != NULL,
	    "fronts read their files anew");
	ok(notified("RELOADING=1") && notified("READY=1"),
	    "the manager is told");
	at = seen + strlen(seen);
	(void)snprintf(path, sizeof(path), "%s/k", top);
	ok(chmod(path, 0640) == 0 && hit(master, SIGHUP) &&
	    wait_for("k: mode 0640: expected 0600", at) != NULL &&
	    wait_for("the one before stays", at) != NULL &&
	    chmod(path, 0600) == 0, "not a key that others read");
	at = seen + strlen(seen);
	ask("refuse-issuer", true);
	ok(hit(master, SIGHUP) &&
	    wait_for("issuer: it does not like that", at) != NULL &&
	    wait_for("reloaded, but for what is said above", at) != NULL,
	    "somebody does not");
	ask("refuse-issuer", false);
	at = seen + strlen(seen);
	ok(cs_file_write(conf->file, cs_span_str("what = 1\n"), 0600, true,
	    NULL) == CS_OK && hit(master, SIGHUP) &&
	    wait_for("no such option 'what'; the one before stays", at) !=
	    NULL, "a broken file changes nothing");
	at = seen + strlen(seen);
	c = new_conf("server.conf", "workers = 3 user = \"x\" lifetime = 1h "
	    "crl-every = 1m crl-life = 2h approval = digest");
	word = strstr(c->text, "owners = o ");
	word[strlen("owners = ")] = 'n';
	ok(cs_file_write(conf->file, cs_span_str(c->text), 0600, true,
	    NULL) == CS_OK && hit(master, SIGHUP) &&
	    wait_for("workers is another: that takes a restart", at) != NULL &&
	    wait_for("reloaded", at) != NULL, "what takes a restart is said");
	ok(strstr(at, "lifetime is another") != NULL &&
	    strstr(at, "crl-every is another") != NULL &&
	    strstr(at, "crl-life is another") != NULL &&
	    strstr(at, "approval is another") != NULL &&
	    strstr(at, "owners is another") != NULL,
	    "of owners and of what is issued, too");
	at = seen + strlen(seen);
	ok(hit(master, SIGHUP) &&
	    wait_for("workers is another: that takes a restart", at) != NULL &&
	    wait_for("reloaded", at) != NULL, "and again, as long as it is so");
	at = seen + strlen(seen);
	ok(hit(pid_of("issuer"), SIGKILL) &&
	    wait_for("issuer: has 0 worker", at) != NULL &&
	    wait_for("issuer: reloads 3", at) != NULL,
	    "who starts anew has what the others started with");
	cs_server_conf_free(&c);
}

static void
whole_life(void)
{
	cs_server_conf *conf = new_conf("server.conf", "admin = a.sock");
	pid_t pids[4];

	start(conf, ALL);
	starts();
	environment();
	killed("front 1", "front 1: was answered");
	killed("issuer", "front 2: was answered");
	ok(wait_for("keyholder: joined to issuer", NULL) != NULL &&
	    wait_for("admin: joined to issuer", NULL) != NULL,
	    "the issuer's peers have new channels");
	killed("keyholder", "issuer: joined to keyholder");
	killed("admin", "issuer: joined to admin");
	stopped("front 2");
	reloads(conf);
	pids[0] = pid_of("keyholder");
	pids[1] = pid_of("issuer");
	pids[2] = pid_of("front 1");
	pids[3] = pid_of("admin");
	make_room_for_notices();
	ok(hit(master, SIGTERM) && ended(10000) == 0, "it ends");
	ok(is_gone(pids[0]) && is_gone(pids[1]) && is_gone(pids[2]) &&
	    is_gone(pids[3]), "with all of them");
	ok(notified("STOPPING=1"), "the manager is told");
	(void)close(notify_fd);
	notify_fd = -1;
	cs_server_conf_free(&conf);
}

static void
stubborn(void)
{
	cs_server_conf *conf = new_conf("server.conf", "");
	int64_t begin;

	ask("stay-front", true);
	ask("stay-issuer", true);
	ask("stay-keyholder", true);
	start(conf, ALL);
	ok(wait_for("serves corp.example", NULL) != NULL, "it serves");
	begin = cs_time_mono_ms();
	ok(hit(master, SIGTERM) && ended(10000) == 0 &&
	    cs_time_mono_ms() - begin >= 500, "who stays is ended");
	start(conf, ALL);
	ok(wait_for("serves corp.example", NULL) != NULL, "it serves");
	begin = cs_time_mono_ms();
	ok(hit(master, SIGINT) && wait_for("master: ends", NULL) !=
	    NULL && hit(master, SIGINT) && ended(10000) == 0,
	    "told twice it ends at once");
	ask("stay-front", false);
	ask("stay-issuer", false);
	ask("stay-keyholder", false);
	cs_server_conf_free(&conf);
}

/* Only the master writes lines. */
static void
shouts(void)
{
	cs_server_conf *conf = new_conf("server.conf", "");
	const char *at;

	ask("shout-front", true);
	start(conf, ALL);
	ok(wait_for("front 2: stderr: once\n", NULL) != NULL &&
	    wait_for("warning front 1: stderr: once\n", NULL) != NULL,
	    "what a child writes by itself has its name");
	ok(wait_for("front 1: stderr: 2026-01-01T00:00:00Z error master: "
	    "\\u{1B}[2Jforged\\u{D}\n", NULL) != NULL,
	    "and is escaped, line by line");
	ok((at = wait_for("front 1: twice\\u{A}<0>issuer: forged, too\n",
	    NULL)) != NULL && strstr(seen, "info front 1: twice") != NULL,
	    "what it says has no lines and no level of others");
	ok(pid_of("front 1") > 0 && hit(pid_of("front 1"), SIGKILL) &&
	    wait_for("front 1: stderr: \\x{FF}\n", at) != NULL,
	    "a line without an end ends with the child");
	ok(hit(master, SIGTERM) && ended(10000) == 0, "it ends");
	ask("shout-front", false);
	cs_server_conf_free(&conf);
}

struct flood { /* of all that came from the child that floods */
	size_t written, dropped, cost;
	int64_t began_ms;
	bool is_late; /* we have not read in time, and lines are lost */
};

static void
count_line(struct flood *f, const char *line, size_t n)
{
	const char *at;

	f->cost += n + 1 < CS_FLOW_LINE ? CS_FLOW_LINE : n + 1;
	if (strstr(line, "admin: stderr: flood") != NULL ||
	    strstr(line, "admin: flood x") != NULL)
		f->written++;
	else if ((at = strstr(line, "master: admin: ")) != NULL &&
	    strstr(at, " lines were dropped: ") != NULL)
		f->dropped += strtoul(at + strlen("master: admin: "), NULL, 10);
	else if (strstr(line, " lines are lost: nobody read") != NULL)
		f->is_late = true;
}

/* Reads on until all are accounted for. */
static void
count_flood(struct flood *f, size_t all)
{
	int64_t end = cs_time_mono_ms() + 30000;
	struct pollfd p = {.fd = log_fd, .events = POLLIN};
	char *line, *next;
	size_t n = 0;
	ssize_t got;

	while (f->written + f->dropped < all && !f->is_late &&
	    cs_time_mono_ms() < end) {
		(void)poll(&p, 1, 100);
		got = read(log_fd, seen + n, sizeof(seen) - 1 - n);
		n += got > 0 ? (size_t)got : 0;
		seen[n] = '\0';
		for (line = seen; (next = strchr(line, '\n')) != NULL;
		     line = next + 1) {
			*next = '\0';
			count_line(f, line, (size_t)(next - line));
		}
		n = strlen(line);
		memmove(seen, line, n + 1);
	}
}

/* As often as it takes to read all of a log on a machine that is busy. */
static void
flood(cs_server_conf *conf, size_t all, struct flood *f)
{
	int i;

	for (i = 0; i < 10; i++) {
		*f = (struct flood){.began_ms = cs_time_mono_ms()};
		start(conf, ALL);
		(void)fcntl(log_fd, F_SETPIPE_SZ, 1024 * 1024);
		count_flood(f, all);
		if (!f->is_late)
			return;
		(void)hit(master, SIGTERM); /* it waits for its children */
		(void)ended(10000);
	}
}

/* The disk is not a child's to fill, nor is it to be held up. */
static void
floods(void)
{
	cs_server_conf *conf = new_conf("server.conf", "admin = a.sock");
	const size_t all = FLOOD_WRITTEN + FLOOD_SAID;
	struct flood f;

	ask("flood-admin", true);
	flood(conf, all, &f);
	ok(f.written + f.dropped == all, "each line of a flood is written or "
	    "counted: %zu and %zu", f.written, f.dropped);
	ok(f.dropped != 0 && f.cost < 2 * CS_FLOW_BURST + (size_t)
	    (cs_time_mono_ms() - f.began_ms) * CS_FLOW_RATE / 1000,
	    "what is written is bounded: %zu octets", f.cost);
	ok(hit(master, SIGTERM) && ended(10000) == 0, "it ends");
	ask("flood-admin", false);
	cs_server_conf_free(&conf);
}

static void
no_start(void)
{
	cs_server_conf *conf = new_conf("server.conf", "");

	ask("die-issuer", true);
	start(conf, ALL);
	ok(wait_for("issuer: stderr: last words\n", NULL) != NULL,
	    "last words");
	ok(wait_for("ended: issuer did not start", NULL) != NULL &&
	    ended(10000) == -CS_EDEVICE, "who cannot start ends all of it");
	ask("die-issuer", false);
	cs_server_conf_free(&conf);
}

static void
no_keyholder(void)
{
	cs_server_conf *conf = new_conf("server.conf", "");
	const char *at;

	start(conf, ALL & ~(1U << CS_ROLE_FRONT));
	at = wait_for("serves corp.example", NULL);
	ok(at != NULL, "it serves");
	ask("die-keyholder", true);
	ok(hit(pid_of("keyholder"), SIGKILL) && wait_for("ended: the "
	    "keyholder died three times within a minute", at) != NULL &&
	    ended(10000) == -CS_EDEVICE, "three deaths are enough");
	ask("die-keyholder", false);
	cs_server_conf_free(&conf);
}

/* Children do not outlive a master that had no time to say so. */
static void
orphans(void)
{
	cs_server_conf *conf = new_conf("server.conf", "");
	pid_t front, key;

	start(conf, ALL);
	ok(wait_for("serves corp.example", NULL) != NULL, "it serves");
	front = pid_of("front 1");
	key = pid_of("keyholder");
	ok(hit(master, SIGKILL) && ended(10000) == -1 &&
	    is_gone(front) && is_gone(key), "a killed master takes all along");
	cs_server_conf_free(&conf);
}

static void
twice(void)
{
	cs_server_conf *conf = new_conf("server.conf", "");
	pid_t first;
	int first_log;

	start(conf, ALL);
	ok(wait_for("serves corp.example", NULL) != NULL, "it serves");
	first = master;
	first_log = log_fd;
	start(conf, ALL);
	ok(wait_for("another server", NULL) != NULL &&
	    ended(10000) == -CS_EREFUSED, "no two of one state");
	master = first;
	log_fd = first_log;
	ok(hit(master, SIGTERM) && ended(10000) == 0, "the first one ends");
	cs_server_conf_free(&conf);
}

static void
no_files(void)
{
	cs_server_conf *conf = new_conf("server.conf", "client-ca = none");

	start(conf, ALL);
	ok(wait_for("client-ca: ", NULL) != NULL && ended(10000) == -CS_EIO &&
	    strstr(seen, "server.conf:4: client-ca: ") != NULL,
	    "no such file, and which line says so");
	cs_server_conf_free(&conf);
}

static void
no_place(void)
{
	cs_server_conf *conf = new_conf("server.conf",
	    "admin = missing/a.sock");

	start(conf, ALL);
	ok(wait_for("ended: ", NULL) != NULL && ended(10000) == -CS_EIO,
	    "no place for a socket");
	cs_server_conf_free(&conf);
}

static void
listen_to_notices(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/notify", top);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd < 0 ||
	    bind(notify_fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		ok(false, "a socket for notices");
}

static void
sweep(void)
{
	static const char *const names[] = {"notify", "server.conf", "a.sock",
	    "m", "s", "c", "k", "d", "o/p", "o", "n"};
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", top, names[i]);
		(void)remove(path);
	}
	ok(rmdir(top) == 0, "nothing is left");
}

int
main(int argc, char **argv)
{
	char path[256];
	enum cs_role role;

	if (argc == 3 && strcmp(argv[1], "--role") == 0)
		return cs_role_parse(cs_span_str(argv[2]), &role, NULL) ==
		    CS_OK ? master_child(role) : 2;
	if (mkdtemp(top) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/m", top);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/s", top);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/d", top);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/o", top);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/n", top);
	(void)mkdir(path, 0700);
	write_in("o/p", "");
	write_in("c", "one");
	write_in("k", "key");
	listen_to_notices();
	whole_life();
	stubborn();
	shouts();
	floods();
	no_start();
	no_keyholder();
	orphans();
	no_place();
	no_files();
	twice();
	sweep();
	return done_testing();
}
