/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "crypt/pubkey.h"
#include "crypt/sshverify.h"
#include "fmt/ssh.h"
#include "signer/signer.h"
#include "tests/unit/agentowner.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

/* The module against an agent that says what the test wants. */

extern const struct cs_signer_ops countersign_signer;

static void
notice(void *arg, const char *text)
{
	struct owner *o = arg;

	(void)snprintf(o->notice, sizeof(o->notice), "%s", text);
}

/* As the tool does: until the socket has something, or as the test wants. */
static int
touch(void *arg, const struct cs_touch_ask *ask, int fd, cs_err *e)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct owner *o = arg;

	o->touched++;
	(void)snprintf(o->asked, sizeof(o->asked), "%s", ask->what);
	if (o->touch != CS_OK)
		return cs_fail(e, o->touch, "test", "nobody touched it");
	return poll(&p, 1, 10000) == 1 && !ask->enrol ? CS_OK :
	    cs_fail(e, CS_EBUG, "test", "the agent says nothing");
}

static cs_ui
ui_of(struct owner *o)
{
	return (cs_ui){.arg = o, .notice = notice, .touch = touch};
}

static int
open_key(struct owner *o, const cs_signer_env *how, const cs_ui *ui, void **h,
    cs_signer_info *info, cs_err *e)
{
	cs_signer_env env = *how;

	env.ui = ui;
	env.agent_socket = o->agent.path;
	if (env.deadline_ms != 0)
		env.deadline_ms += cs_time_mono_ms();
	o->notice[0] = '\0';
	cs_err_clear(e);
	return countersign_signer.open("ssh-agent:alice@laptop", &env, h, info,
	    e);
}

static int
sign(struct owner *o, const cs_signer_env *how, cs_buf *out, cs_err *e)
{
	const cs_to_sign what = {.tbs = cs_buf_span(o->tbs), .now = OWNER_NOW};
	cs_ui ui = ui_of(o);
	cs_signer_info info;
	void *h = NULL;
	int r;

	cs_buf_reset(out);
	if ((r = open_key(o, how, &ui, &h, &info, e)) == CS_OK)
		r = countersign_signer.sign(h, &what, out, e);
	countersign_signer.close(h);
	return r;
}

/* As a verifier would, without policy. */
static bool
verifies(const struct owner *o, cs_span der, bool present, bool verified)
{
	cs_approval *a = NULL;
	cs_pubkey *k = NULL;
	cs_err e = {0};
	bool good = cs_approval_parse(der, 0, &a, &e) == CS_OK &&
	    a->carrier == CS_CARRIER_SSHSIG &&
	    cs_span_eq(a->sshsig.key.blob, cs_buf_span(o->blob)) &&
	    a->sshsig.present == present && a->sshsig.verified == verified &&
	    cs_pubkey_new(&o->pub, &k, &e) == CS_OK &&
	    cs_sshsig_verify(k, &a->sshsig, a->tbs.der, &e) == CS_OK;

	if (!good)
		printf("# %s\n", e.text);
	cs_pubkey_free(&k);
	cs_approval_free(&a);
	return good;
}

static const cs_signer_env plainly = {0}, verify = {.verify = true},
	pss = {.pss = true}, shortly = {.deadline_ms = 300};

static void
test_plain(const char *kind, const char *type)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	cs_err e = {0};
	struct owner o;

	if (!ok(owner_new(&o, kind, type), "%s", type))
		return;
	ok(sign(&o, &plainly, out, &e) == CS_OK &&
	    verifies(&o, cs_buf_span(out), false, false), "%s signs", type);
	ok(o.touched == 0 && (o.notice[0] == '\0' || (sample_on() &&
	    strncmp(o.notice, "waiting for the agent;", 22) == 0)),
	    "%s asks for nothing", type);
	ok(sign(&o, &verify, out, &e) == CS_EUSAGE &&
	    strstr(e.text, "proves nothing") != NULL, "%s: verify", type);
	ok(sign(&o, &pss, out, &e) == CS_EUSAGE &&
	    strstr(e.text, "RSASSA-PSS") != NULL, "%s: pss", type);
	o.under_grant = true;
	owner_asks(&o, o.hash);
	ok(sign(&o, &plainly, out, &e) == CS_OK, "%s: under a grant", type);
	o.other_data = true;
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "does not verify") != NULL &&
	    cs_buf_len(out) == 0, "%s: signs something else", type);
	owner_free(&o);
	cs_buf_free(&out);
}

