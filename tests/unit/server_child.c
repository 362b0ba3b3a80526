/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/role.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/msg.h"
#include "tap.h"

#define CONF \
	"trust-domain = corp.example tls-cert = c tls-key = k owners = o\n" \
	"policy = p store = s state = s ca { cert = c key = k }\n"

/* The master's end, and all that it says beforehand: it fits in the socket. */
static cs_channel *master;
static int child_fd;

static void
begin(void)
{
	int ends[2] = {-1, -1};

	if (cs_channel_pair(ends, NULL) != CS_OK ||
	    cs_channel_new(ends[0], &master, NULL) != CS_OK)
		ok(false, "a channel");
	child_fd = ends[1];
}

static void
say_with(uint32_t type, const char *a, const char *b, int fd)
{
	cs_frame f = {.type = type, .fd = fd};

	if (a != NULL)
		f.part[f.n++] = cs_span_str(a);
	if (b != NULL)
		f.part[f.n++] = cs_span_str(b);
	if (cs_channel_send(master, &f, 0, NULL) != CS_OK)
		ok(false, "the master says %u", type);
}

static void
say(uint32_t type, const char *a, const char *b)
{
	say_with(type, a, b, -1);
}

static int
listen_to(enum cs_role role, cs_child **c, cs_err *e)
{
	int rc = cs_child_begin(role, child_fd, "/modules", c, e);

	if (rc != CS_OK)
		cs_channel_free(&master);
	return rc;
}

/* Any descriptor, and a way to see whether it arrived. */
static int
new_fd(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
send_fd(uint32_t type, const char *name)
{
	int fd = new_fd();

	say_with(type, name, NULL, fd);
	(void)close(fd);
}

static void
send_words_in(const char *name, const char *words)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || write(fd, words, strlen(words)) < 0 ||
	    lseek(fd, 0, SEEK_SET) != 0)
		ok(false, "a file");
	say_with(CS_MSG_FILE, name, NULL, fd);
	(void)close(fd);
}

/* NULL: there is none */
static bool
reads(cs_child *c, enum cs_child_file file, const char *want)
{
	cs_buf *b = NULL;
	bool same;

	if (cs_child_read(c, file, 1024, &b, NULL) != CS_OK)
		return false;
	same = want == NULL ? b == NULL :
	    b != NULL && cs_span_is(cs_buf_span(b), want);
	cs_buf_free(&b);
	return same;
}

static void
front(void)
{
	cs_child *c = NULL;
	cs_err e = {0};

	begin();
	say(CS_MSG_CONFIG, "/etc/cs/server.conf", CONF);
	send_fd(CS_MSG_LISTEN, "tls");
	send_fd(CS_MSG_LISTEN, "tls");
	send_fd(CS_MSG_CHANNEL, "issuer");
	send_words_in("tls-key", "key");
	send_words_in("tls-cert", "the one before");
	send_words_in("tls-cert", "certificate");
	say(CS_MSG_GO, NULL, NULL);
	if (!ok(listen_to(CS_ROLE_FRONT, &c, &e) == CS_OK, "a front")) {
		printf("# %s\n", e.text);
		return;
	}
	ok(c->role == CS_ROLE_FRONT && c->n_listen == 2 && c->listen[0] >= 0 &&
	    c->listen[1] >= 0 && c->peer_fd >= 0 && c->keyholder_fd < 0,
	    "has what it was given");
	ok(strcmp(c->conf->owners, "/etc/cs/o") == 0 &&
	    strcmp(c->module_dir, "/modules") == 0, "and the configuration");
	ok(reads(c, CS_FILE_TLS_CERT, "certificate") &&
	    reads(c, CS_FILE_TLS_KEY, "key") &&
	    reads(c, CS_FILE_CLIENT_CA, NULL), "and files that were opened");
	ok(reads(c, CS_FILE_TLS_CERT, NULL), "to be read once");
	cs_child_free(&c);
	ok(c == NULL, "freed");
	cs_channel_free(&master);
}

