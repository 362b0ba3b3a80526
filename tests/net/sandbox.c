/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "net/frame.h"
#include "net/listen.h"
#include "net/loop.h"
#include "../unit/tap.h"
#include "boxedstore.h"

/*
 * Each set of calls in a child of its own: does what it may, and dies of what
 * it may not. Started in the top of the build tree; with a store's URI, and the
 * folder of its socket, that store is used within the sandbox, too.
 */

#define DIED (1000 + SIGSYS)

static char dir[64], other[64]; /* ours; only the first is let in */
static char had[64];
static const char *store_uri, *store_dir;

static cs_sandbox_path paths[8];

static const char *
in(const char *d, const char *name)
{
	static char text[4][128];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(text[i], sizeof(text[i]), "%s/%s", d, name);
	return text[i];
}

static bool
enter(unsigned may, size_t n_paths)
{
	cs_sandbox s = {.may = may, .paths = paths, .n_paths = n_paths};
	cs_err e = {0};

	if (cs_sandbox_enter(&s, had, sizeof(had), &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	fflush(stdout);
	return false;
}

/* What becomes of it: the status, or 1000 and the signal. */
static int
run(int (*fn)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0)
		_exit(fn());
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    1000 + WTERMSIG(status);
}

#define MUST(cond) do { if (!(cond)) return __LINE__ % 200 + 1; } while (0)

/* The base set: what an event loop between channels does. */

static int
sign_something(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-384");
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t sig[256];
	size_t n = sizeof(sig);

	MUST(k != NULL && c != NULL && EVP_DigestSignInit(c, NULL, EVP_sha256(),
	    NULL, k) == 1 && EVP_DigestSign(c, sig, &n, sig, 32) == 1);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return 0;
}

static void
stop(void *arg)
{
	cs_loop_stop(arg);
}

static int
turn_loop(void)
{
	cs_loop *l = NULL;
	cs_watch *t = NULL, *s = NULL;
	cs_err e = {0};

	MUST(cs_loop_new(&l, &e) == CS_OK && cs_loop_signal(l, SIGTERM, stop, l,
	    &s, &e) == CS_OK && cs_loop_every(l, 1, stop, l, &t, &e) == CS_OK &&
	    cs_loop_run(l, &e) == CS_OK);
	cs_watch_free(&s);
	cs_watch_free(&t);
	cs_loop_free(&l);
	return 0;
}

static int
use_channel(void)
{
	cs_channel *a = NULL, *b = NULL;
	cs_frame f = {.type = 1, .fd = 1}, *got = NULL;
	int fd[2];
	bool end = false;
	cs_err e = {0};

	/* as the master does: its children get their ends */
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0);
	MUST(cs_channel_new(fd[0], &a, &e) == CS_OK &&
	    cs_channel_new(fd[1], &b, &e) == CS_OK &&
	    cs_channel_send(a, &f, 0, &e) == CS_OK &&
	    cs_channel_receive(b, 0, &got, &end, &e) == CS_OK && got->fd >= 0);
	cs_frame_free(&got);
	cs_channel_free(&a);
	cs_channel_free(&b);
	return 0;
}

static int
does_base(void)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *ai = NULL;
	struct timespec ts = {.tv_nsec = 1000000};
	cs_buf *secret;
	char text[32];
	struct tm tm;
	time_t now = time(NULL);
	void *p;
	int rc;

	MUST(enter(0, 0));
	MUST((p = malloc(64 << 20)) != NULL);
	memset(p, 1, 1 << 20);
	MUST((p = realloc(p, 128 << 20)) != NULL);
	free(p);
	MUST((secret = cs_secret_new(100)) != NULL);
	cs_buf_free(&secret);
	MUST(nanosleep(&ts, NULL) == 0 && gmtime_r(&now, &tm) != NULL);
	MUST(localtime_r(&now, &tm) != NULL); /* there is no file of zones */
	MUST(strftime(text, sizeof(text), "%F", &tm) > 0);
	MUST(getaddrinfo("192.0.2.1", "80", &hints, &ai) == 0);
	freeaddrinfo(ai);
	MUST(snprintf(text, sizeof(text), "%f", 1.5) > 0);
	MUST(prctl(PR_SET_NAME, "boxed") == 0 && isatty(1) >= 0);
	MUST(sysconf(_SC_NPROCESSORS_ONLN) > 0 && strerror(EACCES) != NULL);
	MUST((rc = sign_something()) == 0 && (rc = turn_loop()) == 0);
	return use_channel();
}