static void
test_sk(const char *kind, const char *type)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	cs_err e = {0};
	struct owner o;

	if (!ok(owner_new(&o, kind, type), "%s", type))
		return;
	ok(sign(&o, &plainly, out, &e) == CS_OK &&
	    verifies(&o, cs_buf_span(out), true, false), "%s signs", type);
	ok(o.touched == 1 && strstr(o.asked, "alice@laptop") != NULL &&
	    o.notice[0] == '\0', "%s wants a touch", type);
	o.flags = 0;
	ok(sign(&o, &plainly, out, &e) == CS_OK &&
	    verifies(&o, cs_buf_span(out), false, false) &&
	    strstr(o.notice, "no touch") != NULL, "%s: without one", type);
	o.flags = 1;
	ok(sign(&o, &verify, out, &e) == CS_OK &&
	    verifies(&o, cs_buf_span(out), true, false) &&
	    strstr(o.notice, "PIN") != NULL, "%s: no PIN", type);
	o.flags = 5;
	ok(sign(&o, &verify, out, &e) == CS_OK &&
	    verifies(&o, cs_buf_span(out), true, true) &&
	    o.notice[0] == '\0', "%s: verified", type);
	o.said = 1;
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    cs_buf_len(out) == 0, "%s: other flags than it signed", type);
	o.said = 0;
	o.under_grant = true;
	owner_asks(&o, o.hash);
	o.touched = 0;
	ok(sign(&o, &plainly, out, &e) == CS_EUSAGE && o.touched == 0 &&
	    strstr(e.text, "plain key") != NULL, "%s: under a grant", type);
	o.under_grant = false;
	owner_asks(&o, o.hash);
	o.flags = 0x41;
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "flags") != NULL, "%s: flags of no meaning", type);
	owner_free(&o);
	cs_buf_free(&out);
}

static void
test_touch(void)
{
	const cs_ui alone = {.arg = NULL};
	const cs_to_sign what = {.now = OWNER_NOW};
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	cs_to_sign this = what;
	cs_signer_info info;
	cs_err e = {0};
	struct owner o;
	void *h = NULL;

	if (!ok(owner_new(&o, "ed25519", "sk-ssh-ed25519@openssh.com"), "sk"))
		return;
	o.touch = CS_ETIMEOUT;
	ok(sign(&o, &plainly, out, &e) == CS_ETIMEOUT &&
	    cs_buf_len(out) == 0, "nobody touches it");
	o.touch = CS_EINTR;
	ok(sign(&o, &plainly, out, &e) == CS_EINTR, "somebody gives up");
	o.touch = CS_OK;
	o.raw = cs_span_of("\0\0\0\1\5", 5);
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "not plugged in") != NULL, "the agent gives up");
	this.tbs = cs_buf_span(o.tbs);
	o.raw = (cs_span){0};
	ok(open_key(&o, &plainly, &alone, &h, &info, &e) == CS_OK &&
	    countersign_signer.sign(h, &this, out, &e) == CS_ENEEDED,
	    "nobody is there");
	countersign_signer.close(h);
	owner_free(&o);
	cs_buf_free(&out);
}

/* What an agent should not say to "sign"; each is 0 or more octets, and then
 * the end of the connection or silence. */