static void
issuer(void)
{
	cs_child *c = NULL;

	begin();
	say(CS_MSG_CONFIG, "server.conf", CONF "modules = /elsewhere\n");
	send_fd(CS_MSG_CHANNEL, "front");
	send_fd(CS_MSG_CHANNEL, "admin");
	send_fd(CS_MSG_CHANNEL, "keyholder");
	send_fd(CS_MSG_CHANNEL, "front");
	say(CS_MSG_GO, NULL, NULL);
	if (!ok(listen_to(CS_ROLE_ISSUER, &c, NULL) == CS_OK, "an issuer"))
		return;
	ok(c->n_fronts == 3 && c->front_fd[0] >= 0 && c->front_fd[1] >= 0 &&
	    c->front_fd[2] >= 0 && c->front_fd[3] < 0 &&
	    c->keyholder_fd >= 0 && c->peer_fd < 0, "has its channels");
	ok(strcmp(c->module_dir, "/elsewhere") == 0, "modules elsewhere");
	cs_child_free(&c);
	cs_channel_free(&master);
}

static void
refused(enum cs_role role, const char *name, const char *want)
{
	cs_child *c = NULL;
	cs_err e = {0};

	say(CS_MSG_GO, NULL, NULL);
	if (!ok(listen_to(role, &c, &e) == CS_EFORMAT && c == NULL &&
		strstr(e.text, want) != NULL, "refused: %s", name))
		printf("# %s\n", e.text);
	cs_child_free(&c);
	cs_channel_free(&master);
}

static void
refusals(void)
{
	begin();
	refused(CS_ROLE_FRONT, "no configuration", "the master said 4");
	begin();
	say(CS_MSG_CONFIG, "f", CONF "nonsense = 1\n");
	refused(CS_ROLE_FRONT, "a bad one", "f:3: no such option 'nonsense'");
	begin();
	say(CS_MSG_CONFIG, "f", NULL);
	refused(CS_ROLE_FRONT, "a part too few", "the master said 1");
	begin();
	say(CS_MSG_CONFIG, "f", CONF);
	send_fd(CS_MSG_LISTEN, "admin");
	refused(CS_ROLE_FRONT, "the admin's socket", "the master said 2");
	begin();
	say(CS_MSG_CONFIG, "f", CONF);
	send_fd(CS_MSG_LISTEN, "tls");
	refused(CS_ROLE_KEYHOLDER, "a socket for the keyholder",
	    "the master said 2");
	begin();
	say(CS_MSG_CONFIG, "f", CONF);
	send_fd(CS_MSG_FILE, "tls-key");
	refused(CS_ROLE_ISSUER, "a file for the issuer", "the master said 20");
	begin();
	say(CS_MSG_CONFIG, "f", CONF);
	send_fd(CS_MSG_FILE, "ca");
	refused(CS_ROLE_FRONT, "a file of another name", "the master said 20");
	begin();
	say(CS_MSG_CONFIG, "f", CONF);
	say(CS_MSG_LISTEN, "tls", NULL);
	refused(CS_ROLE_FRONT, "no descriptor", "without a descriptor");
	begin();
	send_fd(CS_MSG_CHANNEL, "keyholder");
	refused(CS_ROLE_FRONT, "a front beside the keyholder",
	    "a channel to the keyholder is not for the front");
	begin();
	send_fd(CS_MSG_CHANNEL, "somebody");
	refused(CS_ROLE_ISSUER, "a stranger", "found somebody");
	begin();
	say(CS_MSG_STOP, NULL, NULL);
	refused(CS_ROLE_ISSUER, "too early", "the master said 6");
}

static void
gone(void)
{
	cs_child *c = NULL;
	cs_err e = {0};
	int fd;

	begin();
	say(CS_MSG_CONFIG, "f", CONF);
	cs_channel_free(&master);
	ok(cs_child_begin(CS_ROLE_ISSUER, child_fd, "m", &c, &e) == CS_EIO &&
	    c == NULL, "the master went: %s", e.text);
	fd = new_fd();
	ok(cs_child_begin(CS_ROLE_ISSUER, fd, "m", &c, &e) == CS_EIO &&
	    c == NULL, "no channel: %s", e.text);
}

