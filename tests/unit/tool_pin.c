/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/time.h"
#include "tool/pin.h"
#include "pty.h"
#include "tap.h"

static char dir[200]; /* absolute: helpers are named by absolute paths */

static const struct cs_pin_ask plain = {.what = "PIN for token \"ci\"",
    .tries_left = -1};

/* What one call has: its environment, its source, the word to ask for. */
struct call {
	const char *askpass, *require, *display, *pinentry;
	int pin_fd;
	int64_t wait_ms;
	bool twice, fresh;
};

static void
set(const char *name, const char *value)
{
	if (value == NULL)
		(void)unsetenv(name);
	else
		(void)setenv(name, value, 1);
}

static const char *
in_dir(const char *name, char *path, size_t n)
{
	if (name == NULL || name[0] == '.')
		return name;
	(void)snprintf(path, n, "%s/%s", dir, name);
	return path;
}

static void
ask(void *arg, struct outcome *o)
{
	const struct call *c = arg;
	struct cs_pin_ask what = plain;
	char askpass[300], pinentry[300];
	cs_pin_source s = {.pin_fd = c->pin_fd,
	    .pinentry = in_dir(c->pinentry, pinentry, sizeof(pinentry)),
	    .deadline_ms = c->wait_ms == 0 ? 0
	    : cs_time_mono_ms() + c->wait_ms};
	cs_ui ui = {0};
	cs_buf *pin = NULL;

	set("SSH_ASKPASS", in_dir(c->askpass, askpass, sizeof(askpass)));
	set("SSH_ASKPASS_REQUIRE", c->require);
	set("DISPLAY", c->display);
	set("WAYLAND_DISPLAY", NULL);
	set("AGENT_VARIABLE", "leaks");
	(void)open("/dev/null", O_RDONLY); /* as a token's library may */
	cs_pin_ui(&s, &ui);
	what.fresh = c->fresh;
	o->r = ui.pin(ui.arg, &what, &pin, &o->err);
	if (c->twice) {
		cs_buf_free(&pin);
		o->r = ui.pin(ui.arg, &what, &pin, &o->err);
	}
	if (o->r == CS_OK && pin == NULL)
		o->r = CS_EBUG;
	pty_answer(o, &pin);
}

static bool
gives(struct call c, int r, const char *text)
{
	struct outcome o;
	struct pty p;

	pty_open(&p, false);
	pty_start(&p, ask, &c);
	pty_go(&p);
	o = pty_wait(&p);
	pty_close(&p);
	if (o.r == r && strcmp(r == CS_OK ? o.answer : "", r == CS_OK ? text
	    : "") == 0 && (r == CS_OK || strstr(o.err.text, text) != NULL))
		return true;
	printf("# %d \"%s\" %s\n", o.r, o.answer, o.err.text);
	return false;
}

static void
write_script(const char *name, const char *body)
{
	cs_buf *b = cs_buf_new(4096);
	cs_err e = {0};

	if (cs_buf_printf(b, "#!/bin/sh\n%s\n", body) != CS_OK ||
	    cs_file_write(name, cs_buf_span(b), 0700, true, &e) != CS_OK)
		exit(99);
	cs_buf_free(&b);
}

static bool
prompt_is(struct cs_pin_ask ask_for, bool ascii, const char *want)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	bool good = cs_pin_prompt(&ask_for, ascii, &b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), want);

	if (!good)
		printf("# %s\n", b == NULL ? e.text : cs_buf_cstr(b));
	cs_buf_free(&b);
	return good;
}

