/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/complete.h"
#include "base/file.h"
#include "base/opt.h"
#include "base/text.h"
#include "base/time.h"
#include "crypt/ossl.h"
#include "net/process.h"
#include "server/check.h"
#include "server/init.h"
#include "server/master.h"
#include "server/warm.h"

/* countersign-server: what it is told, and all that it reads of the
 * environment. */

#define SAID_MAX 16384
#define CONTROL_FD 3

/* The processes that this program can be; `run` ends when they are told to. */
static const struct {
	enum cs_role role;
	int (*run)(cs_child *c);
} roles[] = {
    {CS_ROLE_KEYHOLDER, cs_keyholder_run},
    {CS_ROLE_ISSUER, cs_issuer_run},
    {CS_ROLE_FRONT, cs_front_run},
    {CS_ROLE_ADMIN, cs_admin_run},
    {CS_ROLE_WEBHOOK, cs_hook_run},
};
#define N_ROLES (sizeof(roles) / sizeof(roles[0]))

struct run_opts {
	const char *config;
	bool check, webhook, version, help;
};

static const struct cs_opt run_rows[] = {
    {"config", 'c', CS_OPT_STRING, offsetof(struct run_opts, config), "FILE",
	"countersign-server.conf(5)", 0, 0, CS_COMPLETE_FILE},
    {"check", 0, CS_OPT_FLAG, offsetof(struct run_opts, check), NULL,
	"look at all of it, start nothing", 0, 0, CS_COMPLETE_NONE},
    {"webhook", 0, CS_OPT_FLAG, offsetof(struct run_opts, webhook), NULL,
	"answer another CA's webhooks: countersign-webhook(7)", 0, 0,
	CS_COMPLETE_NONE},
    {"version", 0, CS_OPT_FLAG, offsetof(struct run_opts, version), NULL,
	"print the version", 0, 0, CS_COMPLETE_NONE},
    {"help", 'h', CS_OPT_FLAG, offsetof(struct run_opts, help), NULL,
	"print this help; of init: countersign-server init --help", 0, 0,
	CS_COMPLETE_NONE},
};
static const struct cs_opt_spec run_spec = {.synopsis = "",
    .summary = "an identity server that asks the agents' owners",
    .rows = run_rows, .n = sizeof(run_rows) / sizeof(run_rows[0])};

struct init_opts {
	cs_init init;
	bool help;
};
#define INIT(member) offsetof(struct init_opts, init.member)

static const struct cs_opt init_rows[] = {
    {"trust-domain", 0, CS_OPT_STRING, INIT(trust_domain), "NAME",
	"of the agents: corp.example", 0, 0, CS_COMPLETE_NONE},
    {"host", 0, CS_OPT_LIST, INIT(hosts), "NAME",
	"of the server, in its TLS certificate (localhost, 127.0.0.1)", 0, 0,
	CS_COMPLETE_NONE},
    {"listen", 0, CS_OPT_LIST, INIT(listen), "ADDRESS",
	"HOST:PORT, *:PORT or unix:PATH (127.0.0.1:8443)", 0, 0,
	CS_COMPLETE_NONE},
    {"lifetime", 0, CS_OPT_DURATION, INIT(lifetime), "DURATION",
	"of a credential, at most (24h)", 0, 0, CS_COMPLETE_NONE},
    {"ca-key", 0, CS_OPT_STRING, INIT(ca_key), "URI",
	"a CA's key that there is: file:PATH, pkcs11:...", 0, 0,
	CS_COMPLETE_FILE},
    {"ca-cert", 0, CS_OPT_STRING, INIT(ca_cert), "FILE",
	"and its certificate, PEM", 0, 0, CS_COMPLETE_FILE},
    {"pin-file", 0, CS_OPT_STRING, INIT(pin_file), "FILE",
	"with the PIN of its token", 0, 0, CS_COMPLETE_FILE},
    {"user", 0, CS_OPT_STRING, INIT(user), "NAME",
	"whom the processes become, started by root", 0, 0,
	CS_COMPLETE_NONE},
    {"keyholder-user", 0, CS_OPT_STRING, INIT(keyholder_user), "NAME",
	"and the one that has the CA's key", 0, 0, CS_COMPLETE_NONE},
    {"help", 'h', CS_OPT_FLAG, offsetof(struct init_opts, help), NULL,
	"print this help", 0, 0, CS_COMPLETE_NONE},
};
static const struct cs_opt_spec init_spec = {.verb = "init",
    .synopsis = "DIR", .summary = "make a working instance in a directory",
    .rows = init_rows, .n = sizeof(init_rows) / sizeof(init_rows[0]),
    .max_operands = 1, .operand_complete = CS_COMPLETE_DIR};

