/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "tap.h"

/* What stands in the pipe. */
static const char *
read_back(int fd)
{
	static char text[8192];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
plain(int ends[2])
{
	cs_log_env env = {.fd = ends[1], .journal = "1:2"};
	cs_log *l = NULL;
	const char *text;

	ok(cs_log_new(&env, &l, NULL) == CS_OK, "a log");
	(void)cs_log_line(l, 0, "front 1", cs_span_str("a\nb\x1b[1m \xc3\xa9"));
	text = read_back(ends[0]);
	ok(strlen(text) > 21 && text[20] == ' ' && text[4] == '-' &&
	    strcmp(text + 21, "error front 1: a\\u{A}b\\u{1B}[1m \\u{E9}\n") ==
	    0, "the time, the level, and one line whatever is in it");
	cs_log_printf(l, 1, "master", "%d", 7);
	ok(strstr(read_back(ends[0]), " warning master: 7\n") != NULL,
	    "a warning");
	cs_log_printf(l, 2, "master", "%d", 7);
	ok(strstr(read_back(ends[0]), " info master: 7\n") != NULL, "words");
	cs_log_printf(l, 77, "master", "%d", 7);
	ok(strstr(read_back(ends[0]), " error master: 7\n") != NULL,
	    "a level that is none");
	cs_log_free(&l);
	cs_log_free(&l);
}

static void
journal(int ends[2])
{
	char here[64];
	cs_log_env env = {.fd = ends[1], .journal = here};
	struct stat st;
	cs_log *l = NULL;

	ok(fstat(ends[1], &st) == 0, "a pipe");
	(void)snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	ok(cs_log_new(&env, &l, NULL) == CS_OK, "what the journal reads");
	(void)cs_log_line(l, 0, "issuer", cs_span_str("x"));
	ok(strcmp(read_back(ends[0]), "<3>issuer: x\n") == 0, "an error");
	(void)cs_log_line(l, 2, "issuer", cs_span_str("x"));
	ok(strcmp(read_back(ends[0]), "<6>issuer: x\n") == 0, "words");
	cs_log_free(&l);
}

static void
long_line(int ends[2])
{
	cs_log_env env = {.fd = ends[1]};
	char text[6000];
	const char *back;
	cs_log *l = NULL;

	memset(text, 'x', sizeof(text));
	ok(cs_log_new(&env, &l, NULL) == CS_OK, "a log");
	(void)cs_log_line(l, 0, "a", cs_span_of(text, sizeof(text)));
	back = read_back(ends[0]);
	ok(strlen(back) > 4000 && strlen(back) < 4200 &&
	    back[strlen(back) - 1] == '\n', "a line has an end");
	cs_log_free(&l);
}

/* Who reads has stopped: the pipe is full. */
static void
full(int ends[2])
{
	cs_log_env env = {.fd = ends[1]};
	static char text[8192];
	cs_log *l = NULL;
	const char *back;
	size_t n = 0;

	(void)alarm(60); /* else it would stand here */
	ok(fcntl(ends[1], F_SETPIPE_SZ, 8192) == 8192 &&
	    cs_log_new(&env, &l, NULL) == CS_OK, "a log of little room");
	memset(text, 'y', sizeof(text));
	ok(write(ends[1], text, 8192) == 8192, "which is full");
	cs_log_line(l, 0, "a", cs_span_str("first"));
	cs_log_line(l, 0, "a", cs_span_str("second"));
	while (n < 8192)
		n += strlen(read_back(ends[0]));
	ok(n == 8192, "nothing waits for room, and nothing is written");
	cs_log_line(l, 2, "a", cs_span_str("third"));
	back = read_back(ends[0]);
	ok(back[0] == '\n' && strstr(back,
	    " error master: 2 lines are lost: nobody read them\n") != NULL,
	    "how many are lost is told");
	ok(strstr(back, " info a: third\n") != NULL &&
	    strstr(back, "first") == NULL, "and then it goes on");
	cs_log_line(l, 2, "a", cs_span_str("fourth"));
	back = read_back(ends[0]);
	ok(strstr(back, "lost") == NULL && strstr(back, "fourth") != NULL,
	    "as before");
	cs_log_free(&l);
	(void)alarm(0);
}

#define FLOOD 200
#define EACH_MS 40

/* A page now and then, until there is no more. */
static void *
read_slowly(void *arg)
{
	static char page[4096];
	const int fd = *(int *)arg;

	do {
		(void)poll(NULL, 0, EACH_MS);
	} while (read(fd, page, sizeof(page)) > 0);
	return NULL;
}

/* Each line would find its room in time, and all of them take long. */
static void
slow(void)
{
	static char text[4000];
	cs_log_env env;
	pthread_t reader;
	cs_log *l = NULL;
	int64_t at;
	int i, ends[2];

	memset(text, 'z', sizeof(text));
	if (!ok(pipe(ends) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096,
	    "a pipe of a page"))
		return;
	env = (cs_log_env){.fd = ends[1]};
	ok(cs_log_new(&env, &l, NULL) == CS_OK && pthread_create(&reader, NULL,
	    read_slowly, &ends[0]) == 0, "and who reads slowly");
	at = cs_time_mono_ms();
	for (i = 0; i < FLOOD; i++)
		(void)cs_log_line(l, 0, "a", cs_span_of(text, sizeof(text)));
	at = cs_time_mono_ms() - at;
	ok(at < FLOOD * EACH_MS / 2, "holds nobody up for long (%d ms)",
	    (int)at);
	cs_log_free(&l);
	(void)close(ends[1]);
	(void)pthread_join(reader, NULL);
	(void)close(ends[0]);
}

int
main(void)
{
	int ends[2];

	if (!ok(pipe(ends) == 0, "a pipe"))
		return done_testing();
	plain(ends);
	journal(ends);
	long_line(ends);
	full(ends);
	slow();
	return done_testing();
}