static void
test_prompt(void)
{
	const char *t = "PIN for token \"ci\"";

	ok(prompt_is(plain, false, t), "nothing known");
	ok(prompt_is((struct cs_pin_ask){.what = t, .tries_left = 3}, false,
	    "PIN for token \"ci\", 3 tries left"), "tries left");
	ok(prompt_is((struct cs_pin_ask){.what = t, .tries_left = 1}, false,
	    "PIN for token \"ci\", LAST TRY before it is locked"), "one left");
	ok(prompt_is((struct cs_pin_ask){.what = t, .tries_left = -1,
	    .last_try = true}, false,
	    "PIN for token \"ci\", LAST TRY before it is locked"), "last");
	ok(prompt_is((struct cs_pin_ask){.what = t, .tries_left = -1,
	    .again = true}, false,
	    "PIN for token \"ci\", again for this one signature"), "again");
	ok(prompt_is((struct cs_pin_ask){.what = t, .tries_left = -1,
	    .fresh = true}, false, "PIN for token \"ci\", empty for none"),
	    "a new one");
	ok(prompt_is((struct cs_pin_ask){.what = t, .tries_left = -1,
	    .fresh = true, .again = true}, false,
	    "PIN for token \"ci\", once more"), "a new one for the second time");
	ok(prompt_is((struct cs_pin_ask){.what = "\033[2J\n\342\200\256",
	    .tries_left = -1}, false, "\\u{1B}[2J\\u{A}\\u{202E}"),
	    "a hostile label");
	ok(prompt_is((struct cs_pin_ask){.what = "\303\274",
	    .tries_left = -1}, true, "\\u{FC}"), "an ASCII terminal");
}

static void
test_choose(void)
{
	static const struct {
		const char *program, *require;
		bool display;
		enum cs_askpass want;
	} rows[] = {{NULL, NULL, true, CS_ASKPASS_NEVER},
	    {"", NULL, true, CS_ASKPASS_NEVER},
	    {"/a", NULL, true, CS_ASKPASS_LATER},
	    {"/a", NULL, false, CS_ASKPASS_NEVER},
	    {"/a", "", true, CS_ASKPASS_LATER},
	    {"/a", "other", true, CS_ASKPASS_LATER},
	    {"/a", "never", true, CS_ASKPASS_NEVER},
	    {"/a", "prefer", true, CS_ASKPASS_FIRST},
	    {"/a", "prefer", false, CS_ASKPASS_NEVER},
	    {NULL, "prefer", true, CS_ASKPASS_NEVER},
	    {"/a", "force", true, CS_ASKPASS_FIRST},
	    {"/a", "force", false, CS_ASKPASS_FIRST},
	    {NULL, "force", true, CS_ASKPASS_MISSING},
	    {"", "force", false, CS_ASKPASS_MISSING}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(cs_askpass_choose(rows[i].program, rows[i].require,
		    rows[i].display) == rows[i].want, "askpass rule %zu", i);
}

/* A pipe's reading end with `text` in it; the other end stays open, so that
 * who wants more than a line waits. */
static int
pipe_with(const char *text, int *other)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) != 0 ||
	    write(p[1], text, strlen(text)) != (ssize_t)strlen(text))
		exit(99);
	*other = p[1];
	return p[0];
}

static bool
fd_gives(const char *text, bool end, bool twice, int r, const char *words)
{
	struct call c = {.twice = twice, .wait_ms = end ? 0 : 500};
	int other;
	bool good;

	c.pin_fd = pipe_with(text, &other);
	if (end)
		(void)close(other);
	good = gives(c, r, words);
	(void)close(c.pin_fd);
	if (!end)
		(void)close(other);
	return good;
}

static void
test_fd(void)
{
	char line[400];
	struct call c = {.pin_fd = 77};

	ok(fd_gives("1234\n", true, false, CS_OK, "1234"), "a line");
	ok(fd_gives("1234", true, false, CS_OK, "1234"), "without its end");
	ok(fd_gives("12 34\r\nrest\n", true, false, CS_OK, "12 34\r"),
	    "one line end is cut, of the first line");
	ok(fd_gives("1234\n", false, false, CS_OK, "1234"),
	    "nobody waits for more than a line");
	ok(fd_gives("1234", false, false, CS_ETIMEOUT, "in time"),
	    "half a line");
	ok(fd_gives("\n1234\n", true, false, CS_EAUTH, "nothing was entered"),
	    "an empty line");
	ok(fd_gives("", true, false, CS_EAUTH, "nothing was entered"),
	    "nothing");
	ok(fd_gives("1234\n5678\n", true, true, CS_EAUTH, "was used"),
	    "a second PIN");
	memset(line, '1', sizeof(line));
	memcpy(line + 255, "\n", 2);
	ok(fd_gives(line, true, false, CS_OK, "111111111111111111111111111111"
	    "1111111111111111111111111111111111111111111111111111111111111111"
	    "1111111111111111111111111111111111111111111111111111111111111111"
	    "1111111111111111111111111111111111111111111111111111111111111111"
	    "111111111111111111111111111111111"), "255 bytes");
	memcpy(line + 255, "1\n", 3);
	ok(fd_gives(line, true, false, CS_EAUTH, "longer than"), "256 bytes");
	line[256] = line[257] = '1';
	line[399] = '\0';
	ok(fd_gives(line, true, false, CS_EAUTH, "longer than"), "399 bytes");
	ok(gives(c, CS_EIO, "Bad file descriptor"), "no descriptor");
}

