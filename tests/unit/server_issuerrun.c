/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "issuerbed.h"
#include "server/role.h"
#include "tap.h"

/* The issuer as a process of its own; master, keyholder and fronts are here. */

#define WAIT_MS 60000 /* of a machine that is busy */

static struct issuerbed b;
static bool reaches_key, has_landlock; /* it said so */

enum { CONTROL, KEYS, FRONT, ADMIN, ENDS };

struct ends { /* ours, and the issuer's */
	int ours[ENDS], its[ENDS];
};

static cs_channel *
channel(int fd)
{
	cs_channel *c = NULL;
	cs_err e = {0};

	if (cs_channel_new(fd, &c, &e) != CS_OK)
		printf("# %s\n", e.text);
	return c;
}

static int
issuer(const struct ends *ends)
{
	cs_child c = {.role = CS_ROLE_ISSUER, .conf = &b.conf,
	    .module_dir = b.plug.modules, .peer_fd = -1,
	    .keyholder_fd = ends->its[KEYS], .n_fronts = 2,
	    .front_fd = {ends->its[ADMIN], ends->its[FRONT]}};

	c.control = channel(ends->its[CONTROL]);
	return cs_issuer_run(&c);
}

static pid_t
start(struct ends *ends)
{
	int pair[2], i;
	cs_err e = {0};
	pid_t pid;

	for (i = 0; i < ENDS; i++) {
		if (cs_channel_pair(pair, &e) != CS_OK)
			exit(99);
		ends->ours[i] = pair[0];
		ends->its[i] = pair[1];
	}
	fflush(stdout);
	if ((pid = fork()) != 0) {
		for (i = 0; i < ENDS; i++)
			(void)close(ends->its[i]);
		return pid;
	}
	for (i = 0; i < ENDS; i++)
		(void)close(ends->ours[i]);
	_exit(issuer(ends));
}

/* The keyholder, until its channel ends. */
static void
answer(cs_channel *c, const cs_frame *ask)
{
	cs_buf *sig = cs_buf_new(1024);
	cs_frame f = {.type = CS_MSG_SIGNED, .id = ask->id, .n = 1, .fd = -1};
	cs_err e = {0};

	if (ask->type == CS_MSG_KEYS) {
		f.type = CS_MSG_KEYS_ARE;
		f.n = 6;
		f.part[0] = cs_span_str("retired");
		f.part[1] = b.ca[1]->der;
		f.part[2] = cs_span_str("ca");
		f.part[3] = b.ca[0]->der;
		f.part[4] = cs_span_str("wit");
		f.part[5] = cs_buf_span(b.wit_spki);
	} else if (ask->type == CS_MSG_LAST_CRL) {
		f.type = CS_MSG_LAST_CRL_IS;
		f.part[0] = cs_span_of("", 0);
	} else if (issuerbed_sign(&b, ask->type, ask->part[0], ask->part[1],
	    0, sig, &e) == CS_OK) {
		f.part[0] = cs_buf_span(sig);
	}
	if (cs_channel_send(c, &f, 0, &e) != CS_OK)
		printf("# %s\n", e.text);
	cs_buf_free(&sig);
}

static void *
keyholder(void *arg)
{
	cs_channel *c = arg;
	cs_frame *f = NULL;
	bool end = false;

	while (cs_channel_receive(c, 0, &f, &end, NULL) == CS_OK && !end) {
		if (f != NULL)
			answer(c, f);
		cs_frame_free(&f);
	}
	cs_frame_free(&f);
	return NULL;
}

/* The next message of this type; others are passed over. */
static cs_frame *
next(cs_channel *c, uint32_t type)
{
	int64_t until = cs_time_mono_ms() + WAIT_MS;
	cs_frame *f = NULL;
	bool end = false;
	cs_err e = {0};

	for (;;) {
		if (cs_channel_receive(c, until, &f, &end, &e) != CS_OK ||
		    end || f == NULL) {
			printf("# %s\n", end ? "it ended" : e.text);
			return NULL;
		}
		if (f->type == CS_MSG_READY && f->n == 1)
			has_landlock = memmem(f->part[0].p, f->part[0].n,
			    "no landlock", 11) == NULL;
		if (f->type == type)
			return f;
		if (f->type == CS_MSG_SAY && f->n == 2) {
			printf("# says %.*s\n", (int)f->part[1].n,
			    (const char *)f->part[1].p);
			reaches_key |= memmem(f->part[1].p, f->part[1].n,
			    "would reach", 11) != NULL;
		}
		cs_frame_free(&f);
	}
}