static int
soft_open(void)
{
	MUST(enter(0, 0));
	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	MUST(access("/etc/passwd", R_OK) < 0 && errno == EACCES);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EACCES);
	MUST(dlopen("libsqlite3.so.0", RTLD_NOW) == NULL);
	return 0;
}

static int
aborts(void)
{
	MUST(enter(0, 0));
	abort();
}

/* What nobody may without a set of its own. */
#define FORBIDDEN(name, may, what) \
	static int \
	name(void) \
	{ \
		MUST(enter(may, 0)); \
		what; \
		return 0; \
	}
#define NO_READ (CS_MAY_ACCEPT | CS_MAY_CONNECT | CS_MAY_THREADS | CS_MAY_LOAD)
#define NO_PROCESS (NO_READ | CS_MAY_READ | CS_MAY_WRITE)

static void *
nothing(void *arg)
{
	return arg;
}

static void
make_thread(void)
{
	pthread_t t;

	(void)pthread_create(&t, NULL, nothing, NULL);
}

static void
set_limit(void)
{
	struct rlimit l = {0, 0};

	(void)setrlimit(RLIMIT_NOFILE, &l);
}

/* At an address whose lower half is zero. */
static void
set_limit_far(void)
{
	struct rlimit *l = mmap((void *)((uintptr_t)1 << 45), 4096,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
	    MAP_FIXED_NOREPLACE, -1, 0);

	if (l != MAP_FAILED)
		(void)syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, l, NULL);
}

FORBIDDEN(writes_file, NO_READ | CS_MAY_READ | CS_MAY_PROCESS,
    (void)open("/tmp/x", O_WRONLY))
FORBIDDEN(creates_file, NO_READ | CS_MAY_READ | CS_MAY_PROCESS,
    (void)open("/tmp/x", O_RDONLY | O_CREAT, 0600))
FORBIDDEN(cuts_file, NO_READ | CS_MAY_READ | CS_MAY_PROCESS,
    (void)open("/tmp/x", O_RDONLY | O_TRUNC))
FORBIDDEN(nameless_file, NO_READ | CS_MAY_READ | CS_MAY_PROCESS,
    (void)open("/tmp", O_RDWR | O_TMPFILE, 0600))
FORBIDDEN(removes_file, NO_READ | CS_MAY_READ | CS_MAY_PROCESS,
    (void)unlink("/no/file"))
FORBIDDEN(renames_file, NO_READ | CS_MAY_READ | CS_MAY_PROCESS,
    (void)rename("/no/file", "/no/other"))
FORBIDDEN(lists_folder, NO_READ, (void)syscall(SYS_getdents64, 0, NULL, 0))
FORBIDDEN(makes_socket, NO_PROCESS & ~CS_MAY_CONNECT,
    (void)socket(AF_INET, SOCK_STREAM, 0))
FORBIDDEN(makes_raw_socket, NO_PROCESS, (void)socket(AF_INET, SOCK_RAW, 1))
FORBIDDEN(makes_packet_socket, NO_PROCESS,
    (void)socket(AF_PACKET, SOCK_DGRAM, 0))
FORBIDDEN(connects, NO_PROCESS & ~CS_MAY_CONNECT,
    (void)connect(0, NULL, 0))
FORBIDDEN(accepts, NO_PROCESS & ~CS_MAY_ACCEPT, (void)accept(0, NULL, NULL))
FORBIDDEN(sets_options, CS_MAY_READ, (void)setsockopt(0, 0, 0, NULL, 0))
FORBIDDEN(binds, NO_PROCESS, (void)bind(0, NULL, 0))
FORBIDDEN(listens, NO_PROCESS, (void)listen(0, 1))
FORBIDDEN(forks, NO_PROCESS, (void)fork())
FORBIDDEN(execs, NO_PROCESS, (void)execl("/bin/true", "true", (char *)NULL))
FORBIDDEN(kills_parent, NO_PROCESS, (void)kill(getppid(), 0))
FORBIDDEN(kills_others, NO_PROCESS, (void)syscall(SYS_tgkill, 1, 1, 0))
FORBIDDEN(traces, NO_PROCESS | CS_MAY_PROCESS,
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL))
FORBIDDEN(looks_into_others, NO_PROCESS | CS_MAY_PROCESS,
    (void)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0))
FORBIDDEN(sets_limits, NO_PROCESS, set_limit())
FORBIDDEN(sets_limits_far, NO_PROCESS, set_limit_far())
FORBIDDEN(gets_namespace, NO_PROCESS | CS_MAY_PROCESS,
    (void)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0))
FORBIDDEN(unshares, NO_PROCESS | CS_MAY_PROCESS,
    (void)unshare(CLONE_NEWUSER))