/* True when all that had the FIFO open for writing have ended. */
static bool
is_deserted(int fifo)
{
	struct pollfd p = {.fd = fifo, .events = POLLIN};
	char c;

	return poll(&p, 1, PTY_PATIENCE_MS) == 1 && read(fifo, &c, 1) == 0;
}

/* Scripts that never end hold FIFO open, in two processes. */
static bool
is_killed(struct call c, int r)
{
	int fifo = -1;
	bool good;

	if (mkfifo("fifo", 0600) == 0)
		fifo = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	good = fifo >= 0 && gives(c, r, r == CS_OK ? "1234" : "in time") &&
	    is_deserted(fifo);
	(void)close(fifo);
	(void)unlink("fifo");
	return good;
}

static void
test_askpass(void)
{
	struct call c = {.askpass = "ask", .display = ":9", .pin_fd = -1};
	struct call slow = {.askpass = "slow", .display = ":9", .pin_fd = -1,
	    .wait_ms = 1000};

	write_script("ask", "echo \"$# $1\"; echo second");
	ok(gives(c, CS_OK, "1 PIN for token \"ci\""), "the prompt is argv[1]");
	write_script("ask", "echo \"${AGENT_VARIABLE-} ${SSH_ASKPASS-} "
	    "$DISPLAY\"");
	ok(gives(c, CS_OK, "  :9"), "a clean environment");
	write_script("ask", "cat; ls /proc/self/fd | tr '\\n' ' '; tty || :");
	ok(gives(c, CS_OK, "0 1 2 3 not a tty"),
	    "nothing open, no terminal, no input");
	write_script("ask", "kill -PIPE $$; echo survived");
	ok(gives(c, CS_EAUTH, "nothing was entered"),
	    "signals are as a program expects them");
	write_script("ask", "printf 1234");
	ok(gives(c, CS_OK, "1234"), "no line end");
	write_script("ask", "echo 1234; exit 1");
	ok(gives(c, CS_EAUTH, "nothing was entered"), "cancelled");
	write_script("ask", "echo 1234; kill -9 $$");
	ok(gives(c, CS_EAUTH, "nothing was entered"), "killed");
	write_script("ask", "echo");
	ok(gives(c, CS_EAUTH, "nothing was entered"), "an empty line");
	write_script("ask", "exec yes 1");
	ok(gives(c, CS_EAUTH, "too long"), "endless output");
	write_script("slow", "exec 4>fifo; sleep 1000 & sleep 1000");
	ok(is_killed(slow, CS_ETIMEOUT), "killed at the deadline, with all "
	    "that it started");
	write_script("slow", "exec 4>fifo; sleep 1000 & echo 1234");
	slow.wait_ms = 0;
	ok(is_killed(slow, CS_OK), "what it leaves behind is not waited for");
	c.askpass = "none";
	ok(gives(c, CS_ENEEDED, "No such file"), "no such program");
	c.askpass = "./ask";
	ok(gives(c, CS_ENEEDED, "expected an absolute path"),
	    "a relative path");
}