static bool
heard(cs_channel *c, uint32_t type)
{
	cs_frame *f = next(c, type);
	bool good = f != NULL;

	cs_frame_free(&f);
	return good;
}

/* The vectors' approvals are of another day: it is refused, and says so. */
static bool
issue(cs_channel *c, cs_span message)
{
	const cs_ask_issue a = {.operation = COUNTERSIGN_OP_ISSUE, .kinds = 3,
	    .message = message, .deadline_ms = cs_time_mono_ms() + WAIT_MS,
	    .request_id = cs_span_str("r1"), .address = cs_span_str("")};
	cs_msg_room room;
	cs_told_issue t = {.reason = -1};
	cs_frame f, *got = NULL;
	cs_err e = {0};
	bool good;

	if (cs_ask_issue_put(&a, &room, &f, &e) != CS_OK)
		return false;
	f.id = 77;
	good = cs_channel_send(c, &f, 0, &e) == CS_OK &&
	    (got = next(c, CS_MSG_ISSUED)) != NULL && got->id == 77 &&
	    cs_told_issue_get(got, &t, &e) == CS_OK &&
	    t.outcome == CS_OUTCOME_REFUSED && (t.reason == CS_R_EXPIRED ||
	    t.reason == CS_R_NOT_YET_VALID);
	if (!good)
		printf("# %d, %s: %.*s %s\n", (int)t.outcome,
		    cs_reason_name(t.reason), (int)t.text.n,
		    t.text.p == NULL ? "" : (const char *)t.text.p, e.text);
	cs_frame_free(&got);
	return good;
}

/* Its number; -1 when there is none. */
static int64_t
given(cs_channel *c, uint32_t type)
{
	cs_frame f = {.type = type, .id = 5, .n = type == CS_MSG_CRL,
	    .part = {cs_span_str("")}, .fd = -1}, *got = NULL;
	cs_told_given t = {.number = 0};
	cs_err e = {0};
	bool good = cs_channel_send(c, &f, 0, &e) == CS_OK &&
	    (got = next(c, CS_MSG_GIVEN)) != NULL &&
	    cs_told_given_get(got, &t, &e) == CS_OK && t.octets.p != NULL;
	int64_t number = good ? t.number : -1;

	if (!good)
		printf("# %.*s %s\n", (int)t.text.n,
		    t.text.p == NULL ? "" : (const char *)t.text.p, e.text);
	cs_frame_free(&got);
	return number;
}

static bool
admin(cs_channel *c, const char *verb, const char *body, int status)
{
	const cs_ask_admin a = {.verb = cs_span_str(verb),
	    .body = cs_span_str(body)};
	cs_told_admin t = {.status = 0};
	cs_frame f, *got = NULL;
	cs_msg_room room;
	cs_err e = {0};
	bool good = cs_ask_admin_put(&a, &room, &f, &e) == CS_OK &&
	    cs_channel_send(c, &f, 0, &e) == CS_OK &&
	    (got = next(c, CS_MSG_ADMINISTERED)) != NULL &&
	    cs_told_admin_get(got, &t, &e) == CS_OK && t.status == status;

	if (!good)
		printf("# %d %s\n", t.status, e.text);
	cs_frame_free(&got);
	return good;
}

/* Another end of a pair for the issuer; gives ours. */
static cs_channel *
hand(cs_channel *control, const char *peer)
{
	int pair[2];
	cs_frame f = {.type = CS_MSG_CHANNEL, .n = 1,
	    .part = {cs_span_str(peer)}};
	cs_err e = {0};

	if (cs_channel_pair(pair, &e) != CS_OK)
		return NULL;
	f.fd = pair[1];
	if (cs_channel_send(control, &f, 0, &e) != CS_OK)
		printf("# %s\n", e.text);
	(void)close(pair[1]);
	return channel(pair[0]);
}

static void
test_questions(cs_channel *front, cs_channel *adm, const cs_buf *m)
{
	ok(issue(front, cs_buf_span(m)),
	    "a question gets its answer");
	ok(given(front, CS_MSG_BUNDLE) > 0, "the bundle");
	ok(given(front, CS_MSG_CRL) > 0, "a list");
	ok(admin(adm, "health", "", 200) && admin(adm, "ready", "", 200) &&
	    admin(adm, "metrics", "", 200), "and the admin");
}