FORBIDDEN(makes_thread, NO_PROCESS & ~CS_MAY_THREADS, make_thread())
FORBIDDEN(is_dumpable_again, NO_PROCESS, (void)prctl(PR_SET_DUMPABLE, 1))
FORBIDDEN(owns_signals, NO_PROCESS, (void)fcntl(0, F_SETOWN, 1))
FORBIDDEN(types_for_others, NO_PROCESS | CS_MAY_PROCESS,
    (void)ioctl(0, TIOCSTI, "x"))
FORBIDDEN(changes_user, NO_PROCESS | CS_MAY_PROCESS, if (setuid(65533) != 0)
		return 1)
FORBIDDEN(loads_bpf, NO_PROCESS | CS_MAY_PROCESS,
    (void)syscall(SYS_bpf, 0, NULL, 0))
FORBIDDEN(rings, NO_PROCESS | CS_MAY_PROCESS,
    (void)syscall(SYS_io_uring_setup, 1, NULL))
FORBIDDEN(makes_memory_file, NO_PROCESS | CS_MAY_PROCESS,
    (void)memfd_create("x", 0))
FORBIDDEN(opens_beyond, NO_PROCESS | CS_MAY_PROCESS,
    (void)syscall(SYS_openat2, -1, "/", NULL, 0))

static const struct {
	const char *name;
	int (*fn)(void);
} forbidden[] = {
	{"opens a file for writing", writes_file},
	{"makes a file", creates_file},
	{"cuts a file short", cuts_file},
	{"makes a file without a name", nameless_file},
	{"removes a file", removes_file},
	{"renames a file", renames_file},
	{"lists a folder", lists_folder},
	{"makes a socket", makes_socket},
	{"makes a raw socket", makes_raw_socket},
	{"makes a packet socket", makes_packet_socket},
	{"connects", connects},
	{"accepts", accepts},
	{"sets a socket's options", sets_options},
	{"binds a socket", binds},
	{"listens", listens},
	{"forks", forks},
	{"executes", execs},
	{"signals its parent", kills_parent},
	{"signals another's thread", kills_others},
	{"traces", traces},
	{"reads another's memory", looks_into_others},
	{"sets limits", sets_limits},
	{"sets limits from far away", sets_limits_far},
	{"takes a namespace", gets_namespace},
	{"unshares", unshares},
	{"makes a thread", makes_thread},
	{"lets itself be dumped", is_dumpable_again},
	{"sends signals by a descriptor", owns_signals},
	{"types on the terminal", types_for_others},
	{"becomes another user", changes_user},
	{"loads a program into the kernel", loads_bpf},
	{"makes a ring of calls", rings},
	{"makes a file of memory", makes_memory_file},
	{"opens by a struct", opens_beyond},
};

