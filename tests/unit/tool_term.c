/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "base/time.h"
#include "tool/term.h"
#include "pty.h"
#include "tap.h"

struct question {
	bool secret;
	int64_t wait_ms; /* 0: no deadline */
	bool no_signals; /* SIGINT is ignored and blocked beforehand */
};

static bool
dispositions_are(const struct sigaction *was, const sigset_t *mask)
{
	struct sigaction now;
	sigset_t now_mask;

	return sigaction(SIGINT, NULL, &now) == 0 &&
	    now.sa_handler == was->sa_handler &&
	    pthread_sigmask(SIG_BLOCK, NULL, &now_mask) == 0 &&
	    sigismember(&now_mask, SIGINT) == sigismember(mask, SIGINT);
}

static void
ask(void *arg, struct outcome *o)
{
	const struct question *q = arg;
	int64_t until = q->wait_ms == 0 ? 0 : cs_time_mono_ms() + q->wait_ms;
	struct sigaction was = {.sa_handler = q->no_signals ? SIG_IGN
	    : SIG_DFL};
	cs_buf *b = NULL;
	cs_term *t = NULL;
	sigset_t mask;

	(void)sigemptyset(&mask);
	if (q->no_signals)
		(void)sigaddset(&mask, SIGINT);
	(void)sigaction(SIGINT, &was, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if ((o->r = cs_term_open(until, &t, &o->err)) == CS_OK)
		o->r = q->secret ? cs_term_secret(t, "PIN: ", &b, &o->err)
		    : cs_term_ask(t, "Sure? ", &b, &o->err);
	cs_term_close(&t);
	pty_answer(o, &b);
	if (!dispositions_are(&was, &mask))
		o->r = 98;
}

/* Asks, types `text` when the question is there, gives the outcome. */
static struct outcome
type(struct pty *p, struct question q, const char *text)
{
	pty_open(p, true);
	pty_start(p, ask, &q);
	pty_go(p);
	(void)pty_expect(p, q.secret ? "PIN: " : "Sure? ");
	pty_type(p, text);
	return pty_wait(p);
}

static bool
gives(struct question q, const char *text, int r, const char *answer)
{
	struct pty p;
	struct outcome o = type(&p, q, text);
	bool good = o.r == r && strcmp(o.answer, answer) == 0 &&
	    pty_has_echo(&p);

	if (!good)
		printf("# %d \"%s\" %s\n", o.r, o.answer, o.err.text);
	pty_close(&p);
	return good;
}

static void
test_answers(void)
{
	const struct question plain = {0}, secret = {.secret = true};
	char line[400];

	ok(gives(plain, "yes\n", CS_OK, "yes"), "an answer");
	ok(gives(plain, "yes\r", CS_OK, "yes"), "a carriage return ends it");
	ok(gives(plain, "nx\177o\n", CS_OK, "no"), "it can be edited");
	ok(gives(plain, "\n", CS_OK, ""), "an empty answer");
	ok(gives(plain, "\004", CS_EREFUSED, ""), "end of file");
	ok(gives(plain, "ye\004\004", CS_EREFUSED, ""),
	    "end of file within a line");
	ok(gives(secret, "12 34\n", CS_OK, "12 34"), "a secret");
	ok(gives(secret, "\n", CS_OK, ""), "an empty secret");
	ok(gives(secret, "\004", CS_EREFUSED, ""), "a secret's end of file");
	memset(line, 'a', sizeof(line));
	memcpy(line + 255, "\n", 2);
	ok(gives(secret, line, CS_OK, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaa"), "255 bytes");
	memcpy(line + 255, "a\n", 3);
	ok(gives(secret, line, CS_EREFUSED, ""), "256 bytes");
	memset(line, 'a', 350);
	memcpy(line + 350, "\n", 2);
	ok(gives(plain, line, CS_EREFUSED, ""), "350 bytes");
}

static void
test_typed_ahead(void)
{
	struct question q = {0};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask, &q);
	pty_type(&p, "yes\nyes\nye");
	ok(pty_expect(&p, "yes\r\nyes\r\nye"), "typed before the question");
	pty_go(&p);
	(void)pty_expect(&p, "Sure? ");
	pty_type(&p, "no\n");
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "no") == 0,
	    "it does not count: %s", o.answer);
	pty_close(&p);
}