static void
test_keyholder_goes(cs_channel *control, const cs_channel *keys,
    cs_channel *front, cs_channel *adm, cs_channel **other, pthread_t *thread)
{
	int64_t before = given(front, CS_MSG_CRL);

	(void)shutdown(cs_channel_fd(keys), SHUT_RDWR);
	if ((*other = hand(control, "keyholder")) == NULL ||
	    pthread_create(thread, NULL, keyholder, *other) != 0)
		exit(99);
	ok(admin(adm, "revoke", "{\"what\":\"owner\",\"name\":"
	    "\"mailto:bob@corp.example\"}", 200) &&
	    given(front, CS_MSG_CRL) > before,
	    "another keyholder signs the next list");
}

static void
test_front_goes(cs_channel *control, cs_channel **front, const cs_buf *m)
{
	cs_frame odd = {.type = CS_MSG_ADMIN, .n = 0, .fd = -1}, *f = NULL;
	cs_channel *other;
	bool end = false;

	ok(cs_channel_send(*front, &odd, 0, NULL) == CS_OK &&
	    (cs_channel_receive(*front, cs_time_mono_ms() + WAIT_MS, &f, &end,
	    NULL) != CS_OK || end), "a front that is none is let go");
	cs_frame_free(&f);
	other = hand(control, "front");
	ok(other != NULL && issue(other, cs_buf_span(m)), "another takes its place");
	cs_channel_free(front);
	*front = other;
}

static void
test(struct ends *ends, pid_t pid)
{
	cs_channel *control = channel(ends->ours[CONTROL]);
	cs_channel *keys = channel(ends->ours[KEYS]);
	cs_channel *front = channel(ends->ours[FRONT]);
	cs_channel *adm = channel(ends->ours[ADMIN]);
	cs_frame stop = {.type = CS_MSG_STOP, .fd = -1};
	cs_buf *m = bed_vector("approved.pem");
	cs_channel *other = NULL;
	pthread_t thread, second;
	int status = -1;

	if (pthread_create(&thread, NULL, keyholder, keys) != 0)
		exit(99);
	if (ok(heard(control, CS_MSG_READY), "it is ready")) {
		test_questions(front, adm, m);
		test_keyholder_goes(control, keys, front, adm, &other,
		    &second);
		test_front_goes(control, &front, m);
		ok(heard(control, CS_MSG_ALIVE), "it is alive");
		ok(cs_channel_send(control, &stop, 0, NULL) == CS_OK,
		    "told to stop");
	}
	cs_channel_free(&control);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0, "it ends");
	(void)pthread_join(thread, NULL);
	if (other != NULL)
		(void)pthread_join(second, NULL);
	cs_channel_free(&other);
	cs_channel_free(&keys);
	cs_channel_free(&front);
	cs_channel_free(&adm);
	cs_buf_free(&m);
}

/* All of the bed's folder. */
static bool
give_away(const struct passwd *to)
{
	DIR *d = opendir(b.plug.dir);
	bool good = d != NULL && fchownat(dirfd(d), ".", to->pw_uid,
	    to->pw_gid, 0) == 0;
	const struct dirent *at;

	while (good && (at = readdir(d)) != NULL)
		good = strcmp(at->d_name, "..") == 0 || fchownat(dirfd(d),
		    at->d_name, to->pw_uid, to->pw_gid, 0) == 0;
	if (d != NULL)
		(void)closedir(d);
	return good;
}

static bool
can_reach(const struct passwd *who, const char *path)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(setgid(who->pw_gid) != 0 || setuid(who->pw_uid) != 0 ||
		    access(path, R_OK) != 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* The keyholder lives, but its channel is gone for good. */
static void
test_lost(void)
{
	struct ends ends;
	pid_t pid = start(&ends);
	cs_channel *control = channel(ends.ours[CONTROL]);
	cs_channel *keys = channel(ends.ours[KEYS]);
	pthread_t thread;
	int status = -1;

	if (pthread_create(&thread, NULL, keyholder, keys) != 0)
		exit(99);
	ok(heard(control, CS_MSG_READY) && shutdown(cs_channel_fd(keys),
	    SHUT_RDWR) == 0 && !heard(control, CS_MSG_STOP),
	    "the keyholder's channel ends, and no other comes");
	cs_channel_free(&control);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 9, "it ends by itself");
	(void)pthread_join(thread, NULL);
	cs_channel_free(&keys);
	(void)close(ends.ours[FRONT]);
	(void)close(ends.ours[ADMIN]);
}