static const struct {
	const char *name;
	cs_span raw;
	bool hangs_up;
	int want;
	const char *says;
} answers[] = {
#define RAW(s) {(const uint8_t *)(s), sizeof(s) - 1}
	{"hangs up", RAW(""), true, CS_EDEVICE, "is gone"},
	{"is silent", RAW(""), false, CS_ETIMEOUT, "did not answer in time"},
	{"stops in a length", RAW("\0\0"), false, CS_ETIMEOUT, "in time"},
	{"ends in a length", RAW("\0\0"), true, CS_EDEVICE, "is gone"},
	{"stops in a message", RAW("\0\0\0\5\16\0"), false, CS_ETIMEOUT,
	    "in time"},
	{"ends in a message", RAW("\0\0\0\5\16\0"), true, CS_EDEVICE,
	    "is gone"},
	{"says nothing", RAW("\0\0\0\0"), false, CS_EDEVICE, "0 octets"},
	{"says too much", RAW("\0\4\0\1"), false, CS_EDEVICE, "262145"},
	{"says 4 GiB", RAW("\377\377\377\377?"), false, CS_EDEVICE,
	    "4294967295"},
	{"refuses", RAW("\0\0\0\1\5"), false, CS_EREFUSED, "declined"},
	{"refuses in two octets", RAW("\0\0\0\2\5\0"), false, CS_EDEVICE,
	    "type 14"},
	{"refuses twice", RAW("\0\0\0\1\5\0\0\0\1\5"), false, CS_EDEVICE,
	    "more than it was asked"},
	{"says yes", RAW("\0\0\0\1\6"), false, CS_EDEVICE, "found 6"},
	{"lists keys", RAW("\0\0\0\5\14\0\0\0\0"), false, CS_EDEVICE,
	    "found 12"},
	{"gives no signature", RAW("\0\0\0\1\16"), false, CS_EDEVICE,
	    "malformed"},
	{"gives an empty one", RAW("\0\0\0\5\16\0\0\0\0"), false, CS_EDEVICE,
	    "discarded"},
	{"gives a long one", RAW("\0\0\0\5\16\377\377\377\377"), false,
	    CS_EDEVICE, "malformed"},
	{"gives one and more", RAW("\0\0\0\6\16\0\0\0\0!"), false,
	    CS_EDEVICE, "behind the signature"},
	{"gives garbage", RAW("HTTP/1.1 400 Bad Request\r\n\r\n"), false,
	    CS_EDEVICE, "1213486160"},
};

/* Where nothing comes; elsewhere a slow machine may have its time. */
static const cs_signer_env *
waiting_for(size_t i)
{
	return answers[i].want == CS_ETIMEOUT ? &shortly : &plainly;
}

static void
test_answers(void)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	cs_err e = {0};
	struct owner o;
	size_t i;
	int r;

	if (!ok(owner_new(&o, "ed25519", "ssh-ed25519"), "a plain key"))
		return;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		o.raw = answers[i].raw;
		o.agent.hangs_up = answers[i].hangs_up;
		r = sign(&o, waiting_for(i), out, &e);
		ok(r == answers[i].want && cs_buf_len(out) == 0 &&
		    strstr(e.text, answers[i].says) != NULL, "an agent that "
		    "%s: %s", answers[i].name, e.text);
		o.agent.hangs_up = false;
	}
	owner_free(&o);
	cs_buf_free(&out);
}

static void
test_lists(void)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	cs_err e = {0};
	struct owner o;
	size_t i;
	int r;

	if (!ok(owner_new(&o, "ed25519", "ssh-ed25519"), "a plain key"))
		return;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		o.agent.list = answers[i].raw;
		o.agent.hangs_up = answers[i].hangs_up;
		r = sign(&o, waiting_for(i), out, &e);
		ok(r == (answers[i].want == CS_ETIMEOUT ? CS_ETIMEOUT :
		    CS_EDEVICE), "a list from one that %s: %s",
		    answers[i].name, e.text);
	}
	owner_free(&o);
	cs_buf_free(&out);
}

static void
test_wrong(void)
{
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX), *big;
	static const uint8_t other[CS_SHA256_LEN] = {1};
	cs_err e = {0};
	struct owner o;

	if (!ok(owner_new(&o, "ed25519", "ssh-ed25519"), "a plain key") ||
	    !ok(cs_privkey_generate("ed25519", &o.signs, &e) == CS_OK, "two"))
		return;
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "does not verify") != NULL, "another key signs");
	cs_privkey_free(&o.signs);
	o.sig_type = "ssh-rsa";
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "found ssh-rsa") != NULL, "another kind");
	o.sig_type = NULL;
	owner_asks(&o, other);
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "names another key") != NULL, "another's approval");
	owner_asks(&o, o.hash);
	big = cs_buf_new(300000);
	cs_ssh_put_u32(big, 5 + 200000);
	ok(cs_buf_put_byte(big, 14) == CS_OK, "a signature");
	cs_ssh_put_u32(big, 200000);
	while (cs_buf_len(big) < 9 + 200000)
		if (cs_buf_put_byte(big, 1) != CS_OK)
			abort();
	o.raw = cs_buf_span(big);
	ok(sign(&o, &plainly, out, &e) == CS_EDEVICE &&
	    strstr(e.text, "200000") != NULL, "of 200000 octets");
	owner_free(&o);
	cs_buf_free(&big);
	cs_buf_free(&out);
}