static void
test_echo(void)
{
	struct question q = {.secret = true};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask, &q);
	ok(pty_has_echo(&p), "echo is on before");
	pty_go(&p);
	ok(pty_expect(&p, "PIN: ") && !pty_has_echo(&p),
	    "echo is off while a secret is asked for");
	pty_type(&p, "4711\n");
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "4711") == 0, "the secret");
	ok(pty_has_echo(&p), "echo is on again");
	pty_type(&p, "end\n");
	ok(pty_expect(&p, "end") && strstr(p.seen, "4711") == NULL,
	    "the secret was never seen");
	ok(strstr(p.seen, "PIN: \r\n") != NULL, "but the line ended");
	pty_close(&p);
}

static void
test_timeout(bool secret)
{
	struct question q = {.secret = secret, .wait_ms = 500};
	struct outcome o;
	struct pty p;

	o = type(&p, q, "47");
	ok(o.r == CS_ETIMEOUT && o.answer[0] == '\0', "nobody answers: %d",
	    o.r);
	ok(pty_has_echo(&p), "echo is on again");
	ok(pty_is_drained(&p), "half an answer is thrown away");
	pty_close(&p);
}

static void
test_keyboard_signal(bool secret, bool no_signals)
{
	struct question q = {.secret = secret, .no_signals = no_signals};
	struct outcome o;
	struct pty p;

	o = type(&p, q, "47\003");
	ok(o.r == CS_EINTR, "the interrupt key: %d", o.r);
	ok(pty_has_echo(&p), "echo is on again");
	ok(pty_is_drained(&p), "half an answer is thrown away");
	pty_close(&p);
}

static void
test_signal(int sig)
{
	struct question q = {.secret = true};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask, &q);
	pty_go(&p);
	(void)pty_expect(&p, "PIN: ");
	(void)kill(p.pid, sig);
	o = pty_wait(&p);
	ok(o.r == CS_EINTR && pty_has_echo(&p), "signal %d", sig);
	pty_close(&p);
}

/* Output stopped by the person must not hold the deadline up. */
static void
test_stopped(void)
{
	struct question q = {.secret = true, .wait_ms = 300};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask, &q);
	ok(tcflow(p.slave, TCOOFF) == 0, "output stops");
	pty_go(&p);
	o = pty_wait(&p);
	ok(o.r == CS_ETIMEOUT && pty_has_echo(&p), "stopped output: %d", o.r);
	pty_close(&p);
}

/* A terminal that some program left in another mode. */
static void
test_raw(void)
{
	struct question q = {0};
	struct termios raw, after;
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	ok(tcgetattr(p.slave, &raw) == 0, "modes");
	cfmakeraw(&raw);
	ok(tcsetattr(p.slave, TCSANOW, &raw) == 0, "raw");
	pty_start(&p, ask, &q);
	pty_type(&p, "yes\n");
	pty_go(&p);
	(void)pty_expect(&p, "Sure? ");
	pty_type(&p, "no\r");
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "no") == 0, "asked: %s",
	    o.answer);
	ok(strstr(p.seen, "Sure? ") != NULL && pty_expect(&p, "no"),
	    "with echo");
	ok(tcgetattr(p.slave, &after) == 0 &&
	    after.c_lflag == raw.c_lflag && after.c_iflag == raw.c_iflag,
	    "and left as it was");
	pty_close(&p);
}

static void
look(void *arg, struct outcome *o)
{
	const char *locale = arg;
	cs_term *t = NULL;

	(void)setenv("LC_ALL", locale, 1);
	o->r = cs_term_open(0, &t, &o->err);
	if (o->r == CS_OK) {
		(void)snprintf(o->answer, sizeof(o->answer), "%d %d",
		    cs_term_columns(t), cs_term_ascii(t));
		o->r = cs_term_put(t, cs_span_str("written"), &o->err);
	}
	cs_term_close(&t);
}