/* Real, effective, saved, of files: all four. */
static bool
is_of(pid_t pid, uid_t uid)
{
	char path[64], line[256], want[128];
	bool is = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	(void)snprintf(want, sizeof(want), "Uid:\t%u\t%u\t%u\t%u\n",
	    (unsigned)uid, (unsigned)uid, (unsigned)uid, (unsigned)uid);
	if ((f = fopen(path, "r")) == NULL)
		return false;
	while (!is && fgets(line, sizeof(line), f) != NULL)
		is = strcmp(line, want) == 0;
	(void)fclose(f);
	return is;
}

/* Ready, and told to stop; `uid` is whose it is meanwhile. */
static bool
comes_up(uid_t uid)
{
	struct ends ends;
	pid_t pid = start(&ends);
	cs_channel *control = channel(ends.ours[CONTROL]);
	cs_channel *keys = channel(ends.ours[KEYS]);
	pthread_t thread;
	int status = -1;
	bool good;

	reaches_key = false;
	if (pthread_create(&thread, NULL, keyholder, keys) != 0)
		exit(99);
	good = heard(control, CS_MSG_READY) && is_of(pid, uid);
	cs_channel_free(&control);
	(void)close(ends.ours[FRONT]);
	(void)close(ends.ours[ADMIN]);
	good = waitpid(pid, &status, 0) == pid && good;
	(void)pthread_join(thread, NULL);
	cs_channel_free(&keys);
	return good;
}

/* A hole in an issuer gives no key of a CA. */
static void
test_key(void)
{
	char key[128], uri[160];

	(void)snprintf(key, sizeof(key), "%s/ca.key", b.plug.dir);
	(void)snprintf(uri, sizeof(uri), "file:%s", key);
	b.conf.ca[0].key = uri;
	b.conf.n_ca = 1;
	ok(bed_put_str(key, "secret") && comes_up(geteuid()) && reaches_key,
	    "a key beside the store is within reach, and that is said");
	(void)unlink(key);
	ok(comes_up(geteuid()) && !reaches_key, "one elsewhere is not");
	b.conf.ca[0].key = NULL;
	b.conf.n_ca = 0;
}

/* What could not be read again is not read at all. */
static void
test_elsewhere(void)
{
	char away[] = "./away.XXXXXX", owners[64], link[80];
	cs_buf *was = NULL;
	cs_err e = {0};

	if (!has_landlock) {
		ok(true, "# SKIP no landlock");
		return;
	}
	if (mkdtemp(away) == NULL)
		exit(99);
	(void)snprintf(owners, sizeof(owners), "%s/owners", away);
	(void)snprintf(link, sizeof(link), ".%s", owners);
	ok(cs_file_read(b.plug.owners, 1 << 20, &was, &e) == CS_OK &&
	    bed_put(owners, cs_buf_span(was)) && unlink(b.plug.owners) == 0 &&
	    symlink(link, b.plug.owners) == 0 && !comes_up(geteuid()),
	    "owners out of the sandbox's reach: it does not start");
	(void)unlink(owners);
	(void)rmdir(away);
	ok(unlink(b.plug.owners) == 0 && bed_put(b.plug.owners,
	    cs_buf_span(was)) && comes_up(geteuid()), "within it does");
	cs_buf_free(&was);
}

static void
test_user(void)
{
	static char nobody[] = "nobody";
	const struct passwd *who = geteuid() != 0 ? NULL : getpwnam(nobody);
	char path[1200];

	(void)snprintf(path, sizeof(path), "%s/verifier-owner.so",
	    b.plug.modules);
	if (who == NULL || !can_reach(who, path)) {
		ok(true, "# SKIP nobody to become");
		return;
	}
	b.conf.user = nobody;
	ok(give_away(who) && comes_up(who->pw_uid),
	    "started as root, it is the user's before it is ready");
	b.conf.user = NULL;
}

int
main(void)
{
	struct ends ends;
	pid_t pid;

	if (!issuerbed_start_closed(&b))
		return 0;
	b.threads = true;
	pid = start(&ends);
	test(&ends, pid);
	test_lost();
	test_key();
	test_elsewhere();
	test_user();
	issuerbed_stop(&b);
	return done_testing();
}