static int
does_accept(void)
{
	struct sockaddr_storage s = {0};
	socklen_t n = sizeof(s);
	cs_listen_env env = {0};
	int l = -1, c, a, one = 1;
	cs_err e = {0};

	MUST(cs_listen("127.0.0.1:0", &env, &l, &e) == CS_OK);
	MUST(getsockname(l, (struct sockaddr *)&s, &n) == 0);
	MUST((c = socket(AF_INET, SOCK_STREAM, 0)) >= 0 &&
	    connect(c, (struct sockaddr *)&s, n) == 0);
	MUST(enter(CS_MAY_ACCEPT, 0));
	MUST((a = accept4(l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0);
	MUST(setsockopt(a, 6, 1, &one, sizeof(one)) == 0); /* TCP_NODELAY */
	MUST(send(a, "x", 1, MSG_NOSIGNAL) == 1 && shutdown(a, SHUT_WR) == 0);
	return close(a);
}

static int
does_connect(void)
{
	struct sockaddr_storage s = {0};
	socklen_t n = sizeof(s);
	struct addrinfo *ai = NULL;
	cs_listen_env env = {0};
	int l = -1, c;
	cs_err e = {0};

	MUST(cs_listen("127.0.0.1:0", &env, &l, &e) == CS_OK);
	MUST(getsockname(l, (struct sockaddr *)&s, &n) == 0);
	MUST(enter(CS_MAY_CONNECT | CS_MAY_READ, 1));
	MUST((c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0 &&
	    connect(c, (struct sockaddr *)&s, n) == 0);
	if (getaddrinfo("localhost", "443", NULL, &ai) == 0)
		freeaddrinfo(ai);
	MUST(socket(AF_NETLINK, SOCK_DGRAM, 0) < 0 && errno == EAFNOSUPPORT);
	return 0;
}

static bool
landlocked(void)
{
	return strncmp(had, "landlock ", 9) == 0;
}

static int
does_read(void)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	struct stat st;

	MUST(enter(CS_MAY_READ, 1));
	MUST(cs_file_read(in(dir, "file"), 100, &b, &e) == CS_OK);
	cs_buf_free(&b);
	MUST(stat(dir, &st) == 0 && cs_is_dir(dir));
	MUST(!landlocked() || (cs_file_read(in(other, "file"), 100, &b, &e) ==
	    CS_EIO && cs_file_read("/etc/passwd", 9999, &b, &e) == CS_EIO));
	return 0;
}

static int
reads_link(void)
{
	MUST(enter(CS_MAY_READ, 1));
	MUST(!landlocked() || (open(in(dir, "link"), O_RDONLY) < 0 &&
	    errno == EACCES));
	return 0;
}

static int
does_write(void)
{
	cs_err e = {0};
	int fd;

	MUST(enter(CS_MAY_WRITE, 1));
	MUST(cs_file_write(in(dir, "new"), cs_span_str("1"), 0600, false,
	    &e) == CS_OK && cs_file_write(in(dir, "new"), cs_span_str("2"),
	    0600, true, &e) == CS_OK);
	MUST((fd = open(in(dir, "new"), O_RDWR)) >= 0 &&
	    ftruncate(fd, 0) == 0 && fsync(fd) == 0 && close(fd) == 0);
	MUST(unlink(in(dir, "new")) == 0);
	MUST(!landlocked() || (cs_file_write(in(other, "new"),
	    cs_span_str("1"), 0600, false, &e) == CS_EIO &&
	    unlink(in(other, "file")) < 0 && errno == EACCES &&
	    rename(in(other, "file"), in(dir, "here")) < 0));
	return 0;
}

static int
reads_alone(void)
{
	MUST(enter(CS_MAY_WRITE, 1));
	MUST(!landlocked() || (open(in(dir, "file"), O_RDONLY) >= 0 &&
	    open(in(dir, "file"), O_WRONLY) < 0 && errno == EACCES &&
	    unlink(in(dir, "file")) < 0 && errno == EACCES));
	return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turns;

static void *
count(void *arg)
{
	void *p = malloc(1 << 20); /* an arena of its own */

	(void)pthread_mutex_lock(&lock);
	turns++;
	(void)pthread_cond_broadcast(&turned);
	while (turns < 8)
		(void)pthread_cond_wait(&turned, &lock);
	(void)pthread_mutex_unlock(&lock);
	free(p);
	return sign_something() == 0 ? arg : NULL;
}

static int
does_threads(void)
{
	pthread_t t[8];
	void *good = NULL;
	int i;

	MUST(enter(CS_MAY_THREADS, 0));
	for (i = 0; i < 8; i++)
		MUST(pthread_create(&t[i], NULL, count, &turns) == 0);
	for (i = 0; i < 8; i++)
		MUST(pthread_join(t[i], &good) == 0 && good != NULL);
	return 0;
}

/* A fork by what makes threads. */
FORBIDDEN(forks_as_threads, NO_PROCESS,
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))

static int
does_load(void)
{
	void *m;

	MUST(enter(CS_MAY_LOAD | CS_MAY_READ, 1));
	MUST((m = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL)) != NULL);
	MUST(dlsym(m, "sqlite3_libversion") != NULL);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EACCES);
	return 0;
}

static int
does_process(void)
{
	int status = -1;
	pid_t pid;

	MUST(enter(CS_MAY_PROCESS | CS_MAY_LOAD | CS_MAY_READ, 1));
	MUST((pid = fork()) >= 0);
	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
		_exit(1);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	return 0;
}

/* The engines, as an issuer uses them. */

static int
does_sqlite(void)
{
	static char text[160];

	(void)snprintf(text, sizeof(text), "sqlite:%s/store.db", dir);
	MUST(boxed_store_make(text));
	MUST(enter(CS_MAY_WRITE | CS_MAY_THREADS, 2));
	return boxed_store_use(text);
}

static int
does_postgresql(void)
{
	MUST(boxed_store_make(store_uri));
	MUST(enter(CS_MAY_CONNECT | CS_MAY_READ | CS_MAY_THREADS, 3));
	return boxed_store_use(store_uri);
}