static struct outcome
look_at(struct pty *p, bool terminal, char *locale, int columns)
{
	struct winsize ws = {.ws_row = 24, .ws_col = (unsigned short)columns};

	pty_open(p, terminal);
	if (terminal)
		(void)ioctl(p->slave, TIOCSWINSZ, &ws);
	pty_start(p, look, locale);
	pty_go(p);
	return pty_wait(p);
}

static void
test_look(void)
{
	char utf8[] = "C.UTF-8", c[] = "C", none[] = "xx_NOWHERE.UTF-8";
	struct outcome o;
	struct pty p;

	o = look_at(&p, true, utf8, 132);
	ok(o.r == CS_OK && strcmp(o.answer, "132 0") == 0, "UTF-8, 132: %s",
	    o.answer);
	ok(pty_expect(&p, "written"), "put");
	pty_close(&p);
	o = look_at(&p, true, c, 0);
	ok(o.r == CS_OK && strcmp(o.answer, "80 1") == 0, "ASCII, 80: %s",
	    o.answer);
	pty_close(&p);
	o = look_at(&p, true, none, 80);
	ok(o.r == CS_OK && strcmp(o.answer, "80 1") == 0,
	    "an unknown locale is ASCII: %s", o.answer);
	pty_close(&p);
	o = look_at(&p, false, utf8, 0);
	ok(o.r == CS_ENEEDED, "no terminal: %d", o.r);
	pty_close(&p);
}

/* The same scenario in a job of its own, as a shell starts one. */
static void
ask_as_job(void *arg, struct outcome *o, bool in_front)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, was;
	int p[2], tty;
	pid_t pid;

	o->r = 97;
	if (pipe2(p, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		return;
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)sigaction(SIGTTOU, &ignore, &was);
		tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
		if (in_front && tcsetpgrp(tty, getpid()) != 0)
			_exit(2);
		(void)sigaction(SIGTTOU, &was, NULL);
		ask(arg, o);
		_exit(write(p[1], o, sizeof(*o)) == (ssize_t)sizeof(*o) ? 0
		    : 1);
	}
	(void)close(p[1]);
	if (!pty_ready(p[0]) ||
	    read(p[0], o, sizeof(*o)) != (ssize_t)sizeof(*o)) {
		o->r = 97;
		(void)kill(pid, SIGKILL);
	}
	(void)waitpid(pid, NULL, 0);
}

static void
ask_behind(void *arg, struct outcome *o)
{
	ask_as_job(arg, o, false);
}

static void
ask_in_front(void *arg, struct outcome *o)
{
	ask_as_job(arg, o, true);
}

static void
test_jobs(void)
{
	struct question q = {.secret = true};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask_behind, &q);
	pty_go(&p);
	o = pty_wait(&p);
	ok(o.r == CS_ENEEDED, "in the background: %d %s", o.r, o.err.text);
	pty_close(&p);
	pty_open(&p, true);
	pty_start(&p, ask_in_front, &q);
	pty_go(&p);
	(void)pty_expect(&p, "PIN: ");
	pty_type(&p, "\032" "4711\n");
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "4711") == 0,
	    "a job cannot be suspended without its echo: %d", o.r);
	pty_close(&p);
}

/* The person closes the window. */
static void
test_hangup(void)
{
	struct question q = {.secret = true};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask, &q);
	pty_go(&p);
	(void)pty_expect(&p, "PIN: ");
	(void)close(p.master);
	p.master = -1;
	o = pty_wait(&p);
	ok(o.r == CS_EINTR || o.r == CS_EREFUSED || o.r == CS_EIO,
	    "the terminal goes away: %d %s", o.r, o.err.text);
	pty_close(&p);
}

int
main(void)
{
	test_answers();
	test_typed_ahead();
	test_echo();
	test_timeout(true);
	test_timeout(false);
	test_keyboard_signal(true, false);
	test_keyboard_signal(false, false);
	test_keyboard_signal(true, true);
	test_signal(SIGINT);
	test_signal(SIGTERM);
	test_signal(SIGHUP);
	test_signal(SIGQUIT);
	test_stopped();
	test_raw();
	test_look();
	test_jobs();
	test_hangup();
	return done_testing();
}
