/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/time.h"
#include "fmt/pem.h"
#include "holdbed.h"
#include "server/msg.h"
#include "server/role.h"
#include "tap.h"

/* The keyholder as a process in its sandbox, between a master and issuers. */

#define WAIT_MS 20000

static char dir[] = "server_keyholdrun.XXXXXX", key[64], cert[64],
    state[64];
static char domain[] = "corp.example", url[] = BED_URL;
static bed b;
static bed_ca ca, token;
static cs_server_conf conf;

static bool
setup(void)
{
	cs_buf *pem = NULL, *text = cs_buf_new(16384);
	bool good;

	if (mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(key, sizeof(key), "%s/ca.key", dir);
	(void)snprintf(cert, sizeof(cert), "%s/ca.pem", dir);
	(void)snprintf(state, sizeof(state), "%s/keyholder", dir);
	conf = (cs_server_conf){.trust_domain = domain, .crl_url = url,
	    .crl_life = BED_CRL_LIFE, .lifetime = BED_LIFE, .state = state,
	    .n_ca = 1, .limits = {.signatures = 1000}};
	conf.ca[0] = (cs_conf_ca){.cert = cert, .key = key};
	good = bed_open(&b) && bed_ca_make("p256", "Agents", &ca) &&
	    bed_key("p256", &token) && mkdir(state, 0700) == 0 &&
	    cs_privkey_write(ca.key, &pem, NULL) == CS_OK &&
	    cs_file_write(key, cs_buf_span(pem), 0600, true, NULL) == CS_OK &&
	    cs_pem_put(text, CS_PEM_CERTIFICATE, cs_buf_span(ca.der), NULL) ==
	    CS_OK && cs_file_write(cert, cs_buf_span(text), 0644, true,
	    NULL) == CS_OK;
	cs_buf_free(&pem);
	cs_buf_free(&text);
	return good;
}

struct process {
	pid_t pid;
	cs_channel *control, *issuer;
};

static bool
start(struct process *p)
{
	int control[2], issuer[2];
	cs_child c = {.role = CS_ROLE_KEYHOLDER, .conf = &conf,
	    .module_dir = "/nonexistent", .keyholder_fd = -1};

	*p = (struct process){.pid = -1};
	if (cs_channel_pair(control, NULL) != CS_OK ||
	    cs_channel_pair(issuer, NULL) != CS_OK)
		return false;
	fflush(stdout);
	if ((p->pid = fork()) == 0) {
		(void)close(control[0]);
		(void)close(issuer[0]);
		c.peer_fd = issuer[1];
		_exit(cs_channel_new(control[1], &c.control, NULL) == CS_OK ?
		    cs_keyholder_run(&c) : 99);
	}
	(void)close(control[1]);
	(void)close(issuer[1]);
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

/* Reads up to a frame of this type. */
static bool
hears(cs_channel *c, uint32_t type)
{
	int64_t until = cs_time_mono_ms() + WAIT_MS;
	cs_frame *f = NULL;
	bool end = false, found = false;

	while (!found && !end &&
	    cs_channel_receive(c, until, &f, &end, NULL) == CS_OK) {
		found = f != NULL && f->type == type;
		if (f != NULL && f->type == CS_MSG_SAY)
			printf("# says: %.*s\n", (int)f->part[1].n,
			    f->part[1].p);
		cs_frame_free(&f);
	}
	return found;
}

static uint32_t
asked(cs_channel *c, uint32_t type, const cs_buf *body)
{
	cs_frame ask = {.type = type, .id = 7, .n = 2, .fd = -1}, *f = NULL;
	int64_t until = cs_time_mono_ms() + WAIT_MS;
	bool end = false;
	uint32_t got = 0;

	ask.part[0] = ca.cert->key_id;
	ask.part[1] = cs_buf_span(body);
	if (type == CS_MSG_KEYS)
		ask.n = 0;
	if (cs_channel_send(c, &ask, until, NULL) == CS_OK &&
	    cs_channel_receive(c, until, &f, &end, NULL) == CS_OK &&
	    f != NULL && f->id == 7)
		got = f->type;
	cs_frame_free(&f);
	return got;
}

static bool
ordered(struct process *p, uint32_t type)
{
	cs_frame f = {.type = type, .fd = -1};

	return cs_channel_send(p->control, &f, cs_time_mono_ms() + WAIT_MS,
	    NULL) == CS_OK;
}

/* Another issuer, in place of the one before. */
static bool
replaced(struct process *p)
{
	cs_frame f = {.type = CS_MSG_CHANNEL, .n = 1};
	int fd[2];
	bool good;

	f.part[0] = cs_span_str("issuer");
	cs_channel_free(&p->issuer);
	if (cs_channel_pair(fd, NULL) != CS_OK)
		return false;
	f.fd = fd[1];
	good = cs_channel_send(p->control, &f, cs_time_mono_ms() + WAIT_MS,
	    NULL) == CS_OK;
	(void)close(fd[1]);
	return cs_channel_new(fd[0], &p->issuer, NULL) == CS_OK && good;
}

/* The clock is the process's own. */
static void
test_serve(struct process *p)
{
	cs_buf *body, *list;

	bed_fill(&b, &ca, &token, cs_time_now());
	body = bed_cert_body(&b);
	list = bed_crl_body(&b);
	ok(hears(p->control, CS_MSG_READY), "it is ready");
	ok(asked(p->issuer, CS_MSG_KEYS, NULL) == CS_MSG_KEYS_ARE, "keys");
	ok(asked(p->issuer, CS_MSG_SIGN_CERT, body) == CS_MSG_SIGNED,
	    "a certificate");
	ok(asked(p->issuer, CS_MSG_SIGN_CRL, list) == CS_MSG_SIGNED,
	    "a list, which it keeps");
	ok(asked(p->issuer, CS_MSG_SIGN_CRL, list) == CS_MSG_NOT_SIGNED,
	    "once");
	ok(hears(p->control, CS_MSG_ALIVE), "it is alive");
	ok(send(cs_channel_fd(p->issuer), "garbage", 7, MSG_NOSIGNAL) == 7 &&
	    hears(p->control, CS_MSG_SAY), "no frame: it says so");
	ok(asked(p->issuer, CS_MSG_KEYS, NULL) == 0, "and hears no more");
	ok(replaced(p) && asked(p->issuer, CS_MSG_SIGN_CERT, body) ==
	    CS_MSG_SIGNED, "another issuer");
	ok(replaced(p) && replaced(p) && asked(p->issuer, CS_MSG_SIGN_CERT,
	    body) == CS_MSG_SIGNED, "and others");
	cs_buf_free(&body);
	cs_buf_free(&list);
}

static void
cleanup(void)
{
	cs_buf *hex = cs_buf_new(80);
	char file[256];

	if (cs_hex_put(hex, ca.cert->key_id) == CS_OK) {
		(void)snprintf(file, sizeof(file), "%s/crl-%s.der", state,
		    cs_buf_cstr(hex));
		ok(unlink(file) == 0, "its list was kept");
	}
	cs_buf_free(&hex);
	(void)unlink(key);
	(void)unlink(cert);
	(void)rmdir(state);
	ok(rmdir(dir) == 0, "nothing else was written");
	bed_ca_close(&ca);
	bed_ca_close(&token);
	bed_close(&b);
}

int
main(void)
{
	struct process p;

	if (!vec_has_arc())
		return 0;
	if (!ok(setup() && start(&p), "a keyholder"))
		return done_testing();
	test_serve(&p);
	ok(ordered(&p, CS_MSG_STOP) && ended(&p) == 0, "it stops");
	ok(start(&p) && hears(p.control, CS_MSG_READY), "again");
	cs_channel_free(&p.control);
	ok(ended(&p) == 0, "without its master it ends");
	ok(start(&p) && hears(p.control, CS_MSG_READY) &&
	    ordered(&p, CS_MSG_ISSUE) && ended(&p) == 3,
	    "an order that is none");
	conf.limits.signatures = 0;
	ok(start(&p) && hears(p.control, CS_MSG_SAY) && ended(&p) == 2,
	    "it says why it does not start");
	cleanup();
	return done_testing();
}