static void
test_sources(void)
{
	struct call c = {.askpass = "ask", .pinentry = "pinentry",
	    .display = ":9", .pin_fd = -1};

	write_script("ask", "echo from askpass");
	write_script("pinentry", "echo OK; read l; echo OK; read l; echo OK; "
	    "read l; echo D from pinentry; echo OK; read l");
	ok(gives(c, CS_OK, "from askpass"), "askpass comes before pinentry");
	c.display = NULL;
	ok(gives(c, CS_OK, "from pinentry"), "no display");
	c.require = "force";
	ok(gives(c, CS_OK, "from askpass"), "force needs none");
	c.require = "never";
	c.display = ":9";
	ok(gives(c, CS_OK, "from pinentry"), "never");
	c.pinentry = NULL;
	ok(gives(c, CS_ENEEDED, "nobody to ask for the PIN for token"),
	    "nobody");
	c.askpass = NULL;
	c.require = "force";
	ok(gives(c, CS_ENEEDED, "names no program"), "forced, but none");
}

/* A pinentry that answers GETPIN with `lines`, and else OK. */
static bool
pinentry_gives(const char *lines, int r, const char *text)
{
	struct call c = {.pinentry = "pinentry", .pin_fd = -1};
	char body[1500];

	(void)snprintf(body, sizeof(body), "echo OK Pleased to meet you\n"
	    "while read -r word rest; do case $word in\n"
	    "SETDESC) desc=$rest; echo OK ;;\n"
	    "GETPIN) %s ;;\n*) echo OK ;; esac; done", lines);
	write_script("pinentry", body);
	return gives(c, r, text);
}

static void
test_pinentry(void)
{
	ok(pinentry_gives("echo D 1234; echo OK", CS_OK, "1234"), "a PIN");
	ok(pinentry_gives("echo 'D 1%2534'; echo OK", CS_OK, "1%34"),
	    "escaped");
	ok(pinentry_gives("echo D 12; echo D 34; echo OK", CS_OK, "1234"),
	    "in two lines");
	ok(pinentry_gives("printf 'D 12'; printf '34\\nOK\\n'", CS_OK,
	    "1234"), "in two pieces");
	ok(pinentry_gives("echo '# x'; echo S P; echo D 1; echo OK bye",
	    CS_OK, "1"), "comments and status");
	ok(pinentry_gives("echo \"D $desc\"; echo OK", CS_OK,
	    "PIN for token \"ci\""), "the description");
	ok(pinentry_gives("echo ERR 83886179 Operation cancelled", CS_EAUTH,
	    "Operation cancelled"), "ERR");
	ok(pinentry_gives("echo OK", CS_EAUTH, "nothing was entered"),
	    "no data");
	ok(pinentry_gives("echo 'D 1%2'; echo OK", CS_EAUTH, "malformed"),
	    "a malformed escape");
	ok(pinentry_gives("echo OKAY", CS_EAUTH, "unexpected"),
	    "an unknown word");
	ok(pinentry_gives("echo; echo OK", CS_EAUTH, "unexpected"),
	    "an empty line");
	ok(pinentry_gives("echo INQUIRE QUALITY x; echo OK", CS_EAUTH,
	    "unexpected"), "a question back");
	ok(pinentry_gives("exit 0", CS_EAUTH, "without an answer"),
	    "it ends");
	ok(pinentry_gives("printf 'D 1234\\n'; exit", CS_EAUTH,
	    "without an answer"), "it ends behind the data");
	ok(pinentry_gives("exec tr '\\0' x </dev/zero", CS_EAUTH,
	    "too long"), "an endless line");
	ok(pinentry_gives("exec yes '# x'", CS_EAUTH, "only talks"),
	    "endless comments");
	ok(pinentry_gives("exec yes 'D 1234'", CS_EAUTH, "too long"),
	    "endless data");
}