static const struct cs_opt_spec completion_spec = {.verb = "completion",
    .synopsis = "SHELL", .summary = "print a completion script (bash)",
    .min_operands = 1, .max_operands = 1};

/* The exit status, and the words of a failure. */
static int
finish(int rc, const cs_err *e)
{
	cs_buf *b = NULL;

	if (rc == CS_OK)
		return 0;
	b = cs_buf_new(cs_text_escape_max(sizeof(e->text)) + 1);
	if (b == NULL || cs_text_escape(b, cs_span_str(e->text), true) != CS_OK)
		(void)fputs("countersign-server: out of memory\n", stderr);
	else
		(void)fprintf(stderr, "countersign-server: %s\n",
		    cs_buf_cstr(b));
	cs_buf_free(&b);
	return -rc;
}

/* Paths of ours; what init was given may hold anything. */
static int
print(int rc, const cs_buf *said, cs_err *e)
{
	if (rc != CS_OK || cs_buf_len(said) == 0)
		return rc;
	return cs_fd_write(STDOUT_FILENO, cs_buf_span(said)) == 0 ? CS_OK :
	    cs_fail(e, CS_EIO, "server", "standard output: %s",
		strerror(errno));
}

static int
help(const struct cs_opt_spec *spec, cs_err *e)
{
	cs_opt_help(spec, "countersign-server", stdout);
	return fflush(stdout) == 0 ? CS_OK :
	    cs_fail(e, CS_EIO, "server", "standard output: %s",
		strerror(errno));
}

/* The server has another working directory. A URI of a token is no path. */
static int
make_absolute(const char **word, const char *scheme, char **own, cs_err *e)
{
	const char *path = *word;
	size_t n = strlen(scheme);

	if (path == NULL)
		return CS_OK;
	if (strncmp(path, scheme, n) == 0)
		path += n;
	else if (path[strcspn(path, ":/")] == ':')
		return CS_OK;
	if ((*own = realpath(path, NULL)) == NULL)
		return cs_fail(e, CS_EDEVICE, "server", "%s: %s", path,
		    strerror(errno));
	*word = *own;
	return CS_OK;
}

static int
check_init(const struct init_opts *o, int n, cs_err *e)
{
	if (n != 1)
		return cs_fail(e, CS_EUSAGE, "server",
		    "init needs one DIR; countersign-server init --help");
	if (o->init.trust_domain == NULL)
		return cs_fail(e, CS_EUSAGE, "server",
		    "--trust-domain is missing");
	if ((o->init.ca_key == NULL) != (o->init.ca_cert == NULL))
		return cs_fail(e, CS_EUSAGE, "server",
		    "--ca-key and --ca-cert go together");
	if (o->init.pin_file != NULL && o->init.ca_key == NULL)
		return cs_fail(e, CS_EUSAGE, "server",
		    "--pin-file goes with --ca-key");
	if (o->init.keyholder_user != NULL && o->init.user == NULL)
		return cs_fail(e, CS_EUSAGE, "server",
		    "--keyholder-user goes with --user");
	return CS_OK;
}

static int
make(cs_init *i, cs_err *e)
{
	cs_buf *said = cs_buf_new(SAID_MAX);
	char *key = NULL, *pin = NULL;
	int rc;

	if (said == NULL)
		return cs_nomem(e, "server");
	if ((rc = make_absolute(&i->ca_key, "file:", &key, e)) == CS_OK &&
	    (rc = make_absolute(&i->pin_file, "", &pin, e)) == CS_OK)
		rc = print(cs_init_make(i, said, e), said, e);
	free(key);
	free(pin);
	cs_buf_free(&said);
	return rc;
}

static int
init(int argc, char **argv, cs_err *e)
{
	struct init_opts o = {.init = {.module_dir = CS_MODULE_DIR,
				  .lifetime = 86400, .now = cs_time_now()}};
	int n = 0, rc;

	if ((rc = cs_opt_parse(&init_spec, argc, argv, &o, &n, e)) != CS_OK)
		return rc;
	if (o.help)
		return help(&init_spec, e);
	if ((rc = check_init(&o, n, e)) != CS_OK)
		return rc;
	o.init.dir = argv[1];
	return make(&o.init, e);
}

static int
completion(int argc, char **argv, cs_err *e)
{
	static const struct cs_opt_spec *const specs[] = {&run_spec, &init_spec,
	    &completion_spec};
	static const cs_complete c = {.program = "countersign-server",
	    .page = "countersign-server(8)", .specs = specs,
	    .n = sizeof(specs) / sizeof(specs[0]), .more = ""};

	if (argc != 2 || strcmp(argv[1], "bash") != 0)
		return cs_fail(e, CS_EUSAGE, "server",
		    "completion: expected a shell, bash");
	cs_complete_bash(&c, stdout);
	return fflush(stdout) == 0 ? CS_OK :
	    cs_fail(e, CS_EIO, "server", "standard output: %s",
		strerror(errno));
}