static int
only_logs(void)
{
	cs_sandbox s = {.log_only = true};
	cs_err e = {0};

	MUST(cs_sandbox_enter(&s, had, sizeof(had), &e) == CS_OK);
	MUST(strstr(had, "seccomp for the log") != NULL);
	MUST(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	return 0;
}

static int
has_threads(void)
{
	cs_sandbox s = {.may = 0};
	pthread_t t;
	cs_err e = {0};

	turns = 0; /* it waits for seven more */
	MUST(pthread_create(&t, NULL, count, NULL) == 0);
	MUST(cs_sandbox_enter(&s, had, sizeof(had), &e) == CS_EBUG);
	MUST(had[0] == '\0');
	return 0;
}

static int
misses_path(void)
{
	cs_sandbox_path no = {.path = "/no/such/path"};
	cs_sandbox s = {.paths = &no, .n_paths = 1};
	cs_err e = {0};
	int rc;

	rc = cs_sandbox_enter(&s, had, sizeof(had), &e);
	MUST(rc == CS_EIO || (rc == CS_OK && !landlocked()));
	no.may_miss = true;
	MUST(rc != CS_EIO || cs_sandbox_enter(&s, had, sizeof(had), &e) ==
	    CS_OK);
	return 0;
}

static int
tells(void)
{
	MUST(enter(0, 0));
	printf("# %s\n", had);
	fflush(stdout);
	MUST(prctl(PR_SET_NAME, "x") == 0);
	return (strncmp(had, "landlock ", 9) == 0 ||
	    strncmp(had, "no landlock", 11) == 0) &&
	    strstr(had, ", seccomp") != NULL ? 0 : 1;
}

static bool
make_dirs(void)
{
	const char *t = getenv("TMPDIR");
	cs_err e = {0};

	t = t == NULL ? "/tmp" : t;
	(void)snprintf(dir, sizeof(dir), "%.40s/net_sandbox.XXXXXX", t);
	(void)snprintf(other, sizeof(other), "%.40s/net_sandbox.XXXXXX", t);
	return mkdtemp(dir) != NULL && mkdtemp(other) != NULL &&
	    cs_file_write(in(dir, "file"), cs_span_str("x"), 0600, false,
	    &e) == CS_OK && cs_file_write(in(other, "file"), cs_span_str("x"),
	    0600, false, &e) == CS_OK &&
	    symlink(in(other, "file"), in(dir, "link")) == 0;
}

static void
remove_dirs(void)
{
	static const char *const names[] = {"file", "link", "new", "store.db",
	    "store.db-wal", "store.db-shm"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)unlink(in(dir, names[i]));
		(void)unlink(in(other, names[i]));
	}
	ok(rmdir(dir) == 0 && rmdir(other) == 0, "nothing else was made");
}

static void
test_files(void)
{
	paths[0] = (cs_sandbox_path){.path = dir};
	ok(run(does_read) == 0, "reads where it may");
	ok(run(reads_link) == 0, "a link leads nowhere else");
	ok(run(reads_alone) == 0, "writes nothing where it only reads");
	paths[0].may_write = true;
	ok(run(does_write) == 0, "writes where it may");
	paths[1] = (cs_sandbox_path){.path = ".libs"};
	paths[2] = (cs_sandbox_path){.path = store_dir, .may_miss = true};
	ok(run(does_sqlite) == 0, "SQLite, by threads");
	if (store_uri != NULL)
		ok(run(does_postgresql) == 0, "PostgreSQL, by threads");
	paths[0] = (cs_sandbox_path){.path = "/"};
	ok(run(does_load) == 0, "loads a module, executes nothing written");
	ok(run(does_process) == 0, "starts another program");
	ok(run(does_connect) == 0, "connects, and looks for names");
}

int
main(int argc, char **argv)
{
	size_t i;
	int rc;

	store_uri = argc > 2 ? argv[1] : NULL;
	store_dir = argc > 2 ? argv[2] : "/no/such/path";
	if (!ok(make_dirs(), "two folders"))
		return done_testing();
	ok(run(tells) == 0, "what was had");
	ok(run(does_base) == 0, "memory, time, keys, an event loop, a channel");
	ok(run(soft_open) == 0, "files and modules that are not there for it");
	rc = run(aborts);
	ok(rc == 1000 + SIGABRT, "may abort: %d", rc);
	ok(run(does_accept) == 0, "accepts");
	ok(run(does_threads) == 0, "threads");
	test_files();
	for (i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++) {
		rc = run(forbidden[i].fn);
		ok(rc == DIED, "dies when it %s: %d", forbidden[i].name, rc);
	}
	rc = run(forks_as_threads);
	ok(rc == DIED, "dies when it forks as if for a thread: %d", rc);
	ok(run(only_logs) == 0, "for the log alone");
	ok(run(has_threads) == 0, "not with threads that stay outside");
	ok(run(misses_path) == 0, "a path that is not there");
	remove_dirs();
	return done_testing();
}