static void
test_pinentry_early(void)
{
	struct call c = {.pinentry = "pinentry", .pin_fd = -1};
	struct call slow = {.pinentry = "pinentry", .pin_fd = -1,
	    .wait_ms = 1000};

	write_script("pinentry", "echo D 1234; echo OK");
	ok(gives(c, CS_EAUTH, "nobody asked for"), "data before the question");
	write_script("pinentry", "echo ERR 1 no display");
	ok(gives(c, CS_EAUTH, "no display"), "ERR as a greeting");
	write_script("pinentry", "exit 1");
	ok(gives(c, CS_EAUTH, "without an answer"), "no greeting");
	write_script("pinentry", "exec 4>fifo; echo OK; sleep 1000 & "
	    "sleep 1000");
	ok(is_killed(slow, CS_ETIMEOUT), "killed at the deadline");
	c.pinentry = "nothing";
	ok(gives(c, CS_ENEEDED, "No such file"), "no such program");
}

/* The program itself, which asks at another terminal than ours. */
static void
test_pinentry_itself(void)
{
	struct call c = {.pinentry = "pinentry", .pin_fd = -1,
	    .wait_ms = PTY_PATIENCE_MS};
	struct pty p, screen;
	struct outcome o;
	char body[300];

	if (access("/usr/bin/pinentry-tty", X_OK) != 0) {
		skip("pinentry-tty is not installed");
		return;
	}
	pty_open(&screen, true);
	(void)snprintf(body, sizeof(body), "exec /usr/bin/pinentry-tty "
	    "--ttyname %s --ttytype dumb", ptsname(screen.master));
	write_script("pinentry", body);
	pty_open(&p, false);
	pty_start(&p, ask, &c);
	pty_go(&p);
	ok(pty_expect(&screen, plain.what) && pty_expect(&screen, "PIN:"),
	    "pinentry-tty asks");
	pty_type(&screen, "47%11\n");
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "47%11") == 0,
	    "and gives what was typed: %d %s", o.r, o.err.text);
	pty_close(&screen);
}

/* With a terminal it is the terminal, unless askpass is preferred. */
static void
test_terminal(void)
{
	struct call c = {.askpass = "ask", .display = ":9", .pin_fd = -1,
	    .pinentry = "pinentry"};
	struct outcome o;
	struct pty p;

	write_script("ask", "echo from askpass");
	pty_open(&p, true);
	pty_start(&p, ask, &c);
	pty_go(&p);
	ok(pty_expect(&p, "PIN for token \"ci\": ") && !pty_has_echo(&p),
	    "asked at the terminal");
	pty_type(&p, "1234\n");
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "1234") == 0, "answered there");
	pty_close(&p);
	c.require = "prefer";
	pty_open(&p, true);
	pty_start(&p, ask, &c);
	pty_go(&p);
	o = pty_wait(&p);
	ok(o.r == CS_OK && strcmp(o.answer, "from askpass") == 0, "prefer");
	pty_close(&p);
}

/* A new PIN: twice from a person, and empty when he says so. */
static bool
fresh_fd(const char *text, int r, const char *words)
{
	struct call c = {.fresh = true};
	int other;
	bool good;

	c.pin_fd = pipe_with(text, &other);
	(void)close(other);
	good = gives(c, r, words);
	(void)close(c.pin_fd);
	return good;
}

static void
test_fresh(void)
{
	struct call c = {.askpass = "ask", .pinentry = "pinentry",
	    .display = ":9", .pin_fd = -1, .fresh = true};

	ok(fresh_fd("1234\n", CS_OK, "1234"), "a descriptor gives it once");
	ok(fresh_fd("\n1234\n", CS_OK, ""), "an empty line there");
	ok(fresh_fd("", CS_EAUTH, "nothing was entered"),
	    "an empty file is no empty line");
	write_script("ask", "echo 1234");
	ok(gives(c, CS_OK, "1234"), "the same from askpass twice");
	write_script("ask", "case $1 in *'empty for none') echo 1234 ;; "
	    "*'once more') echo 1235 ;; esac");
	ok(gives(c, CS_EAUTH, "the second entry"), "one digit differs");
	write_script("ask", "case $1 in *'empty for none') echo 1234 ;; "
	    "*) exit 1 ;; esac");
	ok(gives(c, CS_EAUTH, "nothing was entered"), "cancelled then");
	write_script("ask", "echo");
	ok(gives(c, CS_OK, ""), "empty twice");
	write_script("ask", "exit 0");
	ok(gives(c, CS_EAUTH, "nothing was entered"), "no line at all");
	c.display = NULL;
	c.fresh = false;
	write_script("pinentry", "while echo OK; do read l; done");
	ok(gives(c, CS_EAUTH, "nothing was entered"), "pinentry, not a new one");
	c.fresh = true;
	ok(gives(c, CS_OK, ""), "pinentry's empty one");
	write_script("pinentry", "echo OK; read l; p=4711; case $l in "
	    "*more*) p=${p}0 ;; esac; echo OK; read l; echo OK; read l; "
	    "echo D $p; echo OK; read l");
	ok(gives(c, CS_EAUTH, "the second entry"), "pinentry's two differ");
}