static void
test_calls(void)
{
	cs_to_sign what = {.now = OWNER_NOW, .certs = cs_span_str("?")};
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX), *small = cs_buf_new(4);
	cs_signer_info info = {0};
	cs_err e = {0};
	struct owner o;
	void *h = NULL;
	cs_ui ui;

	if (!ok(owner_new(&o, "p256", "ecdsa-sha2-nistp256"), "P-256"))
		return;
	ui = ui_of(&o);
	what.tbs = cs_buf_span(o.tbs);
	ok(open_key(&o, &plainly, &ui, &h, &info, &e) == CS_OK, "open");
	ok(countersign_signer.sign(h, &what, out, &e) == CS_EUSAGE &&
	    strstr(e.text, "certificates") != NULL, "certificates");
	what.certs = (cs_span){0};
	what.tbs = cs_span_str("0");
	ok(countersign_signer.sign(h, &what, out, &e) == CS_EFORMAT,
	    "no approval at all");
	ok(countersign_signer.spki(h, out, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), cs_buf_span(o.spki)), "its key");
	ok(countersign_signer.spki(h, small, &e) == CS_EBUG, "no room");
	ok(strncmp(info.uri, "ssh-agent:SHA256:", 17) == 0 &&
	    strcmp(info.key, "P-256") == 0 && info.is_software &&
	    strcmp(info.where, "key \"alice@laptop\" of ssh-agent") == 0,
	    "and what is said of it");
	cs_buf_reset(out);
	ok(countersign_signer.sshkey(h, out, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), cs_buf_span(o.blob)) &&
	    countersign_signer.sshkey(h, small, &e) == CS_EBUG,
	    "as OpenSSH has it");
	ok(countersign_signer.enroll == NULL &&
	    countersign_signer.certs == NULL, "no more than that");
	countersign_signer.close(h);
	owner_free(&o);
	cs_buf_free(&small);
	cs_buf_free(&out);
}

static void
refuses(const char *uri, const char *socket, int want, const char *says)
{
	const cs_ui ui = {.arg = NULL};
	const cs_signer_env env = {.ui = &ui, .agent_socket = socket};
	cs_signer_info info;
	cs_err e = {0};
	void *h = NULL;
	int r = countersign_signer.open(uri, &env, &h, &info, &e);

	ok(r == want && h == NULL && strstr(e.text, says) != NULL, "%s: %s",
	    uri, e.text);
}

static void
test_sockets(void)
{
	char dir[] = "/tmp/agentXXXXXX", path[64], uri[128], longer[200];
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (!ok(mkdtemp(dir) != NULL && fd >= 0, "a folder"))
		return;
	(void)snprintf(path, sizeof(path), "%s/agent", dir);
	(void)snprintf(uri, sizeof(uri), "ssh-agent:socket=%s;key", path);
	(void)snprintf(longer, sizeof(longer), "ssh-agent:socket=/%0150d", 0);
	refuses("ssh-agent:", NULL, CS_EDEVICE, "SSH_AUTH_SOCK is not set");
	refuses("ssh-agent:key", path, CS_EDEVICE, "it has ended, or SSH_A");
	refuses(uri, NULL, CS_EDEVICE, "No such file");
	refuses("ssh-agent:socket=/etc/passwd;key", NULL, CS_EDEVICE,
	    "it is not a socket");
	refuses("ssh-agent:socket=agent;key", NULL, CS_EUSAGE, "absolute");
	refuses(longer, NULL, CS_EUSAGE, "at most 107");
	memcpy(sun.sun_path, path, sizeof(path));
	ok(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0, "bound");
	refuses(uri, NULL, CS_EDEVICE, "left its socket behind");
	(void)close(fd);
	(void)unlink(path);
	(void)rmdir(dir);
}