static bool
get(cs_channel *from, cs_order *o)
{
	cs_frame *f = NULL;
	bool end = false;
	int rc = cs_channel_receive(from, 0, &f, &end, NULL);

	rc = rc == CS_OK && f != NULL ? cs_order_get(f, o, NULL) : CS_EIO;
	cs_frame_free(&f);
	return rc == CS_OK;
}

static void
orders(void)
{
	cs_channel *child = NULL;
	cs_order o;

	begin();
	if (!ok(cs_channel_new(child_fd, &child, NULL) == CS_OK, "a channel"))
		return;
	send_fd(CS_MSG_CHANNEL, "front");
	ok(get(child, &o) && o.type == CS_MSG_CHANNEL &&
	    o.peer == CS_ROLE_FRONT && o.fd >= 0 && close(o.fd) == 0,
	    "a channel");
	send_fd(CS_MSG_FILE, "client-ca");
	ok(get(child, &o) && o.type == CS_MSG_FILE &&
	    o.file == CS_FILE_CLIENT_CA && o.fd >= 0 && close(o.fd) == 0,
	    "a file");
	say(CS_MSG_RELOAD, "/a/f", CONF);
	ok(get(child, &o) && o.type == CS_MSG_RELOAD && o.conf != NULL &&
	    strcmp(o.conf->policy, "/a/p") == 0, "a configuration");
	cs_server_conf_free(&o.conf);
	say(CS_MSG_STOP, NULL, NULL);
	ok(get(child, &o) && o.type == CS_MSG_STOP, "an end");
	say(CS_MSG_STOP, "x", NULL);
	ok(!get(child, &o), "an end with words");
	say(CS_MSG_READY, NULL, NULL);
	ok(!get(child, &o), "what a child says");
	say(CS_MSG_CHANNEL, "front", NULL);
	ok(!get(child, &o), "a channel that is none");
	cs_channel_free(&child);
	cs_channel_free(&master);
}

static bool
heard(uint32_t type, size_t n, const char *last)
{
	cs_frame *f = NULL;
	bool end = false, same;

	if (cs_channel_receive(master, 0, &f, &end, NULL) != CS_OK ||
	    f == NULL)
		return false;
	same = f->type == type && f->n == n &&
	    (n == 0 || cs_span_is(f->part[n - 1], last));
	cs_frame_free(&f);
	return same;
}

static void
words(void)
{
	cs_channel *child = NULL;
	cs_err e = {0};

	begin();
	if (!ok(cs_channel_new(child_fd, &child, NULL) == CS_OK, "a channel"))
		return;
	ok(cs_say_ready(child, "seccomp", &e) == CS_OK &&
	    heard(CS_MSG_READY, 1, "seccomp"), "ready");
	ok(cs_say_reloaded(child, NULL, &e) == CS_OK &&
	    heard(CS_MSG_RELOADED, 1, ""), "reloaded");
	ok(cs_say_reloaded(child, "no", &e) == CS_OK &&
	    heard(CS_MSG_RELOADED, 1, "no"), "not reloaded");
	ok(cs_say_alive(child, &e) == CS_OK && heard(CS_MSG_ALIVE, 0, NULL),
	    "alive");
	cs_say(child, 2, "%s %d", "line", 1);
	ok(heard(CS_MSG_SAY, 2, "line 1"), "a line");
	cs_channel_free(&master);
	cs_say(child, 2, "nobody hears it");
	ok(cs_say_alive(child, &e) == CS_EIO, "the master is gone");
	cs_channel_free(&child);
}

static void
names(void)
{
	enum cs_role r;
	size_t i;

	for (i = 0; i < CS_ROLES; i++)
		ok(cs_role_parse(cs_span_str(cs_role_name((enum cs_role)i)),
		    &r, NULL) == CS_OK && r == (enum cs_role)i, "%s",
		    cs_role_name((enum cs_role)i));
	ok(cs_role_parse(cs_span_str("frontx"), &r, NULL) == CS_EFORMAT,
	    "no role");
}

int
main(void)
{
	front();
	issuer();
	refusals();
	gone();
	orders();
	words();
	names();
	return done_testing();
}