static void
fresh_typed(const char *first, const char *second, int r, const char *want)
{
	struct call c = {.pin_fd = -1, .fresh = true};
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, ask, &c);
	pty_go(&p);
	ok(pty_expect(&p, ", empty for none: ") && !pty_has_echo(&p),
	    "asked for a new one");
	pty_type(&p, first);
	ok(pty_expect(&p, ", once more: ") && !pty_has_echo(&p),
	    "and once more");
	pty_type(&p, second);
	o = pty_wait(&p);
	ok(o.r == r && strcmp(o.answer, want) == 0, "typed: %d %s", o.r,
	    o.err.text);
	pty_close(&p);
}

static void
test_fresh_terminal(void)
{
	fresh_typed("4711\n", "4711\n", CS_OK, "4711");
	fresh_typed("4711\n", "4712\n", CS_EAUTH, "");
	fresh_typed("4711\n", "\n", CS_EAUTH, "");
	fresh_typed("\n", "\n", CS_OK, "");
	fresh_typed("\n", "4711\n", CS_EAUTH, "");
}

/* The interrupt key while a helper asks: it goes, we go on. */
static void
test_interrupt(void)
{
	struct call c = {.askpass = "slow", .display = ":9", .pin_fd = -1,
	    .require = "prefer"};
	struct outcome o;
	struct pty p;
	int fifo = -1;
	char b;

	write_script("slow", "exec 4>fifo; echo ready >&4; sleep 1000");
	if (mkfifo("fifo", 0600) == 0)
		fifo = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	pty_open(&p, true);
	pty_start(&p, ask, &c);
	pty_go(&p);
	ok(pty_ready(fifo), "the helper asks");
	pty_type(&p, "\003");
	o = pty_wait(&p);
	ok(o.r == CS_EINTR, "interrupted: %d", o.r);
	while (read(fifo, &b, 1) == 1)
		continue;
	ok(is_deserted(fifo), "the helper is gone");
	pty_close(&p);
	(void)close(fifo);
	(void)unlink("fifo");
}

static void
tell(void *arg, struct outcome *o)
{
	cs_pin_source s = {.pin_fd = -1};
	cs_ui ui = {0};

	cs_pin_ui(&s, &ui);
	ui.notice(ui.arg, arg);
	o->r = CS_OK;
}

static void
test_notice(void)
{
	char text[] = "touch \033it";
	struct outcome o;
	struct pty p;

	pty_open(&p, true);
	pty_start(&p, tell, text);
	pty_go(&p);
	o = pty_wait(&p);
	ok(o.r == CS_OK && pty_expect(&p, "touch \\u{1B}it\r\n"), "notice");
	pty_close(&p);
}

int
main(void)
{
	static const char *const names[] = {"ask", "slow", "pinentry"};
	char relative[] = "tool_pin.XXXXXX";
	size_t i;

	if (mkdtemp(relative) == NULL || chdir(relative) != 0 ||
	    getcwd(dir, sizeof(dir)) == NULL)
		return 99;
	test_prompt();
	test_choose();
	test_fd();
	test_askpass();
	test_sources();
	test_pinentry();
	test_pinentry_early();
	test_pinentry_itself();
	test_terminal();
	test_fresh();
	test_fresh_terminal();
	test_interrupt();
	test_notice();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	ok(chdir("..") == 0 && rmdir(relative) == 0,
	    "nothing is left behind");
	return done_testing();
}