static int
check(const cs_server_conf *conf, cs_err *e)
{
	cs_buf *said = cs_buf_new(SAID_MAX);
	int rc;

	if (said == NULL)
		return cs_nomem(e, "server");
	rc = print(cs_check(conf, CS_MODULE_DIR, cs_time_now(), said, e), said,
	    e);
	cs_buf_free(&said);
	return rc;
}

static int
serve(const char *file, const cs_server_conf *conf, cs_err *e)
{
	cs_log_env log = {.fd = strcmp(conf->log, "syslog") == 0 ? -1 :
		STDERR_FILENO, .journal = getenv("JOURNAL_STREAM")};
	cs_master_env env = {.file = file, .conf = conf, .environ = environ,
	    .notify = getenv("NOTIFY_SOCKET"),
	    .watchdog = getenv("WATCHDOG_USEC"),
	    .passed = {.pid = getenv("LISTEN_PID"),
		.fds = getenv("LISTEN_FDS"),
		.names = getenv("LISTEN_FDNAMES")}};
	size_t i;
	int rc;

	for (i = 0; i < N_ROLES; i++)
		if ((roles[i].role == CS_ROLE_WEBHOOK) ==
		    (conf->n_webhook != 0))
			env.roles |= 1U << roles[i].role;
	if ((rc = cs_log_new(&log, &env.log, e)) == CS_OK)
		rc = cs_master_run(&env, e);
	if (rc != CS_OK && env.log != NULL && log.fd < 0)
		(void)cs_log_line(env.log, 0, "master", cs_span_str(e->text));
	cs_log_free(&env.log);
	return rc;
}

/* A file is for the one or for the other. */
static int
check_program(const struct run_opts *o, const cs_server_conf *conf,
    cs_err *e)
{
	if (o->webhook == (conf->n_webhook != 0))
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "server", o->webhook ?
	    "%s: there is no webhook { }, which --webhook needs" :
	    "%s: it has a webhook { }, which is for --webhook", conf->file);
}

static int
run(int argc, char **argv, cs_err *e)
{
	struct run_opts o = {0};
	cs_server_conf *conf = NULL;
	int n = 0, rc;

	if ((rc = cs_opt_parse(&run_spec, argc, argv, &o, &n, e)) != CS_OK)
		return rc;
	if (o.help)
		return help(&run_spec, e);
	if (o.version)
		return printf("countersign-server %s\n", PACKAGE_VERSION) > 0 &&
		    fflush(stdout) == 0 ? CS_OK :
		    cs_fail(e, CS_EIO, "server", "standard output: %s",
			strerror(errno));
	if (o.config == NULL)
		return cs_fail(e, CS_EUSAGE, "server", "--config is missing; "
		    "countersign-server init makes one");
	if ((rc = cs_server_conf_read(o.config, &conf, e)) == CS_OK &&
	    (rc = check_program(&o, conf, e)) == CS_OK)
		rc = o.check ? check(conf, e) : serve(o.config, conf, e);
	cs_server_conf_free(&conf);
	return rc;
}

/* --role NAME: one of the processes, whose master is at descriptor 3. */
static int
be(const char *name, cs_err *e)
{
	enum cs_role role;
	cs_child *c = NULL;
	size_t i;
	int rc;

	if ((rc = cs_role_parse(cs_span_str(name), &role, e)) != CS_OK ||
	    (rc = cs_server_warm(e)) != CS_OK ||
	    (rc = cs_child_begin(role, CONTROL_FD, CS_MODULE_DIR, &c, e)) !=
		CS_OK)
		return rc;
	for (i = 0; i < N_ROLES && roles[i].role != role; i++)
		continue;
	rc = i == N_ROLES ? CS_EBUG : -roles[i].run(c);
	cs_child_free(&c);
	/* It has said why. */
	return rc == CS_OK ? CS_OK : cs_fail(e, rc, "server", "%s: ended",
	    name);
}

int
main(int argc, char **argv)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	cs_err e = {0};
	int rc;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	(void)umask(077);
	if ((rc = cs_process_harden(&e)) == CS_OK &&
	    (rc = cs_ossl_start(&e)) == CS_OK) {
		if (argc == 3 && strcmp(argv[1], "--role") == 0)
			rc = be(argv[2], &e);
		else if (argc > 1 && strcmp(argv[1], "init") == 0)
			rc = init(argc - 1, argv + 1, &e);
		else if (argc > 1 && strcmp(argv[1], "completion") == 0)
			rc = completion(argc - 1, argv + 1, &e);
		else
			rc = run(argc, argv, &e);
	}
	return finish(rc, &e);
}