/* Nobody takes the connections that wait. */
static void
test_full(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/agentXXXXXX";
	int64_t start = cs_time_mono_ms();
	int i, fd = socket(AF_UNIX, SOCK_STREAM, 0), waits[4];
	const cs_ui ui = {.arg = NULL};
	cs_signer_env env = {.ui = &ui, .agent_socket = sun.sun_path};
	cs_signer_info info;
	cs_err e = {0};
	void *h = NULL;

	if (!ok(mkdtemp(dir) != NULL && fd >= 0, "a folder"))
		return;
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/agent", dir);
	ok(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 &&
	    listen(fd, 0) == 0, "nobody accepts");
	for (i = 0; i < 4; i++) {
		waits[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(waits[i], (struct sockaddr *)&sun, sizeof(sun));
	}
	env.deadline_ms = start + 300;
	ok(countersign_signer.open("ssh-agent:", &env, &h, &info, &e) ==
	    CS_ETIMEOUT && cs_time_mono_ms() - start < 5000, "a full queue: "
	    "%s", e.text);
	for (i = 0; i < 4; i++)
		(void)close(waits[i]);
	(void)close(fd);
	(void)unlink(sun.sun_path);
	(void)rmdir(dir);
}

struct seen {
	size_t n;
	cs_signer_entry last;
};

static int
see_info(void *arg, const cs_signer_info *info, cs_err *e)
{
	struct seen *s = arg;

	(void)e;
	s->n++;
	s->last.info = *info;
	return CS_OK;
}

static int
see_entry(void *arg, const cs_signer_entry *k, cs_err *e)
{
	struct seen *s = arg;

	(void)e;
	s->n++;
	s->last = *k;
	return CS_OK;
}

static void
test_survey(void)
{
	cs_signer_env env = plainly;
	struct seen s = {0};
	cs_signer_survey v = {.uri = "ssh-agent:", .arg = &s,
	    .each = see_entry};
	cs_err e = {0};
	struct owner o;
	cs_ui ui;

	if (!ok(owner_new(&o, "ed25519", "sk-ssh-ed25519@openssh.com"), "sk"))
		return;
	ui = ui_of(&o);
	env.ui = &ui;
	env.agent_socket = o.agent.path;
	ok(countersign_signer.list("ssh-agent:", &env, see_info, &s, &e) ==
	    CS_OK && s.n == 1 &&
	    strcmp(s.last.info.key, "Ed25519") == 0, "a list");
	ok(countersign_signer.list("ssh-agent:bob", &env, see_info, &s, &e) ==
	    CS_OK && s.n == 1, "without bob's");
	ok(countersign_signer.look(&v, &env, &e) == CS_OK && s.n == 2 &&
	    s.last.touch == CS_PROVES_MADE &&
	    s.last.verification == CS_PROVES_MADE && s.last.has_hash &&
	    memcmp(s.last.hash, o.hash, 32) == 0 &&
	    strcmp(s.last.rp_id, OWNER_APPLICATION) == 0 &&
	    strcmp(s.last.ssh_type, o.type) == 0 &&
	    strcmp(s.last.label, "alice@laptop") == 0 &&
	    !s.last.info.is_software && s.last.flaw[0] == '\0', "a survey");
	v.module = "/lib/module.so";
	ok(countersign_signer.look(&v, &env, &e) == CS_EUSAGE, "of a module");
	owner_free(&o);
}

int
main(void)
{
	test_plain("ed25519", "ssh-ed25519");
	test_plain("p256", "ecdsa-sha2-nistp256");
	test_plain("p384", "ecdsa-sha2-nistp384");
	test_plain("rsa2048", "ssh-rsa");
	test_sk("ed25519", "sk-ssh-ed25519@openssh.com");
	test_sk("p256", "sk-ecdsa-sha2-nistp256@openssh.com");
	test_touch();
	test_answers();
	test_lists();
	test_wrong();
	test_calls();
	test_sockets();
	test_full();
	test_survey();
	return done_testing();
}
